"""The page of the timeline: which days, which rows, and the links between them. A view of it is its address."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.assignments import bars, timeline, windows
from flinkey_admin.assignments.timeline import Place, Span, Tick
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import Assignment
from flinkey_admin.mirror import breaker, lists, pages
from flinkey_admin.mirror.models import Group
from flinkey_admin.mirror.pages import Shown
from flinkey_admin.mirror.queries import LONGEST, matching, things
from flinkey_admin.mirror.reading import Copy, Wanted, sizes
from flinkey_admin.web.converters import id_of
from flinkey_admin.web.names import label_of

SIZES = (50, 100, 200, 500)  # rows on a page
PARTS = {
    "range": "assignments/_range.html",
    "chips": "assignments/_timeline_chips.html",
    "now": "assignments/_now.html",
    "list": "assignments/_timeline.html",
    "pages": "assignments/_timeline_pages.html",
}


class Filters(Protocol):
    """The filters of the lists of cars and users. They belong to another feature, so urls.py hands them in."""

    def group_of(self, scope: Scope, query: QueryDict) -> Group | None: ...

    def apply(
        self, rows: "QuerySet[Any]", scope: Scope, kind: Kind, query: QueryDict, group: Group | None
    ) -> "QuerySet[Any]": ...

    def chips(self, kind: Kind, query: QueryDict, group: Group | None = None) -> Sequence[Any]: ...

    def choices(self, scope: Scope) -> Sequence[Group]: ...


@dataclass(frozen=True)
class Link:
    """A link to another view of the same; `query` is the rest of its address. As a chip it is a filter that is on."""

    label: str
    query: str
    is_on: bool = False


@dataclass(frozen=True)
class Head:
    """A day in the head, or an hour: its name, where it stands, and how it is dressed."""

    word: str
    number: str
    look: str
    is_today: bool


@dataclass(frozen=True)
class Listed:
    """The rows that the address asks for, one page of them, as the search and the filters beside them want it."""

    page: "Page[Any]"
    chips: list[Any]
    query: str
    kept: list[tuple[str, str]]
    group_id: int | None

    @property
    def found(self) -> int:
        return self.page.paginator.count

    @property
    def filtered(self) -> bool:
        return bool(self.query.strip()) or any(chip.is_on for chip in self.chips)


@require_safe
def timeline_page(request: ManagerRequest, filters: Filters) -> HttpResponse:
    """Cars or users as rows, their windows as bars.

    `?rows=`, `?from=` and `?days=`, `?per=` rows a page, the search and the filters of the lists, and `?car=` or
    `?user=` for a single row.
    """
    scope, query = request.manager, address(request.GET)
    kind = Kind.USERS if query.get("rows") == "users" or "user" in query else Kind.CARS
    zone = ZoneInfo(settings.TIME_ZONE)

    def build(copy: Copy) -> Shown:
        now = timezone.now()
        today = now.astimezone(zone).date()
        span = timeline.asked(query.get("from", ""), query.get("days", ""), today, zone)
        listed = _listed(scope, kind, query, filters)
        records = [thing.record() for thing in listed.page.object_list]
        ids = [record.id for record in records]
        found = bars.find(scope, kind, ids, span, look=_polled(request))
        own = {thing: _windows_of(kind, thing) for thing in ids}
        # Once the sweep has been through, every list was read.
        read = own.values() if copy.is_complete else sizes(scope.customer, list(own.values()))
        here = f"{request.path}?{query.urlencode()}" if query else request.path
        drawing = bars.Drawing(kind, span, now, here)
        context = {
            "section": "timeline",
            "kind": kind,
            "table": listed,
            "rows": [drawing.row(record, found, is_read=own[record.id] in read) for record in records],
            "page": listed.page,
            "base_query": _changed(query),
            "per": [
                Link(str(size), _changed(query, per=str(size)), size == listed.page.paginator.per_page)
                for size in SIZES
            ],
            "search_url": request.path,
            "group_choices": [] if request.htmx else filters.choices(scope),
            **_days(span, now, today, query, kind),
        }
        beside = [lists.CATALOG[bars.SIDES[kind][2]], lists.GROUPS, *own.values()]
        if listed.group_id:
            beside.append(lists.members(listed.group_id, kind))
        return Shown(context, beside, busy=bool(found.opened))

    return pages.show(request, "assignments/timeline.html", PARTS, Wanted([lists.CATALOG[kind]]), build)


def _polled(request: ManagerRequest) -> bool:
    """Whether an open page asks for news: only then may it wait for flinkey, unless that wants to be let alone."""
    return bool(request.htmx) and "seen" in request.GET and not breaker.is_closed(timezone.now())


def _windows_of(kind: Kind, thing_id: int) -> str:
    return lists.car_windows(thing_id) if kind == Kind.CARS else lists.user_windows(thing_id)


def address(query: QueryDict) -> QueryDict:
    """What of an address says which timeline it is."""
    kept = query.copy()
    for name in ("seen", "fresh"):
        kept.pop(name, None)
    return kept


def _changed(query: QueryDict, *gone: str, **changes: str) -> str:
    """The address with other values, from its first page on."""
    kept = query.copy()
    for name in ("page", *gone):
        kept.pop(name, None)
    for name, value in changes.items():
        kept[name] = value
    return kept.urlencode()


def _listed(scope: Scope, kind: Kind, query: QueryDict, filters: Filters) -> Listed:
    group = filters.group_of(scope, query)
    rows = filters.apply(things(kind, scope), scope, kind, query, group)
    words = query.get("q", "")[:LONGEST]
    chips = [*filters.chips(kind, query, group)]
    if number := id_of(query.get(kind.singular)):
        rows = rows.filter(flinkey_id=number)
        one = things(kind, scope).filter(flinkey_id=number).first()
        gone = _changed(query, kind.singular, rows=str(kind))
        chips.insert(0, Link(label_of(one.record()) if one else str(number), gone, is_on=True))
    asked = query.get("per", "")
    per = int(asked) if asked in {str(size) for size in SIZES} else SIZES[0]
    page = Paginator(matching(rows, words).order_by("sort_name", "sort_second", "flinkey_id"), per).get_page(
        query.get("page")
    )
    kept = [(name, str(value)) for name, value in query.items() if name not in {"q", "page"}]
    return Listed(page, chips, words, kept, group.flinkey_id if group else None)


# Dragging -----------------------------------------------------------------------------------------------------------


def dragged(query: QueryDict, window: Assignment) -> dict[str, str]:
    """What a bar that was dragged, or a quick act, asks of a window's form: other times, another row.

    `?until=` is a local time. `?start_by=` and `?end_by=` are minutes, below 0 for earlier; `?car=` and `?user=` are
    ids. An open end stays one.
    """
    zone = ZoneInfo(settings.TIME_ZONE)
    found = {name: query.get(name, "") for name in ("car", "user") if id_of(query.get(name))}
    for name, at in (("start", window.start), ("end", window.end)):
        by = query.get(f"{name}_by", "")
        if at is not None and re.fullmatch("-?[0-9]{1,6}", by):
            found[name] = windows.local_text(at + int(by) * timeline.MINUTE, zone)
    if until := query.get("until", ""):
        found["end"] = until
    return found


# The days -----------------------------------------------------------------------------------------------------------


def _days(span: Span, now: Any, today: Any, query: QueryDict, kind: Kind) -> dict[str, Any]:
    minute = span.minute(now)
    shown = span.first if not span.first <= today <= span.last else today
    return {
        "span": span,
        "total": Place(0, span.minutes).marks.replace("w", ""),
        "heads": [_head(tick, span) for tick in timeline.ticks(span, today)],
        "minute": Place(minute, 1).marks if 0 <= minute < span.minutes else None,
        "title": _title(span),
        "views": [
            Link(word, _to(query, timeline.around(shown, days, span.zone)), is_on=on)
            for word, days, on in (
                (_("Day"), 1, span.days == 1),
                (_("Week"), 7, span.days == timeline.WEEK),
                (_("2 weeks"), 14, span.days == 2 * timeline.WEEK),
                (_("Month"), 31, span.is_month),
            )
        ],
        "previous": _to(query, span.step(-1)),
        "next": _to(query, span.step(1)),
        "today": _changed(query, "from"),
        "sides": [
            Link(word, _changed(query, "rows", "car", "user", "plate", rows=value), is_on=kind == value)
            for word, value in ((_("Cars"), "cars"), (_("Users"), "users"))
        ],
    }


def _to(query: QueryDict, span: Span) -> str:
    return _changed(query, **{"from": span.first.isoformat(), "days": str(span.days)})


def _title(span: Span) -> str:
    if span.is_month:
        return date_format(span.first, "F Y")
    if span.days == 1:
        # Translators: a date with the day of the week and the year; see Django's date format characters
        return date_format(span.first, _("D j M Y"))
    # Translators: a date with its year; see Django's date format characters
    whole = _("j M Y")
    # Translators: a date within this year; see Django's date format characters
    first = date_format(span.first, _("j M") if span.first.year == span.last.year else whole)
    return f"{first} {bars.DASH} {date_format(span.last, whole)}"


def _head(tick: Tick, span: Span) -> Head:
    if span.days == 1:
        return Head("", date_format(tick.at, "TIME_FORMAT"), f"col {tick.place.marks}", is_today=False)
    dress = " today" * tick.is_today + " weekend" * tick.is_weekend
    return Head(date_format(tick.at, "D"), str(tick.at.day), f"col {tick.place.marks}{dress}", tick.is_today)
