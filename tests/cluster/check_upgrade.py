"""An upgrade while people work: the earlier version goes on with the database that the new one has brought up to date.

The earlier version is taken out of git and run with the packages of today; both speak to one PostgreSQL, one Redis and
one flinkey.
"""

import io
import os
import re
import secrets
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from flinkey_admin.sandbox import API_KEY, Remote
from tests import postgres
from tests.browser.standing import ROOT, answers, eventually, free_port, process
from tests.by_http import Visitor
from tests.cluster.conftest import STARTS
from tests.cluster.servers import redis

EARLIER = "494cfc7"  # there is no release yet; the first version whose sessions are as today's
# The nightly cleaning is new: the old version's worker has taken it and cannot do it.
NOT_YET = {"ModuleNotFoundError: No module named 'flinkey_admin.node.retention'"}


class Version:
    """A version's processes as it starts them itself: `serve`, the web server and three workers."""

    def __init__(self, name: str, root: Path, folder: Path, env: dict[str, str]) -> None:
        self.root, self.port, self.log = root, free_port(), folder / f"{name}.log"
        own = {"PYTHONPATH": str(root), "PORT": str(self.port), "VAR_DIR": str(folder / name)}
        self.env = env | own

    def manage(self, *words: str) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        command = [sys.executable, "manage.py", *words]
        subprocess.run(command, cwd=self.root, env=kept | self.env, check=True, timeout=STARTS)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with process(["-m", "flinkey_admin.launch", "serve"], self.env, self.log, self.root):
            eventually(lambda: answers(f"http://127.0.0.1:{self.port}/health/live/"), STARTS)
            yield
        faults = set(re.findall(r"^\s*\w+(?:Error|Exception): .*", self.log.read_text(), re.MULTILINE))
        assert faults <= NOT_YET, faults

    def visitor(self, cookies: dict[str, str] | None = None) -> Visitor:
        """Somebody behind the reverse proxy, signed in already if there are cookies."""
        headers = {
            "Referer": f"https://127.0.0.1:{self.port}/",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "192.0.2.1",
        }
        return Visitor(f"http://127.0.0.1:{self.port}", headers, cookies=dict(cookies or {}))


class Stage:
    """Both versions, and the flinkey behind them."""

    def __init__(self, old: Version, new: Version, remote: Remote) -> None:
        self.old, self.new, self.remote = old, new, remote
        self.home = 1

    def works(self, person: Visitor) -> None:
        """A page is there, and the first car moves to the other group of two."""
        assert 'data-id="1"' in person.get("/groups/").text
        source, self.home = self.home, 3 - self.home
        receipt = person.move(1, source, self.home)
        eventually(lambda: 'data-state="confirmed"' in person.get(receipt).text)
        assert [one["id"] for one in self.remote.state(1)["groups"] if 1 in one["cars"]] == [self.home]


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source of the earlier version."""
    done = subprocess.run(["git", "archive", EARLIER], cwd=ROOT, capture_output=True, check=False)
    if done.returncode and (ROOT / ".git" / "shallow").exists():
        pytest.skip("this clone lacks the history in which the earlier version is")
    assert done.returncode == 0, done.stderr.decode()
    folder = tmp_path_factory.mktemp("earlier")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as packed:
        packed.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def stage(earlier: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder, flinkey = tmp_path_factory.mktemp("upgrade"), free_port()
    for one in (folder, *folder.parents[:2]):
        one.chmod(0o755)  # PostgreSQL runs as a user of its own
    with ExitStack() as stack:
        env = {
            "DATABASE_URL": stack.enter_context(postgres.postgres(folder / "postgres")),
            "CACHE_URL": stack.enter_context(redis(folder, free_port())),
            "FLINKEY_API_URL": f"http://127.0.0.1:{flinkey}/v3",
            "FLINKEY_API_KEY": API_KEY,
            "SECRET_KEY": secrets.token_urlsafe(50),
            "TOKEN_KEYS": Fernet.generate_key().decode(),
            "ALLOWED_HOSTS": "127.0.0.1",
            "TRUSTED_PROXIES": "1",
        }
        sandbox = ["manage.py", "sandbox", "--port", str(flinkey), "--scenario", "yard"]
        stack.enter_context(process(sandbox, {}, folder / "sandbox.log"))
        eventually(lambda: answers(f"http://127.0.0.1:{flinkey}/v3/customers"), STARTS)
        old, new = (Version(name, root, folder, env) for name, root in (("old", earlier), ("new", ROOT)))
        yield Stage(old, new, Remote(env["FLINKEY_API_URL"]))


def test_both_versions_work_on_one_database(stage: Stage) -> None:
    old, new = stage.old, stage.new
    with ExitStack() as at_new:
        with old.at_work():
            person = old.visitor()
            person.sign_in()
            stage.works(person)
            new.manage("migrate", "-v0")
            stage.works(person)  # by the old version's pages and worker, on the new database
            old.visitor().sign_in()
            at_new.enter_context(new.at_work())
            over = new.visitor(person.cookies)
            stage.works(over)  # who has signed in with the old version
            stage.works(person)  # and goes on there
            fresh = new.visitor()
            fresh.sign_in()
            stage.works(fresh)
            back = old.visitor(fresh.cookies)
            stage.works(back)  # and the other way round
            assert "ok" in back.get("/health/ready/").text
        stage.works(over)
