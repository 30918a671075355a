"""Old history goes, and nothing that somebody has yet to look after."""

import datetime as dt
import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.operations import journal, services
from flinkey_admin.operations.journal import pruning
from flinkey_admin.operations.models import Operation, Outside, State, Step, Verb, Webhook

Kind = Operation.Kind
LIMIT = dt.timedelta(days=540)
OLD, YOUNG = LIMIT + dt.timedelta(hours=1), LIMIT - dt.timedelta(hours=1)


def move(scope: Scope, age: dt.timedelta, *states: State, cars: int = 1) -> Operation:
    """A move of so many cars, finished so long ago. `states`: of the add and of the remove of each."""
    steps = []
    for car in range(cars):
        steps.append(journal.Planned(Verb.ADD, "Pool", kind="cars", thing_id=car, group_id=2))
        steps.append(journal.Planned(Verb.REMOVE, "Pool", kind="cars", thing_id=car, group_id=1, after=2 * car))
    facts = {"from": "Hamburg", "to": "Berlin", "kind": "cars", "count": cars}
    operation = journal.plan(scope, Kind.MOVE, facts, steps)
    added, removed = states or (State.CONFIRMED, State.CONFIRMED)
    Step.objects.filter(operation=operation, verb=Verb.ADD).update(state=added)
    Step.objects.filter(operation=operation, verb=Verb.REMOVE).update(state=removed)
    at = timezone.now() - age
    Operation.objects.filter(pk=operation.pk).update(created_at=at, started_at=at)
    journal.summarise(operation)
    Operation.objects.filter(pk=operation.pk, finished_at__isnull=False).update(finished_at=at)
    return Operation.objects.get(pk=operation.pk)


def seen(scope: Scope, age: dt.timedelta) -> Outside:
    facts: dict[str, Any] = {"what": "new", "kind": "cars", "thing_id": 1, "label": "Pool 1"}
    return Outside.objects.create(customer=scope.customer, seen_at=timezone.now() - age, **facts)


def told(age: dt.timedelta, digest: str, step: Step | None = None) -> Webhook:
    """A message that came first long ago and for the last time so long ago."""
    row = Webhook.objects.create(digest=digest, body="{}", step=step)
    now = timezone.now()
    Webhook.objects.filter(pk=row.pk).update(first_at=now - 2 * LIMIT, last_at=now - age)
    return row


def noted(age: dt.timedelta, queue: str, status: str = "SUCCESSFUL") -> "DBTaskResult[Any, Any]":
    """A note of the worker's."""
    at = timezone.now() - age
    facts = {"args_kwargs": {"args": [], "kwargs": {}}, "backend_name": "default", "task_path": "x", "status": status}
    finished = {} if status == "READY" else {"started_at": at, "finished_at": at}
    return DBTaskResult.objects.create(queue_name=queue, run_after=at, exception_class_path="", **facts, **finished)


def prune(*options: str) -> str:
    out = StringIO()
    call_command("prune", *options, stdout=out)
    return out.getvalue()


def test_what_was_finished_long_ago_goes_with_its_steps(scope: Scope) -> None:
    move(scope, OLD, cars=3)
    young = move(scope, YOUNG)
    refused = move(scope, OLD, State.REFUSED, State.PLANNED)
    assert refused.finished_at, "of one thing, and refused: that is an end"
    journal.close(move(scope, OLD, State.CONFIRMED, State.REFUSED))  # a person has left it as it is, just now
    assert prune() == (
        "Deleted 2 changes with 8 steps, 0 changes made elsewhere and 0 webhooks, all older than 540 days.\n"
    )
    assert Operation.objects.count() == 2
    assert Operation.objects.filter(pk=young.pk).exists()
    assert set(Step.objects.values_list("operation", flat=True)) == set(Operation.objects.values_list("pk", flat=True))


@pytest.mark.parametrize(
    "states",
    [
        (State.UNKNOWN, State.PLANNED),
        (State.PLANNED, State.PLANNED),
        (State.SENT, State.PLANNED),
        (State.CONFIRMED, State.UNKNOWN),
        (State.CONFIRMED, State.ACCEPTED),
        (State.CONFIRMED, State.REFUSED),
    ],
    ids=lambda states: f"{states[0]} {states[1]}",
)
def test_what_is_not_finished_stays_however_old(scope: Scope, states: tuple[State, State]) -> None:
    kept = move(scope, 10 * LIMIT, *states)
    assert prune().startswith("Deleted 0 changes with 0 steps")
    assert Operation.objects.get().pk == kept.pk
    assert Step.objects.filter(after__isnull=False).count() == 1, "and still knows what waits for what"


def test_what_failed_in_part_stays_until_somebody_has_left_it_so(scope: Scope) -> None:
    kept = move(scope, OLD, State.REFUSED, State.PLANNED, cars=2)
    assert kept.finished_at
    assert kept in services.unfinished(scope)
    assert prune().startswith("Deleted 0 changes")
    journal.close(kept)
    Operation.objects.update(finished_at=timezone.now() - OLD)
    assert prune().startswith("Deleted 1 changes with 4 steps")


def test_a_plan_that_waits_for_a_yes_stays(scope: Scope) -> None:
    journal.plan(scope, Kind.ADD, {}, [journal.Planned(Verb.ADD, "Pool", kind="cars", thing_id=1, group_id=2)])
    prune()
    assert Operation.objects.count() == 1


def test_what_takes_an_old_change_back_stays_without_it(scope: Scope) -> None:
    old = move(scope, OLD)
    back = journal.plan(scope, Kind.ADD, {}, [], undoes=old)
    prune()
    back.refresh_from_db()
    assert back.undoes is None


def test_what_others_did_and_what_flinkey_sent_goes_as_well(scope: Scope) -> None:
    young, old = move(scope, YOUNG), move(scope, OLD)
    seen(scope, OLD)
    kept = [seen(scope, YOUNG), told(YOUNG, "a", young.steps.first()), told(YOUNG, "b", old.steps.first())]
    told(OLD, "c", young.steps.first())
    told(OLD, "d")
    assert prune() == (
        "Deleted 1 changes with 2 steps, 1 changes made elsewhere and 2 webhooks, all older than 540 days.\n"
    )
    assert [*Outside.objects.all(), *Webhook.objects.order_by("digest")] == kept
    assert Webhook.objects.get(digest="b").step is None


def test_a_dry_run_says_the_same_and_deletes_nothing(scope: Scope) -> None:
    move(scope, OLD, cars=3)
    seen(scope, OLD)
    told(OLD, "a")
    noted(OLD, "runs")
    said = prune("--dry-run")
    assert said == (
        "Would delete 1 changes with 6 steps, 1 changes made elsewhere and 1 webhooks, all older than 540 days.\n"
        "Would delete what has run out: 1 notes of the worker.\n"
    )
    rows = [model._default_manager.count() for model in (Operation, Step, Outside, Webhook, DBTaskResult)]
    assert rows == [1, 6, 1, 1, 1]
    assert Step.objects.filter(after__isnull=False).count() == 3
    assert prune().replace("Deleted", "Would delete") == said


def test_the_setting_says_how_old(scope: Scope, settings: Any) -> None:
    settings.RETENTION_DAYS = 30
    move(scope, dt.timedelta(days=30, hours=1))
    move(scope, dt.timedelta(days=29, hours=23))
    assert re.findall(r"\d+", prune()) == ["1", "2", "0", "0", "30"]


def test_more_than_fit_into_one_go(scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "AT_A_TIME", 2)
    for _one in range(5):
        move(scope, OLD)
    prune()
    assert not Operation.objects.exists()


def test_the_worker_s_notes_go_after_two_weeks(db: None) -> None:
    for queue in ("default", "runs", "sweep"):
        noted(dt.timedelta(days=15), queue)
        noted(dt.timedelta(days=15), queue, "FAILED")
    kept = [noted(dt.timedelta(days=13), "runs"), noted(dt.timedelta(days=15), "runs", "READY")]
    prune("--dry-run")
    assert DBTaskResult.objects.count() == 8
    prune()
    assert {one.pk for one in DBTaskResult.objects.all()} == {one.pk for one in kept}
