"""The hand-over: what whoever takes over the shift has to know, on one page that fits on one sheet of paper."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models import Window as Over
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.accounts.stash import typed
from flinkey_admin.fleet import overview
from flinkey_admin.fleet.forms import NoteForm
from flinkey_admin.fleet.models import Note
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import lists, pages
from flinkey_admin.mirror.models import Window
from flinkey_admin.mirror.pages import Shown
from flinkey_admin.mirror.queries import count_all, day, things, windows
from flinkey_admin.mirror.reading import Copy, Wanted
from flinkey_admin.operations import services as operations
from flinkey_admin.operations import story
from flinkey_admin.operations.models import Operation

AHEAD = dt.timedelta(hours=24)
SHOWN = 10  # lines of a list: more would not fit on the sheet
NOTES = 5
NOTE_LIFE = dt.timedelta(days=7)
TWICE = dt.timedelta(minutes=1)  # the same note within this is the same press of the button


def handover(request: ManagerRequest) -> HttpResponse:
    """What is open, what comes, what was changed today, and a note for the next person."""
    scope, form = request.manager, NoteForm(typed(request))
    if request.method == "POST" and form.is_valid():
        write_note(scope, form.cleaned_data["text"])
        messages.success(request, _("Your note stands on top of the shift hand-over."))
        return redirect("fleet:handover")

    def build(copy: Copy) -> Shown:
        now = timezone.now()
        starting, ending = overview.coming(scope, now + AHEAD, SHOWN)
        totals = count_all(scope, _counted(scope, now))
        context = {
            "section": "handover",
            "form": form,
            "notes": list(notes(scope)[:NOTES]),
            "open": _open(scope),
            "plans": [_starting(starting, totals["starting"]), _ending(ending, totals["ending"])],
            "today": _today(scope, totals["ours"] + totals["outside"]),
            "so_far": not copy.is_complete,
        }
        cars = dict.fromkeys(event.car.id for event in [*starting, *ending])
        return Shown(context, [lists.car_windows(car) for car in cars])

    parts = {"notes": "fleet/_notes.html", "handover": "fleet/_handover.html"}
    wanted = Wanted([lists.CATALOG[Kind.CARS]], [lists.CATALOG[Kind.USERS]], whole=True)
    response = pages.show(request, "fleet/handover.html", parts, wanted, build)
    if request.method == "POST":
        response.status_code = 422
    return response


# Notes --------------------------------------------------------------------------------------------------------------


def notes(scope: Scope) -> "QuerySet[Note]":
    """The notes of the last week, the latest first."""
    recent = scoped(Note.objects.all(), scope).filter(written_at__gt=timezone.now() - NOTE_LIFE)
    return recent.select_related("person").order_by("-written_at", "-pk")


def write_note(scope: Scope, text: str) -> None:
    """Leaves a note. A button pressed twice leaves one; those that are kept long enough are thrown away."""
    now = timezone.now()
    scoped(Note.objects.all(), scope).filter(written_at__lt=now - dt.timedelta(days=settings.RETENTION_DAYS)).delete()
    if not notes(scope).filter(person=scope.person, text=text, written_at__gt=now - TWICE).exists():
        Note.objects.create(customer=scope.customer, person=scope.person, text=text, written_at=now)


# What is open and what comes ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """A list of the page. `total`: so many lines in all; `none`: what to say of none; `url`, `leads`: to the rest."""

    key: str
    title: str
    lines: Sequence[Any]
    total: int
    none: str
    url: str
    leads: str

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.total - len(self.lines)


def _open(scope: Scope) -> Part:
    # Counted along with the rows: to find them takes longest, so not twice.
    rows = list(unsettled(scope).annotate(total=Over(Count("pk")))[:SHOWN])
    lines, total = [story.own_event(row) for row in rows], rows[0].total if rows else 0
    none, url = _("Everything is done."), reverse("operations:list")
    return Part("open", _("Changes unfinished or failed"), lines, total, none, url, _("Changes"))


def _today(scope: Scope, total: int) -> Part:
    title = _("Changed today, %(date)s") % {"date": date_format(timezone.localdate(), _("l j F"))}
    none, url = _("Nothing was changed today."), reverse("operations:list")
    return Part("today", title, story.story_since(scope, day()[0], SHOWN), total, none, url, _("Changes"))


def _starting(lines: Sequence[overview.Event], total: int) -> Part:
    title, none = _("Starting within 24 hours"), _("Nothing starts within 24 hours.")
    url = f"{reverse('fleet:car_list')}?access=starts"
    return Part("starting", title, lines, total, none, url, _("Starting today"))


def _ending(lines: Sequence[overview.Event], total: int) -> Part:
    title, none = _("Ending within 24 hours"), _("Nothing ends within 24 hours.")
    url = f"{reverse('fleet:car_list')}?access=week"
    return Part("ending", title, lines, total, none, url, _("Ending within 7 days"))


def unsettled(scope: Scope) -> "QuerySet[Operation]":
    """The changes that wait, that stopped half-way, and those that failed within a day; the latest first."""
    stopped, failed = (
        rows.order_by().values("pk") for rows in (operations.unfinished(scope), operations.worth_a_look(scope))
    )
    return operations.operations(scope).filter(Q(pk__in=stopped) | Q(pk__in=failed))


def _counted(scope: Scope, now: dt.datetime) -> dict[str, "QuerySet[Any]"]:
    """The rows of the other lists, before they are cut."""
    mine: QuerySet[Window] = windows(scope).filter(
        Exists(things(Kind.CARS, scope).filter(flinkey_id=OuterRef("car_id")))
    )
    ours, outside = story.since_then(scope, day()[0])
    return {
        "starting": mine.filter(overview.soon("start", now, now + AHEAD)),
        "ending": mine.filter(overview.soon("end", now, now + AHEAD)),
        "ours": ours,
        "outside": outside,
    }
