"""The reference number, the headers of every page and the one error boundary."""

import logging
import re
import secrets
from collections.abc import Callable

import brotli
from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.cache import patch_vary_headers

from flinkey_admin.flinkey.errors import FlinkeyError
from flinkey_admin.web import logs, sentences
from flinkey_admin.web.errors import HEADINGS, Trouble, error_response

logger = logging.getLogger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponse]
# What nobody needs of a file that never changes: it is not asked for again, and no document.
OF_DOCUMENTS = ("Last-Modified", "ETag", "Referrer-Policy", "Cross-Origin-Opener-Policy")
FOREVER = "max-age=31536000, immutable"
BROTLI = re.compile(r"\bbr\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))")
QUALITY = 7  # two milliseconds for fifty rows; the best one would take longer than all of the page
PAD = 64  # bytes that a page is longer at most, by chance


def brotli_pages(get_response: GetResponse) -> GetResponse:
    """Compresses whole pages better than gzip does, for browsers that can read it; the rest is left to gzip.

    How long an answer is tells who listens something about what is in it (BREACH), so each page ends with a comment
    of a length that nobody can foresee.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.streaming or not response.content.startswith(b"<!doctype html>"):
            return response
        patch_vary_headers(response, ["Accept-Encoding"])
        if "Content-Encoding" not in response.headers and BROTLI.search(request.headers.get("Accept-Encoding", "")):
            pad = secrets.token_hex(secrets.randbelow(PAD + 1)).encode()
            page = b"%s<!--%s-->" % (response.content, pad)
            response.content = brotli.compress(page, mode=brotli.MODE_TEXT, quality=QUALITY)
            response.headers["Content-Encoding"] = "br"
            response.headers["Content-Length"] = str(len(response.content))
        return response

    return middleware


def short_heads(get_response: GetResponse) -> GetResponse:
    """Leaves out of the head of a file that is named by its content what only other answers need."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if "immutable" in response.headers.get("Cache-Control", ""):
            for name in OF_DOCUMENTS:
                response.headers.pop(name, None)
            response.headers["Cache-Control"] = FOREVER
        return response

    return middleware


METHODS = ["GET", "HEAD", "OPTIONS", "POST"]
FOR_PROGRAMS = ("/webhooks/", "/calendar/", "/metrics")
HTTPS_ONLY = "This address is for HTTPS alone.\n"


def door(get_response: GetResponse) -> GetResponse:
    """What holds for files as well as for pages: no TRACE, no program led on from plain HTTP, no frames."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method == "TRACE":
            response: HttpResponse = HttpResponseNotAllowed(METHODS)
        elif settings.SECURE_SSL_REDIRECT and not request.is_secure() and request.path_info.startswith(FOR_PROGRAMS):
            # A redirect would hide that a secret goes over the wire with each call; people and browsers get one.
            response = HttpResponse(HTTPS_ONLY, content_type="text/plain; charset=utf-8", status=403)
        else:
            response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", "frame-ancestors 'none'")
        return response

    return middleware


def reference(get_response: GetResponse) -> GetResponse:
    """Gives each request its reference number, and each answer the headers Django has no setting for."""

    def middleware(request: HttpRequest) -> HttpResponse:
        token = logs.current.set(logs.new_reference())
        try:
            response = get_response(request)
        finally:
            logs.current.reset(token)
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers["Cache-Control"] = "no-store"
        return response

    return middleware


class ErrorBoundary:
    """Every failure ends here: one sentence as a page or a toast, one reference number, one line in the log."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 404 and request.resolver_match is None:
            # No view was asked, so no exception passed by: the address itself is unknown.
            return error_response(request, Trouble(sentences.NOT_HERE, 404))
        if response.status_code == 405 and not response.content:
            # An address that only forms are sent to, opened from a bookmark or the address bar.
            page = error_response(request, Trouble(sentences.NOT_HERE, 405, HEADINGS[404]))
            page.headers["Allow"] = response.headers["Allow"]
            return page
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse:
        match exception:
            case FlinkeyError():
                logger.warning("flinkey: %s", exception)
                said = sentences.of(exception)
                trouble = Trouble(said.text, said.status, said.heading, str(exception), again=True)
            case Http404():
                # What is another customer's is not found either, so each of these may be somebody who tries.
                logs.security.warning("refused, not there for this person: %s", _asked(request))
                trouble = Trouble(str(exception) or sentences.NOT_HERE, 404)
            case PermissionDenied():
                logs.security.warning("refused, not allowed: %s", _asked(request))
                trouble = Trouble(sentences.NOT_ALLOWED, 403)
            case SuspiciousOperation():
                logs.security.warning("refused, not what a page sends: %s", exception)
                trouble = Trouble(sentences.TOO_MUCH, 400)
            case DatabaseError():
                logger.error("database: %s", exception)
                trouble = Trouble(sentences.of_store(exception), 503, again=request.method == "GET")
            case _:
                logger.error("unexpected", exc_info=exception)
                trouble = Trouble(sentences.UNEXPECTED, 500)
        return error_response(request, trouble)


def _asked(request: HttpRequest) -> str:
    """The page and the numbers in its address; words in an address may be secret."""
    match = request.resolver_match
    if match is None:
        return "an unknown address"
    return " ".join([match.view_name, *(str(one) for one in match.kwargs.values() if isinstance(one, int))])
