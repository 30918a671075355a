"""Answers that are lost: flinkey has each of 1,000 new windows exactly once, and no refusal hides what was done."""

import datetime as dt

import pytest

from flinkey_admin.accounts.scoping import Scope, require_client
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.fields import written
from flinkey_admin.operations import confirmation, journal, runner, upkeep
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.sandbox import Remote
from tests.conftest import Person, work_off
from tests.operations.stage import NOW, Clock, count, members, took_effect

pytestmark = pytest.mark.django_db(transaction=True)

CREATE = "createAssignment"


@pytest.mark.sampled
def test_each_is_done_once(
    request: pytest.FixtureRequest, clock: Clock, coordinator: Person, scope: Scope, flinkey: Remote
) -> None:
    number = 1000 if request.config.getoption("--thorough") else 60
    steps = []
    for hour in range(number):
        start = NOW + dt.timedelta(days=1, hours=2 * hour)
        args = {"start": written(start), "end": written(start + dt.timedelta(hours=1))}
        car, user = hour % 7 + 1, hour % 5 + 1
        steps.append(journal.Planned(Verb.CREATE_WINDOW, str(hour), car_id=car, user_id=user, args=args))
    operation = journal.plan(scope, Operation.Kind.GIVE_ACCESS, {"car": "", "user": ""}, steps)
    before = len(flinkey.state(1)["windows"])
    flinkey.fault(CREATE, "reset-after", times=number)

    journal.queue(operation)
    runner.run(operation, require_client(scope))

    assert set(operation.steps.values_list("state", flat=True)) == {State.UNKNOWN}
    for _look in range(3):
        clock.advance(3)
        upkeep.take_up()
        work_off()
        for step in Step.objects.exclude(next_check_at=None):
            confirmation.check_if_due(step, require_client(scope))
    assert (count(flinkey, CREATE), took_effect(flinkey, CREATE)) == (number, number)
    assert len(flinkey.state(1)["windows"]) == before + number
    assert set(operation.steps.values_list("state", flat=True)) == {State.CONFIRMED}
    assert operation.steps.values("window_id").distinct().count() == number


WISHES = {
    "add": ("assignCarToGroup", journal.Planned(Verb.ADD, "", kind=Kind.CARS, thing_id=1, group_id=2)),
    "remove": ("removeCarFromGroup", journal.Planned(Verb.REMOVE, "", kind=Kind.CARS, thing_id=1, group_id=1)),
    "create": ("createGroup", journal.Planned(Verb.CREATE_GROUP, "", args={"name": "Ulm"})),
    "rename": ("updateGroup", journal.Planned(Verb.RENAME_GROUP, "", group_id=4, args={"name": "Ulm"})),
    "delete": ("deleteGroup", journal.Planned(Verb.DELETE_GROUP, "", group_id=4)),
}


@pytest.mark.parametrize("can_look", [True, False])
def test_a_refusal_says_nothing_of_the_call_before_it(
    clock: Clock, scope: Scope, flinkey: Remote, can_look: bool
) -> None:
    """The first call was done and its answer lost, the second is refused: what is so decides, and else nothing does."""
    for what, (call, wish) in WISHES.items():
        operation = journal.plan(scope, Operation.Kind.MOVE, {"count": 1}, [wish])
        flinkey.fault(call, "reset-after", times=1)
        flinkey.fault(call, "status", status=400, times=1)
        if not can_look:
            flinkey.fault("getCarsOfGroup" if wish.thing_id else "getGroups", "status", status=503, times=1)
        runner.run(operation, require_client(scope))
        step = operation.steps.get()
        wanted = (State.CONFIRMED, "") if can_look else (State.UNKNOWN, "lost")
        assert (step.state, step.reason) == wanted, what
        assert bool(step.group_id) is (can_look or what != "create"), "its members come later"
        journal.close(operation)
        clock.advance(60)  # a flinkey that is down is left alone for a while


def test_a_refusal_after_a_call_that_came_to_nothing(clock: Clock, scope: Scope, flinkey: Remote) -> None:
    for what, (call, wish) in WISHES.items():
        operation = journal.plan(scope, Operation.Kind.MOVE, {"count": 1}, [wish])
        flinkey.fault(call, "reset-before", times=1)
        flinkey.fault(call, "status", status=400, times=1)
        runner.run(operation, require_client(scope))
        step = operation.steps.get()
        assert (step.state, step.reason) == (State.REFUSED, "rejected"), what


def of_car(verb: Verb, group: int, *, after: int | None = None, inside: bool = False) -> journal.Planned:
    before = {"inside": True} if inside else {}
    return journal.Planned(verb, "", kind=Kind.CARS, thing_id=1, group_id=group, after=after, before=before)


def test_what_the_change_before_took_out_was_not_there_already(clock: Clock, scope: Scope, flinkey: Remote) -> None:
    """Planned while a car was in both groups of another change: that takes it out, and this one puts it back."""
    client = require_client(scope)
    there = [of_car(Verb.ADD, 2), of_car(Verb.REMOVE, 1, after=0)]
    first = journal.plan(scope, Operation.Kind.MOVE, {"count": 1}, there)
    flinkey.fault("removeCarFromGroup", "status", status=503, times=1)
    runner.run(first, client)
    back = [of_car(Verb.ADD, 1, inside=True), of_car(Verb.REMOVE, 2, after=0)]
    second = journal.plan(scope, Operation.Kind.MOVE, {"count": 1}, back)
    journal.queue(second)
    clock.advance(60)
    runner.run(first, client)
    flinkey.fault("assignCarToGroup", "reset-after", times=1)
    runner.run(second, client)
    assert 1 in members(flinkey, Kind.CARS, 1)
    assert list(second.steps.values_list("state", "already")) == [(State.CONFIRMED, False)] * 2
