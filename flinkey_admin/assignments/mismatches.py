"""What does not fit together, out of the copy: accesses, groups, people, contracts. Each kind is a query of its own."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.assignments.called import called, names_of
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror.models import Membership, User, Window
from flinkey_admin.mirror.queries import count_all, live, not_over, things, windows

OUTSIDE, MEMBERS, OPEN, NOBODY, SERVICES, BOXES = "outside", "members", "open", "nobody", "services", "products"
ACCESSES = (OUTSIDE, OPEN, NOBODY)
TERMINATED = {SERVICES: Kind.SERVICES, BOXES: Kind.PRODUCTS}
# What may only look so while not all groups and windows are read: nobody can say it before.
NEEDS_ALL = {OUTSIDE, MEMBERS}


class Filters(Protocol):
    """The filters of the lists of services and boxes. They belong to another feature, so urls.py hands them in."""

    def terminated_beside_cars(self, rows: "QuerySet[Any]", scope: Scope, kind: Kind) -> "QuerySet[Any]": ...


@dataclass(frozen=True)
class Kept:
    """How a kind of mismatch is called, and why it is worth a look."""

    title: str | Promise
    why: str | Promise


KINDS: dict[str, Kept] = {
    OUTSIDE: Kept(
        _("Access to cars outside the person's groups"),
        _("The person and the car have no group in common. Leaving a group ends no access."),
    ),
    MEMBERS: Kept(
        _("Members without access"),
        _("In a group with cars, and without access to any of them, now or later. Groups open no doors."),
    ),
    OPEN: Kept(_("Access without end"), _("It ends when somebody ends it, and not before.")),
    NOBODY: Kept(_("Access without a person"), _("flinkey names nobody for it, or somebody whom it no longer has.")),
    SERVICES: Kept(
        _("Terminated services beside cars in use"),
        _(
            "A terminated service counts when it shares a group with a car that somebody can still open. Which car a "
            "box is in, flinkey does not say."
        ),
    ),
    BOXES: Kept(
        _("Terminated boxes beside cars in use"),
        _("A box counts once its end has come, when it shares a group with a car that somebody can still open."),
    ),
}


@dataclass(frozen=True)
class Line:
    """A mismatch: the sides that it has. `window_id`: of an access; `at`: when a service or a box came to its end."""

    car_id: int | None = None
    car: tuple[str, str] = ("", "")
    user_id: int | None = None
    user: tuple[str, str] = ("", "")
    window_id: int | None = None
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    group_id: int | None = None
    group: str = ""
    name: str = ""
    at: dt.datetime | None = None


def rows(scope: Scope, filters: Filters) -> dict[str, "QuerySet[Any]"]:
    """The rows of each kind, in order."""
    usable = windows(scope).filter(not_over(timezone.now())).order_by("start", "flinkey_id")
    terminated = {
        key: filters.terminated_beside_cars(things(kind, scope), scope, kind).order_by("sort_name", "flinkey_id")
        for key, kind in TERMINATED.items()
    }
    return {
        OUTSIDE: usable.filter(_is_outside(scope)),
        MEMBERS: _members(scope),
        OPEN: usable.filter(end=None),
        NOBODY: usable.filter(_is_nobodys(scope)),
        **terminated,
    }


def _is_nobodys(scope: Scope) -> Q:
    known = live(User, scope).filter(flinkey_id=OuterRef("user_id"))
    return Q(user_id=None) | ~Q(Exists(known))


def _is_outside(scope: Scope) -> Q:
    """An access whose person and car share no group; flinkey must know both."""
    shared = live(Membership, scope).filter(
        kind=Kind.CARS,
        thing_id=OuterRef("car_id"),
        group__memberships__kind=Kind.USERS,
        group__memberships__thing_id=OuterRef("user_id"),
        group__memberships__ended_at=None,
    )
    person = live(User, scope).filter(flinkey_id=OuterRef("user_id"))
    return ~Q(car_id=None) & Q(Exists(person)) & ~Q(Exists(shared))


def _members(scope: Scope) -> "QuerySet[Membership]":
    """People in groups that have cars, who may open none of these."""
    inside = live(Membership, scope)
    cars = inside.filter(kind=Kind.CARS, group=OuterRef("group"))
    # As seen from a window, the membership of its person is one level further out.
    same = inside.filter(kind=Kind.CARS, thing_id=OuterRef("car_id"), group=OuterRef(OuterRef("group")))
    access = windows(scope).filter(Exists(same), not_over(timezone.now()), user_id=OuterRef("thing_id"))
    found = inside.filter(Exists(cars), ~Exists(access), kind=Kind.USERS)
    return found.order_by("group__sort_name", "group__flinkey_id", "thing_id").select_related("group")


def counts(scope: Scope, found: dict[str, "QuerySet[Any]"]) -> dict[str, int]:
    """How many there are of each kind: one statement."""
    return count_all(scope, {key: one.select_related(None) if key == MEMBERS else one for key, one in found.items()})


# What a page shows --------------------------------------------------------------------------------------------------


def first(scope: Scope, found: dict[str, "QuerySet[Any]"], at_most: int) -> dict[str, list[Line]]:
    """The first few of each kind: five statements for all of them."""
    accesses = _first_windows(scope, found, at_most)
    members = list(found[MEMBERS][:at_most])
    lines = named(scope, [row for rows in accesses.values() for row in rows], members)
    shown = {key: [lines[row] for row in rows] for key, rows in accesses.items()}
    shown[MEMBERS] = [lines[row] for row in members]
    return shown | _first_terminated(found, at_most)


def _first_terminated(found: dict[str, "QuerySet[Any]"], at_most: int) -> dict[str, list[Line]]:
    """Services and boxes in one statement."""
    columns = {SERVICES: ("name", "termination_date"), BOXES: ("unique_id", "terminated_at")}
    parts = [
        found[key]
        .model._default_manager.filter(pk__in=found[key].order_by("sort_name", "flinkey_id").values("pk")[:at_most])
        .values_list(Value(key), F("sort_name"), F(name), F(at))
        for key, (name, at) in columns.items()
    ]
    lines: dict[str, list[Line]] = {SERVICES: [], BOXES: []}
    for key, _sort, name, at in sorted(parts[0].union(parts[1], all=True), key=lambda row: row[:3]):
        lines[key].append(Line(name=name, at=at))
    return lines


def _first_windows(scope: Scope, found: dict[str, "QuerySet[Any]"], at_most: int) -> dict[str, list[Window]]:
    """Those of three kinds in one statement; one access may be of several."""
    wanted = Q()
    for key in ACCESSES:
        wanted |= Q(pk__in=found[key].values("pk")[:at_most])
    marks = {OUTSIDE: _is_outside(scope), NOBODY: _is_nobodys(scope), OPEN: Q(end=None)}
    rows = list(
        windows(scope).filter(wanted).annotate(**{f"is_{key}": mark for key, mark in marks.items()}).order_by("start")
    )
    return {key: [row for row in rows if getattr(row, f"is_{key}")][:at_most] for key in ACCESSES}


def page(scope: Scope, key: str, found: Sequence[Any]) -> list[Line]:
    """The rows of one page of one kind."""
    if key in TERMINATED:
        return [_thing(row) for row in found]
    members = [row for row in found if key == MEMBERS]
    lines = named(scope, [row for row in found if key != MEMBERS], members)
    return [lines[row] for row in found]


def _thing(row: Any) -> Line:
    at = row.terminated_at if hasattr(row, "terminated_at") else row.termination_date
    return Line(name=str(row), at=at)


def named(scope: Scope, accesses: Sequence[Window], members: Sequence[Membership]) -> dict[Any, Line]:
    """The line of each row: two statements for all names."""
    cars = names_of(scope, Kind.CARS, {row.car_id for row in accesses if row.car_id})
    people = {row.user_id for row in accesses if row.user_id} | {row.thing_id for row in members}
    users = names_of(scope, Kind.USERS, people)
    lines: dict[Any, Line] = {}
    for row in accesses:
        sides = {"car": called(row.car_id, cars), "user": called(row.user_id, users)}
        lines[row] = Line(row.car_id, sides["car"], row.user_id, sides["user"], row.flinkey_id, row.start, row.end)
    for one in members:
        who = called(one.thing_id, users)
        lines[one] = Line(user_id=one.thing_id, user=who, group_id=one.group.flinkey_id, group=one.group.name)
    return lines
