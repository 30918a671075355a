"""What is done with a series afterwards: end the rest, take a day out, other times, one more person. Each is a plan."""

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.assignments import series_plans, series_windows
from flinkey_admin.assignments.called import called, names_of
from flinkey_admin.assignments.conflicts import Span
from flinkey_admin.assignments.models import Series
from flinkey_admin.assignments.series import Slot
from flinkey_admin.assignments.series import slots as slots_of
from flinkey_admin.assignments.series_plans import Draft, Taken, fleet_zone, plan
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.fields import written
from flinkey_admin.flinkey.records import Assignment
from flinkey_admin.mirror import lists, reading
from flinkey_admin.operations import journal, windows
from flinkey_admin.operations.models import Operation
from flinkey_admin.web.templatetags.times import moment

Days = Callable[[dt.date], bool]


@dataclass(frozen=True)
class Times:
    """Other times of day, from a day on; `clash`: what becomes of a window that would meet another."""

    since: dt.date
    begins: dt.time
    ends: dt.time
    clash: str

    def concerns(self, day: dt.date) -> bool:
        return day >= self.since


def end(scope: Scope, series: Series, days: Days, nonce: uuid.UUID) -> Operation:
    """Ends the windows that begin on these days: removes those to come, and ends now what is running.

    Raises Nothing, WindowBusy, and the client's errors.
    """
    draft, now = Draft(), timezone.now().replace(microsecond=0)
    keys = list[tuple[int | None, dt.datetime]]()
    for window, label in _now(scope, series, days):
        draft.steps.append(windows.end_by(window, label, now, now, kind="windows"))
        keys += [(window.user_id, window.key_until(now))] if window.start <= now else []
    journal.require_free(scope.customer.pk, draft.steps)
    facts = draft.facts() | windows.key_facts(keys, now)
    if keys:
        facts["notes"] = [_("What is running just now ends with your yes, as of %(when)s.") % {"when": _clock(now)}]
    return plan(series, scope, Operation.Kind.END_ACCESS, facts, draft.steps, nonce)


def add(scope: Scope, series: Series, user: int, since: dt.date, clash: str, nonce: uuid.UUID) -> Operation:
    """Gives somebody more all that is left of the series from a day on: the same cars at the same times.

    Raises Nothing, and the client's errors.
    """
    left = list(series_windows.live(scope, series))
    own = {row.flinkey_id for row in left}
    places = {
        (Span(row.start, row.end), row.car_id)
        for row in left
        if row.end and row.car_id and day_of(row.record()) >= since
    }
    ordered = sorted(places, key=lambda place: (place[0].start, place[1]))
    draft = series_plans.windows(scope, ordered, [user], clash, own)
    return plan(series, scope, Operation.Kind.GIVE_ACCESS, {"clash": clash, **draft.facts()}, draft.steps, nonce)


def change(scope: Scope, series: Series, times: Times, nonce: uuid.UUID) -> Operation:
    """Gives what has not begun yet other times. Raises Nothing, WindowBusy, and the client's errors."""
    draft, now = Draft(), timezone.now()
    found = [(one, label) for one, label in _now(scope, series, times.concerns) if one.start > now]
    own = {window.id for window, _label in found}
    taken = series_plans.taken_by(scope, sorted({window.car_id for window, _label in found if window.car_id}))
    days = sorted({day_of(window) for window, _label in found})
    slots = {slot.day: slot for slot in slots_of(days, times.begins, times.ends, fleet_zone())}
    draft.notes = series_plans.clock_notes(slots.values())
    for window, label in found:
        slot = slots.get(day_of(window))
        if slot is None or slot.end <= now:
            draft.left_out.append(_("%(access)s: the new times are over, or do not exist that day") % {"access": label})
        elif (window.start, window.end) != (slot.start, slot.end):
            _change(draft, window, label, slot, taken, own, times.clash)
    journal.require_free(scope.customer.pk, draft.steps)
    kept = [times.begins.isoformat("minutes"), times.ends.isoformat("minutes")]
    facts = {"clash": times.clash, "times": kept, **draft.facts()}
    return plan(series, scope, Operation.Kind.CHANGE_ACCESS, facts, draft.steps, nonce)


def _change(
    draft: Draft, window: Assignment, label: str, slot: Slot, taken: dict[int, Taken], own: set[int], clash: str
) -> None:
    """The step of one window, or why it keeps its times."""
    of_car = taken.get(window.car_id or 0)
    others = own - {window.id}
    meets = of_car.meets(slot.span, window.user_id, others) if of_car else []
    meets = [other for other in meets if other.window_id != window.id]
    if of_car and (why := series_plans.why_not(of_car, slot.span, window.user_id, meets, clash)):
        draft.left_out.append(f"{label}, {moment(slot.start)}: {why}")
    else:
        args = {"start": written(slot.start), "end": written(slot.end)}
        draft.steps.append(windows.change(window, label, args, kind="windows"))
        draft.met |= {other.key(window.car_id or 0) for other in meets}


def _clock(at: dt.datetime) -> str:
    return f"{at.astimezone(fleet_zone()):%H:%M}"


def day_of(window: Assignment) -> dt.date:
    """The day on which a window begins, by the fleet's clocks: a night belongs to its evening."""
    return window.start.astimezone(fleet_zone()).date()


def _now(scope: Scope, series: Series, days: Days) -> Sequence[tuple[Assignment, str]]:
    """The windows of a series on these days as flinkey says them now, with their lifetimes; each with its label."""
    names = [lists.window(row.flinkey_id) for row in series_windows.live(scope, series) if days(day_of(row.record()))]
    reading.read_now(scope, names)
    found = [row.record() for row in series_windows.live(scope, series)]
    found = [window for window in found if days(day_of(window))]
    cars = names_of(scope, Kind.CARS, {window.car_id for window in found if window.car_id})
    people = names_of(scope, Kind.USERS, {window.user_id for window in found if window.user_id})
    return [
        (window, f"{called(window.user_id, people)[0]} → {' · '.join(filter(None, called(window.car_id, cars)))}")
        for window in found
    ]
