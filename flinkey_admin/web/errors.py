"""One trouble, two shapes: a whole page, or a toast when HTMX asked."""

import sys
from dataclasses import dataclass

from django.core.exceptions import DisallowedHost
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from flinkey_admin.web import logs
from flinkey_admin.web.sentences import NOT_HERE, TOO_MUCH, UNEXPECTED, Text, of_store


@dataclass(frozen=True)
class Trouble:
    """What went wrong, in words; `detail` is folded away under "Details"."""

    sentence: Text
    status: int
    heading: Text = ""
    detail: str = ""
    again: bool = False  # another try may go better: the page leads to it


def last_resort(request: HttpRequest) -> HttpResponse:
    """What is left to say when even the middleware has failed: no database, no session, nobody signed in."""
    if isinstance(fault := sys.exception(), DatabaseError):
        return _bare(request, of_store(fault), 503)
    return _bare(request, UNEXPECTED, 500)


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that was turned away before any view: another host's name, more fields than any page of ours has."""
    return _bare(request, NOT_HERE if isinstance(exception, DisallowedHost) else TOO_MUCH, 400)


def _bare(request: HttpRequest, sentence: Text, status: int) -> HttpResponse:
    """Without the request in the template: what the frame of a page wants to know may be what has failed."""
    context = {"heading": HEADINGS[500], "sentence": sentence, "reference": logs.current.get(), "level": "bad"}
    if request.headers.get("HX-Request") == "true":  # django_htmx may not have come to it
        return _beside_the_page(HttpResponse(render_to_string("web/_toast.html", context), status=status))
    return HttpResponse(render_to_string("web/error.html", context), status=status)


HEADINGS = {404: _("Not found"), 403: _("Not allowed"), 500: _("Something went wrong")}


def error_response(request: HttpRequest, trouble: Trouble) -> HttpResponse:
    """The page for a browser, or the toast for HTMX, which leaves whatever is on the page alone."""
    context = {
        "heading": trouble.heading or HEADINGS.get(trouble.status, HEADINGS[500]),
        "sentence": trouble.sentence,
        "detail": trouble.detail,
        "reference": logs.current.get(),
        "level": "bad",
        "again": request.get_full_path() if trouble.again else "",
    }
    if getattr(request, "htmx", False):
        return _beside_the_page(render(request, "web/_toast.html", context, status=trouble.status))
    return render(request, "web/error.html", context, status=trouble.status)


def _beside_the_page(toast: HttpResponse) -> HttpResponse:
    """htmx must not put it into the page instead of what the page shows, which then would never come back by itself."""
    toast.headers["HX-Retarget"] = "#toasts"
    toast.headers["HX-Reswap"] = "innerHTML"  # the same fault twice is one toast
    # The address goes on naming what the page shows.
    toast.headers["HX-Push-Url"] = "false"
    return toast
