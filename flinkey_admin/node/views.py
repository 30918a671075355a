"""What this installation says of itself."""

import hmac
import logging

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from flinkey_admin.node import health
from flinkey_admin.web import logs

logger = logging.getLogger(__name__)


@login_not_required
def live(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The process answers. It asks nobody, so that no trouble elsewhere has it started anew."""
    return _plain("ok")


@login_not_required
def ready(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """200 when this node can do its work, else 503 with one sentence. flinkey has no say in it."""
    if why := health.trouble():
        logger.error("not ready: %s", why)
        return _plain(why, 503)
    return _plain("ok")


@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus, for whoever brings METRICS_TOKEN; for everybody else there is nothing here."""
    brought = request.headers.get("Authorization", "").encode("latin-1", "replace")
    wanted = f"Bearer {settings.METRICS_TOKEN}".encode()
    if not settings.METRICS_TOKEN or not hmac.compare_digest(brought, wanted):
        if settings.METRICS_TOKEN:
            logs.security.warning("refused, figures without the right token")
        return _plain("Not found", 404)
    # Its library is loaded only where somebody asks for it.
    from flinkey_admin.node import metrics as figures

    try:
        return HttpResponse(figures.text(), content_type="text/plain; version=1.0.0; charset=utf-8")
    except DatabaseError:
        logger.exception("no figures")
        return _plain(health.NO_DATABASE, 503)


def _plain(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(text, content_type="text/plain; charset=utf-8", status=status)
