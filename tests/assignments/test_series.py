"""From a rule to single windows: the days, and the times on the wall where the clocks change."""

import datetime as dt
import itertools
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinkey_admin.assignments.conflicts import Span, overlap
from flinkey_admin.assignments.series import Rule, Slot, Stretch, Times, days, expand, slots, stretches

BERLIN, NEW_YORK, LORD_HOWE = map(ZoneInfo, ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe"))
ZONES = st.sampled_from([BERLIN, NEW_YORK, LORD_HOWE])
DAY = dt.timedelta(days=1)
NIGHT = (dt.time(22), dt.time(6))

times = st.builds(dt.time, st.integers(0, 23), st.integers(0, 59))
dates = st.dates(dt.date(2025, 1, 1), dt.date(2029, 12, 31))


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    first = draw(dates)
    last = first + draw(st.integers(0, 366)) * DAY
    return Rule(
        first,
        last,
        draw(times),
        draw(times),
        frozenset(draw(st.sets(st.integers(0, 6)))),
        draw(st.integers(1, 4)),
        frozenset(draw(st.sets(st.dates(first, last), max_size=5))),
    )


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def one(day: str, begins: str, ends: str, zone: ZoneInfo) -> Slot:
    date = dt.date.fromisoformat(day)
    (slot,) = expand(Rule(date, date, dt.time.fromisoformat(begins), dt.time.fromisoformat(ends)), zone)
    return slot


def test_monday_to_friday_nights_but_not_on_two_days() -> None:
    but = frozenset({dt.date(2026, 12, 24), dt.date(2026, 12, 25)})
    rule = Rule(dt.date(2026, 12, 21), dt.date(2026, 12, 29), *NIGHT, frozenset(range(5)), but=but)
    found = expand(rule, BERLIN)
    assert [slot.day.day for slot in found] == [21, 22, 23, 28, 29]
    assert (found[0].start, found[0].end) == (utc("2026-12-21T21:00"), utc("2026-12-22T05:00"))


def test_every_other_week_counts_from_the_week_of_the_first_day() -> None:
    rule = Rule(dt.date(2026, 12, 3), dt.date(2026, 12, 31), *NIGHT, frozenset({0, 3}), every=2)
    assert [day.day for day in days(rule)] == [3, 14, 17, 28, 31]


@pytest.mark.parametrize(
    ("zone", "day", "begins", "ends", "start", "end"),
    [
        # The night in which the clocks go forward is an hour, on Lord Howe half an hour, shorter; the other longer.
        (BERLIN, "2027-03-27", "22:00", "06:00", "2027-03-27T21:00", "2027-03-28T04:00"),
        (BERLIN, "2027-10-30", "22:00", "06:00", "2027-10-30T20:00", "2027-10-31T05:00"),
        (NEW_YORK, "2027-03-13", "22:00", "06:00", "2027-03-14T03:00", "2027-03-14T10:00"),
        (LORD_HOWE, "2027-10-02", "22:00", "06:00", "2027-10-02T11:30", "2027-10-02T19:00"),
        (LORD_HOWE, "2027-04-03", "22:00", "06:00", "2027-04-03T11:00", "2027-04-03T19:30"),
    ],
)
def test_a_night_with_a_change_of_clocks(
    zone: ZoneInfo, day: str, begins: str, ends: str, start: str, end: str
) -> None:
    slot = one(day, begins, ends, zone)
    assert (slot.start, slot.end, slot.moved, slot.twice) == (utc(start), utc(end), False, False)


def test_a_start_that_does_not_exist_is_when_the_clocks_jump() -> None:
    slot = one("2027-03-28", "02:30", "06:00", BERLIN)
    assert (slot.start, slot.moved) == (utc("2027-03-28T01:00"), True)
    slot = one("2027-10-03", "02:10", "06:00", LORD_HOWE)
    assert (slot.start, slot.moved) == (utc("2027-10-02T15:30"), True)


def test_what_comes_twice_is_had_for_as_long_as_it_can_be() -> None:
    slot = one("2027-10-31", "02:15", "02:45", BERLIN)
    assert (slot.start, slot.end, slot.twice) == (utc("2027-10-31T00:15"), utc("2027-10-31T01:45"), True)


def test_a_time_that_the_clocks_skip_altogether_is_left_out() -> None:
    day = dt.date(2027, 3, 28)
    assert expand(Rule(day, day, dt.time(2, 10), dt.time(2, 50)), BERLIN) == []


@given(rules(), ZONES)
def test_each_slot_shows_its_times_on_the_wall(rule: Rule, zone: ZoneInfo) -> None:
    for slot in expand(rule, zone):
        assert slot.start < slot.end
        assert (slot.end - slot.start) <= DAY + dt.timedelta(hours=1)
        shown = slot.start.astimezone(zone)
        assert shown.date() == slot.day
        if not slot.moved:
            assert shown.time() == rule.begins
            assert slot.end.astimezone(zone).time() == rule.ends
        else:
            skipped = dt.timedelta(hours=1)
            assert rule.begins <= shown.time() <= (dt.datetime.combine(slot.day, rule.begins) + skipped).time()


@given(rules(), ZONES)
def test_slots_are_in_order_and_none_meets_the_next(rule: Rule, zone: ZoneInfo) -> None:
    found = expand(rule, zone)
    for slot, after in itertools.pairwise(found):
        assert slot.day < after.day
        assert overlap(slot.span, after.span) is None


@given(rules())
def test_the_days_are_those_of_the_rule_and_no_other(rule: Rule) -> None:
    monday = rule.first - rule.first.weekday() * DAY
    wanted = [
        day
        for count in range((rule.last - rule.first).days + 1)
        if (day := rule.first + count * DAY).weekday() in rule.weekdays
        and (day - monday).days // 7 % rule.every == 0
        and day not in rule.but
    ]
    assert days(rule) == wanted


@given(rules())
def test_a_rule_survives_being_kept(rule: Rule) -> None:
    assert Rule.of(rule.kept()) == rule


# Which times of day hold by now -------------------------------------------------------------------------------------


@given(rules(), times, times, ZONES, st.data())
def test_the_times_of_a_series_are_known_again_also_where_the_clocks_change(
    rule: Rule, begins: dt.time, ends: dt.time, zone: ZoneInfo, data: st.DataObject
) -> None:
    found, other = expand(rule, zone), Times(begins, ends)
    if not found or rule.times == other:
        return
    since = data.draw(st.sampled_from([slot.day for slot in found]))
    kept = [slot for slot in found if slot.day < since]
    changed = [new for slot in found if slot.day >= since for new in slots([slot.day], *other, zone)]
    said = stretches([slot.span for slot in [*kept, *changed]], [rule.times, other], zone)
    if any(slot.moved or slot.twice for slot in [*kept, *changed]):
        assert {one.times for one in said} <= {rule.times, other}  # that day may look like either
    else:
        both = [(rule.times, kept), (other, changed)]
        assert said == [Stretch(times, of[0].day, of[-1].day) for times, of in both if of]


def test_a_window_with_times_of_its_own_says_nothing_of_the_series() -> None:
    night, later = Times(*NIGHT), Times(dt.time(23), dt.time(5))
    week = [slot.span for slot in slots([dt.date(2026, 3, day) for day in range(26, 31)], *NIGHT, BERLIN)]
    longer = Span(week[-1].start, week[-1].until + dt.timedelta(hours=1))
    assert stretches([*week, longer], [night, later], BERLIN) == [
        Stretch(night, dt.date(2026, 3, 26), dt.date(2026, 3, 30))
    ]
