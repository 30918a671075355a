"""Words: errors have theirs in web/sentences.py alone, and no text speaks in codes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from flinkey_admin.web import sentences
from tests.project.source import PRODUCT, ROOT, parse, place, product_files

MARKS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext"}
# A status code, or a word of ours that is none of the coordinator's.
CODE = re.compile(
    r"\b([1-5]\d\d|HTTPS?|JSON|OData|null|exceptions?|tracebacks?|time-?outs?|status|upstream|server|backend|"
    r"request|response|endpoint|token|payload|API(?! key))\b"
)
# What the check of an installation says, to whoever runs the machine.
FOR_ADMINISTRATORS = ("flinkey_admin/node/checkup/", "templates/node/")
ABOUT_FLINKEY = re.compile(r"^flinkey (cannot|did|does|refuse|is|no longer|could)")


def texts(path: Path) -> Iterator[tuple[ast.AST, str]]:
    """Every string of a module that is marked for translation."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS:
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument, argument.value


def template_texts(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    yield from (found[1] for found in re.findall(r"{%\s*translate\s+(['\"])(.*?)\1", text))
    yield from re.findall(r"{%\s*blocktranslate\b.*?%}(.*?){%\s*endblocktranslate", text, re.DOTALL)


def all_texts() -> list[tuple[str, str]]:
    """Every sentence people may read, and where it stands."""
    modules = [path for path in product_files() if "sandbox" not in path.parts]
    found = [(place(path, node), text) for path in modules for node, text in texts(path)]
    for path in sorted((ROOT / "templates").rglob("*.html")):
        found += [(path.relative_to(ROOT).as_posix(), text) for text in template_texts(path)]
    return found


def test_no_text_speaks_in_codes() -> None:
    found = all_texts()
    assert len(found) > 100, "the reader of texts reads"
    coded = [f"{where}: {text}" for where, text in found if CODE.search(text)]
    assert [one for one in coded if not one.startswith(FOR_ADMINISTRATORS)] == []


def test_sentences_alone_says_what_flinkey_did_wrong() -> None:
    elsewhere = [
        f"{where}: {text}"
        for where, text in all_texts()
        if ABOUT_FLINKEY.match(text) and not where.startswith(("flinkey_admin/web/sentences.py", *FOR_ADMINISTRATORS))
    ]
    assert elsewhere == []


def test_no_sentence_is_written_twice() -> None:
    """Nobody copies a sentence: it would be mended in one place and not in the other."""
    ours = {text for _node, text in texts(PRODUCT / "web" / "sentences.py")}
    copied = [
        f"{where}: {text}"
        for where, text in all_texts()
        if text in ours and len(text.split()) > 3 and not where.startswith("flinkey_admin/web/sentences.py")
    ]
    assert copied == []


def test_every_sentence_ends_like_one() -> None:
    said = [*sentences.MISSING.values(), *sentences.CONFLICT.values(), *sentences.REASONS.values()]
    said += [value for name, value in vars(sentences).items() if name.isupper() and not isinstance(value, dict | tuple)]
    assert [str(text) for text in said if not re.fullmatch(r"\S.*[.?]", str(text))] == []


def test_words_of_flinkey_are_compared_in_the_client_alone() -> None:
    """No form and no view matches on the wording of an error."""
    wording = re.compile(r"str\((error|exception|failure)\)|\.detail")
    ours = [path for path in product_files() if not {"sandbox", "flinkey"} & set(path.relative_to(PRODUCT).parts)]
    compared = [(path, node) for path in ours for node in ast.walk(parse(path)) if isinstance(node, ast.Compare)]
    assert len(compared) > 100
    assert [place(path, node) for path, node in compared if wording.search(ast.unparse(node))] == []
