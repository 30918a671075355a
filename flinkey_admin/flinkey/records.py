"""What flinkey's answers hold, as immutable records.

`parse` reads flinkey's JSON, ignores unknown fields and raises fields.ShapeError; `to_json` gives the JSON
back, so that a record can be stored and parsed again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from . import fields
from .changes import UNSET, AssignmentChange, NewAssignment

DEFAULT_LIFETIME = 604_800  # seconds; outside the bounds that flinkey sets for a given one

__all__ = [
    "UNSET",
    "Assignment",
    "AssignmentChange",
    "Car",
    "Customer",
    "Group",
    "Kind",
    "Member",
    "NewAssignment",
    "Product",
    "Service",
    "User",
    "chosen_seconds",
]


class Kind(StrEnum):
    """What a group can hold. The values are the words in flinkey's addresses."""

    CARS = "cars"
    USERS = "users"
    SERVICES = "services"
    PRODUCTS = "products"

    @property
    def singular(self) -> str:
        """car, user, service or product: the stem of the id's name in a body."""
        return self.value.removesuffix("s")


@dataclass(frozen=True, slots=True)
class Customer:
    """A tenant. id: text, because the page says so while the guide shows a number."""

    id: str
    name: str

    @classmethod
    def parse(cls, value: object) -> "Customer":
        """Page: Customers."""
        data = fields.mapping(value)
        return cls(str(fields.integer(data.get("id"))), fields.text(data.get("name")) or "")

    def to_json(self) -> dict[str, object]:
        """As flinkey writes it."""
        return {"id": self.id, "name": self.name}


@dataclass(frozen=True, slots=True)
class Group:
    """A free collection of cars, users, services and products."""

    id: int
    name: str

    @classmethod
    def parse(cls, value: object) -> "Group":
        """Page: Grouping, "Get groups"."""
        data = fields.mapping(value)
        return cls(fields.integer(data.get("id")), fields.text(data.get("name")) or "")

    def to_json(self) -> dict[str, object]:
        """As flinkey writes it."""
        return {"id": self.id, "name": self.name}


@dataclass(frozen=True, slots=True)
class Car:
    """A vehicle."""

    id: int
    name: str
    description: str | None = None
    vin: str | None = None
    license_plate: str | None = None
    brand: str | None = None
    model: str | None = None

    @classmethod
    def parse(cls, value: object) -> "Car":
        """Pages: Cars; Grouping, "Get cars of group"."""
        data = fields.mapping(value)
        return cls(
            fields.integer(data.get("id")),
            fields.text(data.get("name")) or "",
            fields.text(data.get("description")),
            fields.text(data.get("vin")),
            fields.text(data.get("licensePlate")),
            fields.text(data.get("brand")),
            fields.text(data.get("model")),
        )

    def to_json(self) -> dict[str, object]:
        """As flinkey writes it."""
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "vin": self.vin,
            "licensePlate": self.license_plate,
            "brand": self.brand,
            "model": self.model,
        }


@dataclass(frozen=True, slots=True)
class User:
    """A person who may be allowed to open cars."""

    id: int
    email: str
    first_name: str | None = None
    last_name: str | None = None

    @classmethod
    def parse(cls, value: object) -> "User":
        """Pages: Users; Grouping, "Get users of group"."""
        data = fields.mapping(value)
        person = fields.mapping(data.get("userData") or {})
        return cls(
            fields.integer(data.get("id")),
            fields.text(data.get("emailAddress")) or "",
            fields.text(person.get("firstName")),
            fields.text(person.get("lastName")),
        )

    def to_json(self) -> dict[str, object]:
        """As flinkey writes it."""
        person = {"firstName": self.first_name, "lastName": self.last_name}
        return {"id": self.id, "emailAddress": self.email, "userData": person}


@dataclass(frozen=True, slots=True)
class Service:
    """A box's contract. product_id: the box, on the newer page only."""

    id: int
    name: str
    is_terminated: bool = False
    termination_date: datetime | None = None
    termination_cause: str | None = None
    product_id: int | None = None

    @classmethod
    def parse(cls, value: object) -> "Service":
        """Pages: Services; Grouping, "Get services of group"."""
        data = fields.mapping(value)
        return cls(
            fields.integer(data.get("id")),
            fields.text(data.get("name")) or "",
            fields.flag(data.get("isTerminated")),
            fields.optional_instant(data.get("terminationDate")),
            fields.text(data.get("terminationCause")),
            fields.optional_integer(data.get("productId")),
        )

    def to_json(self) -> dict[str, object]:
        """As flinkey writes it."""
        return {
            "id": self.id,
            "name": self.name,
            "isTerminated": self.is_terminated,
            "terminationDate": fields.optional_written(self.termination_date),
            "terminationCause": self.termination_cause,
            "productId": self.product_id,
        }


@dataclass(frozen=True, slots=True)
class Product:
    """A device, nearly always a flinkey Box.

    unique_id: the id printed on it. terminated_at: on the older page only.
    """

    id: int
    unique_id: str
    serial_number: str | None = None
    sap_number: str | None = None
    type: str | None = None
    terminated_at: datetime | None = None

    @classmethod
    def parse(cls, value: object) -> "Product":
        """Pages: Products; Grouping, "Get products of group"."""
        data = fields.mapping(value)
        return cls(
            fields.integer(data.get("id")),
            fields.text(data.get("uniqueId")) or "",
            fields.text(data.get("serialNumber")),
            fields.text(data.get("sapNumber")),
            fields.text(data.get("type")),
            fields.optional_instant(data.get("dongleTerminationTimeStamp")),
        )

    def to_json(self) -> dict[str, object]:
        """As flinkey writes it."""
        return {
            "id": self.id,
            "uniqueId": self.unique_id,
            "serialNumber": self.serial_number,
            "sapNumber": self.sap_number,
            "type": self.type,
            "dongleTerminationTimeStamp": fields.optional_written(self.terminated_at),
        }


@dataclass(frozen=True, slots=True)
class Assignment:
    """The right of one user to open one car from start to end (None: without end).

    lifetime, renewable_after: seconds that a phone's copy of the key is valid, and after which it may be
    renewed; only the single GET gives them.
    """

    id: int
    car_id: int | None
    user_id: int | None
    start: datetime
    end: datetime | None = None
    lifetime: int | None = None
    renewable_after: int | None = None

    @classmethod
    def parse(cls, value: object, *, car_id: int | None = None, user_id: int | None = None) -> "Assignment":
        """Page: Assignments, the three GETs. car_id, user_id: from the address, where the list has none."""
        data = fields.mapping(value)
        return cls(
            fields.integer(data.get("id")),
            fields.optional_integer(data.get("carId", car_id)),
            fields.optional_integer(data.get("userId", user_id)),
            fields.instant(data.get("start")),
            fields.optional_instant(data.get("end")),
            fields.optional_integer(data.get("lifetime")),
            fields.optional_integer(data.get("renewableAfter")),
        )

    def key_until(self, now: datetime) -> datetime:
        """Until when a phone that stays offline may still open the car, if access is taken away now.

        The boxes are offline: a phone keeps the key it has until that runs out, at the latest at the window's own end.
        """
        runs_out = now + timedelta(seconds=self.lifetime or DEFAULT_LIFETIME)
        return min(runs_out, max(self.end, now)) if self.end is not None else runs_out

    def to_json(self) -> dict[str, object]:
        """As flinkey writes it."""
        return {
            "id": self.id,
            "carId": self.car_id,
            "userId": self.user_id,
            "start": fields.written(self.start),
            "end": fields.optional_written(self.end),
            "lifetime": self.lifetime,
            "renewableAfter": self.renewable_after,
        }


def chosen_seconds(lifetime: int | None, renewable_after: int | None) -> tuple[int | None, int | None]:
    """Lifetime and renewal of an assignment as they may be sent again, None for flinkey's default.

    Reading gives the defaults as numbers, and the lifetime's may not be sent: it lies outside its own bounds.
    """
    half = (lifetime or DEFAULT_LIFETIME) // 2
    return None if lifetime == DEFAULT_LIFETIME else lifetime, None if renewable_after == half else renewable_after


Member = Car | User | Service | Product

READERS: dict[Kind, Callable[[object], Member]] = {
    Kind.CARS: Car.parse,
    Kind.USERS: User.parse,
    Kind.SERVICES: Service.parse,
    Kind.PRODUCTS: Product.parse,
}
