"""What makes a run of many tests shorter and changes nothing that a test sees."""

import gc
from typing import Any

from django.db import connection, transaction
from django.test import TransactionTestCase

from tests.stages import tables


def let_be() -> None:
    """What has been collected stays until the end: it need not be looked through for garbage again and again."""
    gc.collect()
    gc.freeze()


def take_out(_test: Any) -> None:
    """Empties the tables after a test that has committed.

    Django's `flush` empties those that the migrations have filled as well, and then fills them again, app by app.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        for table in tables():
            cursor.execute(f'DELETE FROM "{table}"')


TransactionTestCase._fixture_teardown = take_out  # type: ignore[attr-defined]
