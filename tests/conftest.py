"""The stage of every test: the sandbox as flinkey on a real port, and a cast with known rights.

The wire is swapped and nothing else: the dashboard's own client talks HTTP to the sandbox.
"""

import datetime as dt
import html
import json
import math
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from weakref import WeakSet

import hypothesis
import pytest
from django.core.cache import cache
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver
from django.test import Client
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from flinkey_admin import upstream
from flinkey_admin.mirror import breaker
from flinkey_admin.mirror.models import Upstream
from flinkey_admin.sandbox import Remote, Sandbox
from tests import thrift
from tests.room import roomy
from tests.security.statements import guard
from tests.stages import Stages

PASSWORD = "flinkey-demo"
HEADERS = re.compile(r"hx-headers:inherited='([^']*)'")
WATCH = re.compile(r'<div id="watch"[^>]* hx-get="([^"]*)"')
COORDINATOR = "coordinator@nordwind.example"  # manages customer 1
BOTH = "both@nordwind.example"  # manages customers 1 and 2
SOUTHERNER = "sued@suedstern.example"  # manages customer 2
NOBODY = "nobody@nordwind.example"  # a right password, but no customer


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Any:
    """Runs a test as pytest does, with room for its frames."""
    return roomy(item.config.pluginmanager.getplugin("runner").pytest_runtest_protocol, item, nextitem)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--thorough", action="store_true", help="all cases of the large matrices, not a sample of them")


def pytest_configure(config: pytest.Config) -> None:
    """Hypothesis tries the same examples each time, new ones with `--thorough`, however long one takes."""
    hypothesis.settings.register_profile("ours", deadline=None, derandomize=not config.getoption("--thorough"))
    hypothesis.settings.load_profile("ours")


MATRIX = 3  # from so many cases on, a test is a matrix


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of a matrix, and of a test that is marked `sampled`, a part of the cases runs; always the same ones.

    It is one case in six, or one in n where the mark says `sampled(n)`. All of them run with `--thorough`, and
    they alone with `-m sampled`. What takes minutes begins at once, marked `first`, so that no process is left waiting
    for it in the end.
    """
    cases: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        cases[item.nodeid.partition("[")[0]].append(item)
    left: set[pytest.Item] = set()
    for name, of in cases.items():
        if len(of) >= MATRIX and not of[0].get_closest_marker("sampled"):
            for item in of:
                item.add_marker("sampled")
        if not of[0].get_closest_marker("sampled"):
            continue
        left.update(random.Random(name).sample(of, len(of) - _share(of)))
    if not config.getoption("--thorough") and len(items) > 1:  # a case that was asked for by its name runs
        config.hook.pytest_deselected(items=[item for item in items if item in left])
        items[:] = [item for item in items if item not in left]
    items.sort(key=lambda item: item.get_closest_marker("first") is None)


def _share(cases: list[pytest.Item]) -> int:
    """How many of these run: at least one, or none where the mark says `sampled(0)`."""
    mark = cases[0].get_closest_marker("sampled")
    one_in = mark.args[0] if mark and mark.args else 6
    return math.ceil(len(cases) / one_in) if one_in else 0


def pytest_collection_finish() -> None:
    thrift.let_be()


connection_created.connect(guard.install)
opened: "WeakSet[BaseDatabaseWrapper]" = WeakSet()  # by any thread of this process


@receiver(connection_created)
def note(connection: BaseDatabaseWrapper, **_facts: Any) -> None:
    opened.add(connection)


def hang_up() -> None:
    """Closes what other threads have open: those of the browser tests' server live as long as their browsers."""
    for one in [one for one in opened if one is not connections["default"]]:
        one.inc_thread_sharing()
        one.close()
        one.dec_thread_sharing()


@pytest.fixture(autouse=True)
def every_statement_says_whose_rows() -> Iterator[None]:
    """Whatever else a test is about."""
    guard.found.clear()
    yield
    assert sorted(guard.found) == []


@pytest.fixture(autouse=True)
def nothing_counted_yet() -> None:
    """What one test has asked for is not the next one's."""
    cache.clear()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowded machine is no slow flinkey."""
    monkeypatch.setattr(breaker, "SLOW", dt.timedelta(minutes=1))


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    running = Sandbox(scenario="yard", port=0, strict=True)
    running.start()
    yield running
    upstream.transport().close()
    running.stop()


@pytest.fixture
def remote(sandbox: Sandbox, settings: Any) -> Remote:
    """The sandbox's remote control; the sandbox is as new, strict."""
    settings.FLINKEY_API_URL = sandbox.url
    control = Remote(sandbox.url)
    control.reset("yard")
    control.settings(strict=True)
    return control


@pytest.fixture
def flinkey(remote: Remote) -> Iterator[Remote]:
    """The sandbox, and the promise that nothing in the test departed from flinkey's pages."""
    yield remote
    assert remote.departures() == []


def work_off(*queues: str) -> None:
    """The worker, by default that of changes, does all that it was asked for, and nothing of it goes wrong."""
    names = list(queues or ["runs"])
    worker = Worker(
        queue_names=names,
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id="test",
        excluded_queue_names=[],
    )
    while task := DBTaskResult.objects.ready().filter(queue_name__in=names).first():
        task.claim("test")
        worker.run_task(task)
    assert [str(one.traceback) for one in DBTaskResult.objects.failed()] == []


class Person(Client):
    """A browser without scripts, and who sits at it. The worker is quick: after each click it has done its work."""

    def request(self, **request: Any) -> Any:
        answer = super().request(**request)
        if request["REQUEST_METHOD"] == "POST":
            work_off()
        return answer

    def sign_in(self, email: str, password: str = PASSWORD) -> Any:
        return self.post("/sign-in/", {"username": email, "password": password})

    def poll(self, page: Any) -> Any:
        """What an open page asks for while it is open: its news, or 204."""
        (address,) = WATCH.findall(page.content.decode())
        carried = json.loads((HEADERS.findall(page.content.decode()) or ["{}"])[0])
        return self.get(html.unescape(address), headers={"HX-Request": "true", **carried})

    def look(self, address: str) -> Any:
        """The page once it has caught up with flinkey, as somebody with scripts sees it after a moment."""
        path, _mark, query = address.partition("?")
        page = self.get(f"{path}?{query}&fresh=1" if query else f"{path}?fresh=1", follow=True)
        while page.status_code == 200 and self.poll(page).headers.get("HX-Trigger") == "again":
            page = self.get(address)
        return self.get(address)


@pytest.fixture
def visitor(db: None, remote: Remote) -> Person:
    """Nobody yet, and flinkey is well, whatever a thread of the test before has still noted."""
    Upstream.objects.all().delete()
    return Person()


@pytest.fixture
def stages(request: pytest.FixtureRequest, db: None, remote: Remote, sandbox: Sandbox) -> Stages:
    """The stages of the test. Whoever is signed in there is so by the clock of the test, if it has one."""
    if "clock" in request.fixturenames:
        request.getfixturevalue("clock")
    return Stages(sandbox)


@pytest.fixture
def coordinator(visitor: Person, stages: Stages) -> Person:
    """Signed in, for customer 1."""
    stages.set(COORDINATOR, lambda: _signed_in(visitor, COORDINATOR), visitor)
    return visitor


@pytest.fixture
def southerner(stages: Stages) -> Person:
    """Signed in, for customer 2, whose ids are the same as those of customer 1."""
    person = Person()
    stages.set(SOUTHERNER, lambda: _signed_in(person, SOUTHERNER), person)
    return person


@pytest.fixture
def anna(coordinator: Person) -> Person:
    """Another manager of customer 1, signed in beside the coordinator."""
    person = Person()
    person.sign_in(BOTH)
    person.post("/customers/", {"customer": "1"})
    return person


def _signed_in(person: Person, email: str) -> None:
    assert person.sign_in(email).status_code == 302
