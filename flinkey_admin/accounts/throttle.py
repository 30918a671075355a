"""How often passwords may be tried: what django-axes counts, and up to which limits.

A wrong password counts for the account at that place, for the account wherever it is tried, and for the place whatever
account is tried there. A browser in which a person has signed in before is counted by itself, for this person alone:
whoever tries passwords elsewhere, or at the next desk, locks nobody out of the browser they work with.
"""

import datetime as dt
import secrets
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse

from flinkey_admin.accounts.models import Manager

SALT = "flinkey_admin.accounts.throttle"
KNOWN = 90 * 24 * 3600  # seconds since the last sign-in


def _counted(request: HttpRequest) -> list[tuple[list[str], int]]:
    """What is added up for this request, each with the wrong passwords after which it is locked."""
    if getattr(request, "known_browser", ""):
        return [(["username", "user_agent"], settings.AXES_FAILURE_LIMIT)]
    return [
        (["username", "ip_address"], settings.AXES_FAILURE_LIMIT),
        (["username"], settings.WIDE_FAILURE_LIMIT),
        (["ip_address"], settings.WIDE_FAILURE_LIMIT),
    ]


def groupings(request: HttpRequest, _credentials: dict[str, Any] | None = None) -> list[list[str]]:
    """By what wrong passwords are added up for this request (AXES_LOCKOUT_PARAMETERS)."""
    return [names for names, _limit in _counted(request)]


class Throttle(AxesDatabaseHandler):  # type: ignore[misc]  # axes has no types
    """The counting of django-axes with a limit for each grouping (AXES_HANDLER)."""

    def is_allowed(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        if browser := _known(request, str((credentials or {}).get("username") or "")):
            # In the place of what a browser calls itself, which anybody may claim.
            request.known_browser = request.axes_user_agent = browser  # type: ignore[attr-defined]
        return bool(super().is_allowed(request, credentials))

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """What is used up of the limit that is nearest, out of AXES_FAILURE_LIMIT."""
        sums = [
            rows.aggregate(of=Sum("failures_since_start"))["of"]
            for rows in self.get_user_attempts(request, credentials)
        ]
        limits = [limit for _names, limit in _counted(request)]
        used = [(count or 0) * settings.AXES_FAILURE_LIMIT // limit for count, limit in zip(sums, limits, strict=True)]
        request.locked_widely = used[0] < settings.AXES_FAILURE_LIMIT <= max(used)  # type: ignore[attr-defined]
        return max(used)

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """A right password takes back this person's wrong ones at this place, and nobody else's."""
        count, _of_each = self.filter_user_attempts(request, credentials)[0].delete()
        return int(count)


def has_run_ahead(now: dt.datetime, soon: dt.timedelta) -> bool:
    """Whether a wrong password was counted in the future: then the clock has been ahead, and was set back since."""
    return bool(AccessAttempt.objects.filter(attempt_time__gt=now + soon).exists())


def set_back(now: dt.datetime, soon: dt.timedelta) -> None:
    """What was counted by a clock that was ahead, more than `soon`, counts as of now: a lock lasts no longer for it."""
    AccessAttempt.objects.filter(attempt_time__gt=now + soon).update(attempt_time=now)


def _known(request: HttpRequest, username: str) -> str:
    """What this browser is called since the person has signed in with it, or nothing."""
    said = request.get_signed_cookie(settings.KNOWN_COOKIE_NAME, "", salt=SALT, max_age=KNOWN)
    number, _space, browser = str(said).partition(" ")
    if not browser:
        return ""
    return browser if Manager.objects.filter(pk=int(number), email=username.strip().lower()).exists() else ""


def know_again(response: HttpResponse, manager: Manager) -> None:
    """Lets this browser keep that the person has signed in with it."""
    response.set_signed_cookie(
        settings.KNOWN_COOKIE_NAME,
        f"{manager.pk} known browser {secrets.token_hex(16)}",
        salt=SALT,
        max_age=KNOWN,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
