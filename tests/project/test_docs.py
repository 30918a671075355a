"""What the docs name exists: files, folders, and the tables in which an operation must stand."""

import re

from django import forms
from django.urls import get_resolver

from flinkey_admin.checks import HINTS
from flinkey_admin.mirror.store.own import OWN
from flinkey_admin.operations.calls import SEND, WINDOW_VERBS
from flinkey_admin.operations.journal import REPEATABLE
from flinkey_admin.operations.models import Verb
from flinkey_admin.operations.undo import PLANS
from flinkey_admin.web.components import SampleForm
from tests.project.source import ROOT

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
PLACES = re.compile(r"`((?:flinkey_admin|tests|docs|templates|static|deploy)/[\w./-]*\w/?)`")
LINKS = re.compile(r"\]\((?!https?:|#)([^)#]+)")
OF_MEMBERS = {Verb.ADD, Verb.REMOVE}  # the copy and the undo take whole lists of them at once


def test_what_the_pages_name_and_link_to_is_there() -> None:
    wrong = []
    for page in PAGES:
        text = page.read_text()
        wrong += [f"{page.name}: {name}" for name in PLACES.findall(text) if not (ROOT / name).exists()]
        wrong += [f"{page.name}: {link}" for link in LINKS.findall(text) if not (page.parent / link).exists()]
    assert wrong == []


def test_the_reading_of_places_finds_what_is_wrong() -> None:
    text = "see `tests/nowhere.py`, `flinkey_admin/web/` and [this](nowhere.md), [that](https://example.com)"
    assert PLACES.findall(text) == ["tests/nowhere.py", "flinkey_admin/web/"]
    assert LINKS.findall(text) == ["nowhere.md"]


def test_each_verb_stands_in_every_table_that_extending_names() -> None:
    verbs = set(Verb)
    assert set(SEND) == verbs
    assert set(REPEATABLE) | set(WINDOW_VERBS) == verbs
    assert not set(REPEATABLE) & set(WINDOW_VERBS)
    assert set(OWN) | OF_MEMBERS == verbs
    assert set(PLANS) | OF_MEMBERS == verbs


# docs/inventory.md --------------------------------------------------------------------------------------------------


def fields_of_the_code() -> dict[tuple[str, str], str]:
    """The most characters of each field of each form, or nothing."""
    get_resolver()._populate()  # all views, and with them all forms
    found: dict[tuple[str, str], str] = {}
    left = [forms.Form]
    while left:
        form = left.pop()
        left += form.__subclasses__()
        if form.__module__.startswith("flinkey_admin.") and form is not SampleForm:
            for name, field in form.base_fields.items():
                found[form.__name__, name] = str(getattr(field, "max_length", None) or "")
    return found


def fields_of_the_table() -> dict[tuple[str, str], str]:
    text = (ROOT / "docs" / "inventory.md").read_text(encoding="utf-8")
    found: dict[tuple[str, str], str] = {}
    named: list[str] = []
    for line in text.partition("| form | field |")[2].splitlines()[2:]:
        if not line.startswith("|"):
            break
        form, field, most, _rule = (cell.strip() for cell in line.strip("|").split("|"))
        named = re.findall(r"`(\w+)`", form) or named
        found |= {(one, name): most for one in named for name in re.findall(r"`(\w+)`", field)}
    return found


def test_the_table_of_fields_has_each_field_of_each_form() -> None:
    assert fields_of_the_table() == fields_of_the_code()


def test_the_inventory_names_each_setting_that_is_a_secret() -> None:
    text = (ROOT / "docs" / "inventory.md").read_text(encoding="utf-8")
    secret = {name for name in HINTS if name.endswith(("_KEY", "_KEYS", "_SECRET", "_TOKEN"))}
    assert len(secret) == 5
    assert secret | {"DATABASE_URL", "CACHE_URL"} <= set(re.findall(r"`([A-Z_]+)`", text.partition("## Who talks")[0]))
