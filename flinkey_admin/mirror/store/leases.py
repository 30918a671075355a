"""Who reads which list just now, who looks at it, and how far the sweep has come.

Whatever writes the rows of several lists is the one writer: two that lock the same rows in another order would wait
for each other.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone

from flinkey_admin.accounts.models import Customer
from flinkey_admin.mirror import lists
from flinkey_admin.mirror.models import Listing
from flinkey_admin.mirror.writing import one_writer, quick

Values = dict[str, Any]


def claim(customer: Customer, names: Sequence[str], before: dt.datetime, until: dt.datetime) -> list[str]:
    """Takes the lists that were not read since `before` and that nobody else reads just now, until `until`."""
    rows = Listing.objects.filter(customer=customer, name__in=sorted(names))
    known = list(rows)
    if len(known) == len(set(names)) and not _free(known, before):
        return []  # a crowd that waits for one reader must not queue for the database's one writer
    with quick():
        one_writer([customer.pk])
        if len(known) < len(set(names)):
            fresh = [Listing(customer=customer, name=name) for name in names]
            Listing.objects.bulk_create(fresh, ignore_conflicts=True)
        free = _free(rows.all(), before)
        Listing.objects.filter(pk__in=[row.pk for row in free]).update(lease_until=until)
    taken = {row.name for row in free}
    return [name for name in names if name in taken]


def renew(customer: Customer, names: Sequence[str], until: dt.datetime) -> None:
    """Whoever reads these lists is alive, and keeps them until `until`."""
    with quick():
        one_writer([customer.pk])
        Listing.objects.filter(customer=customer, name__in=names, lease_until__isnull=False).update(lease_until=until)


def _free(rows: Iterable[Listing], before: dt.datetime) -> list[Listing]:
    now = timezone.now()
    return [
        row
        for row in rows
        if (row.read_at is None or row.read_at < before)
        and all(until is None or until <= now for until in (row.lease_until, row.rests_until))
    ]


def release(customer: Customer, names: Sequence[str], rests_until: dt.datetime | None = None) -> None:
    """Gives lists back that could not be read; `rests_until` keeps them from being asked for again before."""
    if not names:
        return
    with quick():
        one_writer([customer.pk])
        Listing.objects.filter(customer=customer, name__in=names).update(lease_until=None, rests_until=rests_until)


def note_look(customer: Customer, names: Sequence[str], now: dt.datetime) -> None:
    """Somebody looks at these lists."""
    with quick():
        one_writer([customer.pk])
        _put(customer, names, looked_at=now)


def _put(customer: Customer, names: Sequence[str], **values: Any) -> None:
    """Writes these columns of these lists, whether they are known or not."""
    save_lists([Listing(customer=customer, name=name, **values) for name in dict.fromkeys(names)], list(values))


def save_lists(rows: Sequence[Listing], columns: Sequence[str]) -> None:
    """Writes these columns of the lists in one statement, cheaper than an UPDATE with a case for each row."""
    for row in rows:
        row.pk = None  # it is found by its customer and name
    Listing.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["customer", "name"], update_fields=columns, batch_size=200
    )


def note_progress(customer: Customer, done: int, total: int, finished_at: dt.datetime | None) -> None:
    """How far the sweep of a customer has come; `finished_at`: when all of it was read for the last time."""
    values: Values = {"size": done, "total": total}
    if finished_at:
        values["read_at"] = finished_at
    _put(customer, [lists.EVERYTHING], **values)


def plan_sweep(customer: Customer, mark: str, until: dt.datetime) -> None:
    """The next slice of the sweep is the one with this mark; it is overdue after `until`."""
    _put(customer, [lists.EVERYTHING], digest=mark, lease_until=until)


def hold_sweep(customer: Customer, mark: str, until: dt.datetime) -> bool:
    """Starts the slice with this mark; False when another one has been planned since."""
    planned = Listing.objects.filter(customer=customer, name=lists.EVERYTHING, digest=mark)
    return bool(planned.update(lease_until=until))
