"""Assignments, after the vendor's page: reads answer at once, writes only promise."""

from typing import Any

from . import odata, texts, webhooks
from .calls import UNFINDABLE, Call, as_int, body_id
from .clock import parsed, written
from .fields import FIELDS
from .messages import Answer, done, json_answer, malformed, refuse
from .world import DEFAULT_LIFETIME, Record

NUMBERS = ("carId", "userId", "lifetime", "renewableAfter")
PATHS = {f"/{name}": name for name in (*NUMBERS, "start", "end")}


def get_assignment(call: Call) -> Answer:
    """GET /assignments/{assignmentId}: with lifetime and renewableAfter, defaults filled in."""
    window = call.window()
    lifetime = window["lifetime"] or DEFAULT_LIFETIME
    row = window | {"lifetime": lifetime, "renewableAfter": window["renewableAfter"] or lifetime // 2}
    return json_answer(200, odata.apply_to_one(row, FIELDS["assignment"], call.options))


def of_car(call: Call) -> Answer:
    """GET /cars/{carId}/assignments: thinner than the single one."""
    call.thing("cars", call.ids[0], texts.NO_CAR)
    return _list(call, "carId", "assignments of car")


def of_user(call: Call) -> Answer:
    """GET /users/{userId}/assignments: thinner than the single one."""
    call.thing("users", call.ids[0], texts.NO_USER)
    return _list(call, "userId", "assignments of user")


def _list(call: Call, key: str, what: str) -> Answer:
    fields = FIELDS[what]
    windows = [window for window in call.customer.windows.values() if window[key] == call.ids[0]]
    rows = [{name: window[name] for name in fields} for window in windows]
    return json_answer(200, odata.apply(rows, fields, call.options))


def create_assignment(call: Call) -> Answer:
    """PUT /assignments: 204 at once, the outcome by webhook."""
    _plan(call, "create", window=_new_window(call.body))
    return done()


def update_assignment(call: Call) -> Answer:
    """PATCH /assignments/{assignmentId}: 204 at once, even for an unknown one."""
    if not isinstance(call.body, list):
        raise malformed("A JSON Patch document is an array of objects.")
    changes = dict(_change(step) for step in call.body)
    _plan(call, "update", id=call.ids[0], changes=changes)
    return done()


def delete_assignment(call: Call) -> Answer:
    """DELETE /assignments/{assignmentId}: 204 at once, even for an unknown one; what is no number has no address."""
    if call.ids[0] == UNFINDABLE:
        raise refuse(404, texts.NO_ASSIGNMENT)
    _plan(call, "delete", id=call.ids[0])
    return done()


def _plan(call: Call, kind: str, **facts: Any) -> None:
    checksum = webhooks.checksum(call.request.body, call.sim.settings)
    call.sim.plan(kind, customer=call.customer.id, checksum=checksum, **facts)


def _new_window(body: Any) -> Record:
    window: Record = {"carId": body_id(body, "carId"), "userId": body_id(body, "userId")}
    if body.get("start") is None:
        raise malformed("The start field is required.")
    for name in ("start", "end"):
        window[name] = _time(name, body.get(name))
    for name in ("lifetime", "renewableAfter"):
        window[name] = _number(name, body.get(name))
    return window


def _change(step: Any) -> tuple[str, Any]:
    if not isinstance(step, dict) or step.get("op") not in ("remove", "replace"):
        raise malformed("The op of a JSON Patch step must be remove or replace.")
    path = step.get("path")
    if not isinstance(path, str) or path not in PATHS:
        raise malformed("The path of a JSON Patch step is unknown.")
    name = PATHS[path]
    value = step.get("value") if step["op"] == "replace" else None
    return name, _number(name, value) if name in NUMBERS else _time(name, value)


def _number(name: str, value: Any) -> int | None:
    if value is None:
        return None
    number = as_int(value)
    if number is None:
        raise malformed(f"The value of {name} could not be converted to an Int32.")
    return number


def _time(name: str, value: Any) -> str | None:
    if value is None:
        return None
    try:
        return written(parsed(value))
    except (TypeError, ValueError) as error:
        raise malformed(f"The value of {name} could not be converted to a DateTime.") from error
