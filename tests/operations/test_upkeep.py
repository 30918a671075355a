"""Whatever stops a change of many things, it goes on by itself when it may, and asks after a long rest."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from flinkey_admin.accounts.models import Reach
from flinkey_admin.accounts.scoping import Scope, live_scope
from flinkey_admin.accounts.services import forget_sign_ins
from flinkey_admin.operations import endings, journal, runner, services, signals, undo, upkeep
from flinkey_admin.operations.models import Hold, Operation, State, Step
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.conftest import BOTH, COORDINATOR, Person, work_off
from tests.operations.stage import (
    Clock,
    assert_plain,
    count,
    forget,
    members,
    offers,
    press,
    receipt,
    says,
    took_effect,
)
from tests.operations.windows import give

pytestmark = pytest.mark.django_db(transaction=True)

ADD, REMOVE = "assignCarToGroup", "removeCarFromGroup"


def move(person: Person, *cars: int, to: int = 2) -> Any:
    """The yes to moving these cars from Hamburg; the receipt."""
    person.post("/groups/1/cars/move/", {"id": [str(car) for car in cars], "to": str(to)})
    return press(person, receipt(person), "run")


def tick() -> None:
    """The worker looks, and does what it finds."""
    upkeep.take_up()
    work_off()


def the() -> Operation:
    return Operation.objects.latest("pk")


@contextmanager
def at_the_first_result(do: Callable[[], None]) -> Iterator[None]:
    """Somebody does something while a change is under way."""

    def receive(**_kwargs: Any) -> None:
        signals.confirmed.disconnect(receive)
        do()

    signals.confirmed.connect(receive, weak=False)
    yield
    signals.confirmed.disconnect(receive)


def test_nobody_calls_while_flinkey_wants_to_be_left_alone(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault(ADD, "status", status=429, retry_after=30, times=9)
    page = move(coordinator, 1, 2, 3)
    assert says(page, sentences.goes_on_in(30))
    assert_plain(page)
    flinkey.clear_faults()
    flinkey.clear_requests()
    for _second in range(29):
        clock.advance(1)
        tick()
    assert flinkey.requests() == []
    assert says(receipt(coordinator), sentences.goes_on_in(1))
    clock.advance(1)
    tick()
    assert (the().state, members(flinkey, "cars", 1)) == (State.CONFIRMED, [4])


def test_nobody_looks_for_a_window_in_a_pause(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    step = give(coordinator)
    flinkey.fault(ADD, "status", status=429, retry_after=30, times=9)
    move(coordinator, 1, 2, 3)
    flinkey.clear_faults()
    flinkey.clear_requests()
    for _second in range(29):
        clock.advance(1)
        work_off("default")
        receipt(coordinator, step.operation)
    press(coordinator, receipt(coordinator, step.operation), "check")
    assert flinkey.requests() == []
    clock.advance(2)
    work_off("default")
    step.refresh_from_db()
    assert step.state == State.CONFIRMED


def test_a_yes_in_a_pause_waits_for_its_end(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """The plan is young, so nothing is asked of flinkey before, and one thing runs within the request."""
    coordinator.post("/groups/1/cars/move/", {"id": ["4"], "to": "2"})
    small = the()
    flinkey.fault(ADD, "status", status=429, retry_after=30, times=9)
    move(coordinator, 1, 2, 3)
    flinkey.clear_faults()
    flinkey.clear_requests()
    clock.advance(1)
    page = press(coordinator, receipt(coordinator, small), "run")
    assert flinkey.requests() == []
    assert says(page, sentences.goes_on_in(29))
    clock.advance(30)
    tick()
    small.refresh_from_db()
    assert small.state == State.CONFIRMED


def test_nothing_is_read_for_an_undo_or_an_old_plan_in_a_pause(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    move(coordinator, 4, to=3)
    done = the()
    coordinator.post("/groups/1/cars/move/", {"id": ["3"], "to": "2"})
    old = receipt(coordinator)
    clock.advance(11)
    flinkey.fault(ADD, "status", status=429, retry_after=30, times=9)
    move(coordinator, 1, 2)
    flinkey.clear_requests()
    clock.advance(1)
    for page in (press(coordinator, receipt(coordinator, done), "back"), press(coordinator, old, "run")):
        assert says(page, sentences.busy(29))
        assert_plain(page)
    assert flinkey.requests() == []


def test_no_window_is_read_for_a_yes_in_a_pause(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    coordinator.post("/groups/1/users/move/", {"id": ["1", "2"], "to": "2"})
    young = the()
    assert young.facts["endings"]
    flinkey.fault(ADD, "status", status=429, retry_after=30, times=9)
    move(coordinator, 1, 2)
    flinkey.clear_requests()
    page = coordinator.post(f"/operations/{young.pk}/run/", {endings.ALL: endings.TODAY}, follow=True)
    assert says(page, sentences.busy(30))
    assert flinkey.requests() == []


def test_a_pause_that_an_undo_meets_is_kept_by_everybody(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    move(coordinator, 4, to=3)
    flinkey.fault("getCarsOfGroup", "status", status=429, retry_after=30)
    page = press(coordinator, receipt(coordinator), "back")
    assert says(page, sentences.busy(30))
    flinkey.clear_requests()
    clock.advance(2)
    assert says(coordinator.post("/groups/1/cars/move/", {"id": ["1"], "to": "2"}), sentences.busy(28))
    assert flinkey.requests() == []


def test_what_a_dead_worker_has_left_is_done_without_anybody(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    coordinator.post("/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"})
    operation = the()
    journal.queue(operation)
    assert journal.begin(operation)
    journal.note([], operation.steps.filter(after=None), operation)
    tick()
    assert count(flinkey, ADD) == 0, "it may still be alive"
    clock.advance(journal.LEASE.total_seconds() + 1)
    tick()
    assert (the().state, members(flinkey, "cars", 1)) == (State.CONFIRMED, [3, 4])


def test_who_has_lost_the_lease_writes_nothing_more(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    coordinator.post("/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"})
    slow = the()
    journal.queue(slow)
    journal.begin(slow)
    clock.advance(journal.LEASE.total_seconds() + 1)
    quick = the()
    assert journal.begin(quick)
    with pytest.raises(journal.LeaseLost):
        journal.note([(slow.steps.all()[0], journal.Outcome(State.REFUSED))], [], slow)
    journal.release(slow)
    quick.refresh_from_db()
    assert quick.lease_until is not None
    assert not Step.objects.filter(state=State.REFUSED).exists()


def test_what_was_lost_stays_lost_when_its_next_call_is_announced_and_not_made(
    clock: Clock, coordinator: Person, scope: Scope, flinkey: Remote
) -> None:
    """Taken for never sent, it would count as somebody else's doing, and an undo would leave it."""
    flinkey.fault(ADD, "reset-after", times=2)
    move(coordinator, 1)
    operation = the()
    lost = operation.steps.get(verb="add")
    assert (lost.state, members(flinkey, "cars", 2)) == (State.UNKNOWN, [1, 5, 6])
    assert journal.begin(operation)
    journal.note([], [lost], operation)
    journal.recall(operation, [lost])
    journal.release(operation, Hold.QUEUED)
    lost.refresh_from_db()
    assert (lost.state, lost.reason, lost.attempts) == (State.UNKNOWN, "lost", 1)
    tick()
    assert the().state == State.CONFIRMED
    services.start(scope, undo.plan(scope, operation))
    work_off()
    assert (members(flinkey, "cars", 1), members(flinkey, "cars", 2)) == ([1, 2, 3, 4], [5, 6])


@pytest.mark.parametrize("who", [COORDINATOR, BOTH])
def test_a_dead_token_parks_it_until_a_manager_of_the_customer_signs_in(
    clock: Clock, coordinator: Person, visitor: Person, flinkey: Remote, who: str
) -> None:
    coordinator.post("/groups/1/cars/move/", {"id": ["1", "2", "3"], "to": "2"})
    page = receipt(coordinator)
    flinkey.expire_tokens()
    answer = press(coordinator, page, "run")
    assert answer.redirect_chain[-1][0].startswith("/sign-in/"), "whoever looks is the one to sign in"
    assert the().hold == Hold.SIGNED_OUT
    clock.advance(60)
    tick()
    assert took_effect(flinkey, ADD) == 0
    visitor.sign_in(who)
    tick()
    assert (the().state, members(flinkey, "cars", 1)) == (State.CONFIRMED, [4])


def test_who_has_signed_in_again_stays_so_while_a_parked_change_waits_for_another(
    clock: Clock, coordinator: Person, scope: Scope, flinkey: Remote
) -> None:
    coordinator.post("/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"})
    first = the()
    journal.queue(first)
    assert journal.begin(first)
    journal.release(first, Hold.PAUSED)
    move(coordinator, 1, to=3)
    forget_sign_ins(scope.person)
    clock.advance(31)
    tick()
    assert the().hold == Hold.SIGNED_OUT
    coordinator.sign_in(COORDINATOR)
    tick()
    assert live_scope(scope.person, scope.customer), "nobody has been signed out"
    services.finish(scope, first)
    work_off()
    first.refresh_from_db()
    assert (first.state, members(flinkey, "cars", 1)) == (State.CONFIRMED, [3, 4])


def test_a_flinkey_that_is_down_is_asked_once_an_interval(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("*", "reset-before", times=10_000)
    coordinator.post("/groups/1/cars/", {})
    flinkey.clear_faults()
    coordinator.post("/groups/1/cars/move/", {"id": ["1", "2", "3"], "to": "2"})
    page = receipt(coordinator)
    flinkey.fault("*", "status", status=503, times=10_000)
    assert says(press(coordinator, page, "run"), sentences.HOLDS["down"])
    for _interval in range(3):
        flinkey.clear_requests()
        for _second in range(15):
            clock.advance(1)
            tick()
        assert len(flinkey.requests()) <= 2, "one call, and its quick repetition"
    flinkey.clear_faults()
    clock.advance(16)
    tick()
    assert the().state == State.CONFIRMED


def test_what_has_rested_too_long_asks_for_a_yes(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault(ADD, "status", status=429, retry_after=1200, times=9)
    move(coordinator, 1, 2)
    flinkey.clear_faults()
    clock.advance(1201)
    tick()
    page = receipt(coordinator)
    assert says(page, sentences.HOLDS["asks"])
    assert took_effect(flinkey, ADD) == 0
    assert says(press(coordinator, page, "run"), "All 2 done.")


def test_what_somebody_wanted_who_may_no_longer_act_asks_for_a_yes(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    flinkey.fault(ADD, "status", status=429, retry_after=30, times=9)
    move(coordinator, 1, 2)
    flinkey.clear_faults()
    Reach.objects.all().delete()
    clock.advance(31)
    tick()
    assert (the().hold, took_effect(flinkey, ADD)) == (Hold.ASKS, 0)


@pytest.fixture
def many(flinkey: Remote, coordinator: Person) -> Operation:
    """A planned move of a hundred cars."""
    flinkey.reset("small")
    forget()
    coordinator.sign_in(COORDINATOR)
    cars = range(1, 101)
    for car in cars:
        flinkey.change("add_member", kind="cars", group=1, id=car)
    coordinator.post("/groups/1/cars/move/", {"id": [str(car) for car in cars], "to": "2"})
    return the()


def test_after_a_pause_the_calls_keep_the_pace_that_flinkey_has_shown(
    clock: Clock, many: Operation, coordinator: Person, flinkey: Remote
) -> None:
    flinkey.fault(ADD, "status", status=429, retry_after=20, skip=40)
    press(coordinator, receipt(coordinator), "run")
    sent = took_effect(flinkey, ADD) + took_effect(flinkey, REMOVE)
    pace = the().pace
    assert pace is not None
    assert 0 < pace <= runner.SLACK * sent / 20


def test_a_pause_after_a_few_calls_teaches_no_pace(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault(REMOVE, "status", status=429, retry_after=20)
    move(coordinator, 1, 2, 3)
    assert the().pace is None


@pytest.mark.parametrize("what", ["pause", "stop"])
def test_a_wish_while_it_runs_leaves_no_thing_half_way(
    clock: Clock, many: Operation, coordinator: Person, flinkey: Remote, what: str
) -> None:
    flinkey.settings(latency=0.05)
    with at_the_first_result(lambda: journal.wish(many, what)):
        page = press(coordinator, receipt(coordinator), "run")
    came, left = set(members(flinkey, "cars", 2)), set(members(flinkey, "cars", 1))
    moved = many.steps.filter(verb="remove", state=State.CONFIRMED, already=False).count()
    assert 0 < moved < 100
    assert not many.steps.filter(state__in=[State.SENT, State.UNKNOWN]).exists()
    assert not many.steps.filter(verb="add", state=State.CONFIRMED, already=False).exclude(
        pk__in=many.steps.filter(verb="remove", state=State.CONFIRMED).values("after")
    ), "what came into the new group has left the old one"
    assert came | left >= set(range(1, 101))
    assert offers(page, "run") == (what == "pause")
    assert says(page, f"{100 - moved} not done.") == (what == "stop")
    clock.advance(60)
    tick()
    assert set(members(flinkey, "cars", 2)) == came, "nothing goes on by itself"


def test_pause_and_go_on(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault(ADD, "status", status=429, retry_after=30, times=9)
    page = move(coordinator, 1, 2, 3)
    flinkey.clear_faults()
    page = press(coordinator, page, "pause")
    assert says(page, sentences.HOLDS["paused"])
    clock.advance(60)
    tick()
    assert took_effect(flinkey, ADD) == 0
    assert says(press(coordinator, page, "run"), "All 3 done.")
    assert not offers(receipt(coordinator), "pause")


def test_one_thing_belongs_to_one_change(clock: Clock, coordinator: Person, visitor: Person, flinkey: Remote) -> None:
    flinkey.fault(ADD, "status", status=429, retry_after=30, times=9)
    first = press(coordinator, move(coordinator, 1, 2), "pause")
    flinkey.clear_faults()
    clock.advance(31)
    visitor.sign_in(BOTH)
    visitor.post("/customers/", {"customer": "1"})
    visitor.post("/groups/1/cars/move/", {"id": ["2", "3"], "to": "4"})
    page = press(visitor, receipt(visitor), "run")
    assert says(page, f"{COORDINATOR} is at the same things just now: Move 2 cars from Hamburg to Berlin.")
    tick()
    assert took_effect(flinkey, ADD) == 0
    press(coordinator, first, "run")
    clock.advance(31)
    tick()
    assert set(Operation.objects.values_list("state", flat=True)) == {State.CONFIRMED}
    assert members(flinkey, "cars", 4) == [2, 3]


def test_a_retry_waits_for_the_younger_change_that_is_under_way(
    clock: Clock, coordinator: Person, flinkey: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "TELL", 0.0)
    flinkey.fault(ADD, "status", status=400, times=2)
    move(coordinator, 1, 2)
    older, began = the(), []

    def retry() -> None:
        journal.reopen(older)
        journal.queue(older)
        began.append(journal.begin(older))

    with at_the_first_result(retry):
        move(coordinator, 1, 2, to=4)
    assert began == [False]
    clock.advance(31)
    tick()
    assert set(Operation.objects.values_list("state", flat=True)) == {State.CONFIRMED}
    assert members(flinkey, "cars", 2) == [1, 2, 5, 6]


def test_nobody_waits_for_what_will_not_come(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """The removal that hangs on a refused addition stays planned for as long as its change is not finished."""
    flinkey.fault(ADD, "status", status=400)
    coordinator.post("/groups/3/empty/", {"to": "4"})
    press(coordinator, receipt(coordinator), "run")
    stuck = the()
    assert stuck.finished_at is None
    page = move(coordinator, 4)
    assert says(page, "Done.")
    assert (the().state, the().pk > stuck.pk) == (State.CONFIRMED, True)


def test_a_second_press_while_it_runs_changes_nothing(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    coordinator.post("/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"})
    operation = the()
    journal.queue(operation)
    assert journal.begin(operation)
    press(coordinator, receipt(coordinator), "pause")
    coordinator.post(f"/operations/{operation.pk}/run/")
    assert the().wish == "pause", "somebody has asked for it, and nobody has taken it back"
    assert count(flinkey, ADD) == 0


def test_a_colleague_finishes_it(clock: Clock, coordinator: Person, visitor: Person, flinkey: Remote) -> None:
    flinkey.fault(ADD, "status", status=400, times=2)
    move(coordinator, 1, 2)
    visitor.sign_in(BOTH)
    visitor.post("/customers/", {"customer": "1"})
    page = press(visitor, receipt(visitor), "run")
    assert says(page, "All 2 done.")
    assert says(page, f"gone on with by {BOTH}")
    assert services.unfinished(Scope(the().person, the().customer)).count() == 0
