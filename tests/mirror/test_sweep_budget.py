"""The sweep takes what pages and changes leave over of a budget of calls; nobody waits for it."""

import time
from typing import Any

import pytest

from flinkey_admin.mirror import breaker, sweep
from flinkey_admin.mirror.models import Listing, Upstream
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.mirror.stage import asked
from tests.mirror.worker import progress, work
from tests.operations.stage import Clock, press


@pytest.fixture
def slow(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two calls a second, and slices so short that a test need not wait for the end of one."""
    settings.FLINKEY_CALLS_PER_SECOND = 2.0
    monkeypatch.setattr(sweep, "SLICE", 0.8)


def level() -> float:
    return Upstream.objects.get(pk=1).level


def test_the_budget_refills_with_time_up_to_two_seconds(clock: Clock, db: None, settings: Any) -> None:
    settings.FLINKEY_CALLS_PER_SECOND = 5.0
    assert breaker.spare(100) == 10
    breaker.answered(10, sweep.REST * 0)
    assert breaker.spare(100) == 0
    clock.advance(1)
    assert breaker.spare(100) == 5
    clock.advance(100)
    assert breaker.spare(100) == 10


def test_a_call_less_than_one_a_second_is_still_made(clock: Clock, db: None, settings: Any) -> None:
    settings.FLINKEY_CALLS_PER_SECOND = 0.1
    assert breaker.spare(5) == 0
    clock.advance(10)
    assert breaker.spare(5) == 1
    breaker.answered(1, sweep.REST * 0)
    clock.advance(9)
    assert breaker.spare(5) == 0
    clock.advance(1)
    assert breaker.spare(5) == 1


@pytest.mark.django_db(transaction=True)
def test_a_slice_makes_no_more_calls_than_its_budget(coordinator: Person, flinkey: Remote, slow: None) -> None:
    coordinator.get("/groups/")
    flinkey.clear_requests()
    began = time.monotonic()
    for _ in range(2):
        row = Listing.objects.get(name="everything")
        sweep.sweep.func(row.customer_id, row.digest)
    seconds = time.monotonic() - began
    # What was saved up, what came in meanwhile, and as many as were under way when it ran out.
    assert 3 <= len(asked(flinkey)) <= 4 + 2 * seconds + 4
    assert progress()[0] < 28


@pytest.mark.django_db(transaction=True)
def test_pages_come_first(clock: Clock, coordinator: Person, flinkey: Remote, slow: None) -> None:
    """They overdraw the budget, and the sweep waits until that is paid back."""
    for address in ("/groups/1/", "/cars/1/", "/users/1/"):
        assert coordinator.get(address).status_code == 200
    assert level() < 0
    flinkey.clear_requests()
    work()
    assert asked(flinkey) == []
    assert coordinator.get("/groups/2/").status_code == 200
    assert len(asked(flinkey)) == 4, "a page never waits for the sweep"


def test_what_is_overdrawn_is_paid_back_within_seconds(clock: Clock, coordinator: Person, settings: Any) -> None:
    settings.FLINKEY_CALLS_PER_SECOND = 2.0
    breaker.answered(1000, sweep.REST * 0)
    clock.advance(503)
    assert breaker.spare(1) == 1


def test_our_own_changes_come_off_the_budget(clock: Clock, coordinator: Person, flinkey: Remote, settings: Any) -> None:
    settings.FLINKEY_CALLS_PER_SECOND = 100.0
    coordinator.get("/groups/1/")
    review = coordinator.post("/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"}, follow=True)
    before = level()
    press(coordinator, review, "run")
    assert before - level() == 4
