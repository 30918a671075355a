"""Groups and their members, after the vendor's page on grouping."""

from typing import Any

from . import texts
from .calls import Call, body_id
from .fleet import as_served
from .messages import Answer, done, json_answer, malformed, refuse

LONGEST_NAME = 250


def get_groups(call: Call) -> Answer:
    """GET /groups: all, by id."""
    groups = call.customer.groups.values()
    return json_answer(200, [{"id": group.id, "name": group.name} for group in groups])


def create_group(call: Call) -> Answer:
    """PUT /groups. The limit of 250 is on the page of PATCH only; here it is a guess."""
    name = _new_name(call.body)
    taken = {_folded(group.name) for group in call.customer.groups.values()}
    if _folded(name) in taken:
        raise refuse(409, texts.GROUP_NAME_TAKEN)
    return json_answer(201, {"id": call.customer.add_group(name)})


def update_group(call: Call) -> Answer:
    """PATCH /groups/{groupId}. The page knows no conflict, so a name may be taken twice here."""
    names = [_replacement(step) for step in _steps(call.body)]
    group = call.group(texts.GROUP_UNKNOWN_ON_RENAME)
    for name in names:
        if name is None or not name.strip():
            raise refuse(400, texts.GROUP_NAME_BLANK)
        if len(name) > LONGEST_NAME:
            raise refuse(400, texts.GROUP_NAME_TOO_LONG)
    for name in names:
        group.name = name or group.name
    return done()


def delete_group(call: Call) -> Answer:
    """DELETE /groups/{groupId}: only an empty one."""
    group = call.group(texts.GROUP_UNKNOWN)
    if not group.is_empty:
        raise refuse(409, texts.GROUP_NOT_EMPTY)
    del call.customer.groups[group.id]
    return done()


def get_members(call: Call) -> Answer:
    """GET /groups/{groupId}/cars and its three sisters."""
    group = call.group(texts.GROUP_UNKNOWN_ON_READ)
    things = call.customer.things[call.kind]
    members = [things[number] for number in sorted(group.members[call.kind])]
    return json_answer(200, as_served(call.kind, members, call.sim.settings))


def assign_member(call: Call) -> Answer:
    """PUT /groups/{groupId}/cars and its three sisters."""
    number = body_id(call.body, f"{texts.SINGULAR[call.kind]}Id")
    group = call.group(texts.GROUP_UNKNOWN)
    call.thing(call.kind, number, texts.member_unknown(call.kind))
    if number in group.members[call.kind]:
        raise refuse(409, texts.member_already(call.kind))
    group.members[call.kind].add(number)
    return done()


def remove_member(call: Call) -> Answer:
    """DELETE /groups/{groupId}/cars/{carId} and its three sisters."""
    group = call.group(texts.GROUP_UNKNOWN)
    number = call.ids[1]
    call.thing(call.kind, number, texts.member_unknown(call.kind))
    if number not in group.members[call.kind]:
        raise refuse(404, texts.member_missing(call.kind))
    group.members[call.kind].remove(number)
    return done()


def _folded(name: str) -> str:
    return name.strip().casefold()


def _new_name(body: Any) -> str:
    if not isinstance(body, dict):
        raise malformed("The JSON value could not be converted.")
    name = body.get("name")
    if name is not None and not isinstance(name, str):
        raise malformed("The JSON value of name could not be converted to a String.")
    if name is None or not name.strip():
        raise refuse(400, texts.GROUP_WITHOUT_NAME)
    if len(name) > LONGEST_NAME:
        raise refuse(400, texts.GROUP_NAME_TOO_LONG)
    return name


def _steps(body: Any) -> list[dict[str, Any]]:
    if not isinstance(body, list) or not all(isinstance(step, dict) for step in body):
        raise malformed("A JSON Patch document is an array of objects.")
    return body


def _replacement(step: dict[str, Any]) -> str | None:
    value = step.get("value")
    if step.get("op") != "replace" or step.get("path") != "/name":
        raise malformed("Only replace of /name is possible.")
    if value is not None and not isinstance(value, str):
        raise malformed("The value could not be converted to a String.")
    return value
