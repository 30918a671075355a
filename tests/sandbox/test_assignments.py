"""The page on assignments: promises, outcomes and webhooks."""

import hashlib
import json
import threading
from typing import Any

import pytest

from flinkey_admin.sandbox import Remote

from .caller import Caller
from .receiver import Receiver

START, END = "2026-11-23T08:00:00Z", "2026-11-23T17:00:00Z"
NEW = {"carId": 4, "userId": 5, "start": START, "end": END}
NO_CAR = "Unable to find a car for the given carId which is assigned to the given customerId."
NO_USER = "Unable to find an user for the given userId which is assigned to the given customerId."
NO_ASSIGNMENT = "Unable to find an assignment for the given assignmentId."


def md5(body: Any) -> str:
    return hashlib.md5(json.dumps(body).encode()).hexdigest().upper()


def replace(path: str, value: Any) -> list[dict[str, Any]]:
    return [{"op": "replace", "path": path, "value": value}]


def test_reading(still: Caller, remote: Remote) -> None:
    remote.reset()
    call = Caller(still.url)
    window = call("GET", "/assignments/4").json
    assert (window["lifetime"], window["renewableAfter"]) == (864_000, 432_000)
    assert call("GET", "/assignments/1").json | {"start": ""} == {
        "id": 1,
        "carId": 1,
        "userId": 1,
        "start": "",
        "end": None,
        "lifetime": 604_800,
        "renewableAfter": 302_400,
    }
    assert [sorted(row) for row in call("GET", "/cars/2/assignments").json] == [["end", "id", "start", "userId"]] * 2
    assert [sorted(row) for row in call("GET", "/users/3/assignments").json] == [["carId", "end", "id", "start"]]
    assert call("GET", "/cars/3/assignments", select="userId").json == [{"userId": None}]
    assert (call("GET", "/assignments/99").status, call("GET", "/assignments/99").text) == (
        404,
        NO_ASSIGNMENT,
    )


def test_create(still: Caller, remote: Remote, receiver: Receiver) -> None:
    assert (still("PUT", "/assignments", NEW).status, still("GET", "/cars/4/assignments").json) == (204, [])
    remote.advance(1)
    assert still("GET", "/cars/4/assignments").json == []
    remote.advance(1)
    assert still("GET", "/cars/4/assignments").json == [{"id": 6, "userId": 5, "start": START, "end": END}]
    body = {
        "checksum": md5(NEW),
        "assignmentId": 6,
        "carId": 4,
        "userId": 5,
        "start": START,
        "end": END,
        "customerId": 1,
        "operationSucceeded": True,
        "errorMessage": None,
        "lifetime": None,
        "renewableAfter": None,
    }
    assert receiver.hooks == [{"path": "/hooks/abc", "secret": "geheim", "body": body}]
    assert list(receiver.bodies[0]) == list(body)


def test_twins_are_possible(still: Caller, remote: Remote) -> None:
    for _ in range(2):
        still("PUT", "/assignments", NEW)
    remote.advance(2)
    assert len(still("GET", "/cars/4/assignments").json) == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"carId": 99}, NO_CAR),
        ({"userId": 99}, NO_USER),
        ({"carId": 6}, "The car has no product installed."),
        ({"end": START}, "The end must be later than the start."),
        ({"lifetime": 604_800}, "The lifetime must be greater than 604800 and less than 2419200."),
        ({"lifetime": 2_419_200}, "The lifetime must be greater than 604800 and less than 2419200."),
        (
            {"lifetime": 700_000, "renewableAfter": 700_000},
            "The renewableAfter must be greater than 0 and less than the lifetime.",
        ),
    ],
)
def test_failed_creates(
    still: Caller, remote: Remote, receiver: Receiver, changes: dict[str, Any], message: str
) -> None:
    remote.change("uninstall_box", car=6)
    before = remote.state()
    assert still("PUT", "/assignments", NEW | changes).status == 204
    remote.advance(2)
    outcome = receiver.bodies[0]
    assert (outcome["operationSucceeded"], outcome["errorMessage"]) == (False, message)
    assert outcome["assignmentId"] is None
    assert remote.state() == before


def test_update(still: Caller, remote: Remote, receiver: Receiver) -> None:
    patch = [
        *replace("/end", None),
        *replace("/userId", "5"),
        *replace("/start", "2026-11-22T09:30:00+01:00"),
        {"op": "remove", "path": "/lifetime"},
        {"op": "remove", "path": "/renewableAfter"},
    ]
    assert still("PATCH", "/assignments/4", patch).status == 204
    remote.advance(2)
    assert still("GET", "/assignments/4").json == {
        "id": 4,
        "carId": 2,
        "userId": 5,
        "start": "2026-11-22T08:30:00Z",
        "end": None,
        "lifetime": 604_800,
        "renewableAfter": 302_400,
    }
    assert receiver.bodies == [
        {
            "checksum": md5(patch),
            "assignmentId": 4,
            "customerId": 1,
            "operationSucceeded": True,
            "errorMessage": None,
        }
    ]


def test_delete(still: Caller, remote: Remote, receiver: Receiver) -> None:
    assert still("DELETE", "/assignments/1").status == 204
    assert still("GET", "/assignments/1").status == 200
    remote.advance(2)
    assert still("GET", "/assignments/1").status == 404
    assert receiver.bodies[0] | {"checksum": ""} == {
        "checksum": "",
        "assignmentId": 1,
        "customerId": 1,
        "operationSucceeded": True,
        "errorMessage": None,
    }


@pytest.mark.parametrize(("method", "body"), [("PATCH", replace("/end", None)), ("DELETE", None)])
def test_unknown_assignments_fail_by_webhook(
    still: Caller, remote: Remote, receiver: Receiver, method: str, body: Any
) -> None:
    assert still(method, "/assignments/99", body).status == 204
    remote.advance(2)
    outcome = receiver.bodies[0]
    assert (outcome["assignmentId"], outcome["operationSucceeded"]) == (99, False)
    assert outcome["errorMessage"] == NO_ASSIGNMENT


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (replace("/carId", "99"), NO_CAR),
        (replace("/carId", None), "An assignment needs a car and a start."),
        ([{"op": "remove", "path": "/start"}], "An assignment needs a car and a start."),
        (replace("/end", "2020-01-01T00:00:00Z"), "The end must be later than the start."),
    ],
)
def test_failed_updates_change_nothing(
    still: Caller, remote: Remote, receiver: Receiver, patch: Any, message: str
) -> None:
    before = still("GET", "/assignments/4").json
    assert still("PATCH", "/assignments/4", patch).status == 204
    remote.advance(2)
    assert receiver.bodies[0]["errorMessage"] == message
    assert still("GET", "/assignments/4").json == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/assignments", []),
        ("PUT", "/assignments", {"carId": 1, "userId": 1}),
        ("PUT", "/assignments", NEW | {"userId": None}),
        ("PUT", "/assignments", NEW | {"start": "soon"}),
        ("PUT", "/assignments", NEW | {"end": 5}),
        ("PUT", "/assignments", NEW | {"lifetime": "long"}),
        ("PATCH", "/assignments/1", {}),
        ("PATCH", "/assignments/1", [{"op": "add", "path": "/end", "value": END}]),
        ("PATCH", "/assignments/1", replace("/id", "2")),
        ("PATCH", "/assignments/1", replace("/end", "later")),
        ("PATCH", "/assignments/1", replace("/carId", "x")),
    ],
)
def test_unreadable_bodies_are_refused_at_once(call: Caller, method: str, path: str, body: Any) -> None:
    reply = call(method, path, body)
    assert (reply.status, reply.json["status"]) == (400, "400")


def test_knobs_of_webhooks(still: Caller, remote: Remote, receiver: Receiver) -> None:
    remote.settings(webhook_separate=True, webhook_repeat=2, webhook_delay=60, checksum="FIXED")
    still("PUT", "/assignments", NEW)
    still("DELETE", "/assignments/1")
    remote.advance(5)
    assert still("GET", "/assignments/1").status == 404
    assert receiver.hooks == []
    remote.advance(60)
    assert [hook["path"] for hook in receiver.hooks] == ["/hooks/abc/created/"] * 2 + ["/hooks/abc/deleted/"] * 2
    assert {body["checksum"] for body in receiver.bodies} == {"FIXED"}
    assert [delivery["status"] for delivery in remote.deliveries()] == [204] * 4


def test_lost_webhooks_and_failing_work(still: Caller, remote: Remote, receiver: Receiver) -> None:
    remote.settings(webhook_lost=True)
    still("PUT", "/assignments", NEW)
    remote.advance(2)
    assert (len(still("GET", "/cars/4/assignments").json), receiver.hooks) == (1, [])
    remote.settings(webhook_lost=False, fail_assignments="Tapkey is away.")
    still("DELETE", "/assignments/1")
    remote.advance(2)
    assert receiver.bodies[0]["errorMessage"] == "Tapkey is away."
    assert still("GET", "/assignments/1").status == 200


def test_a_receiver_that_is_away_is_noted(still: Caller, remote: Remote) -> None:
    remote.settings(webhook_url="http://127.0.0.1:9/hooks")
    still("DELETE", "/assignments/1")
    remote.advance(2)
    assert remote.deliveries()[0]["error"].startswith("ConnectionRefusedError")


def test_a_receiver_may_read_before_it_answers(still: Caller, remote: Remote, receiver: Receiver) -> None:
    seen: list[int] = []
    receiver.on_hook = lambda: seen.append(still("GET", "/assignments/1").status)
    still("DELETE", "/assignments/1")
    remote.advance(2)
    assert seen == [404]


def test_uninstalling_a_box_ends_all_assignments_of_the_car(still: Caller, remote: Remote, receiver: Receiver) -> None:
    assert remote.change("uninstall_box", car=1) == [1, 2]
    assert len(still("GET", "/cars/1/assignments").json) == 2
    remote.advance(2)
    assert still("GET", "/cars/1/assignments").json == []
    assert [body["assignmentId"] for body in receiver.bodies] == [1, 2]


def test_work_is_done_in_real_time_too(call: Caller, remote: Remote, receiver: Receiver) -> None:
    arrived = threading.Event()
    receiver.on_hook = arrived.set
    remote.settings(delay=0.05)
    call("DELETE", "/assignments/1")
    assert arrived.wait(60)
    assert [body["assignmentId"] for body in receiver.bodies] == [1]
    assert call("GET", "/assignments/1").status == 404
