"""A backup taken in the middle of a bulk move, the machine lost, and the backup put back into a fresh folder."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from flinkey_admin.sandbox import Remote, Sandbox
from tests.browser.standing import eventually
from tests.node.stage import Installation
from tests.postgres import postgres

CARS = 100


@pytest.fixture
def flinkey() -> Iterator[Sandbox]:
    running = Sandbox(scenario="medium", port=0)
    running.start()
    yield running
    running.stop()


def homes(remote: Remote) -> list[list[int]]:
    """The groups of each of the cars."""
    groups = remote.state(1)["groups"]
    return [[one["id"] for one in groups if car in one["cars"]] for car in range(1, CARS + 1)]


def through_the_fire(first: Installation, second: Installation, remote: Remote, folder: Path) -> None:
    """Moves, copies in the middle, loses the first installation, goes on in the second."""
    first.run("migrate", "-v0")
    first.python("-m", "tests.operations.planner", str(CARS))
    elsewhere = [car for car, groups in enumerate(homes(remote), 1) if groups != [2]]
    remote.clear_requests()
    remote.settings(latency=0.3)
    with first.worker():
        eventually(lambda: len(remote.requests()) > CARS // 2, 60)
        remote.settings(latency=8)  # so that it is still under way when the command has started
        first.run("backup", str(folder / "copy.zip"))
    assert [2] in homes(remote)
    assert homes(remote) != [[2]] * CARS, "some were moved when it died, and some were not"
    said = second.run("restore", str(folder / "copy.zip"))
    assert "Changes that were under way then: 1" in said
    remote.settings(latency=0)
    second.python("-m", "tests.node.signer")
    with second.worker():
        eventually(lambda: homes(remote) == [[2]] * CARS, 60)
    moves = [one for one in remote.requests() if one["took_effect"] and one["path"].startswith("/groups/")]
    added = [one["body"]["carId"] for one in moves if one["method"] == "PUT"]
    removed = [int(one["path"].rpartition("/")[2]) for one in moves if one["method"] == "DELETE"]
    assert sorted(added) == sorted(removed) == elsewhere, "each once, and none twice"
    times = {(one["method"], str(one["body"] or one["path"])): number for number, one in enumerate(moves)}
    for one in moves:
        if one["method"] == "DELETE":
            car = int(one["path"].rpartition("/")[2])
            assert times["PUT", str({"carId": car})] < times["DELETE", one["path"]], "at no moment in no group"


# A change that gives two accesses, one of them under way; what kills the process once the copy is in its place.
GIVES = """
import django; django.setup()
from flinkey_admin.accounts.models import Customer, Manager
from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.operations import journal
from flinkey_admin.operations.models import Operation, Verb
args = {"start": "2026-11-27T07:00:00Z", "end": None}
steps = [journal.Planned(Verb.CREATE_WINDOW, "Pool", car_id=1, user_id=user, args=args) for user in (1, 2)]
operation = journal.plan(Scope(Manager.objects.get(), Customer.objects.get()), Operation.Kind.GIVE_ACCESS, {}, steps)
journal.queue(operation)
journal.begin(operation)
"""
DIES = """
import django, os, pathlib, sys; django.setup()
from flinkey_admin.node.copies import services
services.call_command = lambda *_words, **_options: os._exit(9)
services.restore(pathlib.Path(sys.argv[1]))
"""
WAKES = """
import django; django.setup()
from flinkey_admin.operations import journal
from flinkey_admin.operations.models import Step
journal.recover()
print(*Step.objects.order_by("pk").values_list("state", "reason"))
"""


def killed_behind_it(first: Installation, second: Installation, folder: Path) -> None:
    first.run("migrate", "-v0")
    first.python("-m", "tests.node.signer")
    first.python("-c", GIVES)
    first.run("backup", str(folder / "given.zip"))
    second.python("-c", DIES, str(folder / "given.zip"), code=9)
    assert second.python("-c", WAKES) == "('unknown', 'lost') ('unknown', 'lost')\n"


@pytest.mark.sampled(0)
def test_who_is_killed_behind_it_sends_no_window_again(flinkey: Sandbox, tmp_path: Path) -> None:
    """On PostgreSQL, whose programs put the copy in its place; on SQLite tests/node/test_backup.py is about it."""
    with ExitStack() as stack:
        names = [stack.enter_context(postgres(Path("/tmp") / f"pg-{os.getpid()}-{number}")) for number in (3, 4)]
        first, second = (
            Installation(tmp_path / str(number), flinkey.url, DATABASE_URL=url) for number, url in enumerate(names)
        )
        killed_behind_it(first, second, tmp_path)


@pytest.mark.sampled(0)
def test_on_sqlite(flinkey: Sandbox, tmp_path: Path) -> None:
    first, second = Installation(tmp_path / "first", flinkey.url), Installation(tmp_path / "second", flinkey.url)
    through_the_fire(first, second, Remote(flinkey.url), tmp_path)


@pytest.mark.sampled(0)
def test_on_postgresql(flinkey: Sandbox, tmp_path: Path) -> None:
    """Into a second, empty server, and a second time over what is there by then."""
    with ExitStack() as stack:
        names = [stack.enter_context(postgres(Path("/tmp") / f"pg-{os.getpid()}-{number}")) for number in (1, 2)]
        first, second = (
            Installation(tmp_path / str(number), flinkey.url, DATABASE_URL=url) for number, url in enumerate(names)
        )
        through_the_fire(first, second, Remote(flinkey.url), tmp_path)
        said = second.run("restore", str(tmp_path / "copy.zip"))
        assert "before-restore-" in said
        with psycopg.connect(names[1]):
            assert "Other processes work" in second.run("restore", str(tmp_path / "copy.zip"), code=1)
