"""Who is calling and how, seen through a fixed number of reverse proxies."""

from collections.abc import Callable, Iterable
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def client_address(request: HttpRequest) -> str:
    """The caller's address.

    Each trusted proxy appends the address it saw, so with n of them the n-th entry from the right is the first that
    no caller can forge. Whatever stands further left is the caller's own claim.
    """
    remote = str(request.META.get("REMOTE_ADDR", ""))
    if not settings.TRUSTED_PROXIES:
        return remote
    entries = _entries(request.META.get("HTTP_X_FORWARDED_FOR", ""))
    return entries[-settings.TRUSTED_PROXIES] if len(entries) >= settings.TRUSTED_PROXIES else remote


def client_place(request: HttpRequest) -> str:
    """Where the caller is, for counting: the address, and of IPv6 the network of 64 bits.

    Whoever has one address of such a network has all of them.
    """
    address = client_address(request)
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or IPv6Network((int(found), 64), strict=False).network_address)


def _entries(header: Any) -> list[str]:
    return [entry.strip() for entry in str(header).split(",")]


def behind(application: Wsgi) -> Wsgi:
    """The application without what the proxies have put around a request.

    A path that begins with URL_PREFIX is told without it. Of several X-Forwarded-Proto the one that the outermost
    trusted proxy has set counts, as for the address; Django alone would believe the caller's own.
    """

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        prefix, path, proxies = settings.URL_PREFIX, environ["PATH_INFO"], settings.TRUSTED_PROXIES
        if prefix and (path == prefix or path.startswith(f"{prefix}/")):
            environ["PATH_INFO"] = path[len(prefix) :]
        if proxies and "HTTP_X_FORWARDED_PROTO" in environ:
            environ["HTTP_X_FORWARDED_PROTO"] = _entries(environ["HTTP_X_FORWARDED_PROTO"])[-proxies:][0]
        return application(environ, start_response)

    return serve
