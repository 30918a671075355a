"""Writes the journal, and nothing else does.

A change is planned in one transaction, each call is noted before it is sent, and each result in a commit of its own:
whatever kills the process, the journal says what may have happened and what certainly has not.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from flinkey_admin.accounts.models import Customer
from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.flinkey.fields import instant
from flinkey_admin.operations import signals
from flinkey_admin.operations.models import Operation, Outside, State, Step, Verb, Webhook
from flinkey_admin.web import logs

LEASE = dt.timedelta(seconds=90)  # longer than any single call may take
PLAN_LIFE = dt.timedelta(days=1)
SETTLED = (State.CONFIRMED, State.REFUSED)
REPEATABLE = (Verb.ADD, Verb.REMOVE, Verb.CREATE_GROUP, Verb.RENAME_GROUP, Verb.DELETE_GROUP)
# What a result writes; the counters beside it belong to those who count.
RESULT = [
    *("state", "already", "reason", "detail", "reference", "wait_until", "window_id", "group_id"),
    *("settled_at", "open_key", "next_check_at", "confirmed_by"),
]


class WindowBusy(Exception):
    """Another change of the same window is still open; `operation` is the one."""

    def __init__(self, operation: Operation) -> None:
        super().__init__(f"operation {operation.pk}")
        self.operation = operation


@dataclass(frozen=True)
class Planned:
    """A step to be: the arguments of one call, and what takes it back. `after` is the position of another step."""

    verb: Verb
    label: str
    kind: str = ""
    thing_id: int | None = None
    group_id: int | None = None
    group_label: str = ""
    car_id: int | None = None
    user_id: int | None = None
    window_id: int | None = None
    args: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    inverse: dict[str, Any] | None = None
    open_key: str | None = None
    after: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a call. `stop` asks the runner not to start another one."""

    state: State
    already: bool = False
    reason: str = ""
    detail: str = ""
    result_id: int | None = None
    wait: float = 0.0
    stop: bool = False


def plan(
    scope: Scope,
    kind: Operation.Kind,
    facts: dict[str, Any],
    steps: Sequence[Planned],
    *,
    nonce: uuid.UUID | None = None,
) -> Operation:
    """Stores a change before any of it is sent.

    The same nonce gives the same operation again, so a form sent twice is one change. Raises WindowBusy when a step's
    `open_key` belongs to a change that is still open.
    """
    nonce = nonce or uuid.uuid4()
    _forget_old_plans(scope)
    try:
        with transaction.atomic():
            operation = Operation.objects.create(
                customer=scope.customer, person=scope.person, kind=kind, facts=facts, nonce=nonce
            )
            _store(operation, steps)
    except IntegrityError:
        again = Operation.objects.filter(nonce=nonce).first()
        if again and _same(again, scope, kind, facts):
            return again
        if again:
            # The form was changed and sent once more, with the browser's back button: another change.
            return plan(scope, kind, facts, steps)
        keys = [step.open_key for step in steps if step.open_key]
        open_step = Step.objects.filter(open_key__in=keys, customer=scope.customer).first()
        if open_step is None:
            raise
        raise WindowBusy(open_step.operation) from None
    return operation


def _forget_old_plans(scope: Scope) -> None:
    """A review that nobody has said yes to for a day is no plan any more."""
    yesterday = timezone.now() - PLAN_LIFE
    old = scoped(Operation.objects.all(), scope).filter(started_at=None, created_at__lt=yesterday)
    Step.objects.filter(operation__in=old).update(after=None)
    old.delete()


def _same(operation: Operation, scope: Scope, kind: Operation.Kind, facts: dict[str, Any]) -> bool:
    ours = (operation.customer_id, operation.person_id) == (scope.customer.pk, scope.person.pk)
    return ours and (operation.kind, operation.facts) == (kind, facts) and operation.state != State.REFUSED


def _store(operation: Operation, steps: Sequence[Planned]) -> None:
    names = [item.name for item in fields(Planned) if item.name not in {"after", "label", "group_label"}]
    rows = [
        Step(
            operation=operation,
            customer_id=operation.customer_id,
            position=position,
            label=step.label[:300],
            group_label=step.group_label[:300],
            **{name: getattr(step, name) for name in names},
        )
        for position, step in enumerate(steps)
    ]
    Step.objects.bulk_create([row for row, step in zip(rows, steps, strict=True) if step.after is None])
    dependent = [(row, step.after) for row, step in zip(rows, steps, strict=True) if step.after is not None]
    for row, after in dependent:
        row.after = rows[after]
    Step.objects.bulk_create([row for row, _after in dependent])  # none waits for one that waits itself


def begin(operation: Operation) -> bool:
    """Takes the lease; False when somebody else is at it, or it is done. What was planned becomes a change."""
    now = timezone.now()
    taken = (
        Operation.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), pk=operation.pk, finished_at=None)
        .exclude(state=State.CONFIRMED)
        .update(lease_until=now + LEASE, state=State.SENT)
    )
    if taken:
        Operation.objects.filter(pk=operation.pk, started_at=None).update(started_at=now)
    return bool(taken)


def release(operation: Operation) -> None:
    """Gives the lease back and sums up. A step still under way has lost its answer."""
    with transaction.atomic():
        Step.objects.filter(operation=operation, state=State.SENT).update(state=State.UNKNOWN, reason="lost")
        Operation.objects.filter(pk=operation.pk).update(lease_until=None)
        summarise(operation)


def recover(scope: Scope) -> list[Operation]:
    """Sums up what a dead process has left: the leases of this customer that nobody has renewed."""
    dead = list(scoped(Operation.objects.all(), scope).filter(lease_until__lt=timezone.now()))
    for operation in dead:
        release(operation)
    return dead


def reopen(operation: Operation) -> None:
    """Puts what flinkey refused back to planned, so that `begin` takes it up again.

    A refused window stays refused: it is entered anew, which looks for twins and for another change of it.
    """
    with transaction.atomic():
        refused = Step.objects.filter(operation=operation, state=State.REFUSED, verb__in=REPEATABLE)
        refused = refused.exclude(reason="given-up")
        refused.update(state=State.PLANNED, settled_at=None)
        Operation.objects.filter(pk=operation.pk).update(finished_at=None)


def close(operation: Operation) -> None:
    """A person leaves a change as it is: what is not done will not be, and what was lost is taken for not done."""
    with transaction.atomic():
        now = timezone.now()
        left = Q(state__in=[State.PLANNED, State.UNKNOWN]) | Q(state=State.REFUSED, after__state=State.CONFIRMED)
        for step in operation.steps.filter(left):
            _settle(step, Outcome(State.REFUSED, reason="given-up"), now)
        summarise(operation)


def discard(operation: Operation) -> None:
    """Forgets a change of which nothing was ever sent; its form is filled in again instead."""
    if not operation.steps.exclude(state=State.PLANNED).exists():
        Step.objects.filter(operation=operation).update(after=None)
        operation.delete()


def note(settled: Iterable[tuple[Step, Outcome]], sent: Iterable[Step]) -> None:
    """One commit: these results have come, these calls are about to be sent."""
    now = timezone.now()
    with transaction.atomic():
        operation_id = None
        for step, outcome in settled:
            operation_id = step.operation_id
            if outcome.state in SETTLED or not _is_settled(step):
                _settle(step, outcome, now)
        pending = list(sent)
        if pending:
            operation_id = pending[0].operation_id
            Step.objects.filter(pk__in=[step.pk for step in pending]).update(
                state=State.SENT,
                sent_at=now,
                attempts=F("attempts") + 1,
                reason="",
                detail="",
                wait_until=None,
            )
        if operation_id:
            Operation.objects.filter(pk=operation_id).update(lease_until=now + LEASE)


def recall(steps: Iterable[Step]) -> None:
    """These calls were announced and then not made, because the run has stopped before their turn."""
    keys = [step.pk for step in steps]
    if keys:
        rows = Step.objects.filter(pk__in=keys, state=State.SENT)
        rows.update(state=State.PLANNED, attempts=F("attempts") - 1)


def _is_settled(step: Step) -> bool:
    """Whether a read-back was quicker than the answer of the call itself."""
    return Step.objects.filter(pk=step.pk, state__in=SETTLED).exists()


def _settle(step: Step, outcome: Outcome, now: dt.datetime) -> None:
    step.state, step.already, step.reason = outcome.state, outcome.already, outcome.reason
    step.detail = outcome.detail[:2000]
    step.reference = logs.current.get()[:8]
    step.wait_until = now + dt.timedelta(seconds=outcome.wait) if outcome.wait else None
    if outcome.result_id is not None:
        step.window_id = outcome.result_id if step.verb == Verb.CREATE_WINDOW else step.window_id
        step.group_id = outcome.result_id if step.verb == Verb.CREATE_GROUP else step.group_id
    if outcome.state in SETTLED:
        step.settled_at, step.open_key, step.next_check_at = now, None, None
        step.confirmed_by = step.confirmed_by or ("answer" if outcome.state == State.CONFIRMED else "")
    step.save(update_fields=RESULT)


def watch(step: Step, at: dt.datetime | None) -> None:
    """Says when to read back next; None: not by itself any more."""
    Step.objects.filter(pk=step.pk).update(next_check_at=at)


def take_check(step: Step, again_at: dt.datetime) -> bool:
    """Claims the read-back that is due, so that a worker and a page do not both ask."""
    due = Step.objects.filter(pk=step.pk, next_check_at__lte=timezone.now(), settled_at=None)
    return bool(due.update(next_check_at=again_at, checks=F("checks") + 1))


def settle_window(step: Step, outcome: Outcome, by: str = "") -> None:
    """The end of a window's change, seen by reading back or told by flinkey. Later news about it change nothing."""
    with transaction.atomic():
        current = Step.objects.select_for_update().get(pk=step.pk)
        if current.state in SETTLED:
            return
        current.confirmed_by = by
        _settle(current, outcome, timezone.now())
        if outcome.state == State.CONFIRMED:
            signals.confirmed.send(sender=None, steps=[current])
        summarise(current.operation)


def hint(step: Step, said: dict[str, Any]) -> None:
    """What a webhook said of a step; it is looked into at once."""
    Step.objects.filter(pk=step.pk, settled_at=None).update(hint=said, next_check_at=timezone.now())


def outside(customer: Customer, seen: Sequence[Outside], since: dt.datetime) -> None:
    """Keeps what the copy of the fleet has met in flinkey and nobody here has done. `since`: when it was as before.

    A change of ours that is still open, or came true after `since`, is ours, whoever noticed it first.
    """
    if not seen:
        return
    mine = {_mark(step) for step in _ours(customer, since)}
    Outside.objects.bulk_create(one for one in seen if mine.isdisjoint(_marks(one)))


def _ours(customer: Customer, since: dt.datetime) -> "QuerySet[Step]":
    sent = Step.objects.filter(customer=customer, sent_at__isnull=False)
    return sent.filter(Q(settled_at=None) | Q(settled_at__gte=since)).exclude(reason="given-up")


def _mark(step: Step) -> tuple[object, ...]:
    """What a step does, in a form that compares with what was seen."""
    match step.verb:
        case Verb.ADD | Verb.REMOVE:
            return step.verb, step.kind, step.thing_id, step.group_id
        case Verb.CREATE_GROUP:
            return step.verb, step.args["name"]
        case Verb.RENAME_GROUP:
            return step.verb, step.group_id, step.args["name"]
        case Verb.CREATE_WINDOW:
            return step.verb, step.car_id, step.user_id, instant(step.args["start"])
    return step.verb, step.group_id or step.window_id


def _marks(seen: Outside) -> set[tuple[object, ...]]:
    """The steps that would explain what was seen."""
    key = seen.what if seen.what in {Outside.What.JOINED, Outside.What.LEFT} else f"{seen.what} {seen.kind}"
    explain = EXPLAINED_BY.get(key)
    marks = {explain(seen)} if explain else set()
    # A window that we give to another car or person leaves one list and comes into another.
    return marks | {(Verb.CHANGE_WINDOW, seen.thing_id)} if seen.kind == "windows" else marks


EXPLAINED_BY: dict[str, Callable[[Outside], tuple[object, ...]]] = {
    "joined": lambda seen: (Verb.ADD, seen.kind, seen.thing_id, seen.group_id),
    "left": lambda seen: (Verb.REMOVE, seen.kind, seen.thing_id, seen.group_id),
    "new groups": lambda seen: (Verb.CREATE_GROUP, seen.after["name"]),
    "changed groups": lambda seen: (Verb.RENAME_GROUP, seen.thing_id, seen.after["name"]),
    "gone groups": lambda seen: (Verb.DELETE_GROUP, seen.thing_id),
    "new windows": lambda seen: (Verb.CREATE_WINDOW, seen.car_id, seen.user_id, instant(seen.after["start"])),
    "changed windows": lambda seen: (Verb.CHANGE_WINDOW, seen.thing_id),
    "gone windows": lambda seen: (Verb.DELETE_WINDOW, seen.thing_id),
}


def keep_webhook(digest: str, event: str, body: str, step: Step | None) -> None:
    """Keeps a webhook as it came; the same one again only counts."""
    kept, fresh = Webhook.objects.get_or_create(digest=digest, defaults={"event": event, "body": body, "step": step})
    if not fresh:
        Webhook.objects.filter(pk=kept.pk).update(times=F("times") + 1, last_at=timezone.now())


def summarise(operation: Operation) -> None:
    """The operation's state from its steps. What hangs on a refused step will not come, so it does not count."""
    steps = Step.objects.filter(operation=operation).exclude(after__state=State.REFUSED)
    states = list(steps.values_list("state", flat=True))
    state = summary(states)
    done = all(one in SETTLED for one in states)
    Operation.objects.filter(pk=operation.pk).update(state=state, finished_at=timezone.now() if done else None)
    operation.refresh_from_db()


def summary(states: Sequence[str]) -> State:
    """What a person should know first about so many steps: what is lost, what is open, what was refused."""
    present = set(states)
    for state in (State.SENT, State.UNKNOWN, State.PLANNED, State.REFUSED, State.ACCEPTED):
        if state in present:
            return state
    return State.CONFIRMED
