"""The remote control: what tests and demos may do to the sandbox from outside, by name."""

import json
from collections.abc import Callable
from typing import Any

from .changes import change
from .clock import parsed
from .messages import Answer, json_answer
from .routes import OPERATIONS
from .simulation import Log, Simulation
from .world import save, save_customer

PATH = "/_sandbox/"
READING = ("snapshot", "requests", "departures", "deliveries", "now", "state")


def answer(sim: Simulation, method: str, name: str, body: bytes) -> Answer:
    """Run one command: POST with JSON arguments; those that only read answer to GET too."""
    command = COMMANDS.get(name)
    if command is None:
        return json_answer(404, {"error": f"unknown command: {name}; known are {', '.join(COMMANDS)}"})
    if method != "POST" and not (method == "GET" and name in READING):
        return json_answer(405, {"error": "use POST"})
    try:
        return json_answer(200, command(sim, **json.loads(body or b"{}")))
    except (TypeError, ValueError, LookupError) as error:
        return json_answer(400, {"error": f"{type(error).__name__}: {error}"})


def _reset(sim: Simulation, scenario: str | None = None) -> None:
    sim.reset(scenario)


def _snapshot(sim: Simulation) -> dict[str, Any]:
    return sim.snapshot()


def _restore(sim: Simulation, snapshot: dict[str, Any]) -> None:
    sim.restore(snapshot)


def _settings(sim: Simulation, **changes: Any) -> dict[str, Any]:
    with sim.lock:
        sim.settings.change(**changes)
        return sim.settings.save()


def _fault(sim: Simulation, operation: str, kind: str, **facts: Any) -> None:
    if operation not in OPERATIONS | {"*"}:
        raise ValueError(f"unknown operation: {operation}")
    with sim.lock:
        sim.faults.add(operation, kind, **facts)


def _clear_faults(sim: Simulation) -> None:
    with sim.lock:
        sim.faults.clear()


def _requests(sim: Simulation, operation: str | None = None) -> list[dict[str, Any]]:
    return [entry for entry in _copy(sim, sim.requests) if operation in (None, entry["operation"])]


def _clear_requests(sim: Simulation) -> None:
    with sim.lock:
        sim.requests.clear()


def _departures(sim: Simulation) -> list[dict[str, Any]]:
    return _copy(sim, sim.departures)


def _deliveries(sim: Simulation) -> list[dict[str, Any]]:
    return _copy(sim, sim.deliveries)


def _copy(sim: Simulation, log: Log) -> list[dict[str, Any]]:
    with sim.lock:
        return list(log)


def _expire_tokens(sim: Simulation) -> None:
    with sim.lock:
        sim.tokens.clear()


def _freeze(sim: Simulation, iso: str | None = None) -> str:
    sim.clock.freeze(parsed(iso) if iso else None)
    sim.wake.set()
    return sim.now()


def _advance(sim: Simulation, seconds: float) -> str:
    sim.advance(seconds)
    return sim.now()


def _thaw(sim: Simulation) -> str:
    sim.clock.thaw()
    sim.wake.set()
    return sim.now()


def _now(sim: Simulation) -> str:
    return sim.now()


def _change(sim: Simulation, what: str, **facts: Any) -> Any:
    with sim.lock:
        return change(sim, what, **facts)


def _state(sim: Simulation, customer: int | None = None) -> dict[str, Any]:
    with sim.lock:
        if customer is None:
            return save(sim.world)
        return save_customer(sim.world.customers[customer])


COMMANDS: dict[str, Callable[..., Any]] = {
    "reset": _reset,
    "snapshot": _snapshot,
    "restore": _restore,
    "settings": _settings,
    "fault": _fault,
    "clear_faults": _clear_faults,
    "requests": _requests,
    "clear_requests": _clear_requests,
    "departures": _departures,
    "deliveries": _deliveries,
    "expire_tokens": _expire_tokens,
    "freeze": _freeze,
    "advance": _advance,
    "thaw": _thaw,
    "now": _now,
    "change": _change,
    "state": _state,
}
