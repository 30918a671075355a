"""The strict mode: every departure from the vendor's pages is recorded and refused."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from .calls import Call
from .clock import is_exact
from .messages import Request, refuse
from .odata import OPTIONS
from .routes import FORM_BODY, Route
from .simulation import Simulation
from .work import why_not_validity

TWIN = timedelta(seconds=10)
FORM_FIELDS = ("username", "password", "grant_type")
PATCH_OPS = {"updateGroup": ("replace",), "updateAssignment": ("remove", "replace")}
PATCH_PATHS = {
    "updateGroup": ("/name",),
    "updateAssignment": ("/carId", "/userId", "/start", "/end", "/lifetime", "/renewableAfter"),
}
# name -> whether it is required; the types are told apart below
ASSIGNMENT = {
    "carId": True,
    "userId": True,
    "start": True,
    "end": False,
    "lifetime": False,
    "renewableAfter": False,
}
NULLABLE = ("end", "lifetime", "renewableAfter")
NUMBER = re.compile(r"[0-9]{1,10}")


def record(sim: Simulation, operation: str, what: str) -> None:
    """Note a departure, if the sandbox is strict."""
    if sim.settings.strict:
        sim.departures.append({"at": sim.now(), "operation": operation, "what": what})


def check_headers(sim: Simulation, request: Request, route: Route) -> None:
    """Refuse headers, queries and bodies that do not belong to the operation."""
    if sim.settings.strict:
        found = [*_headers(request, route), *_query(request, route)]
        _refuse(sim, route.operation, found)


def check_body(call: Call) -> None:
    """Refuse a body that is not exactly as documented, and what is likely to make a twin."""
    if not call.sim.settings.strict:
        return
    found = list(_body(call))
    if not found and call.operation == "createAssignment":
        found = list(_twin(call))
    _refuse(call.sim, call.operation, found)


def _refuse(sim: Simulation, operation: str, found: list[str]) -> None:
    for what in found:
        record(sim, operation, what)
    if found:
        _end(found[0])


def _end(what: str) -> NoReturn:
    raise refuse(400, f"departure: {what}")


def _headers(request: Request, route: Route) -> Iterator[str]:
    if "cookie" in request.headers:
        yield "a Cookie header"
    if not route.body and "content-type" in request.headers:
        yield "a Content-Type without a body"
    if not route.body and request.body:
        yield f"a body on {route.method}"
    if route.body == FORM_BODY:
        for name in ("authorization", "customer-id"):
            if name in request.headers:
                yield f"{name} on the token request"


def _query(request: Request, route: Route) -> Iterator[str]:
    for name, _ in request.query:
        if not route.odata:
            yield f"query {name} on an operation without query options"
        elif name not in OPTIONS:
            yield f"unknown query {name}"


def _body(call: Call) -> Iterator[str]:
    if call.operation == "getToken":
        yield from _form(call.request)
    elif call.operation in PATCH_OPS:
        yield from _patch(call.operation, call.body)
    elif not isinstance(call.body, dict):
        yield "the body is no JSON object"
    elif call.operation == "createAssignment":
        yield from _assignment(call.body)
    elif call.operation == "createGroup":
        yield from _unknown(call.body, ["name"])
        if not isinstance(call.body.get("name", ""), str | None):
            yield "name is no string"
    else:
        yield from _member(call.body, f"{call.kind[:-1]}Id")


def _form(request: Request) -> Iterator[str]:
    names = [name for name, _ in parse_qsl(request.body.decode("latin-1"), keep_blank_values=True)]
    if sorted(names) != sorted(FORM_FIELDS):
        yield f"the form has {', '.join(sorted(names)) or 'no fields'}"


def _member(body: dict[str, Any], name: str) -> Iterator[str]:
    yield from _unknown(body, [name])
    if not _is_int(body.get(name)):
        yield f"{name} is no JSON integer"


def _assignment(body: dict[str, Any]) -> Iterator[str]:
    yield from _unknown(body, list(ASSIGNMENT))
    for name, required in ASSIGNMENT.items():
        value = body.get(name)
        if value is None:
            if required or (name in body and name not in NULLABLE):
                yield f"{name} is missing"
        elif name in ("start", "end"):
            if not (isinstance(value, str) and is_exact(value)):
                yield f"{name} is not yyyy-MM-ddTHH:mm:ssZ"
        elif not _is_int(value):
            yield f"{name} is no JSON integer"
    yield from _validity(body.get("lifetime"), body.get("renewableAfter"))


def _validity(lifetime: Any, renewable_after: Any) -> Iterator[str]:
    numbers = (lifetime if _is_int(lifetime) else None, renewable_after if _is_int(renewable_after) else None)
    why = why_not_validity(*numbers)
    if why:
        yield why


def _patch(operation: str, body: Any) -> Iterator[str]:
    if not isinstance(body, list) or not body:
        yield "the body is no JSON Patch array"
        return
    seen: dict[str, str | None] = {}
    for step in body:
        yield from _step(operation, step)
        if isinstance(step, dict) and isinstance(step.get("path"), str):
            if step["path"] in seen:
                yield f"{step['path']} is given twice"
            seen[step["path"]] = step.get("value")
    if operation == "updateAssignment":
        yield from _patched_validity(seen)


def _step(operation: str, step: Any) -> Iterator[str]:
    if not isinstance(step, dict):
        yield "a JSON Patch step is no object"
        return
    yield from _unknown(step, ["op", "path", "value"])
    if step.get("op") not in PATCH_OPS[operation]:
        yield f"op {step.get('op')!r} is not documented"
    if step.get("path") not in PATCH_PATHS[operation]:
        yield f"path {step.get('path')!r} is not documented"
    if step.get("op") == "replace" and "value" not in step:
        yield "a replace without a value"
    value = step.get("value")
    if not isinstance(value, str | None):
        yield "a JSON Patch value is neither string nor null"
    elif value is not None and operation == "updateAssignment":
        yield from _patched_value(str(step.get("path")), value)


def _patched_value(path: str, value: str) -> Iterator[str]:
    if path in ("/start", "/end"):
        if not is_exact(value):
            yield f"{path} is not yyyy-MM-ddTHH:mm:ssZ"
    elif not NUMBER.fullmatch(value):
        yield f"{path} is no number"


def _patched_validity(seen: dict[str, Any]) -> Iterator[str]:
    def number(path: str) -> int | None:
        value = seen.get(path)
        return int(value) if isinstance(value, str) and NUMBER.fullmatch(value) else None

    lifetime, renewable_after = number("/lifetime"), number("/renewableAfter")
    if "/lifetime" in seen:
        yield from _validity(lifetime, renewable_after)


def _twin(call: Call) -> Iterator[str]:
    key = f"{call.customer.id} {call.request.body.decode()}"
    now = call.sim.clock.now()
    before = call.sim.creates.get(key)
    call.sim.creates[key] = now
    if before and now - before < TWIN:
        yield "the same assignment created twice within 10 seconds"


def _unknown(body: dict[str, Any], known: list[str]) -> Iterator[str]:
    for name in body:
        if name not in known:
            yield f"unknown field {name}"


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
