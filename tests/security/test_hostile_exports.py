"""Tables and calendars with 200 hostile strings in them: as many cells and events as there are things, and no more.

`make test` tries a tenth of the strings.
"""

import csv
import io
import re
from typing import Any

import pytest
from django.core.cache import cache
from icalendar import Calendar

from flinkey_admin.flinkey.fields import fit
from flinkey_admin.operations.models import Operation
from flinkey_admin.sandbox import Remote
from tests.conftest import COORDINATOR, Person
from tests.security.hostile import STRINGS, put

FORMULA = re.compile(r"(?:^|[;\t\r\n])[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
FEED = re.compile(r"http://testserver(/calendar/[\w-]+\.ics)")
FILE = re.compile(r'attachment; filename="[a-z]+(?:-[0-9]+)*\.csv"')
LINE = re.compile(rb"[A-Z-]+(?:;[A-Z-]+=[^:;]+)*:.*|[ \t].*", re.DOTALL)


@pytest.fixture
def strings(remote: Remote, part: int) -> list[str]:
    return STRINGS[::part]


@pytest.fixture
def person(db: None, remote: Remote, strings: list[str]) -> Person:
    put(remote, strings)
    found = Person()
    assert found.sign_in(COORDINATOR).status_code == 302
    for path in ("/cars/", "/users/", "/groups/"):
        assert found.get(path).status_code == 200, path
    return found


def table(answer: Any) -> list[list[str]]:
    """Its rows, all as long as the first; no cell begins a formula, nor does any part of one.

    It is kept nowhere, and its name is made of words of ours, numbers and times.
    """
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert FILE.fullmatch(answer.headers["Content-Disposition"]), answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert [cell for row in rows for cell in row if FORMULA.search(cell)] == []
    return rows[1:]


def test_a_table_of_accesses(person: Person, strings: list[str]) -> None:
    for number in range(1, len(strings) + 1):
        cache.clear()  # so that nobody is held back for asking too much
        person.get(f"/cars/{number}/")
        asked = strings[number - 1].encode(errors="replace").decode()  # no address can hold half a sign
        assert len(table(person.get("/access/csv/", {"car": str(number), "q": asked}))) == 1, asked


def test_a_table_of_refusals(person: Person, remote: Remote, strings: list[str]) -> None:
    """flinkey's own words stand in none of its cells; the names do."""
    for path in ("/groups/1/", "/groups/2/"):
        person.get(path)
    for text in strings:
        remote.fault("assignCarToGroup", "status", status=400, body=text)
    ids = [str(number) for number in range(1, len(strings) + 1)]
    person.post("/groups/1/cars/add/", {"id": ids[1:]})
    operation = Operation.objects.latest("pk")
    person.post(f"/operations/{operation.pk}/run/")
    assert len(table(person.get(f"/operations/{operation.pk}/csv/"))) == len(ids) - 1


def test_calendars(person: Person, strings: list[str]) -> None:
    for number, text in enumerate(strings, start=1):
        person.get(f"/cars/{number}/")
        (feed,) = FEED.findall(person.post(f"/cars/{number}/calendar/", {"what": "on"}).content.decode())
        answer = Person().get(feed).content
        lines = answer.removesuffix(b"\r\n").split(b"\r\n")
        assert [line for line in lines if not LINE.fullmatch(line) or len(line) > 75] == [], text
        calendar: Any = Calendar.from_ical(answer)
        events = calendar.walk("VEVENT")
        assert len(events) == 2, text
        assert {name for event in events for name in event} == {"UID", "DTSTAMP", "SUMMARY", "DTSTART", "DTEND"}, text
        squeezed = "".join(fit(text).split())
        assert all(squeezed in "".join(str(event["SUMMARY"]).split()) for event in events), text
