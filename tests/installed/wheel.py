"""The wheel in a fresh environment outside the clone, as an administrator installs it: `make wheel` runs this.

The name keeps it out of `make test`: making an environment takes half a minute and asks for packages.
"""

import re
import signal
import subprocess
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.browser.standing import answers, eventually, free_port
from tests.installed.conftest import KEPT, settings
from tests.project.source import ROOT

SHEET = re.compile(r'href="(/static/css/app\.[0-9a-f]{12}\.css)"')


def run(command: Path, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """One command, typed far from the clone and with this environment only."""
    return subprocess.run(
        [command, *arguments],
        env=KEPT | env,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        umask=0o022,
    )


@contextmanager
def running(command: Path, *arguments: str, **env: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Meanwhile; it has to end by itself when it is asked to."""
    with subprocess.Popen([command, *arguments], env=KEPT | env, cwd="/", start_new_session=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) == 0


def fetch(url: str, **headers: str) -> tuple[str, bytes]:
    """How the answer is packed, and its body as it came."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with urllib.request.urlopen(urllib.request.Request(url, headers=named), timeout=10) as answer:
        return answer.headers.get("Content-Encoding", ""), answer.read()


def test_it_holds_every_template_and_static_file_of_the_clone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        inside = {name.removeprefix("flinkey_admin/") for name in file.namelist()}
    listed = subprocess.run(["git", "ls-files", "templates", "static"], cwd=ROOT, capture_output=True, check=True)
    wanted = set(listed.stdout.decode().split())
    assert len(wanted) > 100
    assert {name for name in inside if name.startswith(("templates/", "static/"))} == wanted
    assert {"locale/de/LC_MESSAGES/django.mo", "sandbox/openapi.yaml", "sandbox/README.md"} <= inside
    assert not [name for name in inside if name.startswith("tests")]


def test_it_tells_its_commands_and_what_settings_are_missing(command: Path, tmp_path: Path) -> None:
    told = run(command)
    assert (told.returncode, told.stderr) == (0, "")
    assert {"serve", "migrate", "sandbox", "check", "prune", "webhooks"} <= {
        line.split()[0] for line in told.stdout.splitlines() if line.startswith("  ")
    }
    bare = run(command, "serve", VAR_DIR=str(tmp_path), PORT=str(free_port()))
    assert bare.returncode == 1
    assert bare.stderr.startswith("flinkey admin does not start:\n")
    assert re.findall(r"^  (\w+) is missing", bare.stderr, re.MULTILINE) == [
        "FLINKEY_API_KEY",
        "SECRET_KEY",
        "TOKEN_KEYS",
        "ALLOWED_HOSTS",
    ]


def test_it_serves_a_page_with_small_files_of_lasting_names(command: Path, tmp_path: Path) -> None:
    """With a file of settings, as docs/install.md says: the sandbox, migrate, check, serve."""
    flinkey, port = free_port(), free_port()
    file = tmp_path / "settings.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in settings(flinkey, tmp_path / "var").items()))
    file.chmod(0o600)
    env = {"SETTINGS_FILE": str(file), "PORT": str(port)}
    base, through = f"http://127.0.0.1:{port}", {"Host": "fleet.example.com", "X_Forwarded_Proto": "https"}
    with running(command, "sandbox", "--port", str(flinkey), "--scenario", "yard"):
        eventually(lambda: answers(f"http://127.0.0.1:{flinkey}/v3/customers"))
        migrated = run(command, "migrate", "--verbosity", "0", **env)
        assert (migrated.returncode, migrated.stderr) == (0, "")
        assert (tmp_path / "var" / "flinkey-admin.sqlite3").stat().st_mode & 0o777 == 0o600, "for its user alone"
        with running(command, "serve", **env):
            eventually(lambda: ready(base), 60)
            assert answering(port) == 2
            _packed, page = fetch(f"{base}/sign-in/", **through)
            (sheet,) = SHEET.findall(page.decode())
            packed, body = fetch(f"{base}{sheet}", Accept_Encoding="gzip, br", **through)
            assert (packed, b"--" in body) == ("br", False)
            whole = fetch(f"{base}{sheet}", **through)
            assert whole[0] == ""
            assert len(whole[1]) > 3 * len(body)
            # The workers give their sign of life within seconds; all else is well from the start.
            eventually(lambda: run(command, "check", **env).returncode == 0, 60)
            told = run(command, "check", **env)
            assert (told.returncode, told.stderr) == (0, "")
            assert re.search(r"Fine  Workers: They are at work: 3 processes on 1 machine", told.stdout)


def answering(port: int) -> int:
    """How many web processes there are besides the one that only watches them."""
    words = [(one / "cmdline").read_bytes() for one in Path("/proc").glob("[0-9]*") if (one / "cmdline").exists()]
    return sum(b"gunicorn" in line and f":{port}\0".encode() in line for line in words) - 1


def ready(base: str) -> bool:
    try:
        fetch(f"{base}/health/ready/", Host="fleet.example.com", X_Forwarded_Proto="https")
    except (urllib.error.HTTPError, OSError):
        return False
    return True
