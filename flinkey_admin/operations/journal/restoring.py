"""What the journal knows no more once it is that of an earlier time."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from flinkey_admin.operations.journal.terms import REPEATABLE
from flinkey_admin.operations.models import Operation, State, Step

LONG_AGO = dt.timedelta(minutes=1)


def restored() -> int:
    """A backup has just taken the place of the journal. Returns how many changes were under way in it.

    What was planned then may have been done since. For members that is harmless: it is repeated, and flinkey says
    "already so". A window is never sent twice, so each that was still to come counts as lost: it is looked for, and
    what is not found is for a person to decide. The leases of then are nobody's.
    """
    now = timezone.now()
    under_way = Operation.objects.filter(started_at__isnull=False, finished_at=None)
    with transaction.atomic():
        windows = Step.objects.filter(operation__in=under_way, state__in=[State.PLANNED, State.SENT])
        windows = windows.exclude(verb__in=REPEATABLE)
        with_windows = set(windows.values_list("operation", flat=True))
        windows.update(state=State.SENT, sent_at=now, next_check_at=None)
        # `recover`, which the worker calls every other second, sums up what an ended lease has left.
        lost = under_way.filter(pk__in=with_windows) | under_way.exclude(lease_until=None)
        lost.update(lease_until=now - LONG_AGO, lease_mark=None)
    return under_way.count()


def set_back(now: dt.datetime, soon: dt.timedelta) -> None:
    """The clock was set back to now: what was to happen soon by the old one, later than `soon`, happens now instead."""
    late = now + soon
    with transaction.atomic():
        Operation.objects.filter(lease_until__gt=late).update(lease_until=now - LONG_AGO, lease_mark=None)
        Operation.objects.filter(next_try_at__gt=late).update(next_try_at=now)
        Operation.objects.filter(active_at__gt=late).update(active_at=now)
        Step.objects.filter(next_check_at__gt=late).update(next_check_at=now)
        Step.objects.filter(sent_at__gt=late, settled_at=None).update(sent_at=now)
