"""How the copy is written: by one at a time, and with no wait for the disk, for what is lost there is read again."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from flinkey_admin.accounts.models import Customer


def one_writer(customers: Iterable[int]) -> None:
    """Waits, within a transaction, until nobody else writes the copy of these customers (their keys).

    Two lists that bring the same new car would both insert it. SQLite has one writer anyhow.
    """
    if connection.features.has_select_for_update:
        list(Customer.objects.select_for_update(no_key=True).filter(pk__in=customers).order_by("pk"))


@contextmanager
def quick() -> Iterator[None]:
    """A transaction of the copy's own, a few milliseconds quicker than one of the journal.

    It is as whole as any other and seen by everybody at once; only the wait for the disk is left out. Within another
    transaction, which may be the journal's, nothing is left out.
    """
    if connection.in_atomic_block:
        with transaction.atomic(savepoint=False):
            yield
    elif connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            usual = cursor.execute("PRAGMA synchronous").fetchone()[0]
            cursor.execute(f"PRAGMA synchronous={min(usual, 1)}")  # NORMAL: no commit waits, the checkpoint does
        try:
            with transaction.atomic():
                yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA synchronous={usual}")
    else:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit TO OFF")
            yield
