"""Faults on order: each kind, what the caller sees, and whether the write took effect."""

import http.client
import time
from typing import Any

import pytest

from flinkey_admin.sandbox import Remote, RemoteError

from .caller import Caller

Names = list[str]


def names(remote: Remote) -> Names:
    return [group["name"] for group in remote.state(1)["groups"]]


ANSWERED: list[tuple[str, dict[str, Any], int, str, bool]] = [
    ("status", {}, 500, "Internal server error.", False),
    ("status", {"status": 500, "done": True}, 500, "Internal server error.", True),
    ("status", {"status": 503}, 503, '{"statusCode":503,"message":"Service unavailable"}', False),
    ("status", {"status": 409}, 409, "A group with the same name already exists.", False),
    ("status", {"status": 400, "body": "Nein."}, 400, "Nein.", False),
    ("html", {}, 502, "<!DOCTYPE html>", False),
    ("html", {"status": 200, "done": True}, 200, "<!DOCTYPE html>", True),
    ("broken-json", {}, 201, '{"id', True),
    ("dead-token", {}, 401, '{"statusCode":401,"message":"Unauthorized. Access token', False),
    ("bad-key", {}, 401, '{"statusCode":401,"message":"Access denied due to invalid', False),
]


@pytest.mark.parametrize(("kind", "facts", "status", "start", "done"), ANSWERED)
def test_faults_with_an_answer(
    call: Caller, remote: Remote, *, kind: str, facts: dict[str, Any], status: int, start: str, done: bool
) -> None:
    remote.fault("createGroup", kind, **facts)
    reply = call("PUT", "/groups", {"name": "Neu"})
    assert (reply.status, reply.text[: len(start)]) == (status, start)
    assert ("Neu" in names(remote)) is done
    assert [entry["took_effect"] for entry in remote.requests("createGroup")] == [done]


LOST: list[tuple[str, type[Exception], bool]] = [
    ("reset-before", ConnectionResetError, False),
    ("reset-after", ConnectionResetError, True),
    ("truncated", http.client.IncompleteRead, True),
]


@pytest.mark.parametrize(("kind", "error", "done"), LOST)
def test_faults_without_an_answer(
    call: Caller, remote: Remote, *, kind: str, error: type[Exception], done: bool
) -> None:
    remote.fault("createGroup", kind)
    with pytest.raises(error):
        call("PUT", "/groups", {"name": "Neu"})
    assert ("Neu" in names(remote)) is done
    assert [entry["status"] for entry in remote.requests("createGroup")] == [None]
    assert call("GET", "/groups").status == 200


def test_an_empty_answer_is_cut_in_its_status_line(call: Caller, remote: Remote) -> None:
    remote.fault("deleteGroup", "truncated")
    with pytest.raises(http.client.BadStatusLine):
        call("DELETE", "/groups/4")
    assert "Leer" not in names(remote)


@pytest.mark.parametrize(
    ("facts", "message", "header"),
    [
        ({}, "Rate limit is exceeded. Try again in 7 seconds.", "7"),
        ({"retry_after": 90}, "Rate limit is exceeded. Try again in 90 seconds.", "90"),
        ({"retry_after": 3, "header": False}, "Rate limit is exceeded. Try again in 3 seconds.", None),
    ],
)
def test_too_many_requests(
    call: Caller, remote: Remote, facts: dict[str, Any], message: str, header: str | None
) -> None:
    remote.fault("createAssignment", "status", status=429, **facts)
    reply = call("PUT", "/assignments", {"carId": 1, "userId": 1, "start": "2026-11-22T08:00:00Z"})
    assert (reply.status, reply.json) == (429, {"status": "429", "message": message})
    assert reply.headers.get("retry-after") == header


def test_redirect_slow_and_latency(call: Caller, remote: Remote) -> None:
    remote.fault("getCars", "redirect", location="http://127.0.0.1:9/login")
    reply = call("GET", "/cars")
    assert (reply.status, reply.headers["location"]) == (302, "http://127.0.0.1:9/login")
    remote.fault("getCars", "slow", seconds=0.1)
    started = time.monotonic()
    assert len(call("GET", "/cars").json) == 7
    remote.settings(latency=0.1)
    assert len(call("GET", "/cars").json) == 7
    assert time.monotonic() - started >= 0.2


def test_times_skip_and_operation(call: Caller, remote: Remote) -> None:
    remote.fault("getCars", "status", status=500, times=2, skip=1)
    remote.fault("*", "status", status=503, skip=4)
    statuses = [call("GET", path).status for path in ("/cars", "/cars", "/users", "/cars", "/cars", "/users")]
    assert statuses == [200, 500, 200, 500, 200, 200]
    assert call("GET", "/users").status == 503


def test_faults_can_be_withdrawn(call: Caller, remote: Remote) -> None:
    remote.fault("*", "status", times=9)
    remote.clear_faults()
    assert call("GET", "/cars").status == 200


def test_unknown_orders_are_refused(remote: Remote) -> None:
    with pytest.raises(RemoteError, match="unknown fault: explode"):
        remote.fault("getCars", "explode")
    with pytest.raises(RemoteError, match="unknown operation: getBoats"):
        remote.fault("getBoats", "status")


def test_a_fault_may_stay_until_it_is_cleared(call: Caller, remote: Remote) -> None:
    remote.fault("*", "status", times=-1)
    assert [call("GET", "/groups").status for _try in range(4)] == [500, 500, 500, 500]
    remote.clear_faults()
    assert call("GET", "/groups").status == 200
