"""Shows a page from the copy and keeps it true while it is open.

A page is made of parts, each a template whose outermost element has the part's name as its id. The browser asks for the
page again with a mark of what it has (`?seen=`); the answer holds the parts that have become different, or nothing.
"""

import hashlib
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
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


@dataclass(frozen=True)
class Shown:
    """What a view has found in the copy. `beside`: lists that the page shows as well, of which some may be unread.

    `busy`: something is under way, so the page looks again soon.
    """

    context: Mapping[str, Any]
    beside: Sequence[str] = field(default=())
    busy: bool = False


Build = Callable[[Copy], Shown]


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
    scope, again, force = request.manager, False, "fresh" in request.GET
    copy = reading.open_copy(scope, wanted, _note, math.inf if request.htmx else settings.FIRST_LOOK)
    shown = build(copy)
    stuck = False
    try:
        if not copy.noted:
            _note(copy, shown.beside)
        if force or polled:
            again = reading.refresh(scope, wanted, shown.beside, force=force)
    except DatabaseError as fault:
        # A full disk must not hide who may open a car: what is stored can be read.
        logger.error("a page is shown as it was stored last: %s", fault)  # noqa: TRY400 - the words say it all
        stuck = True
    if force or polled:
        copy = reading.open_copy(scope, wanted)
        shown = build(copy)
    copy.stuck = stuck
    if force and not request.htmx:
        return redirect(_address(request))
    return _answer(request, page, parts, copy, shown, again=again)


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
    request: ManagerRequest, page: str, parts: Mapping[str, str], copy: Copy, shown: Shown, *, again: bool
) -> HttpResponse:
    here = _address(request)
    context = {**shown.context, "age": copy.age(), "here": here, "ask": _with(here)}
    drawn = {name: render_to_string(template, context, request) for name, template in parts.items()}
    drawn["age"] = render_to_string("mirror/_age.html", context, request)
    marks = {name: hashlib.sha256(html.encode()).hexdigest()[:8] for name, html in drawn.items()}
    context |= {"seen": ".".join(marks.values()), "every": _every(shown, copy)}
    # The page has been read just now, so it need not look at once.
    context["at_once"] = not request.htmx or again
    drawn["watch"] = render_to_string("mirror/_watch.html", context, request)
    if request.htmx:
        response = _news(request, drawn, marks)
        if again:
            response.headers["HX-Trigger"] = "again"
    else:
        response = render(request, page, {**context, "parts": drawn})
    return _for_both(response)


def _every(shown: Shown, copy: Copy) -> int:
    """The seconds until the page looks again: soon while something is under way, often while the fleet is new."""
    if shown.busy:
        return SOON
    return EVERY if copy.is_complete else min(OFTEN, EVERY)


def _news(request: ManagerRequest, drawn: Mapping[str, str], marks: Mapping[str, str]) -> HttpResponse:
    """The parts that the browser does not have yet; 204 when it has them all."""
    had = request.GET.get("seen", "").split(".")
    known = dict(zip(marks, had, strict=False)) if "seen" in request.GET else {}
    fresh = [name for name in marks if known.get(name) != marks[name]]
    if not fresh:
        return HttpResponse(status=204)
    changed = [(name, drawn[name]) for name in [*fresh, "watch"]]
    return render(request, "mirror/_news.html", {"changed": changed})
