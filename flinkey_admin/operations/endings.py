"""Access that a change of members may end with it: what its review offers, and the steps of what somebody chose.

A change may also be nothing but that (`at_once`): then the yes ends all that its review has named, there and then.

The plan keeps which windows it has found (`facts["endings"]`), so a yes ends none that its review did not name.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from flinkey_admin import upstream
from flinkey_admin.accounts.scoping import Scope, require_client
from flinkey_admin.flinkey.fields import instant, optional_written, written
from flinkey_admin.operations import truth, windows
from flinkey_admin.operations.journal import Planned
from flinkey_admin.operations.models import Operation
from flinkey_admin.web.templatetags.times import moment

EACH = 10  # of so many things each has a choice of its own; more of them have one for all
ALL = "end-all"
TODAY = "today"


@dataclass(frozen=True)
class Line:
    """One window on the review. `ends`: whether it would still run after today. `begun`: whether it runs already."""

    label: str
    start: dt.datetime
    end: dt.datetime | None
    ends: bool
    begun: bool


@dataclass(frozen=True)
class Offer:
    """The windows of one thing that leaves a group. `name`: of its field in the form."""

    name: str
    label: str
    lines: list[Line]
    chosen: bool = False

    @property
    def may_end(self) -> bool:
        return any(line.ends for line in self.lines)


@dataclass
class Chosen:
    """What a yes adds to a plan, and what is no longer as the review has said."""

    steps: list[Planned] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Offers:
    """All the offers of a review."""

    each: list[Offer]
    count: int  # of the windows
    all_at_once: bool
    chosen: bool  # for all at once
    end: dt.datetime  # of today
    at_once: bool = False  # no choice: the yes ends all of it

    @property
    def may_end(self) -> bool:
        return any(offer.may_end for offer in self.each)


def end_of_today() -> dt.datetime:
    """23:59 today in the fleet's zone, in UTC; the second time, where the clocks show it twice."""
    zone = timezone.get_current_timezone()
    return dt.datetime.combine(timezone.localdate(), dt.time(23, 59, fold=1), zone).astimezone(dt.UTC)


def facts(found: Sequence[dict[str, Any]], *, at_once: bool = False) -> dict[str, Any]:
    """What a plan keeps of the windows that its review will name."""
    kept = {"endings": list(found), "ends_at": written(end_of_today())} if found else {}
    return {**kept, "at_once": True} if at_once else kept


def window_facts(row: Any) -> dict[str, Any]:
    """What is kept of a window of the copy, so that a change of it since is noticed."""
    times = {"start": written(row.start), "end": optional_written(row.end)}
    return {"window": row.flinkey_id, "car_id": row.car_id, "user_id": row.user_id, **times}


def offers(operation: Operation, form: Mapping[str, Any]) -> Offers | None:
    """What the review offers, with what was chosen in a form that comes back; None where there is nothing to choose."""
    kept = operation.facts.get("endings")
    if not kept:
        return None
    end = end_of_today()
    each = [
        Offer(name, rows[0]["label"], [_line(row, end) for row in rows], form.get(name) == TODAY)
        for name, rows in ((name, list(found)) for name, found in groupby(kept, _name))
    ]
    at_once = bool(operation.facts.get("at_once"))
    return Offers(each, len(kept), len(each) > EACH, form.get(ALL) == TODAY, end, at_once)


def _name(row: Mapping[str, Any]) -> str:
    return f"end-{row['kind']}-{row['thing']}"


def _line(row: Mapping[str, Any], end: dt.datetime) -> Line:
    until = instant(row["end"]) if row["end"] else None
    start = instant(row["start"])
    return Line(row["other"], start, until, until is None or until > end, start < timezone.now())


def choose(scope: Scope, operation: Operation, form: Mapping[str, Any]) -> Chosen:
    """The steps that end what was chosen, by what flinkey says now of each window. Raises the client's errors.

    Whatever has changed since the review is told; with another yes to that, a window ends as it is by then.
    """
    at_once = bool(operation.facts.get("at_once"))
    rows = [row for row in operation.facts.get("endings", []) if at_once or _is_chosen(row, form)]
    chosen, now = Chosen(), timezone.now()
    end = now.replace(microsecond=0) if at_once else end_of_today()
    if not rows:
        return chosen
    if not at_once and instant(operation.facts["ends_at"]) != end:
        chosen.changed.append(_("A new day has begun: access now ends %(when)s.") % {"when": moment(end)})
    client = require_client(scope)
    with truth.asking():
        found = upstream.in_parallel([partial(truth.window_now, client, row["window"]) for row in rows])
    keys = list[tuple[int | None, dt.datetime]]()
    for row, window in zip(rows, found, strict=True):
        if window is None or (window.car_id, window.user_id) != (row["car_id"], row["user_id"]):
            chosen.changed.append(_("The access %(access)s is no longer there.") % {"access": row["access"]})
            continue
        if (written(window.start), optional_written(window.end)) != (row["start"], row["end"]):
            until = moment(window.end) if window.end else _("open end")
            names = {"access": row["access"], "start": moment(window.start), "end": until}
            chosen.changed.append(_("The access %(access)s is now from %(start)s until %(end)s.") % names)
        if window.end is None or window.end > end:
            step = windows.end_by(window, row["access"], end, now, after=row["after"])
            chosen.steps.append(step)
            keys += [(window.user_id, window.key_until(now))] if window.start <= now else []
    chosen.facts = {"count" if at_once else "ended": len(chosen.steps)} if chosen.steps else {}
    chosen.facts |= windows.key_facts(keys, end)
    return chosen


def _is_chosen(row: Mapping[str, Any], form: Mapping[str, Any]) -> bool:
    return TODAY in {form.get(_name(row)), form.get(ALL)}
