"""Writes the journal, and nothing else does.

A change is planned in one transaction, each call is noted before it is sent, and each result in a commit of its own:
whatever kills the process, the journal says what may have happened and what certainly has not.
"""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from flinkey_admin.accounts.models import Customer, Manager
from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.flinkey.fields import instant
from flinkey_admin.operations import signals
from flinkey_admin.operations.models import Hold, Operation, Outside, State, Step, Verb, Webhook
from flinkey_admin.web import logs

LEASE = dt.timedelta(seconds=20)  # whoever runs an operation renews it every few seconds
PLAN_LIFE = dt.timedelta(days=1)
PATIENCE = dt.timedelta(minutes=5)  # so long a window waits for flinkey; then a person is asked, and we keep looking
AT_A_TIME = 100  # operations that are deleted in one transaction
SETTLED = (State.CONFIRMED, State.REFUSED)
REPEATABLE = (Verb.ADD, Verb.REMOVE, Verb.CREATE_GROUP, Verb.RENAME_GROUP, Verb.DELETE_GROUP)
# Of a change of windows that come one after another: flinkey has the one before, and it is not known to be so yet.
WAITS = Q(
    state=State.PLANNED,
    after__verb__endswith="-window",
    after__state__in=[State.SENT, State.ACCEPTED, State.UNKNOWN],
)
# What a result writes; the counters beside it belong to those who count.
RESULT = [
    *("state", "already", "reason", "detail", "reference", "wait_until", "window_id", "group_id"),
    *("settled_at", "open_key", "next_check_at", "confirmed_by"),
]


class LeaseLost(Exception):
    """Somebody else has taken over what this process was running: it must not touch it any more."""


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
    _forget(scoped(Operation.objects.all(), scope).filter(started_at=None, created_at__lt=yesterday))


def _forget(old: "QuerySet[Operation]") -> None:
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
            rows[place].after = None if after is None else rows[after]
        Step.objects.bulk_create([rows[place] for place in ready])
        stored.update(ready)


def _row(operation: Operation, position: int, step: Planned) -> Step:
    names = [item.name for item in fields(Planned) if item.name not in {"after", "label", "group_label"}]
    return Step(
        operation=operation,
        customer_id=operation.customer_id,
        position=position,
        label=step.label[:300],
        group_label=step.group_label[:300],
        **{name: getattr(step, name) for name in names},
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
    operation.lease_mark = mark if taken else None
    return bool(taken)


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
    others = _may_come(others)  # nobody need wait for what will not
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
        _let_go(operation)


def _let_go(operation: Operation) -> None:
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


def wish(operation: Operation, what: str) -> None:
    """A person asks whoever runs it to pause or to stop after the current things; one that waits does so at once."""
    now = timezone.now()
    with transaction.atomic():
        if Operation.objects.filter(pk=operation.pk, lease_until__gte=now).update(wish=what):
            return
        if what == "pause":
            hold(operation, Hold.PAUSED)
        else:
            close(operation)


def wished(operation: Operation) -> str:
    """What a person has asked of whoever runs it."""
    return Operation.objects.filter(pk=operation.pk).values_list("wish", flat=True).get()


def set_pace(operation: Operation, calls_per_second: float) -> None:
    """How quickly flinkey lets itself be called, as far as a pause that it asked for has taught."""
    Operation.objects.filter(pk=operation.pk).update(pace=calls_per_second)


def reopen(operation: Operation) -> None:
    """Puts what flinkey refused back to planned, so that `begin` takes it up again.

    A refused window stays refused: it is entered anew, which looks for twins and for another change of it.
    """
    with transaction.atomic():
        refused = Step.objects.filter(operation=operation, state=State.REFUSED, verb__in=REPEATABLE)
        refused = refused.exclude(reason="given-up")
        refused.update(state=State.PLANNED, settled_at=None)
        Operation.objects.filter(pk=operation.pk).update(finished_at=None, closed_at=None)
        summarise(operation)


def set_reason(operation: Operation, reason: str) -> None:
    """Why somebody wants a change: a few words or a ticket number. Given with the yes."""
    operation.reason = " ".join(reason.replace("\0", "").split())[:200]
    Operation.objects.filter(pk=operation.pk, started_at=None).update(reason=operation.reason)


def note_helper(operation: Operation, person: Manager) -> None:
    """Somebody else than who began it goes on with a change."""
    operation.helpers = [*(email for email in operation.helpers if email != person.email), person.email]
    operation.save(update_fields=["helpers"])


def close(operation: Operation) -> None:
    """A person leaves a change as it is: what is not done will not be, and what was lost is taken for not done.

    So is what flinkey accepted long ago and has not done: nobody could ever change that window again.
    """
    with transaction.atomic():
        now = timezone.now()
        left = Q(state__in=[State.PLANNED, State.UNKNOWN]) | Q(state=State.REFUSED, after__state=State.CONFIRMED)
        left |= Q(state=State.ACCEPTED, sent_at__lt=now - PATIENCE)
        _settle([(step, Outcome(State.REFUSED, reason="given-up")) for step in operation.steps.filter(left)], now)
        Operation.objects.filter(pk=operation.pk).update(hold="", wish="", closed_at=now)
        summarise(operation)


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
        _settle([one for one in results if one[1].state in SETTLED or not _is_settled(one[0])], now)
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


def renew(operation: Operation) -> None:
    """Whoever runs it is alive. Raises LeaseLost."""
    now = timezone.now()
    mine = Operation.objects.filter(pk=operation.pk, lease_mark=operation.lease_mark)
    if not mine.update(lease_until=now + LEASE, active_at=now):
        raise LeaseLost(str(operation))


def recall(steps: Iterable[Step]) -> None:
    """These calls were announced and then not made, because the run has stopped before their turn.

    steps: as they were before. What an earlier run has lost stays lost: it may have been done all the same.
    """
    found = list(steps)
    for state, reason in ((State.PLANNED, ""), (State.UNKNOWN, "lost")):
        lost = state == State.UNKNOWN
        if keys := [step.pk for step in found if (step.state in {State.SENT, State.UNKNOWN}) is lost]:
            rows = Step.objects.filter(pk__in=keys, state=State.SENT)
            rows.update(state=state, reason=reason, attempts=F("attempts") - 1)


def _is_settled(step: Step) -> bool:
    """Whether a read-back was quicker than the answer of the call itself."""
    return Step.objects.filter(pk=step.pk, state__in=SETTLED).exists()


def _settle(results: Sequence[tuple[Step, Outcome]], now: dt.datetime) -> None:
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
        _settle([(follower, Outcome(State.REFUSED, reason="not-before")) for follower in followers], now)


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
        _settle([(current, outcome)], timezone.now())
        if outcome.state == State.CONFIRMED:
            signals.confirmed.send(sender=None, steps=[current])
        summarise(current.operation)
        _let_go(current.operation)


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


def keep_webhook(
    digest: str, event: str, body: str, step: Step | None, customer: Customer | None, *, is_odd: bool
) -> None:
    """Keeps a webhook as it came; the same one again only counts."""
    told = {"event": event, "body": body, "step": step, "customer": customer, "is_odd": is_odd}
    kept, fresh = Webhook.objects.get_or_create(digest=digest, defaults=told)
    if not fresh:
        Webhook.objects.filter(pk=kept.pk).update(times=F("times") + 1, last_at=timezone.now())


@dataclass(frozen=True)
class Pruned:
    """How many rows were deleted, or would be."""

    operations: int
    steps: int
    outside: int
    webhooks: int


def prune(before: dt.datetime, spared: "QuerySet[Operation]", *, dry_run: bool = False) -> Pruned:
    """Deletes what was finished, seen elsewhere or sent by flinkey before then, and says how much that was.

    spared: what nobody is done with yet; it stays, as does whatever is not finished at all.
    """
    finished = Operation.objects.filter(~Exists(spared.filter(pk=OuterRef("pk"))), finished_at__lt=before)
    outside, webhooks = Outside.objects.filter(seen_at__lt=before), Webhook.objects.filter(last_at__lt=before)
    steps = Step.objects.filter(operation__in=finished)
    found = Pruned(finished.count(), steps.count(), outside.count(), webhooks.count())
    if dry_run:
        return found
    # A few at a time, so that nobody who changes something meanwhile waits for long.
    while few := list(finished.values_list("pk", flat=True)[:AT_A_TIME]):
        with transaction.atomic():
            _forget(finished.filter(pk__in=few))
    outside.delete()
    webhooks.delete()
    return found


def summarise(operation: Operation) -> None:
    """The operation's state from its steps. What hangs on a refused step will not come, so it does not count.

    Nor does what waits for a window: that one says how far the change is.
    """
    steps = _may_come(Step.objects.filter(operation=operation)).exclude(WAITS)
    states = list(steps.values_list("state", flat=True))
    state = summary(states)
    done = all(one in SETTLED for one in states)
    row = Operation.objects.filter(pk=operation.pk)
    row.update(state=state, finished_at=timezone.now() if done else None)
    if not to_send(operation).exists():
        row.update(hold="", next_try_at=None)  # a window that was lost is looked for, and nothing else waits
    operation.refresh_from_db()


def to_send(operation: Operation) -> "QuerySet[Step]":
    """What of a change may be sent by now: what never was, and what is harmless to repeat."""
    may = Q(state=State.PLANNED) | Q(state__in=[State.SENT, State.UNKNOWN], verb__in=REPEATABLE)
    return _may_come(Step.objects.filter(may, operation=operation)).exclude(WAITS)


def _may_come(steps: "QuerySet[Step]") -> "QuerySet[Step]":
    """Without what waits for a step that was refused, or for one that waits for such a step itself."""
    return steps.exclude(after__state=State.REFUSED).exclude(after__after__state=State.REFUSED)


def summary(states: Sequence[str]) -> State:
    """What a person should know first about so many steps: what is lost, what is open, what was refused."""
    present = set(states)
    for state in (State.SENT, State.UNKNOWN, State.PLANNED, State.REFUSED, State.ACCEPTED):
        if state in present:
            return state
    return State.CONFIRMED
