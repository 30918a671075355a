"""The reader of SQL itself: what it notices, and what it lets pass."""

import pytest

from tests.security.statements import unnamed

FORGETFUL = {
    'SELECT 1 FROM "mirror_car" WHERE "mirror_car"."flinkey_id" = %s': {"mirror_car"},
    'SELECT "mirror_car"."customer_id" FROM "mirror_car"': {"mirror_car"},
    'UPDATE "mirror_car" SET "name" = %s WHERE "mirror_car"."flinkey_id" IN (%s)': {"mirror_car"},
    'DELETE FROM "mirror_membership" WHERE "mirror_membership"."thing_id" = %s': {"mirror_membership"},
    'SELECT 1 FROM "operations_step" INNER JOIN "operations_operation" ON ("operations_step"."operation_id" = '
    '"operations_operation"."id") WHERE "operations_step"."car_id" = %s': {"operations_step", "operations_operation"},
    'SELECT 1 FROM "mirror_car" INNER JOIN "accounts_customer" ON ("mirror_car"."customer_id" = '
    '"accounts_customer"."id") WHERE "mirror_car"."flinkey_id" = %s': {"mirror_car"},
    'SELECT (SELECT 1 FROM "mirror_window" U0 WHERE U0."car_id" = ("mirror_car"."flinkey_id")) FROM "mirror_car" '
    'WHERE "mirror_car"."customer_id" = %s': {"mirror_window"},
    'SELECT 1 FROM "mirror_car" WHERE ("mirror_car"."customer_id" = %s AND EXISTS(SELECT 1 AS "a" FROM '
    '"mirror_window" U0 WHERE U0."car_id" = %s LIMIT 1))': {"mirror_window"},
}
RIGHT = [
    'SELECT 1 FROM "mirror_car" WHERE "mirror_car"."customer_id" = %s',
    'SELECT 1 FROM "mirror_car" WHERE "mirror_car"."id" IN (%s)',
    'SELECT 1 FROM "operations_step" WHERE "operations_step"."operation_id" = %s',
    'SELECT 1 FROM "mirror_car" INNER JOIN "accounts_customer" ON ("mirror_car"."customer_id" = '
    '"accounts_customer"."id") WHERE "accounts_customer"."flinkey_id" = %s',
    'SELECT 1 FROM "operations_step" INNER JOIN "operations_operation" ON ("operations_step"."operation_id" = '
    '"operations_operation"."id") WHERE "operations_step"."customer_id" = %s',
    'SELECT (SELECT 1 FROM "mirror_window" U0 WHERE U0."customer_id" = ("mirror_car"."customer_id")) FROM '
    '"mirror_car" WHERE "mirror_car"."customer_id" = %s',
    'SELECT 1 FROM "django_session" WHERE "django_session"."session_key" = %s',
]


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("sql", "tables"), FORGETFUL.items())
def test_a_forgotten_customer_is_noticed(sql: str, tables: set[str]) -> None:
    assert unnamed(sql) == tables


@pytest.mark.sampled(1)
@pytest.mark.parametrize("sql", RIGHT)
def test_what_says_whose_passes(sql: str) -> None:
    assert unnamed(sql) == frozenset()
