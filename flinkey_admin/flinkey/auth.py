"""Signing in: the token request."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from . import fields
from .calls import Call, Send

_DEFAULT_SECONDS = 3600
_LONGEST_SECONDS = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token and the time (UTC) until which it is good. Neither repr nor str shows its value."""

    value: str = field(repr=False)
    expires_at: datetime

    @classmethod
    def parse(cls, value: object, *, asked_at: datetime) -> "Token":
        """Page: Authentication. expires_in counts from asked_at: better too early than too late."""
        data = fields.mapping(value)
        token = data.get("access_token")
        if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
            raise fields.ShapeError("a token was expected")
        seconds = fields.integer(data.get("expires_in", _DEFAULT_SECONDS))
        return cls(token, asked_at + timedelta(seconds=min(max(seconds, 0), _LONGEST_SECONDS)))


class Auth:
    """Operations of the page Authentication."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def token(self, username: str, password: str) -> Token:
        """A token for an API manager. There is no refresh token: when it ends, ask again.

        Raises errors.SignInRefused for wrong credentials, BadApiKey, RateLimited, Unavailable.
        Page: Authentication.
        """
        form = {"username": username, "password": password, "grant_type": "password"}
        read = partial(Token.parse, asked_at=datetime.now(UTC))
        secrets = (password, username)
        return self._send(Call("getToken", "POST", "/oauth2/token", read, form=form, scope="key", secrets=secrets))
