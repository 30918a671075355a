"""A change before its first call: planned, agreed to, or forgotten."""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.operations.journal.terms import Planned, WindowBusy
from flinkey_admin.operations.models import Hold, Operation, State, Step, Verb

PLAN_LIFE = dt.timedelta(days=1)
# What a step takes from its plan as it is.
SAME = [item.name for item in fields(Planned) if item.name not in {"after", "label", "group_label"}]


def plan(
    scope: Scope,
    kind: Operation.Kind,
    facts: dict[str, Any],
    steps: Sequence[Planned],
    *,
    nonce: uuid.UUID | None = None,
    undoes: Operation | None = None,
) -> Operation:
    """Stores a change before any of it is sent. `undoes`: the change that it takes back.

    The same nonce gives the same operation again, so a form sent twice is one change. Raises WindowBusy when a step's
    `open_key` belongs to a change that is still open.
    """
    nonce = nonce or uuid.uuid4()
    _forget_old_plans(scope)
    try:
        with transaction.atomic():
            operation = Operation.objects.create(
                customer=scope.customer, person=scope.person, kind=kind, facts=facts, nonce=nonce, undoes=undoes
            )
            _store(operation, steps)
    except IntegrityError:
        again = Operation.objects.filter(nonce=nonce).first()
        if again and _same(again, scope, kind, facts):
            return again
        if again:
            # The form was changed and sent once more, with the browser's back button: another change.
            return plan(scope, kind, facts, steps, undoes=undoes)
        require_free(scope.customer.pk, [step for step in steps if step.open_key])
        raise
    return operation


def _forget_old_plans(scope: Scope) -> None:
    """A review that nobody has said yes to for a day is no plan any more."""
    yesterday = timezone.now() - PLAN_LIFE
    forget(scoped(Operation.objects.all(), scope).filter(started_at=None, created_at__lt=yesterday))


def forget(old: "QuerySet[Operation]") -> None:
    """Deletes these with their steps, of which none may be deleted while another one waits for it."""
    Step.objects.filter(operation__in=old).update(after=None)
    old.delete()


def _same(operation: Operation, scope: Scope, kind: Operation.Kind, facts: dict[str, Any]) -> bool:
    ours = (operation.customer_id, operation.person_id) == (scope.customer.pk, scope.person.pk)
    return ours and (operation.kind, operation.facts) == (kind, facts) and operation.state != State.REFUSED


def _store(operation: Operation, steps: Sequence[Planned]) -> None:
    rows = [_row(operation, position, step) for position, step in enumerate(steps)]
    stored: set[int] = set()
    while len(stored) < len(rows):  # what others wait for first
        free = {None, *stored}
        ready = [place for place, step in enumerate(steps) if place not in stored and step.after in free]
        for place in ready:
            after = steps[place].after
            rows[place].after_id = None if after is None else rows[after].pk
        Step.objects.bulk_create([rows[place] for place in ready])
        stored.update(ready)


def _row(operation: Operation, position: int, step: Planned) -> Step:
    return Step(
        operation=operation,
        customer_id=operation.customer_id,
        position=position,
        label=step.label[:300],
        group_label=step.group_label[:300],
        **{name: getattr(step, name) for name in SAME},
    )


def queue(operation: Operation, more: Sequence[Planned] = (), facts: dict[str, Any] | None = None) -> None:
    """A person's yes: from here on the worker may take it at any time. What was planned becomes a change.

    more, facts: what the yes itself has added to the plan; a second yes adds nothing. From now on the change holds its
    windows: raises WindowBusy when another one does.
    """
    now = timezone.now()
    row = Operation.objects.filter(pk=operation.pk)
    with transaction.atomic():
        if row.filter(started_at=None).update(started_at=now):
            _add(operation, more)
            _hold_windows(operation)
            row.update(facts=operation.facts | (facts or {}))
        row.filter(lease_until=None).update(hold=Hold.QUEUED)
        row.update(active_at=now, next_try_at=None, wish="")
    operation.refresh_from_db()


def _add(operation: Operation, more: Sequence[Planned]) -> None:
    """More steps behind those that were planned; each may wait for one of these."""
    keys = dict(operation.steps.values_list("position", "pk")) if more else {}
    rows = [_row(operation, len(keys) + place, step) for place, step in enumerate(more)]
    for row, step in zip(rows, more, strict=True):
        row.after_id = None if step.after is None else keys[step.after]
    Step.objects.bulk_create(rows)


def open_key(customer_id: int, step: Planned | Step) -> str | None:
    """What only one open change of a window may hold; None for any other step."""
    match step.verb:
        case Verb.CREATE_WINDOW:
            return f"create {customer_id} {step.car_id} {step.user_id} {step.args['start']} {step.args.get('end')}"
        case Verb.CHANGE_WINDOW | Verb.DELETE_WINDOW:
            return f"window {customer_id} {step.window_id}"
    return None


def _hold_windows(operation: Operation) -> None:
    """Takes the windows that this change is about, so that no other one may change them meanwhile."""
    steps = list(operation.steps.filter(open_key=None, settled_at=None, verb__endswith="-window"))
    for step in steps:
        step.open_key = open_key(operation.customer_id, step)
    try:
        with transaction.atomic():
            Step.objects.bulk_update(steps, ["open_key"], batch_size=200)
    except IntegrityError:
        require_free(operation.customer_id, steps)
        raise


def require_free(customer_id: int, steps: Iterable[Planned | Step]) -> None:
    """Raises WindowBusy when another change holds a window of these steps."""
    keys = [key for step in steps if (key := open_key(customer_id, step))]
    held = Step.objects.filter(open_key__in=keys, customer=customer_id).select_related("operation").first()
    if held is not None:
        raise WindowBusy(held.operation)


def set_reason(operation: Operation, reason: str) -> None:
    """Why somebody wants a change: a few words or a ticket number. Given with the yes."""
    operation.reason = " ".join(reason.replace("\0", "").split())[:200]
    Operation.objects.filter(pk=operation.pk, started_at=None).update(reason=operation.reason)


def leave_out(operation: Operation, steps: Sequence[Step], why: Sequence[str]) -> None:
    """Takes steps that stand by themselves out of a plan that nobody has said yes to; `why`: a sentence for each."""
    with transaction.atomic():
        operation.steps.filter(pk__in=[step.pk for step in steps], state=State.PLANNED).delete()
        left_out = [*operation.facts.get("left_out", []), *why]
        operation.facts |= {"left_out": left_out, "count": operation.steps.count()}
        operation.save(update_fields=["facts"])


def discard(operation: Operation) -> None:
    """Forgets a change of which nothing was ever sent; its form is filled in again instead."""
    if not operation.steps.exclude(state=State.PLANNED).exists():
        Step.objects.filter(operation=operation).update(after=None)
        operation.delete()
