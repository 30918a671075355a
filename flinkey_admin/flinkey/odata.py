"""OData query options, for the pages that carry the tip "can be manipulated using OData"."""

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import Invalid


def odata_string(value: str) -> str:
    """A text as a literal for a filter: quoted, its own quotes doubled. `O'Brien` becomes `'O''Brien'`."""
    return "'" + value.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Odata:
    """Query options; names in them are written as in flinkey's JSON (`licensePlate`).

    filter, orderby: OData expressions. top, skip: numbers of rows, 0 or more. select: fields; `id` is always
    added, because a record without its id is unusable. Raises errors.Invalid.
    """

    filter: str | None = None
    orderby: str | None = None
    top: int | None = None
    skip: int | None = None
    select: Sequence[str] | None = None

    def __post_init__(self) -> None:
        if (self.top or 0) < 0 or (self.skip or 0) < 0:
            raise Invalid("top and skip are 0 or more")

    def params(self) -> dict[str, str]:
        """The query of the address, as names and values before URL encoding."""
        options = {
            "$filter": self.filter,
            "$orderby": self.orderby,
            "$top": self.top,
            "$skip": self.skip,
            "$select": self._fields(),
        }
        return {name: str(value) for name, value in options.items() if value is not None}

    def _fields(self) -> str | None:
        if self.select is None:
            return None
        named = self.select.split(",") if isinstance(self.select, str) else self.select
        return ",".join(dict.fromkeys(["id", *(name.strip() for name in named)]))


def params(odata: Odata | None) -> dict[str, str]:
    """The query of a call whose options were left out or given."""
    return odata.params() if odata else {}
