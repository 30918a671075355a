"""The one door out: every request to flinkey leaves through `Transport.send`."""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from requests import Response, Session
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from .answers import Answer, lost, masked, result
from .calls import Call
from .errors import FlinkeyError
from .wire import Adapter, PlainSession, progress

T = TypeVar("T")

CONNECT_SECONDS = 3.05
LARGEST_ANSWER = 64 * 1024 * 1024

# requests' own errors are OSErrors; urllib3's slip through it now and then.
_FAULTS = (OSError, HTTPError)

_log = logging.getLogger("flinkey")

# urllib3 warns with whole addresses, and a filter in an address may hold a person's name.
logging.getLogger("urllib3").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Probe:
    """How flinkey answered: after how many seconds, how far our clock is ahead of its (seconds), with which error."""

    seconds: float
    ahead: float | None
    error: FlinkeyError | None


@dataclass(frozen=True, eq=False)
class Transport:
    """A pool of connections to one flinkey, shared by all threads of the process and by all managers.

    It keeps nothing of a call: no cookie, no token, no redirect, nothing of the environment or ~/.netrc.

    base_url: up to and with /v3. api_key: the header flinkey-API-Key. timeout: seconds within which an answer
    must be complete (connecting has 3.05 s of its own, tried `tries` times). pool: connections at most; further
    callers wait.
    proxy: http://host:port. ca_bundle: a file to trust instead of the usual authorities.
    told: is called after each call, with the operation, the status or the name of the fault, and the seconds it took.
    Raises ValueError for an address, key, proxy or file that cannot work.
    """

    base_url: str
    api_key: str = field(repr=False)
    timeout: float = 20.0
    pool: int = 16
    proxy: str | None = field(default=None, repr=False)
    ca_bundle: str | None = None
    tries: int = 4
    told: Callable[[str, str, float], None] | None = field(default=None, repr=False)
    _session: Session = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", _checked_url(self.base_url))
        object.__setattr__(self, "api_key", header_safe(self.api_key, "the API key"))
        if self.proxy and urlsplit(self.proxy).scheme not in ("http", "https"):
            raise ValueError("the proxy must be an address that begins with http:// or https://")
        if self.ca_bundle and not Path(self.ca_bundle).exists():
            raise ValueError(f"there is no CA bundle at {self.ca_bundle}")
        object.__setattr__(self, "_session", self._new_session())

    def send(self, call: Call[T], token: str | None = None, customer_id: str | None = None) -> T:
        """Sends one call and gives its result.

        Raises an errors.FlinkeyError when there is none, ValueError when it lacks a token or a customer.
        """
        secrets = (self.api_key, token or "", *call.secrets)
        began = time.monotonic()
        try:
            answer = self._exchange(call, self._headers(call, token, customer_id))
        except _FAULTS as fault:
            root = _root(fault)
            self._note(call, type(root).__name__, began)
            # Not chained: the fault quotes the whole address, filter included.
            raise lost(call, None, masked(f"{type(root).__name__}: {root}", secrets), sent=progress.sent) from None
        self._note(call, str(answer.status), began)
        return result(call, answer, secrets)

    def _note(self, call: Call[T], outcome: str, began: float) -> None:
        seconds = time.monotonic() - began
        _log.info("%s %s %.0f ms", call.operation, outcome, seconds * 1000)
        if self.told:
            self.told(call.operation, outcome, seconds)

    def probe(self, call: Call[T], token: str) -> Probe:
        """Sends one call for the sake of the answer's time alone; whatever flinkey says to it is no error here.

        Raises errors.Unavailable when no whole answer came.
        """
        began = time.time()
        try:
            answer = self._exchange(call, self._headers(call, token, None))
        except _FAULTS as fault:
            root = _root(fault)
            raise lost(call, None, masked(f"{type(root).__name__}: {root}", (self.api_key, token))) from None
        ended = time.time()
        try:
            result(call, answer, (self.api_key, token))
        except FlinkeyError as error:
            return Probe(ended - began, _ahead(answer.date, (began + ended) / 2), error)
        return Probe(ended - began, _ahead(answer.date, (began + ended) / 2), None)

    def close(self) -> None:
        """Closes the kept connections."""
        self._session.close()

    def _exchange(self, call: Call[T], headers: dict[str, str]) -> Answer:
        """One attempt; a GET gets a second one when a kept connection turned out to be dead."""
        try:
            return self._attempt(call, headers)
        except _FAULTS:
            if call.method != "GET" or not progress.died_silently:
                raise
        return self._attempt(call, headers)

    def _attempt(self, call: Call[T], headers: dict[str, str]) -> Answer:
        progress.restart()
        with self._session.request(
            call.method,
            self.base_url + call.path,
            params=dict(call.query),
            data=call.payload,
            headers=headers,
            timeout=(CONNECT_SECONDS, self.timeout),
            allow_redirects=False,
            stream=True,
        ) as response:
            named = response.headers
            return Answer(response.status_code, named.get("Retry-After", ""), _body(response), named.get("Date", ""))

    def _headers(self, call: Call[T], token: str | None, customer_id: str | None) -> dict[str, str]:
        headers = {"flinkey-API-Key": self.api_key}
        if call.content_type:
            headers["Content-Type"] = call.content_type
        if call.scope != "key":
            if token is None:
                raise ValueError(f"{call.operation} needs a token")
            headers["Authorization"] = f"Bearer {token}"
        if call.scope == "customer":
            if customer_id is None:
                raise ValueError(f"{call.operation} needs a customer")
            headers["Customer-ID"] = customer_id
        return headers

    def _new_session(self) -> Session:
        session = PlainSession()
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers.update({"User-Agent": "flinkey-admin", "Accept": "application/json"})
        session.proxies = {"http": self.proxy, "https": self.proxy} if self.proxy else {}
        session.verify = self.ca_bundle or True
        # Only connecting is repeated here: anything later could send a write twice.
        retry = Retry(connect=self.tries - 1, read=0, status=0, other=0, redirect=0, respect_retry_after_header=False)
        adapter = Adapter(pool_connections=1, pool_maxsize=self.pool, pool_block=True, max_retries=retry)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        return session


def _ahead(date: str, now: float) -> float | None:
    """By how many seconds our clock is ahead of the one that the header Date tells; None without one."""
    try:
        return now - (parsedate_to_datetime(date).timestamp() + 0.5)  # it tells whole seconds only
    except ValueError:
        return None


def header_safe(value: str, what: str) -> str:
    """The value, if it can be a header as it is. Raises ValueError, which does not show it."""
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        raise ValueError(f"{what} must be printable ASCII without spaces, and not empty")
    return value


def _checked_url(url: str) -> str:
    """Without the last slash. A user name in it would replace the bearer token, so none is allowed."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the address of flinkey must begin with http:// or https:// and name a host")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("the address of flinkey must hold neither user name, query nor fragment")
    return url.rstrip("/")


def _body(response: Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(65536):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise OSError(f"an answer of more than {LARGEST_ANSWER} bytes")
    return bytes(body)


def _root(fault: BaseException) -> BaseException:
    """The innermost fault: the outer ones only wrap it, and they quote the address."""
    inner = getattr(fault, "reason", None) or next(iter(fault.args), None)
    return _root(inner) if isinstance(inner, BaseException) else fault
