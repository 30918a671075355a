"""What the frame of every page shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from flinkey_admin.accounts.preferences import chosen_scheme


def frame(request: HttpRequest) -> dict[str, Any]:
    """The manager, the customers to switch between, the chosen colours, and whether this is the demo."""
    scope = getattr(request, "manager", None)
    email, _space, password = settings.DEMO_SIGN_IN.partition(" ")
    return {
        "manager": scope,
        "customers": scope.person.reach if scope else [],
        "idle": settings.SESSION_IDLE_MINUTES,
        "scheme": chosen_scheme(request),
        "demo": bool(email),
        "demo_sign_in": {"email": email, "password": password} if email else None,
        "zone": settings.TIME_ZONE,
    }
