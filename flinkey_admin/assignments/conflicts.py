"""Where spans of time meet and where nothing is, without a network. A span ends before its end: touching is no overlap.

Moments are compared as moments: Python compares two times of the same zone by what the clock on the wall shows, which
is wrong by an hour where the clocks change.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

FOREVER = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclass(frozen=True)
class Span:
    """From `start` until `end`, or without end. Both are kept in UTC. Raises ValueError when it would be empty."""

    start: dt.datetime
    end: dt.datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", self.start.astimezone(dt.UTC))
        if self.end is not None:
            object.__setattr__(self, "end", self.end.astimezone(dt.UTC))
        if self.until <= self.start:
            raise ValueError("a span ends after its start")

    @property
    def until(self) -> dt.datetime:
        """The end as a moment that can be compared."""
        return FOREVER if self.end is None else self.end


def overlap(one: Span, other: Span) -> Span | None:
    """The part that both have, or None: where one ends and the other starts they only touch."""
    return _span(max(one.start, other.start), min(one.until, other.until))


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same time as few spans as possible, in order: those that overlap or touch become one."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda one: one.start):
        if found and span.start <= found[-1].until:
            last = found.pop()
            span = max(last, span, key=lambda one: one.until)  # noqa: PLW2901 - the longer one, from the earlier start
            found.append(_must(last.start, span.until))
        else:
            found.append(span)
    return found


def gaps(spans: Iterable[Span], within: Span) -> list[Span]:
    """The parts of `within` in which none of the spans is, in order."""
    found, at = [], within.start
    for span in joined(spans):
        if (free := _span(at, min(span.start, within.until))) is not None:
            found.append(free)
        at = max(at, span.until)
    last = _span(at, within.until)
    return [*found, last] if last else found


def added(new: Span, old: Span | None) -> list[Span]:
    """What of a changed span was not in it before: all of a new one."""
    return [new] if old is None else gaps([old], new)


def _span(start: dt.datetime, end: dt.datetime) -> Span | None:
    return _must(start, end) if start < end else None


def _must(start: dt.datetime, end: dt.datetime) -> Span:
    return Span(start, None if end == FOREVER else end)
