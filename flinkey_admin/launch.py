"""Starts the product's processes together and stops them together: `python -m flinkey_admin.launch demo|run|serve`.

The Makefile's three targets of the same names. It must set the environment before Django reads it, so it is no
management command.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
MANAGE = [sys.executable, str(ROOT / "manage.py")]
EMAIL, PASSWORD = "coordinator@nordwind.example", "flinkey-demo"
# Three workers: a look at a window that waits for flinkey must stand behind no reading ahead and behind no long move.
WORKERS = ("default", "runs", "sweep")
PATIENCE = 30  # seconds


class Stop(Exception):
    """Somebody asked us to end, or one of the processes did."""


def main(mode: str) -> int:
    """Runs until Ctrl-C (0) or until one of the processes ends (1)."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    port = int(os.environ.get("PORT") or 8000)
    if not _free(port):
        print(f"Port {port} is taken. Choose another one: PORT={port + 100} make {mode}", file=sys.stderr)  # noqa: T201
        return 1
    env = {**os.environ, "PYTHONUNBUFFERED": "1", **_environment(mode, port)}
    processes: list[subprocess.Popen[bytes]] = []
    try:
        if mode == "demo":
            processes.append(_start(_sandbox(env), env))
            _answering(f"http://127.0.0.1:{env['SANDBOX_PORT']}/v3/customers", processes)
        _prepare(mode, env)
        processes.append(_start(_web(mode, port), env))
        processes += [_start(_worker(queue), env) for queue in WORKERS]
        _answering(f"http://127.0.0.1:{port}/health/live/", processes)
        _say(mode, port)
        while all(process.poll() is None for process in processes):
            time.sleep(0.2)
        print("One of the processes has ended, so all are stopped.", file=sys.stderr)  # noqa: T201
    except Stop:
        return 0
    except subprocess.CalledProcessError as failed:
        return failed.returncode
    finally:
        _end(processes)
    return 1


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise Stop


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _environment(mode: str, port: int) -> dict[str, str]:
    if mode == "serve":
        return {}
    if mode == "run":
        return {"DEBUG": os.environ.get("DEBUG", "true")}
    # The sandbox starts afresh each time, so what the last demo wrote down would speak of another fleet.
    var = Path(os.environ.get("VAR_DIR", ROOT / "var")) / f"demo-{port}"
    shutil.rmtree(var, ignore_errors=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        sandbox_port = str(probe.getsockname()[1])
    return {
        "DEBUG": "true",
        "VAR_DIR": str(var),
        # The demo's own, whatever the environment says for the real thing.
        "DATABASE_URL": f"sqlite:///{var / 'demo.sqlite3'}",
        "CACHE_URL": "locmem://",
        "SANDBOX_PORT": sandbox_port,
        "FLINKEY_API_URL": f"http://127.0.0.1:{sandbox_port}/v3",
        "FLINKEY_API_KEY": "sandbox-key",
        "FLINKEY_WEBHOOK_SECRET": "demo-webhook-secret",
        "DEMO_SIGN_IN": f"{EMAIL} {PASSWORD}",
        "DEMO_PORT": str(port),
    }


def _sandbox(env: dict[str, str]) -> list[str]:
    hook = f"http://127.0.0.1:{env['DEMO_PORT']}/webhooks/flinkey/assignments/"
    return [
        *(
            *MANAGE,
            "sandbox",
            "--port",
            env["SANDBOX_PORT"],
            "--scenario",
            os.environ.get("SCENARIO", "depot"),
        ),
        *("--latency", "60", "--delay", "3", "--webhook-url", hook),
        *("--webhook-secret", env["FLINKEY_WEBHOOK_SECRET"]),
    ]


def _prepare(mode: str, env: dict[str, str]) -> None:
    subprocess.run([*MANAGE, "migrate", "--verbosity", "0"], env=env, check=True)  # noqa: S603
    if mode == "serve":
        subprocess.run([*MANAGE, "collectstatic", "--no-input", "--verbosity", "0"], env=env, check=True)  # noqa: S603


def _web(mode: str, port: int) -> list[str]:
    bind = os.environ.get("BIND", f"127.0.0.1:{port}") if mode == "serve" else f"127.0.0.1:{port}"
    # One process with threads: what it waits for is flinkey and the disk, and SQLite has one writer anyhow.
    options = [
        "--bind",
        bind,
        "--workers",
        "1",
        "--threads",
        "24",
        "--timeout",
        "120",
        "--log-level",
        "warning",
    ]
    return [sys.executable, "-m", "gunicorn", *options, "flinkey_admin.wsgi"]


def _worker(queue: str) -> list[str]:
    options = ["--queue-name", queue, "--interval", "0.5", "--no-startup-delay", "--no-reload"]
    return [*MANAGE, "work", *options]


def _start(command: list[str], env: dict[str, str]) -> "subprocess.Popen[bytes]":
    # A session of its own: Ctrl-C reaches this process alone, which then ends the others in order.
    quiet = subprocess.DEVNULL if "sandbox" in command else None
    return subprocess.Popen(command, env=env, cwd=ROOT, start_new_session=True, stdout=quiet)  # noqa: S603


def _answering(url: str, processes: "list[subprocess.Popen[bytes]]") -> None:
    """Waits until the address answers, whatever it says."""
    host = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip(" .*") or "127.0.0.1"
    request = urllib.request.Request(url, headers={"Host": host})  # noqa: S310 - our own loopback address
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if any(process.poll() is not None for process in processes):
            raise subprocess.CalledProcessError(1, "start")
        try:
            urllib.request.urlopen(request, timeout=1)  # noqa: S310 - our own loopback address
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise subprocess.CalledProcessError(1, "start")


def _say(mode: str, port: int) -> None:
    lines = [f"flinkey admin: http://127.0.0.1:{port}/"]
    if mode == "demo":
        lines += [f"Sign in with:  {EMAIL}", f"Password:      {PASSWORD}"]
    print("\n".join(["", *lines, "Ctrl-C stops everything.", ""]), flush=True)  # noqa: T201


def _end(processes: "list[subprocess.Popen[bytes]]") -> None:
    """Ends what was started, the last one first; whatever does not listen is killed."""
    for process in reversed(processes):
        if process.poll() is None:
            process.terminate()
    for process in reversed(processes):
        try:
            process.wait(timeout=8)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "run"))
