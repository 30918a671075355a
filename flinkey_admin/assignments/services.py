"""Windows: what flinkey has, what is under way, and new changes of them."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from flinkey_admin.accounts.scoping import Scope, require_client, scoped
from flinkey_admin.assignments import windows
from flinkey_admin.flinkey.fields import instant, optional_written, written
from flinkey_admin.flinkey.records import Assignment, Car, User
from flinkey_admin.operations import confirmation, journal
from flinkey_admin.operations import services as operations
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.upstream import in_parallel
from flinkey_admin.web.names import Thing, name_of, second_of
from flinkey_admin.web.sentences import LOST_WINDOW

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
    """The windows of a car or a user."""

    rows: list[WindowRow]
    live: bool  # something is under way, so the page looks again
    seen: str  # changes when what is under way does


def panel(scope: Scope, seen: str | None, *, car_id: int | None = None, user_id: int | None = None) -> Panel | None:
    """The windows of one car or one user with what is under way; None when that is as it was at `seen`.

    Raises NotFound for a car or a user flinkey does not know.
    """
    where = {"car_id": car_id} if car_id is not None else {"user_id": user_id or 0}
    confirmation.check_overdue(scope, confirmation.open_steps(scope, **where))
    steps = confirmation.open_steps(scope, **where)
    mark = "-".join(f"{step.pk}.{step.state}.{int(confirmation.is_late(step))}" for step in steps)
    if seen is not None and seen == mark:
        return None
    failed = _recently_failed(scope, where)
    found, things = _read(scope, car_id, user_id)
    known = {thing.id: thing for thing in things}
    rows = _rows(found, [*steps, *failed], known, on_car=car_id is not None)
    return Panel(rows, bool(steps), mark)


def _recently_failed(scope: Scope, where: dict[str, int]) -> list[Step]:
    rows = scoped(Step.objects.all(), scope).filter(
        verb=Verb.CREATE_WINDOW, state=State.REFUSED, settled_at__gt=timezone.now() - RECENT, **where
    )
    return list(rows.exclude(reason="given-up").order_by("pk"))


def _read(
    scope: Scope, car_id: int | None, user_id: int | None
) -> tuple[list[Assignment], Sequence[Car] | Sequence[User]]:
    flinkey = require_client(scope)
    if car_id is not None:
        found, users = in_parallel([lambda: flinkey.cars.assignments(car_id), flinkey.users.list])
        return found, users
    found, cars = in_parallel([lambda: flinkey.users.assignments(user_id or 0), flinkey.cars.list])
    return found, cars


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
    start, end = instant(step.args["start"]), instant(step.args["end"]) if step.args["end"] else None
    other = step.user_id if on_car else step.car_id
    return WindowRow(
        None,
        *_called(other, known),
        other,
        start,
        end,
        windows.phase(start, end, now),
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


def read_form(scope: Scope) -> tuple[list[Car], list[User]]:
    """Everybody and every car of the customer, to choose from."""
    flinkey = require_client(scope)
    cars, users = in_parallel([flinkey.cars.list, flinkey.users.list])
    return cars, users


def read_window(scope: Scope, window_id: int) -> tuple[Assignment, list[Car], list[User]]:
    """One window with its lifetime and renewal, and what its form chooses from. Raises NotFound."""
    flinkey = require_client(scope)
    window, cars, users = in_parallel(
        [lambda: flinkey.assignments.get(window_id), flinkey.cars.list, flinkey.users.list]
    )
    return window, cars, users


def names(car_id: int | None, user_id: int | None, cars: Sequence[Car], users: Sequence[User]) -> dict[str, str]:
    """The two sides of a window as its change will be called, and the person's e-mail address."""
    user, email = _called(user_id, {user.id: user for user in users})
    car = " · ".join(filter(None, _called(car_id, {car.id: car for car in cars})))
    return {"car": car, "user": user, "email": email}


def give_access(scope: Scope, data: dict[str, Any], called: dict[str, str], nonce: uuid.UUID) -> Operation:
    """Creates a window from the cleaned form. Raises Twin, WindowBusy; NotFound for a car that is gone.

    flinkey checks nothing of this at once and repeats nothing, so the twin is looked for here.
    """
    flinkey = require_client(scope)
    there = flinkey.cars.assignments(data["car"])
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
