"""Upgrades: an earlier version's database is brought up to date and read, and the old version can work on meanwhile."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from flinkey_admin.node import health
from flinkey_admin.operations.models import Operation
from flinkey_admin.sandbox import Remote
from tests.conftest import COORDINATOR, Person
from tests.operations.stage import press

OLD = Path(__file__).with_name("old.sql")
OURS = {"accounts", "operations", "mirror", "fleet", "assignments", "node"}


def old_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as old:
        old.executescript(OLD.read_text(encoding="utf-8"))


@pytest.fixture
def upgraded(transactional_db: None, tmp_path: Path) -> Iterator[Path]:
    """The product on the old version's database, which has been brought up to date."""
    path = tmp_path / "old.sqlite3"
    old_database(path)
    connection.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(connection.settings_dict, "NAME", str(path))
        call_command("migrate", verbosity=0)
        yield path
        connection.close()


def test_its_pages_and_receipts_are_read(upgraded: Path, remote: Remote) -> None:
    person = Person()
    assert health.trouble() == ""
    assert person.sign_in(COORDINATOR).status_code == 302
    said = {
        "/operations/1/": "Pool 1",
        "/operations/2/": "Pool 2",
        "/operations/3/": "Altona",
        "/operations/4/": "Jörg Müller",
        "/operations/": "Altona",
        "/handover/": "The van is at the garage.",
        "/groups/1/": "Hamburg",
        "/cars/1/": "HH-FK 1234",
        "/timeline/": "Pool 1",
        "/assignments/series/": "series",
    }
    for path, words in said.items():
        page = person.get(path)
        assert page.status_code == 200, path
        assert words in page.content.decode(), path


def test_a_change_of_before_can_be_undone_after(upgraded: Path, remote: Remote) -> None:
    person = Person()
    person.sign_in(COORDINATOR)
    remote.change("add_member", kind="cars", group=2, id=1)
    remote.change("remove_member", kind="cars", group=1, id=1)
    plan = person.post("/operations/1/back/", follow=True)
    press(person, plan, "run")
    assert Operation.objects.latest("pk").state == "confirmed"
    assert 1 in next(one["cars"] for one in remote.state(1)["groups"] if one["id"] == 1)


def test_the_old_version_writes_and_reads_what_it_did(upgraded: Path, tmp_path: Path) -> None:
    """Each of its rows once more, with the columns that it knows: it works on while the nodes are upgraded."""
    before = tmp_path / "before.sqlite3"
    old_database(before)
    rows = 0
    with closing(sqlite3.connect(before)) as old, closing(sqlite3.connect(upgraded)) as new:
        tables = [name for (name,) in old.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in [one for one in tables if one.partition("_")[0] in OURS]:
            columns = [row[1] for row in old.execute(f'PRAGMA table_info("{table}")')]
            named = ", ".join(f'"{column}"' for column in columns)
            for row in old.execute(f'SELECT {named} FROM "{table}"').fetchall():
                new.execute(f'DELETE FROM "{table}" WHERE "{columns[0]}" = ?', row[:1])
                new.execute(f'INSERT INTO "{table}" ({named}) VALUES ({", ".join("?" * len(row))})', row)
                rows += 1
    assert rows > 60
