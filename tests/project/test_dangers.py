"""What the product's Python never does, or in one place alone: held here, since a line of code can switch lint off."""

import ast
import re
from collections.abc import Iterator

from tests.project.source import PRODUCT, ROOT, imports, parse, product_files

FILES = [path for path in product_files() if "sandbox" not in path.parts]
NEVER = {
    *("eval", "exec", "compile", "__import__", "os.system", "os.popen"),
    *("hashlib.md5", "hashlib.sha1", "hashlib.new", "Template", "engine.from_string", "RawSQL"),
}
STRANGE = {"pickle", "marshal", "shelve", "random", "yaml", "xml"}  # they run what they read, or can be foreseen
COMMANDS = {f"subprocess.{verb}" for verb in ("run", "Popen", "call", "check_call", "check_output", "getoutput")}


def calls(source: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """The name of what is called, as it is written, and the call."""
    for node in ast.walk(source):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def runs_a_text(name: str, call: ast.Call) -> bool:
    """Whether a text becomes code, a template or a command of the shell, or is hashed in a broken way."""
    if name in COMMANDS:
        given = [one for one in call.args[:1] if isinstance(one, ast.Constant | ast.JoinedStr)]
        return bool(given) or any(one.arg == "shell" for one in call.keywords)
    return name in NEVER or name.endswith(".from_string")


def test_no_text_becomes_code_a_template_or_a_command() -> None:
    found = [(path.name, name) for path in FILES for name, call in calls(parse(path)) if runs_a_text(name, call)]
    assert found == []
    assert sum(name in COMMANDS for path in FILES for name, _call in calls(parse(path))) > 3


def test_the_rule_would_notice_one() -> None:
    lines = ("eval(x)", "subprocess.run('ls')", "subprocess.run(f'ls {x}')", "subprocess.run(x, shell=True)")
    for line in (*lines, "hashlib.md5(x)", "engines['django'].from_string(x)"):
        assert [runs_a_text(*one) for one in calls(ast.parse(line))][0:1] == [True], line
    assert [runs_a_text(*one) for one in calls(ast.parse("subprocess.run(['ls', x])"))] == [False]


def test_nothing_is_read_that_runs_and_no_chance_is_taken_that_can_be_foreseen() -> None:
    found = {(path.name, name) for path in FILES for name in imports(path) if name.partition(".")[0] in STRANGE}
    assert found == set()


def test_what_seals_is_fernet_alone() -> None:
    found = {name for path in FILES for name in imports(path) if name.partition(".")[0] in {"cryptography", "Crypto"}}
    assert found == {f"cryptography.fernet.{name}" for name in ("Fernet", "MultiFernet", "InvalidToken")}


def put_together(verbs: set[str]) -> set[str]:
    """The files in which one of these is called with a text that is put together, or comes from elsewhere."""
    return {
        path.relative_to(PRODUCT).as_posix()
        for path in FILES
        for name, call in calls(parse(path))
        if name in verbs or name.rpartition(".")[2] in verbs
        if call.args and not isinstance(call.args[0], ast.Constant)
    }


def test_hashes_are_sha256_alone() -> None:
    found = {name for path in FILES for name, _call in calls(parse(path)) if re.fullmatch(r"hashlib\.\w+", name)}
    assert found == {"hashlib.sha256", "hashlib.file_digest"}
    digests = [call for path in FILES for name, call in calls(parse(path)) if name == "hashlib.file_digest"]
    assert [ast.unparse(call.args[1]) for call in digests] == ["'sha256'"]


def test_what_is_formatted_is_a_text_of_ours() -> None:
    """A constant, or the line of the log itself; a text of others could ask for more than it is given."""
    found = {name for path in FILES for name, _call in calls(parse(path)) if re.search(r"\.format(_map)?$", name)}
    assert found == {"FULL.format", "super().format"}


def test_sql_is_put_together_of_names_of_ours_alone() -> None:
    """Names of columns and tables come from models, what stands in them goes as a parameter. Look before adding one."""
    found = put_together({"execute", "executemany", "executescript", "raw", "extra"})
    assert found == {"mirror/writing.py", "node/copies/sqlite.py", "node/persons/erasure.py"}


def test_a_pattern_is_made_of_words_in_one_place() -> None:
    """The other two are made of constants."""
    found = put_together({f"re.{verb}" for verb in ("compile", "search", "match", "fullmatch", "findall", "sub")})
    assert found == {"node/persons/finding.py", "web/converters.py", "assignments/act_views.py"}
    assert "re.escape" in (PRODUCT / "node/persons/finding.py").read_text(encoding="utf-8")


def test_no_form_takes_its_fields_from_a_table() -> None:
    """What it does not name cannot be set by whoever adds it to the form."""
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    assert text.count("forms.Form") > 5
    assert re.findall(r"ModelForm|modelform|construct_instance", text) == []


def test_the_example_of_nginx_speaks_tls_of_today_and_knows_the_nodes_alone() -> None:
    text = (ROOT / "deploy/nginx/flinkey-admin.conf").read_text(encoding="utf-8")
    assert re.findall(r"^\s*ssl_protocols (.*);", text, re.MULTILINE) == ["TLSv1.2 TLSv1.3"]
    assert set(re.findall(r"^\s*proxy_pass (\S+);", text, re.MULTILINE)) == {"http://flinkey_admin"}
    assert re.findall(r"^\s*server (\S+);", text, re.MULTILINE) == ["127.0.0.1:8000"]
