"""How much one person may ask for: what nobody does by hand is refused for ten minutes, and for nobody else."""

import datetime as dt

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from flinkey_admin.accounts.models import Manager
from flinkey_admin.accounts.pace import CHANGES, SEARCHES, SPELL, TABLES, Pace
from flinkey_admin.operations.models import Operation
from flinkey_admin.sandbox import Remote
from tests.conftest import COORDINATOR, Person
from tests.operations.stage import visible

RESTS = "That was a great deal within a few minutes, so the dashboard rests for you. Go on in ten minutes."


def worn_out(pace: Pace) -> None:
    """The person has asked for all but one already."""
    cache.set(f"pace-{pace.what}-{Manager.objects.get(email=COORDINATOR).pk}", pace.most - 1, SPELL)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("pace", "address"),
    [
        (TABLES, "/reports/mismatches/csv/"),
        (SEARCHES, "/cars/?q=pool"),
        (SEARCHES, "/search/?q=pool"),
        (SEARCHES, "/groups/?fresh=1"),
    ],
)
def test_one_more_than_hands_can_do_is_refused(
    coordinator: Person, southerner: Person, pace: Pace, address: str
) -> None:
    worn_out(pace)
    assert coordinator.get(address, follow=True).status_code == 200, "the last one"
    answer = coordinator.get(address)
    assert (answer.status_code, answer.headers["Retry-After"], RESTS in visible(answer)) == (429, "600", True)
    assert southerner.get(address, follow=True).status_code == 200, "nobody else"
    assert coordinator.get("/groups/1/").status_code == 200, "and nothing else"
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=11), tick=True):
        assert coordinator.get(address, follow=True).status_code == 200


def test_changes_are_counted_and_what_was_typed_is_kept(coordinator: Person, flinkey: Remote) -> None:
    worn_out(CHANGES)
    assert coordinator.post("/groups/new/", {"name": "One"}).status_code == 302
    before = Operation.objects.count()
    assert coordinator.post("/groups/new/", {"name": "One too many"}).status_code == 429
    assert Operation.objects.count() == before
    assert 'value="One too many"' in coordinator.get("/groups/new/").content.decode()


def test_a_day_s_work_is_far_below(coordinator: Person) -> None:
    for _time in range(30):
        coordinator.get("/cars/?q=pool")
        coordinator.post("/groups/new/", {"name": ""})
    pk = Manager.objects.get(email=COORDINATOR).pk
    assert [cache.get(f"pace-{pace.what}-{pk}") for pace in (SEARCHES, CHANGES)] == [30, 30]
