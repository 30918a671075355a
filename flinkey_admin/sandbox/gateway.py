"""From a request to an answer: key, token, path, customer, media type, body, operation, in this order."""

import json
import re
from typing import Any, NoReturn

from . import odata, strict, texts
from .calls import WHOLE, Call, path_id
from .messages import (
    Answer,
    Refusal,
    Request,
    gateway_answer,
    json_answer,
    malformed,
    problem,
    refuse,
    text_answer,
)
from .routes import FORM_BODY, Match, Route
from .simulation import Simulation
from .world import Customer

API_KEY = "sandbox-key"
BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)


def answer(sim: Simulation, request: Request, match: Match) -> Answer:
    """Do what the request asks, or refuse it. Hold the simulation's lock."""
    try:
        result = _operate(sim, request, match)
    except Refusal as refusal:
        result = refusal.answer
        if refusal.departure:
            strict.record(sim, match.operation, refusal.departure)
    if sim.settings.error_shape == "json-string" and result.content_type.startswith("text/plain"):
        return json_answer(result.status, result.body.decode())
    return result


def _operate(sim: Simulation, request: Request, match: Match) -> Answer:
    _check_key(request)
    is_sign_in = match.operation == "getToken"
    manager = "" if is_sign_in else _manager(sim, request)
    if match.route is None:
        _no_route(match)
    route = match.route
    strict.check_headers(sim, request, route)
    call = Call(sim, request, route.operation, route.kind, tuple(map(path_id, match.ids)), manager)
    if route.has_customer:
        call.tenant = _customer(sim, request, route, manager)
    if route.odata:
        call.options = odata.options_of(request.query)
    if route.body:
        call.body = _body(request, route)
        strict.check_body(call)
    return route.handler(call)


def _check_key(request: Request) -> None:
    key = request.headers.get("flinkey-api-key")
    if key != API_KEY:
        raise Refusal(gateway_answer(401, texts.BAD_KEY if key else texts.NO_KEY))


def _manager(sim: Simulation, request: Request) -> str:
    found = BEARER.fullmatch(request.headers.get("authorization", "").strip())
    manager = sim.manager_of(found.group(1)) if found else None
    if manager is None:
        raise Refusal(gateway_answer(401, texts.UNAUTHORIZED))
    return manager


def _no_route(match: Match) -> NoReturn:
    if not match.allowed:
        raise Refusal(gateway_answer(404, "Resource not found"), "unknown path")
    body = gateway_answer(405, "Method not allowed")
    refusal = Answer(405, body.body, body.content_type, (("Allow", ", ".join(match.allowed)),))
    raise Refusal(refusal, "method not of this path")


def _customer(sim: Simulation, request: Request, route: Route, manager: str) -> Customer:
    text = request.headers.get("customer-id", "").strip()
    if not WHOLE.fullmatch(text):
        if route.says_400:
            raise malformed("The value of Customer-ID is not valid.")
        raise Refusal(text_answer(404, texts.NO_MANAGER), "Customer-ID is no integer")
    if int(text) in sim.world.managers.get(manager, set()):
        return sim.world.customers[int(text)]
    raise refuse(404, texts.NO_MANAGER)


def _body(request: Request, route: Route) -> Any:
    if request.media_type != route.body:
        raise Refusal(problem(415), "wrong or missing Content-Type")
    if route.body == FORM_BODY:
        return None
    try:
        value = json.loads(request.body.decode(), parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode()  # lone surrogates cannot be stored
    except (ValueError, RecursionError) as error:
        raise malformed("The input does not contain valid JSON.") from error
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
