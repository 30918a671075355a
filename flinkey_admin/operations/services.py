"""What pages ask of the journal: the changes of this customer, and what became of each thing in one."""

import datetime as dt
import math
import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from flinkey_admin import upstream
from flinkey_admin.accounts.scoping import Scope, require_client, scoped, signed_out
from flinkey_admin.flinkey.errors import Unauthorized
from flinkey_admin.operations import confirmation, journal, runner, signals, titles, upkeep
from flinkey_admin.operations.calls import WINDOW_VERBS
from flinkey_admin.operations.endings import Chosen
from flinkey_admin.operations.models import Hold, Operation, State, Step, Verb
from flinkey_admin.web.sentences import HOLDS, WISHES, goes_on_in

Kind = Operation.Kind
MEMBERS = [Verb.ADD, Verb.REMOVE]


def operations(scope: Scope) -> "QuerySet[Operation]":
    """The changes of this customer that somebody has started, newest first."""
    rows = scoped(Operation.objects.all(), scope).exclude(started_at=None)
    return rows.select_related("person").order_by("-pk")


# A move of which one half was refused: the thing is in both groups until somebody finishes it or puts it back.
LEFT_SO = ["given-up", "moved-on"]
HALF_DONE = Q(steps__state=State.REFUSED, steps__after__state=State.CONFIRMED) & ~Q(steps__reason__in=LEFT_SO)
IN_PART = Q(state=State.REFUSED, facts__count__gt=1, closed_at=None)
# flinkey had accepted a window and told later that it failed: nobody saw that in a form.
LATE = Q(state=State.REFUSED, closed_at=None, steps__verb__in=WINDOW_VERBS, steps__checks__gt=0)
STOPPED = Q(state__in=[State.PLANNED, State.UNKNOWN]) | HALF_DONE | IN_PART | LATE
# What may be sent again: never a window that was sent before.
LEFT = Q(state=State.PLANNED) | Q(state__in=[State.UNKNOWN, State.REFUSED], verb__in=journal.REPEATABLE)
LEFT &= ~Q(reason="given-up") & ~journal.WAITS
DONE_HERE = Q(state=State.CONFIRMED, already=False, inverse__verb__in=MEMBERS)
RECENTLY = dt.timedelta(hours=24)
MOMENT = dt.timedelta(seconds=5)  # so long a change may wait for the worker without a word


@cache
def _unfinished() -> "QuerySet[Operation]":
    """The same of any customer: each page asks it, and to put the question takes longer than to answer it."""
    steps = Step.objects.filter(operation=OuterRef("pk"))
    return (
        Operation.objects.exclude(started_at=None)
        .filter(STOPPED)
        .annotate(may_finish=Exists(steps.filter(LEFT)), may_go_back=Exists(steps.filter(DONE_HERE)))
        .distinct()
        .order_by("-pk")
    )


def unfinished(scope: Scope) -> "QuerySet[Operation]":
    """The changes of this customer that wait, stopped half-way, were lost or failed in part, the latest first."""
    starting = Q(hold=Hold.QUEUED, active_at__gt=timezone.now() - MOMENT)
    return scoped(_unfinished(), scope).exclude(starting)


def worth_a_look(scope: Scope) -> "QuerySet[Operation]":
    """The changes that wait for something, that stopped half-way, and those that flinkey refused within a day."""
    refused = Step.objects.filter(operation=OuterRef("pk"), state=State.REFUSED).exclude(reason__in=LEFT_SO)
    matters = Q(settled_at__gte=timezone.now() - RECENTLY) | Q(after__state=State.CONFIRMED)
    under_way = Q(state__in=[State.PLANNED, State.SENT, State.ACCEPTED, State.UNKNOWN])
    return operations(scope).filter(under_way | Q(Exists(refused.filter(matters)), state=State.REFUSED))


def is_unfinished(operation: Operation) -> bool:
    """Whether a change is one of these."""
    return Operation.objects.filter(STOPPED, pk=operation.pk).exists()


def prune(before: dt.datetime, *, dry_run: bool = False) -> journal.Pruned:
    """Deletes the history before then, but for what a person has yet to look after. `dry_run`: only says how much."""
    return journal.prune(before, Operation.objects.filter(STOPPED), dry_run=dry_run)


def get_operation(scope: Scope, operation_id: int) -> Operation:
    """One change of this customer, or this person's plan that waits for a yes. Raises Http404."""
    confirmation.recover(scope)
    found = scoped(Operation.objects.select_related("person"), scope).filter(pk=operation_id).first()
    if found is None or (found.started_at is None and found.person_id != scope.person.pk):
        raise Http404(_("There is no such change. It may belong to another customer."))
    return found


def run(scope: Scope, operation: Operation) -> Operation:
    """Runs what is left of a change within this request. Raises Unauthorized, once noted, when the token is dead."""
    journal.queue(operation)
    is_dead = runner.run(operation, require_client(scope))
    operation.refresh_from_db()
    if is_dead:
        step = operation.steps.filter(reason="signed-out", settled_at=None).first()
        raise signed_out(step.detail if step else "")
    return operation


def can_finish(operation: Operation) -> bool:
    """Whether something is left that may be sent again: no window that was sent before; nothing once it is undone."""
    if is_running(operation) or has_undo(operation):
        return False
    return operation.steps.filter(LEFT).exists()


def has_undo(operation: Operation) -> bool:
    """Whether what takes it back has got its yes."""
    return operation.undone_by.filter(started_at__isnull=False).exists()


def must_wait(operation: Operation) -> float:
    """The seconds for which flinkey still wants to be left alone; 0 when it does not."""
    until = operation.steps.filter(settled_at=None).aggregate(until=Max("wait_until"))["until"]
    return max(0.0, (until - timezone.now()).total_seconds()) if until else 0.0


class WentOn(Exception):
    """The change that a plan takes back has gone on since, or does so now: there is more to take back by now."""


def start(scope: Scope, operation: Operation, chosen: Chosen | None = None) -> Operation:
    """The yes to a review. What takes another change back closes the rest of that one first.

    chosen: the accesses that shall end with it. Raises WindowBusy and WentOn; then nothing has happened.
    """
    with transaction.atomic():
        if operation.undoes:
            operation.undoes.refresh_from_db()
            more = undoable(operation.undoes).count() > operation.facts.get("undoable", math.inf)
            if more or operation.undoes.lease_until is not None or may_come_true(operation.undoes):
                raise WentOn
            journal.close(operation.undoes)
        journal.queue(operation, chosen.steps if chosen else [], chosen.facts if chosen else {})
    return _go(scope, operation)


def undoable(operation: Operation) -> "QuerySet[Step]":
    """What a change has done itself, and what can be taken back."""
    return operation.steps.filter(state=State.CONFIRMED, already=False, inverse__isnull=False)


def may_come_true(operation: Operation) -> bool:
    """Whether flinkey may be about to do one of its windows, which no undo of the rest would ever take back."""
    young = Q(verb__in=WINDOW_VERBS, sent_at__gt=timezone.now() - journal.PATIENCE)
    followed = Q(after__verb__in=WINDOW_VERBS)
    return operation.steps.filter(young | followed, state__in=[State.ACCEPTED, State.UNKNOWN]).exists()


def finish(scope: Scope, operation: Operation) -> Operation:
    """Takes up what is left of a change: what was not sent, what flinkey refused, what was lost and may be repeated."""
    journal.reopen(operation)
    if scope.person.pk != operation.person_id:
        journal.note_helper(operation, scope.person)
    return _go(scope, operation)


def _go(scope: Scope, operation: Operation) -> Operation:
    """One thing within this request, more of them by the worker; what another change is at waits for that one.

    While flinkey wants to be left alone, nothing goes out, whoever asks.
    """
    if seconds := signals.seconds_left(asked=True):
        journal.queue(operation)
        journal.hold(operation, Hold.BUSY, timezone.now() + dt.timedelta(seconds=seconds))
        operation.refresh_from_db()
        return operation
    if _left(operation) <= 1 and not journal.in_the_way(operation):
        return run(scope, operation)
    journal.queue(operation)
    upkeep.ask_worker(operation)
    return operation


def run_form(scope: Scope, operation: Operation) -> Operation:
    """Runs a change that came from a form. With a dead token nothing was sent, and the form comes back filled in.

    Raises Unauthorized.
    """
    try:
        return run(scope, operation)
    except Unauthorized:
        journal.discard(operation)
        raise


def can_pause(operation: Operation) -> bool:
    """Whether it is under way, or waits and goes on by itself, with more than one thing to do."""
    goes_on = operation.lease_until is not None or operation.hold in upkeep.BY_ITSELF
    return goes_on and _left(operation) > 1


def _left(operation: Operation) -> int:
    """How many things are left to send; a step that is about none, such as that of a window, is one of its own."""
    left = journal.to_send(operation)
    things = left.exclude(thing_id=None).values("thing_id").distinct().count()
    return things + left.filter(thing_id=None).count()


def is_running(operation: Operation) -> bool:
    """Whether somebody is at it, or is about to be."""
    return operation.lease_until is not None or operation.hold == Hold.QUEUED


def is_group_gone(operation: Operation) -> bool:
    """Whether the group that a change was about is deleted by it."""
    gone = operation.steps.filter(verb=Verb.DELETE_GROUP, state=State.CONFIRMED)
    return operation.kind == Kind.EMPTY_GROUP and gone.exists()


def is_on_its_way(operation: Operation) -> bool:
    """Whether something happens to it without anybody's doing."""
    return operation.lease_until is not None or operation.hold in upkeep.BY_ITSELF


def hold_text(operation: Operation) -> str:
    """Why a change that has its yes does not go on just now, in plain words; nothing while it does."""
    if operation.lease_until is not None:
        return str(WISHES[operation.wish]) if operation.wish else ""
    if not operation.hold:
        return ""
    left = (operation.next_try_at - timezone.now()).total_seconds() if operation.next_try_at else 0.0
    if operation.hold == Hold.BUSY:
        return goes_on_in(left) if left > 0 else str(HOLDS[Hold.QUEUED])
    others = journal.in_the_way(operation) if operation.hold == Hold.QUEUED else []
    if others:
        names = {"person": others[0].person.email, "title": titles.title(others[0])}
        return _("%(person)s is at the same things just now: %(title)s. It starts when that is done.") % names
    return str(HOLDS[operation.hold])


def retriable(operation: Operation) -> int:
    """How many things flinkey has refused that may be tried once more."""
    refused = operation.steps.filter(state=State.REFUSED).exclude(reason="given-up").exclude(verb__in=WINDOW_VERBS)
    return refused.values("kind", "thing_id").distinct().count()


def minutes(calls: int) -> int:
    """How many minutes so many calls take at most; 0 for less than one. flinkey answers in a fifth of a second."""
    return round(calls / upstream.AT_ONCE * 0.3 / 60)


def undo_text(operation: Operation) -> str:
    """Whether a planned change can be taken back afterwards: wholly, in part or not at all."""
    if operation.kind == Kind.EMPTY_GROUP:
        return _("You can undo this: the group then comes back under a new number, with what was in it.")
    verbs = set(operation.steps.values_list("verb", flat=True))
    if Verb.DELETE_GROUP in verbs:
        return _("You can undo part of this: a deleted group comes back under a new number.")
    if Verb.DELETE_WINDOW in verbs or operation.facts.get("at_once"):
        return _("You can undo this: the access comes back under a new number.")
    if verbs and not operation.steps.filter(inverse__isnull=False).exists():
        return _("You cannot undo this: flinkey makes no access without a person.")
    return _("You can undo this as long as nobody has changed the same things again.")


def lost_windows(operation: Operation) -> "QuerySet[Step]":
    """The windows whose answer was lost: never sent again by themselves."""
    return operation.steps.filter(state=State.UNKNOWN, verb__in=WINDOW_VERBS)


def nonce_of(form: Mapping[str, Any]) -> uuid.UUID:
    """The mark that the form carries, so that it makes one change however often it is sent; a new one without it."""
    try:
        return uuid.UUID(str(form.get("nonce")))
    except ValueError:
        return uuid.uuid4()


def by_nonce(scope: Scope, nonce: uuid.UUID, **facts: object) -> Operation | None:
    """The change that this very form has made before, with these facts, unless flinkey has refused it."""
    found = scoped(Operation.objects.all(), scope).filter(nonce=nonce, person=scope.person).first()
    same = found is not None and facts.items() <= found.facts.items() and found.state != State.REFUSED
    return found if same else None
