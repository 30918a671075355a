"""The flinkey token: encrypted in the server-side session, with a key apart from SECRET_KEY.

The first of TOKEN_KEYS encrypts, every one decrypts, so a key is changed by putting a new one in front.
"""

import datetime as dt

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone

from flinkey_admin.flinkey import Token

TOKEN, EXPIRES = "flinkey_token", "flinkey_token_expires"


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.TOKEN_KEYS])


def store(session: SessionBase, token: Token) -> None:
    """Puts the token into the session."""
    session[TOKEN] = _box().encrypt(token.value.encode()).decode()
    session[EXPIRES] = token.expires_at.isoformat()


def read(session: SessionBase) -> str | None:
    """The session's token; None when there is none, it has run out, or its key has been taken away."""
    sealed, expires = session.get(TOKEN), session.get(EXPIRES)
    if not sealed or not expires or dt.datetime.fromisoformat(expires) <= timezone.now():
        return None
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def reseal(session: SessionBase) -> bool:
    """Encrypts the session's token with the newest key; False when it was already, or there is none.

    Raises InvalidToken when its key has been taken away.
    """
    sealed = session.get(TOKEN)
    if not sealed or _opens(settings.TOKEN_KEYS[0], sealed):
        return False
    session[TOKEN] = _box().rotate(sealed.encode()).decode()
    return True


def _opens(key: str, sealed: str) -> bool:
    try:
        Fernet(key).decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True
