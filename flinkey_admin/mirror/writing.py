"""How the copy is written: by one at a time, and with no wait for the disk, for what is lost there is read again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, repeat
from typing import Any

from django.db import connection, models, transaction

from flinkey_admin.accounts.models import Customer

TOGETHER = 40  # rows in one statement: each statement costs as much as a row


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


def insert(model: type[models.Model], columns: Mapping[str, Sequence[Any]], **same: Any) -> None:
    """Writes new rows, given by column: the values of a field in all rows; `same`: fields with one value in all.

    Fields that are not named have their defaults. A thousand cars take a sixth of what bulk_create needs, which makes
    an object of each and names each value once more in its SQL.
    """
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    rows = [*zip(*(_column(field, columns, same) for field in fields), strict=False)]
    if not rows:
        return
    quoted = connection.ops.quote_name
    names, places = ", ".join(quoted(str(field.column)) for field in fields), ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {quoted(model._meta.db_table)} ({names}) VALUES "  # noqa: S608 - only names
    left = len(rows) % TOGETHER
    tens = [[*chain(*rows[at : at + TOGETHER])] for at in range(left, len(rows), TOGETHER)]
    with connection.cursor() as cursor:
        if left:
            cursor.executemany(f"{statement}({places})", rows[:left])
        if tens:
            cursor.executemany(statement + ", ".join([f"({places})"] * TOGETHER), tens)


def _column(
    field: "models.Field[Any, Any]", columns: Mapping[str, Sequence[Any]], same: Mapping[str, Any]
) -> Iterable[Any]:
    """The values of one field, as the database takes them; without an end where all rows have the same."""
    values = columns.get(field.name)
    if values is None:
        return repeat(_stored(field, same[field.name] if field.name in same else field.get_default()))
    if isinstance(field, models.DateTimeField):
        stored = {value: _stored(field, value) for value in set(values)}
        return [stored[value] for value in values]
    return values


def _stored(field: "models.Field[Any, Any]", value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(field, models.DateTimeField) else value
