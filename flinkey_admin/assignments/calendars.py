"""Windows as an iCalendar (RFC 5545) in the fleet's zone. It knows neither database nor network."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vText

OFTEN = dt.timedelta(minutes=15)  # how often a calendar may look again
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Entry:
    """A window as an event. `uid`: the same however it changes. `stamp`: when it was first seen. end None: open."""

    uid: str
    title: str
    start: dt.datetime
    end: dt.datetime | None
    stamp: dt.datetime


def write(name: str, entries: Sequence[Entry], zone: ZoneInfo) -> bytes:
    """The calendar as it is sent. The same entries give the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", "-//flinkey admin//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", vText(_plain(name)))
    calendar.add("x-wr-timezone", vText(zone.key))
    calendar.add("refresh-interval", OFTEN, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vText("PT15M"))
    for entry in entries:
        calendar.add_component(_event(entry, zone))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _event(entry: Entry, zone: ZoneInfo) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", entry.stamp.astimezone(dt.UTC))
    event.add("summary", _plain(entry.title))
    event.add("dtstart", local(entry.start, zone))
    if entry.end is not None and entry.end > entry.start:
        event.add("dtend", local(entry.end, zone))
    return event


def local(moment: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The moment by the clocks of the fleet. Where they show it for the second time that night, in UTC: a local time
    means the first one (RFC 5545, 3.3.5)."""
    there = moment.astimezone(zone)
    is_second = there.fold == 1 and there.utcoffset() != there.replace(fold=0).utcoffset()
    return moment.astimezone(dt.UTC) if is_second else there


def _plain(text: str) -> str:
    return CONTROL.sub(" ", text)
