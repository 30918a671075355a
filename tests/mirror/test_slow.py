"""While flinkey is slow, looks for news leave it, and the threads that wait for it, to those who change something."""

import datetime as dt
import time
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from flinkey_admin.mirror import asking, breaker
from flinkey_admin.mirror.models import Listing
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.mirror.stage import NEXT, SOON, asked, beside, caught_up, fresh, times_asked, until
from tests.operations.stage import Clock, page_of

pytestmark = pytest.mark.django_db(transaction=True)
SLOW = 2.1  # seconds


@pytest.fixture
def slow(clock: Clock, coordinator: Person, flinkey: Remote, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The page of a group, and flinkey has just taken long to answer its look for news."""
    monkeypatch.setattr(breaker, "SLOW", dt.timedelta(seconds=2))
    for address in ("/cars/", "/services/"):
        caught_up(coordinator, address)
    page = caught_up(coordinator, "/groups/1/")
    flinkey.settings(latency=SLOW)
    clock.advance(SOON)
    assert "flinkey answers slowly" in page_of(coordinator.poll(page))
    flinkey.clear_requests()
    return page


def test_all_lists_may_be_as_old_as_a_minute(clock: Clock, coordinator: Person, flinkey: Remote, slow: Any) -> None:
    clock.advance(SOON)
    coordinator.poll(slow)
    assert asked(flinkey) == []
    clock.advance(50)  # 56 seconds after it was slow
    assert "flinkey answers slowly" in page_of(coordinator.get("/groups/1/"))
    Listing.objects.filter(name="groups/1/cars").update(read_at=timezone.now() - dt.timedelta(seconds=61))
    coordinator.poll(slow)
    assert "/groups/1/cars" in asked(flinkey)


def test_a_person_who_asks_is_answered(clock: Clock, coordinator: Person, flinkey: Remote, slow: Any) -> None:
    clock.advance(1)
    fresh(coordinator, "/groups/1/")
    assert "/groups/1/cars" in asked(flinkey)


def test_few_looks_wait_and_the_others_are_told_to_come_later(
    clock: Clock, coordinator: Person, flinkey: Remote, slow: Any
) -> None:
    """A hundred open pages must not take all threads; those that find no place do not come back at once either."""
    pages = [coordinator.get(address) for address in ("/groups/1/", "/cars/", "/services/")]
    clock.advance(NEXT - SOON)  # it has been slow within the last minute
    waiting = [beside(partial(coordinator.poll, page)) for page in pages[: asking.FEW]]
    until(lambda: times_asked(flinkey).get("/customers") == asking.FEW)  # both have a place
    began = time.monotonic()
    news = coordinator.poll(pages[-1])
    assert time.monotonic() - began < SLOW / 2
    assert "HX-Trigger" not in news.headers
    assert "/services" not in asked(flinkey)
    assert {one.result().status_code for one in waiting} <= {200, 204}
