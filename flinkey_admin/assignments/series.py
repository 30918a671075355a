"""From a rule to single windows, without a network: which days, and what their times are where the clocks change.

`dateutil` finds the days. The times are those of the clock on the wall, so a night is 7 or 9 hours long where the
clocks change in it.
"""

import bisect
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from dateutil.rrule import MO, WEEKLY, rrule, rruleset

from flinkey_admin.assignments import windows
from flinkey_admin.assignments.conflicts import Span

LONGEST = dt.timedelta(days=366)  # from the first to the last day: the history that holds a series together is pruned
ALL_DAYS = frozenset(range(7))


class Times(NamedTuple):
    """From when until when, by the clock on the wall: until the next day where the end is not later."""

    begins: dt.time
    ends: dt.time


@dataclass(frozen=True)
class Rule:
    """On these days of the week, from `begins` until `ends`: the next day where that is not later.

    weekdays: 0 is Monday. every: 2 for every other week, counted from that of the first day. but: days left out.
    """

    first: dt.date
    last: dt.date
    begins: dt.time
    ends: dt.time
    weekdays: frozenset[int] = ALL_DAYS
    every: int = 1
    but: frozenset[dt.date] = frozenset()

    @property
    def times(self) -> Times:
        return Times(self.begins, self.ends)

    def kept(self) -> dict[str, Any]:
        """In the form in which a database keeps it."""
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "begins": self.begins.isoformat("minutes"),
            "ends": self.ends.isoformat("minutes"),
            "weekdays": sorted(self.weekdays),
            "every": self.every,
            "but": sorted(day.isoformat() for day in self.but),
        }

    @classmethod
    def of(cls, kept: dict[str, Any]) -> "Rule":
        """The rule that was kept so."""
        return cls(
            dt.date.fromisoformat(kept["first"]),
            dt.date.fromisoformat(kept["last"]),
            dt.time.fromisoformat(kept["begins"]),
            dt.time.fromisoformat(kept["ends"]),
            frozenset(kept["weekdays"]),
            kept["every"],
            frozenset(map(dt.date.fromisoformat, kept["but"])),
        )


@dataclass(frozen=True)
class Slot:
    """One time of a series, in UTC. `day`: on which it begins.

    moved: its start or end does not exist that day and is when the clocks jump. twice: one of them comes twice; it
    starts with the first and ends with the second.
    """

    day: dt.date
    start: dt.datetime
    end: dt.datetime
    moved: bool = False
    twice: bool = False

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)


def days(rule: Rule) -> list[dt.date]:
    """The days on which a time of the series begins, in order."""
    if not rule.weekdays or rule.last < rule.first:
        return []
    midnight = dt.time()
    found = rruleset()
    found.rrule(
        rrule(
            WEEKLY,
            dtstart=dt.datetime.combine(rule.first, midnight),
            until=dt.datetime.combine(rule.last, midnight),
            interval=rule.every,
            byweekday=sorted(rule.weekdays),
            wkst=MO,
        )
    )
    for day in rule.but:
        found.exdate(dt.datetime.combine(day, midnight))
    return [moment.date() for moment in found]


def expand(rule: Rule, zone: ZoneInfo) -> list[Slot]:
    """The times of a series, in order, none of which meets another.

    A time that lies wholly in the hour that the clocks skip does not exist and is left out.
    """
    return slots(days(rule), rule.begins, rule.ends, zone)


def slots(of: Iterable[dt.date], begins: dt.time, ends: dt.time, zone: ZoneInfo) -> list[Slot]:
    """One slot for each of these days, which are in order."""
    found: list[Slot] = []
    for day in of:
        slot = _slot(day, begins, ends, zone)
        if found and found[-1].end > slot.start:
            # From a time that comes twice to the same time: the next one begins with the first.
            found[-1] = replace(found[-1], end=slot.start)
        if slot.start < slot.end:
            found.append(slot)
    return found


def _slot(day: dt.date, begins: dt.time, ends: dt.time, zone: ZoneInfo) -> Slot:
    last = day if ends > begins else day + dt.timedelta(days=1)
    start, start_moved, start_twice = _moment(dt.datetime.combine(day, begins), zone, 0)
    end, end_moved, end_twice = _moment(dt.datetime.combine(last, ends), zone, 1)
    return Slot(day, start, end, start_moved or end_moved, start_twice or end_twice)


def _moment(local: dt.datetime, zone: ZoneInfo, fold: int) -> tuple[dt.datetime, bool, bool]:
    """When the clocks show this; whether they never do, and whether they do so twice. `fold`: which of the two."""
    try:
        return windows.at(local, zone), False, False
    except windows.TwiceThatDay as twice:
        return twice.choices[fold], False, True
    except windows.NoSuchTime:
        return _jump(local, zone), True, False


def _jump(local: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """When the clocks skip this time: the first moment with the new offset."""
    # In a gap, `fold` 1 counts with the new offset, which gives a moment before the jump, and 0 one after it.
    before, after = (local.replace(tzinfo=zone, fold=side).astimezone(dt.UTC) for side in (1, 0))
    new = after.astimezone(zone).utcoffset()
    seconds = range(int((after - before).total_seconds()) + 1)
    at = bisect.bisect_left(
        seconds, x=True, key=lambda count: (before + dt.timedelta(seconds=count)).astimezone(zone).utcoffset() == new
    )
    return before + dt.timedelta(seconds=at)


@dataclass(frozen=True)
class Stretch:
    """Times of day that a series has on its days from `first` to `last`; `is_kept` False: that it was planned with."""

    times: Times
    first: dt.date
    last: dt.date
    is_kept: bool = True


def stretches(spans: Iterable[Span], known: Sequence[Times], zone: ZoneInfo) -> list[Stretch]:
    """Which of the known times of day hold on which days, in order: the last ones are those of the days to come.

    A window that somebody has given times of its own counts for none.
    """
    found = defaultdict[Times, list[dt.date]](list)
    for span in spans:
        day = span.start.astimezone(zone).date()
        for times in known:
            if [slot.span for slot in slots([day], *times, zone)] == [span]:
                found[times].append(day)
                break
    each = (Stretch(times, min(of), max(of)) for times, of in found.items())
    return sorted(each, key=lambda one: (one.last, one.first))
