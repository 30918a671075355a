"""Transactions that need not be on disk when they end: whatever the copy loses in a power cut, it reads again."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


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
