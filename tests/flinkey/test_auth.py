"""Signing in against the sandbox, and what a token shows of itself."""

from datetime import UTC, datetime, timedelta

import pytest

from flinkey_admin.flinkey import Flinkey, Token, Transport, errors
from flinkey_admin.flinkey.fields import ShapeError
from flinkey_admin.sandbox import Remote, Sandbox

from .conftest import PASSWORD, USERNAME

NOW = datetime(2031, 1, 1, tzinfo=UTC)


def test_a_token_ends_when_flinkey_says(transport: Transport, remote: Remote) -> None:
    remote.settings(token_seconds=120)
    before = datetime.now(UTC)
    token = Flinkey(transport).auth.token(USERNAME, PASSWORD)

    assert timedelta(0) <= token.expires_at - before - timedelta(seconds=120) < timedelta(seconds=2)


def test_a_token_does_not_show_itself(token: Token) -> None:
    assert token.value.startswith("ey")
    assert token.value not in f"{token} {token!r} {Flinkey.__repr__} {[token]}"
    assert f"{token}" == f"Token(expires_at={token.expires_at!r})"


@pytest.mark.parametrize(("username", "password"), [(USERNAME, "wrong"), ("x", PASSWORD), ("ö&=+", "ö&=+"), ("", "")])
def test_wrong_credentials_are_refused(transport: Transport, remote: Remote, username: str, password: str) -> None:
    with pytest.raises(errors.SignInRefused) as caught:
        Flinkey(transport).auth.token(username, password)

    assert caught.value.repeatable is False


def test_a_wrong_key_is_not_a_wrong_password(sandbox: Sandbox, remote: Remote) -> None:
    door = Transport(sandbox.url, "another-key")
    with pytest.raises(errors.BadApiKey):
        Flinkey(door).auth.token(USERNAME, PASSWORD)
    with pytest.raises(errors.BadApiKey):
        Flinkey(door, "token", 1).groups.list()
    door.close()


def test_no_manager_no_customers(transport: Transport, remote: Remote) -> None:
    token = Flinkey(transport).auth.token("nobody@nordwind.example", PASSWORD)
    with pytest.raises(errors.NotFound) as caught:
        Flinkey(transport, token).customers.list()

    assert caught.value.missing == "manager"


def test_another_customer_is_out_of_reach(transport: Transport, token: Token) -> None:
    with pytest.raises(errors.NotFound) as caught:
        Flinkey(transport, token, 2).groups.list()

    assert caught.value.missing == "manager"


@pytest.mark.parametrize("value", ["", "a b", "a\r\nX: y", "ü"])
def test_a_token_that_cannot_be_a_header_is_refused(transport: Transport, value: str) -> None:
    with pytest.raises(ValueError, match="token must be"):
        Flinkey(transport, value)


@pytest.mark.parametrize(("seconds", "valid"), [("3600", 3600), (60, 60), (60.0, 60), ("-5", 0), (10**12, 7 * 86400)])
def test_seconds_in_any_spelling(seconds: object, valid: int) -> None:
    token = Token.parse({"access_token": "a.b.c", "expires_in": seconds}, asked_at=NOW)

    assert token == Token("a.b.c", NOW + timedelta(seconds=valid))
    assert Token.parse({"access_token": "a"}, asked_at=NOW).expires_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize("answer", [None, [], {}, {"access_token": ""}, {"access_token": "a\nb"}, {"access_token": 5}])
def test_an_answer_without_a_token_is_unusable(answer: object) -> None:
    with pytest.raises(ShapeError):
        Token.parse(answer, asked_at=NOW)
