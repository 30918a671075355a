"""What the worker does for changes: runs them, and takes up by itself whatever has stopped and may go on."""

import datetime as dt
import logging
import threading
import time

from django.db import close_old_connections
from django.db.models import Q
from django.dispatch import receiver
from django.utils import timezone
from django_tasks import task

from flinkey_admin.accounts import services as accounts
from flinkey_admin.accounts.scoping import live_scope, require_client, scope_for
from flinkey_admin.flinkey.fields import instant
from flinkey_admin.operations import confirmation, journal, runner, signals
from flinkey_admin.operations.models import PAIRS, Hold, Operation, State, Verb

logger = logging.getLogger(__name__)

EVERY = 2.0  # seconds between two looks
SOON = dt.timedelta(seconds=30)  # within this the worker should have come to what it was asked for
OLD = dt.timedelta(minutes=15)  # what has rested for so long goes on only after another yes
BY_ITSELF = (Hold.QUEUED, Hold.BUSY, Hold.DOWN, Hold.KEY, Hold.SIGNED_OUT)


def ask_worker(operation: Operation) -> None:
    """The worker runs it as soon as it can."""
    if journal.claim_try(operation, timezone.now() + SOON):
        run_operation.enqueue(operation.pk)


@receiver(signals.settled)
def _go_on(operation_id: int, **_more: object) -> None:
    """What has waited for a window is queued by now; should nobody come to ask for it, `take_up` does."""
    for operation in Operation.objects.filter(pk=operation_id, hold=Hold.QUEUED, lease_until=None):
        ask_worker(operation)


@task(queue_name="runs")
def run_operation(operation_id: int) -> None:
    """Runs what is left of a change, if it may go on."""
    operation = Operation.objects.select_related("person", "customer").filter(pk=operation_id).first()
    if operation is None or operation.finished_at or operation.hold not in BY_ITSELF:
        return
    if needs_yes(operation):
        journal.hold(operation, Hold.ASKS)
        return
    if seconds := signals.seconds_left():
        journal.hold(operation, operation.hold, timezone.now() + dt.timedelta(seconds=seconds))
        return
    scope = live_scope(operation.person, operation.customer)
    if scope is None:
        journal.hold(operation, Hold.SIGNED_OUT)
        return
    if runner.run(operation, require_client(scope)):
        accounts.forget_sign_ins(scope.person)  # that token is dead, whatever it says of itself


def take_up() -> None:
    """Looks at every change that is not done: what a dead process has left, and what waits and may go on now."""
    for operation in journal.recover():
        confirmation.watch_all(operation)
    confirmation.take_up()
    now = timezone.now()
    waiting = Operation.objects.filter(finished_at=None, started_at__isnull=False, lease_until=None, hold__in=BY_ITSELF)
    due = waiting.filter(Q(next_try_at=None) | Q(next_try_at__lte=now)).select_related("person", "customer")
    for operation in due.order_by("started_at"):
        if needs_yes(operation):
            journal.hold(operation, Hold.ASKS)
        elif operation.hold != Hold.SIGNED_OUT or live_scope(operation.person, operation.customer):
            ask_worker(operation)


def needs_yes(operation: Operation) -> bool:
    """Whether so much has happened since the last yes that a person must look again before it goes on.

    It has rested for too long, a window that it would give is over, or whoever wanted it may no longer act for the
    customer.
    """
    if operation.active_at and timezone.now() - operation.active_at > OLD:
        return True
    if scope_for(operation.person, operation.customer.flinkey_id) is None:
        return True
    windows = operation.steps.filter(state=State.PLANNED, verb__in=[Verb.CREATE_WINDOW, Verb.CHANGE_WINDOW])
    if operation.kind == Operation.Kind.END_ACCESS or operation.facts.get("act") in PAIRS:
        windows = windows.filter(verb=Verb.CREATE_WINDOW)  # what ends now may do so a little later
    ends = [end for end in windows.values_list("args__end", flat=True) if end]
    return any(instant(end) <= timezone.now() for end in ends)


def watch() -> None:
    """Looks every other second, for as long as the process lives: whatever goes wrong, the next look is tried."""
    while True:
        try:
            _look()
        except Exception:
            logger.exception("changes that wait could not be looked at")
        time.sleep(EVERY)


def _look() -> None:
    try:
        take_up()
        signals.looked.send(sender=None)
    finally:
        close_old_connections()


def start_watching() -> None:
    """Watches beside whatever else this process does."""
    threading.Thread(target=watch, name="take-up", daemon=True).start()
