"""Time windows without a network: the fleet's clock, what a window is now, and how long a phone may hold a key."""

import datetime as dt
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

DAY = 86_400
WEEK = dt.timedelta(days=7)
MONDAY, FRIDAY = 0, 4

Phase = Literal["running", "coming", "past"]
FORMATS = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M")


class NotATime(ValueError):
    """What was typed is no date and time."""


class NoSuchTime(ValueError):
    """A local time that the clocks skip in spring."""


class TwiceThatDay(ValueError):
    """A local time that the clocks show twice in autumn; `choices` are the two moments."""

    def __init__(self, choices: tuple[dt.datetime, dt.datetime]) -> None:
        super().__init__()
        self.choices = choices


def parse(text: str) -> dt.datetime:
    """A local date and time as typed. Raises NotATime."""
    for form in FORMATS:
        try:
            return dt.datetime.strptime(text.strip(), form)  # noqa: DTZ007 - local on purpose, see `at`
        except ValueError:
            continue
    raise NotATime(text)


def at(local: dt.datetime, zone: ZoneInfo, fold: int | None = None) -> dt.datetime:
    """The moment when the clocks of `zone` show `local`.

    `fold` chooses where they show it twice: 0 the first time, 1 the second.
    Raises NoSuchTime, TwiceThatDay, NotATime.
    """
    first, second = (local.replace(tzinfo=zone, fold=side) for side in (0, 1))
    if not dt.MINYEAR < local.year < dt.MAXYEAR:
        raise NotATime(local.isoformat())  # in another zone it might lie outside of all years
    early, late = first.utcoffset(), second.utcoffset()
    assert early is not None  # noqa: S101 - both have a zone
    assert late is not None  # noqa: S101
    if early < late:
        raise NoSuchTime(local.isoformat())
    if early == late:
        return first.astimezone(dt.UTC)
    if fold is None:
        raise TwiceThatDay((first.astimezone(dt.UTC), second.astimezone(dt.UTC)))
    return (second if fold else first).astimezone(dt.UTC)


def local_text(moment: dt.datetime | None, zone: ZoneInfo) -> str:
    """A moment as a form shows it; seconds only where there are some."""
    if moment is None:
        return ""
    return _text(moment.astimezone(zone))


def _text(local: dt.datetime) -> str:
    return local.strftime("%Y-%m-%dT%H:%M:%S" if local.second else "%Y-%m-%dT%H:%M")


def next_evening(now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """18:00 today, or tomorrow if that is almost over: where a new window ends unless somebody says else."""
    local = now.astimezone(zone)
    day = local.date() if local.hour < 17 else local.date() + dt.timedelta(days=1)
    return dt.datetime.combine(day, dt.time(18), zone)


def next_friday(now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """18:00 on Friday, or on the one after if that is almost over."""
    return _next_evening_of(FRIDAY, now, zone)


def next_monday(now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The same on Monday: what is needed over the weekend."""
    return _next_evening_of(MONDAY, now, zone)


def _next_evening_of(weekday: int, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    evening = next_evening(now, zone)
    return dt.datetime.combine(evening.date() + dt.timedelta(days=(weekday - evening.weekday()) % 7), dt.time(18), zone)


EVENINGS = {"evening": next_evening, "friday": next_friday, "monday": next_monday}


def quick(choice: str, start: str, end: str, now: dt.datetime, zone: ZoneInfo) -> tuple[str, str]:
    """Start and end as a form shows them once somebody has pressed a quick choice; an unknown one changes nothing.

    An end is counted from the start, or from now when that is later or the start is not readable.
    """
    if choice == "now":
        return local_text(now.replace(second=0, microsecond=0), zone), end
    if choice == "open":
        return start, ""
    begins = now.astimezone(zone)
    with suppress(NotATime):
        begins = max(begins, parse(start).replace(tzinfo=zone))
    ends = {**EVENINGS, "week": _in_a_week}.get(choice)
    return start, local_text(ends(begins, zone), zone) if ends else end


def _in_a_week(begins: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The same time of day, by the clock on the wall."""
    return (begins.astimezone(zone) + dt.timedelta(days=7)).replace(second=0, microsecond=0)


def next_week(start: dt.datetime, end: dt.datetime | None, now: dt.datetime, zone: ZoneInfo) -> tuple[str, str]:
    """Start and end as a form shows them, at the same times by the clock on the wall a week later.

    What has been over for long comes in the first week in which it is not. An open end stays one.
    """
    weeks = 1 if end is None else max(1, (now - end) // WEEK + 1)
    local = [at.astimezone(zone).replace(tzinfo=None) + weeks * WEEK if at else None for at in (start, end)]
    first, last = (_text(at) if at else "" for at in local)
    return first, last


def length(start: dt.datetime, end: dt.datetime) -> tuple[int, int, int]:
    """How long it is in days of 24 hours, hours and minutes; a minute that has begun counts."""
    minutes = -((start.astimezone(dt.UTC) - end.astimezone(dt.UTC)) // dt.timedelta(minutes=1))
    return minutes // 1440, minutes // 60 % 24, minutes % 60


def phase(start: dt.datetime, end: dt.datetime | None, now: dt.datetime) -> Phase:
    """Whether a window is running, coming or past. The end itself no longer belongs to it."""
    if end is not None and end <= now:
        return "past"
    return "running" if start <= now else "coming"


@dataclass(frozen=True)
class Choice:
    """An entry of a list of spans: seconds as text, and days."""

    value: str
    days: int


def lifetimes() -> list[Choice]:
    """The lifetimes flinkey takes: strictly between 7 and 28 days. 7 days is its default, which may not be sent."""
    return [Choice(str(days * DAY), days) for days in range(8, 28)]


def renewals() -> list[Choice]:
    """After how many days a phone may renew its key: less than the lifetime."""
    return [Choice(str(days * DAY), days) for days in range(1, 27)]
