"""The unfinished changes for the frame of every page, and the mark by which a form is sent but once."""

import uuid
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.operations import services, titles

SHOWN = 5


def unfinished(request: HttpRequest) -> dict[str, Any]:
    """The latest changes of this customer that are not finished, and how many there are."""
    scope = getattr(request, "manager", None)
    if scope is None:
        return {"tray": None, "new_nonce": uuid.uuid4}
    # Each part of a page is rendered by itself and comes by here; only the frame asks.
    return {"tray": SimpleLazyObject(lambda: tray_of(scope)), "new_nonce": uuid.uuid4}


def tray_of(scope: Scope) -> dict[str, Any]:
    """The changes that this customer has yet to look after, each with its title and state in words."""
    rows = services.unfinished(scope)
    latest = list(rows[: SHOWN + 1])
    shown = [(row, titles.title(row), titles.operation_word(row)) for row in latest[:SHOWN]]
    return {"rows": shown, "count": len(latest) if len(latest) <= SHOWN else rows.count()}
