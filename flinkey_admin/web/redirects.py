"""Where to go afterwards."""

from django.http import HttpRequest
from django.urls import get_script_prefix
from django.utils.http import url_has_allowed_host_and_scheme


def safe_next(request: HttpRequest, otherwise: str) -> str:
    """The path that the form or the URL asks for: one of this dashboard, else `otherwise`.

    Anything but a path of ours is somebody's trap.
    """
    return safe_path(request, request.POST.get("next") or request.GET.get("next") or "", otherwise)


def safe_path(request: HttpRequest, to: str, otherwise: str) -> str:
    """`to` if it is a path of this dashboard, else `otherwise`."""
    local = url_has_allowed_host_and_scheme(to, {request.get_host()}, require_https=request.is_secure())
    # A browser drops tabs and line ends from a link: what is left of "/", a tab and "//host" is another host.
    plain = to.isprintable() and "\\" not in to
    return to if local and plain and to.startswith(get_script_prefix()) and not to.startswith("//") else otherwise
