"""The company's reverse proxy, small but real: HTTPS in front, one path of its name leads to the dashboard."""

import http.client
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass
class Front:
    """Where it listens, what was asked of other applications under the same name, and the port behind it."""

    url: str
    port: int
    strays: list[str] = field(default_factory=list)


@contextmanager
def reverse_proxy(port: int, prefix: str, certificate: Path) -> Iterator[Front]:
    """Passes on what is below the prefix to that port of this machine, the path as it is."""
    front = Front("", port)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if not self.path.startswith(f"{prefix}/"):
                front.strays.append(self.path)
                self.answer(404, [], b"another application")
                return
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
            headers["X-Forwarded-Proto"] = "https"
            claimed = headers.get("X-Forwarded-For")
            headers["X-Forwarded-For"] = f"{claimed}, {self.client_address[0]}" if claimed else self.client_address[0]
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as behind:
                behind.request(self.command, self.path, body or None, headers)
                with behind.getresponse() as got:
                    kept = [(name, value) for name, value in got.getheaders() if name.lower() not in HOP]
                    self.answer(got.status, kept, got.read())

        do_POST = do_GET  # noqa: N815

        def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            if status not in {204, 304}:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A browser that has gone away is no news."""

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    front.url = f"https://127.0.0.1:{server.server_port}{prefix}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield front
    finally:
        server.shutdown()
        server.server_close()
