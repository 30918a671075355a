"""End an access now or extend it, at the press of one button; end all that a person or a car has, after a review."""

import datetime as dt
import re
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.assignments import acts, changing, ending, questions, services, windows
from flinkey_admin.assignments.called import names
from flinkey_admin.assignments.views import after
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import Assignment
from flinkey_admin.operations.journal import WindowBusy
from flinkey_admin.operations.models import State
from flinkey_admin.operations.things import items
from flinkey_admin.operations.views import review
from flinkey_admin.web import sentences
from flinkey_admin.web.redirects import safe_next

PRESS = re.compile(rf"({'|'.join([acts.END, *acts.LATER])})-([0-9]{{0,11}})")


def window_act(request: ManagerRequest, window_id: int) -> HttpResponse:
    """`act` says what, and behind a dash the end that the page with the button has shown, in seconds since 1970."""
    scope, is_sent = request.manager, request.method == "POST"
    services.open_form(scope)
    window = services.read_window(scope, window_id, now=is_sent)
    pressed = PRESS.fullmatch(request.POST.get("act", ""))
    if pressed is None:
        return _page(request, window, status=422 if is_sent else 200)
    act, mark = pressed.groups()
    zone, was = ZoneInfo(settings.TIME_ZONE), dt.datetime.fromtimestamp(int(mark), dt.UTC) if mark else None
    if again := acts.pressed_before(scope, window_id, act, was, zone):
        return after(request, again)
    if was != window.end:
        error = _("Meanwhile this access was changed. Nothing was sent. Please look at when it ends now.")
        return _page(request, window, status=409, error=error)
    return _act(request, window, act, zone)


def end_all(request: ManagerRequest, kind: Kind, thing_id: int) -> HttpResponse:
    """The review of what ends all access of a person, or all access to a car."""
    page = reverse(f"fleet:{kind.singular}_detail", args=[thing_id])
    if request.method != "POST":
        return redirect(page)
    try:
        return review(request, ending.plan(request.manager, kind, thing_id))
    except ending.NothingToEnd:
        messages.info(request, _("All access has ended already."))
        return redirect(page)


def _act(request: ManagerRequest, window: Assignment, act: str, zone: ZoneInfo) -> HttpResponse:
    now = timezone.now()
    try:
        end = (
            now.replace(microsecond=0)
            if act == acts.END or window.end is None
            else acts.later(act, window.end, now, zone)
        )
    except (windows.NoSuchTime, windows.TwiceThatDay):
        assert window.end is not None  # noqa: S101 - only then it is reckoned
        asked = {"until": acts.wall_text(act, window.end, now, zone), "next": safe_next(request, "")}
        return redirect(f"{reverse('assignments:window_detail', args=[window.id])}?{urlencode(asked)}")
    more: dict[str, Any] = {"act": request.POST["act"], "end": end}
    try:
        operation = acts.do(request.manager, window, end, request.POST.getlist("yes"))
    except questions.Asks as asks:
        more |= {"questions": asks.questions, "said": request.POST.getlist("yes")}
        return _page(request, window, status=422, **more)
    except changing.CarGone:
        return _page(request, window, status=409, error=sentences.MISSING["car"])
    except WindowBusy as busy:
        return _page(request, window, status=409, open_operation=busy.operation)
    if operation.state == State.REFUSED:
        return _page(request, window, status=409, error=items(operation)[0].text)
    return after(request, operation)


def _page(request: ManagerRequest, window: Assignment, status: int, **more: Any) -> HttpResponse:
    """What may be done with the window, and what is asked before it is."""
    context = {
        "section": "cars",
        "window": window,
        "later": acts.choices(window.end, timezone.now(), ZoneInfo(settings.TIME_ZONE)),
        "phase": windows.phase(window.start, window.end, timezone.now()),
        "next": safe_next(request, ""),
        **names(request.manager, window.car_id, window.user_id),
        **more,
    }
    return render(request, "assignments/window_act.html", context, status=status)
