"""One authorised call of one operation, as the handlers see it, and how they read its values."""

import re
from dataclasses import dataclass, field
from typing import Any

from . import texts
from .messages import Request, malformed, refuse
from .simulation import Simulation
from .world import Customer, Group, Record

WHOLE = re.compile(r"-?[0-9]{1,10}")
WHOLE_LENIENT = re.compile(r"-?[0-9]{1,10}(\.0+)?")
LARGEST = 2**31 - 1
UNFINDABLE = 0


@dataclass
class Call:
    """Who asks for what. `ids` are those of the path, `UNFINDABLE` where they are no int32."""

    sim: Simulation
    request: Request
    operation: str
    kind: str = ""
    ids: tuple[int, ...] = ()
    manager: str = ""
    tenant: Customer | None = None
    body: Any = None
    options: dict[str, str] = field(default_factory=dict)

    @property
    def customer(self) -> Customer:
        """The customer of the Customer-ID header."""
        if self.tenant is None:
            raise LookupError(f"{self.operation} has no customer")
        return self.tenant

    def thing(self, kind: str, number: int, missing: str) -> Record:
        """The car, user, service or product, or a 404 with the given sentence."""
        found = self.customer.things[kind].get(number)
        if found is None:
            raise refuse(404, missing)
        return found

    def group(self, missing: str) -> Group:
        """The group of the path, or a 404 with the given sentence."""
        found = self.customer.groups.get(self.ids[0])
        if found is None:
            raise refuse(404, missing)
        return found

    def window(self) -> Record:
        """The assignment of the path, or a 404."""
        found = self.customer.windows.get(self.ids[0])
        if found is None:
            raise refuse(404, texts.NO_ASSIGNMENT)
        return found


def path_id(text: str) -> int:
    """An id of the path; what is no int32 finds nothing."""
    return as_int(int(text)) or UNFINDABLE if WHOLE.fullmatch(text) else UNFINDABLE


def as_int(value: Any) -> int | None:
    """Read 5, 5.0 or "5" as an int32; None for anything else."""
    if isinstance(value, str) and WHOLE_LENIENT.fullmatch(value):
        value = int(value.partition(".")[0])
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -LARGEST - 1 <= value <= LARGEST else None


def body_id(body: Any, name: str) -> int:
    """A required id of a JSON object; a missing one is 0, as in ASP.NET, and so finds nothing."""
    if not isinstance(body, dict):
        raise malformed("The JSON value could not be converted.")
    if name not in body:
        return UNFINDABLE
    number = as_int(body[name])
    if number is None:
        raise malformed(f"The JSON value of {name} could not be converted to an Int32.")
    return number
