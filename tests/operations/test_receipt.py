"""A receipt of many things: a page of them at a time, by result, whole on paper; an open one is told what differs."""

import csv
import html
import io
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.operations import journal
from flinkey_admin.operations.journal import Outcome, Planned
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.operations.stage import Clock, assert_plain, page_of, receipt, visible

POLL = re.compile(r'id="receipt"[^>]* hx-get="([^"]*)"')
ROWS = re.compile(r'<li data-id="(\d+)" data-state="\w+">')
MANY = 60
SMALL = 15_000  # bytes of a poll


@pytest.fixture
def many(clock: Clock, scope: Scope) -> Operation:
    """A move of 60 cars that is under way: the first five are done, the sixth was refused."""
    steps = [
        Planned(Verb.ADD, f"Wagen {number}", kind="cars", thing_id=number, group_id=2, group_label="Berlin")
        for number in range(1, MANY + 1)
    ]
    facts = {"to": "Berlin", "from_id": 2, "kind": "cars", "count": MANY, "left_out": ["Wagen 99"]}
    operation = journal.plan(scope, Operation.Kind.ADD, facts, steps)
    journal.queue(operation)
    assert journal.begin(operation)
    settle(operation, 1, 5)
    settle(operation, 6, 6, State.REFUSED)
    return operation


def settle(operation: Operation, first: int, last: int, state: State = State.CONFIRMED) -> None:
    steps = operation.steps.filter(thing_id__range=(first, last))
    reason = "missing-car" if state == State.REFUSED else ""
    journal.note([(step, Outcome(state, reason=reason)) for step in steps], [], operation)


def look(person: Person, operation: Operation, query: str = "") -> Any:
    return person.get(f"/operations/{operation.pk}/{query}")


def address(page: Any) -> str:
    (found,) = POLL.findall(page_of(page))
    return html.unescape(found)


def poll(person: Person, page: Any) -> Any:
    """What an open page asks for."""
    return person.get(address(page), headers={"HX-Request": "true"})


def things(page: Any) -> list[int]:
    return [int(number) for number in ROWS.findall(page_of(page))]


# Pages and results --------------------------------------------------------------------------------------------------


def test_a_page_at_a_time(coordinator: Person, many: Operation) -> None:
    page = look(coordinator, many)
    assert things(page) == list(range(1, 26))
    assert f'data-total="{MANY}"' in page_of(page)
    assert "1 to 25 of 60" in visible(page)
    assert "Wagen 99" not in visible(page), "what was left out stands behind all the others"
    assert 'max="60"' in page_of(page)
    last = look(coordinator, many, "?page=3")
    assert things(last) == list(range(51, 61))
    assert "Wagen 99 left out" in visible(last)
    assert things(look(coordinator, many, "?page=99")) == list(range(51, 61))
    assert things(look(coordinator, many, "?page=x")) == list(range(1, 26))


@pytest.mark.parametrize(
    ("result", "numbers"), [("done", [1, 2, 3, 4, 5]), ("failed", [6]), ("waiting", range(7, 32)), ("x", range(1, 26))]
)
def test_by_result(coordinator: Person, many: Operation, result: str, numbers: Any) -> None:
    page = look(coordinator, many, f"?result={result}")
    assert things(page) == list(numbers)
    assert "All (60) Failed (1) Waiting (54) Done (5)" in visible(page)
    assert "Wagen 99" not in visible(page)
    assert_plain(page)


def test_the_result_goes_along_to_the_next_page(coordinator: Person, many: Operation) -> None:
    page = look(coordinator, many, "?result=waiting")
    assert 'href="?result=waiting&amp;page=2"' in page_of(page)
    assert things(look(coordinator, many, "?result=waiting&page=2")) == list(range(32, 57))


def test_one_result_needs_no_choice(coordinator: Person, many: Operation) -> None:
    settle(many, 6, MANY)
    journal.release(many)
    page = look(coordinator, many)
    assert "Waiting (" not in visible(page)
    assert "Nothing has this result." in visible(look(coordinator, many, "?result=failed"))


def test_paper_and_table_have_all(coordinator: Person, many: Operation) -> None:
    assert 'href="?print=1"' in page_of(look(coordinator, many))
    paper = look(coordinator, many, "?print=1")
    assert things(paper) == list(range(1, MANY + 1))
    assert "Wagen 99 left out" in visible(paper)
    assert not POLL.search(page_of(paper)), "paper does not change"
    table = coordinator.get(f"/operations/{many.pk}/csv/").content.decode()
    assert len(list(csv.DictReader(io.StringIO(table[1:])))) == MANY


def test_a_few_are_one_page(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    coordinator.post("/groups/new/", {"name": "Neu"})
    page = receipt(coordinator)
    assert "Print version" not in visible(page), "the page itself has all of it"
    assert "1 in all" not in visible(page)


# An open page -------------------------------------------------------------------------------------------------------


def test_nothing_new_is_no_answer(coordinator: Person, many: Operation) -> None:
    for query in ("", "?page=2", "?result=failed", "?result=waiting&page=2"):
        answer = poll(coordinator, look(coordinator, many, query))
        assert (answer.status_code, answer.content) == (204, b"")


def test_only_what_differs_is_sent(coordinator: Person, many: Operation) -> None:
    page = look(coordinator, many)
    settle(many, 7, 9)
    settle(many, 40, 45)
    answer = poll(coordinator, page)
    assert things(answer) == [7, 8, 9]
    assert "14 done" in visible(answer)
    assert 'value="15"' in page_of(answer)
    assert "Done (14)" in visible(answer)
    assert "result-list" not in page_of(answer)
    assert 'hx-target="#tray"' not in page_of(answer)
    assert len(answer.content) < SMALL
    assert poll(coordinator, answer).status_code == 204, "it carries the mark of what it has brought"


def test_all_at_once_is_still_small(coordinator: Person, many: Operation) -> None:
    page = look(coordinator, many)
    settle(many, 7, MANY)
    answer = poll(coordinator, page)
    assert things(answer) == list(range(7, 26))
    assert len(answer.content) < SMALL
    journal.release(many)
    last = poll(coordinator, answer)
    assert "Done in part: 59 done, 1 refused." in visible(last)
    assert 'data-state="refused"' in page_of(last)
    assert not POLL.search(page_of(last)), "the server ends it"
    assert "1 unfinished" in page_of(last)


def test_a_page_by_result_follows(coordinator: Person, many: Operation) -> None:
    """What is done leaves the list of those that wait, and the next ones take its place."""
    page = look(coordinator, many, "?result=waiting")
    settle(many, 7, 9)
    answer = poll(coordinator, page)
    assert things(answer) == list(range(10, 35))
    assert 'hx-target="#rows"' in page_of(answer)
    assert len(answer.content) < SMALL


def test_an_unknown_mark_brings_all_of_the_page(coordinator: Person, many: Operation) -> None:
    for seen in ("", "x", "a.b.c.d.e", "....", "0" * 5000):
        answer = coordinator.get(f"/operations/{many.pk}/?seen={seen}", headers={"HX-Request": "true"})
        assert things(answer) == list(range(1, 26))


def test_statements_do_not_grow_with_the_things(
    clock: Clock, coordinator: Person, many: Operation, flinkey: Remote
) -> None:
    coordinator.get("/operations/")
    counts = []
    for query in ("", "?page=3", "?result=waiting", "?print=1"):
        with CaptureQueriesContext(connection) as caught:
            look(coordinator, many, query)
        counts.append(len(caught))
    Step.objects.filter(operation=many, thing_id__gt=1).delete()
    with CaptureQueriesContext(connection) as caught:
        look(coordinator, many)
    assert set(counts) == {len(caught)}
