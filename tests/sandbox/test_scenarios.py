"""The seeded scenarios: the same every time, lively, and fast."""

import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from flinkey_admin.sandbox import Remote, scenarios
from flinkey_admin.sandbox.world import KINDS, load, save

from .caller import Caller

NOW = datetime(2026, 11, 22, 8, 25, 13, tzinfo=UTC)
SIZES = {
    "yard": [7, 5, 3, 3, 4, 5],
    "depot": [148, 96, 120, 120, 12, 260],
    "empty": [0, 0, 0, 0, 0, 0],
    "small": [100, 60, 60, 60, 60, 20],
    "medium": [500, 300, 100, 100, 50, 150],
    "large": [1_000, 600, 200, 200, 50, 300],
    "huge": [10_000, 5_000, 2_000, 2_000, 500, 2_000],
}


def built(name: str) -> dict[str, Any]:
    return save(scenarios.build(name, NOW))


@pytest.mark.parametrize("name", SIZES)
def test_sizes_and_references(name: str) -> None:
    customer = built(name)["customers"][0]
    assert [len(customer[what]) for what in (*KINDS, "groups", "windows")] == SIZES[name]
    ids = {kind: {item["id"] for item in customer[kind]} for kind in KINDS}
    for group in customer["groups"]:
        assert all(set(group[kind]) <= ids[kind] for kind in KINDS)
    for window in customer["windows"]:
        assert window["carId"] in ids["cars"]
        assert window["userId"] in ids["users"] | {None}
        assert window["end"] is None or window["start"] < window["end"]


@pytest.mark.parametrize("name", SIZES)
def test_the_same_every_time(name: str) -> None:
    world = built(name)
    assert built(name) == world
    assert save(load(world)) == world


def test_windows_of_the_yard() -> None:
    windows = built("yard")["customers"][0]["windows"]
    assert [(w["carId"], w["userId"], w["start"], w["end"], w["lifetime"]) for w in windows] == [
        (1, 1, "2026-11-17T08:00:00Z", None, None),
        (1, 2, "2026-11-23T08:00:00Z", "2026-11-23T17:00:00Z", None),
        (2, 1, "2026-11-19T08:00:00Z", "2026-11-20T08:00:00Z", None),
        (2, 3, "2026-11-22T06:00:00Z", "2026-11-22T11:00:00Z", 864_000),
        (3, None, "2026-11-21T08:00:00Z", "2026-11-24T08:00:00Z", None),
    ]


def test_the_depot_is_lively() -> None:
    depot = built("depot")["customers"][0]
    now = "2026-11-22T08:00:00Z"
    running = [w for w in depot["windows"] if w["start"] <= now and (w["end"] or "9") > now]
    assert len(running) > 20
    assert any(w["start"] > now for w in depot["windows"])
    assert any(w["end"] is None for w in depot["windows"])
    assert any(w["userId"] is None for w in depot["windows"])
    assert all(re.fullmatch("[A-HJ-NPR-Z0-9]{17}", car["vin"]) for car in depot["cars"] if car["vin"])
    plates = [car["licensePlate"] for car in depot["cars"]]
    assert None in plates
    assert all(re.fullmatch(r"[A-Z]{1,3}-[A-Z]{2} [0-9]{1,4}", plate) for plate in plates if plate)
    assert any(user["userData"]["lastName"] is None for user in depot["users"])
    assert any("'" in (user["userData"]["lastName"] or "") for user in depot["users"])
    assert any('"' in car["name"] for car in depot["cars"])
    assert any(service["terminationCause"] for service in depot["services"])
    boxes = [product["uniqueId"] for product in depot["products"]]
    assert len(set(boxes)) == len(boxes)
    assert all(re.fullmatch("([0-9A-F]{2}-){3}[0-9A-F]{2}", box) for box in boxes)


def test_ten_thousand_cars_are_quick(sandbox: Any, remote: Remote) -> None:
    started = time.monotonic()
    remote.reset("huge")
    assert time.monotonic() - started < 30, "building it takes less than one second"
    call = Caller(sandbox.url)
    started = time.monotonic()
    reply = call("GET", "/cars")
    assert time.monotonic() - started < 5
    assert len(reply.json) == 10_000


def test_unknown_scenarios() -> None:
    with pytest.raises(ValueError, match="unknown scenario: zoo; known are yard, depot"):
        scenarios.build("zoo", NOW)
