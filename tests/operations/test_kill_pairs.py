"""kill -9 while an access is handed over or its car swapped: nothing comes twice, no second without its first."""

import datetime as dt
from typing import Any

import pytest

from flinkey_admin.operations import upkeep
from flinkey_admin.operations.models import Operation, State, Step
from flinkey_admin.sandbox import Remote
from tests.conftest import Person, work_off
from tests.operations.killer import MOMENTS
from tests.operations.stage import Clock, assert_plain, assert_true, press, receipt, took_effect
from tests.operations.test_kill import LEASE, clock, run_and_die

__all__ = ["clock"]  # a fixture
pytestmark = pytest.mark.django_db(transaction=True)

COMMITS = range(1, 7)  # the yes, the lease, sent, accepted, the release, the look that is asked for
WRITES = {"hand-over": ("updateAssignment", "createAssignment"), "swap": ("createAssignment", "updateAssignment")}


def planned(person: Person, remote: Remote, act: str) -> Operation:
    """Of a window that is there for some days: the other process has the real time."""
    now = dt.datetime.now(dt.UTC)
    start, end = (f"{now + dt.timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (-1, 3))
    remote.change("delete_window", window=4)  # so that Pool 2 is free
    remote.change("add_window", car=4, user=3, start=start, end=end)
    number = remote.state(1)["windows"][-1]["id"]
    tomorrow = f"{now + dt.timedelta(days=1):%Y-%m-%d}T14:00"
    person.post(f"/assignments/{number}/{act}/", {"user": "Zoë Groß", "at": tomorrow, "car": "Pool 2"})
    remote.clear_requests()
    return Operation.objects.get()


def go_on(clock: Clock) -> None:
    """The worker starts again, with nobody doing anything."""
    for _look in range(5):
        upkeep.take_up()
        work_off("runs", "default", "looks")
        clock.advance(31)


def assert_right(remote: Remote, operation: Operation, act: str) -> None:
    """Each was sent once at most, the second only after the first was there; and the journal says so."""
    first, second = WRITES[act]
    done = [call["operation"] for call in remote.requests() if call["took_effect"] and call["method"] != "GET"]
    assert done in ([], [first], [first, second])
    operation.refresh_from_db()
    if operation.started_at is None:
        assert done == [], "it died before the yes was stored"
        return
    if done:
        assert done == [first, second], "it goes on by itself"
        assert operation.state == State.CONFIRMED
    assert_true(remote, lost=not done)


@pytest.mark.sampled
@pytest.mark.parametrize("at", COMMITS)
@pytest.mark.parametrize("moment", MOMENTS[:2])
@pytest.mark.parametrize("act", WRITES)
def test_at_each_commit(
    clock: Clock, coordinator: Person, flinkey: Remote, sandbox: Any, act: str, moment: str, at: int
) -> None:
    operation = planned(coordinator, flinkey, act)
    assert run_and_die(flinkey, sandbox.url, operation, at, moment, commit=True), "there are fewer commits"
    clock.advance(LEASE)
    go_on(clock)
    assert_right(flinkey, operation, act)


@pytest.mark.sampled
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize("act", WRITES)
def test_at_each_call(
    clock: Clock, coordinator: Person, flinkey: Remote, sandbox: Any, act: str, moment: str, second: bool
) -> None:
    """What flinkey has not heard of is looked for; then a person closes it, and no second comes without its first."""
    operation = planned(coordinator, flinkey, act)
    if second:
        press(coordinator, receipt(coordinator), "run")
        clock.advance(3)
        receipt(coordinator)  # the first is confirmed; nobody has come to the second yet
        assert [step.state for step in Step.objects.all()] == [State.CONFIRMED, State.PLANNED]
    run_and_die(flinkey, sandbox.url, operation, 1, moment)
    clock.advance(LEASE)
    go_on(clock)
    assert_plain(receipt(coordinator))
    if moment != "before":
        assert_right(flinkey, operation, act)
        return
    assert [step.state for step in Step.objects.all()] == (
        [State.CONFIRMED, State.UNKNOWN] if second else [State.UNKNOWN, State.PLANNED]
    )
    clock.advance(300)
    press(coordinator, receipt(coordinator), "close")
    go_on(clock)
    assert [took_effect(flinkey, name) for name in WRITES[act]] == [int(second), 0]
    assert Step.objects.exclude(open_key=None).count() == 0
