"""Steps and effects in forms that compare with each other."""

from typing import Any

from django.db import connection

from flinkey_admin.operations.models import Step
from tests.machine.wire import Signature


def about(step: Step) -> Signature:
    """What a step changes."""
    if step.verb in {"add", "remove"}:
        return (step.kind, step.thing_id, step.group_id)
    if step.verb.endswith("-group"):
        return ("group", step.group_id or step.args.get("name"))
    if step.verb == "create-window" and not step.window_id:
        return ("new window", step.car_id, step.user_id, step.args["start"])
    return ("window", step.window_id)


def about_effect(what: Signature) -> Signature:
    """What an effect changes."""
    if what[0] in {"add", "remove", "homeless"}:
        return what[1:]
    return ("group" if what[0].endswith("-group") else "window", what[1])


def sign(step: Step) -> Signature:
    """A step as the request that it makes."""
    match step.verb:
        case "add" | "remove":
            return (step.verb, step.kind, step.thing_id, step.group_id)
        case "create-group":
            return (step.verb, step.args["name"])
        case "rename-group" | "delete-group":
            return (step.verb, step.group_id)
        case "create-window":
            return (step.verb, step.car_id, step.user_id, step.args["start"], step.args["end"])
    return (step.verb, step.window_id)


def opposite(what: Signature) -> Signature:
    verb = {"add": "remove", "remove": "add"}.get(what[0], what[0])
    return (verb, *what[1:])


def is_window(step: Step) -> bool:
    return step.verb.endswith("-window")


def rows(sql: str, *params: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
