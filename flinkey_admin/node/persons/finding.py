"""Who somebody is here: a user of flinkey for some customers, a manager, or both; and by which words."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import Q

from flinkey_admin.accounts.models import Manager
from flinkey_admin.mirror.models import User
from flinkey_admin.operations.models import Outside, Step
from flinkey_admin.web.names import GERMAN, fold, squeeze

NAMES = ("first_name", "last_name")


class Unclear(Exception):
    """Why nobody can be named by what was given, in words for whoever runs the command."""


@dataclass
class Person:
    """numbers: (customer's key here, flinkey's number of the user). emails, names: every word that names this person.

    namesakes: other users with the very same name, by the same pair.
    """

    address: str
    numbers: set[tuple[int, int]] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    last_names: set[str] = field(default_factory=set)
    first_names: set[str] = field(default_factory=set)
    namesakes: set[tuple[int, int]] = field(default_factory=set)
    manager: Manager | None = None
    is_current: bool = False  # flinkey still lists this user

    @cached_property
    def words(self) -> "re.Pattern[str]":
        """Finds the person in a text, however it is written."""
        return _pattern([*self.emails, *self.names])

    @cached_property
    def each_word(self) -> "re.Pattern[str]":
        """The same and each of the names alone, for what is about this person and nobody else."""
        return _pattern([*self.emails, *self.names, *self.first_names, *self.last_names])

    @cached_property
    def only_emails(self) -> "re.Pattern[str]":
        return _pattern(self.emails)

    @cached_property
    def loosely(self) -> "re.Pattern[str]":
        """The last name alone, which may be somebody else's: for a person to decide."""
        return _pattern(self.last_names)


def _pattern(words: Iterable[str]) -> "re.Pattern[str]":
    """These words, the longest first, not as parts of others: of ab@x.de, b@x.de is none."""
    known = {form for word in words if word for form in _forms(word)}
    one_of = "|".join(re.escape(word) for word in sorted(known, key=len, reverse=True)) or r"(?!)"
    return re.compile(rf"(?<![\w.+-])(?:{one_of})(?![\w-]|[.@]\w)", re.IGNORECASE)


def _forms(word: str) -> set[str]:
    """As it is, and as a search keeps it: without accents, umlauts both ways, without spaces and hyphens."""
    german = "".join(GERMAN.get(sign, sign) for sign in word.casefold())
    plain = {word, fold(word), fold(german)}
    return plain | {squeeze(one) for one in plain if "@" in one or " " in one}


def find(address: str = "", number: int | None = None, customer: str = "", also: Iterable[str] = ()) -> Person:
    """The person with this e-mail address, or with this number at flinkey, for one customer if several have it.

    also: further words by which this person stands in texts, such as a phone number. Raises Unclear.
    """
    users = User.objects.filter(email__iexact=address)
    if not address:
        users = User.objects.none() if number is None else User.objects.filter(flinkey_id=number)
    if customer:
        users = users.filter(customer__flinkey_id=customer)
    rows = list(users)
    if not address and len({row.email.lower() for row in rows}) > 1:
        raise Unclear("Several customers have a user with this number: say which by --customer.")
    address = (address or next((row.email for row in rows), "")).strip()
    if not address and number is None:
        raise Unclear("Name an e-mail address or --user-id.")
    if number is not None and not rows:
        raise Unclear("The copy has no user with this number. Name the e-mail address instead.")
    if rows and address:  # the same person for other customers
        rows = list(User.objects.filter(email__iexact=address))
    person = Person(address, {(row.customer_id, row.flinkey_id) for row in rows})
    person.manager = Manager.objects.filter(email__iexact=address).first() if address else None
    person.is_current = any(row.ended_at is None for row in rows)
    person.emails |= {address, *(row.email for row in rows)} - {""}
    for row in rows:
        _name(person, row.first_name, row.last_name)
    _earlier(person)
    person.names |= {word.strip() for word in also if word.strip()}
    person.namesakes = _namesakes(person, rows)
    return person


def _name(person: Person, first: str | None, last: str | None) -> None:
    if first and last:  # one alone may be anybody's
        person.names |= {f"{first} {last}", f"{last}, {first}", f"{last} {first}"}
    person.first_names |= {first} if first else set()
    person.last_names |= {last} if last else set()


def of_numbers(person: Person, kind: str = "kind", number: str = "thing_id") -> Q:
    """The rows about this person as a user of flinkey."""
    wanted = Q(pk__in=[])
    for customer, user in person.numbers:
        wanted |= Q(**{"customer": customer, number: user, **({kind: "users"} if kind else {})})
    return wanted


def _earlier(person: Person) -> None:
    """The names that the history knows: of before a marriage, of an old address."""
    labels = [*Step.objects.filter(of_numbers(person)).values_list("label", flat=True).distinct()]
    for row in Outside.objects.filter(of_numbers(person)):
        labels.append(row.label)
        for facts in (row.before, row.after):
            known: dict[str, Any] = facts if isinstance(facts, dict) else {}
            _name(person, *(known.get(name) for name in NAMES))
            person.emails |= {known["email"]} if known.get("email") else set()
    for label in labels:
        name, _dot, second = label.partition(" · ")
        person.emails |= {part for part in (name, second) if "@" in part}
        if " " in name and "@" not in name:
            person.names.add(name)


def _namesakes(person: Person, rows: list[User]) -> set[tuple[int, int]]:
    found = set()
    for row in rows:
        same = User.objects.filter(first_name=row.first_name, last_name=row.last_name).exclude(last_name="")
        found |= set(same.values_list("customer", "flinkey_id"))
    return found - person.numbers
