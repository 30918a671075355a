"""The addresses for whoever watches this installation from outside."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from flinkey_admin.node import views

DOORS = {"/health/live/": views.live, "/health/ready/": views.ready, "/metrics": views.metrics}
READING = ["GET", "HEAD"]
GetResponse = Callable[[HttpRequest], HttpResponse]


def watchers(get_response: GetResponse) -> GetResponse:
    """Answers them before anything else looks at a request.

    Whoever watches a node calls it by its number, which is no allowed host, and brings no cookie; and should the
    sessions be the trouble, the answer must not need them.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        view = DOORS.get(request.path_info)
        if view is None:
            return get_response(request)
        return view(request) if request.method in READING else HttpResponseNotAllowed(READING)

    return middleware
