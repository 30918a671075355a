"""Alive and ready: what they need, what they say, and that flinkey has no say in it."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from flinkey_admin.node import health
from tests.conftest import Person

ONLY_READ = {"sqlite": "PRAGMA query_only=ON", "postgresql": "SET default_transaction_read_only = on"}
SENTENCE = re.compile(r"[A-Z][^.]*\.")


def ready(**more: Any) -> tuple[int, str]:
    answer = Client(**more).get("/health/ready/")
    assert answer.status_code == 200 or SENTENCE.fullmatch(answer.content.decode()), "one plain sentence"
    return answer.status_code, answer.content.decode()


def test_alive_asks_no_database(coordinator: Person, django_assert_num_queries: Any) -> None:
    """Also for a browser that is signed in."""
    with django_assert_num_queries(0):
        assert coordinator.get("/health/live/").content == b"ok"


def test_alive_without_any_database() -> None:
    """This test may use none: whatever asked one would raise."""
    assert Client().get("/health/live/").content == b"ok"


@pytest.mark.parametrize("host", ["10.0.0.7:8000", "pod-17", "évil", ""])
def test_whoever_watches_a_node_calls_it_as_they_like(db: None, host: str) -> None:
    assert ready(headers={"host": host}) == (200, "ok")
    assert Client(headers={"host": host}).get("/groups/").status_code == 400, "which nobody else may"


def test_ready_writes_nothing(db: None, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(6) as seen:
        assert ready() == (200, "ok")
    assert [one["sql"] for one in seen.captured_queries if one["sql"].startswith("DELETE")], "but it tries to"


def test_a_migration_that_is_missing(db: None) -> None:
    MigrationRecorder(connection).migration_qs.filter(app="fleet", name="0002_notes").delete()
    assert ready() == (503, health.OLD)


def test_a_later_version_s_database_is_fine(db: None) -> None:
    """While an upgrade goes through the nodes, the old ones work on."""
    MigrationRecorder(connection).record_applied("fleet", "0099_wings")
    assert ready() == (200, "ok")


@pytest.fixture
def elsewhere(transactional_db: None, tmp_path: Path) -> Iterator[Path]:
    """The path of a copy of the database, on which the product works from here on."""
    path = tmp_path / "data" / "elsewhere.sqlite3"
    path.parent.mkdir()
    connection.ensure_connection()
    with closing(sqlite3.connect(path)) as copy:
        connection.connection.backup(copy)
    connection.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(connection.settings_dict, "NAME", str(path))
        yield path
        connection.close()


def test_a_database_that_is_only_read(transactional_db: None) -> None:
    assert ready() == (200, "ok")
    with connection.cursor() as cursor:
        cursor.execute(ONLY_READ[connection.vendor])
    assert ready() == (503, health.READ_ONLY)
    connection.close()
    assert ready() == (200, "ok")


def test_a_database_that_is_none(elsewhere: Path) -> None:
    elsewhere.write_bytes(b"no database" * 1000)
    assert ready() == (503, health.NO_DATABASE)


def test_a_database_that_has_never_been_made(elsewhere: Path) -> None:
    elsewhere.unlink()
    assert ready() == (503, health.OLD)


def test_a_folder_that_has_gone(elsewhere: Path) -> None:
    elsewhere.unlink()
    for rest in elsewhere.parent.iterdir():
        rest.unlink()
    elsewhere.parent.rmdir()
    assert ready() == (503, health.NO_DATABASE)


def test_a_writer_that_does_not_end(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.1)
    with closing(sqlite3.connect(elsewhere)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert ready() == (503, health.BUSY)
    connection.close()
    assert ready() == (200, "ok")


def test_flinkey_has_no_say(db: None, settings: Any) -> None:
    settings.FLINKEY_API_URL = "http://127.0.0.1:9/v3"
    assert ready() == (200, "ok")
