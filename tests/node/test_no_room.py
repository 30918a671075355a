"""The disk is full, or the database is only read: pages are read on, nothing is sent, and all goes on afterwards."""

import datetime as dt
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.db.utils import ConnectionHandler
from django.utils import timezone

from flinkey_admin.accounts.services import LAST_SEEN
from flinkey_admin.mirror.models import Listing
from flinkey_admin.node import health
from flinkey_admin.operations.models import Operation
from flinkey_admin.sandbox import Remote, Sandbox
from flinkey_admin.web import sentences
from tests.browser.standing import eventually
from tests.conftest import COORDINATOR, Person
from tests.node.stage import Installation
from tests.operations.stage import says, took_effect

CARS = 60


@contextmanager
def small_disk(at: Path, megabytes: int) -> Iterator[Path]:
    """A real file system of that size."""
    at.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(at)], check=False)
    if done.returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def fill(disk: Path) -> None:
    """Not one page more fits."""
    with (disk / "ballast").open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    assert shutil.disk_usage(disk).free == 0


@pytest.fixture
def desk(transactional_db: None, remote: Remote, tmp_path: Path) -> Iterator[tuple[Person, Path]]:
    """A coordinator who has looked at the groups, on a database that lies on a small disk."""
    with small_disk(tmp_path / "disk", 24) as disk, pytest.MonkeyPatch.context() as patch:
        connection.ensure_connection()
        with closing(sqlite3.connect(disk / "small.sqlite3")) as copy:
            connection.connection.backup(copy)
        connection.close()
        patch.setitem(connection.settings_dict, "NAME", str(disk / "small.sqlite3"))
        yield at_work(), disk
        connection.close()


def at_work() -> Person:
    """A coordinator who has looked at the groups a while ago, so that the next page has something to write."""
    person = Person()
    assert person.sign_in(COORDINATOR).status_code == 302
    person.get("/groups/")
    session = person.session
    session[LAST_SEEN] -= 120
    session.save()
    long_ago = timezone.now() - dt.timedelta(minutes=5)
    Listing.objects.update(read_at=long_ago, looked_at=long_ago)
    return person


def ready(person: Person) -> tuple[int, str]:
    answer = person.get("/health/ready/")
    return answer.status_code, answer.content.decode()


def nothing_can_be_changed(person: Person, remote: Remote) -> None:
    """It is said in words, and flinkey hears nothing of it."""
    for form, path in ({"name": "Altona"}, "/groups/1/rename/"), ({"id": "1", "to": "2"}, "/groups/1/cars/move/"):
        page = Person.post(person, path, form)
        assert page.status_code == 503
        assert says(page, sentences.STORE)
    assert [took_effect(remote, one) for one in ("updateGroup", "assignCarToGroup")] == [0, 0]


def pages_are_read(person: Person) -> None:
    for _look in range(2):
        page = person.get("/groups/")
        assert page.status_code == 200
        assert says(page, sentences.TROUBLE["stuck"])
        assert says(page, "Hamburg")
        assert person.poll(page).status_code == 204, "which it goes on saying while it is open"


def test_a_full_disk(desk: tuple[Person, Path], remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    person, disk = desk
    monkeypatch.setattr("tests.conftest.work_off", lambda: None)  # the worker cannot write either
    fill(disk)
    assert ready(person) == (503, health.FULL.format(left=0))
    pages_are_read(person)
    nothing_can_be_changed(person, remote)
    with pytest.raises(CommandError, match="No backup was made"):
        call_command("backup", str(disk / "copy.zip"))
    (disk / "ballast").unlink()
    assert ready(person) == (200, "ok")
    assert person.post("/groups/1/rename/", {"name": "Altona"}).status_code == 302
    assert took_effect(remote, "updateGroup") == 1
    with closing(sqlite3.connect(disk / "small.sqlite3")) as own:
        assert own.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_sign_in_on_a_full_disk(desk: tuple[Person, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    _person, disk = desk
    monkeypatch.setattr("tests.conftest.work_off", lambda: None)
    fill(disk)
    page = Person().sign_in(COORDINATOR)
    assert page.status_code == 503
    assert says(page, sentences.STORE)


def test_a_database_that_is_only_read(
    desk: tuple[Person, Path], remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, _disk = desk
    monkeypatch.setattr("tests.conftest.work_off", lambda: None)
    options: dict[str, Any] = connection.settings_dict["OPTIONS"]
    connection.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(options, "init_command", f"{options['init_command']}; PRAGMA query_only=ON")
        assert ready(person) == (503, health.READ_ONLY)
        pages_are_read(person)
        nothing_can_be_changed(person, remote)
        connection.close()
    assert ready(person) == (200, "ok")
    assert person.post("/groups/1/rename/", {"name": "Altona"}).status_code == 302


@contextmanager
def mounted_read_only(disk: Path) -> Iterator[None]:
    """Whatever is opened there from now on can be read alone; what is open already is left as it is."""
    connection.close()
    subprocess.run(["mount", "--bind", str(disk), str(disk)], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", str(disk)], check=True)
    try:
        yield
    finally:
        connection.close()
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_disk_that_has_become_read_only(
    desk: tuple[Person, Path], remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Linux does with one that fails. Some process has the database open from before."""
    person, disk = desk
    monkeypatch.setattr("tests.conftest.work_off", lambda: None)
    with closing(sqlite3.connect(disk / "small.sqlite3")) as another:
        before = another.execute("SELECT * FROM operations_operation").fetchall()
        with mounted_read_only(disk):
            assert ready(person) == (503, health.READ_ONLY)
            pages_are_read(person)
            nothing_can_be_changed(person, remote)
        assert another.execute("SELECT * FROM operations_operation").fetchall() == before
    assert ready(person) == (200, "ok")
    assert person.post("/groups/1/rename/", {"name": "Altona"}).status_code == 302


def test_a_disk_that_was_read_only_at_the_start(desk: tuple[Person, Path]) -> None:
    """SQLite in WAL cannot even read then: it has to write down who reads."""
    person, disk = desk
    person.raise_request_exception = False
    with mounted_read_only(disk):
        assert ready(person) == (503, health.NO_DATABASE)
        page = person.get("/groups/")
        assert page.status_code == 503
        assert says(page, sentences.NO_STORE)
    assert ready(person) == (200, "ok")
    assert says(person.get("/groups/"), "Hamburg")


def test_a_database_that_is_away_is_not_called_full(
    transactional_db: None, coordinator: Person, tmp_path: Path
) -> None:
    connection.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(connection.settings_dict, "NAME", str(tmp_path / "gone" / "nothing.sqlite3"))
        coordinator.raise_request_exception = False
        page = coordinator.get("/groups/")
        connection.close()
    assert page.status_code == 503
    assert says(page, sentences.NO_STORE)
    assert coordinator.get("/groups/").status_code == 200


def test_a_server_that_does_not_answer_is_not_called_full(db: None) -> None:
    place = {"ENGINE": "django.db.backends.postgresql", "HOST": "127.0.0.1", "PORT": "9", "NAME": "fleet"}
    with pytest.raises(OperationalError) as refused:
        ConnectionHandler({"default": place})["default"].ensure_connection()
    assert sentences.of_store(refused.value) == sentences.NO_STORE


@pytest.mark.sampled(0)
def test_the_disk_is_full_in_the_middle_of_a_move(tmp_path: Path) -> None:
    """By a real worker. It is started anew whenever it ends, as systemd does."""
    sandbox = Sandbox(scenario="medium", port=0)
    sandbox.start()
    remote = Remote(sandbox.url)
    with small_disk(tmp_path / "disk", 24) as disk:
        place = Installation(disk, sandbox.url)
        place.run("migrate", "-v0")
        place.python("-m", "tests.operations.planner", str(CARS))
        remote.clear_requests()
        remote.settings(latency=0.3)
        with place.worker():
            eventually(lambda: len(remote.requests()) > CARS // 2, 60)
            fill(disk)
            time.sleep(5)
            sent = len(remote.requests())
            time.sleep(3)
            assert len(remote.requests()) <= sent + 16, "what cannot be noted is not sent"
            (disk / "ballast").unlink()
        remote.settings(latency=0)
        with place.worker():
            eventually(lambda: all(homes == [2] for homes in where(remote)), 90)
    moves = [one for one in remote.requests() if one["took_effect"] and one["path"].startswith("/groups/")]
    assert len({(one["method"], one["path"], str(one["body"])) for one in moves}) == len(moves), "none twice"
    sandbox.stop()


def where(remote: Remote) -> list[list[int]]:
    """The groups of each of the cars."""
    groups = remote.state(1)["groups"]
    return [[one["id"] for one in groups if car in one["cars"]] for car in range(1, CARS + 1)]


def test_the_journal_is_not_torn(desk: tuple[Person, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan is there as a whole or not at all."""
    person, disk = desk
    monkeypatch.setattr("tests.conftest.work_off", lambda: None)
    before = Operation.objects.count()
    fill(disk)
    person.post("/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"})
    assert Operation.objects.count() == before
