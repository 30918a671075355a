"""Who is calling, seen through a fixed number of reverse proxies."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The caller's address.

    Each trusted proxy appends the address it saw, so with n of them the n-th entry from the right is the first that
    no caller can forge. Whatever stands further left is the caller's own claim.
    """
    remote = str(request.META.get("REMOTE_ADDR", ""))
    if not settings.TRUSTED_PROXIES:
        return remote
    entries = [entry.strip() for entry in str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")]
    return entries[-settings.TRUSTED_PROXIES] if len(entries) >= settings.TRUSTED_PROXIES else remote
