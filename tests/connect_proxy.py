"""The company's proxy on the way out, small but real: it opens tunnels and notes whereto."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """Where it listens, and the first lines with their headers of all that asked it."""

    url: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def connect_proxy() -> Iterator[Proxy]:
    """Serves CONNECT alone, as a proxy that is only there for HTTPS does."""
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = Proxy(f"http://127.0.0.1:{listener.getsockname()[1]}")
    opened: list[socket.socket] = []

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                opened.append(listener.accept()[0])
                threading.Thread(target=_serve, args=(opened[-1], proxy.asked), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield proxy
    finally:
        listener.close()
        for client in opened:
            client.close()


def _serve(client: socket.socket, asked: list[str]) -> None:
    with contextlib.suppress(OSError):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        asked.append(head.decode())
        host, _colon, port = head.split()[1].decode().partition(":")
        with socket.create_connection((host, int(port))) as target:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _pump(client, target)


def _pump(one: socket.socket, other: socket.socket) -> None:
    ways = {one: other, other: one}
    with selectors.DefaultSelector() as ready:
        for end in ways:
            ready.register(end, selectors.EVENT_READ)
        while True:
            for key, _events in ready.select():
                near = one if key.fileobj is one else other
                data = near.recv(65536)
                if not data:
                    return
                ways[near].sendall(data)
