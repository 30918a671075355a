"""Everything that happened, newest first: our own changes and what others did, filtered by the address."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from flinkey_admin.accounts.models import Manager
from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.flinkey import Kind
from flinkey_admin.operations import services, story
from flinkey_admin.operations.models import Operation, Outside, State, Step
from flinkey_admin.web.converters import id_of

Change = Operation.Kind
Words = str | Promise
WHAT: dict[str, tuple[Words, list[str]]] = {
    "members": (_("Members of groups"), [Change.MOVE, Change.ADD, Change.REMOVE]),
    "groups": (
        _("Groups"),
        [
            *(Change.CREATE_GROUP, Change.RENAME_GROUP, Change.DELETE_GROUP),
            *(Change.EMPTY_GROUP, Change.RESTORE_GROUP),
        ],
    ),
    "access": (_("Access"), [Change.GIVE_ACCESS, Change.CHANGE_ACCESS, Change.END_ACCESS]),
}
STATES: dict[str, tuple[Words, Q]] = {
    "unfinished": (_("Unfinished"), Q()),
    "open": (_("Unfinished or failed"), Q()),
    "done": (_("Done"), Q(state=State.CONFIRMED)),
    "part": (_("Failed or done in part"), Q(state=State.REFUSED)),
    "waiting": (_("Under way"), Q(state__in=[State.SENT, State.ACCEPTED, State.PLANNED, State.UNKNOWN])),
}
OUTSIDE = "outside"
ABOUT = {"car": Kind.CARS, "user": Kind.USERS, "service": Kind.SERVICES, "product": Kind.PRODUCTS}


@dataclass(frozen=True)
class Filters:
    """What an address asks for; whatever makes no sense in it is left out.

    start, end: days in the fleet's zone, both included. about: the field and the id of a car, a user and so on.
    """

    who: str = ""
    state: str = ""
    what: str = ""
    query: str = ""
    start: dt.date | None = None
    end: dt.date | None = None
    about: tuple[str, int] | None = None

    @classmethod
    def of(cls, address: Mapping[str, str]) -> "Filters":
        """The filters of a query string."""
        about = ((name, id_of(address.get(name))) for name in (*ABOUT, "group"))
        return cls(
            who=address.get("who", "") if address.get("who") == OUTSIDE or id_of(address.get("who")) else "",
            state=address.get("state", "") if address.get("state") in STATES else "",
            what=address.get("what", "") if address.get("what") in WHAT else "",
            query=address.get("q", "").strip().replace("\0", "")[:200],
            start=_day(address.get("from", "")),
            end=_day(address.get("until", "")),
            about=next(((name, number) for name, number in about if number), None),
        )

    @property
    def are_set(self) -> bool:
        """Whether anything is filtered."""
        return self != Filters()

    @property
    def are_what_is_open(self) -> bool:
        """Whether only what is unfinished or failed is wanted, of everybody and of always."""
        return self == Filters(state="open")


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def people(scope: Scope) -> list[Manager]:
    """Whoever has changed something for this customer."""
    changes = scoped(Operation.objects.all(), scope).filter(person=OuterRef("pk"), started_at__isnull=False)
    return list(Manager.objects.filter(Exists(changes)).order_by("email"))


def entries(scope: Scope, filters: Filters) -> "QuerySet[Any, Any]":
    """What fits, newest first, as rows of `at`, `key` and `here`: whether it was done here."""
    ours = _ours(scope, filters).annotate(at=F("started_at"), key=F("pk"), here=Value(1))
    rows = ours.order_by().values("at", "key", "here")
    if filters.state or (filters.who and filters.who != OUTSIDE):
        return rows.order_by("-at", "-key")
    theirs = _theirs(scope, filters).annotate(at=F("seen_at"), key=F("pk"), here=Value(0))
    seen = theirs.order_by().values("at", "key", "here")
    if filters.who == OUTSIDE:
        return seen.order_by("-at", "-key")
    return rows.union(seen, all=True).order_by("-at", "-key")


def events(scope: Scope, page: "list[dict[str, Any]]") -> list[story.Event]:
    """The rows of one page as lines: two statements, however many there are."""
    keys: tuple[list[int], list[int]] = ([], [])
    for row in page:
        keys[row["here"]].append(row["key"])
    theirs = scoped(Outside.objects.all(), scope).in_bulk(keys[0])
    ours = scoped(Operation.objects.select_related("person"), scope).in_bulk(keys[1])
    return [
        story.own_event(ours[row["key"]]) if row["here"] else story.outside_event(theirs[row["key"]]) for row in page
    ]


def _ours(scope: Scope, filters: Filters) -> "QuerySet[Operation]":
    sources = {"unfinished": services.unfinished, "open": services.worth_a_look}
    rows = sources.get(filters.state, services.operations)(scope)
    if filters.state:
        rows = rows.filter(STATES[filters.state][1])
    if filters.who and filters.who != OUTSIDE:
        rows = rows.filter(person=int(filters.who))
    if filters.what:
        rows = rows.filter(kind__in=WHAT[filters.what][1])
    steps = Step.objects.filter(operation=OuterRef("pk"))
    if filters.query:
        named = Q(label__icontains=filters.query) | Q(group_label__icontains=filters.query)
        rows = rows.filter(Exists(steps.filter(named)) | Q(reason__icontains=filters.query))
    if filters.about:
        rows = rows.filter(Exists(steps.filter(_about(*filters.about))))
    return rows.filter(**_between("started_at", filters))


def _theirs(scope: Scope, filters: Filters) -> "QuerySet[Outside]":
    rows = scoped(Outside.objects.all(), scope)
    joined = Q(what__in=[Outside.What.JOINED, Outside.What.LEFT])
    kinds = {"members": joined, "groups": Q(kind="groups"), "access": Q(kind="windows")}
    if filters.what:
        rows = rows.filter(kinds[filters.what])
    if filters.query:
        rows = rows.filter(Q(label__icontains=filters.query) | Q(group_label__icontains=filters.query))
    if filters.about:
        name, number = filters.about
        rows = rows.filter(_about(name, number) | (Q(kind="groups", thing_id=number) if name == "group" else Q()))
    return rows.filter(**_between("seen_at", filters))


def _about(name: str, number: int) -> Q:
    """Steps, or what was seen, of a car, a user, a service, a box or a group. The two tables name them alike."""
    if name == "group":
        return Q(group_id=number)
    mine = Q(kind=str(ABOUT[name]), thing_id=number)
    return mine | Q(**{f"{name}_id": number}) if name in {"car", "user"} else mine


def _between(column: str, filters: Filters) -> dict[str, Any]:
    """From the start of the first day to the end of the last one, in the fleet's zone."""
    zone, found = timezone.get_current_timezone(), {}
    if filters.start:
        found[f"{column}__gte"] = dt.datetime.combine(filters.start, dt.time(), zone)
    if filters.end and filters.end < dt.date.max:
        found[f"{column}__lt"] = dt.datetime.combine(filters.end + dt.timedelta(days=1), dt.time(), zone)
    return found
