"""New keys for what lies in the database: the tokens by the newest of TOKEN_KEYS, the sessions by SECRET_KEY."""

from dataclasses import dataclass
from importlib import import_module

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import signing
from django.db import transaction
from django.utils import timezone

from flinkey_admin.accounts import tokens

PASSES = 5  # a request that has read a session before may write it back as it was


@dataclass
class Rotated:
    """How many sessions there are, and how many of them were sealed or signed anew, or cannot be read any more."""

    sessions: int = 0
    sealed: int = 0
    signed: int = 0
    unreadable: int = 0


def rotate() -> Rotated:
    """Seals and signs every session that an old key has sealed or signed. Nobody is signed out."""
    total = Rotated()
    for _number in range(PASSES):
        this = _pass()
        total.sealed, total.signed = total.sealed + this.sealed, total.signed + this.signed
        total.sessions, total.unreadable = this.sessions, this.unreadable
        if not this.sealed and not this.signed:
            break
    return total


def _pass() -> Rotated:
    found = Rotated()
    live = Session.objects.filter(expire_date__gt=timezone.now())
    for key in list(live.values_list("session_key", flat=True)):
        with transaction.atomic():
            if row := live.select_for_update().filter(session_key=key).first():
                found.sessions += 1
                _renew(row, found)
    return found


def _renew(row: Session, found: Rotated) -> None:
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key=row.session_key)
    is_signed = _is_signed(row.session_data, store)
    if not is_signed and not row.get_decoded():
        found.unreadable += 1
        return
    try:
        sealed = tokens.reseal(store)
    except InvalidToken:
        found.unreadable += 1
        return
    if sealed or not is_signed:
        found.sealed, found.signed = found.sealed + sealed, found.signed + (not is_signed)
        store.save()  # it may live longer by that, and SESSION_HOURS are counted from the sign-in


def _is_signed(data: str, store: object) -> bool:
    """Whether the key of today has signed it."""
    salt, serializer = store.key_salt, store.serializer  # type: ignore[attr-defined]
    try:
        signing.loads(data, salt=salt, serializer=serializer, fallback_keys=[])
    except signing.BadSignature:
        return False
    return True
