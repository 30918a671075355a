"""The calendar that other programs read, and the page on which a manager switches it on and off."""

import hashlib

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.assignments import calendars, feeds
from flinkey_admin.assignments.models import Feed
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import lists, reading
from flinkey_admin.web import counting, logs
from flinkey_admin.web.proxies import client_place
from flinkey_admin.web.sentences import MISSING

SPELL = 600  # seconds
FETCHES = 60  # of one calendar in that time, by all that read it
MISSES = 20  # wrong addresses from one caller in that time
PAGES = {
    Feed.Kind.CARS: "fleet:car_detail",
    Feed.Kind.USERS: "fleet:user_detail",
    Feed.Kind.GROUPS: "fleet:group_detail",
}


@login_not_required
@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The windows as iCalendar: 404 for an address that is not, or no longer, right; 304 when nothing is new; 429 for
    whoever asks too often or tries addresses. It reads the copy alone."""
    caller = f"feed-misses-{hashlib.sha256(client_place(request).encode()).hexdigest()}"
    if counting.so_far(caller) >= MISSES:
        return _refused(429)
    found = feeds.by_secret(secret)
    if found is None:
        logs.security.warning("refused, an unknown calendar")
        if counting.count(caller, SPELL) == MISSES:
            logs.security.warning("locked, calendars were guessed at: %s times within %s s", MISSES, SPELL)
        return _refused(404)
    one, scope = found
    if counting.count(f"feed-{one.pk}", SPELL) > FETCHES:
        return _refused(429)
    feeds.note_fetched(one)
    with translation.override(one.language):
        name = feeds.name(scope, Feed.Kind(one.kind), one.flinkey_id) or ""
        entries = feeds.entries(scope, one) if name else []
    # Out of what goes in: to write a thousand events takes half a second, to see that they are the same does not.
    etag = f'"{hashlib.sha256(repr((name, entries, feeds.zone().key)).encode()).hexdigest()[:32]}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        body = calendars.write(name, entries, feeds.zone())
        response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
        response.headers["Content-Disposition"] = 'inline; filename="access.ics"'
    response.headers["ETag"] = etag
    return _quiet(response)


def _refused(status: int) -> HttpResponse:
    """Says no more than that: no page, no reason."""
    response = HttpResponse(status=status, content_type="text/plain; charset=utf-8")
    if status == 429:
        response.headers["Retry-After"] = str(SPELL)
    return _quiet(response)


def _quiet(response: HttpResponse) -> HttpResponse:
    """Nobody on the way keeps it, finds it, or is told its address."""
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


# The page of a manager ----------------------------------------------------------------------------------------------


def car_calendar(request: ManagerRequest, car_id: int) -> HttpResponse:
    """The calendar of a car."""
    return _calendar(request, Feed.Kind.CARS, car_id, "car", lists.CATALOG[Kind.CARS])


def user_calendar(request: ManagerRequest, user_id: int) -> HttpResponse:
    """The calendar of a person."""
    return _calendar(request, Feed.Kind.USERS, user_id, "user", lists.CATALOG[Kind.USERS])


def group_calendar(request: ManagerRequest, group_id: int) -> HttpResponse:
    """The calendar of a group's cars."""
    return _calendar(request, Feed.Kind.GROUPS, group_id, "group", lists.GROUPS)


def _calendar(request: ManagerRequest, kind: Feed.Kind, flinkey_id: int, word: str, needed: str) -> HttpResponse:
    """Shown once after it was made: the address is kept nowhere."""
    scope, secret = request.manager, ""
    reading.open_copy(scope, reading.Wanted([needed]))
    name = feeds.name(scope, kind, flinkey_id)
    if name is None:
        raise Http404(str(MISSING[word]))
    if request.method == "POST":
        if request.POST.get("what") == "off":
            feeds.switch_off(scope, kind, flinkey_id)
            messages.success(request, _("The calendar is switched off. Its address works no longer."))
            return redirect(request.path)
        if request.POST.get("what") == "on":
            secret = feeds.switch_on(scope, kind, flinkey_id)
    one = feeds.find(scope, kind, flinkey_id)
    context = {
        "section": str(kind),
        "kind": kind,
        "name": name,
        "back": reverse(PAGES[kind], args=[flinkey_id]),
        "feed": one,
        "rests": one is not None and feeds.rests(one),
        "days": feeds.PATIENCE.days,
        "address": request.build_absolute_uri(reverse("assignments:feed", args=[secret])) if secret else "",
    }
    response = render(request, "assignments/calendar.html", context)
    response.headers["Referrer-Policy"] = "no-referrer" if secret else "same-origin"
    return response
