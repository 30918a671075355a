"""What deploy/docker/ asks of Docker, without Docker: `make wheel` runs this with the environment that wheel.py makes.

Each process has a root on which nothing can be written but VAR_DIR and /tmp, no rights beyond those of its user, and a
HOME that is not there.
"""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flinkey_admin.sandbox import Remote
from tests.browser.standing import answers, eventually, free_port
from tests.by_http import Visitor
from tests.installed.conftest import settings
from tests.installed.wheel import running
from tests.project.source import ROOT

# $1: the environment, $2: VAR_DIR; the rest is run. Both stay where they are, although /tmp is emptied above them.
ROOM = """
set -e
env=$1; var=$2; shift 2
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/env /mnt/var
mount --bind "$env" /mnt/env
mount --bind "$var" /mnt/var
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -p "$env" "$var"
mount --move /mnt/env "$env"
mount --move /mnt/var "$var"
umount /mnt
cut -d ' ' -f 5 /proc/self/mountinfo | while read -r at; do
    case "$at" in /tmp|"$var"|/proc*|/sys*|/dev*) ;; *) [ ! -e "$at" ] || mount -o remount,bind,ro "$at" ;; esac
done
cd "$var"
exec setpriv $USER_OF_IT --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
"""
IS_ROOT = os.geteuid() == 0
USER = 10001
RECIPE = (ROOT / "deploy" / "docker" / "Dockerfile").read_text(encoding="utf-8")
PROBE = """
import os, pathlib, tempfile
told = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(int(told["CapEff"], 16), int(told["CapBnd"], 16), int(told["NoNewPrivs"]))
for folder in ("/", "/etc", "/var/tmp", os.path.dirname(os.environ["VAR_DIR"]), os.environ["VAR_DIR"], "/tmp"):
    try:
        pathlib.Path(folder, "probe").write_text("")
    except OSError:
        continue
    print(folder)
"""


class Container:
    """The environment in such a room, with the variables of the Dockerfile and of a file of settings."""

    def __init__(self, command: Path, folder: Path, flinkey: int) -> None:
        self.bin, self.var, self.port = command.parent, folder / "var", free_port()
        self.var.mkdir()
        if IS_ROOT:
            os.chown(self.var, USER, USER)
        self.env = {
            "PATH": f"{self.bin}:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": "/not-there",
            "USER_OF_IT": f"--reuid {USER} --regid {USER} --clear-groups" if IS_ROOT else "",
            "PYTHONDONTWRITEBYTECODE": "1",
            "BIND": f"0.0.0.0:{self.port}",
            **settings(flinkey, self.var),
        }

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Docker's `command:`."""
        alone = ["unshare", "--mount"] if IS_ROOT else ["unshare", "--user", "--map-root-user", "--mount"]
        room = [*alone, "sh", "-c", ROOM, "room", str(self.bin.parent), str(self.var), *words]
        return subprocess.Popen(room, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, *words: str) -> str:
        """What it says until it ends, which must be well."""
        process = self.start(*words)
        said, _none = process.communicate(timeout=120)
        assert process.returncode == 0, said
        return said

    @contextmanager
    def running(self, *words: str) -> Iterator[None]:
        """Meanwhile; it ends by itself, and well, when it is asked to."""
        process = self.start(*words)
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            said, _none = process.communicate(timeout=60)
        assert process.returncode == 0, said

    def well(self, *words: str) -> bool:
        """Whether its exit code says so."""
        process = self.start(*words)
        process.communicate(timeout=60)
        return process.returncode == 0

    def healthy(self) -> bool:
        """What the HEALTHCHECK of the Dockerfile says."""
        (asks,) = re.findall(r"^HEALTHCHECK .*\\\n  CMD (\[.*\])$", RECIPE, re.MULTILINE)
        assert "127.0.0.1:8000/" in asks
        return self.well(*json.loads(asks.replace(":8000/", f":{self.port}/")))

    def visitor(self) -> Visitor:
        """Somebody at a browser, as the reverse proxy passes on what they ask."""
        headers = {
            "Host": "fleet.example.com",
            "Referer": "https://fleet.example.com/",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "192.0.2.1",
        }
        return Visitor(f"http://127.0.0.1:{self.port}", headers)


@pytest.fixture(scope="module")
def flinkey(command: Path) -> Iterator[int]:
    port = free_port()
    with running(command, "sandbox", "--port", str(port), "--scenario", "yard", "--delay", "0"):
        eventually(lambda: answers(f"http://127.0.0.1:{port}/v3/customers"))
        yield port


@pytest.fixture(scope="module")
def container(command: Path, flinkey: int, tmp_path_factory: pytest.TempPathFactory) -> Container:
    return Container(command, tmp_path_factory.mktemp("container"), flinkey)


def moves(container: Container, remote: Remote, source: int, to: int) -> None:
    """Signs in, reads a page, moves a car; it is in the other group in the end."""
    eventually(container.healthy)
    person = container.visitor()
    person.sign_in()
    assert 'data-id="1"' in person.get("/groups/").text
    receipt = person.move(1, source, to)
    eventually(lambda: 'data-state="confirmed"' in person.get(receipt).text)
    assert [one["id"] for one in remote.state(1)["groups"] if 1 in one["cars"]] == [to]


def test_it_may_write_to_two_folders_and_has_no_rights(container: Container) -> None:
    said = container.run("python", "-c", PROBE)
    assert said.split() == ["0", "0", "1", str(container.var), "/tmp"]


def test_what_the_compose_file_starts_works(container: Container, flinkey: int) -> None:
    remote = Remote(f"http://127.0.0.1:{flinkey}/v3")
    container.run("flinkey-admin", "migrate")
    with container.running("flinkey-admin", "web"), container.running("flinkey-admin", "workers"):
        moves(container, remote, 1, 2)
        eventually(lambda: container.well("flinkey-admin", "check"))
        container.run("flinkey-admin", "backup", f"{container.var}/")
    assert len(list(container.var.glob("flinkey-admin-*.zip"))) == 1


def test_what_the_image_starts_by_itself_works(container: Container, flinkey: int) -> None:
    (words,) = re.findall(r"^CMD (\[.*\])$", RECIPE, re.MULTILINE)
    with container.running(*json.loads(words)):
        moves(container, Remote(f"http://127.0.0.1:{flinkey}/v3"), 2, 1)
