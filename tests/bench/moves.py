"""A move of 200 cars with plan, journal and receipt, against curl sending the same 400 calls, 16 at a time.

And under a limit of calls: how many are sent for those that are needed; and what a call costs this machine.
"""

import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import requests
from django.conf import settings
from django.test import Client
from django.utils import timezone

from flinkey_admin.accounts.scoping import require_client
from flinkey_admin.fleet import services
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import lists, reading
from flinkey_admin.operations import runner
from flinkey_admin.operations import services as operations
from flinkey_admin.sandbox import API_KEY, Remote
from tests.bench.rows import Row
from tests.bench.stage import LATENCY, browser, fill, ratio, sandbox, scope_of, timed

CARS, ROUNDS = 200, 5
QUOTA, WINDOW = 150, 3.0  # calls that flinkey does in so many seconds


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
        yield from _limited(person, remote, ids)
        yield _burden(person, remote, ids, token)


def _limited(person: Client, remote: Remote, ids: list[int]) -> Iterator[Row]:
    """flinkey does so many calls in a window and answers 429 to the rest; nobody may call inside the pause."""
    remote.settings(latency=0)
    source, target = _fresh_groups(person, ids)
    remote.settings(latency=LATENCY, quota=QUOTA, quota_seconds=WINDOW)
    remote.clear_requests()
    scope = scope_of(person)
    operation = services.plan_move(scope, Kind.CARS, ids, source, target)
    operations.run(scope, operation)
    while operation.finished_at is None:
        if operation.next_try_at:
            time.sleep(max(0.0, (operation.next_try_at - timezone.now()).total_seconds()))
        runner.run(operation, require_client(scope))
        operation.refresh_from_db()
    remote.settings(quota=0)
    sent = sum(one["method"] in {"PUT", "DELETE"} for one in remote.requests())
    yield Row("calls sent / needed under a limit of calls", f"{sent}", f"{2 * CARS}", sent / (2 * CARS), 1.05)


def _burden(person: Client, remote: Remote, ids: list[int], token: str) -> Row:
    """The CPU time of this process for each call, plan and journal included, beside that of bare requests."""
    cpu: list[list[float]] = [[], []]
    for _round in range(3):
        remote.settings(latency=0)
        source, target = _fresh_groups(person, ids)
        began = time.process_time()
        _product(person)(ids, source, target)
        cpu[0].append(time.process_time() - began)
        source, target = _fresh_groups(person, ids)
        began = time.process_time()
        _bare(token, ids, source, target)
        cpu[1].append(time.process_time() - began)
    ours, bare = (statistics.median(times) / (2 * CARS) * 1000 for times in cpu)
    return Row("CPU of a call in a move / of a bare request", f"{ours:.2f} ms", f"{bare:.2f} ms", ours / bare, 4)


def _bare(token: str, ids: list[int], source: int, target: int) -> None:
    """The same calls with nothing but requests, 16 at a time."""
    head = {"flinkey-API-Key": API_KEY, "Authorization": f"Bearer {token}", "Customer-ID": "1"}
    base = settings.FLINKEY_API_URL
    with requests.Session() as session, ThreadPoolExecutor(16) as everybody:
        session.headers.update(head)
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=16)
        session.mount("http://", adapter)
        put = partial(session.put, f"{base}/groups/{target}/cars")
        list(everybody.map(lambda car: put(json={"carId": car}), ids))
        list(everybody.map(lambda car: session.delete(f"{base}/groups/{source}/cars/{car}"), ids))


def _fresh_groups(person: Client, ids: list[int]) -> tuple[int, int]:
    flinkey = require_client(scope_of(person))
    source, target = (flinkey.groups.create(f"bench {time.monotonic_ns()}") for _side in range(2))
    for car_id in ids:
        flinkey.groups.assign(Kind.CARS, source, car_id)
    # As whoever ticks the cars has seen it, long before.
    reading.read_now(scope_of(person), [lists.GROUPS, lists.members(source, Kind.CARS)])
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
