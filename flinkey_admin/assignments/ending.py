"""Ends all access at once: that of a person who leaves, or that to a car which goes to the workshop."""

from typing import Any

from django.http import Http404
from django.utils import timezone

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.assignments import services
from flinkey_admin.assignments.called import called, names_of
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import lists, queries, reading
from flinkey_admin.operations import endings, journal
from flinkey_admin.operations.models import Operation
from flinkey_admin.web.names import label_of
from flinkey_admin.web.sentences import MISSING

OTHER = {Kind.CARS: Kind.USERS, Kind.USERS: Kind.CARS}
WINDOWS = {Kind.CARS: lists.car_windows, Kind.USERS: lists.user_windows}


class NothingToEnd(Exception):
    """All of it is over."""


def plan(scope: Scope, kind: Kind, thing_id: int) -> Operation:
    """Plans the end of each window of a car or a user that is not over, by what flinkey says now.

    Its steps are made at the yes, by what flinkey says then. Raises NothingToEnd, Http404, and the client's errors.
    """
    services.open_form(scope)
    thing = queries.things(kind, scope).filter(flinkey_id=thing_id).first()
    if thing is None:
        raise Http404(str(MISSING[kind.singular]))
    reading.read_now(scope, [WINDOWS[kind](thing_id)])
    word, label = kind.singular, label_of(thing.record())
    found = _found(scope, kind, thing_id, label)
    if not found:
        raise NothingToEnd
    facts = {"act": "end-all", word: label, f"{word}_id": thing_id, "count": len(found)}
    return journal.plan(scope, Operation.Kind.END_ACCESS, facts | endings.facts(found, at_once=True), [])


def _found(scope: Scope, kind: Kind, thing_id: int, label: str) -> list[dict[str, Any]]:
    """The windows as a plan keeps them, in order of their start."""
    other = OTHER[kind]
    rows = queries.windows(scope).filter(queries.not_over(timezone.now()), **{f"{kind.singular}_id": thing_id})
    windows = list(rows.order_by("start", "flinkey_id"))
    known = names_of(scope, other, {number for row in windows if (number := getattr(row, f"{other.singular}_id"))})
    found = []
    for row in windows:
        name = " · ".join(filter(None, called(getattr(row, f"{other.singular}_id"), known)))
        sides = (label, name) if kind == Kind.USERS else (name, label)
        found.append(
            {
                "kind": str(kind),
                "thing": thing_id,
                "label": label,
                "other": name,
                "access": " → ".join(sides),
                "after": None,
                **endings.window_facts(row),
            }
        )
    return found
