"""Cars, users, services and boxes as rows of one kind of table: their columns, and what sorts them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import Group
from flinkey_admin.web.names import Thing, name_of


@dataclass(frozen=True)
class Column:
    """A column: its key in `?sort=`, its heading, what of the copy it sorts by, and where there is room for it."""

    key: str
    heading: str | Promise
    fields: tuple[str, ...]
    room: str = ""  # hide: not on a phone; extra: on a wide screen only


@dataclass(frozen=True)
class Access:
    """A window beside a row: the other side's name and id, from when until when, and whether a change of it is open."""

    label: str
    other_id: int | None
    start: dt.datetime
    end: dt.datetime | None
    is_open: bool = False


@dataclass(frozen=True)
class Row:
    """A thing, the groups it is in, and who has it now and next (for a user: which car).

    `more`: how many others have it now as well. `state`: of an open change of its groups, `sent` or `unknown`.
    `is_read`: whether it is known that nobody else has it.
    """

    thing: Thing
    groups: Sequence[Group] = field(default=())
    now: Access | None = None
    next: Access | None = None
    more: int = 0
    state: str = ""
    is_read: bool = True

    @property
    def id(self) -> int:
        return self.thing.id

    @property
    def name(self) -> str:
        return name_of(self.thing)


COLUMNS: dict[Kind, tuple[Column, ...]] = {
    Kind.CARS: (
        Column("name", gettext_lazy("Car"), ("sort_name", "sort_second")),
        Column("plate", gettext_lazy("Plate"), ("sort_second", "sort_name")),
        Column("vin", gettext_lazy("VIN"), ("vin",), "extra"),
        Column("description", gettext_lazy("Description"), ("description",), "extra"),
    ),
    Kind.USERS: (
        Column("name", gettext_lazy("User"), ("sort_name", "sort_second")),
        Column("email", gettext_lazy("E-mail"), ("sort_second",)),
    ),
    Kind.SERVICES: (
        Column("name", gettext_lazy("Service"), ("sort_name",)),
        Column("state", gettext_lazy("State"), ("is_terminated", "termination_date")),
        Column("cause", gettext_lazy("Cause"), ("sort_second",), "hide"),
    ),
    Kind.PRODUCTS: (
        Column("name", gettext_lazy("Box"), ("sort_name",)),
        Column("serial", gettext_lazy("Serial number"), ("sort_second",)),
        Column("sap", gettext_lazy("SAP number"), ("sap_number",), "hide"),
        Column("type", gettext_lazy("Type"), ("type",), "hide"),
    ),
}
