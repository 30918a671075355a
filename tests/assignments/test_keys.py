"""Keys that phones may still hold: the estimate itself, and the list of them on the pages."""

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinkey_admin.assignments import residual
from flinkey_admin.flinkey.records import DEFAULT_LIFETIME, Assignment
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.operations.stage import Clock, page_of, receipt, says, visible
from tests.operations.test_undo import undo
from tests.operations.windows import CHANGED, agree, remove
from tests.stages import Stages

# The estimate ---------------------------------------------------------------------------------------------------------

ZONES = st.sampled_from([ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")])
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: START + dt.timedelta(minutes=minutes))
SPANS = st.integers(DEFAULT_LIFETIME + 1, 28 * 86_400 - 1)


@given(MOMENTS | st.none(), MOMENTS, SPANS | st.none(), ZONES)
def test_a_key_lives_until_the_earlier_of_the_two(
    end: dt.datetime | None, removed: dt.datetime, lifetime: int | None, zone: ZoneInfo
) -> None:
    runs_out = removed + dt.timedelta(seconds=lifetime or 604_800)
    found = residual.until(end, removed, lifetime)
    if end is not None and end <= removed:
        assert found is None, "what is over opens nothing"
    elif end is None:
        assert found == runs_out
    else:
        assert found in {end, runs_out}
        assert removed < found <= min(end, runs_out)
    # The same on the clocks of any zone, also over a night in which they change.
    there = residual.until(end.astimezone(zone) if end else None, removed.astimezone(zone), lifetime)
    assert there == found


@given(MOMENTS | st.none(), MOMENTS, MOMENTS, SPANS | st.none())
def test_whoever_is_removed_later_may_open_longer(
    end: dt.datetime | None, one: dt.datetime, other: dt.datetime, lifetime: int | None
) -> None:
    first, last = (residual.until(end, moment, lifetime) for moment in sorted((one, other)))
    if first and last:
        assert first <= last


@given(MOMENTS, SPANS | st.none())
def test_the_record_says_the_same(now: dt.datetime, lifetime: int | None) -> None:
    """The client's record and the list must never disagree on one page."""
    for end in (None, now + dt.timedelta(hours=3), now + dt.timedelta(days=90)):
        window = Assignment(1, 1, 1, now - dt.timedelta(days=1), end, lifetime)
        assert residual.until(end, now, lifetime) == window.key_until(now)


# The list -------------------------------------------------------------------------------------------------------------


def keys(person: Person, path: str = "/assignments/keys/") -> list[tuple[str, str]]:
    """Window and last moment of each key that a page lists."""
    page = page_of(person.get(path)).partition('<ul class="keys"')[2].partition("</ul>")[0]
    return re.findall(r'data-id="(\d+)".*?at the latest until ([^.]+)\.', page, re.DOTALL)


def done(person: Person, clock: Clock) -> None:
    """What was asked for has come true."""
    clock.advance(3)
    receipt(person)


@pytest.fixture
def seen(clock: Clock, coordinator: Person, flinkey: Remote, stages: Stages) -> Person:
    stages.look(coordinator, "/cars/1/", "/cars/2/", "/cars/3/", "/users/2/")
    return coordinator


@pytest.mark.parametrize(
    ("window", "until"),
    [
        (1, "Tue 1 Dec, 10:00"),  # an open end: seven days
        (2, "Wed 25 Nov, 18:00"),  # the window would have ended sooner
        (4, "Tue 24 Nov, 13:00"),
    ],
)
def test_a_removed_access_is_on_the_list_until_its_key_has_run_out(
    clock: Clock, seen: Person, flinkey: Remote, window: int, until: str
) -> None:
    assert keys(seen) == []
    remove(seen, window)
    assert keys(seen) == [], "flinkey has not removed it yet"
    done(seen, clock)
    assert keys(seen) == [(str(window), until)]
    page = receipt(seen)
    assert "Removed 10:00. The driver" in visible(page)
    assert "(an estimate)" in visible(page)
    clock.advance(8 * 86_400)
    seen.sign_in("coordinator@nordwind.example")
    assert keys(seen) == []


def test_the_lifetime_of_the_window_counts(clock: Clock, seen: Person, flinkey: Remote) -> None:
    flinkey.change(
        "add_window", car=4, user=5, start="2026-11-24T08:00:00Z", end=None, lifetime=864_000, renewable_after=432_000
    )
    seen.look("/cars/4/")
    remove(seen, 6)
    done(seen, clock)
    assert keys(seen) == [("6", "Fri 4 Dec, 10:00")]


def test_car_and_person_have_theirs_and_nobody_elses(clock: Clock, seen: Person, flinkey: Remote) -> None:
    for window in (1, 2):
        remove(seen, window)
        done(seen, clock)
    assert [window for window, _until in keys(seen)] == ["1", "2"], "the last one to run out first"
    assert [window for window, _until in keys(seen, "/cars/1/")] == ["1", "2"]
    assert [window for window, _until in keys(seen, "/users/2/")] == ["2"]
    assert keys(seen, "/cars/2/") == []


def test_a_shortened_access_and_one_that_went_to_somebody_else(clock: Clock, seen: Person, flinkey: Remote) -> None:
    agree(seen, "/assignments/2/", CHANGED | {"end": "2026-11-25T12:00"})
    done(seen, clock)
    assert keys(seen) == [("2", "Wed 25 Nov, 18:00")]
    agree(seen, "/assignments/2/", CHANGED | {"end": "2026-11-25T12:00", "user": "5"})
    done(seen, clock)
    assert keys(seen) == [("2", "Wed 25 Nov, 18:00")], "one line for Ayşe, who has lost it altogether"
    assert "Ayşe Öztürk" in visible(seen.get("/assignments/keys/"))


def test_who_may_open_it_again_has_no_key_too_many(clock: Clock, seen: Person, flinkey: Remote) -> None:
    remove(seen, 1)
    done(seen, clock)
    assert len(keys(seen)) == 1
    undo(seen, receipt(seen))
    done(seen, clock)
    assert keys(seen) == []


@pytest.mark.parametrize(
    ("change", "facts", "expected"),
    [
        ("delete_window", {"window": 1}, [("1", "Tue 1 Dec, 10:01")]),
        ("end_window", {"window": 2, "end": "2026-11-25T12:00:00Z"}, [("2", "Wed 25 Nov, 18:00")]),
        ("end_window", {"window": 2, "end": "2026-11-25T20:00:00Z"}, []),  # longer is no danger
    ],
)
def test_what_was_taken_away_elsewhere_is_on_it_too(
    clock: Clock, seen: Person, flinkey: Remote, change: str, facts: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    flinkey.change(change, **facts)
    clock.advance(60)
    seen.look("/cars/1/")
    assert keys(seen) == expected
    if expected:
        assert says(seen.get("/assignments/keys/"), "How long the key lives is not known")


def test_another_customer_sees_none_of_it(clock: Clock, seen: Person, southerner: Person, flinkey: Remote) -> None:
    remove(seen, 1)
    done(seen, clock)
    assert (len(keys(seen)), keys(southerner)) == (1, [])


def test_the_overview_leads_to_it(seen: Person) -> None:
    assert 'href="/assignments/keys/"' in page_of(seen.get("/"))
