"""The token, the customers, and the reading of cars, users, services and products."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from . import odata, texts
from .calls import Call
from .fields import fields_of
from .messages import Answer, json_answer, refuse
from .settings import Settings
from .world import Record

PASSWORD = "flinkey-demo"  # noqa: S105 - the one of every manager in every scenario
NEW_SERVICE = "productId"
OLD_PRODUCT = "dongleTerminationTimeStamp"
MISSING = {"cars": texts.NO_CAR, "users": texts.NO_USER}


def get_token(call: Call) -> Answer:
    """POST /oauth2/token. The answer to a wrong password is a guess: 400 as in RFC 6749, 5.2."""
    form = dict(parse_qsl(call.request.body.decode("utf-8", "replace"), keep_blank_values=True))
    if form.get("grant_type") != "password":
        return _oauth_error("unsupported_grant_type", "The grant type must be password.")
    email = form.get("username", "").strip().casefold()
    if email not in call.sim.world.managers or form.get("password") != PASSWORD:
        return _oauth_error("invalid_grant", "The user name or password is incorrect.")
    seconds = str(call.sim.settings.token_seconds)
    token = call.sim.new_token(email)
    return json_answer(200, {"token_type": "Bearer", "expires_in": seconds, "access_token": token})


def _oauth_error(error: str, description: str) -> Answer:
    return json_answer(400, {"error": error, "error_description": description})


def get_customers(call: Call) -> Answer:
    """GET /customers: those of the token's manager."""
    world, as_text = call.sim.world, call.sim.settings.customer_ids == "string"
    ids = sorted(world.managers.get(call.manager, set()))
    if not ids:
        raise refuse(404, texts.NO_MANAGER)
    rows = [{"id": str(n) if as_text else n, "name": world.customers[n].name} for n in ids]
    return json_answer(200, odata.apply(rows, fields_of("customers", call.sim.settings), call.options))


def get_things(call: Call) -> Answer:
    """GET /cars, /users, /services and /products."""
    settings = call.sim.settings
    rows = as_served(call.kind, call.customer.things[call.kind].values(), settings)
    return json_answer(200, odata.apply(rows, fields_of(call.kind, settings), call.options))


def get_thing(call: Call) -> Answer:
    """GET /cars/{carId} and /users/{userId}."""
    row = call.thing(call.kind, call.ids[0], MISSING[call.kind])
    return json_answer(200, odata.apply_to_one(row, fields_of(call.kind, call.sim.settings), call.options))


def as_served(kind: str, rows: Iterable[Record], settings: Settings) -> list[Record]:
    """The records with or without the fields that only one generation of the pages has."""
    if kind == "services" and settings.service_shape == "old":
        return [_without(row, NEW_SERVICE) for row in rows]
    if kind == "products" and settings.product_shape == "new":
        return [_without(row, OLD_PRODUCT) for row in rows]
    return list(rows)


def _without(row: Record, name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}
