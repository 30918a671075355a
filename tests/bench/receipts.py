"""What an open receipt of a thousand things asks for while they come true: bytes of each poll, and of its page."""

import html
import re
import statistics
import time
from collections.abc import Iterator
from typing import Any

from django.test import Client

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.operations import journal
from flinkey_admin.operations.journal import Outcome, Planned
from flinkey_admin.operations.models import Operation, State, Verb
from tests.bench.rows import Row
from tests.bench.stage import browser, count, sandbox, scope_of

THINGS, AT_ONCE = 1000, 40  # so many come true between two polls
POLL, PAGE = 15, 45  # KB
POLLED = re.compile(rb'id="receipt"[^>]* hx-get="([^"]*)"')


def measure() -> Iterator[Row]:
    with sandbox("yard"):
        person = browser()
        operation = _under_way(scope_of(person))
        page = person.get(f"/operations/{operation.pk}/")
        answer, answers, times = page, [], []
        steps = list(operation.steps.all())
        for first in range(0, len(steps), 2 * AT_ONCE):
            journal.note(
                [(step, Outcome(State.CONFIRMED)) for step in steps[first : first + 2 * AT_ONCE]], [], operation
            )
            began = time.perf_counter()
            answer = _poll(person, answer)
            times.append(time.perf_counter() - began)
            answers.append(answer)
        unchanged = _poll(person, answer)
    polls = [len(one.content) / 1000 for one in answers]
    yield count(f"receipt of {THINGS}: KB of the page", len(page.content) / 1000, PAGE)
    yield count(f"receipt of {THINGS}: KB of the largest poll", max(polls), POLL, f"{statistics.median(polls):.1f} KB")
    yield count(f"receipt of {THINGS}: ms of a poll", 1000 * statistics.median(times), 150)
    yield count(
        f"receipt of {THINGS}: bytes of an unchanged poll", len(unchanged.content), 0, str(unchanged.status_code)
    )


def _poll(person: Client, page: Any) -> Any:
    """What the open page asks for."""
    address = html.unescape(POLLED.findall(page.content)[0].decode())
    return person.get(address, headers={"HX-Request": "true"})


def _under_way(scope: Scope) -> Operation:
    """A move of a thousand cars that somebody is at."""
    label = "Werkstattersatz mit einem langen Namen {0} · HH-FK {0}"
    sides = [(Verb.ADD, 2, "Berlin"), (Verb.REMOVE, 1, "Hamburg")]
    steps = [
        Planned(verb, label.format(number), kind="cars", thing_id=number, group_id=group, group_label=name)
        for number in range(THINGS)
        for verb, group, name in sides
    ]
    facts = {"from": "Hamburg", "to": "Berlin", "from_id": 1, "kind": "cars", "count": THINGS}
    operation = journal.plan(scope, Operation.Kind.MOVE, facts, steps)
    journal.queue(operation)
    assert journal.begin(operation)
    return operation
