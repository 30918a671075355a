"""TLS: a fault before the request and one after it are told apart, and only our own CA setting counts."""

import socket
import ssl
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flinkey_admin.flinkey import Flinkey, Transport, errors
from tests import tls as tls_file

from .wires import Wire, answer


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1, signed by itself, and its key in one file."""
    return tls_file.certificate(tmp_path_factory.mktemp("tls") / "server.pem")


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    """The server's side."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def hang_up_rudely(sock: socket.socket) -> None:
    """Garbage instead of a TLS record: the client's read fails with an SSL error."""
    raw = socket.socket(fileno=sock.detach())
    raw.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
    raw.close()


def test_our_own_ca_is_trusted(tls: ssl.SSLContext, certificate: Path) -> None:
    with Wire(answer(200, []), tls=tls) as wire:
        door = Transport(wire.url, "key", ca_bundle=str(certificate))
        assert Flinkey(door, "token", 1).groups.list() == []
        door.close()


def test_a_foreign_certificate_ends_it_before_anything_is_sent(tls: ssl.SSLContext) -> None:
    with Wire(answer(204), tls=tls) as wire:
        door = Transport(wire.url, "key")
        with pytest.raises(errors.Unavailable, match="certificate verify failed"):
            Flinkey(door, "token", 1).groups.assign_car(1, 2)
        door.close()

    assert wire.requests == []


# What is wrong with each, and what of it is said. All but the first are trusted: the fault lies elsewhere.
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "of nobody's": ({}, "self-signed certificate"),
    "run out": ({"days": -1}, "certificate has expired"),
    "of tomorrow": ({"since": 1}, "certificate is not yet valid"),
    "another's": ({"address": "127.0.0.2"}, "certificate is not valid for '127.0.0.1'"),
    "of a caller": ({"usage": tls_file.BROWSER}, "certificate purpose"),
}
CALLS: dict[str, Callable[[Flinkey], object]] = {
    "sign-in": lambda flinkey: flinkey.auth.token("a@b.example", "the-password"),
    "read": lambda flinkey: flinkey.groups.list(),
    "write": lambda flinkey: flinkey.groups.assign_car(1, 2),
    "create": lambda flinkey: flinkey.groups.create("Bremen"),
}


@pytest.mark.sampled(1)
@pytest.mark.parametrize("bad", BAD)
def test_no_password_token_or_key_goes_to_a_bad_certificate(tmp_path: Path, bad: str) -> None:
    """5 certificates x 4 kinds of calls: each ends before anything is sent, so it may be repeated."""
    facts, said = BAD[bad]
    pem = tls_file.certificate(tmp_path / "bad.pem", **facts)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with Wire(answer(200, []), tls=context) as wire:
        door = Transport(wire.url, "key", ca_bundle=str(pem) if facts else None)
        for call in CALLS.values():
            with pytest.raises(errors.Unavailable, match=said) as caught:
                call(Flinkey(door, "token", 1))
            assert caught.value.repeatable
        door.close()
    assert wire.connections > 0
    assert wire.requests == []


def test_nor_over_an_old_protocol(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with Wire(answer(200, []), tls=context) as wire:
        door = Transport(wire.url, "key", ca_bundle=str(certificate))
        for call in CALLS.values():
            with pytest.raises(errors.Unavailable, match="SSL"):
                call(Flinkey(door, "token", 1))
        door.close()
    assert wire.requests == []


def test_what_is_said_under_tls_is_written_nowhere(
    tls: ssl.SSLContext, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may set a variable of the environment may not read along by it."""
    keys = tmp_path / "keys.log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(keys))
    with Wire(answer(200, []), tls=tls) as wire:
        door = Transport(wire.url, "key", ca_bundle=str(certificate))
        assert Flinkey(door, "token", 1).groups.list() == []
        door.close()
    assert [line for line in keys.read_text().splitlines() if not line.startswith("#")] == []


def test_a_tls_fault_after_sending_leaves_a_write_unknown(tls: ssl.SSLContext, certificate: Path) -> None:
    with Wire(hang_up_rudely, tls=tls) as wire:
        door = Transport(wire.url, "key", ca_bundle=str(certificate))
        with pytest.raises(errors.OutcomeUnknown, match="SSL"):
            Flinkey(door, "token", 1).groups.assign_car(1, 2)
        door.close()

    assert len(wire.requests) == 1
