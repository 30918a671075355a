"""Who stands behind an address: its certificate, and how it answers. For the checks of an installation alone."""

import http.client
import ssl
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import certifi

ENOUGH = 4096  # bytes of an answer


@dataclass(frozen=True)
class Door:
    """What was met. valid_until: of the certificate, None for plain HTTP. allow: the header of that name, of a 405."""

    valid_until: datetime | None
    issuer: str = ""
    status: int | None = None
    allow: str = ""
    text: str = ""


def knock(
    url: str, *, get: bool = False, proxy: str = "", ca_bundle: str = "", system: bool = False, timeout: float = 3.0
) -> Door:
    """Opens a connection, shakes hands and, with `get`, asks for the address without any header of ours.

    system: trusts the authorities of this machine beside those of ca_bundle, as a browser on it would; else exactly
    those that calls to flinkey trust. timeout: seconds for each step. Raises OSError, ssl.SSLError among them.
    """
    parts = urlsplit(url)
    door = _connection(parts, proxy, _trust(ca_bundle, system=system), timeout)
    try:
        door.connect()
        until, issuer = _certificate(door.sock)
        if not get:
            return Door(until, issuer)
        door.request("GET", parts.path or "/", headers={"User-Agent": "flinkey-admin", "Accept-Encoding": "identity"})
        answer = door.getresponse()
        text = answer.read(ENOUGH).decode("utf-8", "replace")
        return Door(until, issuer, answer.status, answer.getheader("Allow", ""), text)
    except http.client.HTTPException as fault:
        raise OSError(f"no answer in HTTP: {type(fault).__name__}") from None
    finally:
        door.close()


def _trust(ca_bundle: str, *, system: bool) -> ssl.SSLContext:
    context = ssl.create_default_context() if system else ssl.create_default_context(cafile=certifi.where())
    if ca_bundle and not system:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_bundle:
        is_file = Path(ca_bundle).is_file()
        context.load_verify_locations(**{"cafile" if is_file else "capath": ca_bundle})
    return context


def _connection(parts: SplitResult, proxy: str, context: ssl.SSLContext, timeout: float) -> http.client.HTTPConnection:
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if not proxy or parts.scheme != "https":
        if parts.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
        return http.client.HTTPConnection(host, port, timeout=timeout)
    via = urlsplit(proxy)
    if via.scheme != "http":
        raise OSError("not looked at: the proxy itself speaks TLS")
    door = http.client.HTTPSConnection(via.hostname or "", via.port or 80, timeout=timeout, context=context)
    headers = {}
    if via.username:
        said = f"{unquote(via.username)}:{unquote(via.password or '')}".encode()
        headers["Proxy-Authorization"] = f"Basic {b64encode(said).decode()}"
    door.set_tunnel(host, port, headers)
    return door


def _certificate(sock: object) -> tuple[datetime | None, str]:
    if not isinstance(sock, ssl.SSLSocket):
        return None, ""
    found = sock.getpeercert() or {}
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), UTC)
    names = {name: value for part in found.get("issuer", ()) for name, value in part}  # type: ignore[str-unpack]
    return until, str(names.get("organizationName") or names.get("commonName") or "")
