"""Overlaps and gaps, also where the clocks change: compared with counting every quarter of an hour."""

import datetime as dt
import itertools
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flinkey_admin.assignments.conflicts import Span, added, gaps, joined, overlap

QUARTER = dt.timedelta(minutes=15)
ZONES = [ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")]
# A day before the clocks change, in each of the zones; Lord Howe's change by half an hour.
CHANGES = {
    "Europe/Berlin": [(2026, 3, 28), (2026, 10, 24)],
    "America/New_York": [(2026, 3, 7), (2026, 10, 31)],
    "Australia/Lord_Howe": [(2026, 4, 4), (2026, 10, 3)],
}
HORIZON = 4 * 24 * 4  # quarters of an hour in four days


@st.composite
def scenes(draw: st.DrawFn, most: int = 6) -> tuple[ZoneInfo, dt.datetime, list[tuple[int, int | None]]]:
    """A zone, a moment shortly before its clocks change, and spans as quarters of an hour from then."""
    zone = draw(st.sampled_from(ZONES))
    base = dt.datetime(*draw(st.sampled_from(CHANGES[zone.key])), 12, tzinfo=zone).astimezone(dt.UTC)
    numbers = draw(
        st.lists(st.tuples(st.integers(0, HORIZON), st.integers(1, 200) | st.none()), min_size=1, max_size=most)
    )
    return zone, base, [(start, None if length is None else start + length) for start, length in numbers]


def span(zone: ZoneInfo, base: dt.datetime, numbers: tuple[int, int | None]) -> Span:
    """The span with its times on the clocks of the zone, as a form has them."""
    start, end = numbers
    return Span(
        (base + start * QUARTER).astimezone(zone), None if end is None else (base + end * QUARTER).astimezone(zone)
    )


def quarters(numbers: tuple[int, int | None]) -> set[int]:
    return set(range(numbers[0], HORIZON * 2 if numbers[1] is None else numbers[1]))


def counted(base: dt.datetime, spans: list[Span]) -> set[int]:
    """The quarters of an hour that the spans cover."""
    found = set()
    for one in spans:
        first = (one.start - base) // QUARTER
        last = HORIZON * 2 if one.end is None else (one.end - base) // QUARTER
        found |= set(range(first, last))
    return found


@given(scenes(most=2))
def test_an_overlap_is_what_both_have(scene: tuple[ZoneInfo, dt.datetime, list[tuple[int, int | None]]]) -> None:
    zone, base, numbers = scene
    assume(len(numbers) == 2)
    one, other = (span(zone, base, pair) for pair in numbers)
    both = overlap(one, other)
    assert both == overlap(other, one)
    assert counted(base, [both] if both else []) == quarters(numbers[0]) & quarters(numbers[1])


@given(scenes())
def test_joined_covers_the_same_and_touches_nowhere(
    scene: tuple[ZoneInfo, dt.datetime, list[tuple[int, int | None]]],
) -> None:
    zone, base, numbers = scene
    found = joined(span(zone, base, pair) for pair in numbers)
    assert counted(base, found) == set().union(*map(quarters, numbers))
    assert all(one.until < other.start for one, other in itertools.pairwise(found))


@given(scenes(), st.integers(0, HORIZON), st.integers(1, 300) | st.none())
def test_gaps_and_spans_share_nothing_and_leave_nothing_out(
    scene: tuple[ZoneInfo, dt.datetime, list[tuple[int, int | None]]], start: int, length: int | None
) -> None:
    zone, base, numbers = scene
    within = (start, None if length is None else start + length)
    free = gaps([span(zone, base, pair) for pair in numbers], span(zone, base, within))
    assert counted(base, free) == quarters(within) - set().union(*map(quarters, numbers))
    assert free == sorted(free, key=lambda one: one.start)


@given(scenes(most=2))
def test_what_is_added_and_what_was_there_make_the_whole(
    scene: tuple[ZoneInfo, dt.datetime, list[tuple[int, int | None]]],
) -> None:
    zone, base, numbers = scene
    assume(len(numbers) == 2)
    new, old = (span(zone, base, pair) for pair in numbers)
    assert counted(base, added(new, old)) == quarters(numbers[0]) - quarters(numbers[1])
    assert added(new, None) == [new]
    assert added(new, new) == []


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_a_window_that_ends_when_the_next_one_starts_is_no_conflict(zone: ZoneInfo) -> None:
    noon = dt.datetime(2026, 11, 24, 12, tzinfo=zone)
    hour = dt.timedelta(hours=1)
    assert overlap(Span(noon - hour, noon), Span(noon, noon + hour)) is None
    assert overlap(Span(noon - hour, noon + dt.timedelta(seconds=1)), Span(noon, None)) is not None


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    """02:30 to 02:30 on the wall is an hour that night; Python alone would call it empty."""
    zone = ZoneInfo("Europe/Berlin")
    first, second = (dt.datetime(2026, 10, 25, 2, 30, tzinfo=zone, fold=fold) for fold in (0, 1))
    night = Span(first, second)
    assert night.until - night.start == dt.timedelta(hours=1)
    assert overlap(night, Span(second, None)) is None


@pytest.mark.parametrize("minutes", [0, -1])
def test_an_empty_span_is_none(minutes: int) -> None:
    noon = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
    with pytest.raises(ValueError, match="ends after its start"):
        Span(noon, noon + dt.timedelta(minutes=minutes))
