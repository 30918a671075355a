"""The steps that change or remove a window, and what they keep of it so that it can be restored."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from flinkey_admin.flinkey.fields import optional_written, written
from flinkey_admin.flinkey.records import Assignment
from flinkey_admin.operations.journal import Planned
from flinkey_admin.operations.models import Verb


def as_kept(window: Assignment) -> dict[str, Any]:
    """All of a window in the form in which the journal keeps it."""
    return {
        "car_id": window.car_id,
        "user_id": window.user_id,
        "start": written(window.start),
        "end": optional_written(window.end),
        "lifetime": window.lifetime,
        "renewable_after": window.renewable_after,
    }


def change(window: Assignment, label: str, args: dict[str, Any], **more: Any) -> Planned:
    """Gives a window other values; `args` as the call takes them, `more`: whatever else the step says.

    What was nobody's, or of no car, cannot be so again: flinkey takes no such change.
    """
    before = as_kept(window)
    was = {name: before[name] for name in args}
    is_final = any(name in was and was[name] is None for name in ("car_id", "user_id"))
    inverse = None if is_final else {"verb": Verb.CHANGE_WINDOW, "args": was}
    return _step(Verb.CHANGE_WINDOW, window, label, args=args, before=before, inverse=inverse, **more)


def removal(window: Assignment, label: str, **more: Any) -> Planned:
    """Deletes a window. Taken back, it comes as a new one with the same values."""
    before = as_kept(window)
    inverse = {"verb": Verb.CREATE_WINDOW, "args": before}
    return _step(Verb.DELETE_WINDOW, window, label, before=before, inverse=inverse, **more)


def end_by(window: Assignment, label: str, end: dt.datetime, now: dt.datetime, **more: Any) -> Planned:
    """Ends a window at that moment; one that has not begun by now, or would not before `end`, is removed."""
    if window.start > now or window.start >= end:
        return removal(window, label, **more)
    return change(window, label, {"end": written(end)}, **more)


def key_facts(keys: Iterable[tuple[int | None, dt.datetime]], after: dt.datetime) -> dict[str, Any]:
    """What a change keeps of the keys that phones may hold longer than `after`; each is whose it is, and until when."""
    longer = {(user, until) for user, until in keys if until > after}
    if not longer:
        return {}
    many = len({user for user, _until in longer}) > 1
    return {"key_until": written(max(until for _user, until in longer)), "key_many": many}


def _step(verb: Verb, window: Assignment, label: str, **facts: Any) -> Planned:
    return Planned(verb, label, car_id=window.car_id, user_id=window.user_id, window_id=window.id, **facts)
