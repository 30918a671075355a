"""Windows: what the copy has, what is under way, and new changes of them."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.assignments import windows
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.fields import instant, optional_written, written
from flinkey_admin.flinkey.records import Assignment
from flinkey_admin.mirror import lists, queries, reading
from flinkey_admin.mirror.models import THINGS, Car, Window
from flinkey_admin.operations import confirmation, journal
from flinkey_admin.operations import services as operations
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.web.names import Thing, name_of, second_of
from flinkey_admin.web.sentences import LOST_WINDOW, MISSING

RECENT = dt.timedelta(days=1)  # for so long a refusal stays on the page where it was asked for


@dataclass(frozen=True)
class WindowRow:
    """A window as a page shows it. `label` is the other side: the person on a car's page, the car on a person's."""

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


@dataclass(frozen=True)
class Panel:
    """The windows of a car or a user. `live`: something is under way, so the page looks again soon."""

    rows: list[WindowRow]
    live: bool


def panel(scope: Scope, *, car_id: int | None = None, user_id: int | None = None, look: bool = False) -> Panel:
    """The windows of one car or one user as the copy has them, with what is under way.

    `look`: asks flinkey first about what is due to be confirmed, so that a page's news does not hang on the worker.
    """
    where = {"car_id": car_id} if car_id is not None else {"user_id": user_id or 0}
    changes = _changes(scope, where)
    if look and any(step.settled_at is None for step in changes):
        confirmation.check_overdue(scope, [step for step in changes if step.settled_at is None])
        changes = _changes(scope, where)
    found = [row.record() for row in queries.windows(scope).filter(**where)]
    on_car = car_id is not None
    others = {window.user_id if on_car else window.car_id for window in found}
    others |= {step.user_id if on_car else step.car_id for step in changes}
    known = names_of(scope, Kind.USERS if on_car else Kind.CARS, {one for one in others if one is not None})
    return Panel(_rows(found, changes, known, on_car=on_car), any(step.settled_at is None for step in changes))


def names_of(scope: Scope, kind: Kind, ids: Iterable[int]) -> dict[int, Thing]:
    """Cars or users by their ids, also such that flinkey no longer has: a window may outlive them."""
    model: Any = THINGS[kind]
    rows = scoped(model.objects.all(), scope).filter(flinkey_id__in=list(ids))
    return {row.flinkey_id: row.record() for row in rows}


def _changes(scope: Scope, where: dict[str, int]) -> list[Step]:
    """What is under way, and what was refused so recently that it stands where it was asked for."""
    return confirmation.window_steps(scope, refused_since=timezone.now() - RECENT, **where)


def _rows(
    found: Sequence[Assignment], steps: Sequence[Step], known: Mapping[int, Thing], *, on_car: bool
) -> list[WindowRow]:
    now = timezone.now()
    changing = {step.window_id: step for step in steps if step.window_id and step.settled_at is None}
    rows = []
    for window in found:
        other = window.user_id if on_car else window.car_id
        step = changing.get(window.id)
        rows.append(
            WindowRow(
                window.id,
                *_called(other, known),
                other,
                window.start,
                window.end,
                windows.phase(window.start, window.end, now),
                state_of(step) if step else "confirmed",
                note_of(step) if step else "",
                step.operation_id if step else None,
            )
        )
    rows += [_new_row(step, known, now, on_car=on_car) for step in steps if step.verb == Verb.CREATE_WINDOW]
    return sorted(rows, key=_order)


def _called(thing_id: int | None, known: Mapping[int, Thing]) -> tuple[str, str]:
    """A thing's name, and what tells it from its namesakes."""
    if thing_id is None:
        return _("not said by flinkey"), ""
    thing = known.get(thing_id)
    return (name_of(thing), second_of(thing)) if thing else (_("no longer known (%(id)s)") % {"id": thing_id}, "")


def _new_row(step: Step, known: Mapping[int, Thing], now: dt.datetime, *, on_car: bool) -> WindowRow:
    times = step.times()
    other = step.user_id if on_car else step.car_id
    return WindowRow(
        None,
        *_called(other, known),
        other,
        *times,
        windows.phase(*times, now),
        state_of(step),
        note_of(step),
        step.operation_id,
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
        return operations.reason_text(step)
    if step.verb == Verb.DELETE_WINDOW:
        return _("is being removed")
    if step.state == State.UNKNOWN:
        return str(LOST_WINDOW)
    if step.verb == Verb.CHANGE_WINDOW:
        return _("is being changed")
    return ""


# Changing -----------------------------------------------------------------------------------------------------------


class Twin(Exception):
    """Exactly this window is there already."""


class CarGone(Exception):
    """flinkey no longer knows the car."""


def open_form(scope: Scope) -> None:
    """Sees to it that the copy knows the cars and the people that a form asks for."""
    reading.open_copy(scope, reading.Wanted([lists.CATALOG[Kind.CARS], lists.CATALOG[Kind.USERS]]))


def read_window(scope: Scope, window_id: int, *, now: bool = False) -> Assignment:
    """One window with its lifetime and renewal. `now`: as flinkey says it now, for whoever is about to change it.

    Raises Http404 for one that is gone.
    """
    name = lists.window(window_id)
    if now:
        reading.read_now(scope, [name])
    row = _row_of(scope, window_id)
    if row is None or row.lifetime_read_at is None:
        reading.read_now(scope, [name])
        row = _row_of(scope, window_id)
    if row is None:
        raise Http404(str(MISSING["assignment"]))
    return row.record()


def _row_of(scope: Scope, window_id: int) -> Window | None:
    return queries.windows(scope).filter(flinkey_id=window_id).first()


def names(scope: Scope, car_id: int | None, user_id: int | None) -> dict[str, str]:
    """The two sides of a window as its change will be called, and the person's e-mail address."""
    user, email = _called(user_id, names_of(scope, Kind.USERS, [user_id] if user_id else []))
    car = " · ".join(filter(None, _called(car_id, names_of(scope, Kind.CARS, [car_id] if car_id else []))))
    return {"car": car, "user": user, "email": email}


def give_access(scope: Scope, data: dict[str, Any], called: dict[str, str], nonce: uuid.UUID) -> Operation:
    """Creates a window from the cleaned form. Raises Twin, CarGone, WindowBusy.

    flinkey checks nothing of this at once and repeats nothing, so the twin is looked for here.
    """
    name = lists.car_windows(data["car"])
    reading.read_now(scope, [name])
    known = scoped(Car.objects.all(), scope).filter(flinkey_id=data["car"]).first()
    if name not in reading.sizes(scope.customer, [name]) or (known and known.ended_at):
        raise CarGone
    there = [row.record() for row in queries.windows(scope).filter(car_id=data["car"])]
    wanted = (data["user"], data["start"], data["end"])
    repeated = operations.by_nonce(scope, nonce)
    if repeated is None and any((w.user_id, w.start, w.end) == wanted for w in there):
        raise Twin
    args = {"start": written(data["start"]), "end": optional_written(data["end"])}
    args |= {name: data[name] for name in ("lifetime", "renewable_after") if data[name] is not None}
    step = journal.Planned(
        Verb.CREATE_WINDOW,
        f"{called['user']} → {called['car']}",
        car_id=data["car"],
        user_id=data["user"],
        args=args,
        before={"ids": [window.id for window in there]},
        inverse={"verb": Verb.DELETE_WINDOW},
        open_key=f"create {scope.customer.pk} {data['car']} {data['user']} {args['start']} {args['end']}",
    )
    facts = {**called, **_times(args), "car_id": data["car"], "user_id": data["user"]}
    operation = journal.plan(scope, Operation.Kind.GIVE_ACCESS, facts, [step], nonce=nonce)
    return operations.run_form(scope, operation)


def _times(args: dict[str, Any]) -> dict[str, Any]:
    return {"start": args["start"], "end": args["end"]}


def differences(window: Assignment, data: dict[str, Any]) -> dict[str, Any]:
    """What the cleaned form changes of a window, as the arguments of the call; the default lifetime is None."""
    lifetime = None if window.lifetime in {None, windows.DEFAULT_LIFETIME} else window.lifetime
    half = (window.lifetime or windows.DEFAULT_LIFETIME) // 2
    renewal = None if window.renewable_after in {None, half} else window.renewable_after
    pairs = {
        "car_id": (window.car_id, data["car"]),
        "user_id": (window.user_id, data["user"]),
        "start": (written(window.start), written(data["start"])),
        "end": (optional_written(window.end), optional_written(data["end"])),
        "lifetime": (lifetime, data["lifetime"]),
        "renewable_after": (renewal, data["renewable_after"]),
    }
    changed = {name: after for name, (before, after) in pairs.items() if before != after}
    if "lifetime" in changed and "renewable_after" not in changed:
        # flinkey would keep the old renewal, which a shorter lifetime may not have.
        changed["renewable_after"] = data["renewable_after"]
    return changed


def change_access(
    scope: Scope, window: Assignment, changed: dict[str, Any], called: dict[str, str], nonce: uuid.UUID
) -> Operation:
    """Changes a window. Raises WindowBusy while another change of it is open."""
    before = _before(window)
    step = journal.Planned(
        Verb.CHANGE_WINDOW,
        f"{called['user']} → {called['car']}",
        car_id=window.car_id,
        user_id=window.user_id,
        window_id=window.id,
        args=changed,
        before=before,
        inverse={"verb": Verb.CHANGE_WINDOW, "args": {name: before[name] for name in changed}},
        open_key=_open_key(scope, window),
    )
    facts = {**called, **_times({**before, **changed}), "car_id": window.car_id, "user_id": window.user_id}
    if _takes_away(window, changed) and (until := may_hold_key(window)):
        facts["key_until"] = written(until)
    operation = journal.plan(scope, Operation.Kind.CHANGE_ACCESS, facts, [step], nonce=nonce)
    return operations.run_form(scope, operation)


def _takes_away(window: Assignment, changed: dict[str, Any]) -> bool:
    """Whether somebody loses access that the phone may have a key for: another car, person or start, an earlier end."""
    start, end = changed.get("start"), changed.get("end")
    earlier = end is not None and (window.end is None or instant(end) < window.end)
    later = start is not None and instant(start) > window.start
    return earlier or later or not changed.keys().isdisjoint({"car_id", "user_id"})


def end_access(scope: Scope, window: Assignment, called: dict[str, str], nonce: uuid.UUID) -> Operation:
    """Deletes a window. Raises WindowBusy while another change of it is open."""
    step = journal.Planned(
        Verb.DELETE_WINDOW,
        f"{called['user']} → {called['car']}",
        car_id=window.car_id,
        user_id=window.user_id,
        window_id=window.id,
        before=_before(window),
        inverse={"verb": Verb.CREATE_WINDOW, "args": _before(window)},
        open_key=_open_key(scope, window),
    )
    facts = {
        **called,
        **_times(_before(window)),
        "car_id": window.car_id,
        "user_id": window.user_id,
    }
    if until := may_hold_key(window):
        facts["key_until"] = written(until)
    operation = journal.plan(scope, Operation.Kind.END_ACCESS, facts, [step], nonce=nonce)
    return operations.run_form(scope, operation)


def may_hold_key(window: Assignment) -> dt.datetime | None:
    """Until when a phone may still hold a key for a window that is taken away now; None when it cannot have one."""
    now = timezone.now()
    if windows.phase(window.start, window.end, now) == "past":
        return None
    return windows.key_until(window.end, window.lifetime, now)


def _before(window: Assignment) -> dict[str, Any]:
    return {
        "car_id": window.car_id,
        "user_id": window.user_id,
        "start": written(window.start),
        "end": optional_written(window.end),
        "lifetime": window.lifetime,
        "renewable_after": window.renewable_after,
    }


def _open_key(scope: Scope, window: Assignment) -> str:
    return f"window {scope.customer.pk} {window.id}"
