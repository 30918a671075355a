"""The timeline's geometry, without a network and without a database: days, places to the minute, lanes, gaps.

Minutes are counted from the first midnight on, as they pass: a day of the spring has 23 hours and one of the autumn
25 (on Lord Howe Island 23.5 and 24.5), and whatever stands on it is drawn where it belongs.
"""

import calendar
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

MINUTE = dt.timedelta(minutes=1)
FOREVER = dt.datetime.max.replace(tzinfo=dt.UTC)
WEEK, MOST = 7, 31  # days that are shown unless the address says else, and at most
MONTHS = range(28, 32)  # so many days are a month
YEARS = range(2000, 2101)
HOURS = range(0, 24, 3)  # that a day's head names
# A bar is drawn at least one so-many-eth as wide as its row, so that it can be pressed (24 px). A day fits on a phone,
# more days are at least 51 rem wide there.
NARROW, NARROW_DAY = 34, 15


@dataclass(frozen=True)
class Span:
    """So many days from a date on, by the clocks of a zone."""

    first: dt.date
    days: int
    zone: ZoneInfo

    @property
    def last(self) -> dt.date:
        """The last day that is shown."""
        return self.first + dt.timedelta(days=self.days - 1)

    @cached_property
    def start(self) -> dt.datetime:
        return self.midnight(0)

    @cached_property
    def end(self) -> dt.datetime:
        """The first moment after the last day."""
        return self.midnight(self.days)

    @cached_property
    def minutes(self) -> int:
        return (self.end - self.start) // MINUTE

    @property
    def least(self) -> int:
        """How many minutes the narrowest bar is wide."""
        return self.minutes // (NARROW_DAY if self.days == 1 else NARROW)

    @property
    def is_month(self) -> bool:
        """Whether these are the days of one month of the calendar."""
        return self.first.day == 1 and self.days == days_of_month(self.first)

    def midnight(self, day: int) -> dt.datetime:
        """When the day of this number begins; where the clocks skip midnight, with the first moment after."""
        return dt.datetime.combine(self.first + dt.timedelta(days=day), dt.time(), self.zone).astimezone(dt.UTC)

    def minute(self, moment: dt.datetime) -> int:
        """The minute that a moment falls into; below 0 or beyond `minutes` where that is not shown."""
        return (moment - self.start) // MINUTE

    def moment(self, minute: int) -> dt.datetime:
        """When a minute begins."""
        return self.start + minute * MINUTE

    def step(self, way: int) -> "Span":
        """The span right after this one (1) or right before it (-1); beside a month, the next month."""
        if not self.is_month:
            return replace(self, first=self.first + dt.timedelta(days=way * self.days))
        beside = self.first - dt.timedelta(days=1) if way < 0 else self.last + dt.timedelta(days=1)
        return month_of(beside, self.zone)


def days_of_month(date: dt.date) -> int:
    """How many days the month of this date has."""
    return calendar.monthrange(date.year, date.month)[1]


def month_of(date: dt.date, zone: ZoneInfo) -> Span:
    """The month of the calendar that a date lies in."""
    return Span(date.replace(day=1), days_of_month(date), zone)


def asked(first: str, days: str, today: dt.date, zone: ZoneInfo) -> Span:
    """The span that an address asks for with `?from=` and `?days=`; whatever makes no sense counts as not said.

    Without a first day: today's week from its Monday, today's month from its first.
    """
    count = int(days) if days.isascii() and days.isdigit() and len(days) < 3 else 0
    count = count if 1 <= count <= MOST else WEEK
    date = _date(first)
    if date is None:
        return around(today, count, zone)
    return Span(date, count, zone)


def around(date: dt.date, days: int, zone: ZoneInfo) -> Span:
    """The span of so many days that people expect around a date: whole weeks, a month, or just from it on."""
    if days in MONTHS:
        return month_of(date, zone)
    if days % WEEK == 0:
        return Span(date - dt.timedelta(days=date.weekday()), days, zone)
    return Span(date, days, zone)


def _date(text: str) -> dt.date | None:
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return date if date.year in YEARS else None


# Places -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where something stands in a row, in minutes. `before`, `after`: it began earlier, it goes on."""

    left: int
    width: int
    before: bool = False
    after: bool = False

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def marks(self) -> str:
        """The classes that draw it there (static/css/minutes.css): days, hours and minutes of both measures."""
        return " ".join([*_digits("", self.left), *_digits("w", self.width)])


def _digits(prefix: str, minutes: int) -> Iterator[str]:
    hours, rest = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    for letter, number in (("d", days), ("h", hours), ("m", rest)):
        if number:
            yield f"{prefix}{letter}{number}"


def place(start: dt.datetime, end: dt.datetime | None, span: Span) -> Place | None:
    """Where a window is drawn; None when it lies outside. An open end (None) reaches to the right edge."""
    if start >= span.end or (end is not None and end <= span.start):
        return None
    left = max(0, span.minute(start))
    right = span.minutes if end is None else min(span.minutes, span.minute(end))
    return Place(left, max(1, right - left), start < span.start, end is None or end > span.end)


def lanes(places: Sequence[Place], span: Span) -> list[list[int]]:
    """Which of the places stand in which lane, so that none covers another: first come, highest up.

    A lane holds positions in `places`, from left to right. Narrow ones take the room that they are drawn with.
    """
    found: list[list[int]] = []
    ends: list[int] = []
    for number in sorted(range(len(places)), key=lambda one: (places[one].left, -places[one].width, one)):
        left, right = drawn(places[number], span)
        lane = next((at for at, end in enumerate(ends) if end <= left), len(ends))
        if lane == len(ends):
            found.append([])
            ends.append(0)
        found[lane].append(number)
        ends[lane] = right
    return found


def drawn(one: Place, span: Span) -> tuple[int, int]:
    """From where to where a place is drawn: never so narrow that it could not be pressed, never out of the row."""
    width = max(one.width, span.least)
    left = min(one.left, span.minutes - width)
    return left, left + width


def gaps(places: Iterable[Place], span: Span, now: int) -> list[Place]:
    """Where nothing stands and something may still come: free until after the minute `now`, and with room to press.

    Narrow bars take room from the gap beside them, though no time.
    """
    edges = sorted((one.left, one.right, *drawn(one, span)) for one in places)
    found, free, pressed = [], 0, 0
    for left, right, first, last in [*edges, (span.minutes,) * 4]:
        if first - max(free, pressed) >= max(1, span.least) and left > now:
            found.append(Place(free, left - free))
        free, pressed = max(free, right), max(pressed, last)
    return found


def overlapping(windows: Sequence[tuple[dt.datetime, dt.datetime | None]]) -> set[int]:
    """The positions of those that share some time with another one; touching ends share none."""
    found: set[int] = set()
    longest: int | None = None  # of those before, the one that ends last
    for number in sorted(range(len(windows)), key=lambda one: (windows[one][0], windows[one][1] or FOREVER)):
        start, end = windows[number]
        if longest is not None:
            last = windows[longest][1]
            if last is None or last > start:
                found |= {number, longest}
            if last is None or (end is not None and end <= last):
                continue
        longest = number
    return found


# The head -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tick:
    """A part of the head: a day, or some hours of the only day. `at`: when it begins, by the clocks of the zone."""

    place: Place
    at: dt.datetime
    is_today: bool
    is_weekend: bool


def ticks(span: Span, today: dt.date) -> list[Tick]:
    """The days that are shown; of a single day every third hour that its clocks show."""
    starts = [span.midnight(day) for day in range(span.days)] if span.days > 1 else list(_hours(span))
    found = []
    for start, end in pairwise([*starts, span.end]):
        local = start.astimezone(span.zone)
        at = Place(span.minute(start), (end - start) // MINUTE)
        found.append(Tick(at, local, local.date() == today, local.isoweekday() > 5))
    return found


def _hours(span: Span) -> Iterator[dt.datetime]:
    for hour in HOURS:
        at = dt.datetime.combine(span.first, dt.time(hour), span.zone).astimezone(dt.UTC)
        if hour == 0 or at.astimezone(span.zone).hour == hour:  # else the clocks skip it
            yield at
