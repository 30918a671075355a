"""The commands of a fresh machine: the Makefile's targets, and the sandbox on its own."""

import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinkey_admin import launch
from tests.browser.standing import answers, eventually, process
from tests.project.source import BARE, ROOT, start

TARGETS = {"demo", "run", "serve", "test", "lint", "bench", "help"}


def test_the_makefile_has_the_targets_of_the_design() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    told = re.findall(r"^([a-z]+):.*?## \S", text, re.MULTILINE)
    assert TARGETS - set(told) == set()
    phony = re.search(r"^\.PHONY:(.*)$", text, re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == set(told)


def test_make_help_lists_every_target() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    told = set(re.findall(r"^([a-z]+):.*?## \S", text, re.MULTILINE))
    done = start({}, ["make", "--no-print-directory", "help"])
    assert (done.returncode, done.stderr) == (0, "")
    assert {line.split()[1] for line in done.stdout.splitlines()} == told


def test_a_bare_make_changes_nothing() -> None:
    assert start({}, ["make", "--no-print-directory"]).stdout == start({}, ["make", "-s", "help"]).stdout


@pytest.mark.parametrize("name", ["demo", "run", "serve"])
def test_the_targets_start_the_launcher(name: str) -> None:
    done = start({}, ["make", "--dry-run", "--no-print-directory", name])
    assert done.stdout.splitlines()[-1] == f"exec .venv/bin/flinkey-admin {name}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def sandbox_alone() -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    """`manage.py sandbox` with no settings in the environment, on a port of our choice."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "sandbox", "--port", str(port), "--scenario", "yard"],
        env=BARE,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield port, process
    if process.poll() is None:
        process.kill()
    process.communicate()


def answer(url: str) -> str:
    """What the address answers, as soon as it does."""
    until = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2) as response:
                return str(response.read().decode())
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def test_the_sandbox_runs_without_any_settings(sandbox_alone: tuple[int, "subprocess.Popen[str]"]) -> None:
    port, process = sandbox_alone
    assert answer(f"http://127.0.0.1:{port}/_sandbox/departures") == "[]"
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert f"http://127.0.0.1:{port}/v3" in out
    assert "sandbox-key" in out


def test_a_taken_port_is_said_in_words() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        sandbox = start({}, [sys.executable, "manage.py", "sandbox", "--port", str(port)])
        launch = start({"PORT": str(port)}, [sys.executable, "-m", "flinkey_admin", "run"])
    assert (sandbox.returncode, launch.returncode) == (1, 1)
    assert sandbox.stderr.startswith(f"Port {port} cannot be used")
    assert launch.stderr.splitlines()[:2] == [
        "flinkey admin does not start:",
        f"  Port {port} is taken. Choose another one: PORT={port + 100} make run",
    ]


def test_a_number_of_processes_that_is_none_is_said_in_words() -> None:
    for wrong in ("0", "many", "-1", "2.5", "100"):
        launch = start({"WEB_CONCURRENCY": wrong}, [sys.executable, "-m", "flinkey_admin", "serve"])
        told = "  WEB_CONCURRENCY is wrong. Write: how many processes answer, such as 2"
        assert (launch.returncode, told in launch.stderr.splitlines()) == (1, True)


def test_the_web_server_takes_orders_over_no_socket(tmp_path: Path) -> None:
    """gunicorn opens one below $HOME, and where that is only read it complains each time it starts."""
    bind, home = f"127.0.0.1:{free_port()}", tmp_path / "home"
    home.mkdir()
    command = launch._web(bind, {})[1:-1]
    with process([*command, "tests.load.bare"], {"HOME": str(home)}, tmp_path / "log"):
        eventually(lambda: answers(f"http://{bind}/"))
        assert list(home.rglob("*")) == []
