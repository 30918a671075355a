"""The filters of a list. Each is a name and a value in the address, so a filtered list can be kept and sent on."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import lists, reading
from flinkey_admin.mirror.models import Group, Membership
from flinkey_admin.mirror.queries import day, live, not_over, running, windows
from flinkey_admin.mirror.reading import Copy, Wanted
from flinkey_admin.web.converters import id_of

Rows = QuerySet[Any]
CHOICES = 50
OWNED = (Kind.CARS, Kind.USERS)  # what windows are about
# What can be said before the sweep has read all groups and windows:
LED_TO = False  # by a number of the overview alone
ALL, SOME, NONE = "all", "some", "none"  # what a filter goes by stands in its own list; there may be more; nothing yet


@dataclass(frozen=True)
class Filter:
    """One choice: `?name=value`, what it is called, for which kinds it is there, and the rows that it leaves.

    `sure`: how much of that can be said before all is read: ALL, SOME or NONE.
    """

    name: str
    value: str
    label: str | Promise
    kinds: tuple[Kind, ...]
    keep: Callable[[Rows, Scope, Kind], Rows]
    sure: str
    offered: bool = True  # as a chip above the list; the others are led to by numbers of the overview


def _with_window(found: Callable[[dt.datetime], Q], *, has: bool = True) -> Callable[[Rows, Scope, Kind], Rows]:
    def keep(rows: Rows, scope: Scope, kind: Kind) -> Rows:
        side = "car_id" if kind == Kind.CARS else "user_id"
        ids = windows(scope).filter(found(timezone.now())).exclude(**{side: None}).values(side)
        return rows.filter(flinkey_id__in=ids) if has else rows.exclude(flinkey_id__in=ids)

    return keep


def _starts_today(_now: dt.datetime) -> Q:
    first, last = day()
    return Q(start__gte=first, start__lt=last)


def _ends_today(_now: dt.datetime) -> Q:
    """What ends at midnight ends today; it has not been open on the day that begins then."""
    first, last = day()
    return Q(end__gt=first, end__lte=last)


def _this_week(now: dt.datetime) -> Q:
    return Q(end__gt=now, end__lt=now + dt.timedelta(days=7))


# The windows that a car or a user must have for `?access=`. The overview counts with the same.
ACCESS: dict[str, Callable[[dt.datetime], Q]] = {
    "now": running,
    "starts": _starts_today,
    "ends": _ends_today,
    "week": _this_week,
    "open": lambda _now: Q(end=None),
}


def beside_cars(rows: Rows, scope: Scope, kind: Kind) -> Rows:
    """Services or boxes that share a group with a car that somebody can still open.

    flinkey does not say which car a box is in: a group is the nearest that a contract and its car have in common.
    """
    usable = windows(scope).filter(not_over(timezone.now())).exclude(car_id=None).values("car_id")
    inside = live(Membership, scope)
    # Distinct, so that PostgreSQL works each of them out once; of a small fleet it knows too little to do so by itself.
    groups = inside.filter(kind=Kind.CARS, thing_id__in=usable.distinct()).values("group")
    shared = inside.filter(kind=kind, thing_id=OuterRef("flinkey_id"), group__in=groups.distinct())
    return rows.filter(Exists(shared))


def terminated_beside_cars(rows: Rows, scope: Scope, kind: Kind) -> Rows:
    """Those of them that are terminated: services by their contract, boxes once their end has come."""
    over = Q(is_terminated=True) if kind == Kind.SERVICES else Q(terminated_at__lte=timezone.now())
    return beside_cars(rows, scope, kind).filter(over)


FILTERS = (
    Filter("groups", "none", _("In no group"), tuple(Kind), lambda rows, *_: rows.filter(groups=0), NONE),
    Filter("groups", "several", _("In several groups"), tuple(Kind), lambda rows, *_: rows.filter(groups__gt=1), SOME),
    Filter("access", "now", _("With access now"), OWNED, _with_window(ACCESS["now"]), SOME),
    Filter("access", "none", _("Without access now"), OWNED, _with_window(running, has=False), NONE),
    Filter("access", "open", _("Open end"), OWNED, _with_window(ACCESS["open"]), SOME),
    Filter("access", "nobody", _("Nobody can open it"), (Kind.CARS,), _with_window(not_over, has=False), NONE, LED_TO),
    Filter("access", "starts", _("Starts today"), OWNED, _with_window(ACCESS["starts"]), SOME, LED_TO),
    Filter("access", "ends", _("Ends today"), OWNED, _with_window(ACCESS["ends"]), SOME, LED_TO),
    Filter("access", "week", _("Ends within 7 days"), OWNED, _with_window(ACCESS["week"]), SOME, LED_TO),
    Filter("plate", "none", _("Without plate"), (Kind.CARS,), lambda rows, *_: rows.filter(license_plate=""), ALL),
    Filter(
        "state", "terminated", _("Terminated"), (Kind.SERVICES,), lambda rows, *_: rows.filter(is_terminated=True), ALL
    ),
    Filter(
        *("state", "beside", _("Terminated beside cars in use"), (Kind.SERVICES, Kind.PRODUCTS)),
        *(terminated_beside_cars, SOME, LED_TO),
    ),
    Filter("state", "ends", _("With an end"), (Kind.PRODUCTS,), lambda rows, *_: rows.exclude(terminated_at=None), ALL),
)


@dataclass(frozen=True)
class Chip:
    """A filter as a link that turns it on or off."""

    label: str | Promise
    query: str
    is_on: bool


def chosen(kind: Kind, query: QueryDict) -> list[Filter]:
    """The filters that the address asks for; what it does not know it leaves alone."""
    return [one for one in FILTERS if kind in one.kinds and query.get(one.name) == one.value]


def group_of(scope: Scope, query: QueryDict) -> Group | None:
    """The group that `?group=` names."""
    number = id_of(query.get("group"))
    return live(Group, scope).filter(flinkey_id=number).first() if number else None


def is_lost(query: QueryDict, group: Group | None) -> bool:
    """Whether `?group=` names a group that flinkey does not have, by a bookmark perhaps."""
    return group is None and id_of(query.get("group")) is not None


def wanted(scope: Scope, kind: Kind, query: QueryDict, names: Sequence[str], group: Group | None) -> Wanted:
    """The lists that these and the filters of the address go by. `group`: the one of the address, as known so far.

    What is in a group is not asked for once it is known to be gone.
    """
    number, more = id_of(query.get("group")), list[str]()
    if number:
        more = [lists.GROUPS]
        if group or not reading.sizes(scope.customer, more):
            more.append(lists.members(number, kind))
    whole = any(one.sure != ALL for one in chosen(kind, query))
    return Wanted(list(dict.fromkeys([*names, *more])), whole=whole)


def sure(kind: Kind, query: QueryDict, group: Group | None, copy: Copy) -> str:
    """How much of what the address asks for can be said by now: ALL, SOME or NONE."""
    if group is not None and copy.size(lists.members(group.flinkey_id, kind)) is None:
        return NONE
    found = {ALL} if copy.is_complete else {one.sure for one in chosen(kind, query)}
    return next((one for one in (NONE, SOME) if one in found), ALL)


def choices(scope: Scope) -> list[Group]:
    """The groups to filter by; none where there are too many to choose from: then a group's own page is the filter."""
    found = list(live(Group, scope).order_by("sort_name", "flinkey_id")[: CHOICES + 1])
    return found if len(found) <= CHOICES else []


def apply(rows: Rows, scope: Scope, kind: Kind, query: QueryDict, group: Group | None) -> Rows:
    """The rows that all filters of the address leave; of a group that is not there none."""
    for one in chosen(kind, query):
        rows = one.keep(rows, scope, kind)
    if group is not None:
        rows = in_group(rows, scope, kind, group.flinkey_id)
    return rows.none() if is_lost(query, group) else rows


def in_group(rows: Rows, scope: Scope, kind: Kind, group_id: int) -> Rows:
    """Those that are in a group."""
    # The group's row first: joined, the database would look at every membership that the customer has.
    group = scoped(Group.objects.all(), scope).filter(flinkey_id=group_id).values("pk")[:1]
    inside = live(Membership, scope).filter(group=Subquery(group), kind=kind)
    return rows.filter(flinkey_id__in=inside.values("thing_id"))


def chips(kind: Kind, query: QueryDict, group: Group | None = None, *, inside: bool = False) -> list[Chip]:
    """The filters above a list; one that is on leads to the list without it. `inside`: it is the list of a group."""
    found = []
    if group is not None:
        found.append(Chip(group.name, without(query, "group"), is_on=True))
    elif is_lost(query, group):
        found.append(Chip(_("Group"), without(query, "group"), is_on=True))
    for one in FILTERS:
        is_on = query.get(one.name) == one.value
        if inside and (one.name, one.value) == ("groups", "none"):
            continue
        if kind in one.kinds and (one.offered or is_on):
            found.append(Chip(one.label, without(query, one.name, None if is_on else one.value), is_on=is_on))
    return found


def without(query: QueryDict, name: str, value: str | None = None) -> str:
    """What stands behind the question mark, without that name or with another value of it; of the first page."""
    kept = query.copy()
    for gone in (name, "page", "tick", "selection", "seen", "fresh"):
        kept.pop(gone, None)
    if value is not None:
        kept[name] = value
    return kept.urlencode()
