"""The overview: what a coordinator wants to know at half past seven. Each number leads to the list that it counts."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.fleet import filters, usage
from flinkey_admin.flinkey import Kind, records
from flinkey_admin.mirror import lists, pages
from flinkey_admin.mirror.models import THINGS, Window
from flinkey_admin.mirror.pages import Shown
from flinkey_admin.mirror.queries import count_all, day, not_over, things, windows
from flinkey_admin.mirror.reading import Copy, Wanted
from flinkey_admin.operations import services as operations
from flinkey_admin.web.names import name_of

SHOWN = 6  # windows of a short list


@require_safe
def overview(request: ManagerRequest) -> HttpResponse:
    """The numbers, what begins and ends today, and how much of the fleet is in use."""
    scope = request.manager

    def build(copy: Copy) -> Shown:
        found = count(scope)
        starting, ending = coming(scope, day()[1], SHOWN)
        context = {
            "section": "overview",
            "date": timezone.localdate(),
            "numbers": _numbers(found, so_far=not copy.is_complete),
            "concerns": _concerns(found, so_far=not copy.is_complete),
            "plans": [_starting(found, starting), _ending(found, ending)],
            "chart": usage.draw(usage.days(scope, found["cars"])),
            "cars": found["cars"],
            "steps": _first_steps(copy, found),
            "so_far": not copy.is_complete,
        }
        cars = dict.fromkeys(event.car.id for event in [*starting, *ending])
        return Shown(context, [lists.car_windows(car) for car in cars])

    parts = {"overview": "fleet/_overview.html", "chart": "fleet/_chart.html", "days": "fleet/_days.html"}
    beside = [lists.CATALOG[Kind.USERS], lists.CATALOG[Kind.SERVICES]]
    wanted = Wanted([lists.GROUPS, lists.CATALOG[Kind.CARS]], beside, whole=True)
    return pages.show(request, "fleet/overview.html", parts, wanted, build)


# Counting -----------------------------------------------------------------------------------------------------------


def count(scope: Scope) -> dict[str, int]:
    """What the numbers are made of, counted with the conditions of the lists that they lead to.

    By the value of `?access=`: cars with such a window. `usable`: with one that is not over. `cars`, `alone`: all cars
    and those in no group. `beside`: terminated services beside cars in use. `changes`. `rows_starting`, `rows_ending`:
    windows that have yet to start or end today.
    """
    now = timezone.now()
    cars = things(Kind.CARS, scope)
    wanted = {name: condition(now) for name, condition in filters.ACCESS.items()} | {"usable": not_over(now)}
    counts = {name: Count("car_id", distinct=True, filter=condition) for name, condition in wanted.items()}
    rows = {"rows_starting": soon("start", now, day()[1]), "rows_ending": soon("end", now, day()[1])}
    counts |= {name: Count("pk", filter=condition) for name, condition in rows.items()}
    first = day()[0]
    current = windows(scope).filter(Q(end=None) | Q(end__gte=first) | Q(start__gte=first))
    found: dict[str, int] = current.filter(Exists(cars.filter(flinkey_id=OuterRef("car_id")))).aggregate(**counts)
    beside = filters.terminated_beside_cars(things(Kind.SERVICES, scope), scope, Kind.SERVICES)
    alone = cars.filter(groups=0)
    return found | count_all(
        scope, {"cars": cars, "alone": alone, "beside": beside, "changes": operations.worth_a_look(scope)}
    )


def soon(moment: str, now: dt.datetime, until: dt.datetime) -> Q:
    """What is still to start before then, or to end by then: what ends at midnight belongs to the day before."""
    return Q(start__gt=now, start__lt=until) if moment == "start" else Q(end__gt=now, end__lte=until)


# The numbers --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Number:
    """A number and its list. `value`: None while nobody can say. `so_far`: there may be more of them."""

    label: str
    value: int | None
    url: str
    so_far: bool = False
    note: str = ""


def _cars(query: str) -> str:
    return f"{reverse('fleet:car_list')}?{query}"


def _numbers(found: dict[str, int], *, so_far: bool) -> list[Number]:
    """Who may open cars now and soon. More windows can only add to these."""
    share = _("%(share)s%% of %(cars)s cars") % {
        "share": round(100 * found["now"] / found["cars"]) if found["cars"] else 0,
        "cars": found["cars"],
    }
    labels = {
        "now": _("In use now"),
        "starts": _("Starting today"),
        "ends": _("Ending today"),
        "week": _("Ending within 7 days"),
        "open": _("Open end"),
    }
    return [
        Number(label, found[name], _cars(f"access={name}"), so_far, share if name == "now" else "")
        for name, label in labels.items()
    ]


def _concerns(found: dict[str, int], *, so_far: bool) -> list[Number]:
    """What may want a hand. Before all groups and windows are read, nobody can say that a car has none."""
    nobody = found["cars"] - found["usable"]
    return [
        Number(_("Cars nobody can open"), None if so_far else nobody, _cars("access=nobody")),
        Number(_("Cars in no group"), None if so_far else found["alone"], _cars("groups=none")),
        Number(
            _("Terminated services beside cars in use"),
            found["beside"],
            f"{reverse('fleet:service_list')}?state=beside",
            so_far,
        ),
        Number(_("Changes unfinished or failed"), found["changes"], f"{reverse('operations:list')}?state=open"),
    ]


# What starts and ends soon -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """That a window starts or ends soon: when, of which car, for whom ("" when flinkey does not say)."""

    window_id: int
    at: dt.datetime
    car: records.Car
    person: str

    @property
    def car_name(self) -> str:
        return name_of(self.car)


@dataclass(frozen=True)
class Plan:
    """The next windows that start or end today. `total`: so many are to come; `cars`: of so many cars in all day."""

    key: str
    title: str
    events: Sequence[Event]
    total: int
    cars: int
    url: str
    none: str  # what to say of a day without any,
    over: str  # and of one on which all of them are over


def _starting(found: dict[str, int], events: Sequence[Event]) -> Plan:
    none, over = _("Nothing starts today."), _("Nothing more starts today.")
    title, url = _("Still to start today"), _cars("access=starts")
    return Plan("starting", title, events, found["rows_starting"], found["starts"], url, none, over)


def _ending(found: dict[str, int], events: Sequence[Event]) -> Plan:
    none, over = _("Nothing ends today."), _("Nothing more ends today.")
    title, url = _("Still to end today"), _cars("access=ends")
    return Plan("ending", title, events, found["rows_ending"], found["ends"], url, none, over)


def coming(scope: Scope, until: dt.datetime, at_most: int) -> tuple[list[Event], list[Event]]:
    """The next windows that start until then, and the next that end: one statement."""
    now = timezone.now()
    car: Any = things(Kind.CARS, scope).filter(flinkey_id=OuterRef("car_id"))
    user: Any = THINGS[Kind.USERS]._default_manager.filter(
        customer=OuterRef("customer"), flinkey_id=OuterRef("user_id")
    )
    mine = windows(scope).filter(Exists(car))
    nearest = Q()
    for moment in ("start", "end"):
        first = mine.filter(soon(moment, now, until)).order_by(moment, "flinkey_id")
        nearest |= Q(pk__in=first.values("pk")[:at_most])
    names = {f"car_{name}": Subquery(car.values(name)) for name in ("name", "license_plate")}
    names |= {f"user_{name}": Subquery(user.values(name)) for name in ("email", "first_name", "last_name")}
    rows = list(windows(scope).filter(nearest).annotate(**names))
    starting, ending = (_events(rows, moment, now, until)[:at_most] for moment in ("start", "end"))
    return starting, ending


def _events(rows: Sequence[Window], moment: str, now: dt.datetime, until: dt.datetime) -> list[Event]:
    """Of these windows those that start or end until then, the next one first."""
    last = until if moment == "end" else until - dt.datetime.resolution
    found = [(at, row) for row in rows if (at := getattr(row, moment)) and now < at <= last]
    found.sort(key=lambda pair: (pair[0], pair[1].flinkey_id))
    return [_event(row, at) for at, row in found]


def _event(row: Any, at: dt.datetime) -> Event:
    car = records.Car(row.car_id, row.car_name, license_plate=row.car_license_plate or None)
    user = records.User(row.user_id or 0, row.user_email or "", row.user_first_name, row.user_last_name)
    return Event(row.flinkey_id, at, car, name_of(user))


# The first day ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FirstStep:
    """What there must be before the overview has anything to show."""

    text: str
    is_done: bool
    url: str = ""
    verb: str = ""


def _first_steps(copy: Copy, found: dict[str, int]) -> list[FirstStep]:
    """What to do first; nothing once there is a group and somebody can open a car."""
    has_cars, has_users = bool(found["cars"]), bool(copy.size(lists.CATALOG[Kind.USERS]))
    has_groups, has_windows = bool(copy.size(lists.GROUPS)), bool(found["usable"])
    if has_cars and (not copy.is_complete or (has_groups and has_windows)):
        return []
    ready = has_cars and has_users
    return [
        FirstStep(_("Enter your cars and users in the flinkey portal. They appear here by themselves."), ready),
        FirstStep(
            _("Create a group for the cars and users that belong together, for instance those of one city."),
            has_groups,
            reverse("fleet:group_new"),
            _("Create a group"),
        ),
        FirstStep(
            _("Say who may open which car, from when until when."),
            has_windows,
            reverse("assignments:window_new") if ready else "",
            _("Give access"),
        ),
    ]
