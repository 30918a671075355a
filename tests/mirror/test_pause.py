"""flinkey asked for a pause: to the second, nobody asks it anything, whoever looks at whatever."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from flinkey_admin import upstream
from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.flinkey import Kind, errors
from flinkey_admin.mirror import breaker, lists, reading
from flinkey_admin.mirror.models import Upstream
from flinkey_admin.operations.models import State
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.fleet.reading import Reader
from tests.mirror.stage import SOON, asked, beside, caught_up, fresh, times_asked, trouble, until
from tests.operations.stage import Clock, page_of, says, visible
from tests.operations.test_confirmation import state_of
from tests.operations.windows import give


@pytest.mark.parametrize("wait", [3, 7, 60, 600])
def test_not_a_single_call_goes_out_meanwhile(
    clock: Clock, coordinator: Person, southerner: Person, flinkey: Remote, wait: int
) -> None:
    pages = [(coordinator, caught_up(coordinator, address)) for address in ("/groups/1/", "/cars/1/")]
    pages.append((southerner, caught_up(southerner, "/cars/")))
    flinkey.fault("getCarsOfGroup", "status", status=429, retry_after=wait)
    clock.advance(SOON)
    coordinator.poll(pages[0][1])
    assert trouble()[0] == "busy"
    flinkey.clear_requests()
    for seconds in (0, wait / 2, wait / 2 - 1):
        clock.advance(seconds)
        for person, page in pages:
            assert person.poll(page).status_code in {200, 204}
        assert fresh(coordinator, "/groups/1/").status_code == 302
        assert southerner.get("/groups/1/").status_code == 503, "never read, and not now"
    assert asked(flinkey) == []
    clock.advance(1)
    coordinator.poll(pages[0][1])
    assert "/groups/1/cars" in asked(flinkey), "and to the second it is asked again"
    assert trouble() == ("", None)


def test_the_page_says_until_when(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = caught_up(coordinator, "/groups/1/")
    flinkey.fault("getCarsOfGroup", "status", status=429, retry_after=90)
    clock.advance(SOON)
    news = coordinator.poll(page)
    assert says(news, "flinkey asked us to wait until 10:01:36.")
    assert says(coordinator.get("/cars/1/"), "flinkey is busy and asked us to wait 90 seconds."), "a first visit"


@pytest.mark.django_db(transaction=True)
def test_what_has_not_left_yet_is_not_sent_into_it(scope: Scope, flinkey: Remote) -> None:
    """Many lists wait for a place; sixteen are under way at most."""
    flinkey.fault("getGroups", "status", status=429, retry_after=60)
    flinkey.fault("getAssignmentsOfCar", "slow", times=-1, seconds=1)
    wanted = [lists.GROUPS, *(lists.car_windows(car) for car in range(1, 41))]
    flinkey.clear_requests()
    with pytest.raises(errors.RateLimited):
        reading.read_now(scope, wanted)
    assert len(asked(flinkey)) <= upstream.AT_ONCE
    assert trouble()[0] == "busy"


def test_many_quick_answers_are_no_slow_one(scope: Scope, flinkey: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long all of them have taken together."""
    monkeypatch.setattr(upstream, "AT_ONCE", 2)
    monkeypatch.setattr(breaker, "SLOW", dt.timedelta(seconds=2))
    flinkey.settings(latency=0.5)
    reading.read_now(scope, [lists.GROUPS, *(lists.members(1, kind) for kind in Kind), *lists.CATALOG.values()])
    reading.read_now(scope, [lists.car_windows(car) for car in range(1, 8)])
    assert Upstream.objects.get().slow_at is None


def test_a_longer_pause_counts(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """Of several answers of one wave, the one that asks for most, whatever else went wrong beside it."""
    page = caught_up(coordinator, "/groups/1/")
    flinkey.fault("getCarsOfGroup", "status", status=429, retry_after=60)
    flinkey.fault("getUsersOfGroup", "status", status=429, retry_after=5)
    flinkey.fault("getProductsOfGroup", "status", status=503)
    clock.advance(SOON)
    coordinator.poll(page)
    assert trouble() == ("busy", timezone.now() + dt.timedelta(seconds=60))


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_was_under_way_does_not_end_the_pause(coordinator: Person, flinkey: Remote) -> None:
    caught_up(coordinator, "/groups/1/")
    flinkey.clear_requests()
    flinkey.fault("getGroups", "slow", seconds=3)
    early = beside(lambda: fresh(coordinator, "/groups/"))
    until(lambda: times_asked(flinkey))
    flinkey.fault("getProducts", "status", status=429, retry_after=60)
    assert coordinator.get("/products/").status_code == 503
    assert trouble()[0] == "busy"
    assert not early.done()
    early.result()
    assert trouble()[0] == "busy"


def test_after_the_pause_one_call_finds_out(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = caught_up(coordinator, "/groups/1/")
    flinkey.fault("*", "status", times=-1, status=429, retry_after=20)
    clock.advance(SOON)
    coordinator.poll(page)
    flinkey.clear_requests()
    clock.advance(20)
    coordinator.poll(page)
    assert len(asked(flinkey)) == 1
    assert trouble() == ("busy", timezone.now() + dt.timedelta(seconds=20))
    coordinator.poll(page)
    assert len(asked(flinkey)) == 1, "it has asked for another pause"


def test_a_pause_is_no_reason_for_a_false_word(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """While one call finds out whether it is over, nobody is told of a moment that flinkey never named."""
    page = caught_up(coordinator, "/groups/1/")
    flinkey.fault("*", "status", status=429, retry_after=20, times=-1)
    clock.advance(SOON)
    coordinator.poll(page)
    flinkey.clear_faults()
    flinkey.fault("*", "status", status=503, times=-1)
    clock.advance(20)
    coordinator.poll(page)
    (age,) = Reader(page_of(coordinator.get("/groups/1/"))).tags("p", id="age")
    assert "asked us to wait" not in age.text


def test_the_look_for_a_window_waits_as_well(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(delay=100)
    step = give(coordinator)
    page: Any = caught_up(coordinator, "/cars/2/")
    flinkey.fault("*", "status", times=-1, status=429, retry_after=60)
    clock.advance(SOON)
    coordinator.poll(page)
    assert trouble()[0] == "busy"
    flinkey.clear_faults()
    flinkey.clear_requests()
    for _ in range(5):
        clock.advance(10)
        coordinator.poll(page)
    assert asked(flinkey) == []
    assert state_of(step) == State.ACCEPTED
    assert "Groß" in visible(coordinator.get("/cars/2/"))
