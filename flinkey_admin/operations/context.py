"""The count of unfinished changes for the frame of every page, and the mark by which a form is sent but once."""

import uuid
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from flinkey_admin.operations import services


def unfinished(request: HttpRequest) -> dict[str, Any]:
    """How many changes of this customer stopped half-way or were lost."""
    scope = getattr(request, "manager", None)
    if scope is None:
        return {"unfinished": 0, "new_nonce": uuid.uuid4}
    # Each part of a page is rendered by itself and comes by here; only the frame asks.
    return {"unfinished": SimpleLazyObject(lambda: services.unfinished(scope).count()), "new_nonce": uuid.uuid4}
