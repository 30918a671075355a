"""Windows as iCalendar: what a program that reads it understands is what was meant, in every zone and every name."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, vText

from flinkey_admin.assignments.calendars import Entry, write

ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")]
)
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
# Around the nights in which clocks change more often than elsewhere.
NIGHTS = [dt.datetime(2026, 10, 25, 0, tzinfo=dt.UTC), dt.datetime(2026, 11, 1, 5, tzinfo=dt.UTC)]
NIGHTS += [dt.datetime(2026, 4, 4, 14, tzinfo=dt.UTC), dt.datetime(2026, 3, 29, 0, tzinfo=dt.UTC)]
MOMENTS = st.integers(0, 525_600).map(lambda minutes: START + dt.timedelta(minutes=minutes)) | st.tuples(
    st.sampled_from(NIGHTS), st.integers(-180, 180)
).map(lambda pair: pair[0] + dt.timedelta(minutes=pair[1]))
TITLES = st.text("aZäß€😀,;:\\\"'^=%\n\t -", min_size=1, max_size=90)


def read(body: bytes) -> Any:
    """As a calendar program reads it."""
    return Calendar.from_ical(body)


@given(st.lists(st.tuples(TITLES, MOMENTS, st.integers(0, 5000) | st.none()), max_size=4), TITLES, ZONES)
def test_what_is_read_is_what_was_written(
    windows: list[tuple[str, dt.datetime, int | None]], name: str, zone: ZoneInfo
) -> None:
    entries = [
        Entry(f"w{number}", title, start, None if length is None else start + dt.timedelta(minutes=length), START)
        for number, (title, start, length) in enumerate(windows)
    ]
    body = write(name, entries, zone)
    calendar = read(body)
    assert f"X-WR-CALNAME:{vText(name).to_ical().decode()}\r\n" in body.replace(b"\r\n ", b"").decode()
    events = {str(event["UID"]): event for event in calendar.walk("VEVENT")}
    assert len(events) == len(entries)
    for entry in entries:
        event = events[entry.uid]
        assert str(event["SUMMARY"]) == entry.title
        assert event["DTSTART"].dt.astimezone(dt.UTC) == entry.start
        if entry.end is None or entry.end == entry.start:
            assert "DTEND" not in event
        else:
            assert event["DTEND"].dt.astimezone(dt.UTC) == entry.end
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    assert body == write(name, entries, zone)


def test_its_zone_comes_along_and_the_second_hour_is_said_in_utc() -> None:
    moments = [dt.datetime(2026, 10, 25, hour, 30, tzinfo=dt.UTC) for hour in (0, 1, 2)]
    entries = [Entry(f"w{number}", "x", moment, None, START) for number, moment in enumerate(moments)]
    text = write("x", entries, ZoneInfo("Europe/Berlin")).decode()
    assert "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin" in text
    assert "DTSTART;TZID=Europe/Berlin:20261025T023000" in text
    assert "DTSTART:20261025T013000Z" in text
    assert "DTSTART;TZID=Europe/Berlin:20261025T033000" in text


def test_what_no_calendar_can_say_is_left_out() -> None:
    text = write("a\x00b", [Entry("w", "c\x0bd\re", START, START - dt.timedelta(hours=1), START)], ZoneInfo("UTC"))
    assert b"X-WR-CALNAME:a b" in text
    assert b"SUMMARY:c d e" in text
    assert b"DTEND" not in text, "an end before the start is no end"
