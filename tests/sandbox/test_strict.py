"""Strict mode: each departure from the pages is refused and recorded, and nothing else is."""

import json
from typing import Any

import pytest

from flinkey_admin.sandbox import Remote

from .caller import FORM, Caller, Reply, send

NEW: dict[str, Any] = {"carId": 4, "userId": 5, "start": "2026-11-23T08:00:00Z", "end": None}
VALIDITY = "The lifetime must be greater than 604800 and less than 2419200."
RENEWAL = "The renewableAfter must be greater than 0 and less than the lifetime."
START_FORM = "start is not yyyy-MM-ddTHH:mm:ssZ"


def step(op: str, path: str, *value: Any) -> dict[str, Any]:
    return {"op": op, "path": path} | ({"value": value[0]} if value else {})


def raw(call: Caller, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> Reply:
    return send(method, call.url + path, call.headers | headers, body)


GOOD: list[tuple[str, str, Any, int]] = [
    ("GET", "/customers", None, 200),
    ("GET", "/groups", None, 200),
    ("GET", "/cars?$filter=id%20eq%201&$select=id&$top=1&$skip=0&$orderby=name", None, 200),
    ("GET", "/cars/1?$select=id", None, 200),
    ("PUT", "/groups", {"name": "Neu"}, 201),
    ("PUT", "/groups", {"name": ""}, 400),
    ("PUT", "/groups/4/users", {"userId": 1}, 204),
    ("PUT", "/groups/4/users", {"userId": 99}, 404),
    ("PATCH", "/groups/1", [step("replace", "/name", "Neu")], 204),
    ("PATCH", "/groups/1", [step("replace", "/name", None)], 400),
    ("DELETE", "/groups/4", None, 204),
    ("PUT", "/assignments", NEW, 204),
    ("PUT", "/assignments", NEW | {"lifetime": 700_000, "renewableAfter": 350_000}, 204),
    ("PATCH", "/assignments/4", [step("replace", "/end", None), step("replace", "/carId", "3")], 204),
    ("PATCH", "/assignments/4", [step("replace", "/lifetime", "700000"), step("remove", "/end")], 204),
    ("DELETE", "/assignments/4", None, 204),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), GOOD)
def test_what_the_pages_say_is_no_departure(
    strict: Caller, remote: Remote, *, method: str, path: str, body: Any, status: int
) -> None:
    assert strict(method, path, body).status == status
    assert remote.departures() == []


BAD: list[tuple[str, str, Any, str]] = [
    ("GET", "/groups?$top=1", None, "query $top on an operation without query options"),
    ("GET", "/groups?x=1", None, "query x on an operation without query options"),
    ("GET", "/cars?x=1", None, "unknown query x"),
    ("GET", "/cars?$count=true", None, "unknown query $count"),
    ("PUT", "/groups", {"name": "x", "id": 1}, "unknown field id"),
    ("PUT", "/groups", {"name": 1}, "name is no string"),
    ("PUT", "/groups", ["x"], "the body is no JSON object"),
    ("PUT", "/groups/4/cars", {"carId": "7"}, "carId is no JSON integer"),
    ("PUT", "/groups/4/cars", {"carId": 7.0}, "carId is no JSON integer"),
    ("PUT", "/groups/4/cars", {}, "carId is no JSON integer"),
    ("PATCH", "/groups/1", [step("add", "/name", "x")], "op 'add' is not documented"),
    ("PATCH", "/groups/1", [step("replace", "/Name", "x")], "path '/Name' is not documented"),
    ("PATCH", "/groups/1", [step("replace", "/name")], "a replace without a value"),
    ("PATCH", "/groups/1", [], "the body is no JSON Patch array"),
    ("PATCH", "/groups/1", ["x"], "a JSON Patch step is no object"),
    ("PUT", "/assignments", NEW | {"start": "2026-11-23T08:00:00.000Z"}, START_FORM),
    ("PUT", "/assignments", NEW | {"start": "2026-11-23T08:00:00+00:00"}, START_FORM),
    ("PUT", "/assignments", NEW | {"start": "2026-02-30T08:00:00Z"}, START_FORM),
    ("PUT", "/assignments", NEW | {"userId": None}, "userId is missing"),
    ("PUT", "/assignments", NEW | {"carId": "4"}, "carId is no JSON integer"),
    ("PUT", "/assignments", NEW | {"note": "x"}, "unknown field note"),
    ("PUT", "/assignments", NEW | {"lifetime": 604_800}, VALIDITY),
    ("PUT", "/assignments", NEW | {"lifetime": 2_419_200}, VALIDITY),
    ("PUT", "/assignments", NEW | {"lifetime": 700_000, "renewableAfter": 700_000}, RENEWAL),
    ("PUT", "/assignments", NEW | {"renewableAfter": 604_800}, RENEWAL),
    (
        "PATCH",
        "/assignments/4",
        [step("replace", "/carId", 3)],
        "a JSON Patch value is neither string nor null",
    ),
    ("PATCH", "/assignments/4", [step("replace", "/carId", "x")], "/carId is no number"),
    ("PATCH", "/assignments/4", [step("replace", "/end", "later")], "/end is not yyyy-MM-ddTHH:mm:ssZ"),
    ("PATCH", "/assignments/4", [step("replace", "/lifetime", "604800")], VALIDITY),
    ("PATCH", "/assignments/4", [step("remove", "/end"), step("remove", "/end")], "/end is given twice"),
]


@pytest.mark.parametrize(("method", "path", "body", "what"), BAD)
def test_departures(strict: Caller, remote: Remote, *, method: str, path: str, body: Any, what: str) -> None:
    before = remote.state()
    reply = strict(method, path, body)
    assert (reply.status, reply.text) == (400, f"departure: {what}")
    assert [departure["what"] for departure in remote.departures()] == [what]
    assert remote.state() == before


HEADERS: list[tuple[str, str, dict[str, str], bytes | None, int, str]] = [
    ("GET", "/groups", {"Cookie": "a=b"}, None, 400, "a Cookie header"),
    ("GET", "/groups", {"Content-Type": "application/json"}, None, 400, "a Content-Type without a body"),
    ("DELETE", "/groups/4", {}, b"{}", 400, "a body on DELETE"),
    ("GET", "/groups", {"Customer-ID": "x"}, None, 404, "Customer-ID is no integer"),
    ("GET", "/cars", {"Customer-ID": "x"}, None, 400, "The value of Customer-ID is not valid."),
    ("PUT", "/groups", {"Content-Type": "text/json"}, b"{}", 415, "wrong or missing Content-Type"),
    (
        "PUT",
        "/groups",
        {"Content-Type": "application/json"},
        b"{",
        400,
        "The input does not contain valid JSON.",
    ),
    ("GET", "/boats", {}, None, 404, "unknown path"),
    ("POST", "/groups", {}, b"", 405, "method not of this path"),
    ("GET", "/cars?$filter=nope", {}, None, 400, "Could not find a property named 'nope'."),
]


@pytest.mark.parametrize(("method", "path", "headers", "body", "status", "what"), HEADERS)
def test_departures_of_headers_and_paths(
    strict: Caller,
    remote: Remote,
    *,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes | None,
    status: int,
    what: str,
) -> None:
    assert raw(strict, method, path, headers, body).status == status
    assert [departure["what"] for departure in remote.departures()] == [what]


def test_departures_of_the_token_request(strict: Caller, remote: Remote) -> None:
    form = b"username=a&password=b&grant_type=password&scope=all"
    assert raw(strict, "POST", "/oauth2/token", {"Content-Type": FORM}, form).status == 400
    assert [departure["what"] for departure in remote.departures()] == [
        "authorization on the token request",
        "customer-id on the token request",
    ]
    key = {"flinkey-API-Key": strict.headers["flinkey-API-Key"], "Content-Type": FORM}
    assert send("POST", f"{strict.url}/oauth2/token", key, form).status == 400
    assert remote.departures()[-1]["what"] == "the form has grant_type, password, scope, username"


def test_twins_within_ten_seconds(strict: Caller, remote: Remote) -> None:
    remote.freeze()
    assert strict("PUT", "/assignments", NEW).status == 204
    remote.advance(9)
    assert strict("PUT", "/assignments", NEW).text.startswith("departure: the same assignment")
    remote.advance(10)
    assert strict("PUT", "/assignments", NEW).status == 204
    assert len(remote.departures()) == 1


def test_nothing_is_recorded_otherwise(call: Caller, remote: Remote) -> None:
    raw(call, "PUT", "/groups", {"Cookie": "a=b", "Content-Type": "application/json"}, json.dumps({}).encode())
    assert remote.departures() == []
