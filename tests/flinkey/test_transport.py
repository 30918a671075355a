"""What the transport keeps, sends again and gives up on, seen from the socket."""

import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from flinkey_admin.flinkey import Flinkey, Odata, Transport, errors, transport

from .wires import Reply, Wire, answer, begin, close, headers, reset, silence, trickle

GROUPS = answer(200, [{"id": 1, "name": "Hamburg"}])
DONE = answer(204)
KEY, TOKEN = "the-api-key", "the-token"


@contextmanager
def client(url: str, timeout: float = 5.0, **settings: object) -> Iterator[Flinkey]:
    """A client of its own, closed afterwards."""
    door = Transport(url, KEY, timeout, **settings)  # type: ignore[arg-type]
    yield Flinkey(door, TOKEN, 17)
    door.close()


def read(flinkey: Flinkey) -> object:
    return flinkey.groups.list()


def write(flinkey: Flinkey) -> None:
    flinkey.groups.assign_car(1, 2)


def create(flinkey: Flinkey) -> object:
    return flinkey.groups.create("Bremen")


def sign_in(flinkey: Flinkey) -> object:
    return flinkey.auth.token("a@b.example", "secret&+=ü")


def test_each_kind_of_call_carries_its_own_headers() -> None:
    with Wire(GROUPS) as wire, client(wire.url) as flinkey:
        flinkey.groups.list()
        flinkey.customers.list()
        with pytest.raises(errors.Unavailable):
            sign_in(flinkey)
        with pytest.raises(errors.OutcomeUnknown):
            create(flinkey)
    names = {"host", "accept-encoding", "connection", "user-agent", "accept", "flinkey-api-key"}

    group, customer, token, put = map(headers, wire.requests)
    assert set(group) == names | {"authorization", "customer-id"}
    assert set(customer) == names | {"authorization"}
    assert set(token) == names | {"content-type", "content-length"}
    assert set(put) == set(group) | set(token)
    assert [group[n] for n in ("flinkey-api-key", "authorization", "customer-id", "user-agent")] == [
        KEY,
        "Bearer the-token",
        "17",
        "flinkey-admin",
    ]
    assert (token["content-type"], put["content-type"]) == (
        "application/x-www-form-urlencoded",
        "application/json",
    )
    assert wire.requests[2].endswith(b"username=a%40b.example&password=secret%26%2B%3D%C3%BC&grant_type=password")
    assert wire.connections == 1


def test_cookies_are_not_kept() -> None:
    with Wire(answer(200, [], Set_Cookie="a=b; Path=/")) as wire, client(wire.url) as flinkey:
        read(flinkey)
        read(flinkey)

    assert len(wire.requests) == 2
    assert all("cookie" not in headers(request) for request in wire.requests)


TARGETS = ["{elsewhere}/groups", "http://[::1", "//evil", "/v3/customers", "{elsewhere}/v3/oauth2/token"]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    """6 statuses x 5 targets x a sign-in, a read and a write: neither password, token nor key goes anywhere else."""
    with Wire(GROUPS) as elsewhere:
        for target in TARGETS:
            location = target.format(elsewhere=elsewhere.url)
            with Wire(answer(status, Location=location)) as wire, client(wire.url) as flinkey:
                for call in (sign_in, read):
                    with pytest.raises(errors.Unavailable) as read_error:
                        call(flinkey)
                    assert read_error.value.status == status
                with pytest.raises(errors.OutcomeUnknown) as write_error:
                    write(flinkey)
            assert write_error.value.status == status
            assert (len(wire.requests), elsewhere.connections) == (3, 0)


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Three files with passwords, five variables with proxies, five with authorities; over TLS: test_way_out.py."""
    for name in ("netrc", ".netrc", "_netrc"):
        (tmp_path / name).write_text("machine 127.0.0.1 login evil password evil\n", encoding="ascii")
        (tmp_path / name).chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"):
        monkeypatch.setenv(name, "/nowhere")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    for own_netrc in (True, False):  # the one that is named, then those at home
        if not own_netrc:
            monkeypatch.delenv("NETRC")
        with Wire(GROUPS, answer(400)) as wire, client(wire.url) as flinkey:
            read(flinkey)
            with pytest.raises(errors.SignInRefused):
                sign_in(flinkey)
        assert headers(wire.requests[0])["authorization"] == "Bearer the-token"
        assert "authorization" not in headers(wire.requests[1])


def test_a_proxy_of_ours_is_used() -> None:
    with (
        Wire(GROUPS) as proxy,
        client("http://flinkey.example/v3", proxy=f"http://127.0.0.1:{proxy.port}") as flinkey,
    ):
        read(flinkey)

    assert proxy.requests[0].startswith(b"GET http://flinkey.example/v3/groups HTTP/1.1\r\n")


@contextmanager
def nobody_listens() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    yield f"http://127.0.0.1:{port}/v3"


@contextmanager
def no_such_host() -> Iterator[str]:
    yield "http://no-such-host.invalid/v3"


@contextmanager
def no_tls_there() -> Iterator[str]:
    with Wire(greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n") as wire:
        yield wire.url.replace("http:", "https:")


@pytest.mark.parametrize("call", [read, write, create, sign_in])
@pytest.mark.parametrize("place", [nobody_listens, no_such_host, no_tls_there])
def test_what_never_left_was_not_done(place: Callable[[], Iterator[str]], call: Callable[[Flinkey], object]) -> None:
    with place() as url, client(url, 1.0) as flinkey, pytest.raises(errors.Unavailable) as caught:  # type: ignore[attr-defined]
        call(flinkey)

    assert (caught.value.status, caught.value.repeatable) == (None, True)
    assert caught.value.__cause__ is None


def test_a_server_that_closed_its_kept_connection_is_met_anew() -> None:
    gone = threading.Event()

    def hang_up(sock: socket.socket) -> None:
        close(sock)
        gone.set()

    with Wire(begin(DONE, hang_up), DONE) as wire, client(wire.url) as flinkey:
        write(flinkey)
        assert gone.wait(30)
        write(flinkey)

    assert (wire.connections, len(wire.requests)) == (2, 2)


PATIENCE = 1.0  # seconds
LOST: dict[str, Reply] = {
    "reset": reset,
    "closed": close,
    "cut status line": begin(b"HTTP/1.1 2", close),
    "cut header": begin(b"HTTP/1.1 200 OK\r\nContent-Le", close),
    "cut body": begin(GROUPS[:-5], close),
    "reset in body": begin(GROUPS[:-5], reset),
    "cut chunk": begin(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n[", close),
    "bad chunk": begin(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxx\r\n[", close),
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n[]",
    "no gzip": answer(200, b"[]", Content_Encoding="gzip"),
    "no HTTP": begin(b"220 smtp.example ESMTP\r\n", close),
    "silence": silence,
    "trickled header": trickle(GROUPS),
    "trickled body": begin(GROUPS[:-30], trickle(GROUPS[-30:])),
}
# Only a connection that broke without a word is tried again, and only for a GET.
TRIED_TWICE = {"reset", "closed"}


@pytest.mark.parametrize("loss", LOST)
def test_a_lost_answer_to_a_read_is_unavailable(loss: str) -> None:
    with Wire(LOST[loss]) as wire, client(wire.url, PATIENCE) as flinkey:
        began = time.monotonic()
        with pytest.raises(errors.Unavailable) as caught:
            read(flinkey)

    assert time.monotonic() - began < PATIENCE + 4
    assert len(wire.requests) == (2 if loss in TRIED_TWICE else 1)
    assert (caught.value.status, caught.value.repeatable) == (None, True)


@pytest.mark.parametrize("loss", LOST)
@pytest.mark.parametrize(("call", "repeatable"), [(write, True), (create, False)])
def test_a_lost_answer_to_a_write_is_an_unknown_outcome(
    loss: str, call: Callable[[Flinkey], object], repeatable: bool
) -> None:
    with (
        Wire(LOST[loss]) as wire,
        client(wire.url, PATIENCE) as flinkey,
        pytest.raises(errors.OutcomeUnknown) as caught,
    ):
        call(flinkey)

    assert len(wire.requests) == 1
    assert (caught.value.status, caught.value.repeatable) == (None, repeatable)


@pytest.mark.parametrize("loss", LOST)
def test_a_lost_token_changes_nothing_and_is_not_asked_for_twice(loss: str) -> None:
    with Wire(LOST[loss]) as wire, client(wire.url, PATIENCE) as flinkey, pytest.raises(errors.Unavailable):
        sign_in(flinkey)

    assert len(wire.requests) == 1


@pytest.mark.parametrize("death", [reset, close])
def test_a_kept_connection_that_dies_under_a_write_is_an_unknown_outcome(death: Reply) -> None:
    with Wire(DONE, death, DONE) as wire, client(wire.url) as flinkey:
        write(flinkey)
        with pytest.raises(errors.OutcomeUnknown):
            write(flinkey)
        write(flinkey)

    assert (wire.connections, len(wire.requests)) == (2, 3)


@pytest.mark.parametrize("death", [reset, close])
def test_a_read_on_a_dead_connection_is_tried_once_more(death: Reply) -> None:
    with Wire(GROUPS, death, GROUPS) as wire, client(wire.url) as flinkey:
        assert read(flinkey) == read(flinkey)

    assert (wire.connections, len(wire.requests)) == (2, 3)


def test_a_huge_answer_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 100_000)
    with Wire(answer(200, b" " * 100_001), GROUPS) as wire, client(wire.url) as flinkey:
        with pytest.raises(errors.Unavailable, match="100000 bytes"):
            read(flinkey)
        read(flinkey)


def test_an_answer_slower_than_the_patience_of_one_byte_is_read_whole() -> None:
    with Wire(trickle(answer(200, []), 0.02)) as wire, client(wire.url, 20.0) as flinkey:
        assert read(flinkey) == []


def test_the_pool_is_shared_and_never_mixes_people() -> None:
    def slow(sock: socket.socket) -> None:
        time.sleep(0.005)
        sock.sendall(GROUPS)

    with Wire(slow) as wire:
        door = Transport(wire.url, KEY, pool=4)
        people = [Flinkey(door, f"token-{n}", n) for n in range(12)]
        with ThreadPoolExecutor(12) as threads:
            list(threads.map(read, people * 5))
        door.close()

    pairs = {(h["authorization"], h["customer-id"]) for h in map(headers, wire.requests)}
    assert pairs == {(f"Bearer token-{n}", str(n)) for n in range(12)}
    assert (len(wire.requests), wire.connections) == (60, 4)


def test_the_log_names_operation_status_and_time_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with Wire(GROUPS, GROUPS, reset) as wire, client(wire.url) as flinkey:
        flinkey.catalog.services(Odata(filter="name eq 'Jörg'"))
        with pytest.raises(errors.Unavailable):
            sign_in(flinkey)
        with pytest.raises(errors.OutcomeUnknown):
            write(flinkey)
    with nobody_listens() as url, client(url) as flinkey, pytest.raises(errors.Unavailable) as caught:
        flinkey.users.list(Odata(filter="emailAddress eq 'joerg@nordwind.example'"))

    assert {record.name for record in caplog.records} == {"flinkey"}
    assert [re.sub(r"\d+ ms", "N ms", record.getMessage()) for record in caplog.records] == [
        "getServices 200 N ms",
        "getToken 200 N ms",
        "assignCarToGroup ProtocolError N ms",
        "getUsers NewConnectionError N ms",
    ]
    assert "joerg" not in str(caught.value)


def test_a_transport_cannot_be_changed_and_shows_no_secret() -> None:
    with nobody_listens() as url, client(url, proxy="http://me:proxy-pass@127.0.0.1:9") as flinkey:
        door = Transport(url, KEY)
        with pytest.raises(AttributeError):
            door.api_key = "other"  # type: ignore[misc]
        shown = repr(door) + repr(flinkey) + repr(vars(flinkey)["_transport"])
        door.close()

    assert url in shown
    assert not [secret for secret in (KEY, TOKEN, "proxy-pass") if secret in shown]


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": "api.flinkey.de/v3"},
        {"base_url": "ftp://api.flinkey.de"},
        {"base_url": "https://me:s3cret@api.flinkey.de/v3"},
        {"base_url": "https://api.flinkey.de/v3?key=s3cret"},
        {"api_key": ""},
        {"api_key": "s3cret\n"},
        {"api_key": "s3cret kü"},
        {"proxy": "socks5://me:s3cret@localhost"},
        {"ca_bundle": "/nowhere/ca.pem"},
    ],
)
def test_a_setting_that_cannot_work_is_refused_at_once(settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"must|there is no") as caught:
        Transport(**{"base_url": "https://api.flinkey.de/v3", "api_key": KEY} | settings)  # type: ignore[arg-type]

    assert "s3cret" not in str(caught.value)


def test_no_thread_is_left_behind() -> None:
    with Wire(GROUPS) as wire, client(wire.url) as flinkey:
        before = threading.active_count()
        read(flinkey)
        read(flinkey)
        assert threading.active_count() <= before + 1  # the server's own, for the one connection
