"""Calls are announced ahead of their turn: a stop takes back those that were not made."""

import time

import pytest

from flinkey_admin import upstream
from flinkey_admin.accounts.scoping import Scope, require_client
from flinkey_admin.flinkey import Kind
from flinkey_admin.operations import journal, runner, signals
from flinkey_admin.operations.journal import Planned
from flinkey_admin.operations.models import Operation, State, Verb
from flinkey_admin.sandbox import Remote
from tests.operations.stage import Clock, count

MANY = 60


@pytest.mark.parametrize("at_once", [1, 16])
def test_what_was_announced_and_not_sent_is_planned_again(
    clock: Clock, scope: Scope, flinkey: Remote, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """flinkey asks everybody to wait: each step that reached it has its answer, the others were never sent."""
    monkeypatch.setattr(upstream, "AT_ONCE", at_once)
    steps = [Planned(Verb.ADD, f"car {car}", kind=Kind.CARS, thing_id=car, group_id=2) for car in range(1, MANY)]
    operation = journal.plan(scope, Operation.Kind.ADD, {"count": len(steps)}, steps)
    flinkey.clear_requests()
    flinkey.fault("assignCarToGroup", "status", status=429, times=MANY, retry_after=7)

    runner.run(operation, require_client(scope))

    sent = count(flinkey, "assignCarToGroup")
    assert 0 < sent <= at_once, "what lay ready for a thread stayed there"
    assert sorted(step.attempts for step in operation.steps.all()) == [0] * (len(steps) - sent) + [1] * sent
    assert {step.state for step in operation.steps.all()} == {State.PLANNED}, "refused for now, or never sent"


def test_whoever_has_lost_the_lease_takes_back_nothing(clock: Clock, scope: Scope, flinkey: Remote) -> None:
    """It hung for too long; what it had announced and not sent is by now on its way for somebody else."""
    steps = [Planned(Verb.ADD, f"car {car}", kind=Kind.CARS, thing_id=car, group_id=2) for car in (1, 2)]
    slow = journal.plan(scope, Operation.Kind.ADD, {"count": 2}, steps)
    assert journal.begin(slow)
    announced = list(slow.steps.all())
    journal.note([], announced, slow)
    clock.advance(25)
    journal.recover(scope)
    quick = Operation.objects.get(pk=slow.pk)
    assert journal.begin(quick)
    journal.note([], list(quick.steps.all()), quick)

    journal.recall(slow, announced)
    assert [(step.state, step.attempts) for step in slow.steps.all()] == [(State.SENT, 2)] * 2
    journal.recall(quick, list(quick.steps.all()))
    assert [(step.state, step.attempts) for step in slow.steps.all()] == [(State.UNKNOWN, 1)] * 2


def test_a_process_that_hung_sends_nothing_that_lay_ready(
    clock: Clock, scope: Scope, flinkey: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By now somebody else may have done it, and a person may have taken it back. When nobody has, it goes on."""
    monkeypatch.setattr(upstream, "AT_ONCE", 4)
    monkeypatch.setattr(runner, "TELL", 0.0)
    flinkey.settings(latency=1)
    steps = [Planned(Verb.ADD, f"car {car}", kind=Kind.CARS, thing_id=car, group_id=3) for car in range(1, 31)]
    operation = journal.plan(scope, Operation.Kind.ADD, {"count": len(steps)}, steps)
    flinkey.clear_requests()
    seen: list[tuple[int, int]] = []

    def hang(**_kwargs: object) -> None:
        if not seen:
            clock.advance(21)
            time.sleep(2.5)
            announced = operation.steps.exclude(state=State.PLANNED).count()
            seen.append((count(flinkey, "assignCarToGroup"), announced))
            flinkey.settings(latency=0)

    signals.confirmed.connect(hang)
    try:
        runner.run(operation, require_client(scope))
    finally:
        signals.confirmed.disconnect(hang)
    sent, announced = seen[0]
    assert 4 <= sent < announced
    operation.refresh_from_db()
    assert [step.attempts for step in operation.steps.all()] == [1] * len(steps)
    assert count(flinkey, "assignCarToGroup") == len(steps)
