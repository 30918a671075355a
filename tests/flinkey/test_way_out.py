"""The way to flinkey through a company's network: its proxy and its authority by setting, and nothing else."""

import ssl
from pathlib import Path

import pytest

from flinkey_admin.flinkey import Flinkey, Transport, errors
from flinkey_admin.flinkey.customers import listing
from flinkey_admin.flinkey.knock import knock
from tests.connect_proxy import connect_proxy
from tests.tls import certificate

from .wires import Wire, answer


def server(folder: Path, days: float = 90) -> tuple[Path, ssl.SSLContext]:
    pem = certificate(folder / "server.pem", days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return pem, context


def test_every_call_goes_through_the_company_s_proxy_to_a_server_of_its_authority(tmp_path: Path) -> None:
    pem, tls = server(tmp_path)
    with connect_proxy() as proxy, Wire(answer(200, []), tls=tls) as wire:
        door = Transport(wire.url, "key", proxy=proxy.url, ca_bundle=str(pem))
        assert Flinkey(door, "token", 1).groups.list() == []
        door.close()
        assert [line.split()[:2] for line in proxy.asked] == [["CONNECT", f"127.0.0.1:{wire.port}"]]
        assert b"flinkey-API-Key: key" in wire.requests[0]
        assert "key" not in proxy.asked[0].lower(), "the proxy sees a tunnel, no headers of ours"


def test_proxies_and_authorities_of_the_environment_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem, tls = server(tmp_path)
    with connect_proxy() as proxy, Wire(answer(200, []), tls=tls) as wire:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.setenv(name, str(pem))
        door = Transport(wire.url, "key")
        with pytest.raises(errors.Unavailable, match="certificate verify failed"):
            Flinkey(door, "token", 1).groups.list()
        door.close()
        with pytest.raises(ssl.SSLCertVerificationError):
            knock(wire.url)
        assert (proxy.asked, wire.requests) == ([], [])


def test_a_proxy_that_is_gone_is_said_and_nothing_goes_past_it(tmp_path: Path) -> None:
    pem, tls = server(tmp_path)
    with Wire(answer(200, []), tls=tls) as wire:
        door = Transport(wire.url, "key", proxy="http://127.0.0.1:9", ca_bundle=str(pem), tries=1)
        with pytest.raises(errors.Unavailable):
            Flinkey(door, "token", 1).groups.list()
        door.close()
        assert wire.connections == 0


def test_the_certificate_is_read_through_the_proxy_with_its_password(tmp_path: Path) -> None:
    pem, tls = server(tmp_path, days=10)
    with connect_proxy() as proxy, Wire(answer(200, []), tls=tls) as wire:
        met = knock(wire.url, proxy=proxy.url.replace("//", "//me:p%40ss@"), ca_bundle=str(pem))
        assert met.valid_until is not None
        assert met.issuer == "127.0.0.1"
        assert "Proxy-Authorization: Basic bWU6cEBzcw==" in proxy.asked[0]
        assert wire.requests == [], "a handshake alone"


def test_a_probe_tells_the_time_of_the_other_side() -> None:
    late = {"Date": "Fri, 27 Nov 2020 08:00:00 GMT"}
    with Wire(answer(401, {"message": "Unauthorized. Access token is missing or invalid."}, **late)) as wire:
        door = Transport(wire.url, "key")
        probe = door.probe(listing(), "nobody")
        door.close()
    assert isinstance(probe.error, errors.Unauthorized)
    assert probe.ahead is not None
    assert probe.ahead > 5 * 365 * 86_400
