"""The windows of a car or a user, each with its state: what the copy has, what is under way, and how that is known."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.assignments import acts, keys, residual, windows
from flinkey_admin.assignments.called import called, names_of
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import Assignment
from flinkey_admin.mirror.models import Window
from flinkey_admin.operations import confirmation
from flinkey_admin.operations.models import State, Step, Verb
from flinkey_admin.operations.things import reason_text, times_text
from flinkey_admin.web.names import Thing
from flinkey_admin.web.sentences import LOST_WINDOW

RECENT = dt.timedelta(days=1)  # for so long a refusal stays on the page where it was asked for


@dataclass(frozen=True)
class WindowRow:
    """A window as a page shows it. `label` is the other side: the person on a car's page, the car on a person's.

    `by`, `at`: how and when its last change by us was confirmed. `is_open`: a change of it is under way.
    """

    id: int | None
    label: str
    second: str
    other_id: int | None
    start: dt.datetime
    end: dt.datetime | None
    phase: windows.Phase
    state: str = "confirmed"  # sending waiting confirmed failed unconfirmed
    note: str = ""
    operation_id: int | None = None
    is_open: bool = False
    by: str = ""
    at: dt.datetime | None = None

    @property
    def later(self) -> list[tuple[str, str]]:
        """What extends it at the press of a button."""
        return acts.choices(self.end, timezone.now(), ZoneInfo(settings.TIME_ZONE))


@dataclass(frozen=True)
class Gone:
    """Windows that flinkey has lately lost without anybody here having removed them."""

    count: int
    seen_at: dt.datetime


@dataclass(frozen=True)
class Panel:
    """The windows of a car or a user. `live`: something is under way, so the page looks again soon."""

    rows: list[WindowRow]
    live: bool
    keys: list[keys.Key]
    gone: Gone | None

    @property
    def may_end(self) -> bool:
        """Whether some of it is not over, so that all of it can be ended."""
        return any(row.id and row.phase != "past" for row in self.rows)


def panel(scope: Scope, *, car_id: int | None = None, user_id: int | None = None, look: bool = False) -> Panel:
    """The windows of one car or one user as the copy has them, with what is under way.

    `look`: asks flinkey first about what is due to be confirmed, so that a page's news does not hang on the worker.
    """
    where = {"car_id": car_id} if car_id is not None else {"user_id": user_id or 0}
    now, on_car = timezone.now(), car_id is not None
    steps = _steps(scope, where, now)
    if look and any(step.settled_at is None for step in steps):
        confirmation.check_overdue(scope, [step for step in steps if step.settled_at is None])
        steps = _steps(scope, where, now)
    rows = scoped(Window.objects.all(), scope).filter(
        Q(ended_at=None) | Q(ended_at__gt=now - residual.LONGEST), **where
    )
    there = [row.record() for row in rows if row.ended_at is None]
    gone = [row for row in rows if row.ended_at is not None]
    found = keys.of(gone, there, steps, now)
    sides: list[Assignment | Step | keys.Key] = [*there, *steps, *found]
    others = {one.user_id if on_car else one.car_id for one in sides}
    known = names_of(scope, Kind.USERS if on_car else Kind.CARS, {one for one in others if one is not None})
    return Panel(
        _rows(there, steps, known, now, on_car=on_car),
        any(step.settled_at is None for step in steps),
        [_named(key, known, on_car=on_car) for key in found],
        _lost(gone, steps, now),
    )


def _steps(scope: Scope, where: dict[str, Any], now: dt.datetime) -> list[Step]:
    """What is under way, what was refused so recently that it stands where it was asked for, and what came true."""
    return confirmation.window_steps(scope, refused_since=now - RECENT, confirmed_since=now - residual.LONGEST, **where)


def _named(key: keys.Key, known: Mapping[int, Thing], *, on_car: bool) -> keys.Key:
    if on_car:
        return replace(key, user=called(key.user_id, known)[0])
    return replace(key, car=" · ".join(filter(None, called(key.car_id, known))))


def _lost(gone: Iterable[Window], steps: Iterable[Step], now: dt.datetime) -> Gone | None:
    """What has vanished within a day before its end: a box that is taken out takes the windows of its car along."""
    ours = {step.window_id for step in steps if step.verb == Verb.DELETE_WINDOW and step.state != State.REFUSED}
    times = [
        row.ended_at
        for row in gone
        if row.ended_at and row.ended_at > now - RECENT and row.flinkey_id not in ours
        if row.end is None or row.end > row.ended_at
    ]
    return Gone(len(times), max(times)) if times else None


def _rows(
    found: Sequence[Assignment], steps: Sequence[Step], known: Mapping[int, Thing], now: dt.datetime, *, on_car: bool
) -> list[WindowRow]:
    coming = confirmation.arrived(steps, ((one.id, one.car_id, one.user_id, one.start, one.end) for one in found))
    last = {step.window_id: step for step in steps if step.window_id}  # by age: the latest one says how it stands
    last.update(coming)
    rows = []
    for window in found:
        other = window.user_id if on_car else window.car_id
        phase = windows.phase(window.start, window.end, now)
        row = WindowRow(window.id, *called(other, known), other, window.start, window.end, phase)
        step = last.get(window.id)
        rows.append(_told(row, step) if step else row)
    seen = set(coming.values())
    fresh = [
        one for one in steps if one.verb == Verb.CREATE_WINDOW and one.state != State.CONFIRMED and one not in seen
    ]
    return sorted([*rows, *(_new_row(step, known, now, on_car=on_car) for step in fresh)], key=_order)


def _told(row: WindowRow, step: Step) -> WindowRow:
    """The row of a window that is there, with what our last change of it has come to."""
    if step.state == State.CONFIRMED:
        return replace(row, by=step.confirmed_by, at=step.settled_at)
    note = note_of(step)
    if step.state == State.REFUSED:
        what = _("not removed") if step.verb == Verb.DELETE_WINDOW else _("not changed")
        note = f"{what}: {note}"
    return replace(
        row, state=state_of(step), note=note, operation_id=step.operation_id, is_open=step.settled_at is None
    )


def _new_row(step: Step, known: Mapping[int, Thing], now: dt.datetime, *, on_car: bool) -> WindowRow:
    times = step.times()
    other = step.user_id if on_car else step.car_id
    return WindowRow(
        None,
        *called(other, known),
        other,
        *times,
        windows.phase(*times, now),
        state_of(step),
        note_of(step),
        step.operation_id,
        is_open=True,
    )


def _order(row: WindowRow) -> tuple[int, float]:
    """Running ones first, then what comes next, then the past from its end."""
    rank = {"running": 0, "coming": 1, "past": 2}[row.phase]
    moment = -(row.end or row.start).timestamp() if row.phase == "past" else row.start.timestamp()
    return rank, moment


def state_of(step: Step) -> str:
    """A window's state while a change of it is open, or after one was refused."""
    if step.state == State.REFUSED:
        return "failed"
    if step.state == State.SENT:
        return "sending"
    return "unconfirmed" if confirmation.is_late(step) else "waiting"


def note_of(step: Step) -> str:
    """What is happening to a window, in words."""
    if step.state == State.REFUSED:
        return reason_text(step)
    if step.verb == Verb.DELETE_WINDOW:
        return _("is being removed")
    if step.state == State.UNKNOWN:
        return str(LOST_WINDOW)
    if step.verb == Verb.CHANGE_WINDOW:
        times = times_text(step)
        return _("is being changed: %(times)s") % {"times": times} if times else _("is being changed")
    return ""
