"""New keys: nobody is signed out, no job loses its token, and nothing needs the old keys afterwards."""

from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import call_command

from flinkey_admin.accounts import rotation, tokens
from flinkey_admin.accounts.models import Customer, Manager, SignIn
from flinkey_admin.accounts.scoping import live_scope
from tests.conftest import COORDINATOR, Person

FRESH = Fernet.generate_key().decode()
SECRET = "a secret key that is new, of more than fifty characters"


@pytest.fixture
def two(coordinator: Person, southerner: Person) -> tuple[Person, Person]:
    return coordinator, southerner


def new_keys(settings: Any) -> None:
    """What the administrator sets: the new keys in front, the old ones beside them."""
    settings.TOKEN_KEYS = [FRESH, *settings.TOKEN_KEYS]
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], SECRET


def old_keys_away(settings: Any) -> None:
    settings.TOKEN_KEYS, settings.SECRET_KEY_FALLBACKS = [FRESH], []


def rotate() -> str:
    out = StringIO()
    call_command("rotate_keys", stdout=out)
    return out.getvalue()


def token_of_a_job() -> str | None:
    person, customer = Manager.objects.get(email=COORDINATOR), Customer.objects.get(flinkey_id="1")
    return getattr(live_scope(person, customer), "token", None)


def test_nobody_is_signed_out_and_the_old_keys_can_go(two: tuple[Person, Person], settings: Any) -> None:
    keys, token = set(SignIn.objects.values_list("session_key", flat=True)), token_of_a_job()
    assert token
    new_keys(settings)
    assert [person.get("/groups/").status_code for person in two] == [200, 200]
    assert token_of_a_job() == token
    said = rotate()
    assert said.startswith("2 sessions: 2 tokens sealed with the newest of TOKEN_KEYS, 2 signed with SECRET_KEY.")
    old_keys_away(settings)
    assert [person.get("/groups/").status_code for person in two] == [200, 200]
    assert token_of_a_job() == token
    assert set(Session.objects.values_list("session_key", flat=True)) == keys, "and each still has its number"
    assert rotate().startswith("2 sessions: 0 tokens sealed with the newest of TOKEN_KEYS, 0 signed")


def test_without_the_command_they_would_be(two: tuple[Person, Person], settings: Any) -> None:
    """So that the test above is about something."""
    new_keys(settings)
    old_keys_away(settings)
    assert [person.get("/groups/").status_code for person in two] == [302, 302]


def test_the_secret_key_alone(coordinator: Person, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], SECRET
    assert "0 tokens sealed with the newest of TOKEN_KEYS, 1 signed" in rotate()
    settings.SECRET_KEY_FALLBACKS = []
    assert coordinator.get("/groups/").status_code == 200


def test_a_key_that_is_gone_already_is_said(two: tuple[Person, Person], settings: Any) -> None:
    settings.TOKEN_KEYS = [FRESH]
    assert "2 could not be read, for their key is gone" in rotate()


def test_a_request_that_writes_an_old_session_back_is_noticed(
    coordinator: Person, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had read the session before; its last act is to write it as it was."""
    row = Session.objects.get()
    before, usual, late = row.session_data, rotation._renew, [True]

    def renew(row: Session, found: rotation.Rotated) -> None:
        usual(row, found)
        if late:
            late.clear()
            Session.objects.filter(pk=row.pk).update(session_data=before)

    monkeypatch.setattr(rotation, "_renew", renew)
    new_keys(settings)
    rotate()
    old_keys_away(settings)
    assert coordinator.get("/groups/").status_code == 200


def test_who_has_signed_out_stays_out(two: tuple[Person, Person], settings: Any) -> None:
    two[1].post("/sign-out/")
    new_keys(settings)
    assert rotate().startswith("1 sessions: 1 tokens")
    assert two[1].get("/groups/").status_code == 302


def test_a_token_opens_with_any_of_the_keys_and_with_no_other(coordinator: Person, settings: Any) -> None:
    store = SessionStore(session_key=Session.objects.get().pk)
    assert tokens.read(store)
    settings.TOKEN_KEYS = [FRESH, *settings.TOKEN_KEYS]
    assert tokens.read(store)
    settings.TOKEN_KEYS = [FRESH]
    assert tokens.read(store) is None
