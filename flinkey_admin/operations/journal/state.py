"""What the steps make of a change."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.utils import timezone

from flinkey_admin.operations.journal.terms import REPEATABLE, SETTLED, WAITS
from flinkey_admin.operations.models import Operation, State, Step


def summarise(operation: Operation) -> None:
    """The operation's state from its steps. What hangs on a refused step will not come, so it does not count.

    Nor does what waits for a window: that one says how far the change is.
    """
    steps = may_come(Step.objects.filter(operation=operation)).exclude(WAITS)
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
    return may_come(Step.objects.filter(may, operation=operation)).exclude(WAITS)


def may_come(steps: "QuerySet[Step]") -> "QuerySet[Step]":
    """Without what waits for a step that was refused, or for one that waits for such a step itself."""
    return steps.exclude(after__state=State.REFUSED).exclude(after__after__state=State.REFUSED)


def summary(states: Sequence[str]) -> State:
    """What a person should know first about so many steps: what is lost, what is open, what was refused."""
    present = set(states)
    for state in (State.SENT, State.UNKNOWN, State.PLANNED, State.REFUSED, State.ACCEPTED):
        if state in present:
            return state
    return State.CONFIRMED
