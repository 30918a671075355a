"""An answer that is the same as before is compared all the same when something else has changed its rows since."""

import datetime as dt

import pytest

from flinkey_admin.flinkey.records import Assignment, Car, Group
from flinkey_admin.mirror.models import Membership
from tests.mirror.answers import BEGAN, Copy

CAR = Car(1, "Pool 1")
WINDOW = Assignment(5, 1, 7, BEGAN, BEGAN + dt.timedelta(days=9))
SHORT = Assignment(5, 1, 7, BEGAN, BEGAN + dt.timedelta(days=3), 600, 60)


@pytest.fixture
def copy(db: None) -> Copy:
    """A car with a window, each list read twice, so that its next answer is no news."""
    found = Copy()
    for _ in range(2):
        found.hear(("cars", [CAR]), ("cars/1/windows", [WINDOW]), ("users/7/windows", [WINDOW]))
    return found


@pytest.mark.parametrize("gone", [("cars", []), ("cars/1", None)], ids=["of all", "one"])
@pytest.mark.parametrize("name", ["cars/1/windows", "users/7/windows"])
def test_the_windows_of_a_car_that_comes_back_come_back(copy: Copy, gone: tuple[str, None], name: str) -> None:
    copy.hear(gone)
    assert copy.windows() == {}
    copy.hear(("cars", [CAR]))
    copy.hear((name, [WINDOW]))
    assert copy.windows() == {5: WINDOW.end}


@pytest.mark.parametrize("name", ["cars/1/windows", "users/7/windows"])
def test_a_window_whose_own_page_was_read_between_is_as_flinkey_says(copy: Copy, name: str) -> None:
    """Shortened elsewhere and looked at, then changed back: the list says again what it said before."""
    copy.hear(("windows/5", SHORT))
    assert copy.windows() == {5: SHORT.end}
    copy.hear((name, [WINDOW]))
    assert copy.windows() == {5: WINDOW.end}


@pytest.mark.parametrize("name", ["cars/1/windows", "users/7/windows"])
def test_a_window_that_was_missing_once_comes_back(copy: Copy, name: str) -> None:
    copy.hear(("windows/5", None))
    assert copy.windows() == {}
    copy.hear((name, [WINDOW]))
    assert copy.windows() == {5: WINDOW.end}


@pytest.mark.parametrize("name", ["cars/1/windows", "users/7/windows"])
def test_a_window_that_its_own_page_alone_has_brought_goes_when_it_has_gone(copy: Copy, name: str) -> None:
    """The list does not know it yet when it is read for the last time before, and no more when it is read after."""
    copy.hear(("windows/6", Assignment(6, 1, 7, BEGAN, None, 600, 60)))
    assert copy.windows() == {5: WINDOW.end, 6: None}
    copy.hear((name, [WINDOW]))
    assert copy.windows() == {5: WINDOW.end}


def test_what_is_in_a_group_that_comes_back_in_one_wave_with_its_list_comes_back(db: None) -> None:
    copy = Copy()
    inside = ("groups/3/cars", [CAR])
    for groups in ([Group(3, "Kiel")], [Group(3, "Kiel")], [], [Group(3, "Kiel")]):
        copy.hear(("cars", [CAR]), ("groups", groups), inside)
        there = Membership.objects.filter(customer=copy.customer, ended_at=None)
        assert there.count() == len(groups)
