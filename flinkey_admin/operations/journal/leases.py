"""Who runs a change, and why it does not go on."""

import datetime as dt
import uuid

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.operations.journal.state import may_come, summarise
from flinkey_admin.operations.journal.terms import LEASE, PATIENCE, LeaseLost
from flinkey_admin.operations.models import Hold, Operation, State, Step, Verb

MEMBERS = (Verb.ADD, Verb.REMOVE)


def begin(operation: Operation) -> bool:
    """Takes the lease; False when somebody else is at it, it is done, or another change is at one of its things."""
    now, mark = timezone.now(), uuid.uuid4()
    with transaction.atomic():
        Operation.objects.filter(pk=operation.pk, started_at=None).update(started_at=now)
        operation.refresh_from_db(fields=["started_at"])
        if in_the_way(operation):
            return False
        taken = (
            Operation.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), pk=operation.pk, finished_at=None)
            .exclude(state=State.CONFIRMED)
            .update(lease_until=now + LEASE, lease_mark=mark, state=State.SENT, hold="", active_at=now)
        )
        if taken:
            _note_what_left(operation)
    operation.lease_mark = mark if taken else None
    return bool(taken)


def _note_what_left(operation: Operation) -> None:
    """What was in its new group when this was planned may have been taken out since, by the change it waited for.

    So it is for this change to put it there again, and to take it out when undone.
    """
    mine = operation.steps.filter(verb=Verb.ADD, state=State.PLANNED, before__inside=True)
    for step in mine:
        since = {"settled_at__gte": operation.created_at, "state": State.CONFIRMED, "already": False}
        same = Step.objects.filter(customer=step.customer_id, kind=step.kind, thing_id=step.thing_id, **since)
        last = same.filter(group_id=step.group_id, verb__in=MEMBERS).order_by("settled_at", "pk").last()
        if last and last.verb == Verb.REMOVE:
            step.before = {}
            step.save(update_fields=["before"])


def in_the_way(operation: Operation) -> list[Operation]:
    """The changes that got their yes before this one, or are under way, and are not done with one of its things."""
    mine = Step.objects.filter(operation=operation, settled_at=None).exclude(thing_id=None)
    others = Step.objects.filter(
        Exists(mine.filter(kind=OuterRef("kind"), thing_id=OuterRef("thing_id"))),
        customer=operation.customer_id,
        settled_at=None,
        operation__finished_at=None,
        operation__started_at__isnull=False,
    ).exclude(operation=operation)
    others = may_come(others)  # nobody need wait for what will not
    if operation.started_at:
        earlier = Q(operation__started_at=operation.started_at, operation__lt=operation.pk)
        # A younger one that is under way looks no more: one that is retried meanwhile waits for it.
        running = Q(operation__lease_until__gte=timezone.now())
        others = others.filter(Q(operation__started_at__lt=operation.started_at) | earlier | running)
    found = Operation.objects.filter(pk__in=others.values("operation"))
    return list(found.select_related("person").order_by("started_at"))


def release(operation: Operation, hold: str = "", next_try_at: dt.datetime | None = None) -> None:
    """Gives the lease back and sums up. A step still under way has lost its answer.

    hold: why what is left does not go on at once. Whoever has lost the lease gives nothing back.
    """
    with transaction.atomic():
        mine = Operation.objects.filter(pk=operation.pk)
        if operation.lease_mark:
            mine = mine.filter(lease_mark=operation.lease_mark)
        if not mine.update(lease_until=None, lease_mark=None, hold=hold, next_try_at=next_try_at, wish=""):
            return
        Step.objects.filter(operation=operation, state=State.SENT).update(state=State.UNKNOWN, reason="lost")
        summarise(operation)
        let_go(operation)


def let_go(operation: Operation) -> None:
    """What has waited for a window that is confirmed by now goes to the worker, unless something else holds it.

    Whoever confirms the window may do so while another process has the lease, so giving that back looks again.
    """
    now, row = timezone.now(), Operation.objects.filter(pk=operation.pk, lease_until=None, hold="", closed_at=None)
    ready = operation.steps.filter(state=State.PLANNED, after__verb__endswith="-window", after__state=State.CONFIRMED)
    if ready.exists() and row.update(hold=Hold.QUEUED, next_try_at=None):
        # After a short wait it just goes on; what has waited for long may be asked about once more.
        Operation.objects.filter(pk=operation.pk, active_at__gt=now - PATIENCE).update(active_at=now)
        operation.refresh_from_db()


def recover(scope: Scope | None = None) -> list[Operation]:
    """Sums up what a dead process has left: the leases, of this customer or of all, that nobody has renewed."""
    dead = Operation.objects.filter(lease_until__lt=timezone.now())
    found = list(scoped(dead, scope) if scope else dead)
    for operation in found:
        operation.lease_mark = None
        release(operation, Hold.QUEUED)
    return found


def hold(operation: Operation, why: str, next_try_at: dt.datetime | None = None) -> None:
    """Says why a change that nobody runs just now does not go on."""
    Operation.objects.filter(pk=operation.pk, lease_until=None, finished_at=None).update(
        hold=why, next_try_at=next_try_at
    )


def claim_try(operation: Operation, until: dt.datetime) -> bool:
    """Takes the next try of a waiting change, so that of many who look only one asks the worker for it."""
    due = Q(next_try_at=None) | Q(next_try_at__lte=timezone.now())
    return bool(Operation.objects.filter(due, pk=operation.pk, lease_until=None).update(next_try_at=until))


def set_pace(operation: Operation, calls_per_second: float) -> None:
    """How quickly flinkey lets itself be called, as far as a pause that it asked for has taught."""
    Operation.objects.filter(pk=operation.pk).update(pace=calls_per_second)


def renew(operation: Operation) -> None:
    """Whoever runs it is alive. Raises LeaseLost."""
    now = timezone.now()
    mine = Operation.objects.filter(pk=operation.pk, lease_mark=operation.lease_mark)
    if not mine.update(lease_until=now + LEASE, active_at=now):
        raise LeaseLost(str(operation))
