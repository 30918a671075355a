"""How much one person may ask for within ten minutes: more than hands can do, less than a program would."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from flinkey_admin.accounts import stash
from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.web import counting, logs
from flinkey_admin.web.errors import Trouble, error_response

SPELL = 600  # seconds


@dataclass(frozen=True)
class Pace:
    """What is counted together, and how often it may be within a spell."""

    what: str
    most: int


TABLES, CHANGES, SEARCHES = Pace("tables", 60), Pace("changes", 1200), Pace("searches", 3000)


def hold_back(request: HttpRequest, scope: Scope) -> HttpResponse | None:
    """The refusal for a person who has asked for too much; None for everybody else. What was typed is kept."""
    pace = _pace_of(request)
    if pace is None:
        return None
    count = counting.count(f"pace-{pace.what}-{scope.person.pk}", SPELL)
    if count <= pace.most:
        return None
    if count == pace.most + 1:
        logs.security.warning("held back, too many %s: more than %s within %s s", pace.what, pace.most, SPELL)
    if request.method == "POST":
        stash.keep(request.session, request, scope.person.email)
    said = _("That was a great deal within a few minutes, so the dashboard rests for you. Go on in ten minutes.")
    response = error_response(request, Trouble(said, 429))
    response.headers["Retry-After"] = str(SPELL)
    return response


def _pace_of(request: HttpRequest) -> Pace | None:
    name = getattr(request.resolver_match, "url_name", None) or ""
    if name.endswith("csv"):
        return TABLES
    if name == "window_check" or {"q", "fresh"} & request.GET.keys():
        return SEARCHES
    return CHANGES if request.method == "POST" else None
