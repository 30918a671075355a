"""Copies of the data: what is in them, what is not, what they refuse, and that they can be put back."""

import datetime as dt
import json
import platform
import re
import sqlite3
import stat
import subprocess
import zipfile
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.utils import timezone

from flinkey_admin.accounts.models import Customer, Manager, SignIn
from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.fleet.models import Note
from flinkey_admin.node import copies
from flinkey_admin.node.copies import services
from flinkey_admin.node.models import Worker
from flinkey_admin.operations import journal
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.sandbox import Remote
from tests.assignments.test_several import asked
from tests.conftest import COORDINATOR, Person, hang_up, work_off
from tests.operations.stage import HAMBURG, press, receipt, says

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def alone() -> None:
    """Nobody else has the database open, unless the test says so."""
    hang_up()


@pytest.fixture
def coordinator(transactional_db: None, remote: Any) -> Person:
    """Signed in, in a database whose rows other connections see."""
    person = Person()
    assert person.sign_in(COORDINATOR).status_code == 302
    return person


def run(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


def content(path: Path) -> bytes:
    with zipfile.ZipFile(path) as packed:
        return packed.read("database")


def note(text: str) -> None:
    person, customer = Manager.objects.get(), Customer.objects.get()
    Note.objects.create(person=person, customer=customer, text=text, written_at=timezone.now())


def test_what_is_put_back_is_what_was_there(coordinator: Person, tmp_path: Path) -> None:
    note("before")
    said = run("backup", str(tmp_path / "one.zip"))
    assert "Not in it: SECRET_KEY and TOKEN_KEYS" in said
    note("after")
    said = run("restore", str(tmp_path / "one.zip"))
    assert [one.text for one in Note.objects.all()] == ["before"]
    (aside,) = Path(str(connection.settings_dict["NAME"])).parent.glob("*.before-restore-*")
    assert f"kept at {aside} for" in said
    with closing(sqlite3.connect(aside)) as old:
        assert old.execute("SELECT text FROM fleet_note ORDER BY id").fetchall() == [("before",), ("after",)]
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    aside.unlink()


def test_a_backup_that_was_made_is_known_and_one_that_was_not_is_not(
    coordinator: Person, tmp_path: Path, settings: Any
) -> None:
    """Nor does a backup fail where nothing can be noted."""
    settings.VAR_DIR = tmp_path / "var"
    run("backup", str(tmp_path / "one.zip"))
    assert copies.last_made() is None
    settings.VAR_DIR.mkdir()
    with pytest.raises(CommandError):
        run("backup", str(tmp_path / "one.zip"))
    assert copies.last_made() is None
    run("backup", str(tmp_path / "two.zip"))
    (made, asked) = copies.last_made(), timezone.now()
    assert made
    assert abs(asked - made) < dt.timedelta(minutes=5)


def test_what_was_before_a_restore_is_named_to_whoever_erases_and_goes_in_time(
    coordinator: Person, tmp_path: Path
) -> None:
    run("backup", str(tmp_path / "one.zip"))
    assert "Of before a restore" not in run("forget_person", COORDINATOR, "--dry-run")
    said = run("restore", str(tmp_path / "one.zip"))
    (fresh,) = copies.asides()
    assert f"kept at {fresh} for 30 days" in said
    old = fresh.with_name(re.sub(r"\d{8}-", f"{timezone.localtime() - dt.timedelta(days=31):%Y%m%d}-", fresh.name))
    beside = Path(f"{old}-wal")
    mine = fresh.with_name(f"{fresh.name.partition('.')[0]}.before-restore-of-mine.sqlite3")
    for path in (old, beside, mine):
        path.touch()
    assert f": {old}, {beside}, {fresh}. Delete them yourself." in run("forget_person", COORDINATOR, "--dry-run")
    assert "2 databases of before a restore" in run("prune", "--dry-run")
    assert old.exists()
    run("prune")
    assert [old.exists(), beside.exists(), fresh.exists(), mine.exists()] == [False, False, True, True]
    fresh.unlink()
    mine.unlink()


def test_no_session_and_no_key_is_in_it(coordinator: Person, tmp_path: Path, settings: Any) -> None:
    """Not even in a page of the file that is free again."""
    key = SignIn.objects.get().session_key
    live = Path(str(connection.settings_dict["NAME"]))
    with closing(sqlite3.connect(live)) as own:
        own.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert key.encode() in live.read_bytes(), "such a thing could be in it"
    run("backup", str(tmp_path / "one.zip"))
    data = content(tmp_path / "one.zip")
    assert COORDINATOR.encode() in data
    for secret in (key, settings.SECRET_KEY, settings.FLINKEY_API_KEY, *settings.TOKEN_KEYS):
        assert secret.encode() not in data
    run("restore", str(tmp_path / "one.zip"))
    assert coordinator.get("/groups/").headers["Location"].startswith("/sign-in/")
    for aside in live.parent.glob("*.before-restore-*"):
        aside.unlink()


def test_the_file_says_what_it_is_and_is_for_its_owner_alone(coordinator: Person, tmp_path: Path) -> None:
    run("backup", str(tmp_path))
    (path,) = tmp_path.iterdir()
    assert path.name.startswith("flinkey-admin-2")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with zipfile.ZipFile(path) as packed:
        manifest = json.loads(packed.read("manifest.json"))
    assert (manifest["engine"], manifest["format"]) == ("sqlite", 1)
    assert "0001_initial" in manifest["migrations"]["accounts"]
    with pytest.raises(CommandError, match="stays as it is"):
        run("backup", str(path))


def changed(path: Path, to: Path, data: bytes | None = None, **facts: object) -> str:
    """The same backup with another manifest or content; its path."""
    with zipfile.ZipFile(path) as packed, zipfile.ZipFile(to, "w") as fresh:
        fresh.writestr("manifest.json", json.dumps({**json.loads(packed.read("manifest.json")), **facts}))
        fresh.writestr("database", data if data is not None else packed.read("database"))
    return str(to)


def test_what_cannot_be_put_back_is_said_and_nothing_changes(coordinator: Person, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    run("backup", str(good))
    note("still here")
    cut = tmp_path / "cut.zip"
    cut.write_bytes(good.read_bytes()[:-3000])
    (tmp_path / "text.zip").write_text("hello", encoding="ascii")
    cases = {
        str(tmp_path / "none.zip"): "There is no file",
        str(tmp_path / "text.zip"): "no backup of flinkey admin",
        str(cut): "no backup of flinkey admin",
        changed(good, bad, format=2): "newer flinkey admin",
        changed(good, tmp_path / "b2.zip", version="99.0"): "newer than this one",
        changed(good, tmp_path / "b3.zip", migrations={"fleet": ["0099_wings"]}): "newer than this one",
        changed(good, tmp_path / "b4.zip", engine="postgresql"): "DATABASE_URL names sqlite",
        changed(good, tmp_path / "b5.zip", content(good)[:-1] + b"x"): "not what was written",
        changed(good, tmp_path / "b6.zip", surplus=1): "no backup of flinkey admin",
    }
    for path, words in cases.items():
        with pytest.raises(CommandError, match=words):
            run("restore", path)
        assert Note.objects.count() == 1
    assert not list(Path(str(connection.settings_dict["NAME"])).parent.glob("*.before-restore-*"))


def test_a_damaged_database_gives_no_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, coordinator: Person
) -> None:
    run("backup", str(tmp_path / "good.zip"))
    broken = bytearray(content(tmp_path / "good.zip"))
    for at in range(len(broken) // 2, len(broken), 4096):
        broken[at : at + 64] = b"\xff" * 64
    (tmp_path / "broken.sqlite3").write_bytes(broken)
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "broken.sqlite3"))
    with pytest.raises(CommandError, match=r"damaged|malformed"):
        run("backup", str(tmp_path / "bad.zip"))
    assert not (tmp_path / "bad.zip").exists()


def test_a_database_at_which_somebody_works_is_left_alone(coordinator: Person, tmp_path: Path) -> None:
    run("backup", str(tmp_path / "one.zip"))
    note("after")
    with closing(sqlite3.connect(str(connection.settings_dict["NAME"]))) as other:
        other.execute("SELECT count(*) FROM fleet_note").fetchone()  # it has looked once and is idle now
        with pytest.raises(CommandError, match="Other processes work on this database"):
            run("restore", str(tmp_path / "one.zip"))
        assert Note.objects.count() == 1
        run("restore", str(tmp_path / "one.zip"), "--force")
        assert other.execute("SELECT count(*) FROM fleet_note").fetchone() == (0,), "and it reads the restored one"
    for aside in Path(str(connection.settings_dict["NAME"])).parent.glob("*.before-restore-*"):
        aside.unlink()


def test_a_worker_that_is_between_two_looks_is_noticed(coordinator: Person, tmp_path: Path) -> None:
    """On SQLite it has the database open for a moment only."""
    run("backup", str(tmp_path / "one.zip"))
    note("after")
    with subprocess.Popen(["sleep", "60"]) as worker:
        sign = {"machine": platform.node(), "queues": "runs", "seen_at": timezone.now()}
        Worker.objects.create(name=f"{platform.node()}:{worker.pid}", **sign)
        with pytest.raises(CommandError, match="Other processes work on this database"):
            run("restore", str(tmp_path / "one.zip"))
        assert Note.objects.count() == 1
        worker.kill()
    run("restore", str(tmp_path / "one.zip"))
    assert Note.objects.count() == 0
    for aside in Path(str(connection.settings_dict["NAME"])).parent.glob("*.before-restore-*"):
        aside.unlink()


def give(scope: Scope, *states: State) -> Operation:
    """A change that gives accesses, with a yes, whose steps are so far."""
    steps = [
        journal.Planned(Verb.CREATE_WINDOW, "HH-FH 2606", car_id=1, user_id=number, args={"start": "x", "end": None})
        for number in range(len(states))
    ]
    operation = journal.plan(scope, Operation.Kind.GIVE_ACCESS, {}, steps)
    journal.queue(operation)
    for step, state in zip(operation.steps.all(), states, strict=True):
        Step.objects.filter(pk=step.pk).update(state=state)
    return operation


def test_a_window_that_may_have_been_sent_since_is_never_sent_again(coordinator: Person) -> None:
    """The backup says planned; between it and the fire flinkey may have got it."""
    scope = Scope(Manager.objects.get(), Customer.objects.get())
    operation = give(scope, State.CONFIRMED, State.SENT, State.PLANNED, State.REFUSED)
    add = [journal.Planned(Verb.ADD, "Pool 1", kind="cars", thing_id=1, group_id=HAMBURG)]
    member = journal.plan(scope, Operation.Kind.ADD, {}, add)
    journal.queue(member)
    plan = journal.plan(scope, Operation.Kind.ADD, {}, add)
    with connection.cursor() as cursor:
        for change in journal.as_restored():
            cursor.execute(change)
    assert journal.under_way() == 2
    journal.recover()
    states = [step.state for step in operation.steps.all()]
    assert states == [State.CONFIRMED, State.UNKNOWN, State.UNKNOWN, State.REFUSED]
    assert not journal.to_send(operation).exists()
    assert [step.state for step in member.steps.all()] == [State.PLANNED], "which may be repeated"
    plan.refresh_from_db()
    assert (plan.started_at, plan.state) == (None, State.PLANNED)


def test_a_plan_that_may_have_had_its_yes_since_is_made_anew(coordinator: Person, remote: Remote) -> None:
    """Its page is still open somewhere, with the button."""
    review = asked(coordinator, start="2032-01-01T08:00", end="2032-01-01T18:00")
    with connection.cursor() as cursor:
        for change in journal.as_restored():
            cursor.execute(change)
    remote.clear_requests()
    press(coordinator, review, "run")
    work_off()
    assert [one for one in remote.requests() if one["method"] != "GET"] == []
    assert Operation.objects.get().state == State.REFUSED
    assert says(receipt(coordinator), "Not sent: a backup was put back since this was planned.")


def test_no_moment_of_death_lets_a_restored_window_be_sent(
    coordinator: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dead, or refused, as soon as the copy is in its place."""
    operation = give(Scope(Manager.objects.get(), Customer.objects.get()), State.SENT, State.PLANNED)
    run("backup", str(tmp_path / "one.zip"))
    monkeypatch.setattr(services, "call_command", Mock(side_effect=[KeyboardInterrupt, OperationalError("disk full")]))
    with pytest.raises(KeyboardInterrupt):
        run("restore", str(tmp_path / "one.zip"))
    assert not journal.to_send(operation).exists()
    journal.recover()
    assert [step.state for step in operation.steps.all()] == [State.UNKNOWN] * 2
    for aside in copies.asides():
        aside.unlink()
    told = r"^Restored, but not brought up to this version: disk full\. Mend that and run flinkey-admin migrate, "
    with pytest.raises(CommandError, match=told) as refused:
        run("restore", str(tmp_path / "one.zip"))
    (aside,) = copies.asides()
    assert str(aside) in str(refused.value)
    assert not journal.to_send(operation).exists()
    aside.unlink()


def test_a_copy_says_so_when_it_cannot_be_written(coordinator: Person, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No backup was made"):
        run("backup", str(tmp_path / "no-such-folder" / "one.zip"))


def test_nothing_half_is_left_behind(coordinator: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "none.sqlite3"))
    with pytest.raises(copies.Refused, match="no database yet"):
        copies.backup(tmp_path / "one.zip")
    assert list(tmp_path.iterdir()) == []
