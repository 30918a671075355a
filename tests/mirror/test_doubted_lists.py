"""An answer that is the same as before is compared all the same when something else has changed its rows since."""

import datetime as dt

import pytest

from flinkey_admin.flinkey.records import Assignment, Car
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
