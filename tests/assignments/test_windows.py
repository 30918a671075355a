"""Time windows without a network: typed times, both clock changes, phases, and how long a phone may hold a key."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from flinkey_admin.assignments import windows
from flinkey_admin.flinkey import records

BERLIN = ZoneInfo("Europe/Berlin")
NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "typed",
    [
        "2026-11-27T18:00",
        "2026-11-27T18:00:00",
        "2026-11-27 18:00",
        "27.11.2026 18:00",
        "27/11/2026 18:00",
        "  2026-11-27T18:00  ",
    ],
)
def test_times_as_people_type_them(typed: str) -> None:
    assert windows.parse(typed) == dt.datetime(2026, 11, 27, 18, 0)  # noqa: DTZ001 - local on purpose


@pytest.mark.parametrize(
    "typed",
    [
        *("", "Friday", "2026-11-27", "18:00", "2026-11-31T18:00", "2026-02-29T12:00", "2026-11-27T24:00"),
        *("27.11.26 18:00", "2026-11-27T18:00Z", "2026-11-27T18:00+01:00", "2026-13-01T00:00"),
        *("99999-01-01T00:00", "-2026-11-27T18:00"),
    ],
)
def test_what_is_no_time(typed: str) -> None:
    with pytest.raises(windows.NotATime):
        windows.parse(typed)


def at(typed: str, fold: int | None = None) -> dt.datetime:
    return windows.at(windows.parse(typed), BERLIN, fold)


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("2026-11-27T18:00", "2026-11-27T17:00"),
        ("2026-07-01T18:00", "2026-07-01T16:00"),
        ("2026-10-25T01:59", "2026-10-24T23:59"),
        ("2026-10-25T03:00", "2026-10-25T02:00"),
        ("2027-03-28T01:59", "2027-03-28T00:59"),
        ("2027-03-28T03:00", "2027-03-28T01:00"),
    ],
)
def test_the_fleets_clock(typed: str, moment: str) -> None:
    assert at(typed) == utc(moment)
    assert windows.local_text(at(typed), BERLIN) == typed


@pytest.mark.parametrize("typed", ["2027-03-28T02:00", "2027-03-28T02:30", "2027-03-28T02:59:59"])
@pytest.mark.parametrize("fold", [None, 0, 1])
def test_the_hour_that_does_not_exist(typed: str, fold: int | None) -> None:
    with pytest.raises(windows.NoSuchTime):
        at(typed, fold)


@pytest.mark.parametrize(
    ("typed", "first", "second"),
    [
        ("2026-10-25T02:00", "2026-10-25T00:00", "2026-10-25T01:00"),
        ("2026-10-25T02:30", "2026-10-25T00:30", "2026-10-25T01:30"),
        ("2026-10-25T02:59:59", "2026-10-25T00:59:59", "2026-10-25T01:59:59"),
    ],
)
def test_the_hour_that_comes_twice(typed: str, first: str, second: str) -> None:
    with pytest.raises(windows.TwiceThatDay) as twice:
        at(typed)
    assert twice.value.choices == (utc(first), utc(second))
    assert (at(typed, 0), at(typed, 1)) == twice.value.choices
    assert {windows.local_text(moment, BERLIN) for moment in twice.value.choices} == {typed}


@pytest.mark.parametrize("typed", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_the_ends_of_the_calendar(typed: str) -> None:
    with pytest.raises(windows.NotATime):
        at(typed)


def test_a_form_shows_seconds_only_where_there_are_some() -> None:
    assert windows.local_text(None, BERLIN) == ""
    assert windows.local_text(utc("2026-11-27T17:00:05"), BERLIN) == "2026-11-27T18:00:05"


SECOND = dt.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("start", "end", "phase"),
    [
        (NOW - DAY, None, "running"),
        (NOW, None, "running"),
        (NOW + SECOND, None, "coming"),
        (NOW - DAY, NOW + SECOND, "running"),
        (NOW - DAY, NOW, "past"),
        (NOW - DAY, NOW - SECOND, "past"),
        (NOW + SECOND, NOW + DAY, "coming"),
    ],
)
def test_the_phase(start: dt.datetime, end: dt.datetime | None, phase: str) -> None:
    assert windows.phase(start, end, NOW) == phase


@pytest.mark.parametrize(
    ("end", "lifetime", "until"),
    [
        (None, None, NOW + 7 * DAY),
        (None, 864_000, NOW + 10 * DAY),
        (NOW + DAY, None, NOW + DAY),
        (NOW + 7 * DAY, None, NOW + 7 * DAY),
        (NOW + 8 * DAY, None, NOW + 7 * DAY),
        (NOW + 8 * DAY, 864_000, NOW + 8 * DAY),
        (NOW + 30 * DAY, 864_000, NOW + 10 * DAY),
        (NOW - DAY, None, NOW),
    ],
)
def test_until_when_a_phone_may_hold_a_key(end: dt.datetime | None, lifetime: int | None, until: dt.datetime) -> None:
    assert records.Assignment(1, 2, 3, NOW - DAY, end, lifetime).key_until(NOW) == until


def test_only_spans_that_flinkey_takes_are_offered() -> None:
    lifetimes = [int(choice.value) for choice in windows.lifetimes()]
    assert [choice.days for choice in windows.lifetimes()] == list(range(8, 28))
    assert all(604_800 < seconds < 2_419_200 for seconds in lifetimes)
    assert [choice.days for choice in windows.renewals()] == list(range(1, 27))
    assert max(int(choice.value) for choice in windows.renewals()) < max(lifetimes)
