"""The launcher: what it refuses, and how it ends what it has started."""

import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from marshmallow.fields import Boolean

from flinkey_admin import launch
from tests.browser.standing import eventually, free_port
from tests.flinkey.wires import Wire, answer
from tests.project.source import ROOT, of_the_start, start

# Asked to end, it does so after $2 seconds and leaves a file; asked again it ends at once, as a worker does.
AT_WORK = """
import pathlib, signal, sys, time
def end(*_):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    pathlib.Path(sys.argv[1], "asked").touch()
    time.sleep(float(sys.argv[2]))
    pathlib.Path(sys.argv[1], "done").touch()
    sys.exit()
signal.signal(signal.SIGTERM, end)
pathlib.Path(sys.argv[1], "begun").touch()
while True:
    time.sleep(1)
"""
# The launcher with that for its only process.
LAUNCHER = f"""
import signal, sys, time
from flinkey_admin import launch
signal.signal(signal.SIGTERM, launch._stop)
processes = []
try:
    processes.append(launch._start([sys.executable, "-c", {AT_WORK!r}, *sys.argv[1:]], {{}}))
    time.sleep(60)
except launch.Stop:
    pass
finally:
    launch._end(processes, 60)
"""


def at_work(folder: Path, seconds: float) -> "subprocess.Popen[bytes]":
    process = launch._start([sys.executable, "-c", AT_WORK, str(folder), str(seconds)], {})
    eventually((folder / "begun").exists)
    return process


@pytest.mark.parametrize(("seconds", "done"), [(0.3, True), (60, False)])
def test_what_is_under_way_is_waited_for_and_then_killed(tmp_path: Path, seconds: float, done: bool) -> None:
    process = at_work(tmp_path, seconds)
    launch._end([process], 30 if done else 0.5)
    assert (process.returncode, (tmp_path / "done").exists()) == (0 if done else -signal.SIGKILL, done)


def test_who_asks_twice_waits_for_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LAUNCHER, str(tmp_path), "60"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as launcher:
        eventually((tmp_path / "begun").exists)
        launcher.send_signal(signal.SIGTERM)
        eventually((tmp_path / "asked").exists)
        launcher.send_signal(signal.SIGTERM)
        _said, err = launcher.communicate(timeout=30)
    assert (launcher.returncode, err, (tmp_path / "done").exists()) == (0, "", False)


def free() -> str:
    return f"127.0.0.1:{free_port()}"


def test_production_refuses_every_way_to_say_debug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings are read by environs, whose words for yes these are."""
    for value in map(str, Boolean.truthy):
        for mode in launch.PRODUCTION:
            monkeypatch.setenv("DEBUG", value)
            assert [one for one in launch._wrong(mode, free()) if one.startswith("DEBUG is for this machine only")]
    (tmp_path / "debug").write_text("true\n")
    monkeypatch.setenv("DEBUG", "false")
    monkeypatch.setenv("DEBUG_FILE", str(tmp_path / "debug"))
    assert launch._wrong("workers", free())


def test_it_says_why_it_cannot_listen_and_what_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """One variable is read, the other would change nothing."""
    monkeypatch.delenv("DEBUG", raising=False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = {
            f"127.0.0.1:{port}": f"Port {port} is taken. Choose another one: BIND=127.0.0.1:{port + 100} make serve",
            "192.0.2.1:8000": "BIND is wrong: it cannot listen at 192.0.2.1:8000 (Cannot assign requested address).",
            "127.0.0.1:65536": "BIND is wrong. Write: an address and a port such as 127.0.0.1:8000",
            "8000": "BIND is wrong. Write: an address and a port such as 127.0.0.1:8000",
        }
        for bind, said in told.items():
            monkeypatch.setenv("BIND", bind)
            assert launch._wrong("serve", launch._bind("serve")) == [said]
        monkeypatch.setenv("PORT", "many")
        assert launch._wrong("run", launch._bind("run")) == ["PORT is wrong. Write: a number such as 8000"]


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """The launcher's own variables and the settings, which are read as if DEBUG were mended by then."""
    env = {"PORT": "x", "WEB_CONCURRENCY": "0", "DEBUG": "true", "SECRET_KEY": "short", "VAR_DIR": str(tmp_path)}
    done = start({**env, "TIME_ZONE": "Mars"}, [sys.executable, "-m", "flinkey_admin", "serve"])
    first, *lines, last = done.stderr.splitlines()
    assert (done.returncode, first) == (1, "flinkey admin does not start:")
    named = ["PORT", "WEB_CONCURRENCY", "DEBUG"]
    of_settings = ["FLINKEY_API_KEY", "SECRET_KEY", "TOKEN_KEYS", "ALLOWED_HOSTS", "TIME_ZONE"]
    assert [line.split()[0] for line in lines] == [*named, *of_settings]
    assert last == "Each but PORT, BIND and WEB_CONCURRENCY may also be given as NAME_FILE, a file's path."


def test_a_demo_whose_port_is_taken_leaves_the_other_one_its_folder(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        kept = tmp_path / f"demo-{port}" / "demo.sqlite3"
        kept.parent.mkdir()
        kept.touch()
        env = {"PORT": str(port), "VAR_DIR": str(tmp_path)}
        done = start(env, [sys.executable, "-m", "flinkey_admin", "demo"])
    told = f"flinkey admin does not start:\n  Port {port} is taken. Choose another one: PORT={port + 100} make demo\n"
    assert (done.returncode, done.stderr, kept.exists()) == (1, told, True)


def test_what_it_needs_of_the_settings_may_come_from_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As the settings take them: else gunicorn would believe a caller, and the address would be another one."""
    env = {}
    for name, value in {"TRUSTED_PROXIES": "1\n", "URL_PREFIX": "/flinkey\n"}.items():
        (tmp_path / name).write_text(value)
        env[f"{name}_FILE"] = str(tmp_path / name)
    by_name = {"TRUSTED_PROXIES": "1", "URL_PREFIX": "/flinkey"}
    assert "--forwarded-allow-ips" in launch._web("127.0.0.1:8000", by_name)
    assert launch._web("127.0.0.1:8000", env) == launch._web("127.0.0.1:8000", by_name)
    assert "--forwarded-allow-ips" not in launch._web("127.0.0.1:8000", {"TRUSTED_PROXIES": "0"})
    launch._say("serve", "127.0.0.1:8000", env)
    assert "flinkey admin: http://127.0.0.1:8000/flinkey/\n" in capsys.readouterr().out


def test_the_help_names_the_variables_beside_the_settings() -> None:
    assert set(re.findall("^  ([A-Z_]+) ", launch.ENVIRONMENT, re.MULTILINE)) == of_the_start()


# What a child of the launcher does first, and the real flinkey then nowhere in its settings.
READS = """
from flinkey_admin.cli import read_settings_file
print(read_settings_file())
from flinkey_admin import settings
print(settings.FLINKEY_API_URL, settings.FLINKEY_API_KEY, settings.DATABASES["default"]["NAME"], settings.TIME_ZONE)
"""


def test_a_demo_reads_nothing_of_the_real_thing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither /etc/flinkey-admin/settings.env, which another user may not even read, nor the files of its secrets."""
    for name in ("FLINKEY_API_KEY", "DATABASE_URL"):
        (tmp_path / name).write_text("postgres://real.example/real" if "URL" in name else "real")
    (tmp_path / "settings.env").write_text("TIME_ZONE=Africa/Lagos\nSECRET_KEY=short\n")
    env = {f"{name}_FILE": str(tmp_path / name) for name in ("FLINKEY_API_KEY", "DATABASE_URL")}
    env["SETTINGS_FILE"] = str(tmp_path / "settings.env")
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    own = launch._environment("demo", "127.0.0.1:8000")
    done = start({**env, **own}, [sys.executable, "-c", READS])
    assert (done.returncode, done.stderr) == (0, "")
    database = tmp_path / "demo-8000" / "demo.sqlite3"
    assert done.stdout == f"\n{own['FLINKEY_API_URL']} sandbox-key {database} Europe/Berlin\n"


def test_what_is_asked_on_this_machine_goes_through_no_proxy() -> None:
    """The launcher's own question, and that of the image: with http_proxy set, and nobody there."""
    recipe = (ROOT / "deploy" / "docker" / "Dockerfile").read_text(encoding="utf-8")
    (asks,) = re.findall(r"^HEALTHCHECK .*\\\n  CMD (\[.*\])$", recipe, re.MULTILINE)
    with Wire(answer(200)) as wire:
        of_image = json.loads(asks.replace("http://127.0.0.1:8000/health/live/", wire.url))[2]
        of_launcher = f"from flinkey_admin import launch; launch.PATIENCE = 60; launch._answering({wire.url!r}, [])"
        for code in (of_image, of_launcher):
            done = start({"http_proxy": f"http://127.0.0.1:{free_port()}"}, [sys.executable, "-c", code])
            assert (done.returncode, done.stderr) == (0, "")
        assert wire.connections == 2


def test_systemd_asks_the_launcher_alone_and_waits_for_it() -> None:
    """By itself it would ask every process, and the launcher asks them too: a worker asked twice drops its change."""
    units = sorted((ROOT / "deploy" / "systemd").glob("flinkey-admin-w*.service"))
    texts = [path.read_text(encoding="utf-8") for path in [*units, ROOT / "docs" / "install.md"]]
    assert [re.findall(r"^KillMode=(.*)$", text, re.MULTILINE) for text in texts] == [["mixed"]] * 3
    waits = [re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE) for text in texts]
    assert [int(seconds) > launch.LEAVE for (seconds,) in waits] == [True] * 3


def test_docker_waits_for_the_launcher() -> None:
    text = (ROOT / "deploy" / "docker" / "compose.yaml").read_text(encoding="utf-8")
    assert [int(seconds) > launch.LEAVE for seconds in re.findall(r"stop_grace_period: (\d+)s", text)] == [True]
