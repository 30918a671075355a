"""What a page asks of a large copy is answered out of an index, not row by row."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.mirror.test_costs import grow


def plans(person: Person, address: str) -> str:
    """How SQLite goes about each statement of a page."""
    with CaptureQueriesContext(connection) as caught:
        assert person.get(address).status_code == 200
    found = []
    with connection.cursor() as cursor:
        for one in caught.captured_queries:
            if one["sql"].startswith("SELECT"):
                cursor.execute(f"EXPLAIN QUERY PLAN {one['sql']}")
                found += [step[-1] for step in cursor.fetchall()]
    return "\n".join(found)


@pytest.fixture(autouse=True)
def _sqlite() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("other databases plan by what is in the tables")


def test_a_search_reads_the_index_alone(coordinator: Person, flinkey: Remote) -> None:
    grow(flinkey)
    coordinator.look("/cars/")
    coordinator.get("/search/?q=pool")
    plan = plans(coordinator, "/search/?q=pool")
    for kind in ("car", "user", "group", "service", "product"):
        assert f"USING COVERING INDEX {kind}_by_name (customer_id=?)" in plan, "the number"
    assert "USING INDEX car_by_name (customer_id=?)" in plan, "the first few"
    assert "USING COVERING INDEX car_by_name (customer_id=?)" in plans(coordinator, "/cars/?q=pool")


def test_the_overview_reads_indexes_alone(coordinator: Person, flinkey: Remote) -> None:
    grow(flinkey)
    coordinator.look("/")
    plan = plans(coordinator, "/")
    for found in (
        "SEARCH mirror_window USING COVERING INDEX window_by_car (customer_id=?)",  # the numbers
        "SEARCH mirror_window USING COVERING INDEX window_by_car (customer_id=? AND car_id>?)",  # the chart
        "USING COVERING INDEX car_by_groups (customer_id=?)",
        "USING COVERING INDEX car_by_groups (customer_id=? AND groups=? AND ended_at=?)",
        "SEARCH mirror_car USING COVERING INDEX car_gone (customer_id=? AND ended_at>?)",
    ):
        assert found in plan
    assert "mirror_car_customer_id" not in plan, "each car's row"
