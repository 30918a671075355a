"""Finishing late and putting back: other people work meanwhile, and still nothing is ever without a group."""

from typing import Any

import pytest

from flinkey_admin.operations import journal
from flinkey_admin.operations.models import Operation, State, Step
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.conftest import Person
from tests.operations.stage import assert_plain, homes_over_time, members, press, receipt, says, visible


def move(person: Person, *, to: int, leave: int = 1, car: int = 1) -> Any:
    return press(person, person.post(f"/groups/{leave}/cars/move/", {"id": str(car), "to": str(to)}), "run")


def homes(remote: Remote, car: int = 1) -> list[int]:
    return [one["id"] for one in remote.state(1)["groups"] if car in one["cars"]]


def state_of(operation: Operation) -> str:
    operation.refresh_from_db()
    return operation.state


def elsewhere(remote: Remote, leave: int, come: int) -> None:
    """Somebody moves the car outside of this dashboard."""
    remote.change("add_member", kind="cars", group=come, id=1)
    if leave != come:
        remote.change("remove_member", kind="cars", group=leave, id=1)


@pytest.mark.parametrize("fault", ["reset-before", "bad-key"])
def test_finishing_a_move_after_the_car_has_moved_on(coordinator: Person, flinkey: Remote, fault: str) -> None:
    """Hamburg -> Leer stops half-way; the car then goes Leer -> Berlin -> Hamburg: *Finish* must leave it there."""
    flinkey.fault("removeCarFromGroup", fault, times=2 if fault == "reset-before" else 1)
    move(coordinator, to=4)
    first = Operation.objects.get()
    elsewhere(flinkey, 4, 2)
    elsewhere(flinkey, 2, 1)
    assert homes(flinkey) == [1]

    page = press(coordinator, receipt(coordinator, first), "run")

    assert homes(flinkey) == [1]
    assert Step.objects.get(operation=first, verb="remove").state == State.REFUSED
    assert says(page, sentences.REASONS["moved-on"])
    assert_plain(page)
    assert all(homes_over_time(flinkey, "cars", 1, {1}))


def test_finishing_a_lost_removal_that_was_done(coordinator: Person, flinkey: Remote) -> None:
    """The car has left Hamburg and, meanwhile, also Leer: nothing is left to do, and nothing was refused."""
    flinkey.fault("removeCarFromGroup", "reset-after", times=2)
    move(coordinator, to=4)
    first = Operation.objects.get()
    assert state_of(first) == State.UNKNOWN
    elsewhere(flinkey, 4, 2)
    press(coordinator, receipt(coordinator, first), "run")
    assert state_of(first) == State.CONFIRMED
    assert homes(flinkey) == [2]


@pytest.mark.parametrize("fault", ["status", "dead-token", "bad-key"])
def test_finishing_late_while_flinkey_is_unwell(coordinator: Person, flinkey: Remote, fault: str) -> None:
    flinkey.fault("removeCarFromGroup", "bad-key")
    page = move(coordinator, to=4)
    flinkey.fault("getCarsOfGroup", fault)
    press(coordinator, page, "run")
    assert state_of(Operation.objects.get()) == State.PLANNED
    assert homes(flinkey) == [1, 4]


@pytest.mark.parametrize("fault", ["reset-before", "reset-after", "truncated", "bad-key", "status"])
def test_putting_half_a_move_back(coordinator: Person, flinkey: Remote, fault: str) -> None:
    """Whether the removal was done nobody knows, so the car goes back into the old group before it leaves the new."""
    flinkey.fault("removeCarFromGroup", fault, times=2)
    page = move(coordinator, to=2)
    flinkey.clear_faults()
    review = press(coordinator, page, "back")
    assert "Move Pool 1 · HH-FK 1234 from Berlin to Hamburg?" in visible(review)
    press(coordinator, review, "run")
    assert homes(flinkey) == [1]
    assert all(homes_over_time(flinkey, "cars", 1, {1}))
    assert state_of(Operation.objects.latest("pk")) == State.CONFIRMED


def test_putting_back_some_of_many(coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("removeCarFromGroup", "bad-key", skip=1)
    page = press(coordinator, coordinator.post("/groups/1/cars/move/", {"id": ["1", "2", "3"], "to": "2"}), "run")
    assert members(flinkey, "cars", 1) != [1, 2, 3, 4]
    review = press(coordinator, page, "back")
    press(coordinator, review, "run")
    assert (members(flinkey, "cars", 1), members(flinkey, "cars", 2)) == ([1, 2, 3, 4], [5, 6])
    for car in (1, 2, 3):
        assert all(homes_over_time(flinkey, "cars", car, {1}))


@pytest.mark.parametrize("fault", ["reset-after", "reset-before"])
def test_putting_back_what_may_have_come(coordinator: Person, flinkey: Remote, fault: str) -> None:
    """One car has moved, and the answer to another's addition is lost: whether it came is seen in flinkey."""
    flinkey.fault("assignCarToGroup", fault, times=9, skip=1)
    page = press(coordinator, coordinator.post("/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"}), "run")
    flinkey.clear_faults()
    assert Step.objects.filter(state=State.UNKNOWN, verb="add").exists()
    review = press(coordinator, page, "back")
    press(coordinator, review, "run")
    assert (members(flinkey, "cars", 1), members(flinkey, "cars", 2)) == ([1, 2, 3, 4], [5, 6])
    assert state_of(Operation.objects.latest("pk")) == State.CONFIRMED
    for car in (1, 2):
        assert all(homes_over_time(flinkey, "cars", car, {1}))


@pytest.mark.parametrize("fault", ["reset-after", "reset-before"])
def test_undoing_after_a_lost_addition_was_given_up(coordinator: Person, flinkey: Remote, fault: str) -> None:
    """Somebody has stopped the rest, and with it what nobody knew of: had it come, it is taken back all the same."""
    flinkey.fault("assignCarToGroup", fault, times=9, skip=1)
    press(coordinator, coordinator.post("/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"}), "run")
    flinkey.clear_faults()
    first = Operation.objects.get()
    journal.close(first)
    assert Step.objects.get(verb="add", state=State.REFUSED).reason == "given-up"
    press(coordinator, press(coordinator, receipt(coordinator, first), "back"), "run")
    assert (members(flinkey, "cars", 1), members(flinkey, "cars", 2)) == ([1, 2, 3, 4], [5, 6])
    assert state_of(Operation.objects.latest("pk")) == State.CONFIRMED


def test_what_was_in_both_groups_before_stays_in_both(coordinator: Person, flinkey: Remote) -> None:
    """Pool 4 was in the night shift already, so putting back takes nothing out of it."""
    flinkey.fault("assignCarToGroup", "status", status=400, skip=1)
    page = press(coordinator, coordinator.post("/groups/1/cars/move/", {"id": ["4", "3"], "to": "3"}), "run")
    press(coordinator, press(coordinator, page, "back"), "run")
    assert homes(flinkey, 4) == [1, 3]
    assert 1 in homes(flinkey, 3)


def test_looking_at_the_review_of_putting_back_closes_nothing(coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("removeCarFromGroup", "bad-key")
    page = move(coordinator, to=4)
    first = Operation.objects.get()
    review = press(coordinator, page, "back")
    assert says(review, "Move Pool 1 · HH-FK 1234 from Leer to Hamburg?")
    assert state_of(first) == State.PLANNED, "somebody may still finish it"

    press(coordinator, review, "run")
    assert homes(flinkey) == [1]
    assert state_of(first) == State.REFUSED
    assert "unfinished" not in visible(coordinator.get("/groups/"))
