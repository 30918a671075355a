"""One helper decides whether a page or a part of it is wanted."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

from flinkey_admin.web.requests import HtmxRequest


def page_or_fragment(
    request: HtmxRequest, page: str, fragment: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """Renders `fragment` for HTMX and `page`, which includes that very file, for everybody else."""
    response = render(request, fragment if request.htmx else page, dict(context), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def go(request: HtmxRequest, to: str) -> HttpResponse:
    """Sends the browser to a URL: a redirect, or the header by which HTMX leaves the page."""
    return HttpResponseClientRedirect(to) if request.htmx else redirect(to)
