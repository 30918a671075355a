"""The page of free cars: from when until when, in which group."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.paginator import Page, Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.assignments import free, windows
from flinkey_admin.assignments.board import Filters
from flinkey_admin.assignments.conflicts import Span
from flinkey_admin.assignments.fields import TIME_WIDGET, Asking, TimeInput
from flinkey_admin.assignments.free import FreeCar
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import lists, pages
from flinkey_admin.mirror.pages import Shown
from flinkey_admin.mirror.queries import things
from flinkey_admin.mirror.reading import Copy, Wanted

PAGE = 50
SATURDAY = 5


class SpanForm(Asking):
    """From when until when; at first from now until the evening. An empty end is an open one."""

    times = ("start", "end")

    start = forms.CharField(
        label=gettext_lazy("From"),
        max_length=40,
        widget=TimeInput(attrs=TIME_WIDGET),
        error_messages={"required": gettext_lazy("From when? Choose a date and a time.")},
    )
    end = forms.CharField(
        label=gettext_lazy("Until"), max_length=40, required=False, widget=TimeInput(attrs=TIME_WIDGET)
    )
    start_fold = forms.ChoiceField(required=False, widget=forms.RadioSelect)
    end_fold = forms.ChoiceField(required=False, widget=forms.RadioSelect)

    def __init__(self, address: QueryDict, *, scope: Scope) -> None:
        data = address.copy()
        if "start" not in data:
            now = timezone.now().replace(second=0, microsecond=0)
            data["start"] = _text(now)
            data.setdefault("end", _text(windows.next_evening(now, ZoneInfo(settings.TIME_ZONE))))
        super().__init__(data, scope=scope)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for name in self.times:
            data[name] = self.moment(name, data[name]) if data.get(name) else None
        if data["start"] and data["end"] and data["end"] <= data["start"]:
            self.add_error("end", _("The end must come after the start."))
        return data

    def span(self) -> Span | None:
        """What is asked for; None while it is not understood."""
        if not self.is_valid():
            return None
        return Span(self.cleaned_data["start"], self.cleaned_data["end"])


class Counted(Paginator[Any]):
    """Pages of rows whose number is known."""

    def __init__(self, rows: Any, per_page: int, number: int) -> None:
        super().__init__(rows, per_page)
        self.number = number

    @cached_property
    def count(self) -> int:
        return self.number


@require_safe
def free_cars(request: ManagerRequest, filters: Filters) -> HttpResponse:
    """`?start=` and `?end=`: local times; `?group=`."""
    scope = request.manager
    form = SpanForm(request.GET, scope=scope)
    span = form.span()
    shortcuts = _shortcuts(timezone.localdate(), request.GET)
    context = {"section": "questions", "tab": "free", "form": form, "shortcuts": shortcuts}
    if span is None:
        context["group_choices"] = filters.choices(scope)
        return render(request, "assignments/free_cars.html", context, status=422)

    def build(_copy: Copy) -> Shown:
        group = filters.group_of(scope, request.GET)
        cars = filters.apply(things(Kind.CARS, scope), scope, Kind.CARS, QueryDict(), group)
        asked = free.asked_for(scope, span)
        rows = free.ranked(cars, scope, span, asked)
        counts = free.counts(rows)
        page = _page(request, rows, counts)
        query = {"start": form.data["start"], "end": form.data.get("end", "")}
        query |= {name: form.data[name] for name in ("start_fold", "end_fold") if form.data.get(name)}
        query |= {"group": str(group.flinkey_id)} if group else {}
        here = f"{request.path}?{urlencode(query)}"
        found = {
            **context,
            "group": group,
            "group_choices": [] if request.htmx else filters.choices(scope),
            "span": span,
            "page": page,
            "total": sum(counts.values()),
            "counts": {"free": counts.get(free.FREE, 0), "part": counts.get(free.PART, 0)},
            "unread": counts.get(free.UNREAD, 0),
            "taken": counts.get(free.TAKEN, 0),
            "rows": [_row(one, here) for one in free.look(scope, list(page.object_list), span, asked)],
            "base_query": urlencode(query),
        }
        beside = [lists.CATALOG[Kind.USERS], lists.GROUPS, *(lists.car_windows(row.flinkey_id) for row in page)]
        if group:
            beside.append(lists.members(group.flinkey_id, Kind.CARS))
        return Shown(found, beside, busy=bool(asked))

    parts = {"list": "assignments/_free.html"}
    return pages.show(request, "assignments/free_cars.html", parts, Wanted([lists.CATALOG[Kind.CARS]]), build)


def _shortcuts(today: dt.date, address: QueryDict) -> list[tuple[str, str, bool]]:
    """What is asked most often: its words, its address, whether it is asked now. The group stays the one chosen."""
    tomorrow = today + dt.timedelta(days=1)
    saturday = today + dt.timedelta(days=(SATURDAY - today.weekday()) % 7)
    spans = [
        (_("Tomorrow morning"), f"{tomorrow}T06:00", f"{tomorrow}T12:00"),
        (_("All of tomorrow"), f"{tomorrow}T00:00", f"{tomorrow + dt.timedelta(days=1)}T00:00"),
        (_("At the weekend"), f"{saturday}T00:00", f"{saturday + dt.timedelta(days=2)}T00:00"),
    ]
    more = {"group": address["group"]} if address.get("group") else {}
    now = address.get("start"), address.get("end")
    return [
        (words, urlencode({"start": start, "end": end, **more}), now == (start, end)) for words, start, end in spans
    ]


def _page(request: ManagerRequest, rows: Any, counts: Mapping[int, int]) -> "Page[Any]":
    """Free ones first, then those free in part, then those nobody has read yet; never what is taken throughout."""
    number = sum(count for rank, count in counts.items() if rank != free.TAKEN)
    shown = rows.exclude(rank=free.TAKEN).order_by("rank", "sort_name", "sort_second", "flinkey_id")
    return Counted(shown, PAGE, number).get_page(request.GET.get("page"))


WORDS = {
    free.FREE: ("free", gettext_lazy("Free")),
    free.PART: ("part", gettext_lazy("Free in part")),
    free.UNREAD: ("unread", gettext_lazy("Not read yet")),
    free.TAKEN: ("taken", gettext_lazy("Taken throughout")),
}


def _row(found: FreeCar, here: str) -> dict[str, Any]:
    state, word = WORDS[found.rank]
    gaps = [{"start": one.start, "end": one.end, "url": _give(found.car.id, one, here)} for one in found.free]
    return {"car": found.car, "state": state, "word": word, "gaps": gaps, "taken": found.taken}


def _give(car_id: int, span: Span, here: str) -> str:
    """The form of a new access, filled in."""
    query = {"car": car_id, "start": _text(span.start), "end": _text(span.end), "next": here}
    return f"{reverse('assignments:window_new')}?{urlencode(query)}"


def _text(moment: dt.datetime | None) -> str:
    return windows.local_text(moment, ZoneInfo(settings.TIME_ZONE))
