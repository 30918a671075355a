"""A move of 200 cars with plan, journal and receipt, against curl sending the same 400 calls, 16 at a time."""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator

from django.conf import settings
from django.test import Client

from flinkey_admin.accounts.scoping import require_client
from flinkey_admin.fleet import services
from flinkey_admin.flinkey import Kind
from flinkey_admin.operations import services as operations
from flinkey_admin.sandbox import API_KEY
from tests.bench.stage import LATENCY, Row, browser, fill, ratio, sandbox, scope_of, timed

CARS, ROUNDS = 200, 3


def measure() -> Iterator[Row]:
    with sandbox("medium") as remote:
        person = browser()
        fill(scope_of(person))
        token = require_client(scope_of(person))._token
        assert token
        ids = list(range(1, CARS + 1))
        ours: list[float] = []
        bare: list[float] = []
        for _round in range(ROUNDS):
            for times, move in ((bare, _curl(settings.FLINKEY_API_URL, token)), (ours, _product(person))):
                remote.settings(latency=0)
                source, target = _fresh_groups(person, ids)
                remote.settings(latency=LATENCY)
                times.append(timed(lambda: move(ids, source, target)))  # noqa: B023 - called at once
        yield ratio(f"move of {CARS} cars, everything included / curl --parallel", ours, bare, 1.06)


def _fresh_groups(person: Client, ids: list[int]) -> tuple[int, int]:
    flinkey = require_client(scope_of(person))
    source, target = (flinkey.groups.create(f"bench {time.monotonic_ns()}") for _side in range(2))
    for car_id in ids:
        flinkey.groups.assign(Kind.CARS, source, car_id)
    return source, target


def _product(person: Client) -> Callable[[list[int], int, int], None]:
    def move(ids: list[int], source: int, target: int) -> None:
        scope = scope_of(person)
        operation = services.plan_move(scope, Kind.CARS, ids, source, target)
        assert operations.run(scope, operation).state == "confirmed"

    return move


def _curl(url: str, token: str) -> Callable[[list[int], int, int], None]:
    def move(ids: list[int], source: int, target: int) -> None:
        for method, paths in (
            ("PUT", [(f"groups/{target}/cars", json.dumps({"carId": car})) for car in ids]),
            ("DELETE", [(f"groups/{source}/cars/{car}", "") for car in ids]),
        ):
            with tempfile.NamedTemporaryFile("w", suffix=".curl") as config:
                config.write("\nnext\n".join(_entry(url, token, method, path, body) for path, body in paths))
                config.flush()
                command = ["curl", "--parallel", "--parallel-max", "16", "--no-progress-meter", "--config", config.name]
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    return move


def _entry(url: str, token: str, method: str, path: str, body: str) -> str:
    lines = [
        f'url = "{url}/{path}"',
        f'request = "{method}"',
        f'header = "flinkey-API-Key: {API_KEY}"',
        f'header = "Authorization: Bearer {token}"',
        'header = "Customer-ID: 1"',
        "fail",
        'output = "/dev/null"',
    ]
    if body:
        lines += ['header = "Content-Type: application/json"', f"data = {json.dumps(body)}"]
    return "\n".join(lines)
