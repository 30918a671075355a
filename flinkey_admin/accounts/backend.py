"""Asks flinkey whether a password is right. In an authentication backend, so that django-axes sees it."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from flinkey_admin import upstream
from flinkey_admin.accounts.models import Manager, Reach
from flinkey_admin.flinkey import Token
from flinkey_admin.flinkey.errors import SignInRefused


class FlinkeyBackend(BaseBackend):
    """A manager is whoever gets a token from flinkey (README of the API, 1.2)."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,  # noqa: ARG002 - Django's signature
    ) -> Manager | None:
        """The manager, or None for a wrong password.

        Every other answer is no statement about the password, so it is raised and does not count against the person:
        BadApiKey, RateLimited, Unavailable. The token is left on the request for whoever opens the session.
        """
        if not username or not password or request is None:
            return None
        try:
            token = upstream.client().auth.token(username, password)
        except SignInRefused:
            return None
        manager, _created = Manager.objects.get_or_create(email=username.strip().lower())
        if not manager.is_active:
            return None
        leave_token(request, token)
        return manager

    def get_user(self, user_id: int) -> Manager | None:
        """The manager with the customers in reach, in one statement: every request needs both."""
        rows = Reach.objects.filter(manager=user_id, manager__is_active=True).select_related("manager", "customer")
        reaches = list(rows.order_by("customer__name"))
        if not reaches:
            return Manager.objects.filter(pk=user_id, is_active=True).first()
        manager = reaches[0].manager
        manager.reach = [reach.customer for reach in reaches]
        return manager


def counted_address(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The address by which axes counts wrong passwords: every spelling of it is the same person."""
    return str((credentials or request.POST).get("username") or "").strip().casefold()


def leave_token(request: HttpRequest, token: Token) -> None:
    request._flinkey_token = token  # type: ignore[attr-defined]


def take_token(request: HttpRequest) -> Token:
    """The token that `authenticate` got during this request."""
    token = request._flinkey_token  # type: ignore[attr-defined]
    assert isinstance(token, Token)  # noqa: S101
    return token
