"""Hands a window over to another person, or gives its person another car: two windows as one change.

The second step waits until flinkey has confirmed the first: at a hand-over the car is free before the next one gets it,
at a swap the other car is there before the old one goes. Undone, they go the other way round.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.assignments import changing, questions
from flinkey_admin.assignments.called import names
from flinkey_admin.assignments.conflicts import Span
from flinkey_admin.assignments.questions import Wanted
from flinkey_admin.flinkey.fields import optional_written, written
from flinkey_admin.flinkey.records import Assignment, chosen_seconds
from flinkey_admin.mirror import queries
from flinkey_admin.operations import journal, windows
from flinkey_admin.operations import services as operations
from flinkey_admin.operations.journal import Planned
from flinkey_admin.operations.models import HAND_OVER, SWAP, Operation, Verb

WINDOWS = "windows"


@dataclass(frozen=True)
class Wish:
    """What a valid form asks for. `said`: the marks of what got a yes."""

    nonce: uuid.UUID
    said: Sequence[str]


def hand_over(scope: Scope, window: Assignment, user: int, at: dt.datetime, wish: Wish) -> Operation:
    """The plan: the window ends at that moment, and another person has the car from then until its old end.

    At its start or before, it becomes that person's as a whole. Raises Twin, CarGone, Asks, WindowBusy, and the
    client's errors.
    """
    assert window.car_id is not None  # noqa: S101 - without a car there is no such form
    now, span = timezone.now(), Span(max(at, window.start), window.end)
    old, new = (names(scope, window.car_id, person) for person in (window.user_id, user))
    creation = _creation(scope, window, window.car_id, user, span, wish)
    if at <= window.start:
        steps = [windows.change(window, _label(new), {"user_id": user}, kind=WINDOWS)]
    else:
        ending = windows.change(window, _label(old), {"end": written(at)}, kind=WINDOWS)
        steps = [ending, replace(creation, after=0)]
    until = changing.may_hold_key(window)
    facts = _facts(HAND_OVER, window, old, span) | {"next": new["user"], "next_id": user}
    return _plan(scope, facts, steps, wish, until if until and until > max(at, now) else None)


def swap(scope: Scope, window: Assignment, car: int, wish: Wish) -> Operation:
    """The plan: the same person gets another car for what is left of the time, then the old car's window goes.

    It is removed if it has not begun, and else ends now. Raises Twin, CarGone, Asks, WindowBusy, and the client's
    errors.
    """
    now = timezone.now().replace(microsecond=0)
    old, new = (names(scope, one, window.user_id) for one in (window.car_id, car))
    span = Span(max(now.replace(second=0), window.start), window.end)
    ending = windows.end_by(window, _label(old), now, now, kind=WINDOWS)
    steps = [_creation(scope, window, car, window.user_id, span, wish), replace(ending, after=0)]
    facts = _facts(SWAP, window, old, span) | {"next": new["car"], "next_id": car}
    if window.start <= now:
        facts["notes"] = [_("The old car's access ends once the other one is confirmed.")]
    return _plan(scope, facts, steps, wish, changing.may_hold_key(window))


def _creation(scope: Scope, window: Assignment, car: int, user: int | None, span: Span, wish: Wish) -> Planned:
    """The step of the new window, which works as long without internet as the old one; asked about where need be."""
    changing.read_car(scope, car)
    there = [row.record() for row in queries.windows(scope).filter(car_id=car)]
    if any((one.user_id, one.start, one.end) == (user, span.start, span.end) for one in there):
        raise changing.Twin
    questions.require(scope, Wanted(car, user, span.start, span.end), wish.said, window)
    lifetime, renewal = chosen_seconds(window.lifetime, window.renewable_after)
    chosen = {"lifetime": lifetime, "renewable_after": renewal}
    return Planned(
        Verb.CREATE_WINDOW,
        _label(names(scope, car, user)),
        kind=WINDOWS,
        car_id=car,
        user_id=user,
        args={
            "start": written(span.start),
            "end": optional_written(span.end),
            **{name: value for name, value in chosen.items() if value is not None},
        },
        before={"ids": [one.id for one in there]},
        inverse={"verb": Verb.DELETE_WINDOW},
    )


def _label(called: dict[str, str]) -> str:
    return f"{called['user']} → {called['car']}"


def _facts(act: str, window: Assignment, called: dict[str, str], span: Span) -> dict[str, Any]:
    """What the title and the review say. `span`: the time that goes to somebody or something else."""
    ids = {"car_id": window.car_id, "user_id": window.user_id, "window_id": window.id}
    return {"act": act, **called, **ids, "start": written(span.start), "end": optional_written(span.end)}


def _plan(
    scope: Scope, facts: dict[str, Any], steps: list[Planned], wish: Wish, key_until: dt.datetime | None
) -> Operation:
    if again := operations.by_nonce(scope, wish.nonce, **facts):
        return again
    journal.require_free(scope.customer.pk, steps)
    facts |= {"key_until": written(key_until)} if key_until else {}
    return journal.plan(scope, Operation.Kind.CHANGE_ACCESS, facts, steps, nonce=wish.nonce)
