"""What has become of the calls."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from flinkey_admin.operations import signals
from flinkey_admin.operations.journal.leases import let_go, renew
from flinkey_admin.operations.journal.state import summarise
from flinkey_admin.operations.journal.terms import LEASE, SETTLED, Outcome
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.web import logs

# What a result writes; the counters beside it belong to those who count.
RESULT = [
    *("state", "already", "reason", "detail", "reference", "wait_until", "window_id", "group_id"),
    *("settled_at", "open_key", "next_check_at", "confirmed_by"),
]


def note(settled: Iterable[tuple[Step, Outcome]], sent: Iterable[Step], operation: Operation | None = None) -> None:
    """One commit: these results have come, these calls are about to be sent.

    operation: whose lease this is; it is renewed. Raises LeaseLost when somebody else has it; then nothing is written.
    """
    now = timezone.now()
    with transaction.atomic():
        if operation is not None:
            renew(operation)
        results = list(settled)
        operation_id = results[0][0].operation_id if results else None
        settle([one for one in results if one[1].state in SETTLED or not _is_settled(one[0])], now)
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
        if operation_id and operation is None:
            Operation.objects.filter(pk=operation_id).update(lease_until=now + LEASE, active_at=now)


def recall(operation: Operation, steps: Iterable[Step]) -> None:
    """These calls were announced and then not made, because the run has stopped before their turn.

    operation: whose lease this is; whoever has lost it recalls nothing, for the calls may be somebody else's by now.
    steps: as they were before. What an earlier run has lost stays lost: it may have been done all the same.
    """
    found = list(steps)
    for state, reason in ((State.PLANNED, ""), (State.UNKNOWN, "lost")):
        lost = state == State.UNKNOWN
        if keys := [step.pk for step in found if (step.state in {State.SENT, State.UNKNOWN}) is lost]:
            rows = Step.objects.filter(pk__in=keys, state=State.SENT, operation__lease_mark=operation.lease_mark)
            rows.update(state=state, reason=reason, attempts=F("attempts") - 1)


def _is_settled(step: Step) -> bool:
    """Whether a read-back was quicker than the answer of the call itself."""
    return Step.objects.filter(pk=step.pk, state__in=SETTLED).exists()


def settle(results: Sequence[tuple[Step, Outcome]], now: dt.datetime) -> None:
    """One statement for all that have come out alike: a move has hundreds of them."""
    alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for step, outcome in results:
        _take_in(step, outcome, now)
        alike[tuple(getattr(step, name) for name in RESULT)].append(step.pk)
    for values, keys in alike.items():
        Step.objects.filter(pk__in=keys).update(**dict(zip(RESULT, values, strict=True)))
    for step, outcome in results:
        _tell_followers(step, outcome, now)


def _take_in(step: Step, outcome: Outcome, now: dt.datetime) -> None:
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


def _tell_followers(step: Step, outcome: Outcome, now: dt.datetime) -> None:
    if step.verb == Verb.CREATE_GROUP and step.group_id:
        # What comes into the new group was planned before anybody knew its number.
        later = Step.objects.filter(operation=step.operation_id, group_id=None, verb__in=[Verb.ADD, Verb.REMOVE])
        later.update(group_id=step.group_id)
    if outcome.state == State.REFUSED and step.verb.endswith("-window"):
        # It is not sent again, so what waits for it never will be, and must keep no window from others.
        followers = Step.objects.filter(after=step, state=State.PLANNED)
        settle([(follower, Outcome(State.REFUSED, reason="not-before")) for follower in followers], now)


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
        settle([(current, outcome)], timezone.now())
        if outcome.state == State.CONFIRMED:
            signals.confirmed.send(sender=None, steps=[current])
        summarise(current.operation)
        let_go(current.operation)


def hint(step: Step, said: dict[str, Any]) -> None:
    """What a webhook said of a step; it is looked into at once."""
    Step.objects.filter(pk=step.pk, settled_at=None).update(hint=said, next_check_at=timezone.now())
