"""Where a person is signed in, and the way to end it there."""

import datetime as dt
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from flinkey_admin.accounts import devices, services
from flinkey_admin.accounts.forms import PasswordForm
from flinkey_admin.accounts.models import Manager, SignIn
from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.web import logs

SHOWN = 20  # each is one more row to read


@dataclass(frozen=True)
class Visit:
    """A sign-in that is not over: on what, since when, when it was last used, and whether it is this very one."""

    pk: int
    device: str
    started_at: dt.datetime
    used_at: dt.datetime
    is_this: bool


def open_ones(person: Manager) -> "QuerySet[SignIn]":
    """The sign-ins of this person that have not run out, the latest first."""
    return person.sign_ins.filter(expires_at__gt=timezone.now()).order_by("-started_at", "-pk")


def visits(person: Manager, here: str | None) -> list[Visit]:
    """Those that are still good for a request. here: the key of the session at hand."""
    found = [_visit(row, _store(row.session_key), here) for row in open_ones(person)[:SHOWN]]
    now = timezone.now()
    idle = now - dt.timedelta(minutes=settings.SESSION_IDLE_MINUTES)
    return [one for one in found if one and (one.is_this or idle < one.used_at < now + services.SOON)]


def _store(session_key: str) -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore(session_key=session_key)


def _visit(row: SignIn, session: Any, here: str | None) -> Visit | None:
    if not (used := session.get(services.LAST_SEEN)):
        return None
    used_at = dt.datetime.fromtimestamp(used, dt.UTC)
    device = devices.in_words(session.get(services.DEVICE, ["", ""]))
    return Visit(row.pk, device, row.started_at, used_at, row.session_key == here)


def end(rows: "QuerySet[SignIn]") -> int:
    """Ends these sessions, the tokens in them with them: the next request of each leads to the sign-in. How many."""
    keys = list(rows.values_list("session_key", flat=True))
    for key in keys:
        _store(key).delete()
    rows.model.objects.filter(session_key__in=keys).delete()
    return len(keys)


def end_all(person: Manager | None) -> int:
    """Ends every session of this person, or of everybody, also those that no job goes on with. How many."""
    stores = [_store(row.session_key) for row in Session.objects.all()]
    found = [one for one in stores if (whose := one.get(SESSION_KEY)) and (not person or whose == str(person.pk))]
    for one in found:
        one.delete()
    (person.sign_ins.all() if person else SignIn.objects.all()).delete()
    whose = f"manager {person.pk}" if person else "everybody"
    logs.security.warning("signed out, by an administrator: %s, %s sessions", whose, len(found))
    return len(found)


def sessions(request: ManagerRequest) -> HttpResponse:
    """Where this person is signed in. POST `end` (its number) ends one of the others, `others` all of them; `password`
    comes with either."""
    person, here = request.manager.person, request.session.session_key
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and not services.is_password(request, person, form.cleaned_data["password"]):
        form.add_error("password", _("This is not your password of flinkey. Check it and try again."))
    if form.is_valid():
        others = open_ones(person).exclude(session_key=here)
        chosen = others if "others" in request.POST else others.filter(pk__in=_numbers(request.POST.get("end", "")))
        if not (count := end(chosen)) and "others" not in request.POST:
            raise Http404(_("This device is not signed in any more."))
        logs.security.info("signed out elsewhere, by the person: manager %s, %s sessions", person.pk, count)
        messages.success(request, _told(count))
        return redirect(request.path)
    found = visits(person, here)
    context = {
        "section": "preferences",
        "form": form,
        "visits": found,
        "others": len(found) - 1,
        "idle": settings.SESSION_IDLE_MINUTES,
        "hours": settings.SESSION_HOURS,
    }
    return render(request, "accounts/sessions.html", context, status=422 if request.method == "POST" else 200)


def _numbers(text: str) -> list[int]:
    return [int(text)] if text.isascii() and text.isdigit() and len(text) < 19 else []


def _told(count: int) -> str:
    return ngettext("%(count)s other device is signed out.", "%(count)s other devices are signed out.", count) % {
        "count": count
    }
