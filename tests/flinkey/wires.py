"""Servers made of raw sockets, for what no HTTP library would do on purpose."""

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Self

Reply = bytes | Callable[[socket.socket], None]


def answer(status: int, body: object = b"", **headers: str) -> bytes:
    """A whole answer; anything but bytes is written as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(data)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def reset(sock: socket.socket) -> None:
    """Closes with RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def close(sock: socket.socket) -> None:
    """Hangs up without a word."""
    sock.close()


def begin(data: bytes, then: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
    """Sends a beginning, then does the rest."""

    def reply(sock: socket.socket) -> None:
        sock.sendall(data)
        then(sock)

    return reply


def silence(sock: socket.socket) -> None:
    """Says nothing until the client goes away."""
    with contextlib.suppress(OSError):
        sock.recv(1)


def trickle(data: bytes, pause: float = 0.1) -> Callable[[socket.socket], None]:
    """One byte after the other, with a pause of so many seconds after each."""

    def reply(sock: socket.socket) -> None:
        for byte in data:
            sock.sendall(bytes([byte]))
            time.sleep(pause)

    return reply


class Wire:
    """Answers the first request with the first reply and so on; the last reply serves all further ones."""

    def __init__(self, *replies: Reply, tls: ssl.SSLContext | None = None, greeting: bytes = b"") -> None:
        self.replies, self.tls, self.greeting = replies, tls, greeting
        self.requests: list[bytes] = []
        self.connections = 0
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._is_over = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/v3"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        with self._lock:
            self._is_over = True
            for sock in self._open:
                sock.close()

    def _keep(self, sock: socket.socket) -> None:
        """Until the end; whoever comes as it ends is turned away."""
        with self._lock:
            self._open.append(sock)
            if self._is_over:
                sock.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                self._keep(sock)
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError):
            plain.sendall(self.greeting)
            sock = self.tls.wrap_socket(plain, server_side=True) if self.tls else plain
            self._keep(sock)
            for request in _requests(sock):
                with self._lock:
                    self.requests.append(request)
                    reply = self.replies[min(len(self.requests), len(self.replies)) - 1]
                if isinstance(reply, bytes):
                    sock.sendall(reply)
                else:
                    reply(sock)


def _requests(sock: socket.socket) -> Iterator[bytes]:
    data = b""
    while True:
        while b"\r\n\r\n" not in data:
            more = sock.recv(65536)
            if not more:
                return
            data += more
        head, _, data = data.partition(b"\r\n\r\n")
        length = next((int(v) for k, v in _fields(head) if k == b"content-length"), 0)
        while len(data) < length:
            data += sock.recv(65536)
        yield head + b"\r\n\r\n" + data[:length]
        data = data[length:]


def _fields(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        yield name.lower(), value.strip()


def headers(request: bytes) -> dict[str, str]:
    """The headers of a recorded request, names in lower case."""
    return {k.decode(): v.decode() for k, v in _fields(request.partition(b"\r\n\r\n")[0])}
