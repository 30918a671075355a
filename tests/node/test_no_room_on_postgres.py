"""PostgreSQL full, only read, or with a failing disk: the same as in test_no_room.py. `make pg` runs it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from django.db import connection

from flinkey_admin.node import health
from flinkey_admin.operations.models import Hold, Operation
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.conftest import COORDINATOR, PASSWORD, Person
from tests.node.test_no_room import at_work, fill, nothing_can_be_changed, pages_are_read, ready, small_disk
from tests.operations.stage import says, took_effect
from tests.stages import every_row, tables

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="what PostgreSQL says, and SQLite does not")

FULL, FAILS = "53100", "58030"
JOURNAL = ("operations_operation", "operations_step")


@pytest.fixture
def desk(transactional_db: None, remote: Remote, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Somebody at work. The worker cannot write either."""
    person = at_work()
    monkeypatch.setattr("tests.conftest.work_off", lambda: None)
    return person


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


@contextmanager
def only_read() -> Iterator[None]:
    """As a standby is, or a server that somebody has set so."""
    name = connection.ops.quote_name(str(connection.settings_dict["NAME"]))
    run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    connection.close()
    try:
        yield
    finally:
        run("SET default_transaction_read_only = off", f"ALTER DATABASE {name} RESET default_transaction_read_only")
        connection.close()


@contextmanager
def refused(code: str) -> Iterator[None]:
    """Whatever is to be written is refused with this code of PostgreSQL's."""
    body = f"BEGIN RAISE EXCEPTION 'no such luck' USING ERRCODE = '{code}'; END"
    run(f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
    when = "BEFORE INSERT OR UPDATE OR DELETE"
    run(*(f'CREATE TRIGGER refuse {when} ON "{one}" EXECUTE FUNCTION refuse()' for one in tables()))
    try:
        yield
    finally:
        run("DROP FUNCTION refuse() CASCADE")


WAYS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "only read": only_read,
    "full": lambda: refused(FULL),
    "a failing disk": lambda: refused(FAILS),
}


@pytest.mark.sampled(1)
@pytest.mark.parametrize("way", WAYS)
def test_nothing_can_be_written(desk: Person, remote: Remote, way: str) -> None:
    desk.post("/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"})
    before, plan = every_row(), Operation.objects.get()
    with WAYS[way]():
        pages_are_read(desk)
        nothing_can_be_changed(desk, remote)
        for path in (f"/operations/{plan.pk}/run/", "/sign-in/"):
            page = desk.post(path, {"username": COORDINATOR, "password": PASSWORD})
            assert page.status_code == 503
            assert says(page, sentences.STORE)
    assert every_row() == before
    goes_on(desk, remote)
    assert desk.post(f"/operations/{plan.pk}/run/").status_code == 302
    plan.refresh_from_db()
    assert plan.hold == Hold.QUEUED


def goes_on(person: Person, remote: Remote) -> None:
    """Somebody presses the same button once more, and it is done once."""
    assert ready(person) == (200, "ok")
    assert person.post("/groups/1/rename/", {"name": "Altona"}).status_code == 302
    assert took_effect(remote, "updateGroup") == 1


def test_a_database_that_is_only_read_is_not_ready(desk: Person) -> None:
    with only_read():
        assert ready(desk) == (503, health.READ_ONLY)
    assert ready(desk) == (200, "ok")


@contextmanager
def small_tablespace() -> Iterator[Path]:
    """A real disk of its own for the journal, which is empty: the next row needs a page."""
    with tempfile.TemporaryDirectory(prefix="flinkey-admin-tablespace-") as folder:
        Path(folder).chmod(0o755)  # the server is another user
        with small_disk(Path(folder) / "disk", 8) as disk:
            shutil.chown(disk, "postgres")
            run(f"CREATE TABLESPACE small LOCATION '{disk}'")
            run(
                "TRUNCATE operations_operation CASCADE", *(f"ALTER TABLE {one} SET TABLESPACE small" for one in JOURNAL)
            )
            try:
                yield disk
            finally:
                (disk / "ballast").unlink(missing_ok=True)
                run(*(f"ALTER TABLE {one} SET TABLESPACE pg_default" for one in JOURNAL), "DROP TABLESPACE small")


def test_a_disk_that_is_full(desk: Person, remote: Remote) -> None:
    """How much room there is only PostgreSQL's own machine knows, so the node goes on, and pages are read."""
    with small_tablespace() as disk:
        fill(disk)
        assert ready(desk) == (200, "ok")
        assert says(desk.get("/groups/"), "Hamburg")
        nothing_can_be_changed(desk, remote)
        assert not Operation.objects.exists()
        (disk / "ballast").unlink()
        goes_on(desk, remote)
