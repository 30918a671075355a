"""The remote control: clock, knobs, log, snapshots, and what happens elsewhere."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flinkey_admin.sandbox import API_KEY, Remote, RemoteError

from .caller import Caller, send

NEW = {"carId": 4, "userId": 5, "start": "2026-11-23T08:00:00Z", "end": None}


def test_the_clock_moves_when_told(remote: Remote) -> None:
    assert remote.freeze("2026-11-22T08:00:00Z") == "2026-11-22T08:00:00Z"
    assert remote.advance(90) == "2026-11-22T08:01:30Z"
    assert remote.now() == "2026-11-22T08:01:30Z"
    assert remote.thaw() != "2026-11-22T08:01:30Z"
    here = remote.freeze()
    assert remote.now() == here


def test_a_running_clock_can_be_moved_too(remote: Remote) -> None:
    before = remote.now()
    assert remote.advance(86_400)[:10] > before[:10]
    assert remote.now()[:10] > before[:10]
    remote.reset()
    assert datetime.fromisoformat(remote.now()) - datetime.now(UTC) < timedelta(minutes=1)


def test_the_log_tells_what_was_sent(still: Caller, remote: Remote) -> None:
    remote.clear_requests()
    still("GET", "/cars", top=1)
    still("PUT", "/groups/4/cars", {"carId": 7})
    still("PUT", "/groups/4/cars", {"carId": 7})
    read, write, again = remote.requests()
    headers = read.pop("headers")
    assert headers["flinkey-api-key"] == API_KEY
    assert read == {
        "at": "2026-11-22T08:00:00Z",
        "operation": "getCars",
        "method": "GET",
        "path": "/cars",
        "query": {"$top": "1"},
        "status": 200,
        "body": None,
        "took_effect": False,
    }
    assert (write["body"], write["status"], write["took_effect"]) == ({"carId": 7}, 204, True)
    assert (again["status"], again["took_effect"]) == (409, False)
    assert remote.requests("assignCarToGroup") == [write, again]


def test_the_log_knows_forms_and_strangers(still: Caller, remote: Remote) -> None:
    still("GET", "/boats")
    sign_in, stranger = remote.requests()
    assert sign_in["body"]["grant_type"] == "password"
    assert (stranger["operation"], stranger["status"]) == ("unknown", 404)


def test_snapshots_hold_pending_work(still: Caller, remote: Remote) -> None:
    still("PUT", "/assignments", NEW)
    still("PUT", "/groups/4/cars", {"carId": 7})
    saved = json.loads(json.dumps(remote.snapshot()))
    remote.advance(2)
    still("DELETE", "/groups/4/cars/7")
    remote.settings(strict=True)
    remote.restore(saved)
    assert remote.snapshot() == saved
    assert still("GET", "/cars/4/assignments").json == []
    remote.advance(2)
    assert len(still("GET", "/cars/4/assignments").json) == 1
    assert [car["id"] for car in still("GET", "/groups/4/cars").json] == [7]


def test_reset_goes_back_to_the_start(still: Caller, remote: Remote) -> None:
    still("PUT", "/assignments", NEW)
    still("PUT", "/groups", {"name": "Neu"})
    remote.settings(strict=True, delay=9)
    remote.fault("*", "status")
    remote.reset()
    assert (remote.requests(), remote.departures(), remote.snapshot()["jobs"]) == ([], [], [])
    assert len(remote.state(1)["groups"]) == 4
    assert remote.settings()["delay"] == 1.5
    assert still("GET", "/groups").status == 401  # tokens are gone too


def test_knobs_are_checked(remote: Remote) -> None:
    with pytest.raises(RemoteError, match="unknown setting: speed"):
        remote.settings(speed=3)
    with pytest.raises(RemoteError, match="customer_ids must be one of integer, string"):
        remote.settings(customer_ids="roman")


CHANGES: list[tuple[str, dict[str, Any], str, Any]] = [
    ("add_member", {"kind": "cars", "group": 4, "id": 7}, "/groups/4/cars?$select=id", [7]),
    ("remove_member", {"kind": "cars", "group": 3, "id": 4}, "/groups/3/cars", []),
    ("create_group", {"name": "Neu"}, "/groups", [1, 2, 3, 4, 5]),
    ("delete_group", {"group": 4}, "/groups", [1, 2, 3]),
    ("delete_group", {"group": 1, "force": True}, "/groups", [2, 3, 4]),
    ("delete_car", {"car": 1}, "/groups/1/cars", [2, 3, 4]),
    ("delete_user", {"user": 1}, "/users", [2, 3, 4, 5]),
    ("delete_window", {"window": 1}, "/cars/1/assignments", [2]),
    ("add_window", {"car": 4, "user": 1, "start": "2026-11-22T08:00:00Z"}, "/cars/4/assignments", [6]),
]


@pytest.mark.parametrize(("what", "facts", "path", "ids"), CHANGES)
def test_changes_elsewhere(
    call: Caller, remote: Remote, *, what: str, facts: dict[str, Any], path: str, ids: list[int]
) -> None:
    remote.change(what, customer=1, **facts)
    assert [row["id"] for row in call("GET", path).json] == ids


def test_more_changes_elsewhere(still: Caller, remote: Remote) -> None:
    remote.change("rename_group", group=1, name="Altona")
    remote.change("rename_car", car=1, name="Eins")
    remote.change("end_window", window=1)
    remote.change("end_window", window=2, end="2026-11-30T08:00:00Z")
    state = remote.state(1)
    assert (state["groups"][0]["name"], state["cars"][0]["name"]) == ("Altona", "Eins")
    assert [window["end"] for window in state["windows"][:2]] == [
        "2026-11-22T08:00:00Z",
        "2026-11-30T08:00:00Z",
    ]
    remote.change("delete_user", user=1)
    assert still("GET", "/assignments/1").json["userId"] is None
    remote.change("uninstall_box", car=1)
    remote.change("install_box", car=1)
    assert remote.state(1)["boxless"] == []
    remote.change("revoke_manager", email=still.email, customer=1)
    assert still("GET", "/groups").status == 404


def test_customer_two_can_be_changed_as_well(remote: Remote) -> None:
    before = remote.state(1)
    assert remote.change("create_group", customer=2, name="Neu") == 3
    number = remote.change("add_thing", customer=2, kind="users", emailAddress="a@b.example", userData={})
    assert (number, remote.state(1)) == (3, before)


@pytest.mark.parametrize(
    ("what", "facts"),
    [
        ("explode", {}),
        ("delete_group", {"group": 1}),
        ("delete_group", {"group": 99}),
        ("add_member", {"kind": "cars", "group": 1, "id": 99}),
        ("add_thing", {"kind": "boats"}),
        ("uninstall_box", {"car": 99}),
        ("rename_car", {"car": 1}),
    ],
)
def test_impossible_changes_are_refused(remote: Remote, what: str, facts: dict[str, Any]) -> None:
    before = remote.state()
    with pytest.raises(RemoteError):
        remote.change(what, **facts)
    assert remote.state() == before


def test_the_control_path_speaks_plain_http(call: Caller) -> None:
    root = call.url.removesuffix("/v3")
    assert send("GET", f"{root}/_sandbox/state", {}).json["managers"]["nobody@nordwind.example"] == []
    assert send("GET", f"{root}/_sandbox/reset", {}).status == 405
    assert send("POST", f"{root}/_sandbox/fly", {}).status == 404
    assert send("POST", f"{root}/_sandbox/now", {}, b"{").status == 400
    assert send("GET", f"{root}/", {}).status == 404
    assert send("POST", f"{root}/v3/groups", {"Content-Length": "many"}).status == 411
