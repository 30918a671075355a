"""Puts the manager on the request and sends everybody else to the sign-in, and back again afterwards."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix, reverse
from django_htmx.http import HttpResponseClientRefresh

from flinkey_admin.accounts import pace, services, stash, tokens
from flinkey_admin.accounts.models import Manager
from flinkey_admin.accounts.scoping import Scope, scope_for
from flinkey_admin.flinkey.errors import FlinkeyError, NotFound, Unauthorized
from flinkey_admin.web import logs
from flinkey_admin.web.fragments import go
from flinkey_admin.web.requests import HtmxRequest, in_address_bar


class ManagerMiddleware:
    """`request.manager` is the scope of this request, or None on the few pages that are open to all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HtmxRequest) -> HttpResponse:
        request.manager = self._scope(request)  # type: ignore[attr-defined]
        token = logs.manager.set(request.user.pk)
        try:
            return self.get_response(request)
        finally:
            logs.manager.reset(token)

    def _scope(self, request: HtmxRequest) -> Scope | None:
        if not isinstance(request.user, Manager) or services.session_over(request):
            return None
        if "seen" not in request.GET or "fresh" in request.GET:
            # A page that looks for news by itself is no click: nobody may be sitting there.
            services.touch(request)
        chosen = request.session.get(services.CUSTOMER)
        return scope_for(request.user, chosen, tokens.read(request.session)) if chosen else None

    def process_view(
        self,
        request: HtmxRequest,
        view: Callable[..., HttpResponse],
        args: Any,  # noqa: ARG002
        kwargs: Any,  # noqa: ARG002
    ) -> HttpResponse | None:
        if not getattr(view, "login_required", True):
            return None
        if scope := request.manager:  # type: ignore[attr-defined]
            # A page of the customer left behind must not be filled with the rows of the one chosen since.
            shown = request.headers.get("X-Customer", scope.customer.flinkey_id)
            if request.htmx and shown != scope.customer.flinkey_id:
                return HttpResponseClientRefresh()
            return pace.hold_back(request, scope)
        if isinstance(request.user, Manager) and not services.session_over(request):
            return go(request, with_next(reverse("accounts:customers"), back_to(request)))
        return sign_in_again(request)

    def process_exception(self, request: HtmxRequest, exception: Exception) -> HttpResponse | None:
        """A dead token anywhere leads to the sign-in; a manager whom flinkey no longer lists loses the customer.

        Whatever else flinkey says to a form, what was typed in it is kept for the next try.
        """
        if isinstance(exception, Unauthorized):
            return sign_in_again(request)
        if isinstance(exception, FlinkeyError) and request.method == "POST" and isinstance(request.user, Manager):
            stash.keep(request.session, request, request.user.email)
            request.session.save()  # Django does not, with an answer of 500 and more
        if isinstance(exception, NotFound) and exception.missing == "manager":
            services.forget_reach(request.manager)  # type: ignore[attr-defined]
        return None


def sign_in_again(request: HtmxRequest) -> HttpResponse:
    """Ends the session, keeps what was typed in it, and asks for the password; afterwards the same page is shown."""
    email = str(request.user) if request.user.is_authenticated else ""
    to, posted = back_to(request), request.method == "POST"
    if request.htmx and not email:
        # What a page has asked by itself may come after the form that ended its session: the new one must outlive it.
        request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        return go(request, with_next(reverse("accounts:sign_in"), to))
    customer = request.session.get(services.CUSTOMER)
    services.sign_out(request, "the session was over")
    if email:
        request.session["email"] = email
        if customer:
            # The ids on the page to come back to are this customer's.
            request.session[services.CUSTOMER] = customer
        if posted:
            stash.keep(request.session, request, email)
    return go(request, with_next(reverse("accounts:sign_in"), to))


def back_to(request: HtmxRequest) -> str:
    """The page to come back to: the one in the browser's address bar when only a part of it was asked for.

    Whoever was typing what to search for comes back to the page of what was found.
    """
    searches = request.method == "GET" and "q" in request.GET and "seen" not in request.GET
    if request.htmx and not searches:
        return in_address_bar(request) or get_script_prefix()
    return request.get_full_path()


def with_next(url: str, to: str) -> str:
    return url if to in {"", get_script_prefix()} else f"{url}?{urlencode({'next': to})}"
