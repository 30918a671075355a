"""Gives, changes and ends access, each as an operation of the journal."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.assignments import keys, questions, residual
from flinkey_admin.assignments.questions import Wanted
from flinkey_admin.flinkey.fields import instant, optional_written, written
from flinkey_admin.flinkey.records import Assignment, chosen_seconds
from flinkey_admin.mirror import lists, queries, reading
from flinkey_admin.mirror.models import Car
from flinkey_admin.operations import journal
from flinkey_admin.operations import services as operations
from flinkey_admin.operations.journal import WindowBusy
from flinkey_admin.operations.models import Operation, Step, Verb
from flinkey_admin.operations.windows import as_kept, change, removal


class Twin(Exception):
    """Exactly this window is there already."""


class CarGone(Exception):
    """flinkey no longer knows the car."""


def give_access(
    scope: Scope, data: dict[str, Any], called: dict[str, str], nonce: uuid.UUID, said: Sequence[str] = ()
) -> Operation:
    """Creates a window from the cleaned form; `said`: the marks of what got a yes.

    Raises Twin, CarGone, Asks, WindowBusy. flinkey checks nothing of this at once and repeats nothing, so all of it is
    looked for here.
    """
    read_car(scope, data["car"])
    there = [row.record() for row in queries.windows(scope).filter(car_id=data["car"])]
    times = {"start": written(data["start"]), "end": optional_written(data["end"])}
    sides = {"car_id": data["car"], "user_id": data["user"]}
    key = f"create {scope.customer.pk} {data['car']} {data['user']} {times['start']} {times['end']}"
    spans = {name: data[name] for name in ("lifetime", "renewable_after") if data[name] is not None}
    step = journal.Planned(
        Verb.CREATE_WINDOW,
        f"{called['user']} → {called['car']}",
        **sides,
        args=times | spans,
        before={"ids": [window.id for window in there]},
        inverse={"verb": Verb.DELETE_WINDOW},
        open_key=key,
    )
    with questions.alone(scope):
        if not _is_under_way(scope, key, nonce) and operations.by_nonce(scope, nonce, **times, **sides) is None:
            if any((w.user_id, w.start, w.end) == (data["user"], data["start"], data["end"]) for w in there):
                raise Twin
            questions.require(scope, Wanted(**sides, start=data["start"], end=data["end"]), said)
        operation = journal.plan(scope, Operation.Kind.GIVE_ACCESS, {**called, **times, **sides}, [step], nonce=nonce)
    return operations.run_form(scope, operation)


def _is_under_way(scope: Scope, open_key: str, nonce: uuid.UUID) -> bool:
    """Whether this very form is at it already. Raises WindowBusy when another one is.

    That comes before all questions: whoever is told that somebody else is at it need not answer any.
    """
    step = scoped(Step.objects.all(), scope).filter(open_key=open_key).first()
    if step and step.operation.nonce != nonce:
        raise WindowBusy(step.operation)
    return step is not None


def read_car(scope: Scope, car_id: int) -> None:
    """Has flinkey say now which windows a car has. Raises CarGone."""
    name = lists.car_windows(car_id)
    reading.read_now(scope, [name])
    known = scoped(Car.objects.all(), scope).filter(flinkey_id=car_id).first()
    if name not in reading.sizes(scope.customer, [name]) or (known and known.ended_at):
        raise CarGone


def _times(args: dict[str, Any]) -> dict[str, Any]:
    return {"start": args["start"], "end": args["end"]}


def differences(window: Assignment, data: dict[str, Any]) -> dict[str, Any]:
    """What the cleaned form changes of a window, as the arguments of the call; the default lifetime is None."""
    lifetime, renewal = chosen_seconds(window.lifetime, window.renewable_after)
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
    scope: Scope,
    window: Assignment,
    changed: dict[str, Any],
    called: dict[str, str],
    nonce: uuid.UUID,
    said: Sequence[str] = (),
) -> Operation:
    """Changes a window; `said`: the marks of what got a yes. Raises CarGone, Asks, WindowBusy."""
    wanted = _wanted(window, changed)
    key = _open_key(scope, window)
    if not _is_under_way(scope, key, nonce) and wanted.car_id and questions.may_meet_others(wanted, window):
        read_car(scope, wanted.car_id)
    before = as_kept(window)
    step = change(window, f"{called['user']} → {called['car']}", changed, open_key=key)
    facts = {**called, **_times({**before, **changed}), "car_id": window.car_id, "user_id": window.user_id}
    if keys.takes_away(before, changed) and (until := may_hold_key(window)):
        facts["key_until"] = written(until)
    with questions.alone(scope):
        if not _is_under_way(scope, key, nonce):
            questions.require(scope, wanted, said, window)
        operation = journal.plan(scope, Operation.Kind.CHANGE_ACCESS, facts, [step], nonce=nonce)
    return operations.run_form(scope, operation)


def _wanted(window: Assignment, changed: dict[str, Any]) -> Wanted:
    """What becomes of a window."""
    start, end = (instant(changed[name]) if changed.get(name) else None for name in ("start", "end"))
    return Wanted(
        changed.get("car_id", window.car_id),
        changed.get("user_id", window.user_id),
        start or window.start,
        end if "end" in changed else window.end,
    )


def end_access(scope: Scope, window: Assignment, called: dict[str, str], nonce: uuid.UUID) -> Operation:
    """Deletes a window. Raises WindowBusy while another change of it is open."""
    step = removal(window, f"{called['user']} → {called['car']}", open_key=_open_key(scope, window))
    facts = {
        **called,
        **_times(as_kept(window)),
        "car_id": window.car_id,
        "user_id": window.user_id,
    }
    if until := may_hold_key(window):
        facts["key_until"] = written(until)
    operation = journal.plan(scope, Operation.Kind.END_ACCESS, facts, [step], nonce=nonce)
    return operations.run_form(scope, operation)


def may_hold_key(window: Assignment) -> dt.datetime | None:
    """Until when a phone may still hold a key for a window that is taken away now; None when it cannot have one."""
    return residual.until(window.end, timezone.now(), window.lifetime)


def _open_key(scope: Scope, window: Assignment) -> str:
    return f"window {scope.customer.pk} {window.id}"
