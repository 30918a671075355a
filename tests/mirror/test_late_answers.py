"""An answer that was long under way does not undo what another list has brought meanwhile, and tells no story of it."""

import datetime as dt
from typing import Any

import pytest

from flinkey_admin.flinkey.records import Assignment, Car, Group, User
from flinkey_admin.mirror import store
from flinkey_admin.mirror.models import Car as CarRow
from flinkey_admin.mirror.models import Membership
from tests.mirror.answers import BEGAN, Copy
from tests.mirror.test_doubted_lists import CAR, SHORT, WINDOW

CHANGED = Assignment(5, 1, 7, BEGAN, SHORT.end)
ADDED = Assignment(6, 1, 7, BEGAN, None)
USERS = [User(7, "zoe@nordwind.example"), User(8, "seán@nordwind.example")]
OTHERS = [Car(2, "Pool 2"), Car(3, "Pool 3")]


@pytest.fixture
def copy(db: None) -> Copy:
    """Two cars in a group, one of them with a window; all has been read twice."""
    found = Copy()
    for _ in range(2):
        found.hear(("groups", [Group(3, "Leer")]), ("cars", [CAR, OTHERS[0]]), ("users", USERS))
        found.hear(("groups/3/cars", [CAR]), ("cars/1/windows", [WINDOW]), ("users/7/windows", [WINDOW]))
        found.hear(("cars/1", CAR), ("windows/5", WINDOW))
    assert found.told() == []
    return found


LISTS = ["cars/1/windows", "users/7/windows"]
PAIRS = pytest.mark.parametrize(("early", "late"), [LISTS, LISTS[::-1]], ids=["the user's late", "the car's late"])


@PAIRS
def test_a_new_window(copy: Copy, early: str, late: str) -> None:
    copy.hear((early, [WINDOW, ADDED]))
    copy.hear((late, [WINDOW]), late=15)
    assert (copy.windows(), copy.told()) == ({5: WINDOW.end, 6: None}, [("new", "windows", 6)])
    copy.hear((late, [WINDOW]))
    assert copy.windows() == {5: WINDOW.end}, "the same answer again is no longer late"


@PAIRS
def test_a_window_that_has_changed(copy: Copy, early: str, late: str) -> None:
    copy.hear((early, [CHANGED]))
    assert copy.hear((late, [WINDOW]), late=15) == [late]
    assert (copy.windows(), copy.told()) == ({5: SHORT.end}, [("changed", "windows", 5)])


@PAIRS
def test_a_window_that_is_gone(copy: Copy, early: str, late: str) -> None:
    copy.hear((early, []))
    copy.hear((late, [WINDOW]), late=15)
    assert (copy.windows(), copy.told()) == ({}, [("gone", "windows", 5)])
    copy.hear((late, [WINDOW]))
    assert copy.windows() == {5: WINDOW.end}


@pytest.mark.parametrize("late", LISTS)
def test_a_window_whose_page_has_been_read(copy: Copy, late: str) -> None:
    copy.hear(("windows/5", SHORT))
    copy.hear((late, [WINDOW]), late=15)
    assert (copy.windows(), copy.told()) == ({5: SHORT.end}, [("changed", "windows", 5)])


@pytest.mark.parametrize("late", LISTS)
@pytest.mark.parametrize("window", [WINDOW, ADDED], ids=["known", "new"])
def test_the_windows_of_a_car_that_is_gone(copy: Copy, late: str, window: Assignment) -> None:
    """Nobody asks a car that has gone for its windows, so nothing would end them."""
    copy.hear(("cars", OTHERS[:1]))
    copy.hear((late, [window]), late=15)
    assert (copy.windows(), copy.told()) == ({}, [("gone", "cars", 1), ("gone", "windows", 5)])


def test_a_car_and_its_windows_asked_for_at_once_when_it_goes(copy: Copy) -> None:
    """flinkey has deleted it between the two calls."""
    copy.hear(("cars/1", None), ("cars/1/windows", [WINDOW, ADDED]), late=1)
    assert (copy.windows(), copy.told()) == ({}, [("gone", "cars", 1), ("gone", "windows", 5)])


@pytest.mark.parametrize("early", [("groups/3/cars", [CAR, OTHERS[1]]), ("cars/3", OTHERS[1])], ids=["group", "one"])
@pytest.mark.parametrize("late", [("cars", [CAR, OTHERS[0]]), ("cars/3", None), ("cars/3/windows", None)], ids=str)
def test_a_new_car(copy: Copy, early: tuple[str, Any], late: tuple[str, Any]) -> None:
    copy.hear(early)
    copy.hear(late, late=15)
    assert CarRow.objects.get(flinkey_id=3).ended_at is None
    assert ("gone", "cars", 3) not in copy.told()
    copy.hear(late)
    assert CarRow.objects.get(flinkey_id=3).ended_at, "the same answer again is no longer late"


@pytest.mark.parametrize("early", [("cars/1", None), ("cars/1/windows", None), ("cars", OTHERS[:1])], ids=str)
@pytest.mark.parametrize("late", [("cars", [CAR, OTHERS[0]]), ("cars/1", CAR), ("groups/3/cars", [CAR])], ids=str)
def test_a_car_that_is_gone(copy: Copy, early: tuple[str, Any], late: tuple[str, Any]) -> None:
    copy.hear(early)
    copy.hear(late, late=15)
    assert CarRow.objects.get(flinkey_id=1).ended_at
    assert ("new", "cars", 1) not in copy.told()
    copy.hear(late)
    assert CarRow.objects.get(flinkey_id=1).ended_at is None, "the same answer again is no longer late"


def test_a_car_that_is_back(copy: Copy) -> None:
    """The list of all was asked for while it was not there."""
    copy.hear(("cars/1", None))
    copy.hear(("cars/1", CAR))
    copy.hear(("cars", OTHERS[:1]), late=15)
    assert CarRow.objects.get(flinkey_id=1).ended_at is None
    assert [what for what, kind, number in copy.told() if (kind, number) == ("cars", 1)] == ["gone", "new"]


def test_what_is_in_a_group_that_is_gone(copy: Copy) -> None:
    """While it is not there, its list says nothing; when it is there again, the same answer does."""
    copy.hear(("groups", []))
    for _ in range(2):
        copy.hear(("groups/3/cars", [CAR]), late=15)
    assert not Membership.objects.filter(ended_at=None).exists()
    copy.hear(("groups", [Group(3, "Leer")]))
    copy.hear(("groups/3/cars", [CAR]))
    assert Membership.objects.filter(ended_at=None).count() == 1


def test_what_came_and_went_by_a_clock_that_was_ahead_is_no_later_than_now(copy: Copy) -> None:
    began, ahead = copy.now, dt.timedelta(hours=5)
    copy.now += ahead
    copy.hear(("cars", [OTHERS[0]]), ("users/7/windows", [ADDED]))
    copy.now = began
    store.set_back(copy.now, dt.timedelta(minutes=10))
    copy.hear(("cars", [CAR]))
    copy.hear(("cars/1/windows", [WINDOW]))
    assert list(CarRow.objects.filter(ended_at=None).values_list("flinkey_id", flat=True)) == [1]
    assert copy.windows() == {5: WINDOW.end}
