"""What happened to one thing: our own changes of it, and what others did, in one list."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.fields import instant
from flinkey_admin.operations import titles
from flinkey_admin.operations.models import Operation, Outside, State, Step
from flinkey_admin.web.templatetags.times import moment

LATEST = 30
What = Outside.What
# What flinkey's fields are called, for the sentence that says what changed.
FIELDS: dict[str, str | Promise] = {
    "name": gettext_lazy("Name"),
    "description": gettext_lazy("Description"),
    "vin": gettext_lazy("VIN"),
    "license_plate": gettext_lazy("Plate"),
    "brand": gettext_lazy("Brand"),
    "model": gettext_lazy("Model"),
    "email": gettext_lazy("E-mail"),
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "is_terminated": gettext_lazy("Terminated"),
    "termination_date": gettext_lazy("Terminated on"),
    "termination_cause": gettext_lazy("Cause"),
    "product_id": gettext_lazy("Box"),
    "unique_id": gettext_lazy("Box"),
    "serial_number": gettext_lazy("Serial number"),
    "sap_number": gettext_lazy("SAP number"),
    "type": gettext_lazy("Type"),
    "terminated_at": gettext_lazy("Ends on"),
    "start": gettext_lazy("From"),
    "end": gettext_lazy("Until"),
    "car_id": gettext_lazy("Car"),
    "user_id": gettext_lazy("User"),
}
TIMES = {"start", "end", "termination_date", "terminated_at"}


@dataclass(frozen=True)
class Event:
    """One line of the story. `who`: empty for what was changed elsewhere. `before`, `after`: what differs, in words."""

    at: dt.datetime
    title: str
    who: str = ""
    reason: str = ""
    state: str = ""
    word: str = ""
    before: str = ""
    after: str = ""
    operation_id: int | None = None

    @property
    def is_outside(self) -> bool:
        return not self.operation_id


def story_of(scope: Scope, kind: Kind, thing_id: int) -> list[Event]:
    """The latest that happened to a car, a user, a service or a box, newest first."""
    mine = {Kind.CARS: "car_id", Kind.USERS: "user_id"}.get(kind)
    about = Q(kind=str(kind), thing_id=thing_id) | (Q(**{mine: thing_id}) if mine else Q())
    steps = scoped(Step.objects.all(), scope).filter(about, operation__started_at__isnull=False)
    seen = scoped(Outside.objects.all(), scope).filter(about)
    ours = _operations(steps.select_related("operation__person").order_by("-pk")[: 3 * LATEST])
    events = [*ours, *(outside_event(row) for row in seen.order_by("-seen_at")[:LATEST])]
    return sorted(events, key=lambda event: event.at, reverse=True)[:LATEST]


def story_since(scope: Scope, since: dt.datetime, at_most: int) -> list[Event]:
    """The latest that happened to the whole fleet since then, here and elsewhere, newest first."""
    started, seen = since_then(scope, since)
    ours = started.select_related("person").order_by("-started_at", "-pk")[:at_most]
    events = [*map(own_event, ours), *map(outside_event, seen.order_by("-seen_at", "-pk")[:at_most])]
    return sorted(events, key=lambda event: event.at, reverse=True)[:at_most]


def since_then(scope: Scope, since: dt.datetime) -> tuple["QuerySet[Operation]", "QuerySet[Outside]"]:
    """Our changes that were started since then, and what was seen since then that others have done."""
    started = scoped(Operation.objects.all(), scope).filter(started_at__gte=since)
    return started, scoped(Outside.objects.all(), scope).filter(seen_at__gte=since)


def _operations(steps: Iterable[Step]) -> list[Event]:
    """One line an operation: the two halves of a move are one thing that happened."""
    operations: dict[int, Operation] = {}
    states: dict[int, list[str]] = {}
    for step in steps:
        operations[step.operation_id] = step.operation
        states.setdefault(step.operation_id, []).append(step.state)
    return [own_event(operation, states[number]) for number, operation in operations.items()]


def own_event(operation: Operation, states: Sequence[str] = ()) -> Event:
    """A change of ours as a line. `states`: of the steps that count here; without them that of the whole change."""
    worst = next((one for one in _WORST if one in states), State.CONFIRMED if states else State(operation.state))
    return Event(
        operation.started_at or operation.created_at,
        titles.title(operation),
        who=str(operation.person),
        reason=operation.reason,
        state=worst,
        word=titles.operation_word(operation),
        operation_id=operation.pk,
    )


_WORST = (State.SENT, State.UNKNOWN, State.PLANNED, State.REFUSED, State.ACCEPTED)


def outside_event(row: Outside) -> Event:
    """A change that was made elsewhere, as a line."""
    return Event(row.seen_at, _title(row), before=_words(row.before), after=_words(row.after))


def _title(row: Outside) -> str:
    names = {"thing": row.label, "group": row.group_label}
    if row.kind == "windows":
        words = {
            What.NEW: _("Access given: %(thing)s"),
            What.CHANGED: _("Access changed: %(thing)s"),
            What.GONE: _("Access removed: %(thing)s"),
        }
        return words[What(row.what)] % names
    words = {
        What.NEW: _("%(thing)s is new"),
        What.CHANGED: _("%(thing)s was changed"),
        What.GONE: _("%(thing)s was deleted"),
        What.JOINED: _("%(thing)s came into %(group)s"),
        What.LEFT: _("%(thing)s left %(group)s"),
    }
    return words[What(row.what)] % names


def _words(values: dict[str, Any]) -> str:
    """Values as a person reads them: Plate HH-FK 1234, Until Tue 24 Nov, 18:00."""
    return ", ".join(f"{FIELDS.get(name, name)} {_value(name, value)}" for name, value in values.items())


def _value(name: str, value: Any) -> str:
    if name == "end" and value is None:
        return _("open end")
    if value is None or value == "":
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in TIMES:
        return moment(instant(value)) if name in {"start", "end"} else date_format(instant(value), "SHORT_DATE_FORMAT")
    return str(value)
