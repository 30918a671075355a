"""The SQL of every test is read: a statement about a table of the customers' must say whose rows it means.

That holds whatever the rows are, so a forgotten customer is noticed where no two customers ever met in a test. It is
not enough to be right, only to be noticed: what a statement means is for the tests with two customers to say.
"""

import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db.models import ForeignKey

from flinkey_admin.accounts.models import Customer

ROOT = Path(__file__).resolve().parents[2]
TABLE = re.compile(r'(?:FROM|JOIN|UPDATE) "(\w+)"(?: (?!SET)([A-Z]\d+))?')
LIST = re.compile(r"IN \(%s(?:, %s)+\)")
SUBSELECT = "(SELECT "
UNION = re.compile(r" UNION (?:ALL )?")
SAID = re.compile(r'("?\w+"?)\."(\w+)" (?:=|IN) \(?(?:("?\w+"?)\."(\w+)"|%s|\.\.\.)')

# Statements about everybody's rows, by the function that runs them, and why that is right.
FOR_ALL = {
    "assignments/feeds:by_secret": "a calendar is found by the digest of its secret, which says whose it is",
    "operations/upkeep:take_up": "the worker looks for changes that may go on",
    "operations/confirmation:take_up": "the worker looks for windows that wait to be read back",
    "operations/management/commands/webhooks:handle": "an administrator's command",
    "fleet/services:freeze": "selections of yesterday are thrown away",
    "operations/journal/elsewhere:keep_webhook": "the same message is found by its digest, the customer with it",
    "operations/journal/leases:recover": "the worker looks for changes whose process has died",
    "operations/journal/planning:plan": "found by a nonce, and then compared with the scope",
}
# Health, figures, copies, erasure, a mended clock, what has run out: about everybody's rows by what they are.
INSTALLATION = (
    *("node/", "mirror/store/clocks:", "mirror/store/gone:", "operations/journal/restoring:"),
    "operations/journal/pruning:",
)


@cache
def owned() -> dict[str, frozenset[str]]:
    """The tables with a customer's rows, and the customers: by which columns a statement may say whose."""
    found = {Customer._meta.db_table: frozenset({"id", "flinkey_id"})}
    for model in apps.get_models(include_auto_created=True):
        keys = [one for one in model._meta.concrete_fields if isinstance(one, ForeignKey)]
        # A row that belongs to one of the customer's rows is the customer's.
        theirs = {one.column for one in keys if _is_of_one(one.related_model)}
        if _is_of_one(model) or (theirs and model._meta.auto_created):
            found[model._meta.db_table] = frozenset({"id", "customer_id", *theirs})
    return found


def _is_of_one(model: Any) -> bool:
    """Who reaches whom (`accounts`) is nobody's own: it is what says whose the rest is."""
    return model._meta.app_label != "accounts" and any(one.name == "customer" for one in model._meta.concrete_fields)


def _levels(sql: str) -> Iterator[str]:
    """A statement and each SELECT inside of it, every one without those inside of itself."""
    while (start := sql.rfind(SUBSELECT)) >= 0:
        depth, end = 0, start
        for end in range(start, len(sql)):
            depth += {"(": 1, ")": -1}.get(sql[end], 0)
            if depth == 0:
                break
        yield sql[start : end + 1]
        sql = f"{sql[:start]}(...){sql[end + 1 :]}"
    yield sql


@cache
def unnamed(sql: str) -> frozenset[str]:
    """The tables of which a statement reads, changes or deletes rows without a word about whose."""
    return frozenset(table for level in _levels(sql) for part in UNION.split(level) for table in _unnamed(part))


def _unnamed(level: str) -> Iterator[str]:
    tables = {alias or f'"{table}"': table for table, alias in TABLE.findall(level)}
    said: set[str] = set()
    links = []
    for left, column, right, other in SAID.findall(level):
        sides = [
            side for side, name in ((left, column), (right, other)) if name in owned().get(tables.get(side, ""), ())
        ]
        if right in tables:
            links.append(sides)  # two tables joined: whose they are is said for both or for neither
        else:
            said.update(sides)  # a value, or the row of the statement around this one
    for _round in links:
        said.update(side for sides in links if len(sides) == 2 and said.intersection(sides) for side in sides)
    yield from (
        table
        for alias, table in tables.items()
        if table in owned() and table != Customer._meta.db_table and alias not in said
    )


def asker() -> str:
    """The function of the product that is running a statement; nothing when a test is."""
    frame = sys._getframe(1)
    while frame := frame.f_back:  # type: ignore[assignment]
        if (module := _module(frame.f_code.co_filename)) is not None:
            return module and f"{module}:{frame.f_code.co_name}"
    return ""


@cache
def _module(file: str) -> str | None:
    """A module of the product, as `FOR_ALL` names it; nothing for one of the tests, None for any other."""
    path = Path(file)
    if path.is_relative_to(ROOT / "flinkey_admin"):
        return path.relative_to(ROOT / "flinkey_admin").with_suffix("").as_posix()
    return "" if path.is_relative_to(ROOT / "tests") and path != Path(__file__) else None


class Guard:
    """Notes what says too little, on every connection of this process."""

    def __init__(self) -> None:
        self.found: set[tuple[str, str]] = set()
        self.met: set[str] = set()

    def install(self, connection: Any, **_facts: Any) -> None:
        if self not in connection.execute_wrappers:
            connection.execute_wrappers.append(self)

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith("INSERT") and (tables := unnamed(LIST.sub("IN (%s)", sql))):
            by = asker()
            if by in FOR_ALL:
                self.met.add(by)
            elif by and not by.startswith(INSTALLATION):
                self.found.update((f"{by}: {table}", sql[:2000]) for table in tables)
        return execute(sql, params, many, context)


guard = Guard()
