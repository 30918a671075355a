"""German: the catalogue holds every string of the product and nothing else, and a German browser gets it."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation import trans_real
from django.utils.translation.template import templatize

from tests.conftest import COORDINATOR, PASSWORD, Person
from tests.project.source import PRODUCT, ROOT, product_files

CATALOGUE = PRODUCT / "locale" / "de" / "LC_MESSAGES"
SINGLE = {"gettext", "gettext_lazy", "gettext_noop"}
PLURAL = {"ngettext", "ngettext_lazy"}
CONTEXT = {"pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"}
PLACEHOLDER = re.compile(r"%\(\w+\)\w|%%|{\w*}")

LITERAL = r"""u?('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
CALL = re.compile(rf"\b(\w*gettext|_)\({LITERAL}(?:, {LITERAL})?")

Message = tuple[str, str]  # the string, and its plural or ""


# What the product says ----------------------------------------------------------------------------------


def names_of(tree: ast.Module) -> dict[str, str]:
    """Under which name a module calls which function of django.utils.translation."""
    return {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
    }


def marked(source: str, names: dict[str, str]) -> Iterator[Message]:
    """The strings that a Python source marks for translation."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        name = names.get(node.func.id, "")
        assert name not in CONTEXT, "this reader knows no contexts: teach it"
        if name in SINGLE | PLURAL:
            texts = [ast.literal_eval(argument) for argument in node.args[: 2 if name in PLURAL else 1]]
            yield texts[0], texts[1] if name in PLURAL else ""


def marked_in_template(path: Path) -> Iterator[Message]:
    """The strings of a template: templatize makes calls of gettext of them, amid noise."""
    for name, text, plural in CALL.findall(templatize(path.read_text(encoding="utf-8"))):
        assert name not in CONTEXT, "this reader knows no contexts: teach it"
        yield ast.literal_eval(text), ast.literal_eval(plural) if plural else ""


def said() -> set[Message]:
    """Every string of the product that is marked. The sandbox speaks English, as flinkey does."""
    found: set[Message] = set()
    for path in product_files():
        source = path.read_text(encoding="utf-8")
        found.update(marked(source, names_of(ast.parse(source))))
    for path in (ROOT / "templates").rglob("*.html"):
        found.update(marked_in_template(path))
    return found


# What the catalogue says --------------------------------------------------------------------------------


def entries() -> dict[Message, list[str]]:
    """The .po file: each string with its translations, one for every plural form."""
    found: dict[Message, list[str]] = {}
    for block in (CATALOGUE / "django.po").read_text(encoding="utf-8").split("\n\n"):
        fields: dict[str, str] = {}
        key = ""
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            word, _quote, rest = line.partition('"')
            key = word.strip() or key
            fields[key] = fields.get(key, "") + ast.literal_eval(f'"{rest}')
        if fields:
            message = fields["msgid"], fields.get("msgid_plural", "")
            assert message not in found, f"twice: {message}"
            found[message] = [text for name, text in sorted(fields.items()) if name.startswith("msgstr")]
    return found


def translations() -> dict[Message, list[str]]:
    """The entries without the header."""
    return {message: texts for message, texts in entries().items() if message[0]}


def compiled() -> dict[str | tuple[str, int], str]:
    """The .mo file as gettext reads it."""
    with (CATALOGUE / "django.mo").open("rb") as file:
        return vars(gettext.GNUTranslations(file))["_catalog"]  # type: ignore[no-any-return]


# The rules ----------------------------------------------------------------------------------------------


def test_the_readers_read() -> None:
    found = said()
    assert {
        ("Groups", ""),  # a template's tag
        ("Tick %(name)s", ""),  # a template's block
        ("%(counter)s unfinished", "%(counter)s unfinished"),  # a block with a plural
        ("Groups open no doors: nobody's access to a car changes.", ""),  # an apostrophe
        ("%(count)s car", "%(count)s cars"),  # Python
        ("Type your password.", ""),  # a lazy one
    } <= found
    assert len(found) > 250


def test_every_string_is_in_the_catalogue() -> None:
    assert sorted(said() - set(translations())) == []


def test_the_catalogue_holds_nothing_that_nobody_says() -> None:
    assert sorted(set(translations()) - said()) == []
    assert "#~" not in (CATALOGUE / "django.po").read_text(encoding="utf-8")


def test_every_string_is_translated() -> None:
    wanting = [
        message
        for message, texts in translations().items()
        if len(texts) != (2 if message[1] else 1) or not all(text.strip() for text in texts)
    ]
    assert wanting == []


def test_no_translation_is_a_guess() -> None:
    lines = (CATALOGUE / "django.po").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("#,") and "fuzzy" in line] == []


def test_placeholders_are_kept() -> None:
    def placeholders(text: str) -> list[str]:
        return sorted(PLACEHOLDER.findall(text))

    differing = [
        (message, text)
        for message, texts in translations().items()
        for source, text in zip([message[0], message[1] or message[0]], texts, strict=False)
        if placeholders(source) != placeholders(text)
    ]
    assert differing == []


def test_the_compiled_catalogue_is_that_of_the_text() -> None:
    expected: dict[str | tuple[str, int], str] = {}
    for (text, plural), texts in entries().items():
        expected |= {(text, form): word for form, word in enumerate(texts)} if plural else {text: texts[0]}
    assert compiled() == expected


def test_the_header_tells_no_machine_and_no_day() -> None:
    header = entries()["", ""][0]
    assert [line.partition(":")[0] for line in header.splitlines()] == [
        "Project-Id-Version",
        "Language",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
        "Plural-Forms",
    ]
    references = re.findall(r"^#:.*", (CATALOGUE / "django.po").read_text(encoding="utf-8"), re.MULTILINE)
    assert references == []


# The browser --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "language", "heading"),
    [
        ("de", "de", "Gruppen"),
        ("de-AT,de;q=0.9,en;q=0.8", "de", "Gruppen"),
        ("en-GB", "en", "Groups"),
        ("tlh", "en", "Groups"),
        ("tlh, de;q=0.5", "de", "Gruppen"),
    ],
)
def test_the_browser_chooses_the_language(visitor: Person, asked: str, language: str, heading: str) -> None:
    headers = {"accept-language": asked}
    answer = visitor.post("/sign-in/", {"username": COORDINATOR, "password": PASSWORD}, headers=headers)
    assert answer.status_code == 302
    page = visitor.get("/groups/", headers=headers).content.decode()
    assert re.findall(r'<html lang="(.*?)">', page) == [language]
    assert re.findall(r"<h1>(.*?)</h1>", page) == [heading]


def test_django_s_own_german_is_left_alone() -> None:
    german = trans_real.translation("de")
    assert german.gettext("Groups") == "Gruppen"
    assert german.gettext("This field is required.") == "Dieses Feld ist zwingend erforderlich."
