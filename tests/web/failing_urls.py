"""The project's addresses and some of the tests' own, which fail in every way a view can."""

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import path

from flinkey_admin import urls

SECRET = "hunter2 of the inside"


@login_not_required
def boom(request: HttpRequest, kind: str) -> HttpResponse:
    """Raises what the address asks for."""
    failures: dict[str, Exception] = {
        "runtime": RuntimeError(SECRET),
        "key": KeyError(SECRET),
        "database": OperationalError(SECRET),
        "lookup": LookupError(SECRET),
        "denied": PermissionDenied(SECRET),
        "suspicious": SuspiciousOperation(SECRET),
        "gone": Http404(),
    }
    if kind == "template":
        return HttpResponse(Template("{% url 'no:such' %}").render(Context()))
    raise failures[kind]


urlpatterns = [*urls.urlpatterns, path("boom/<kind>/", boom, name="boom")]
handler400, handler403, handler500 = (getattr(urls, name, None) for name in ("handler400", "handler403", "handler500"))
