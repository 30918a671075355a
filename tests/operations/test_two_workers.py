"""Two workers on PostgreSQL: one is killed in the middle of a long move, the other finishes; nothing is done twice."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from flinkey_admin import upstream
from flinkey_admin.sandbox import API_KEY, Remote, Sandbox
from tests.browser.standing import eventually
from tests.postgres import postgres

ROOT = Path(__file__).resolve().parents[2]
CARS = 150


@contextmanager
def worker(env: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    options = ["--interval", "0.2", "--no-startup-delay", "--no-reload"]
    with (
        log.open("wb") as out,
        subprocess.Popen(
            [sys.executable, "manage.py", "work", *options], cwd=ROOT, env=env, stdout=out, stderr=out
        ) as running,
    ):
        yield running
        running.kill()


@pytest.mark.sampled(0)  # it waits for a lease to run out
def test_one_is_killed_and_the_other_finishes(tmp_path: Path) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(postgres(Path("/tmp") / f"pg-{os.getpid()}"))
        sandbox = Sandbox(scenario="medium", port=0)
        sandbox.start()
        stack.callback(sandbox.stop)
        remote = Remote(sandbox.url)
        env = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "DJANGO_SETTINGS_MODULE": "flinkey_admin.settings",
            "DEBUG": "true",
            "VAR_DIR": str(tmp_path),
            "DATABASE_URL": url,
            "FLINKEY_API_URL": sandbox.url,
            "FLINKEY_API_KEY": API_KEY,
        }
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
        subprocess.run([sys.executable, "-m", "tests.operations.planner", str(CARS)], cwd=ROOT, env=env, check=True)
        remote.clear_requests()
        remote.settings(latency=0.1)
        first = stack.enter_context(worker(env, tmp_path / "first.log"))
        eventually(lambda: len(remote.requests()) > CARS // 2, 60)
        stack.enter_context(worker(env, tmp_path / "second.log"))
        os.kill(first.pid, signal.SIGKILL)
        killed_at = time.monotonic()
        eventually(lambda: homes(remote) == [[2]] * CARS, 90)
        assert time.monotonic() - killed_at > 5, "the lease of the dead one had to run out first"
        assert max(calls(remote, effective=True).values()) == 1, "no step was done twice"
        again = sum(times - 1 for times in calls(remote).values())
        assert again <= 2 * upstream.AT_ONCE, "only what was under way when it died was asked again"


def homes(remote: Remote) -> list[list[int]]:
    """The groups of each of the cars."""
    groups = remote.state(1)["groups"]
    return [[one["id"] for one in groups if car in one["cars"]] for car in range(1, CARS + 1)]


def calls(remote: Remote, *, effective: bool = False) -> Counter[str]:
    """How often each change was asked for, or was done."""
    asked = [one for one in remote.requests() if one["method"] in {"PUT", "DELETE"}]
    return Counter(
        f"{one['method']} {one['path']} {one['body']}" for one in asked if one["took_effect"] or not effective
    )
