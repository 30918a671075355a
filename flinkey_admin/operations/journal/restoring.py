"""What the journal knows no more once it is that of an earlier time."""

import datetime as dt

from django.db import connection, transaction
from django.utils import timezone

from flinkey_admin.operations.journal.terms import REPEATABLE
from flinkey_admin.operations.models import Operation, State, Step

LONG_AGO = dt.timedelta(minutes=1)


def as_restored() -> list[str]:
    """What makes the journal of a backup one that has just been put back, in SQL: it is not in its place yet.

    It goes into the transaction that puts it there, so that no moment of death leaves one that would send what it must
    not. The tables are then those of the version that made the backup, so it names only what all of them have.

    What was planned then may have been done since. For members that is harmless: it is repeated, and flinkey says
    "already so". A window is never sent twice, so each that was still to come counts as lost: it is looked for, and
    what is not found is for a person to decide. A plan without a yes may have got it since, so one with such windows is
    to be made anew. The leases of then are nobody's.
    """
    now = timezone.now()
    ended, lost = _time(now - LONG_AGO), _time(now)
    begun = "SELECT id FROM operations_operation WHERE started_at IS NOT NULL AND finished_at IS NULL"
    repeatable = ", ".join(f"'{verb}'" for verb in REPEATABLE)
    to_come = f"state IN ('{State.PLANNED}', '{State.SENT}') AND verb NOT IN ({repeatable})"
    with_windows = f"SELECT operation_id FROM operations_step WHERE {to_come}"  # noqa: S608 - words of ours
    rows = f"id IN ({begun}) AND (lease_until IS NOT NULL OR id IN ({with_windows}))"
    # `recover`, which the worker calls every other second, sums up what an ended lease has left.
    leases = f"UPDATE operations_operation SET lease_until = {ended}, lease_mark = NULL WHERE {rows}"  # noqa: S608
    sent = f"SET state = '{State.SENT}', sent_at = {lost}, next_check_at = NULL"
    windows = f"UPDATE operations_step {sent} WHERE operation_id IN ({begun}) AND {to_come}"
    plans = "SELECT id FROM operations_operation WHERE started_at IS NULL"
    once = f"SELECT operation_id FROM operations_step WHERE verb NOT IN ({repeatable})"  # noqa: S608 - words of ours
    refused = f"SET state = '{State.REFUSED}', reason = 'restored', settled_at = {lost}"
    anew = f"UPDATE operations_step {refused} WHERE operation_id IN ({plans}) AND operation_id IN ({once})"
    return [leases, windows, anew]


def under_way() -> int:
    """How many changes have got a yes and are not at their end."""
    return Operation.objects.filter(started_at__isnull=False, finished_at=None).count()


def _time(when: dt.datetime) -> str:
    """As the database at hand writes it."""
    return f"'{connection.ops.adapt_datetimefield_value(when)}'"


def set_back(now: dt.datetime, soon: dt.timedelta) -> None:
    """The clock was set back to now: what was to happen soon by the old one, later than `soon`, happens now instead."""
    late = now + soon
    with transaction.atomic():
        Operation.objects.filter(lease_until__gt=late).update(lease_until=now - LONG_AGO, lease_mark=None)
        Operation.objects.filter(next_try_at__gt=late).update(next_try_at=now)
        Operation.objects.filter(active_at__gt=late).update(active_at=now)
        Step.objects.filter(next_check_at__gt=late).update(next_check_at=now)
        Step.objects.filter(sent_at__gt=late, settled_at=None).update(sent_at=now)
