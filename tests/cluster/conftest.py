"""The stage: PostgreSQL, Redis, two nodes (gunicorn and three workers each), nginx before them, a browser before it."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet
from playwright.sync_api import BrowserContext, expect

from flinkey_admin import launch
from flinkey_admin.sandbox import API_KEY, Remote
from tests import postgres
from tests.browser.conftest import browser, complaints, idle, open_window, playwright, under_way
from tests.browser.standing import ROOT, answers, eventually, free_port, process
from tests.cluster.servers import nginx, pgbouncer, redis

__all__ = ["browser", "complaints", "idle", "open_window", "playwright", "under_way"]

ROLE = ROOT / "deploy" / "docker" / "role.sql"
PATIENCE = 60_000  # milliseconds: eight processes, three servers and a browser share two cores
expect.set_options(timeout=PATIENCE)
STARTS = 180  # seconds, the same


@dataclass
class Node:
    """One machine: a web process and three workers, which die together when it is pulled out of the wall."""

    name: str
    port: int
    env: dict[str, str]
    folder: Path
    running: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def start(self) -> None:
        env = self.env | {"WEB_CONCURRENCY": "2"}  # as `flinkey-admin web` has it
        self._start("web", launch._web(f"127.0.0.1:{self.port}", env)[1:])
        for queue in launch.WORKERS:
            options = ["--queue-name", queue, "--interval", "0.5", "--no-startup-delay", "--no-reload"]
            self._start(queue, ["manage.py", "work", *options, "--worker-id", f"{self.name}-{queue}"])

    def _start(self, what: str, arguments: Sequence[str]) -> None:
        with (self.folder / f"{self.name}-{what}.log").open("ab") as out:
            self.running.append(
                subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=self.env, stdout=out, stderr=out)
            )

    def tell(self, number: signal.Signals) -> None:
        """A signal for all of it at once, gunicorn's child included: SIGSTOP lets it hang, SIGCONT go on."""
        web = self.running[0].pid
        children = subprocess.run(["pgrep", "-P", str(web)], capture_output=True, text=True, check=False)
        for pid in [*(one.pid for one in self.running), *map(int, children.stdout.split())]:
            os.kill(pid, number)

    def kill(self) -> None:
        """kill -9 for all of it."""
        self.tell(signal.SIGKILL)
        for one in self.running:
            one.wait()
        self.running.clear()

    def stop(self) -> None:
        for one in self.running:
            one.terminate()
        for one in self.running:
            one.wait(timeout=STARTS)
        self.running.clear()

    def dead(self) -> list[int]:
        """Which of its processes have ended by themselves: 0 is the web, then the workers."""
        return [number for number, one in enumerate(self.running) if one.poll() is not None]

    @property
    def ready(self) -> bool:
        return answers(f"http://127.0.0.1:{self.port}/health/live/")


@dataclass
class Cluster:
    """All of it. `url`: nginx; `database`: as its administrator, while the nodes have a role with few rights."""

    url: str
    folder: Path
    database: str
    database_folder: Path
    cache_port: int
    nodes: list[Node]
    remote: Remote

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database itself says."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            found = connection.execute(statement, values)
            return found.fetchall() if found.description else []

    def runs_at(self, queue: str) -> Node | None:
        """The node whose worker is at a task of this queue just now."""
        rows = self.sql(
            "SELECT worker_ids FROM django_tasks_database_dbtaskresult WHERE queue_name = %s AND status = 'RUNNING' "
            "ORDER BY started_at DESC LIMIT 1",
            queue,
        )
        names = {node.name: node for node in self.nodes}
        return names[rows[0][0][-1].partition("-")[0]] if rows and rows[0][0] else None

    def restart_database(self, *, outage: float = 0.0) -> None:
        """The power of the database fails for so many seconds."""
        postgres.stop(self.database_folder)
        if outage:
            signal.sigtimedwait([], outage)
        postgres.start(self.database_folder, int(self.database.rpartition(":")[2].partition("/")[0]))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="cluster-"))
    print(f"logs: {folder}")
    folder.chmod(0o755)
    with ExitStack() as stack:
        database_folder = folder / "postgres"
        server = stack.enter_context(postgres.postgres(database_folder, free_port()))
        database = f"{server.rpartition('/')[0]}/flinkey"
        role = {"PATH": os.environ["PATH"], "DATABASE_PASSWORD": "the word of the role"}
        subprocess.run(["psql", "--quiet", "--no-psqlrc", server, "-f", str(ROLE)], env=role, check=True)
        mode = os.environ.get("POOL")  # of the connections to it: none, session or transaction
        pooled = stack.enter_context(pgbouncer(folder, database, mode)) if mode else database
        cache_port, flinkey = free_port(), free_port()
        cache = stack.enter_context(redis(folder, cache_port))
        sandbox = ["manage.py", "sandbox", "--port", str(flinkey), "--scenario", "depot", "--delay", "1"]
        stack.enter_context(process(sandbox, {}, folder / "sandbox.log"))
        env = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": pooled.replace("//fleet@", "//flinkey:the%20word%20of%20the%20role@"),
            "CACHE_URL": cache,
            "FLINKEY_API_URL": f"http://127.0.0.1:{flinkey}/v3",
            "FLINKEY_API_KEY": API_KEY,
            "FLINKEY_WEBHOOK_SECRET": "a secret of the cluster",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "TOKEN_KEYS": Fernet.generate_key().decode(),
            "ALLOWED_HOSTS": "127.0.0.1",
            "TRUSTED_PROXIES": "1",
        }
        nodes = [_node(name, env, folder) for name in ("one", "two")]
        for command in (["migrate", "-v0"], ["collectstatic", "--no-input", "-v0"]):
            for node in nodes if command[0] == "collectstatic" else nodes[:1]:
                subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=node.env, check=True)
        url = stack.enter_context(nginx(folder, [node.port for node in nodes]))
        for node in nodes:
            stack.callback(node.stop)
            node.start()
        eventually(lambda: all(node.ready for node in nodes), STARTS)
        remote = Remote(env["FLINKEY_API_URL"])
        yield Cluster(url, folder, database, database_folder, cache_port, nodes, remote)


def _node(name: str, env: dict[str, str], folder: Path) -> Node:
    """Its own folder, as on a machine of its own: nothing is shared but the database and the cache."""
    var = folder / name
    var.mkdir()
    return Node(name, free_port(), env | {"VAR_DIR": str(var)}, folder)


@pytest.fixture
def whole(cluster: Cluster) -> Iterator[Cluster]:
    """Both nodes are up, and flinkey is quick; afterwards no process has ended by itself."""
    for node in cluster.nodes:
        if not node.running:
            node.start()
    eventually(lambda: all(node.ready for node in cluster.nodes), STARTS)
    cluster.remote.settings(latency=0.02)
    cluster.remote.clear_faults()
    yield cluster
    assert {node.name: node.dead() for node in cluster.nodes} == {node.name: [] for node in cluster.nodes}


@pytest.fixture
def window(open_window: Any, whole: Cluster) -> BrowserContext:
    """A browser before nginx, nobody signed in."""
    context: BrowserContext = open_window(base_url=whole.url, ignore_https_errors=True)
    context.set_default_timeout(PATIENCE)
    return context
