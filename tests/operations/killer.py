"""A door between the dashboard and the sandbox that kills a process at the n-th write."""

import http.client
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

MOMENTS = ("before", "after", "answered")  # before flinkey hears of the call, after it did it, after it said so


class Killer:
    """Passes every request on; kills `victim` with SIGKILL at the n-th write and is an open door from then on."""

    def __init__(self, upstream: str, at: int, moment: str) -> None:
        self.at, self.moment, self.victim = at, moment, 0
        self.writes = 0
        self._lock = threading.Lock()
        self._upstream = urlsplit(upstream)
        killer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fatal = self.command != "GET" and killer.is_fatal()
                if fatal and killer.moment == "before":
                    return killer.kill(self)
                status, headers, answer = killer.ask(self.command, self.path, dict(self.headers), body)
                if fatal and killer.moment == "after":
                    return killer.kill(self)
                self.send_response(status)
                for name, value in headers:
                    if name in {"Content-Type", "Content-Length"}:
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)
                self.wfile.flush()
                if fatal:
                    killer.kill(self)
                return None

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the base class
                pass

        for verb in ("PUT", "PATCH", "DELETE", "POST"):
            setattr(Handler, f"do_{verb}", Handler.do_GET)

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """The dead do not listen."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}{self._upstream.path}"

    def is_fatal(self) -> bool:
        with self._lock:
            self.writes += 1
            return self.writes == self.at

    def kill(self, handler: BaseHTTPRequestHandler) -> None:
        os.kill(self.victim, signal.SIGKILL)
        handler.close_connection = True

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bytes]:
        connection = http.client.HTTPConnection(self._upstream.netloc, timeout=60)
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def __enter__(self) -> "Killer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
