"""The sandbox alone, as a process of its own."""

import signal
import socket
import subprocess
import sys

import pytest

from flinkey_admin.sandbox import Remote, Sandbox
from flinkey_admin.sandbox.cli import main

from .caller import Caller


def test_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "flinkey_admin.sandbox", "--port", "0", "--scenario", "yard", "--strict"]
    command += ["--clock", "2026-11-22T08:00:00Z", "--delay", "9", "--latency", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline().strip() for _ in range(10)]
        url = lines[1].split()[-1]
        remote = Remote(url)
        assert Caller(url)("GET", "/groups").status == 200
        assert remote.now().startswith("2026-11-22T08:00")
        assert {"delay": 9.0, "latency": 0.001, "strict": True}.items() <= remote.settings().items()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    assert lines[0] == "flinkey sandbox, scenario yard"
    assert lines[2] == "API key         sandbox-key"
    assert lines[3].endswith("/_sandbox/")
    assert lines[5] == "coordinator@nordwind.example  (customer 1)"


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    assert capsys.readouterr().err.startswith(f"Port {port} cannot be used")


def test_a_clock_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--clock", "soon"])
    assert "no moment such as" in capsys.readouterr().err


def test_starting_and_stopping() -> None:
    sandbox = Sandbox()
    sandbox.stop()
    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.url
    sandbox.start()
    first = sandbox.url
    sandbox.stop()
    sandbox.start()
    assert sandbox.url.startswith("http://127.0.0.1:")
    assert first.endswith("/v3")
    sandbox.stop()
