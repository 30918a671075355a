"""What people want of a change that runs, or has run."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from flinkey_admin.accounts.models import Manager
from flinkey_admin.operations.journal.leases import hold
from flinkey_admin.operations.journal.results import settle
from flinkey_admin.operations.journal.state import summarise
from flinkey_admin.operations.journal.terms import PATIENCE, REPEATABLE, Outcome
from flinkey_admin.operations.models import Hold, Operation, State, Step


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
        settle([(step, Outcome(State.REFUSED, reason="given-up")) for step in operation.steps.filter(left)], now)
        Operation.objects.filter(pk=operation.pk).update(hold="", wish="", closed_at=now)
        summarise(operation)
