"""The remote control as Python: each method is one HTTP call, so it works across processes too."""

import json
from typing import Any
from urllib.parse import urlsplit

from . import wire

PATIENCE = 120.0


class RemoteError(Exception):
    """The sandbox refused a command; the message says why."""


class Remote:
    """Steers the sandbox behind an API base such as http://127.0.0.1:9000/v3."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._base = f"{parts.scheme}://{parts.netloc}/_sandbox/"

    def reset(self, scenario: str | None = None) -> None:
        """State, tokens, faults, logs, settings and clock back to the start."""
        self._call("reset", scenario=scenario)

    def snapshot(self) -> dict[str, Any]:
        """World, settings, clock and pending work, to be restored later."""
        return dict(self._call("snapshot"))

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Back to a snapshot; tokens, faults and logs stay as they are."""
        self._call("restore", snapshot=snapshot)

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Turn knobs (see settings.py) and return all of them."""
        return dict(self._call("settings", **changes))

    def fault(self, operation: str, kind: str, *, times: int = 1, skip: int = 0, **facts: Any) -> None:
        """Order a fault for an operationId or "*"; the README lists the kinds and their facts."""
        self._call("fault", operation=operation, kind=kind, times=times, skip=skip, **facts)

    def clear_faults(self) -> None:
        """Withdraw all faults that have not struck yet."""
        self._call("clear_faults")

    def requests(self, operation: str | None = None) -> list[dict[str, Any]]:
        """The log of API requests, oldest first; of one operationId when given."""
        return list(self._call("requests", operation=operation))

    def clear_requests(self) -> None:
        """Empty the log of requests."""
        self._call("clear_requests")

    def departures(self) -> list[dict[str, Any]]:
        """What strict mode has recorded: at, operation, what."""
        return list(self._call("departures"))

    def deliveries(self) -> list[dict[str, Any]]:
        """The log of webhooks: at, url, body, and the receiver's status or the error."""
        return list(self._call("deliveries"))

    def expire_tokens(self) -> None:
        """Let every token end now."""
        self._call("expire_tokens")

    def freeze(self, iso: str | None = None) -> str:
        """Stop the clock, at the present second or at the given moment."""
        return str(self._call("freeze", iso=iso))

    def advance(self, seconds: float) -> str:
        """Move the clock; due work and webhooks are done when this returns."""
        return str(self._call("advance", seconds=seconds))

    def now(self) -> str:
        """The sandbox's present moment."""
        return str(self._call("now"))

    def thaw(self) -> str:
        """Back to real time."""
        return str(self._call("thaw"))

    def change(self, what: str, **facts: Any) -> Any:
        """Let something happen elsewhere; the README lists what."""
        return self._call("change", what=what, **facts)

    def state(self, customer: int | None = None) -> dict[str, Any]:
        """Everything the sandbox knows, or one customer's groups, things and windows."""
        return dict(self._call("state", customer=customer))

    def _call(self, command: str, **arguments: Any) -> Any:
        status, body = wire.post(self._base + command, json.dumps(arguments).encode(), {}, PATIENCE)
        answer = json.loads(body)
        if status != 200:
            raise RemoteError(answer["error"])
        return answer
