"""What the docs name exists: files, folders, and the tables in which an operation must stand."""

import re

from flinkey_admin.mirror.store.own import OWN
from flinkey_admin.operations.calls import SEND, WINDOW_VERBS
from flinkey_admin.operations.journal import REPEATABLE
from flinkey_admin.operations.models import Verb
from flinkey_admin.operations.undo import PLANS
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
