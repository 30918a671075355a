"""Stages that many tests begin with: built once a process by using the product, then put back as they were.

That is exact only where time stands still, so whoever is in a test with a running clock builds anew.
"""

import copy
import datetime as dt
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from http.cookies import SimpleCookie
from typing import Any, ClassVar

from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from flinkey_admin.sandbox import Sandbox

# What the migrations have filled is there before any stage.
OF_MIGRATIONS = {"django_migrations", "django_content_type", "auth_permission"}
Key = tuple[dt.datetime, str, str, str]


@dataclass(frozen=True)
class Kept:
    """All that a stage consists of: the database, what flinkey has, who is signed in there, its log, and cookies."""

    rows: dict[str, list[tuple[Any, ...]]]
    world: dict[str, Any]
    tokens: dict[str, Any]
    requests: list[dict[str, Any]]
    cookies: list[SimpleCookie]


@dataclass
class Stages:
    """The stages of one test, each upon the ones before."""

    sandbox: Sandbox
    kept: ClassVar[dict[Key, Kept]] = field(default={})

    def set(self, name: str, build: Callable[[], None], *people: Client) -> None:
        """Builds it, or puts it back if it was built at this moment upon the same stages before the same flinkey.

        people: those whose browsers it may change.
        """
        sim = self.sandbox.sim
        # All that is there: what a test has done between two stages must not become a part of the second one's.
        key = timezone.now(), json.dumps(sim.snapshot(), sort_keys=True), name, repr(sorted(every_row().items()))
        if found := self.kept.get(key):
            self._put_back(found, people)
            return
        build()
        if timezone.now() == key[0]:
            with sim.lock:
                cookies = [copy.deepcopy(person.cookies) for person in people]
                self.kept[key] = Kept(
                    every_row(), sim.snapshot(), dict(sim.tokens), copy.deepcopy(list(sim.requests)), cookies
                )

    def look(self, person: Client, *addresses: str) -> None:
        """Somebody has opened these pages, one after the other."""

        def build() -> None:
            for address in addresses:
                assert person.get(address).status_code == 200, address

        self.set(" ".join(addresses), build, person)

    def _put_back(self, found: Kept, people: Iterable[Client]) -> None:
        sim = self.sandbox.sim
        with sim.lock:
            sim.restore(found.world)
            sim.tokens.update(found.tokens)
            sim.requests.clear()
            sim.requests.extend(copy.deepcopy(found.requests))
        with transaction.atomic(), connection.cursor() as cursor:
            for table, rows in found.rows.items():
                cursor.execute(f'DELETE FROM "{table}"')
                cursor.executemany(f'INSERT INTO "{table}" VALUES ({", ".join(["%s"] * len(rows[0]))})', rows)
        for person, cookies in zip(people, found.cookies, strict=True):
            person.cookies = copy.deepcopy(cookies)


@cache
def tables() -> list[str]:
    """All but those that the migrations have filled."""
    return sorted(set(connection.introspection.django_table_names(only_existing=True)) - OF_MIGRATIONS)


def every_row() -> dict[str, list[tuple[Any, ...]]]:
    """By their tables; those that are empty are left out."""
    found = {}
    with connection.cursor() as cursor:
        for table in tables():
            cursor.execute(f'SELECT * FROM "{table}"')
            if rows := cursor.fetchall():
                found[table] = rows
    return found
