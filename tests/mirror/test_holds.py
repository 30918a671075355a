"""What searches are made of, as each database is asked for it."""

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.base import DatabaseWrapper as PostgreSQL

from flinkey_admin.mirror.models import Car

WHERE = {"sqlite": '"search" GLOB ', "postgresql": '"search" LIKE '}


@pytest.mark.parametrize("vendor", WHERE)
def test_a_word_is_looked_for_in_words_that_the_database_knows(vendor: str) -> None:
    """SQLite alone finds out while the tests run; a search on PostgreSQL once answered 500."""
    own = connections["default"]
    asked: BaseDatabaseWrapper = own if vendor == own.vendor else PostgreSQL({**own.settings_dict, "OPTIONS": {}})
    assert asked.vendor == vendor
    sql, params = Car.objects.filter(search__holds="50%").query.get_compiler(connection=asked).as_sql()
    assert WHERE[vendor] in sql
    assert params == ("*50%*" if vendor == "sqlite" else "%50\\%%",)
