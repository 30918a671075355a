"""Connections that know how far a request got and that give up at a fixed time.

requests tells neither: a TLS fault before the request and one after it are the same exception, and its
time-out starts anew with every byte received.
"""

import http.client
import io
import socket
import threading
import time
from typing import Any

from requests import Session
from requests.adapters import HTTPAdapter
from requests.models import Response
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_ import create_urllib3_context


class Progress(threading.local):
    """How far this thread's call got: sent (a part), heard (a byte of the answer), late (timed out)."""

    sent = heard = late = False

    def restart(self) -> None:
        """A new attempt begins."""
        self.sent = self.heard = self.late = False

    @property
    def died_silently(self) -> bool:
        """The connection broke before a byte of an answer, as a kept one does that the server has closed."""
        return self.sent and not self.heard and not self.late


progress = Progress()


class _TimedReader(io.RawIOBase):
    """Reads a socket until the whole answer's time is over."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw, self._sock = raw, sock
        self._end = time.monotonic() + (sock.gettimeout() or 0.0)
        self.ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        try:
            self._sock.settimeout(self._remaining())
            count: int | None = self._raw.readinto(buffer)
        except TimeoutError:
            progress.late = True
            raise
        self.ended = count == 0
        progress.heard = progress.heard or bool(count)
        return count

    def _remaining(self) -> float:
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the answer is not complete in time")
        return seconds

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._reader = _TimedReader(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        super().begin()
        # http.client takes a connection that ended among the headers for the end of the headers.
        if self._reader.ended:
            raise http.client.IncompleteRead(b"")


class _Connection(HTTPConnection):
    response_class = _TimedResponse

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        progress.sent = True
        super().request(*args, **kwargs)


class _SecureConnection(_Connection, HTTPSConnection):
    def connect(self) -> None:
        # urllib3's own would write the keys of each connection into the file that SSLKEYLOGFILE names.
        self.ssl_context = create_urllib3_context()
        self.ssl_context.keylog_filename = None  # type: ignore[assignment]
        super().connect()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class Adapter(HTTPAdapter):
    """The adapter of requests over the connections above."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _watch(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        return _watch(super().proxy_manager_for(*args, **kwargs))


def _watch(manager: PoolManager) -> PoolManager:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return manager


class PlainSession(Session):
    """A session that does not even look at the target of a redirect."""

    def get_redirect_target(self, resp: Response) -> None:  # noqa: ARG002
        return None
