"""The timeline's geometry: days of 23, 24 and 25 hours, places to the minute, lanes, gaps. No database."""

import datetime as dt
import re
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinkey_admin.assignments import timeline
from flinkey_admin.assignments.timeline import MINUTE, Place, Span

BERLIN, NEW_YORK, LORD_HOWE = map(ZoneInfo, ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe"))
TODAY = dt.date(2026, 11, 24)  # a Tuesday
CHANGES = {  # days on which the clocks change, and how many minutes they have
    (BERLIN, dt.date(2026, 3, 29)): 23 * 60,
    (BERLIN, dt.date(2026, 10, 25)): 25 * 60,
    (NEW_YORK, dt.date(2026, 3, 8)): 23 * 60,
    (NEW_YORK, dt.date(2026, 11, 1)): 25 * 60,
    (LORD_HOWE, dt.date(2026, 10, 4)): 23 * 60 + 30,
    (LORD_HOWE, dt.date(2026, 4, 5)): 24 * 60 + 30,
}
MINUTES_CSS = Path(__file__).parents[2] / "static" / "css" / "minutes.css"

# Every third one begins near a change of the clocks, where mistakes live.
spans = st.builds(
    lambda near, days, back: Span(near[1] - dt.timedelta(days=back), days, near[0]),
    st.sampled_from(sorted(CHANGES, key=str)),
    st.integers(1, timeline.MOST),
    st.integers(0, 40),
)


@st.composite
def windows_of(draw: st.DrawFn) -> tuple[Span, list[tuple[dt.datetime, dt.datetime | None]]]:
    """A span, and windows in and around it, to the second; some without an end."""
    span = draw(spans)
    seconds = span.minutes * 60
    found: list[tuple[dt.datetime, dt.datetime | None]] = []
    for _number in range(draw(st.integers(0, 12))):
        start = span.start + dt.timedelta(seconds=draw(st.integers(-seconds // 2, seconds + seconds // 2)))
        length = draw(st.none() | st.integers(1, seconds))
        found.append((start, None if length is None else start + dt.timedelta(seconds=length)))
    return span, found


def drawn(span: Span, windows: list[tuple[dt.datetime, dt.datetime | None]]) -> list[Place]:
    return [one for window in windows if (one := timeline.place(*window, span))]


# Days ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("change", "minutes"), CHANGES.items())
def test_a_day_is_as_long_as_it_is(change: tuple[ZoneInfo, dt.date], minutes: int) -> None:
    zone, date = change
    assert Span(date, 1, zone).minutes == minutes
    assert Span(date - dt.timedelta(days=2), 7, zone).minutes == 6 * 24 * 60 + minutes
    widths = [tick.place.width for tick in timeline.ticks(Span(date - dt.timedelta(days=2), 7, zone), date)]
    assert widths == [1440, 1440, minutes, 1440, 1440, 1440, 1440]


@given(spans)
def test_days_begin_at_midnight_and_leave_nothing_out(span: Span) -> None:
    found = timeline.ticks(span, TODAY)
    if span.days > 1:
        assert [(tick.at.date(), tick.at.time()) for tick in found] == [
            (span.first + dt.timedelta(days=day), dt.time()) for day in range(span.days)
        ]
    assert found[0].place.left == 0
    assert found[-1].place.right == span.minutes
    assert all(one.place.right == other.place.left for one, other in pairwise(found))


@pytest.mark.parametrize(
    ("zone", "date", "hours", "lefts"),
    [
        (BERLIN, "2026-11-24", [0, 3, 6, 9, 12, 15, 18, 21], [0, 180, 360, 540, 720, 900, 1080, 1260]),
        (BERLIN, "2026-03-29", [0, 3, 6, 9, 12, 15, 18, 21], [0, 120, 300, 480, 660, 840, 1020, 1200]),
        (BERLIN, "2026-10-25", [0, 3, 6, 9, 12, 15, 18, 21], [0, 240, 420, 600, 780, 960, 1140, 1320]),
        (LORD_HOWE, "2026-10-04", [0, 3, 6, 9, 12, 15, 18, 21], [0, 150, 330, 510, 690, 870, 1050, 1230]),
    ],
)
def test_the_hours_of_a_day_stand_where_the_clocks_show_them(
    zone: ZoneInfo, date: str, hours: list[int], lefts: list[int]
) -> None:
    found = timeline.ticks(Span(dt.date.fromisoformat(date), 1, zone), TODAY)
    assert [(tick.at.hour, tick.place.left) for tick in found] == list(zip(hours, lefts, strict=True))


def test_a_zone_that_skips_midnight_begins_its_day_after_it() -> None:
    span = Span(dt.date(2026, 4, 24), 1, ZoneInfo("Africa/Cairo"))
    assert span.minutes == 23 * 60
    assert [tick.at.hour for tick in timeline.ticks(span, TODAY)] == [1, 3, 6, 9, 12, 15, 18, 21]


def test_today_and_the_weekend_are_marked() -> None:
    week = timeline.ticks(Span(dt.date(2026, 11, 23), 7, BERLIN), TODAY)
    assert [tick.is_today for tick in week] == [False, True, False, False, False, False, False]
    assert [tick.is_weekend for tick in week] == [False] * 5 + [True] * 2


# What an address asks for -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "days", "wanted"),
    [
        ("", "", ("2026-11-23", 7)),
        ("", "1", ("2026-11-24", 1)),
        ("", "14", ("2026-11-23", 14)),
        ("", "31", ("2026-11-01", 30)),
        ("", "10", ("2026-11-24", 10)),
        ("2026-12-03", "", ("2026-12-03", 7)),
        ("2026-12-03", "30", ("2026-12-03", 30)),
        *((wrong, "7", ("2026-11-23", 7)) for wrong in ("x", "2026-02-30", "1999-12-31", "9999-12-31", "٢٠٢٦-11-24")),
        *(("", wrong, ("2026-11-23", 7)) for wrong in ("0", "-1", "32", "999999", "1.5", "²", "seven")),
    ],
)
def test_what_an_address_asks_for(first: str, days: str, wanted: tuple[str, int]) -> None:
    span = timeline.asked(first, days, TODAY, BERLIN)
    assert (span.first.isoformat(), span.days) == wanted


@given(spans)
def test_a_step_there_and_back_leads_home_and_leaves_no_minute_out(span: Span) -> None:
    after, before = span.step(1), span.step(-1)
    assert (after.start, before.end) == (span.end, span.start)
    # Thirty days that are no month may lie beside thirty that are one, from where the way leads by months.
    assert after.step(-1) == span or after.is_month != span.is_month
    assert before.step(1) == span or before.is_month != span.is_month


def test_months_follow_one_another() -> None:
    month = timeline.month_of(dt.date(2026, 12, 24), BERLIN)
    assert [
        (one.first.isoformat(), one.days) for one in (month.step(-1), month, month.step(1), month.step(1).step(1))
    ] == [
        ("2026-11-01", 30),
        ("2026-12-01", 31),
        ("2027-01-01", 31),
        ("2027-02-01", 28),
    ]


# Places -------------------------------------------------------------------------------------------------------------


@given(windows_of())
def test_a_bar_stands_where_its_window_is_to_the_minute(
    made: tuple[Span, list[tuple[dt.datetime, dt.datetime | None]]],
) -> None:
    span, windows = made
    for start, end in windows:
        one = timeline.place(start, end, span)
        if start >= span.end or (end is not None and end <= span.start):
            assert one is None
            continue
        assert one is not None
        assert 0 <= one.left < one.right <= span.minutes
        assert (one.before, one.after) == (start < span.start, end is None or end > span.end)
        if not one.before:
            assert dt.timedelta() <= start - span.moment(one.left) < MINUTE
        if end is None or end > span.end:
            assert one.right == span.minutes
        elif one.width > 1:
            assert dt.timedelta() <= end - span.moment(one.right) < MINUTE


@given(spans, st.integers(0, 10**6), st.integers(1, 10**6), st.integers(1, 10**6))
def test_who_follows_whom_stands_beside_each_other(span: Span, at: int, first: int, second: int) -> None:
    """Touching ends touch, also to the second."""
    moments = [span.start + dt.timedelta(seconds=seconds) for seconds in (at, at + first, at + first + second)]
    begin, middle, end = moments
    one, other = timeline.place(begin, middle, span), timeline.place(middle, end, span)
    if one and other and one.width > 1:
        assert one.right == other.left


@pytest.mark.parametrize(
    ("start", "end", "left", "width"),
    [
        ("2026-03-29T00:30", "2026-03-29T03:30", 90, 180),  # 01:30 to 05:30 by the clocks, and three hours long
        ("2026-03-28T22:00", "2026-03-29T23:00", 0, 1380),  # longer than the day on both sides
    ],
)
def test_the_night_that_lacks_an_hour(start: str, end: str, left: int, width: int) -> None:
    begin, stop = (dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC) for text in (start, end))
    found = timeline.place(begin, stop, Span(dt.date(2026, 3, 29), 1, BERLIN))
    assert found is not None
    assert (found.left, found.width) == (left, width)


@given(st.integers(0, 32 * 1440 - 1), st.integers(1, 32 * 1440 - 1))
def test_the_classes_say_the_minutes(left: int, width: int) -> None:
    known = set(re.findall(r"\.([a-z]+\d+)\{", MINUTES_CSS.read_text(encoding="utf-8")))
    sums = {"d": 0, "h": 0, "m": 0, "wd": 0, "wh": 0, "wm": 0}
    for mark in Place(left, width).marks.split():
        assert mark in known
        name, number = re.fullmatch(r"([a-z]+)(\d+)", mark).groups()  # type: ignore[union-attr]
        sums[name] += int(number)
    assert sums["d"] * 1440 + sums["h"] * 60 + sums["m"] == left
    assert sums["wd"] * 1440 + sums["wh"] * 60 + sums["wm"] == width


def test_each_class_sets_what_it_is_called() -> None:
    rules = re.findall(r"\.([a-z]+)(\d+)\{--([a-z]+):(\d+)\}", MINUTES_CSS.read_text(encoding="utf-8"))
    assert len(rules) == 2 * (31 + 23 + 59)
    assert [rule for rule in rules if (rule[0], rule[1]) != (rule[2], rule[3])] == []


# Lanes and gaps -----------------------------------------------------------------------------------------------------


@given(windows_of())
def test_lanes_hold_everything_and_nothing_covers_another(
    made: tuple[Span, list[tuple[dt.datetime, dt.datetime | None]]],
) -> None:
    span, windows = made
    places = drawn(span, windows)
    lanes = timeline.lanes(places, span)
    assert sorted(number for lane in lanes for number in lane) == list(range(len(places)))
    for lane in lanes:
        stand = [timeline.drawn(places[number], span) for number in lane]
        assert all(0 <= left < right <= span.minutes for left, right in stand)
        assert all(one[1] <= other[0] for one, other in pairwise(stand))


@given(windows_of())
def test_there_are_no_more_lanes_than_stand_above_each_other_somewhere(
    made: tuple[Span, list[tuple[dt.datetime, dt.datetime | None]]],
) -> None:
    span, windows = made
    stand = [timeline.drawn(one, span) for one in drawn(span, windows)]
    deepest = max((sum(left <= at < right for left, right in stand) for at, _right in stand), default=0)
    assert len(timeline.lanes(drawn(span, windows), span)) >= deepest


@given(windows_of(), st.integers(-100, 50_000))
def test_gaps_are_free_and_all_that_is_free_and_wide_enough_is_a_gap(
    made: tuple[Span, list[tuple[dt.datetime, dt.datetime | None]]], now: int
) -> None:
    span, windows = made
    places = drawn(span, windows)
    taken, covered = bytearray(span.minutes), bytearray(span.minutes)
    for one in places:
        taken[one.left : one.right] = b"\1" * one.width
        left, right = timeline.drawn(one, span)
        covered[left:right] = b"\1" * (right - left)
    free = [(found.start(), found.end()) for found in re.finditer(rb"\0+", bytes(taken))]
    wanted = [
        (left, right) for left, right in free if covered.count(0, left, right) >= max(1, span.least) and right > now
    ]
    assert [(one.left, one.right) for one in timeline.gaps(places, span, now)] == wanted


@given(windows_of())
def test_overlaps_are_those_that_share_time(made: tuple[Span, list[tuple[dt.datetime, dt.datetime | None]]]) -> None:
    windows = made[1]

    def share(one: int, other: int) -> bool:
        (start, end), (begin, stop) = windows[one], windows[other]
        return (stop is None or start < stop) and (end is None or begin < end)

    numbers = range(len(windows))
    wanted = {one for one in numbers if any(share(one, other) for other in numbers if other != one)}
    assert timeline.overlapping(windows) == wanted


def test_touching_ends_are_no_overlap() -> None:
    noon = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
    assert timeline.overlapping([(noon - MINUTE, noon), (noon, None)]) == set()
    assert timeline.overlapping([(noon - MINUTE, noon + dt.timedelta(seconds=1)), (noon, None)]) == {0, 1}
