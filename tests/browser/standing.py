"""The product as `make run` starts it: dashboard and worker as processes of their own, before a strict sandbox."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from flinkey_admin.sandbox import API_KEY, Remote

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a secret of this test"
SANDBOX = ("manage.py", "sandbox")
PATIENCE = 180.0  # seconds, on a machine that does other things besides


@dataclass(frozen=True)
class Standing:
    """Where the dashboard is, and the remote control of the sandbox behind it."""

    url: str
    remote: Remote


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(what: Callable[[], bool], patience: float = 60.0) -> None:
    """Waits until it is so."""
    until = time.monotonic() + patience
    while not what():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.1)


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@contextmanager
def process(
    arguments: list[str], env: dict[str, str], log: Path, root: Path = ROOT
) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs it meanwhile, in a clone at root; it must end by itself, and well, when it is asked to."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    with log.open("wb") as out:
        running = subprocess.Popen(
            [sys.executable, *arguments], cwd=root, env=kept | env, stdout=out, stderr=out, start_new_session=True
        )
        try:
            yield running
            assert running.poll() is None, log.read_text()
        finally:
            running.send_signal(signal.SIGTERM)
            ended = running.wait(timeout=60)
    assert ended == 0, log.read_text()


@contextmanager
def standing(
    folder: Path, scenario: str, mode: str = "run", *, flinkey: Sequence[str] = SANDBOX, **settings: str
) -> Iterator[Standing]:
    """Both, from their start to their end. No webhook is sent unless a test sets `webhook_url` in the sandbox.

    mode: run or serve. flinkey: how Python starts the sandbox. settings: more of them for the dashboard.
    """
    port, base = free_port(), f"http://127.0.0.1:{(behind := free_port())}/v3"
    url = f"http://127.0.0.1:{port}"
    sandbox = [*flinkey, "--port", str(behind), "--scenario", scenario, "--strict", "--delay", "1"]
    env = {
        "PORT": str(port),
        "VAR_DIR": str(folder / "var"),
        "FLINKEY_API_URL": base,
        "FLINKEY_API_KEY": API_KEY,
        "FLINKEY_WEBHOOK_SECRET": SECRET,
        **settings,
    }
    with ExitStack() as stack:
        stack.enter_context(process(sandbox, {}, folder / "sandbox.log"))
        eventually(lambda: answers(f"{base}/customers"), PATIENCE)
        stack.enter_context(process(["-m", "flinkey_admin", mode], env, folder / "run.log"))
        eventually(lambda: answers(f"{url}/health/ready/"), PATIENCE)
        remote = Remote(base)
        yield Standing(url, remote)
        assert remote.departures() == []
