"""kill -9 around every call: every car stays in a group, no window comes twice, and what is left can be finished."""

import datetime as dt
import os
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection

from flinkey_admin.accounts.models import Customer, Manager
from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.operations import journal, upkeep
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.conftest import COORDINATOR, Person, work_off
from tests.operations.killer import MOMENTS, Killer
from tests.operations.stage import (
    Clock,
    assert_plain,
    assert_true,
    count,
    forget,
    homes_over_time,
    members,
    offers,
    press,
    receipt,
    says,
    took_effect,
    windows_like,
)

ROOT = Path(__file__).resolve().parents[2]
CARS = (1, 2, 3)
LEASE = journal.LEASE.total_seconds() + 1


@pytest.fixture
def clock(remote: Remote) -> Iterator[Clock]:
    """The real time, which the other process has too; it can be put forward."""
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=True) as traveller:
        yield Clock(traveller, remote)


pytestmark = pytest.mark.django_db(transaction=True)


def run_and_die(
    remote: Remote, upstream: str, operation: Operation, at: int, moment: str, *, commit: bool = False
) -> bool:
    """Runs an operation in a process of its own, which does not survive its n-th call of flinkey, or its n-th commit.

    Returns whether there was such a commit; of how many there are, the clock decides.
    """
    point = [str(at), moment] if commit else []
    with Killer(upstream, 0 if commit else at, moment) as killer:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.operations.child", str(operation.pk), *point],
            cwd=ROOT,
            env=_environment(killer.url),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        with child:
            assert child.stdin
            assert child.stdout
            assert child.stdout.readline() == "ready\n"
            killer.victim = child.pid
            child.stdin.write("go\n")
            child.stdin.flush()
            code = child.wait(120)
    assert code == -9 or (commit and code == 0), f"it survived, with {code}, {killer.writes} writes"
    return code == -9


def _environment(upstream: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "flinkey_admin.settings",
        "DEBUG": "true",
        "VAR_DIR": str(settings.VAR_DIR),  # where the key of the tokens is
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        "FLINKEY_API_URL": upstream,
        "FLINKEY_API_KEY": settings.FLINKEY_API_KEY,
    }


def scope() -> Scope:
    return Scope(Manager.objects.get(), Customer.objects.get(flinkey_id="1"))


def planned_move(person: Person) -> Operation:
    person.post("/groups/1/cars/move/", {"id": [str(car) for car in CARS], "to": "2"})
    return Operation.objects.get()


def after_the_lease(clock: Clock, person: Person) -> Any:
    """What the page shows when the dead process can no longer be at it."""
    assert not offers(receipt(person), "run"), "somebody may still be at it"
    clock.advance(LEASE)
    return receipt(person)


@pytest.mark.sampled
@pytest.mark.parametrize("at", range(1, 7))
@pytest.mark.parametrize("moment", MOMENTS[:2])
def test_a_move(clock: Clock, coordinator: Person, flinkey: Remote, sandbox: Any, at: int, moment: str) -> None:
    operation = planned_move(coordinator)
    run_and_die(flinkey, sandbox.url, operation, at, moment)

    assert_a_home_always(flinkey)
    page = after_the_lease(clock, coordinator)
    assert_plain(page)
    assert_true(flinkey, lost=True)
    assert Operation.objects.get().state in {State.UNKNOWN, State.PLANNED}
    upkeep.take_up()
    work_off()

    assert Operation.objects.get().state == State.CONFIRMED, "with nobody doing anything"
    assert not offers(receipt(coordinator), "run")
    assert_true(flinkey, lost=False)
    assert_a_home_always(flinkey)
    assert members(flinkey, "cars", 1) == [4]
    assert members(flinkey, "cars", 2) == [1, 2, 3, 5, 6]


def assert_a_home_always(remote: Remote) -> None:
    for car in CARS:
        assert all(homes_over_time(remote, "cars", car, {1})), f"car {car} was in no group for a moment"


@pytest.mark.sampled
@pytest.mark.parametrize("at", range(1, 6))
@pytest.mark.parametrize("moment", MOMENTS)
def test_emptying_a_group(
    clock: Clock, coordinator: Person, flinkey: Remote, sandbox: Any, at: int, moment: str
) -> None:
    """A car and a user go from group 3 to group 4, then group 3 is deleted: five writes."""
    coordinator.post("/groups/3/empty/", {"to": "4"})
    run_and_die(flinkey, sandbox.url, Operation.objects.get(), at, moment)
    assert_true(flinkey, lost=True, steps=Step.objects.exclude(state=State.SENT))
    after_the_lease(clock, coordinator)
    upkeep.take_up()
    work_off()

    assert Operation.objects.get().state == State.CONFIRMED, "with nobody doing anything"
    assert_true(flinkey, lost=False)
    assert [one["id"] for one in flinkey.state(1)["groups"]] == [1, 2, 4]
    for kind in ("cars", "users"):
        assert members(flinkey, kind, 4) == [4]
        assert all(homes_over_time(flinkey, kind, 4, {3})), "it was in no group for a moment"


TWENTY_FIVE = range(1, 26)


@pytest.fixture
def long_move(clock: Clock, coordinator: Person, flinkey: Remote) -> Operation:
    """A planned move of 25 cars."""
    flinkey.reset("small")
    forget()
    for car in TWENTY_FIVE:
        flinkey.change("add_member", kind="cars", group=1, id=car)
        flinkey.change("remove_member", kind="cars", group=car + 1, id=car)  # so the first is its only one
    coordinator.sign_in(COORDINATOR)
    coordinator.post("/groups/1/cars/move/", {"id": [str(car) for car in TWENTY_FIVE], "to": "40"})
    flinkey.clear_requests()
    return Operation.objects.get()


def assert_finished_by_itself(clock: Clock, remote: Remote, operation: Operation) -> None:
    """After a restart, with nobody doing anything: nothing lost, nothing done twice, no car ever without a group."""
    clock.advance(LEASE)
    upkeep.take_up()
    work_off()
    operation.refresh_from_db()
    if operation.started_at is None:  # it died before the yes was stored: it still is a plan
        assert remote.requests() == []
        return
    assert operation.state == State.CONFIRMED
    assert set(TWENTY_FIVE) <= set(members(remote, "cars", 40))
    assert set(members(remote, "cars", 1)).isdisjoint(TWENTY_FIVE)
    done = Counter(f"{one['method']} {one['path']} {one['body']}" for one in remote.requests() if one["took_effect"])
    assert max(done.values()) == 1
    for car in TWENTY_FIVE:
        assert all(homes_over_time(remote, "cars", car, {1})), f"car {car} was in no group for a moment"


@pytest.mark.sampled(32)
@pytest.mark.parametrize("at", range(1, 51))
@pytest.mark.parametrize("moment", MOMENTS[:2])
def test_a_long_move_at_each_call(
    clock: Clock, long_move: Operation, flinkey: Remote, sandbox: Any, at: int, moment: str
) -> None:
    run_and_die(flinkey, sandbox.url, long_move, at, moment)
    assert_finished_by_itself(clock, flinkey, long_move)


@pytest.mark.sampled(32)
@pytest.mark.parametrize("at", range(1, 61))
@pytest.mark.parametrize("moment", MOMENTS[:2])
def test_a_long_move_at_each_commit(
    clock: Clock, long_move: Operation, flinkey: Remote, sandbox: Any, at: int, moment: str
) -> None:
    """How often the copy is told, a few commits, hangs on the clock; the 50 calls have one commit each at least."""
    died = run_and_die(flinkey, sandbox.url, long_move, at, moment, commit=True)
    assert died or at > 50, "there are fewer commits"
    if died:
        assert_finished_by_itself(clock, flinkey, long_move)


def planned_window(before: Sequence[int] = (3, 4)) -> Operation:
    """Of the day after tomorrow: the other process has the real time."""
    day = (dt.datetime.now(dt.UTC) + dt.timedelta(days=2)).date()
    args = {"start": f"{day}T07:00:00Z", "end": f"{day}T17:00:00Z"}
    step = journal.Planned(
        Verb.CREATE_WINDOW,
        "Zoë Groß → Pool 2",
        car_id=2,
        user_id=5,
        args=args,
        before={"ids": list(before)},
        open_key="create 2 5",
    )
    facts = {**args, "car": "Pool 2", "user": "Zoë Groß", "car_id": 2, "user_id": 5}
    return journal.plan(scope(), Operation.Kind.GIVE_ACCESS, facts, [step], nonce=uuid.uuid4())


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_new_window(clock: Clock, coordinator: Person, flinkey: Remote, sandbox: Any, moment: str) -> None:
    operation = planned_window()
    run_and_die(flinkey, sandbox.url, operation, 1, moment)

    clock.advance(LEASE)  # by then flinkey has done whatever it got
    page = receipt(coordinator)
    assert_plain(page)
    assert not offers(page, "run"), "nobody sends it again"
    clock.advance(40)  # and without anybody pressing anything it is looked for
    page = receipt(coordinator)

    step = Step.objects.get()
    if moment == "before":
        assert step.state == State.UNKNOWN
        assert says(page, sentences.REASONS["lost"])
        assert count(flinkey, "createAssignment") == 0
    else:
        assert step.state == State.CONFIRMED
        assert count(flinkey, "createAssignment") == 1
        assert len(windows_like(flinkey, step)) == 1
    assert count(flinkey, "createAssignment") <= 1


WINDOW_COMMITS = range(1, 7)  # the yes, the lease, sent, accepted, the release, the look that is asked for


@pytest.mark.parametrize("at", WINDOW_COMMITS)
@pytest.mark.parametrize("moment", MOMENTS[:2])
def test_a_new_window_at_each_commit(
    clock: Clock, coordinator: Person, flinkey: Remote, sandbox: Any, at: int, moment: str
) -> None:
    """With nobody doing anything and no page open it is sent once at most, and confirmed if flinkey has it."""
    operation = planned_window()
    assert run_and_die(flinkey, sandbox.url, operation, at, moment, commit=True), "there are fewer commits"

    clock.advance(LEASE)
    for _look in range(4):
        upkeep.take_up()
        work_off("runs", "default")
        clock.advance(31)

    step, sent = Step.objects.get(), took_effect(flinkey, "createAssignment")
    assert (sent, len(windows_like(flinkey, step))) in {(0, 0), (1, 1)}
    operation.refresh_from_db()
    if operation.started_at is None:
        assert sent == 0, "it died before the yes was stored"
    else:
        assert step.state == (State.CONFIRMED if sent else State.UNKNOWN)


def test_there_is_no_further_commit(clock: Clock, coordinator: Person, flinkey: Remote, sandbox: Any) -> None:
    last = WINDOW_COMMITS[-1] + 1
    assert not run_and_die(flinkey, sandbox.url, planned_window(), last, "before", commit=True)


def test_a_window_that_never_left_can_be_closed_and_entered_again(
    clock: Clock, coordinator: Person, flinkey: Remote, sandbox: Any
) -> None:
    run_and_die(flinkey, sandbox.url, planned_window(), 1, "before")
    clock.advance(LEASE + 300)
    press(coordinator, receipt(coordinator), "close")

    day = (dt.datetime.now(dt.UTC) + dt.timedelta(days=2)).date()
    form = {"car": "2", "user": "5", "start": f"{day}T08:00", "end": f"{day}T18:00"}
    coordinator.post("/assignments/new/", form)
    clock.advance(10)
    receipt(coordinator)

    assert Step.objects.latest("pk").state == State.CONFIRMED
    assert len(windows_like(flinkey, Step.objects.latest("pk"))) == 1
    assert count(flinkey, "createAssignment") == 1
