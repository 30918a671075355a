"""Confirms windows: flinkey only says that it accepted a change, so we read back until it is so.

Webhooks make that quicker and bring reasons, but an installation behind a firewall never gets one.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django_tasks import task

from flinkey_admin.accounts.scoping import Scope, client_for, scope_of_job, scoped
from flinkey_admin.flinkey import Flinkey, errors, records
from flinkey_admin.flinkey.fields import instant
from flinkey_admin.flinkey.records import DEFAULT_LIFETIME
from flinkey_admin.operations import journal, signals
from flinkey_admin.operations.calls import WINDOW_VERBS
from flinkey_admin.operations.journal import Outcome
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.web import logs

GAPS = (2, 2, 4, 8, 15, 30)  # seconds between two looks; the last one stays
PATIENCE = journal.PATIENCE
GIVE_UP = dt.timedelta(hours=6)  # then we look only when asked
BELATED = dt.timedelta(minutes=1)  # so long a refusal may be about an earlier try of the same

OVERDUE = dt.timedelta(seconds=30)  # the worker is this late only when it is dead or has much to do

AT_ONCE = 16  # looks within one request: a series has hundreds of windows, which the worker looks after

OPEN = (State.ACCEPTED, State.UNKNOWN)
Times = tuple[int, int | None, int | None, dt.datetime, dt.datetime | None]


def gap(checks: int) -> dt.timedelta:
    """How long to wait before the next look, after so many."""
    return dt.timedelta(seconds=GAPS[min(checks, len(GAPS) - 1)])


def watch_all(operation: Operation) -> None:
    """Starts the read-backs of an operation's windows that are still open."""
    for step in operation.steps.filter(state__in=OPEN, verb__in=WINDOW_VERBS, next_check_at=None):
        watch(step)


def watch(step: Step, after: dt.timedelta | None = None) -> None:
    """Asks the worker to look again, by default after the next of the growing gaps; after six hours no more."""
    if step.sent_at and timezone.now() - step.sent_at > GIVE_UP:
        journal.watch(step, None)
        return
    at = timezone.now() + (gap(step.checks) if after is None else after)
    with transaction.atomic():
        journal.watch(step, at)
        check_window.using(run_after=at).enqueue(step.pk)


def take_up() -> None:
    """Asks the worker once more for looks that are overdue: whoever should have looked, or asked for one, has died."""
    now = timezone.now()
    left = Q(next_check_at__lt=now - OVERDUE) | Q(next_check_at=None, sent_at__gt=now - GIVE_UP)
    steps = Step.objects.filter(left, state__in=OPEN, verb__in=WINDOW_VERBS)
    for step in steps.filter(operation__finished_at=None, operation__lease_until=None):
        watch(step, dt.timedelta(0))


def check_now(step: Step, client: Flinkey) -> None:
    """A person asks: looks at once, however long it has been."""
    journal.watch(step, timezone.now())
    check_if_due(step, client)


@task()
def check_window(step_id: int) -> None:
    """The worker's look at one window. Without a live sign-in of a manager of that customer it rests for a while."""
    step = Step.objects.select_related("operation__person", "operation__customer").filter(pk=step_id).first()
    if step is None or step.settled_at:
        return
    client = client_for(scope_of_job(step.operation.person, step.operation.customer))
    if client is None:
        watch(step, gap(len(GAPS)))
    else:
        with suppress(errors.Unauthorized):
            check_if_due(step, client)


def check_if_due(step: Step, client: Flinkey) -> None:
    """Looks once, if it is time and nobody else just does; then says when to look next.

    While flinkey wants to be left alone, the look waits for the end of that.
    Raises Unauthorized, so that a page that waits leads to the sign-in instead of waiting for nothing.
    """
    if not journal.take_check(step, timezone.now() + gap(len(GAPS))):
        return
    if seconds := signals.seconds_left(asked=True):
        watch(step, dt.timedelta(seconds=seconds))
        return
    step.refresh_from_db()
    try:
        with logs.about(step.operation_id):
            outcome = look(step, client)
    except errors.Unauthorized:
        watch(step)
        raise
    if outcome is None:
        watch(step)
    else:
        by = "webhook" if step.hint else "read-back"
        journal.settle_window(step, outcome, by if outcome.state == State.CONFIRMED else "")
        signals.settled.send(sender=None, operation_id=step.operation_id)


def look(step: Step, client: Flinkey) -> Outcome | None:
    """What flinkey now says of a window's change; None while nothing can be said.

    A webhook is a hint: even a refusal counts only when the change is not there. It does not say which try it is
    about; where there was one before that did not come true, it counts only when the change has had time to show.
    """
    try:
        found = _in_effect(step, client)
    except errors.NotFound as error:
        # A manager who has lost the customer, or words we do not know, say nothing about the window.
        if error.missing not in {"car", "assignment"}:
            return None
        return Outcome(State.REFUSED, reason=f"missing-{error.missing}", detail=str(error))
    except errors.Unauthorized:
        raise
    except errors.FlinkeyError as error:
        if isinstance(error, errors.RateLimited):
            signals.paused.send(sender=None, seconds=error.retry_after)
        return None
    if found is not None:
        return Outcome(State.CONFIRMED, result_id=found)
    if step.hint and step.hint.get("succeeded") is False and not _may_be_belated(step):
        return Outcome(State.REFUSED, reason="told", detail=str(step.hint.get("message") or ""))
    return None


def _may_be_belated(step: Step) -> bool:
    """Whether a refusal may be about an earlier try of the same, and this one may still come true."""
    if step.sent_at is None or timezone.now() - step.sent_at > BELATED:
        return False
    tried = Step.objects.filter(customer=step.customer_id, sent_at__lt=step.sent_at, verb__in=WINDOW_VERBS)
    tried = tried.exclude(state=State.CONFIRMED)
    if step.verb != Verb.CREATE_WINDOW:
        return tried.filter(window_id=step.window_id).exists()
    same = tried.filter(verb=step.verb, car_id=step.car_id, user_id=step.user_id)
    return any(one.times() == step.times() for one in same)


def _in_effect(step: Step, client: Flinkey) -> int | None:
    """The window's id when the change is to be seen in flinkey, else None."""
    if step.verb == Verb.CREATE_WINDOW:
        assert step.car_id is not None  # noqa: S101 - planned with it
        return _created(step, client.cars.assignments(step.car_id))
    assert step.window_id is not None  # noqa: S101 - planned with it
    try:
        window = client.assignments.get(step.window_id)
    except errors.NotFound as error:
        if step.verb == Verb.DELETE_WINDOW and error.missing == "assignment":
            return step.window_id
        raise
    if step.verb == Verb.DELETE_WINDOW:
        return None
    return window.id if matches(step, window) else None


def arrived(steps: Iterable[Step], windows: Iterable[Times]) -> dict[int, Step]:
    """The windows that the copy has already and whose creation is not confirmed yet, each with its step.

    Without it a page would show such a window twice for a moment: as one that is there, and as one that is to come.
    steps: those of the cars or users at hand. windows: (id, car, user, start, end) of each window of theirs.
    """
    steps, found = list(steps), dict[int, Step]()
    taken = {step.window_id for step in steps}
    there = defaultdict(list)
    for number, *what in sorted(windows):
        there[tuple(what)].append(number)
    for step in steps:
        if step.verb == Verb.CREATE_WINDOW and step.settled_at is None and step.window_id is None:
            known = taken | set(step.before.get("ids", []))
            fresh = (one for one in there[step.car_id, step.user_id, *step.times()] if one not in known)
            if arrival := next(fresh, None):
                found[arrival] = step
                taken.add(arrival)
    return found


def _created(step: Step, windows: Iterable[records.Assignment]) -> int | None:
    """The new window: same person, start and end, not there before, and no other step's."""
    claimed = set(
        Step.objects.filter(customer_id=step.customer_id, car_id=step.car_id, verb=Verb.CREATE_WINDOW)
        .exclude(window_id=None)
        .values_list("window_id", flat=True)
    )
    known = claimed | set(step.before.get("ids", []))
    end = instant(step.args["end"]) if step.args["end"] else None
    wanted = (step.user_id, instant(step.args["start"]), end)
    fresh = [w.id for w in windows if w.id not in known and (w.user_id, w.start, w.end) == wanted]
    return min(fresh, default=None)


def matches(step: Step, window: records.Assignment) -> bool:
    """Whether a window is as a step wants it to be."""
    for name, value in step.args.items():
        actual = getattr(window, name)
        if name in {"start", "end"}:
            wanted: object = instant(value) if value else None
        elif name == "lifetime" and value is None:
            wanted, actual = DEFAULT_LIFETIME, actual or DEFAULT_LIFETIME
        elif value is None:
            continue  # renewal back to its default: flinkey decides what that is
        else:
            wanted = value
        if actual != wanted:
            return False
    return True


def recover(scope: Scope) -> bool:
    """Sums up what a dead process has left, and starts the read-backs it did not come to ask for; whether it did."""
    dead = journal.recover(scope)
    for operation in dead:
        watch_all(operation)
    return bool(dead)


def open_changes(scope: Scope) -> list[Step]:
    """Every step of this customer that was sent and is not settled, whatever it changes; the newest hundreds."""
    sent = scoped(Step.objects.all(), scope).filter(settled_at=None, sent_at__isnull=False)
    return list(sent.order_by("-pk")[:500])


def window_steps(
    scope: Scope,
    *where: Q,
    refused_since: dt.datetime | None = None,
    confirmed_since: dt.datetime | None = None,
    announced: bool = False,
    **more: Any,
) -> list[Step]:
    """The changes of windows that are not settled yet, for a car, a user or a window of this customer.

    What a dead process has left is summed up first.

    refused_since: also what flinkey has refused since then, unless a person has put it aside.
    confirmed_since: also what came true since then.
    announced: also what gives a window or changes one and that no call was made for yet, once it has got its yes.
    """
    wanted = Q(settled_at=None) & ~Q(state=State.PLANNED)
    if announced:
        wanted |= Q(state=State.PLANNED, verb__in=[Verb.CREATE_WINDOW, Verb.CHANGE_WINDOW], open_key__isnull=False)
    if refused_since:
        refused = Q(state=State.REFUSED, settled_at__gt=refused_since, operation__closed_at=None)
        wanted |= refused & ~Q(reason="given-up")
    if confirmed_since:
        wanted |= Q(state=State.CONFIRMED, settled_at__gt=confirmed_since)
    rows = scoped(Step.objects.all(), scope).filter(wanted, *where, verb__in=WINDOW_VERBS, **more)
    steps = list(rows.select_related("operation").order_by("pk"))
    if any(step.state == State.SENT for step in steps) and recover(scope):
        return window_steps(
            scope, *where, refused_since=refused_since, confirmed_since=confirmed_since, announced=announced, **more
        )
    return steps


def check_overdue(scope: Scope, steps: Iterable[Step]) -> None:
    """Looks for the steps whose time has come, so that a page's news does not hang on the worker alone."""
    client, now = client_for(scope), timezone.now()
    if client is None:
        return
    due = [step for step in steps if step.next_check_at and step.next_check_at <= now]
    for step in due[:AT_ONCE]:
        check_if_due(step, client)


def is_late(step: Step) -> bool:
    """Whether flinkey has left a change unconfirmed for so long that a person should know."""
    if step.verb not in WINDOW_VERBS or step.state not in OPEN:
        return False
    return step.sent_at is not None and timezone.now() - step.sent_at > PATIENCE
