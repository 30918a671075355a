"""Plans what is done with a series: gives its windows, and later ends, changes or adds some of them.

Each is one operation with a review; the windows of a series are those that its operations have made.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.assignments import questions, series, sharing
from flinkey_admin.assignments.called import called, names_of
from flinkey_admin.assignments.conflicts import Span, overlap
from flinkey_admin.assignments.models import Series
from flinkey_admin.assignments.series import Rule, Slot
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.fields import written
from flinkey_admin.mirror import lists, reading
from flinkey_admin.mirror.models import Car
from flinkey_admin.operations import journal
from flinkey_admin.operations import services as operations
from flinkey_admin.operations.journal import Planned
from flinkey_admin.operations.models import Operation, Verb
from flinkey_admin.web.templatetags.times import moment

SKIP, GIVE = "skip", "give"  # what becomes of a window of which the car is somebody else's then


class Nothing(Exception):
    """No window is left; `left_out` says of each why."""

    def __init__(self, left_out: list[str]) -> None:
        super().__init__()
        self.left_out = left_out


@dataclass
class Draft:
    """The steps of a plan, what is left out of it and why, and what its review says besides."""

    steps: list[Planned] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """What the plan keeps of it. Raises Nothing."""
        if not self.steps:
            raise Nothing(self.left_out)
        facts = {"kind": "windows", "count": len(self.steps), "left_out": self.left_out, "notes": self.notes}
        return {name: value for name, value in facts.items() if value}


@dataclass(frozen=True)
class Wish:
    """What somebody asks for: the cleaned form. `groups`: the names of the groups that stand for people or cars."""

    name: str
    rule: Rule
    cars: tuple[int, ...]
    users: tuple[int, ...]
    clash: str
    groups: tuple[tuple[Kind, str, int], ...] = ()


def fleet_zone() -> ZoneInfo:
    """The zone whose clocks a series goes by."""
    return ZoneInfo(settings.TIME_ZONE)


def give(scope: Scope, wish: Wish, nonce: uuid.UUID) -> Operation:
    """The plan of a new series. Raises Nothing, and the client's errors."""
    draft = _windows(scope, series.expand(wish.rule, fleet_zone()), wish.cars, wish.users, wish.clash)
    draft.notes = [*_frozen(wish), *draft.notes]
    facts = {"series": wish.name, **draft.facts()}
    if again := operations.by_nonce(scope, nonce, **facts):
        return again
    with transaction.atomic():
        forgotten = scoped(Series.objects.all(), scope).filter(operations=None)
        forgotten.delete()  # no plan of theirs is left
        made = Series.objects.create(
            customer=scope.customer,
            person=scope.person,
            name=wish.name,
            rule=wish.rule.kept(),
            cars=wish.cars,
            users=wish.users,
        )
        return plan(made, scope, Operation.Kind.GIVE_ACCESS, facts, draft.steps, nonce)


def plan(
    of: Series,
    scope: Scope,
    kind: Operation.Kind,
    facts: dict[str, Any],
    steps: Sequence[Planned],
    nonce: uuid.UUID,
) -> Operation:
    """A plan that belongs to the series from now on."""
    facts = {"series": of.name, "series_id": of.pk, **facts}
    operation = journal.plan(scope, kind, facts, steps, nonce=nonce)
    of.operations.add(operation)
    return operation


def _frozen(wish: Wish) -> list[str]:
    """A group is not in the series: only who or what is in it now."""
    words = {
        Kind.USERS: _("Everyone in %(group)s: the %(people)s who are in it now. Who joins or leaves later counts not."),
        Kind.CARS: _(
            "All cars of %(group)s: the %(people)s that are in it now. What joins or leaves later counts not."
        ),
    }
    numbers = {
        Kind.USERS: lambda count: ngettext("%(count)s person", "%(count)s people", count),
        Kind.CARS: lambda count: ngettext("%(count)s car", "%(count)s cars", count),
    }
    return [
        words[kind] % {"group": name, "people": numbers[kind](count) % {"count": count}}
        for kind, name, count in wish.groups
    ]


# New windows --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Taken:
    """The windows that a car has already, and whether several people may have it at once."""

    others: Sequence[tuple[int | None, int | None, Span]]
    is_shared: bool
    is_gone: bool


def _windows(scope: Scope, slots: Sequence[Slot], cars: Sequence[int], users: Sequence[int], clash: str) -> Draft:
    """A window for each slot, car and person; what the cars have at the same time is left out, unless `clash` gives."""
    draft, now = Draft(), timezone.now()
    coming = [slot for slot in slots if slot.end > now]
    draft.notes = _clock_notes(coming, len(slots) - len(coming))
    taken = _taken(scope, cars)
    people = names_of(scope, Kind.USERS, users)
    known = names_of(scope, Kind.CARS, cars)
    holders = names_of(scope, Kind.USERS, {user for one in taken.values() for _id, user, _span in one.others if user})
    for car in cars:
        if taken[car].is_gone:
            draft.left_out.append(_("%(car)s: flinkey no longer has it") % {"car": _car(car, known)})
    for slot in coming:
        for car in (one for one in cars if not taken[one].is_gone):
            meets = [other for other in taken[car].others if overlap(slot.span, other[2])]
            for user in users:
                label = f"{called(user, people)[0]} → {_car(car, known)}"
                if why := _why_not(slot, user, meets, clash, is_shared=taken[car].is_shared):
                    when = f"{label}, {moment(slot.start)}"
                    draft.left_out.append(f"{when}: {why % {'person': called(meets[0][1], holders)[0]}}")
                else:
                    draft.steps.append(_creation(slot, label, car, user, meets))
    return draft


def _car(car_id: int, known: Any) -> str:
    return " · ".join(filter(None, called(car_id, known)))


def _why_not(
    slot: Slot, user: int, meets: Sequence[tuple[int | None, int | None, Span]], clash: str, *, is_shared: bool
) -> str:
    """Why a window is left out; nothing when it is given."""
    if any(who == user and span == slot.span for _id, who, span in meets):
        return _("this person has exactly this access already")
    if clash == GIVE or not meets or (is_shared and all(who != user for _id, who, _span in meets)):
        return ""
    return _("%(person)s may open it then")


def _creation(
    slot: Slot, label: str, car: int, user: int, meets: Iterable[tuple[int | None, int | None, Span]]
) -> Planned:
    return Planned(
        Verb.CREATE_WINDOW,
        label,
        kind="windows",
        car_id=car,
        user_id=user,
        args={"start": written(slot.start), "end": written(slot.end)},
        before={"ids": [number for number, who, span in meets if number and (who, span) == (user, slot.span)]},
        inverse={"verb": Verb.DELETE_WINDOW},
    )


def _taken(scope: Scope, cars: Collection[int]) -> dict[int, Taken]:
    """What the cars have, as flinkey says it now."""
    names = {car: lists.car_windows(car) for car in cars}
    reading.read_now(scope, list(names.values()))
    there = reading.sizes(scope.customer, list(names.values()))
    gone = set(
        scoped(Car.objects.all(), scope)
        .filter(flinkey_id__in=cars)
        .exclude(ended_at=None)
        .values_list("flinkey_id", flat=True)
    )
    return {
        car: Taken(
            questions.others(scope, car, None),
            sharing.policy(scope, car).is_shared,
            name not in there or car in gone,
        )
        for car, name in names.items()
    }


def _clock_notes(slots: Iterable[Slot], over: int) -> list[str]:
    """What the review says of the clock changes, and of the times that are over."""
    notes = []
    for slot in slots:
        day = {"day": date_format(slot.day, "DATE_FORMAT"), "start": moment(slot.start), "end": moment(slot.end)}
        if slot.moved:
            notes.append(_("%(day)s: the clocks skip one of the times, so it is %(start)s until %(end)s.") % day)
        if slot.twice:
            notes.append(
                _("%(day)s: one of the times comes twice, so it starts with the first and ends with the second.") % day
            )
    if over:
        text = ngettext("%(count)s time is over already.", "%(count)s times are over already.", over)
        notes.append(text % {"count": over})
    return notes
