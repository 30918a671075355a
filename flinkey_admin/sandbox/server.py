"""The sandbox over real HTTP/1.1 on 127.0.0.1."""

import re
import socket
import struct
import sys
import threading
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from . import control
from .delivery import Delivery, respond
from .messages import Answer, Request, gateway_answer
from .simulation import Simulation

BASE = "/v3"
LARGEST_BODY = 64_000_000
LENGTH = re.compile(r"[0-9]{1,12}")
LONGEST_NAP = 60.0


class Handler(BaseHTTPRequestHandler):
    """Reads a request, lets the simulation answer it, and writes the answer as a fault demands."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65_536
    server: "Server"

    def do_GET(self) -> None:
        """Serve any method: the simulation tells them apart."""
        body = self._read_body()
        if body is None:
            return
        path, _, query = self.path.partition("?")
        if path.startswith(control.PATH):
            name = path.removeprefix(control.PATH)
            self._write(Delivery(control.answer(self.server.sim, self.command, name, body)))
        elif path.startswith(f"{BASE}/"):
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, path.removeprefix(BASE), query, headers, body)
            self._write(respond(self.server.sim, request))
        else:
            self._write(Delivery(gateway_answer(404, "Resource not found")))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the log is read through the remote control."""

    def _read_body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not LENGTH.fullmatch(length):
            self._refuse(411)
            return None
        if int(length) > LARGEST_BODY:
            self._refuse(413)
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):  # the caller hung up halfway: nothing was asked
            self.close_connection = True
            return None
        return body

    def _refuse(self, status: int) -> None:
        self.close_connection = True
        self._write(Delivery(gateway_answer(status, "Content-Length is needed, and within reason")))

    def _write(self, delivery: Delivery) -> None:
        if delivery.seconds:
            time.sleep(delivery.seconds)
        if delivery.manner == "reset":
            self._reset()
        elif delivery.manner == "cut":
            self._write_cut(delivery.answer)
        else:
            self._write_whole(delivery.answer)

    def _write_whole(self, answer: Answer) -> None:
        self._write_head(answer, len(answer.body))
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _write_cut(self, answer: Answer) -> None:
        self.close_connection = True
        if answer.body:
            self._write_head(answer, len(answer.body))
            self.wfile.write(answer.body[: len(answer.body) // 2])
        else:
            self.wfile.write(b"HTTP/1.1 2")
        self.wfile.flush()

    def _write_head(self, answer: Answer, length: int) -> None:
        self.send_response(answer.status)
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        if answer.status != 204:
            self.send_header("Content-Length", str(length))
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()

    def _reset(self) -> None:
        """Close so that the caller gets a RST instead of an orderly end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.hang_up(self.connection)


for _verb in ("HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"):
    setattr(Handler, f"do_{_verb}", Handler.do_GET)


class Server(ThreadingHTTPServer):
    """Knows its open connections, so that it can end them when it stops."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, port: int, sim: Simulation) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.sim = sim
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self, connection: socket.socket) -> None:
        """Close without the orderly shutdown, which would turn a reset into a plain end."""
        self._open.discard(connection)
        connection.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is no news; anything else is a bug and shows its traceback."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def end_connections(self) -> None:
        """Wake the threads that wait on idle connections."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class Sandbox:
    """A flinkey API of one's own: `start()`, use `url`, `stop()`; also a context manager."""

    def __init__(
        self,
        scenario: str = "yard",
        port: int = 0,
        *,
        strict: bool = False,
        clock: datetime | None = None,
        **settings: Any,
    ) -> None:
        self.sim = Simulation(scenario, {"strict": strict, **settings}, clock)
        self._port = port
        self._server: Server | None = None
        self._threads: list[threading.Thread] = []
        self._stopped = threading.Event()

    @property
    def url(self) -> str:
        """The API base, once started."""
        if self._server is None:
            raise RuntimeError("the sandbox is not running")
        return f"http://127.0.0.1:{self._server.server_port}{BASE}"

    def start(self) -> "Sandbox":
        """Listen, and do asynchronous work in the background."""
        self._stopped.clear()
        self._server = Server(self._port, self.sim)
        targets = (lambda server=self._server: server.serve_forever(0.05), self._work)
        self._threads = [threading.Thread(target=target, daemon=True) for target in targets]
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Stop listening, end open connections, and wait for the threads."""
        if self._server is None:
            return
        self._stopped.set()
        self.sim.wake.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.end_connections()
        for thread in self._threads:
            thread.join(timeout=5)
        self._server = None

    def __enter__(self) -> "Sandbox":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _work(self) -> None:
        while not self._stopped.is_set():
            seconds = self.sim.seconds_to_next()
            self.sim.wake.wait(LONGEST_NAP if seconds is None else min(max(0.0, seconds), LONGEST_NAP))
            self.sim.wake.clear()
            self.sim.run_due()
