"""The page on grouping, sentence by sentence."""

from typing import Any

import pytest

from flinkey_admin.sandbox import Remote

from .caller import Caller

READ = "Could not find the group with the given Id."
WRITE = "Could not find group with the given Id."
RENAME = "No group can be found for this groupId that is assigned to this customerId."
BLANK = "The group name must not be null, empty or white space."
TOO_LONG = "The group name must be of maximum length '250'."
NO_NAME = "Could not create group. No group name given."
TAKEN = "A group with the same name already exists."
RELATIONS = (
    "Could not delete group because of existing relations. Please delete all relations to the group and try again."
)


def rename(value: Any) -> list[dict[str, Any]]:
    return [{"op": "replace", "path": "/name", "value": value}]


REFUSALS = [
    ("PUT", "/groups", {}, 400, NO_NAME),
    ("PUT", "/groups", {"name": None}, 400, NO_NAME),
    ("PUT", "/groups", {"name": " \t"}, 400, NO_NAME),
    ("PUT", "/groups", {"name": "x" * 251}, 400, TOO_LONG),
    ("PUT", "/groups", {"name": "Hamburg"}, 409, TAKEN),
    ("PUT", "/groups", {"name": " hamBURG "}, 409, TAKEN),
    ("PATCH", "/groups/99", rename("x"), 404, RENAME),
    ("PATCH", "/groups/1", rename(None), 400, BLANK),
    ("PATCH", "/groups/1", rename("  "), 400, BLANK),
    ("PATCH", "/groups/1", rename("x" * 251), 400, TOO_LONG),
    ("DELETE", "/groups/99", None, 404, WRITE),
    ("DELETE", "/groups/99999999999", None, 404, WRITE),
    ("DELETE", "/groups/1", None, 409, RELATIONS),
    *(("GET", f"/groups/99/{kind}", None, 404, READ) for kind in ("cars", "users", "services", "products")),
    ("PUT", "/groups/1/cars", {"carId": 1}, 409, "The car {}"),
    ("PUT", "/groups/1/users", {"userId": 1}, 409, "The user {}"),
    ("PUT", "/groups/1/services", {"serviceId": 1}, 409, "The servie {}"),
    ("PUT", "/groups/1/products", {"productId": 1}, 409, "The product {}"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "text"), REFUSALS)
def test_refusals(call: Caller, remote: Remote, *, method: str, path: str, body: Any, status: int, text: str) -> None:
    before = remote.state()
    reply = call(method, path, body)
    expected = text.format("with the given Id is already assigned to the group with the given Id.")
    assert (reply.status, reply.text) == (status, expected)
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert remote.state() == before


@pytest.mark.parametrize("noun", ["car", "user", "service", "product"])
def test_refusals_of_members(call: Caller, noun: str) -> None:
    unknown = f"Could not find {noun} with the given Id."
    outside = f"The {noun} with the given Id is not assigned to the group with the given Id."
    path, body = f"/groups/{{}}/{noun}s", {f"{noun}Id": 99}
    replies = [
        call("PUT", path.format(99), body),
        call("PUT", path.format(1), body),
        call("PUT", path.format(1), {}),
        call("DELETE", path.format(99) + "/1"),
        call("DELETE", path.format(1) + "/99"),
        call("DELETE", path.format(4) + "/1"),
    ]
    assert {reply.status for reply in replies} == {404}
    assert [reply.text for reply in replies] == [WRITE, unknown, unknown, WRITE, unknown, outside]


@pytest.mark.parametrize("kind", ["cars", "users", "services", "products"])
def test_members_come_and_go(call: Caller, kind: str) -> None:
    everything = {item["id"]: item for item in call("GET", f"/{kind}").json}
    assert call("GET", f"/groups/4/{kind}").json == []
    for number in (2, 1):
        assert call("PUT", f"/groups/4/{kind}", {f"{kind[:-1]}Id": number}).status == 204
    assert call("GET", f"/groups/4/{kind}").json == [everything[1], everything[2]]
    assert call("DELETE", f"/groups/4/{kind}/1").status == 204
    assert call("GET", f"/groups/4/{kind}").json == [everything[2]]


@pytest.mark.parametrize("number", [7, 7.0, "7", "7.0"])
def test_ids_are_read_leniently(call: Caller, number: Any) -> None:
    assert call("PUT", "/groups/4/cars", {"carId": number}).status == 204


@pytest.mark.parametrize("number", [None, True, "x", 1.5, 2**31, [], "٣"])
def test_ids_that_are_none(call: Caller, number: Any) -> None:
    assert call("PUT", "/groups/4/cars", {"carId": number}).status == 400


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/groups", []),
        ("PUT", "/groups", {"name": 5}),
        ("PUT", "/groups/1/cars", "1"),
        ("PATCH", "/groups/1", {"name": "x"}),
        ("PATCH", "/groups/1", ["x"]),
        ("PATCH", "/groups/1", [{"op": "add", "path": "/name", "value": "x"}]),
        ("PATCH", "/groups/1", [{"op": "replace", "path": "/id", "value": "x"}]),
        ("PATCH", "/groups/1", rename(7)),
    ],
)
def test_bodies_of_another_shape(call: Caller, method: str, path: str, body: Any) -> None:
    reply = call(method, path, body)
    assert (reply.status, reply.json["status"]) == (400, "400")


def test_life_of_a_group(call: Caller) -> None:
    created = call("PUT", "/groups", {"name": 'Süd "1" & <b>'})
    assert (created.status, created.json) == (201, {"id": 5})
    assert call("PATCH", "/groups/5", rename("y" * 250)).status == 204
    assert call("GET", "/groups").json[-1] == {"id": 5, "name": "y" * 250}
    assert call("DELETE", "/groups/5").status == 204
    assert [group["id"] for group in call("GET", "/groups").json] == [1, 2, 3, 4]
    assert call("PUT", "/groups", {"name": "again"}).json == {"id": 6}


def test_renaming_knows_no_conflict(call: Caller) -> None:
    assert call("PATCH", "/groups/2", rename("Hamburg")).status == 204
