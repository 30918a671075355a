"""What searches are made of, as each database is asked for it."""

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.base import DatabaseWrapper as PostgreSQL
from django.utils import timezone

from flinkey_admin.accounts.models import Customer
from flinkey_admin.mirror.models import Car, User
from flinkey_admin.mirror.queries import matching
from flinkey_admin.web.names import haystacks, sort_key, sort_keys

WHERE = {"sqlite": '"search" GLOB ', "postgresql": '"search" LIKE '}


def asked_by(vendor: str) -> BaseDatabaseWrapper:
    own = connections["default"]
    return own if vendor == own.vendor else PostgreSQL({**own.settings_dict, "OPTIONS": {}})


@pytest.mark.parametrize("vendor", WHERE)
def test_a_word_is_looked_for_in_words_that_the_database_knows(vendor: str) -> None:
    """SQLite alone finds out while the tests run; a search on PostgreSQL once answered 500."""
    asked = asked_by(vendor)
    assert asked.vendor == vendor
    sql, params = Car.objects.filter(search__holds="50%").query.get_compiler(connection=asked).as_sql()
    assert WHERE[vendor] in sql
    assert params == ("*50%*" if vendor == "sqlite" else "%50\\%%",)


@pytest.mark.parametrize("vendor", WHERE)
def test_a_word_with_umlauts_is_looked_for_in_both_spellings_and_another_one_once(vendor: str) -> None:
    for query, words in (("Müller", ["muller", "mueller"]), ("pool", ["pool"])):
        asked = matching(User.objects.order_by(), query).query.get_compiler(connection=asked_by(vendor))
        sql, params = asked.as_sql()
        assert (sql.count("squeezed"), [str(one).strip("*%") for one in params]) == (len(words) + 1, words), sql


FOUND = {
    "Müller": ["Joerg Mueller", "Jörg Müller", "Jo\u0308rg Mu\u0308ller", "Muller"],
    "Mu\u0308ller": ["Joerg Mueller", "Jörg Müller", "Jo\u0308rg Mu\u0308ller", "Muller"],
    "JÖRG MÜLLER": ["Joerg Mueller", "Jörg Müller", "Jo\u0308rg Mu\u0308ller"],
    "Mueller": ["Joerg Mueller", "Jörg Müller", "Jo\u0308rg Mu\u0308ller"],
    "Muller": ["Jörg Müller", "Jo\u0308rg Mu\u0308ller", "Muller"],
    "jörg-mül": ["Joerg Mueller", "Jörg Müller", "Jo\u0308rg Mu\u0308ller"],
    "Weiß": ["Weiss"],
    "\u00a8": ["Joerg Mueller", "Jörg Müller", "Jo\u0308rg Mu\u0308ller", "Muller", "Weiss"],  # no letter at all
}


def test_umlauts_are_found_in_whatever_way_either_side_is_written(db: None) -> None:
    customer = Customer.objects.create(flinkey_id="1", name="Nordwind")
    names = ["Joerg Mueller", "Jörg Müller", "Jo\u0308rg Mu\u0308ller", "Muller", "Weiss"]
    for number, name in enumerate(names):
        search, squeezed = haystacks([name])
        values = {"search": search, "squeezed": squeezed, "last_name": name, "seen_at": timezone.now()}
        User.objects.create(customer=customer, flinkey_id=number, **values)
    mine = User.objects.filter(customer=customer).order_by("flinkey_id")
    assert {query: [user.last_name for user in matching(mine, query)] for query in FOUND} == FOUND


def test_many_are_folded_as_each_by_itself() -> None:
    """Among them some that a text with a limit of its own would take apart, and nothing at all."""
    texts = ["HH-FK 1234", "", "Pool 007\nB", "Jörg\u00a0Müller", "a\u2028b", "\0", "Ende 12"]
    for some in (texts, texts[:5], texts[1:2], []):
        hays, squeezed = haystacks(some)
        assert list(zip(hays, squeezed, strict=True)) == [
            tuple(column[0] for column in haystacks([one])) for one in some
        ]
        assert sort_keys(some) == [sort_key(one) for one in some]
