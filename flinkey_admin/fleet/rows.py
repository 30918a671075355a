"""Cars, users, services and boxes as rows of one kind of table: their names, what finds them, what sorts them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import Group
from flinkey_admin.web.names import Thing, finds, fold, name_of, natural, text_of


@dataclass(frozen=True)
class Column:
    """A column: its key in `?sort=`, its heading, what it sorts by, and whether a phone leaves it out.

    `plain` sorts sign by sign: in a box's number 0A-6F the digits are hexadecimal, and 6F comes after 25.
    """

    key: str
    heading: str | Promise
    value: Callable[[Any], Any]
    wide: bool = False
    plain: bool = False

    def order(self, thing: Thing) -> Any:
        """The key that sorts a thing by this column."""
        found = str(self.value(thing))
        return fold(found) if self.plain else natural(found)


@dataclass(frozen=True)
class Row:
    """A thing and the groups it is in."""

    thing: Thing
    groups: tuple[Group, ...] = ()

    @property
    def id(self) -> int:
        return self.thing.id

    @property
    def name(self) -> str:
        return name_of(self.thing)


COLUMNS: dict[Kind, tuple[Column, ...]] = {
    Kind.CARS: (
        Column("name", gettext_lazy("Car"), name_of),
        Column("plate", gettext_lazy("Plate"), lambda car: car.license_plate or ""),
        Column("vin", gettext_lazy("VIN"), lambda car: car.vin or "", wide=True),
        Column("description", gettext_lazy("Description"), lambda car: car.description or "", wide=True),
    ),
    Kind.USERS: (
        Column("name", gettext_lazy("User"), lambda user: " ".join(filter(None, (user.last_name, user.first_name)))),
        Column("email", gettext_lazy("E-mail"), lambda user: user.email),
    ),
    Kind.SERVICES: (
        Column("name", gettext_lazy("Service"), name_of),
        Column("state", gettext_lazy("State"), lambda service: service.is_terminated),
        Column("cause", gettext_lazy("Cause"), lambda service: service.termination_cause or "", wide=True),
    ),
    Kind.PRODUCTS: (
        Column("name", gettext_lazy("Box"), name_of, plain=True),
        Column("serial", gettext_lazy("Serial number"), lambda product: product.serial_number or ""),
        Column("sap", gettext_lazy("SAP number"), lambda product: product.sap_number or "", wide=True),
        Column("type", gettext_lazy("Type"), lambda product: product.type or "", wide=True),
    ),
}


def search(rows: Sequence[Row], query: str) -> list[Row]:
    """The rows that the query finds, all of them for an empty one."""
    if not query.strip():
        return list(rows)
    return [row for row in rows if finds(query, text_of(row.thing))]


def sort(rows: Sequence[Row], kind: Kind, key: str) -> list[Row]:
    """The rows by the column `key`, backwards with a leading hyphen; empty values last, names as people sort them."""
    columns = {column.key: column for column in COLUMNS[kind]}
    name = COLUMNS[kind][0]
    column = columns.get(key.removeprefix("-"), name)

    def by_name(row: Row) -> tuple[Any, ...]:
        return name.order(row.thing), natural(row.name)

    filled = [row for row in rows if column.value(row.thing) not in {"", None}]
    empty = [row for row in rows if column.value(row.thing) in {"", None}]
    filled.sort(key=lambda row: (column.order(row.thing), *by_name(row)), reverse=key.startswith("-"))
    return filled + sorted(empty, key=by_name)
