"""Starts the product's processes together and stops them together: `flinkey-admin demo|run|serve|web|workers`.

The Makefile's targets of the same names. It must set the environment before Django reads it, so it is no management
command.
"""

import errno
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from flinkey_admin.places import IS_CLONE, VAR

MANAGE = [sys.executable, "-m", "flinkey_admin"]
EMAIL, PASSWORD = "coordinator@nordwind.example", "flinkey-demo"
# Three workers: a look at a window that waits for flinkey must stand behind no reading ahead and behind no long move.
WORKERS = ("default", "runs", "sweep")
PATIENCE = 30  # seconds until what was started answers
# Seconds until what was asked to end is killed: a change goes on meanwhile, and all is over before systemd and Docker,
# which wait for a minute, kill. Sooner where one of the processes has died, for nobody has a dashboard until all start
# anew, and in a demo, of which nothing is kept.
LEAVE, LEAVE_SOON = 50.0, 8.0
PRODUCTION = {"serve", "web", "workers"}
TRUTHY = {"true", "t", "1", "yes", "y", "on"}  # and in capitals: what the settings take for yes
REFUSES = "flinkey admin does not start:"  # and then a line for each thing, as the settings say it too
ENVIRONMENT = """It takes no options, only variables beside the settings:
  PORT   the port on this machine: 8000
  BIND   for serve and web, the address and port to listen at, if not this machine alone: 127.0.0.1:8000
  WEB_CONCURRENCY   how many processes answer: 2 for serve and web, 1 for run and demo
  SETTINGS_FILE   the file of settings, which demo does not read: /etc/flinkey-admin/settings.env
  SCENARIO   for demo, which made-up fleet: depot"""


class Stop(Exception):
    """Somebody asked us to end, or one of the processes did."""


def main(mode: str) -> int:
    """Runs until Ctrl-C or SIGTERM (0), or until one of the processes ends or cannot start (1).

    It ends when what is under way has come to an end; a second Ctrl-C or SIGTERM waits for nothing.
    """
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    bind = _bind(mode)
    if wrong := _wrong(mode, bind):
        print(_refusal(wrong, _wrong_settings(mode, bind)), file=sys.stderr)  # noqa: T201
        return 1
    env = {**os.environ, "PYTHONUNBUFFERED": "1", **_environment(mode, bind)}
    processes: list[subprocess.Popen[bytes]] = []
    patience = LEAVE_SOON
    try:
        if mode == "demo":
            processes.append(_start(_sandbox(env), env))
            _answering(f"http://127.0.0.1:{env['SANDBOX_PORT']}/v3/customers", processes)
        _prepare(mode, env)
        if mode != "workers":
            processes.append(_start(_web(bind, env), env))
        if mode != "web":
            processes += [_start(_worker(queue), env) for queue in WORKERS]
        if mode != "workers":
            _answering(f"http://{_local(bind)}/health/live/", processes)
        _say(mode, bind, env)
        while all(process.poll() is None for process in processes):
            time.sleep(0.2)
        print("One of the processes has ended, so all are stopped.", file=sys.stderr)  # noqa: T201
    except Stop:
        patience = LEAVE_SOON if mode == "demo" else LEAVE
        return 0
    except subprocess.CalledProcessError as failed:
        return failed.returncode
    finally:
        _end(processes, patience)
    return 1


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise Stop


def _bind(mode: str) -> str:
    """The address and the port to listen at: only production may be reached from elsewhere."""
    named = os.environ.get("BIND") if mode in PRODUCTION else ""
    return named or f"127.0.0.1:{os.environ.get('PORT') or '8000'}"


def _wrong(mode: str, bind: str) -> list[str]:
    """Why it cannot start like this, beside the settings: each thing with what to write instead."""
    found = []
    port = re.fullmatch(r".*:([0-9]{1,5})", bind)
    if not (port and 0 < int(port[1]) < 65536):
        such = "an address and a port such as 127.0.0.1:8000" if _by_bind(mode) else "a number such as 8000"
        found.append(f"{'BIND' if _by_bind(mode) else 'PORT'} is wrong. Write: {such}")
    elif mode != "workers" and (fault := _fault(bind)):
        found.append(_told(fault, mode, bind))
    if not re.fullmatch("[1-9][0-9]?", os.environ.get("WEB_CONCURRENCY") or "1"):
        found.append("WEB_CONCURRENCY is wrong. Write: how many processes answer, such as 2")
    if mode in PRODUCTION and _debug():
        found.append(
            f"DEBUG is for this machine only and unsafe here. Leave it out, or use: flinkey-admin run, not {mode}"
        )
    return found


def _by_bind(mode: str) -> bool:
    """Whether BIND says where to listen, and not PORT."""
    return mode in PRODUCTION and bool(os.environ.get("BIND"))


def _wrong_settings(mode: str, bind: str) -> list[str]:
    """What the settings refuse as well, so that all is told at once. It costs a process, so only who refuses asks."""
    if mode == "demo":
        return []  # it brings its own, and its folder may be that of the demo which has the port
    env = {**os.environ, **_environment(mode, bind)}
    if mode in PRODUCTION and _debug():
        env.update(DEBUG="false", DEBUG_FILE="")  # as it will be once that is mended
    read = [sys.executable, "-c", "import flinkey_admin.settings"]
    done = subprocess.run(read, env=env, capture_output=True, text=True, check=False)  # noqa: S603
    return [line.strip() for line in done.stderr.partition(f"{REFUSES}\n")[2].splitlines()[:-1]]


def _refusal(wrong: list[str], settings: list[str]) -> str:
    lines = [f"  {line}" for line in [*wrong, *settings]]
    if settings:
        lines.append("Each but PORT, BIND and WEB_CONCURRENCY may also be given as NAME_FILE, a file's path.")
    return "\n".join([REFUSES, *lines])


def _given(name: str, env: Mapping[str, str]) -> str:
    """A setting as the settings will read it; nothing where they refuse to start with its file."""
    if path := env.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except (OSError, ValueError):
            return ""
    return env.get(name, "").strip()


def _debug() -> bool:
    return _given("DEBUG", os.environ).lower() in TRUTHY


def _fault(bind: str) -> OSError | None:
    """Why nobody can listen there, if so."""
    host, _colon, port = bind.rpartition(":")
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host.strip("[]"), int(port)))
    except OSError as fault:
        return fault
    return None


def _told(fault: OSError, mode: str, bind: str) -> str:
    """The same for people, with what to write instead."""
    host, _colon, port = bind.rpartition(":")
    name, before = ("BIND", f"{host}:") if _by_bind(mode) else ("PORT", "")
    if fault.errno != errno.EADDRINUSE:
        return f"{name} is wrong: it cannot listen at {bind} ({fault.strerror})."
    again = f"make {mode}" if IS_CLONE else f"flinkey-admin {mode}"
    return f"Port {port} is taken. Choose another one: {name}={before}{int(port) + 100} {again}"


def _local(bind: str) -> str:
    """The same address as it is reached from this machine."""
    host, _colon, port = bind.rpartition(":")
    return f"{ {'0.0.0.0': '127.0.0.1', '': '127.0.0.1', '[::]': '[::1]'}.get(host, host) }:{port}"  # noqa: S104


def _environment(mode: str, bind: str) -> dict[str, str]:
    if mode in PRODUCTION:
        return {"WEB_CONCURRENCY": os.environ.get("WEB_CONCURRENCY") or "2"}
    if mode == "run":
        # What the wheel brings has its place in /var/lib for the service; a person who tries it has a folder at hand.
        var = {} if IS_CLONE or "VAR_DIR" in os.environ else {"VAR_DIR": str(Path.cwd() / "var")}
        return {"DEBUG": os.environ.get("DEBUG", "true"), **var}
    # The sandbox starts afresh each time, so what the last demo wrote down would speak of another fleet.
    port = bind.rpartition(":")[2]
    kept = Path(
        os.environ.get("VAR_DIR") or (VAR if IS_CLONE else Path(tempfile.gettempdir()) / f"flinkey-{os.getuid()}")
    )
    var_dir = kept / f"demo-{port}"
    shutil.rmtree(var_dir, ignore_errors=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        sandbox_port = str(probe.getsockname()[1])
    own = {
        "DEBUG": "true",
        "VAR_DIR": str(var_dir),
        "DATABASE_URL": f"sqlite:///{var_dir / 'demo.sqlite3'}",
        "CACHE_URL": "locmem://",
        "SANDBOX_PORT": sandbox_port,
        "FLINKEY_API_URL": f"http://127.0.0.1:{sandbox_port}/v3",
        "FLINKEY_API_KEY": "sandbox-key",
        "FLINKEY_WEBHOOK_SECRET": "demo-webhook-secret",
        "DEMO_SIGN_IN": f"{EMAIL} {PASSWORD}",
        "DEMO_PORT": port,
    }
    # Whatever the environment, its files and the file of settings say for the real thing.
    return {**own, **{f"{name}_FILE": "" for name in own}, "SETTINGS_FILE": os.devnull}


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
    # Of several nodes none brings the database to its own version by the way: that is a step of its own.
    if mode not in {"web", "workers"}:
        subprocess.run([*MANAGE, "migrate", "--verbosity", "0"], env=env, check=True)  # noqa: S603
    if mode in PRODUCTION - {"workers"}:
        subprocess.run([*MANAGE, "collectstatic", "--no-input", "--verbosity", "0"], env=env, check=True)  # noqa: S603


def _web(bind: str, env: dict[str, str]) -> list[str]:
    # Threads, for what they wait for is flinkey and the disk. Since those of one process share a core, production has
    # a second process.
    processes = env.get("WEB_CONCURRENCY") or "1"
    options = ["--bind", bind, "--workers", processes, "--threads", "12", "--timeout", "120", "--log-level", "warning"]
    # The longest that gunicorn knows, and nginx by default: a thousand ticks go along in an address.
    options += ["--limit-request-line", "8190"]
    # Whose threads are taken leaves the next connections to the other process.
    options += ["--worker-connections", "16"]
    # gunicorn would believe a caller's header SCRIPT_NAME. Who counts as a proxy, TRUSTED_PROXIES alone decides.
    options += ["--forwarder-headers", ""]
    # Else it opens a socket below $HOME, over which it takes orders: nobody gives any.
    options += ["--no-control-socket"]
    if _given("TRUSTED_PROXIES", env).strip("0"):
        options += ["--forwarded-allow-ips", ""]
    return [sys.executable, "-m", "gunicorn", *options, "flinkey_admin.wsgi"]


def _worker(queue: str) -> list[str]:
    options = ["--queue-name", queue, "--interval", "0.5", "--no-startup-delay", "--no-reload"]
    return [*MANAGE, "work", *options]


def _start(command: list[str], env: dict[str, str]) -> "subprocess.Popen[bytes]":
    # A session of its own: Ctrl-C reaches this process alone, which then ends the others in order.
    quiet = subprocess.DEVNULL if "sandbox" in command else None
    env = {name: value for name, value in env.items() if name != "SCRIPT_NAME"}  # gunicorn's, URL_PREFIX is ours
    env.setdefault("MALLOC_ARENA_MAX", "2")  # else glibc keeps memory for each thread that it never gives back
    return subprocess.Popen(command, env=env, start_new_session=True, stdout=quiet)  # noqa: S603


def _answering(url: str, processes: "list[subprocess.Popen[bytes]]") -> None:
    """Waits until the address answers, whatever it says."""
    host = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip(" .*") or "127.0.0.1"
    request = urllib.request.Request(url, headers={"Host": host})  # noqa: S310 - our own loopback address
    directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever http_proxy says of other ways
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if any(process.poll() is not None for process in processes):
            raise subprocess.CalledProcessError(1, "start")
        try:
            directly.open(request, timeout=1)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise subprocess.CalledProcessError(1, "start")


def _say(mode: str, bind: str, env: Mapping[str, str]) -> None:
    prefix = _given("URL_PREFIX", env).strip("/")
    lines = [
        f"flinkey admin: http://{_local(bind)}/{prefix and prefix + '/'}"
        if mode != "workers"
        else "The workers are at work."
    ]
    if mode == "demo":
        lines += [f"Sign in with:  {EMAIL}", f"Password:      {PASSWORD}"]
    print("\n".join(["", *lines, "Ctrl-C stops everything.", ""]), flush=True)  # noqa: T201


def _end(processes: "list[subprocess.Popen[bytes]]", patience: float) -> None:
    """Ends what was started, the last one first. What goes on for longer, or when we are asked again, is killed."""
    until = time.monotonic() + patience
    try:
        for process in reversed(processes):
            process.terminate()
        for process in reversed(processes):
            process.wait(timeout=max(0.0, until - time.monotonic()))
    except (Stop, subprocess.TimeoutExpired):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for process in reversed(processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # it leads a session of its own, with what it has started
                process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "run"))
