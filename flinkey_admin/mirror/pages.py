"""Shows a page from the copy and keeps it true while it is open.

A page is made of parts, each a template whose outermost element has the part's name as its id. The browser asks for the
page again with a mark of what it has (`?seen=`); the answer holds the parts that have become different, or nothing.
"""

import datetime as dt
import hashlib
import logging
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRefresh

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.flinkey.errors import FlinkeyError, NotFound, Unauthorized
from flinkey_admin.mirror import lists, reading, sweep
from flinkey_admin.mirror.asking import StillReadingError
from flinkey_admin.mirror.reading import Copy, Wanted
from flinkey_admin.web.errors import Trouble, error_response
from flinkey_admin.web.sentences import NOT_HERE

logger = logging.getLogger(__name__)

EVERY = 15  # seconds between two looks for news
OFTEN = 5  # while the sweep reads the fleet for the first time
SOON = 2  # the same, while something is under way
SURELY = dt.timedelta(seconds=5)  # by which clocks may differ, and what was just written may be seen later
A_MOMENT = dt.timedelta(seconds=5)  # after which a page is drawn anew to see whether it is still the same
AGE, WATCH = "mirror/_age.html", "mirror/_watch.html"


@dataclass(frozen=True)
class Shown:
    """What a view has found in the copy. `beside`: lists that the page shows as well, of which some may be unread.

    `busy`: something is under way, so the page looks again soon.
    """

    context: Mapping[str, Any]
    beside: Sequence[str] = field(default=())
    busy: bool = False


Build = Callable[[Copy], Shown]


@dataclass(frozen=True)
class Seen:
    """What a page has: a mark of each part, and when they were drawn. As text it is `?seen=`.

    `beside`: it shows more lists than it is about. No time: something is under way, so it may differ at any moment.
    """

    marks: dict[str, str]
    at: dt.datetime | None
    beside: bool = False

    def __str__(self) -> str:
        drawn = f"{int(self.at.timestamp() * 1000)}{'b' if self.beside else ''}" if self.at else ""
        return ".".join([*self.marks.values(), drawn])

    def differing(self, had: str) -> list[str]:
        """The parts of which a page that says it has `had` has something else."""
        known = dict(zip(self.marks, had.split("."), strict=False))
        return [name for name, mark in self.marks.items() if known.get(name) != mark]

    @classmethod
    def read(cls, text: str, parts: Iterable[str]) -> "Seen | None":
        """What a page with these parts says it has; None where it does not say when that was drawn."""
        *marks, drawn = text.split(".")
        names = [*parts, "age"]
        if len(marks) != len(names) or not re.fullmatch("[0-9]{12,14}b?", drawn):
            return None
        at = dt.datetime.fromtimestamp(int(drawn.removesuffix("b")) / 1000, dt.UTC)
        return cls(dict(zip(names, marks, strict=True)), at, beside=drawn.endswith("b"))


def show(request: ManagerRequest, page: str, parts: Mapping[str, str], wanted: Wanted, build: Build) -> HttpResponse:
    """The page, or for HTMX the parts that changed.

    `build` makes the context out of the copy; it asks nobody but the database.
    Raises the client's errors when a first visit cannot be read. One that flinkey keeps waiting gets a page that says
    so and asks when the other one can be shown (`?waiting=`).
    """
    polled = bool(request.htmx) and "seen" in request.GET
    try:
        if "waiting" in request.GET:
            return _when_read(request, wanted)
        return _show(request, page, parts, wanted, build, polled=polled)
    except StillReadingError:
        here = _address(request)
        return _for_both(render(request, "mirror/waiting.html", {"here": here, "ask": _with(here, "waiting=1")}))
    except Http404 as gone:
        if not polled:
            raise
        response = error_response(request, Trouble(str(gone) or NOT_HERE, 404))
        response.content += render_to_string("mirror/_stop.html").encode()
        return response


def _when_read(request: ManagerRequest, wanted: Wanted) -> HttpResponse:
    """Waits for flinkey as long as it takes and has the browser load the page then, be it one of what is the matter."""
    try:
        reading.open_copy(request.manager, wanted)
    except FlinkeyError as fault:
        # Any other fault is remembered, so the page will say it at once.
        if not request.htmx or isinstance(fault, Unauthorized | NotFound):
            raise
    return _for_both(HttpResponseClientRefresh() if request.htmx else redirect(_address(request)))


def _show(
    request: ManagerRequest, page: str, parts: Mapping[str, str], wanted: Wanted, build: Build, *, polled: bool
) -> HttpResponse:
    scope, force = request.manager, "fresh" in request.GET
    copy = reading.open_copy(scope, wanted, _note, math.inf if request.htmx else settings.FIRST_LOOK)
    opened, had = timezone.now(), _had(request, parts) if polled and not force else None
    # What a page shows beside its lists is known only once it is built.
    shown = build(copy) if had is None or had.beside else None
    beside = shown.beside if shown else ()
    found, stuck = None, False
    try:
        if not copy.noted:
            _note(copy, beside)
        if force or polled:
            found = reading.refresh(scope, wanted, beside, force=force)
    except DatabaseError as fault:
        # A full disk must not hide who may open a car: what is stored can be read.
        logger.error("a page is shown as it was stored last: %s", fault)  # noqa: TRY400 - the words say it all
        stuck = True
    if force or polled:
        copy = reading.open_copy(scope, wanted)
    copy.stuck = stuck
    if force and not request.htmx:
        return redirect(_address(request))
    if found and had and had.at and found.changed_at < had.at - SURELY:
        return _same(request, copy, had, again=found.again)
    if shown is None or ((force or polled) and not (found and found.changed_at < opened - SURELY)):
        opened = timezone.now()
        shown = build(copy)
    return _answer(request, page, parts, copy, shown, opened, again=bool(found and found.again))


def _had(request: ManagerRequest, parts: Mapping[str, str]) -> Seen | None:
    """What the browser has, if that was drawn a moment ago: it can differ only where one of the page's lists does.

    All else on a page, such as the hour and changes under way, is looked at by the next look at the latest.
    """
    seen = Seen.read(request.GET.get("seen", ""), parts)
    if seen is None or seen.at is None:
        return None
    # Not where a clock has been set back meanwhile.
    return seen if dt.timedelta(0) <= timezone.now() - seen.at < A_MOMENT else None


def _note(copy: Copy, beside: Sequence[str] = ()) -> None:
    """Somebody looks at this page, so its lists and all else of the customer are kept warm."""
    sweep.keep_going(copy.customer, copy.listings.get(lists.EVERYTHING))
    reading.note_look(copy, beside)
    copy.noted = True


def _address(request: ManagerRequest) -> str:
    """The page's own address, without what only its looks for news say."""
    query = request.GET.copy()
    for name in ("seen", "fresh", "waiting"):
        query.pop(name, None)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def _with(address: str, more: str = "") -> str:
    return f"{address}{'&' if '?' in address else '?'}{more}"


def _for_both(response: HttpResponse) -> HttpResponse:
    """The answer, marked as one that differs between a page and its parts."""
    patch_vary_headers(response, ["HX-Request"])
    return response


def _answer(
    request: ManagerRequest,
    page: str,
    parts: Mapping[str, str],
    copy: Copy,
    shown: Shown,
    opened: dt.datetime,
    *,
    again: bool,
) -> HttpResponse:
    context = {**shown.context, **_frame(request, copy)}
    drawn = {name: render_to_string(template, context, request) for name, template in parts.items()}
    drawn["age"] = render_to_string(AGE, context, request)
    marks = {name: _mark(html) for name, html in drawn.items()}
    seen = Seen(marks, None if shown.busy else opened, beside=bool(shown.beside))
    context |= {"seen": seen, "every": _every(copy, busy=shown.busy)}
    # The page has been read just now, so it need not look at once.
    context["at_once"] = not request.htmx or again
    drawn["watch"] = render_to_string(WATCH, context, request)
    if request.htmx:
        return _news(request, drawn, seen.differing(request.GET.get("seen", "")), again=again)
    return _for_both(render(request, page, {**context, "parts": drawn}))


def _same(request: ManagerRequest, copy: Copy, seen: Seen, *, again: bool) -> HttpResponse:
    """The answer to a page of which nothing but the age can have changed: nothing else is found or drawn."""
    context = _frame(request, copy)
    age = render_to_string(AGE, context, request)
    if seen.marks["age"] == _mark(age):
        return _news(request, {}, [], again=again)
    seen.marks["age"] = _mark(age)
    context |= {"seen": seen, "every": _every(copy, busy=False), "at_once": again}
    return _news(request, {"age": age, "watch": render_to_string(WATCH, context, request)}, ["age"], again=again)


def _frame(request: ManagerRequest, copy: Copy) -> dict[str, Any]:
    """What the line with the age says, and where news are asked for."""
    here = _address(request)
    return {"age": copy.age(), "here": here, "ask": _with(here)}


def _mark(html: str) -> str:
    return hashlib.sha256(html.encode()).hexdigest()[:8]


def _every(copy: Copy, *, busy: bool) -> int:
    """The seconds until the page looks again: soon while something is under way, often while the fleet is new."""
    if busy:
        return SOON
    return EVERY if copy.is_complete else min(OFTEN, EVERY)


def _news(request: ManagerRequest, drawn: Mapping[str, str], fresh: Sequence[str], *, again: bool) -> HttpResponse:
    """The parts that the browser does not have yet; 204 when it has them all."""
    if fresh:
        changed = [(name, drawn[name]) for name in [*fresh, "watch"]]
        response = render(request, "mirror/_news.html", {"changed": changed})
    else:
        response = HttpResponse(status=204)
    if again:
        response.headers["HX-Trigger"] = "again"
    return _for_both(response)
