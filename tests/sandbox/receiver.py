"""A tiny receiver of webhooks."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class Receiver:
    """Listens on a free port and keeps what it is sent."""

    def __init__(self) -> None:
        self.hooks: list[dict[str, Any]] = []
        self.on_hook: Callable[[], object] = lambda: None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook = {"path": self.path, "secret": self.headers.get("secret"), "body": body}
                receiver.hooks.append(hook)
                receiver.on_hook()
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the base class
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks/abc"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [hook["body"] for hook in self.hooks]

    def __enter__(self) -> "Receiver":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
