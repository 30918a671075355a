"""What the pages around windows cost the database, also when there is much to say."""

import pytest

from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.fleet.test_browse_costs import queries
from tests.operations.stage import Clock, receipt
from tests.operations.windows import agree, change, remove

PAGES = ["/cars/1/", "/users/2/", "/assignments/keys/", "/assignments/2/", "/assignments/new/?car=1"]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_makes_as_many_statements_for_much_as_for_little(
    clock: Clock, coordinator: Person, flinkey: Remote, address: str
) -> None:
    coordinator.get("/cars/1/")
    coordinator.get(address)
    coordinator.get(address)
    few = len(queries(coordinator, address))
    for number in range(4):
        flinkey.change("add_window", car=1, user=2, start=f"2026-12-0{number + 1}T08:00:00Z", end=None)
    coordinator.look("/cars/1/")
    for window in (6, 7):
        remove(coordinator, window)
        clock.advance(3)
        receipt(coordinator)
    change(coordinator)
    agree(coordinator, "/assignments/new/", {"car": "1", "user": "2", "start": "2026-11-25T09:00", "end": ""})
    coordinator.get(address)
    many = len(queries(coordinator, address))
    assert few <= many <= 12
