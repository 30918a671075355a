"""TLS: a fault before the request and one after it are told apart, and only our own CA setting counts."""

import socket
import ssl
from pathlib import Path

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


def test_a_tls_fault_after_sending_leaves_a_write_unknown(tls: ssl.SSLContext, certificate: Path) -> None:
    with Wire(hang_up_rudely, tls=tls) as wire:
        door = Transport(wire.url, "key", ca_bundle=str(certificate))
        with pytest.raises(errors.OutcomeUnknown, match="SSL"):
            Flinkey(door, "token", 1).groups.assign_car(1, 2)
        door.close()

    assert len(wire.requests) == 1
