"""The journal: stored once, taken by one, summed up right, and recovered after a death."""

import uuid
from typing import Any

import pytest

from flinkey_admin.accounts.models import Customer, Manager
from flinkey_admin.accounts.scoping import Scope, require_client, scope_for
from flinkey_admin.flinkey import Kind
from flinkey_admin.operations import confirmation, journal, runner
from flinkey_admin.operations.journal import Outcome, Planned
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.sandbox import Remote
from tests.conftest import SOUTHERNER, Person
from tests.operations.stage import Clock, members

LEASE = journal.LEASE.total_seconds()
TIMES = {"start": "2026-11-27T07:00:00Z", "end": "2026-11-27T17:00:00Z"}


def adds(*cars: int) -> list[Planned]:
    return [Planned(Verb.ADD, f"car {car}", kind=Kind.CARS, thing_id=car, group_id=2) for car in cars]


def window(scope: Scope, number: int = 2) -> Planned:
    key = f"window {scope.customer.pk} {number}"
    return Planned(Verb.CHANGE_WINDOW, "a window", window_id=number, args={"end": TIMES["end"]}, open_key=key)


def plan(scope: Scope, steps: list[Planned], **more: Any) -> Operation:
    return journal.plan(scope, Operation.Kind.ADD, {"count": len(steps)}, steps, **more)


def states(operation: Operation) -> list[str]:
    return [step.state for step in operation.steps.all()]


def test_a_plan_is_stored_before_anything_is_sent(scope: Scope, flinkey: Remote) -> None:
    flinkey.clear_requests()
    operation = plan(scope, adds(5, 6))
    assert (operation.state, operation.started_at, operation.finished_at) == (State.PLANNED, None, None)
    assert states(operation) == [State.PLANNED, State.PLANNED]
    assert flinkey.requests() == []


def test_the_same_nonce_gives_the_same_operation(scope: Scope) -> None:
    nonce = uuid.uuid4()
    first = plan(scope, adds(5), nonce=nonce)
    assert plan(scope, adds(5), nonce=nonce) == first
    assert (Operation.objects.count(), Step.objects.count()) == (1, 1)


def test_the_same_nonce_with_other_facts_is_another_change(scope: Scope) -> None:
    nonce = uuid.uuid4()
    first = plan(scope, adds(5), nonce=nonce)
    assert plan(scope, adds(5, 6), nonce=nonce) != first
    assert Operation.objects.count() == 2


def test_the_same_nonce_of_another_person_is_another_change(scope: Scope, southerner: Person) -> None:
    nonce = uuid.uuid4()
    other = scope_for(Manager.objects.get(email=SOUTHERNER), "2")
    assert other
    first = plan(scope, adds(5), nonce=nonce)
    second = plan(other, adds(5), nonce=nonce)
    assert (first.customer.flinkey_id, second.customer.flinkey_id) == ("1", "2")
    assert first != second


def test_a_refused_change_may_be_sent_again_with_the_same_form(scope: Scope) -> None:
    nonce = uuid.uuid4()
    first = plan(scope, adds(5), nonce=nonce)
    journal.begin(first)
    journal.note([(first.steps.get(), Outcome(State.REFUSED, reason="rejected"))], [])
    journal.release(first)
    assert plan(scope, adds(5), nonce=nonce) != first


def test_one_open_change_of_a_window_at_a_time(scope: Scope) -> None:
    first = plan(scope, [window(scope)])
    with pytest.raises(journal.WindowBusy) as busy:
        plan(scope, [window(scope)])
    assert busy.value.operation == first
    assert Operation.objects.count() == 1, "nothing of the second one is kept"
    plan(scope, [window(scope, 3)])  # another window is free

    journal.settle_window(first.steps.get(), Outcome(State.CONFIRMED))
    assert plan(scope, [window(scope)]) != first


def test_an_operation_is_taken_by_one(clock: Clock, scope: Scope) -> None:
    operation = plan(scope, adds(5))
    assert journal.begin(operation)
    assert not journal.begin(operation)
    clock.advance(LEASE - 1)
    assert not journal.begin(operation)
    clock.advance(2)
    assert journal.begin(operation), "nobody has renewed the lease"


def test_every_result_renews_the_lease(clock: Clock, scope: Scope) -> None:
    operation = plan(scope, adds(5, 6))
    first, second = operation.steps.all()
    journal.begin(operation)
    journal.note([], [first])
    clock.advance(LEASE - 1)
    journal.note([(first, Outcome(State.CONFIRMED))], [second])
    clock.advance(LEASE - 1)
    assert not journal.begin(operation)


def test_what_is_done_is_not_begun_again(scope: Scope, flinkey: Remote) -> None:
    operation = plan(scope, adds(1))
    runner.run(operation, require_client(scope))
    flinkey.clear_requests()
    assert not journal.begin(operation)
    runner.run(operation, require_client(scope))
    assert flinkey.requests() == []


SUMMARIES = [
    ("confirmed", State.CONFIRMED),
    ("confirmed refused", State.REFUSED),
    ("refused", State.REFUSED),
    ("confirmed planned", State.PLANNED),
    ("planned refused", State.PLANNED),
    ("confirmed planned unknown refused", State.UNKNOWN),
    ("unknown accepted", State.UNKNOWN),
    ("accepted", State.ACCEPTED),
    ("accepted confirmed", State.ACCEPTED),
    ("accepted refused", State.REFUSED),
    ("accepted planned", State.PLANNED),
    ("sent confirmed unknown planned refused accepted", State.SENT),
    ("", State.CONFIRMED),
]


@pytest.mark.parametrize(("states", "sum_of_all"), SUMMARIES)
def test_the_state_of_an_operation(states: str, sum_of_all: State) -> None:
    assert journal.summary(states.split()) == sum_of_all


def test_an_operation_ends_when_each_step_has(scope: Scope) -> None:
    operation = plan(scope, adds(1, 2, 3))
    one, two, three = operation.steps.all()
    journal.begin(operation)
    journal.note([(one, Outcome(State.CONFIRMED)), (two, Outcome(State.REFUSED, reason="rejected"))], [three])
    journal.release(operation)
    assert (operation.state, operation.finished_at) == (State.UNKNOWN, None)
    journal.begin(operation)
    journal.note([(three, Outcome(State.CONFIRMED))], [])
    journal.release(operation)
    assert operation.state == State.REFUSED
    assert operation.finished_at is not None


def test_what_a_dead_process_has_left_is_summed_up(clock: Clock, scope: Scope) -> None:
    operation = plan(scope, adds(1, 2, 3))
    one, two, _three = operation.steps.all()
    journal.begin(operation)
    journal.note([], [one, two])
    journal.note([(one, Outcome(State.CONFIRMED))], [])

    assert journal.recover(scope) == [], "it may still be alive"
    assert states(operation) == [State.CONFIRMED, State.SENT, State.PLANNED]
    clock.advance(LEASE + 1)
    assert journal.recover(scope) == [operation]

    assert states(operation) == [State.CONFIRMED, State.UNKNOWN, State.PLANNED]
    operation.refresh_from_db()
    assert (operation.state, operation.lease_until) == (State.UNKNOWN, None)
    assert journal.recover(scope) == []


def test_nobody_recovers_what_belongs_to_another_customer(clock: Clock, scope: Scope) -> None:
    other = Scope(scope.person, Customer.objects.create(flinkey_id="2", name="another"))
    operation = plan(other, adds(1))
    journal.begin(operation)
    clock.advance(LEASE + 1)
    assert journal.recover(scope) == []
    operation.refresh_from_db()
    assert operation.state == State.SENT


def test_the_read_backs_of_a_dead_process_start_again(clock: Clock, scope: Scope) -> None:
    operation = plan(scope, [window(scope)])
    journal.begin(operation)
    journal.note([], list(operation.steps.all()))
    clock.advance(LEASE + 1)
    confirmation.recover(scope)
    step = operation.steps.get()
    assert step.state == State.UNKNOWN
    assert step.next_check_at is not None


def test_the_first_end_of_a_window_counts(scope: Scope) -> None:
    step = plan(scope, [window(scope)]).steps.get()
    journal.settle_window(step, Outcome(State.CONFIRMED), "webhook")
    journal.settle_window(step, Outcome(State.REFUSED, reason="told"))
    step.refresh_from_db()
    assert (step.state, step.confirmed_by, step.reason) == (State.CONFIRMED, "webhook", "")


@pytest.mark.parametrize("answer", [State.ACCEPTED, State.UNKNOWN])
def test_an_answer_later_than_its_confirmation_changes_nothing(scope: Scope, answer: State) -> None:
    operation = plan(scope, [window(scope)])
    step = operation.steps.get()
    journal.begin(operation)
    journal.note([], [step])
    journal.settle_window(Step.objects.get(), Outcome(State.CONFIRMED), "webhook")
    journal.note([(step, Outcome(answer))], [])
    journal.release(operation)
    assert (operation.state, Step.objects.get().open_key) == (State.CONFIRMED, None)


def test_a_refused_member_may_be_tried_again_and_a_refused_window_not(scope: Scope) -> None:
    operation = plan(scope, [*adds(1), window(scope)])
    journal.begin(operation)
    refused = Outcome(State.REFUSED, reason="rejected")
    journal.note([(step, refused) for step in operation.steps.all()], [])
    journal.release(operation)
    journal.reopen(operation)
    assert states(operation) == [State.PLANNED, State.REFUSED]


def test_closing_leaves_a_change_as_it_is(scope: Scope, flinkey: Remote) -> None:
    operation = plan(scope, adds(1, 2))
    journal.begin(operation)
    journal.release(operation)
    journal.close(operation)
    assert states(operation) == [State.REFUSED, State.REFUSED]
    journal.reopen(operation)
    runner.run(operation, require_client(scope))
    assert states(operation) == [State.REFUSED, State.REFUSED], "a person has said so"
    assert members(flinkey, "cars", 2) == [5, 6]


def test_a_discarded_change_is_forgotten_unless_something_was_sent(scope: Scope) -> None:
    untouched, sent = plan(scope, adds(1)), plan(scope, adds(2))
    journal.begin(sent)
    journal.note([], list(sent.steps.all()))
    journal.release(sent)
    journal.discard(untouched)
    journal.discard(sent)
    assert list(Operation.objects.all()) == [sent]


def test_nobody_waits_for_the_rest_of_what_was_refused(scope: Scope) -> None:
    """Neither for what waits for a refused step, nor for what waits for that, while something else keeps it open."""
    waits = [
        Planned(Verb.CREATE_GROUP, "Neu", args={"name": "Neu"}),
        Planned(Verb.ADD, "car 5", kind=Kind.CARS, thing_id=5, after=0),
        Planned(Verb.REMOVE, "car 5", kind=Kind.CARS, thing_id=5, group_id=2, after=1),
        *adds(6),
    ]
    stuck, later = plan(scope, waits), plan(scope, adds(5))
    journal.queue(stuck)
    assert journal.in_the_way(later) == [stuck]
    journal.note([(stuck.steps.get(position=0), Outcome(State.REFUSED, reason="conflict-name"))], [])
    journal.release(stuck)
    assert stuck.finished_at is None, "the other car is still to come"
    assert journal.in_the_way(later) == []
