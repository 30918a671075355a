"""What the middleware puts on a request."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class HtmxRequest(HttpRequest):
    """A request that knows whether HTMX asked."""

    htmx: HtmxDetails


def in_address_bar(request: HttpRequest) -> str | None:
    """The path and query of the page in the address bar, as HTMX tells; None where that is no address of ours."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    try:
        return htmx.current_url_abs_path if htmx else None
    except ValueError:  # it is no address at all
        return None
