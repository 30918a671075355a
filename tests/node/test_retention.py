"""What has run out goes by itself, once a night, and nothing else does."""

import datetime as dt
from email.utils import format_datetime
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.sessions.models import Session
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from flinkey_admin.accounts.models import Manager
from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.fleet.models import Note, Selection
from flinkey_admin.mirror.models import Car, Membership, User, Window
from flinkey_admin.node import retention
from flinkey_admin.operations import signals
from tests.conftest import COORDINATOR, Person, work_off
from tests.flinkey.wires import Wire, answer, silence
from tests.operations.conftest import clock, scope  # noqa: F401 - the fixtures
from tests.operations.stage import Clock
from tests.operations.test_prune import move, prune

DAY = 24 * 3600
OLD = dt.timedelta(days=541)


@pytest.fixture(autouse=True)
def never_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention.if_due, "next_at", 0.0)


def look_around(monkeypatch: pytest.MonkeyPatch) -> int:
    """The worker looks around ten minutes later; how often the night's work was asked for by now."""
    monkeypatch.setattr(retention.if_due, "next_at", 0.0)
    signals.looked.send(sender=None)
    return DBTaskResult.objects.filter(task_path="flinkey_admin.node.retention.prune_nightly").count()


def test_once_a_night_however_many_workers(
    clock: Clock,  # noqa: F811
    scope: Scope,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is Tuesday, 10:00 in Berlin."""
    assert [look_around(monkeypatch) for _worker in range(3)] == [1, 1, 1]
    clock.advance(17 * 3600 - 60)  # 02:59
    assert look_around(monkeypatch) == 1
    clock.advance(120)
    assert [look_around(monkeypatch) for _worker in range(3)] == [2, 2, 2]
    clock.advance(DAY)
    assert look_around(monkeypatch) == 3


def test_not_each_look_asks_the_database(db: None, django_assert_num_queries: Any) -> None:
    signals.looked.send(sender=None)
    with django_assert_num_queries(0):
        signals.looked.send(sender=None)


def test_the_worker_does_it(clock: Clock, scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    old, young = move(scope, OLD), move(scope, dt.timedelta(days=1))
    running = {"task_path": "x", "args_kwargs": {}, "status": "RUNNING", "priority": 0, "run_after": timezone.now()}
    for days in (15, 13):
        DBTaskResult.objects.create(**running, started_at=timezone.now() - dt.timedelta(days=days))
    look_around(monkeypatch)
    work_off("sweep")
    assert [type(old).objects.filter(pk=one.pk).exists() for one in (old, young)] == [False, True]
    assert DBTaskResult.objects.filter(task_path="x").count() == 1, "its process was killed long ago"


@pytest.mark.parametrize("ahead", [365, None])
def test_nothing_goes_by_a_clock_that_flinkey_does_not_confirm(
    scope: Scope,  # noqa: F811
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    ahead: int | None,
) -> None:
    old = move(scope, OLD)
    told = format_datetime(dt.datetime.now(dt.UTC) - dt.timedelta(days=ahead or 0), usegmt=True)
    with Wire(answer(401, {}, Date=told) if ahead else silence) as wire:
        settings.FLINKEY_API_URL = wire.url
        assert look_around(monkeypatch) == 1
        work_off("sweep")
    assert type(old).objects.filter(pk=old.pk).exists()


def test_what_has_run_out(scope: Scope, coordinator: Person) -> None:  # noqa: F811
    now = timezone.now()
    person = Manager.objects.get(email=COORDINATOR)
    coordinator.get("/cars/1/")
    coordinator.get("/users/1/")
    coordinator.get("/groups/1/")
    for number in (1, 2):  # and what nobody has taken away yet
        User.objects.get_or_create(customer=scope.customer, flinkey_id=number, defaults={"seen_at": now})
    for age in (OLD, dt.timedelta(days=1)):
        Note.objects.create(customer=scope.customer, person=person, text="x", written_at=now - age)
        for model in (Car, User, Membership, Window):
            row = model._default_manager.filter(ended_at=None).earliest("pk")
            model._default_manager.filter(pk=row.pk).update(ended_at=now - age)
    Session.objects.create(session_key="old", session_data="x", expire_date=now - dt.timedelta(hours=1))
    for model, field in (
        (AccessAttempt, {"get_data": "", "post_data": "", "failures_since_start": 1}),
        (AccessLog, {}),
    ):
        row = model.objects.create(username="a@b.example", ip_address="192.0.2.1", **field)
        model.objects.filter(pk=row.pk).update(attempt_time=now - dt.timedelta(days=31))
    ticked = Selection.objects.create(customer=scope.customer, manager=person, kind="cars", ids=[1])
    Selection.objects.filter(pk=ticked.pk).update(created_at=now - dt.timedelta(hours=25))
    kept = [model._default_manager.count() for model in (Session, Note, Car, User, Membership, Window)]
    said = prune("--dry-run")
    for words in (
        "1 notes of the shifts",
        "1 sessions",
        "2 notes of sign-ins",
        "1 ticks",
        "4 things that flinkey has no more",
    ):
        assert words in said
    assert [model._default_manager.count() for model in (Session, Note, Car, User, Membership, Window)] == kept
    assert prune().replace("Deleted", "Would delete") == said
    left = [model._default_manager.count() for model in (Session, Note, Car, User, Membership, Window)]
    assert left == [number - 1 for number in kept]
    assert not AccessAttempt.objects.exists() and not Selection.objects.exists()
    assert coordinator.get("/groups/").status_code == 200
