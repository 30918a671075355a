"""What this installation says of itself."""

import logging

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse

from flinkey_admin.node import health

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


def _plain(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(text, content_type="text/plain", status=status)
