"""The token of flinkey: encrypted where it is kept, never written anywhere, gone when its time is over."""

import base64
import datetime as dt
import json
import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from flinkey_admin import upstream
from flinkey_admin.accounts.models import Manager, SignIn
from flinkey_admin.accounts.scoping import Scope, client_for, scope_for
from flinkey_admin.operations.models import Operation
from flinkey_admin.sandbox import API_KEY, Remote
from tests.accounts.stage import is_sign_in, operations, stored, tokens_of
from tests.conftest import COORDINATOR, PASSWORD, Person
from tests.operations.stage import press
from tests.operations.windows import SECRET, created, give, remove, send, told

GUESS = "a-password-that-is-wrong"
MINUTE, HOUR = 60, 3600


def in_(seconds: float) -> Any:
    """So many seconds from now, by every clock of this process; time goes on from there."""
    return time_machine.travel(timezone.now() + dt.timedelta(seconds=seconds), tick=True)


def secrets_of(remote: Remote) -> set[str]:
    """Tokens whole and their telling parts, the passwords, the keys, the webhook's secret, also in other spellings."""
    tokens = tokens_of(remote)
    assert tokens
    ours = {API_KEY, SECRET, settings.SECRET_KEY, *settings.TOKEN_KEYS}
    plain = tokens | {part for token in tokens for part in token.split(".")[1:]} | {PASSWORD, GUESS} | ours
    return plain | {base64.b64encode(one.encode()).decode().rstrip("=") for one in plain} | set(map(quote, plain))


# Where it must not be -----------------------------------------------------------------------------------------------


def everything_in_the_database() -> str:
    """Every table's every row as text, sessions as the code reads them."""
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows += [f"{table} {row}" for row in cursor.fetchall()]
    rows += [json.dumps(row.get_decoded()) for row in Session.objects.all()]
    return "\n".join(rows)


def busy_day(person: Person, remote: Remote) -> None:
    """A sign-in that fails, one that does, a move, windows given and removed, messages about them, a forged one, a
    calendar, a sign-in elsewhere and its sign-out, faults with the upstream's own words, a dead token."""
    person.sign_in(COORDINATOR, GUESS)
    person.sign_in(COORDINATOR)
    person.post("/groups/new/", {"name": "Neu"})
    review = person.post("/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"}, follow=True)
    press(person, review, "run")
    give(person)
    send(created())
    send(created(errorMessage="The box does not answer.", operationSucceeded=False))
    send(created(), secret=f"{SECRET}x")
    remove(person)
    send(told(2), "deleted")
    person.post("/cars/1/calendar/", {"what": "on"})
    elsewhere = Person()
    elsewhere.sign_in(COORDINATOR)
    elsewhere.get("/settings/sessions/")
    elsewhere.post("/sign-out/")
    remote.fault("getGroups", "status", status=500, times=2)
    person.get("/groups/")
    person.get("/cars/1/")
    token = sorted(tokens_of(remote))[-1]
    remote.fault("getCars", "status", status=400, body=f"bad request: Bearer {token} {API_KEY}", times=3)
    person.get("/cars/")
    remote.expire_tokens()
    person.post("/groups/new/", {"name": "Abends"})
    person.sign_in(COORDINATOR)
    person.get("/groups/")
    assert Operation.objects.count() == 4, "all of that was done"


@pytest.mark.django_db(transaction=True)
def test_neither_token_nor_password_is_in_the_database(visitor: Person, remote: Remote) -> None:
    busy_day(visitor, remote)
    rows = everything_in_the_database()
    assert [secret for secret in secrets_of(remote) if secret in rows] == []
    files = [Path(f"{connection.settings_dict['NAME']}{end}") for end in ("", "-wal", "-shm")]
    raw = b"".join(path.read_bytes() for path in files if path.exists())
    assert [secret for secret in secrets_of(remote) if secret.encode() in raw] == []
    assert COORDINATOR in rows, "what is in the database is seen here"
    assert COORDINATOR.encode() in raw, "and in its files"
    sealed = stored(visitor)["flinkey_token"]
    assert sealed in rows, "the sealed token is seen here"


def test_the_session_holds_it_sealed_under_our_key(coordinator: Person, remote: Remote, settings: Any) -> None:
    data = stored(coordinator)
    opened = Fernet(settings.TOKEN_KEYS[0]).decrypt(data["flinkey_token"].encode()).decode()
    assert {opened} == tokens_of(remote)
    assert settings.TOKEN_KEYS[0] not in settings.SECRET_KEY
    assert sorted(data) == [
        *("_auth_user_backend", "_auth_user_hash", "_auth_user_id"),
        *("customer", "device", "flinkey_token", "flinkey_token_expires", "last_seen", "started"),
    ]


def test_no_log_line_holds_a_secret(visitor: Person, remote: Remote, caplog: pytest.LogCaptureFixture) -> None:
    loggers = ["", "flinkey", "flinkey_admin", "urllib3", "requests", "django", "axes"]
    for name in loggers:
        caplog.set_level(logging.DEBUG, logger=name)
    busy_day(visitor, remote)
    written = "\n".join(f"{record.getMessage()} {record.exc_text} {record.args}" for record in caplog.records)
    assert [secret for secret in secrets_of(remote) if secret in written] == []
    assert {record.name.split(".")[0] for record in caplog.records} >= {"flinkey", "flinkey_admin", "urllib3", "axes"}
    assert "getToken" in written, "what is logged is seen here"


def test_no_page_holds_a_secret(coordinator: Person, remote: Remote) -> None:
    paths = ["/groups/", "/cars/1/", "/operations/", "/sign-in/", "/nothing/"]
    pages = [coordinator.get(path) for path in paths]
    remote.fault("getCars", "status", status=400, body=f"Bearer {min(tokens_of(remote))} {API_KEY}", times=3)
    pages.append(coordinator.get("/cars/"))
    shown = "\n".join(f"{page.content.decode()} {dict(page.headers)} {page.cookies}" for page in pages)
    assert [secret for secret in secrets_of(remote) if secret in shown] == []


def test_nothing_that_is_printed_shows_it(coordinator: Person, remote: Remote) -> None:
    scope = scope_for(Manager.objects.get(), "1", "the-token-itself")
    assert scope is not None
    client = client_for(scope)
    things = [scope, client, upstream.transport(), SignIn.objects.get()]
    printed = " ".join(f"{thing!r} {thing}" for thing in things)
    assert ("the-token-itself" in printed, API_KEY in printed) == (False, False)
    assert scope.token == "the-token-itself", "it is there, only not shown"


# The key ------------------------------------------------------------------------------------------------------------


def test_keys_are_changed_by_putting_a_new_one_in_front(visitor: Person, settings: Any) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.TOKEN_KEYS = [old]
    visitor.sign_in(COORDINATOR)
    settings.TOKEN_KEYS = [new, old]
    assert "Hamburg" in visitor.get("/groups/").content.decode(), "the old key still opens"
    second = Person()
    second.sign_in(COORDINATOR)
    assert Fernet(new).decrypt(stored(second)["flinkey_token"].encode()), "the new one seals"
    settings.TOKEN_KEYS = [new]
    assert is_sign_in(visitor.get("/groups/")), "without its key a session is over"
    assert "Hamburg" in second.get("/groups/").content.decode()


def test_a_sealed_token_in_which_one_bit_was_turned_is_none(coordinator: Person, remote: Remote) -> None:
    sealed = bytearray(urlsafe_b64decode(stored(coordinator)["flinkey_token"]))
    assert "Hamburg" in coordinator.get("/groups/").content.decode()
    remote.clear_requests()
    sealed[-40] ^= 1  # within what it seals, before the 32 bytes of the HMAC
    session = coordinator.session
    session["flinkey_token"] = urlsafe_b64encode(sealed).decode()
    session.save()
    assert is_sign_in(coordinator.get("/groups/"))
    assert remote.requests() == []


def test_with_a_foreign_key_everybody_signs_in_again(coordinator: Person, remote: Remote, settings: Any) -> None:
    remote.clear_requests()
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    assert is_sign_in(coordinator.get("/groups/"))
    assert remote.requests() == []
    assert coordinator.sign_in(COORDINATOR).status_code == 302
    assert "Hamburg" in coordinator.get("/groups/").content.decode()


# The limits ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def all_day(visitor: Person, remote: Remote) -> Person:
    """Signed in with a token that flinkey lets live for a day and a half, so that our own limits count."""
    remote.settings(token_seconds=36 * HOUR)
    visitor.sign_in(COORDINATOR)
    return visitor


def test_without_a_click_the_session_ends(all_day: Person, settings: Any) -> None:
    settings.SESSION_IDLE_MINUTES = 45
    with in_(44 * MINUTE):
        assert all_day.get("/operations/").status_code == 200
    with in_(88 * MINUTE):
        assert all_day.get("/operations/").status_code == 200, "the click before has moved the limit"
    with in_((88 + 46) * MINUTE):
        assert is_sign_in(all_day.get("/operations/"))
        assert is_sign_in(all_day.get("/operations/")), "and stays over"


def test_a_page_that_looks_by_itself_is_no_click(all_day: Person, settings: Any) -> None:
    """A screen left alone with a window that waits asks every two seconds: nobody sits there."""
    settings.SESSION_IDLE_MINUTES = 45
    for minutes in (20, 40):
        with in_(minutes * MINUTE):
            poll = all_day.get("/cars/1/?seen=1.accepted.0", headers={"HX-Request": "true"})
            assert poll.status_code == 200
    with in_(46 * MINUTE):
        assert is_sign_in(all_day.get("/operations/"))


def test_after_so_many_hours_everybody_signs_in_again(all_day: Person, settings: Any) -> None:
    settings.SESSION_IDLE_MINUTES, settings.SESSION_HOURS = 45, 12
    for half_hour in range(1, 24):
        with in_(half_hour * 30 * MINUTE):
            assert all_day.get("/operations/").status_code == 200
    with in_(12 * HOUR + MINUTE):
        assert is_sign_in(all_day.get("/operations/"))


def test_the_session_ends_when_flinkey_s_token_does(visitor: Person, remote: Remote) -> None:
    remote.settings(token_seconds=600)
    visitor.sign_in(COORDINATOR)
    with in_(9 * MINUTE):
        assert visitor.get("/groups/").status_code == 200
    remote.clear_requests()
    with in_(11 * MINUTE):
        assert is_sign_in(visitor.get("/groups/"))
    assert remote.requests() == [], "we know it before flinkey says so"


def test_the_worker_uses_no_session_that_is_over(all_day: Person, remote: Remote, settings: Any) -> None:
    """A job acts with a live sign-in of the same customer, or not at all."""
    settings.SESSION_HOURS = 12
    person = Manager.objects.get()
    scope = Scope(person, person.customers.get())
    assert client_for(scope) is not None
    with in_(13 * HOUR):
        assert client_for(scope) is None
    all_day.post("/sign-out/")
    assert client_for(scope) is None


def test_an_ended_sign_in_is_swept_up(visitor: Person, remote: Remote) -> None:
    remote.settings(token_seconds=600)
    visitor.sign_in(COORDINATOR)
    with in_(HOUR):
        Person().sign_in(COORDINATOR)
        assert SignIn.objects.count() == 1
    assert operations(remote).count("getToken") == 2


def test_a_manager_who_is_shut_out_here_is_out_at_once(coordinator: Person) -> None:
    Manager.objects.update(is_active=False)
    assert is_sign_in(coordinator.get("/groups/"))
    assert coordinator.sign_in(COORDINATOR).status_code == 422
