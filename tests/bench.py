"""`make bench`: what the product costs over the bare calls, as ratios taken in one run.

Each figure is a pair measured turn by turn against the same sandbox at 100 ms, so a noisy machine hits both sides.
The table goes to the screen, the numbers to var/bench.json.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.update(
    DEBUG="true",
    FLINKEY_API_KEY="sandbox-key",
    FLINKEY_API_URL="http://127.0.0.1:1/v3",
    VAR_DIR=tempfile.mkdtemp(prefix="flinkey-bench-"),
    DJANGO_SETTINGS_MODULE="flinkey_admin.settings",
)

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.test import Client

from flinkey_admin.accounts import tokens
from flinkey_admin.accounts.models import Manager
from flinkey_admin.accounts.scoping import Scope, require_client, scope_for
from flinkey_admin.fleet import services
from flinkey_admin.flinkey import Kind
from flinkey_admin.operations import services as operations
from flinkey_admin.sandbox import API_KEY, Remote, Sandbox

LATENCY, CARS, ROUNDS = 0.1, 200, 3
EMAIL, PASSWORD = "coordinator@nordwind.example", "flinkey-demo"


def main() -> None:
    call_command("migrate", verbosity=0)
    with Sandbox(scenario="large", port=0) as sandbox:
        settings.FLINKEY_API_URL = sandbox.url
        settings.ALLOWED_HOSTS = ["testserver"]
        remote = Remote(sandbox.url)
        browser = Client()
        assert browser.post("/sign-in/", {"username": EMAIL, "password": PASSWORD}).status_code == 302
        token = require_client(_scope(browser))._token
        assert token
        remote.settings(latency=LATENCY)
        rows = [_bulk_move(browser, remote, sandbox.url, token), *_pages(browser, remote)]
    _report(rows)


def _scope(browser: Client) -> Scope:
    person = Manager.objects.get(email=EMAIL)
    scope = scope_for(person, "1", tokens.read(browser.session))
    assert scope
    return scope


def _bulk_move(browser: Client, remote: Remote, url: str, token: str) -> dict[str, Any]:
    """200 cars moved with journal, review and receipt, against curl sending the same 400 calls."""
    ids = [car["id"] if isinstance(car, dict) else car for car in remote.state(1)["cars"]][:CARS]
    ours: list[float] = []
    bare: list[float] = []
    for _round in range(ROUNDS):
        for times, move in ((bare, _curl(url, token)), (ours, _product(browser))):
            remote.settings(latency=0)
            source, target = _fresh_groups(browser, ids)
            remote.settings(latency=LATENCY)
            times.append(_timed(lambda: move(ids, source, target)))  # noqa: B023 - called at once
    return _row("move of 200 cars / curl --parallel, 16 at a time", ours, bare)


def _fresh_groups(browser: Client, ids: list[int]) -> tuple[int, int]:
    flinkey = require_client(_scope(browser))
    source, target = (flinkey.groups.create(f"bench {time.monotonic_ns()}") for _side in range(2))
    for car_id in ids:
        flinkey.groups.assign(Kind.CARS, source, car_id)
    return source, target


def _product(browser: Client) -> Callable[[list[int], int, int], None]:
    def move(ids: list[int], source: int, target: int) -> None:
        scope = _scope(browser)
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


def _pages(browser: Client, remote: Remote) -> list[dict[str, Any]]:
    """Pages against depth x latency: what must be known before the next call, and 16 calls at a time."""
    found, groups = [], len(remote.state(1)["groups"])
    others, every = -(-(groups - 1) // 16), -(-groups // 16)
    for path, waves in (("/groups/1/cars/", 1 + others), ("/cars/", 1), ("/cars/1/", 1 + every + 1)):
        remote.clear_requests()
        times = [_timed(lambda: browser.get(path)) for _round in range(ROUNDS)]  # noqa: B023 - called at once
        calls = len(remote.requests()) // ROUNDS
        row = _row(f"{path} cold, {calls} calls / {waves} waves x latency", times, [waves * LATENCY] * ROUNDS)
        found.append(row | {"calls": calls})
    return found


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _row(name: str, ours: list[float], bare: list[float]) -> dict[str, Any]:
    ratio = statistics.median(one / other for one, other in zip(ours, bare, strict=True))
    return {"name": name, "ours": statistics.median(ours), "bare": statistics.median(bare), "ratio": ratio}


def _report(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        sys.stdout.write(f"{row['name']:<60} {row['ours']:7.3f} s {row['bare']:7.3f} s  ratio {row['ratio']:.3f}\n")
    target = Path("var/bench.json")
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
