"""Between the simulation and the wire: latency, faults, and the log of requests."""

import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from . import gateway, routes
from .faults import Fault, faulty_answer
from .messages import Answer, Request, rate_limited
from .simulation import Simulation

NOTHING = Answer(0)


@dataclass(frozen=True)
class Delivery:
    """An answer, how to send it (`whole`, `cut` or `reset`), and how long to wait before."""

    answer: Answer
    manner: str = "whole"
    seconds: float = 0.0


def respond(sim: Simulation, request: Request) -> Delivery:
    """Answer an API request, struck by a fault if one is due, and log it."""
    if sim.settings.latency:
        time.sleep(sim.settings.latency)
    match = routes.find(request.method, request.path)
    with sim.lock:
        fault = sim.faults.next_for(match.operation)
        done = NOTHING
        if wait := sim.quota.wait(sim.settings):
            delivery = Delivery(rate_limited(wait))
        else:
            if fault is None or fault.is_done:
                done = gateway.answer(sim, request, match)
            delivery = _struck(fault, done) if fault else Delivery(done)
        sim.requests.append(_entry(sim, request, match.operation, delivery, done))
    return delivery


def _struck(fault: Fault, done: Answer) -> Delivery:
    if fault.kind == "slow":
        return Delivery(done, seconds=float(fault.facts["seconds"]))
    if fault.kind in ("reset-before", "reset-after"):
        return Delivery(NOTHING, "reset")
    if fault.kind == "truncated":
        return Delivery(done, "cut")
    if fault.kind == "broken-json":
        return Delivery(Answer(done.status, done.body[: len(done.body) // 2], done.content_type))
    return Delivery(faulty_answer(fault))


def _entry(sim: Simulation, request: Request, operation: str, delivery: Delivery, done: Answer) -> dict[str, Any]:
    return {
        "at": sim.now(),
        "operation": operation,
        "method": request.method,
        "path": request.path,
        "query": dict(request.query),
        "status": delivery.answer.status if delivery.manner == "whole" else None,
        "headers": request.headers,
        "body": _readable(request),
        "took_effect": request.method != "GET" and done.succeeded,
    }


def _readable(request: Request) -> Any:
    text = request.body.decode("utf-8", "replace")
    if request.media_type == routes.FORM_BODY:
        return dict(parse_qsl(text, keep_blank_values=True))
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text
