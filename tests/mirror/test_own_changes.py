"""What we do ourselves is in the copy at once, is never taken for somebody else's, and never flickers back."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from flinkey_admin.mirror.models import Group, Listing, Membership, Window
from flinkey_admin.operations.models import Outside, State, Step
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.fleet.reading import reader
from tests.mirror.stage import beside, fresh, later, listing, seen, times_asked, until, visit
from tests.operations.stage import Clock, members, press
from tests.operations.test_confirmation import state_of
from tests.operations.windows import CHANGED, agree, change, give, remove
from tests.stages import Stages

PAGES = ["/groups/", "/groups/1/", "/groups/2/", "/cars/1/", "/cars/2/", "/users/2/", "/users/5/"]


def move(person: Person, car: int = 1, to: int = 2) -> None:
    review = person.post("/groups/1/cars/move/", {"id": str(car), "to": str(to)}, follow=True)
    press(person, review, "run")


def create(person: Person, name: str = "Bremen") -> None:
    person.post("/groups/new/", {"name": name, "nonce": str(uuid.uuid4())})


def rename(person: Person) -> None:
    person.post("/groups/2/rename/", {"name": "Potsdam"})


def delete(person: Person) -> None:
    person.post("/groups/4/delete/")


def live(group: int) -> list[int]:
    rows = Membership.objects.filter(group__flinkey_id=group, kind="cars", ended_at=None)
    return sorted(rows.values_list("thing_id", flat=True))


def names() -> list[str]:
    return list(Group.objects.filter(ended_at=None).order_by("flinkey_id").values_list("name", flat=True))


@pytest.fixture
def warm(clock: Clock, coordinator: Person, flinkey: Remote, stages: Stages) -> Person:
    stages.set("own changes", lambda: visit(coordinator, PAGES), coordinator)
    clock.advance(6)
    return coordinator


# At once ------------------------------------------------------------------------------------------------------------


def test_a_move_shows_without_asking(warm: Person, flinkey: Remote) -> None:
    move(warm)
    flinkey.clear_requests()
    assert reader(warm.get("/groups/1/")).ids() == [2, 3, 4]
    assert reader(warm.get("/groups/2/")).ids() == [5, 1, 6]
    assert reader(warm.get("/groups/2/")).total() == 3
    assert flinkey.requests() == []
    assert (listing("groups/1/cars").size, listing("groups/2/cars").size) == (3, 3)


@pytest.mark.parametrize(
    ("act", "after"),
    [
        (create, ["Hamburg", "Berlin", 'Nachtschicht "Süd" & Co', "Leer", "Bremen"]),
        (rename, ["Hamburg", "Potsdam", 'Nachtschicht "Süd" & Co', "Leer"]),
        (delete, ["Hamburg", "Berlin", 'Nachtschicht "Süd" & Co']),
    ],
)
def test_a_change_of_groups_shows_without_asking(
    warm: Person, flinkey: Remote, act: Callable[[Person], None], after: list[str]
) -> None:
    act(warm)
    flinkey.clear_requests()
    assert warm.get("/groups/").status_code == 200
    assert (names(), listing("groups").size, flinkey.requests()) == (after, len(after), [])


def test_a_group_just_made_opens_without_asking(warm: Person, flinkey: Remote) -> None:
    create(warm)
    flinkey.clear_requests()
    assert reader(warm.get("/groups/5/")).total() == 0
    assert flinkey.requests() == []


# Never somebody else's ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [move, create, rename, delete])
def test_our_own_change_is_nobody_elses(clock: Clock, warm: Person, flinkey: Remote, act: Any) -> None:
    act(warm)
    for _ in range(2):
        later(warm, clock, *PAGES)
    assert seen() == []
    assert Step.objects.exclude(state=State.CONFIRMED).count() == 0


@pytest.mark.parametrize("act", [give, change, remove])
@pytest.mark.parametrize("look", [["/cars/1/", "/cars/2/"], ["/users/2/", "/users/5/"]], ids=["cars", "users"])
def test_a_window_of_ours_is_nobody_elses_though_a_refresh_sees_it_first(
    clock: Clock, warm: Person, flinkey: Remote, act: Callable[[Person], Step], look: list[str]
) -> None:
    """flinkey does it after a second; the first read-back comes after two."""
    flinkey.settings(delay=1)
    step = act(warm)
    clock.advance(1)
    for address in look:
        fresh(warm, address)
    assert state_of(step) == State.ACCEPTED, "seen, but not confirmed yet"
    assert seen() == []
    clock.advance(1)
    warm.get(f"/operations/{step.operation_id}/")
    assert state_of(step) == State.CONFIRMED
    later(warm, clock, *PAGES)
    assert seen() == []


@pytest.mark.parametrize("other", [{"car": "2"}, {"user": "5"}, {"car": "2", "user": "5"}], ids=str)
@pytest.mark.parametrize(
    "look", [["/cars/1/", "/cars/2/"], ["/cars/2/", "/cars/1/"], ["/users/2/", "/users/5/"]], ids=str
)
def test_a_window_that_we_give_to_another_car_or_person_is_still_ours(
    clock: Clock, warm: Person, flinkey: Remote, look: list[str], other: dict[str, str]
) -> None:
    flinkey.settings(delay=1)
    agree(warm, "/assignments/2/", CHANGED | other)
    step = Step.objects.latest("pk")
    clock.advance(1)
    for address in look:
        fresh(warm, address)
    assert (state_of(step), seen()) == (State.ACCEPTED, [])
    clock.advance(1)
    warm.get(f"/operations/{step.operation_id}/")
    later(warm, clock, *PAGES)
    assert (state_of(step), seen()) == (State.CONFIRMED, [])
    row = Window.objects.get(flinkey_id=2)
    assert (str(row.car_id), str(row.user_id)) == (other.get("car", "1"), other.get("user", "2"))


@pytest.mark.parametrize(
    ("act", "operation"),
    [
        (move, "assignCarToGroup"),
        (move, "removeCarFromGroup"),
        (create, "createGroup"),
        (rename, "updateGroup"),
        (delete, "deleteGroup"),
        (give, "createAssignment"),
        (change, "updateAssignment"),
        (remove, "deleteAssignment"),
    ],
)
def test_a_change_whose_answer_was_lost_is_ours(
    clock: Clock, warm: Person, flinkey: Remote, act: Any, operation: str
) -> None:
    flinkey.fault(operation, "reset-after", times=-1)
    act(warm)
    flinkey.clear_faults()
    later(warm, clock, *PAGES)
    assert seen() == []


def test_what_a_change_of_ours_did_not_do_is_somebody_elses(clock: Clock, warm: Person, flinkey: Remote) -> None:
    """So that the tests above cannot pass by never noting anything."""
    move(warm)
    flinkey.change("add_member", kind="cars", group=2, id=2)
    flinkey.change("rename_group", group=2, name="Potsdam")
    later(warm, clock, "/groups/2/")
    assert seen() == [("changed", "groups", 2, None), ("joined", "cars", 2, 2)]


def test_somebody_who_takes_our_change_back_is_somebody_else(clock: Clock, warm: Person, flinkey: Remote) -> None:
    move(warm)
    later(warm, clock, *PAGES)
    flinkey.change("remove_member", kind="cars", group=2, id=1)
    later(warm, clock, *PAGES)
    flinkey.change("add_member", kind="cars", group=2, id=1)
    later(warm, clock, *PAGES)
    assert seen() == [("left", "cars", 1, 2), ("joined", "cars", 1, 2)]


# Old answers --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_an_answer_asked_for_before_a_change_of_ours_does_not_bring_back_what_was(
    coordinator: Person, flinkey: Remote
) -> None:
    for address in ("/groups/1/", "/groups/2/"):
        coordinator.get(address)
    review = coordinator.post("/groups/1/cars/move/", {"id": "1", "to": "2"}, follow=True)
    flinkey.clear_requests()
    flinkey.fault("getCarsOfGroup", "slow", seconds=3)
    old = beside(lambda: fresh(coordinator, "/groups/1/"))  # asked, seen by flinkey before the move, answered after it
    until(lambda: "/groups/1/cars" in times_asked(flinkey))
    press(coordinator, review, "run")
    assert not old.done()
    assert old.result().status_code == 302
    assert (live(1), live(2), seen()) == ([2, 3, 4], [1, 5, 6], [])
    fresh(coordinator, "/groups/1/")
    assert (live(1), listing("groups/1/cars").size, seen()) == ([2, 3, 4], 3, [])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("operation", ["assignCarToGroup", "removeCarFromGroup"])
def test_a_refresh_between_our_call_and_our_noting_of_it(coordinator: Person, flinkey: Remote, operation: str) -> None:
    """flinkey has done it, its answer is under way, and a page sees the new state before we know of it."""
    for address in ("/groups/1/", "/groups/2/"):
        coordinator.get(address)
    review = coordinator.post("/groups/1/cars/move/", {"id": "1", "to": "2"}, follow=True)
    flinkey.fault(operation, "slow", seconds=3)
    run = beside(lambda: press(coordinator, review, "run"))
    there = operation == "assignCarToGroup"
    until(lambda: (1 in members(flinkey, "cars", 2)) if there else (1 not in members(flinkey, "cars", 1)))
    for address in ("/groups/1/", "/groups/2/"):
        fresh(coordinator, address)
    assert not run.done()
    assert live(2 if there else 1) == ([1, 5, 6] if there else [2, 3, 4]), "seen"
    run.result()
    for address in ("/groups/1/", "/groups/2/"):
        fresh(coordinator, address)
    assert (live(1), live(2), seen()) == ([2, 3, 4], [1, 5, 6], [])


@pytest.mark.django_db(transaction=True)
def test_a_first_look_that_a_change_of_ours_overtakes_shows_the_whole_group(
    coordinator: Person, flinkey: Remote
) -> None:
    """Its answer is out of date, but there is no other one yet."""
    coordinator.get("/groups/1/")
    review = coordinator.post("/groups/1/cars/move/", {"id": "1", "to": "2"}, follow=True)
    # The review has read who is in the group; as if it had not, for the sake of a first look.
    Membership.objects.filter(group__flinkey_id=2).delete()
    Listing.objects.filter(name="groups/2/cars").delete()
    flinkey.fault("getCarsOfGroup", "slow", seconds=3)
    flinkey.clear_requests()
    first = beside(lambda: coordinator.get("/groups/2/"))
    until(lambda: "/groups/2/cars" in times_asked(flinkey))
    press(coordinator, review, "run")
    assert not first.done()
    assert sorted(reader(first.result()).ids()) == [1, 5, 6]


def test_nothing_is_kept_twice(clock: Clock, warm: Person, flinkey: Remote) -> None:
    flinkey.change("add_member", kind="cars", group=2, id=1)
    clock.advance(6)
    page = warm.get("/groups/2/")
    warm.poll(page)
    warm.poll(page)
    fresh(warm, "/groups/2/")
    assert Outside.objects.count() == 1
