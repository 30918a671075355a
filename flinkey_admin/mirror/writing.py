"""How the copy is written: by one at a time, and with no wait for the disk, for what is lost there is read again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

from django.db import connection, models, transaction

from flinkey_admin.accounts.models import Customer

TOGETHER = 10  # rows in one statement: each statement costs as much as a row


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


def insert(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes new rows, each with the values of the fields it names; the others have their defaults.

    All rows name the same fields. A thousand cars take a sixth of what bulk_create needs, which makes an object of each
    and names each value once more in its SQL.
    """
    if not rows:
        return
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    columns = [_column(field, rows) for field in fields]
    quoted = connection.ops.quote_name
    names, places = ", ".join(quoted(str(field.column)) for field in fields), ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {quoted(model._meta.db_table)} ({names}) VALUES "  # noqa: S608 - only names
    written = list(zip(*columns, strict=True))
    left = len(written) % TOGETHER
    tens = [[*chain(*written[at : at + TOGETHER])] for at in range(left, len(written), TOGETHER)]
    with connection.cursor() as cursor:
        if left:
            cursor.executemany(f"{statement}({places})", written[:left])
        if tens:
            cursor.executemany(statement + ", ".join([f"({places})"] * TOGETHER), tens)


def _column(field: "models.Field[Any, Any]", rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The values of one field, as the database takes them."""
    if field.name not in rows[0]:
        return [field.get_default()] * len(rows)
    values = [row[field.name] for row in rows]
    if isinstance(field, models.DateTimeField):
        written = {value: connection.ops.adapt_datetimefield_value(value) for value in set(values)}
        return [written[value] for value in values]
    return values
