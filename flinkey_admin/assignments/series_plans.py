"""Plans what is done with a series: gives its windows, and later ends, changes or adds some of them.

Each is one operation with a review; the windows of a series are those that its operations have made.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
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
from flinkey_admin.flinkey.fields import optional_written, written
from flinkey_admin.mirror import lists, reading
from flinkey_admin.mirror.models import Car
from flinkey_admin.operations import journal
from flinkey_admin.operations import services as operations
from flinkey_admin.operations.journal import Planned
from flinkey_admin.operations.models import Operation, Verb
from flinkey_admin.web.templatetags.times import moment

NAMED = 10  # so many accesses a note names
SKIP, GIVE = "skip", "give"  # what becomes of a window of which the car is somebody else's then


class Nothing(Exception):
    """No window is left; `left_out` says of each why."""

    def __init__(self, left_out: list[str]) -> None:
        super().__init__()
        self.left_out = left_out


@dataclass
class Draft:
    """The steps of a plan, what is left out of it and why, and what its review says besides.

    met: the keys of the windows that some of the steps meet, and may.
    """

    steps: list[Planned] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    met: set[str] = field(default_factory=set)

    def facts(self) -> dict[str, Any]:
        """What the plan keeps of it. Raises Nothing."""
        if not self.steps:
            raise Nothing(self.left_out)
        facts = {"kind": "windows", "count": len(self.steps), "left_out": self.left_out, "notes": self.notes}
        facts |= {"met": sorted(self.met)}
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
    slots = series.expand(wish.rule, fleet_zone())
    draft = windows(scope, [(slot.span, car) for slot in slots for car in wish.cars], wish.users, wish.clash)
    draft.notes = [*frozen(wish.groups), *clock_notes(slots), *draft.notes]
    facts = {"series": wish.name, "clash": wish.clash, **draft.facts()}
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


def frozen(groups: Iterable[tuple[Kind, str, int]]) -> list[str]:
    """Access is not a group's: only theirs who or what is in it now."""
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
        words[kind] % {"group": name, "people": numbers[kind](count) % {"count": count}} for kind, name, count in groups
    ]


# New windows --------------------------------------------------------------------------------------------------------


class Other(NamedTuple):
    """A window that a car has already. `window_id`: None for one that is only asked for."""

    window_id: int | None
    user_id: int | None
    span: Span
    name: str

    def key(self, car_id: int) -> str:
        """Says whose it is, of which car and when; it meets the same times as long as that is so."""
        return f"{car_id} {self.user_id} {written(self.span.start)} {optional_written(self.span.end)}"


@dataclass(frozen=True)
class Taken:
    """The windows that a car has already, and whether several people may have it at once."""

    others: Sequence[Other]
    is_shared: bool
    is_gone: bool

    def meets(self, span: Span, user: int | None, own: Collection[int]) -> list[Other]:
        """Those at the same time; of the windows of the series itself, `own`, only those of this person."""
        return [
            other
            for other in self.others
            if (other.window_id not in own or other.user_id == user) and overlap(span, other.span)
        ]


Place = tuple[Span, int]  # when, and which car


def windows(
    scope: Scope, places: Sequence[Place], users: Sequence[int], clash: str, own: Collection[int] = frozenset()
) -> Draft:
    """A window for each of these times, cars and people, as far as they are not over.

    What a car has at the same time is in the way unless `clash` gives all the same, but for the windows of the series
    itself, `own`, which other people of the series have. Raises the client's errors.
    """
    draft, now = Draft(), timezone.now()
    cars = list(dict.fromkeys(car for _span, car in places))
    taken, known = taken_by(scope, cars), names_of(scope, Kind.CARS, cars)
    people = names_of(scope, Kind.USERS, users)
    coming, both = [(span, car) for span, car in places if span.until > now], list[str]()
    draft.left_out = [
        _("%(car)s: flinkey no longer has it") % {"car": car_name(one, known)} for one in cars if taken[one].is_gone
    ]
    for span, car in coming:
        for user in users if not taken[car].is_gone else ():
            label = f"{called(user, people)[0]} → {car_name(car, known)}"
            meets = taken[car].meets(span, user, own)
            if why := why_not(taken[car], span, user, meets, clash):
                draft.left_out.append(f"{label}, {moment(span.start)}: {why}")
            else:
                draft.steps.append(_creation(span, label, car, user, meets))
                draft.met |= {other.key(car) for other in meets}
                both += [f"{label}, {moment(span.start)} ({meets[0].name})"] if meets else []
    draft.notes = both_notes(both)
    return draft


def both_notes(both: Sequence[str]) -> list[str]:
    """Which of the new windows lie at the time of another one of their car, the first few by name."""
    if not both:
        return []
    text = ngettext(
        "%(count)s access is given though somebody else may open the car at the same time: %(accesses)s.",
        "%(count)s accesses are given though somebody else may open the car at the same time: %(accesses)s.",
        len(both),
    )
    named = [*both[:NAMED], *(["…"] if len(both) > NAMED else [])]
    return [text % {"count": len(both), "accesses": "; ".join(named)}]


def car_name(car_id: int | None, known: Any) -> str:
    """A car by its name and plate."""
    return " · ".join(filter(None, called(car_id, known)))


def why_not(taken: Taken, span: Span, user: int | None, meets: Sequence[Other], clash: str) -> str:
    """Why a window is left out; nothing when it is given."""
    if any((other.user_id, other.span) == (user, span) for other in meets):
        return _("this person has exactly this access already")
    if clash == GIVE or not meets or (taken.is_shared and all(other.user_id != user for other in meets)):
        return ""
    return _("%(person)s may open it then") % {"person": meets[0].name}


def _creation(span: Span, label: str, car: int, user: int, meets: Iterable[Other]) -> Planned:
    return Planned(
        Verb.CREATE_WINDOW,
        label,
        kind="windows",
        car_id=car,
        user_id=user,
        args={"start": written(span.start), "end": optional_written(span.end)},
        before={"ids": [one.window_id for one in meets if one.window_id and (one.user_id, one.span) == (user, span)]},
        inverse={"verb": Verb.DELETE_WINDOW},
    )


def taken_by(scope: Scope, cars: Collection[int]) -> dict[int, Taken]:
    """What the cars have, as flinkey says it now. Raises the client's errors."""
    lists_of = {car: lists.car_windows(car) for car in cars}
    reading.read_now(scope, list(lists_of.values()))
    there = reading.sizes(scope.customer, list(lists_of.values()))
    rows = scoped(Car.objects.all(), scope).filter(flinkey_id__in=cars).exclude(ended_at=None)
    gone = set(rows.values_list("flinkey_id", flat=True))
    found = {car: questions.others(scope, car, None) for car in cars}
    holders = names_of(scope, Kind.USERS, {user for others in found.values() for _id, user, _span in others if user})
    return {
        car: Taken(
            [Other(*other, called(other[1], holders)[0]) for other in found[car]],
            sharing.policy(scope, car).is_shared,
            name not in there or car in gone,
        )
        for car, name in lists_of.items()
    }


def clock_notes(slots: Iterable[Slot]) -> list[str]:
    """What the review says of the clock changes, and of the times that are over."""
    notes, now = list[str](), timezone.now()
    of_days = list({slot.day: slot for slot in slots}.values())
    over = sum(slot.end <= now for slot in of_days)
    for slot in of_days:
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
