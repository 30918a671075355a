"""What the middleware puts on a request, as types."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class HtmxRequest(HttpRequest):
    """A request that knows whether HTMX asked."""

    htmx: HtmxDetails
