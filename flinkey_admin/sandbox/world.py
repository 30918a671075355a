"""What the sandbox knows: customers with their fleets, and the managers who may see them.

Records are plain dicts in the very shape in which the API serves them.
"""

from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]
KINDS = ("cars", "users", "services", "products")
DEFAULT_LIFETIME = 604_800


@dataclass
class Group:
    """A group and the ids of its members, by kind."""

    id: int
    name: str
    members: dict[str, set[int]] = field(default_factory=lambda: {kind: set() for kind in KINDS})

    @property
    def is_empty(self) -> bool:
        """Whether it may be deleted."""
        return not any(self.members.values())


@dataclass
class Customer:
    """One tenant. Ids count from 1 in each, so they collide between customers on purpose."""

    id: int
    name: str
    things: dict[str, dict[int, Record]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    groups: dict[int, Group] = field(default_factory=dict)
    windows: dict[int, Record] = field(default_factory=dict)
    boxless: set[int] = field(default_factory=set)
    last_group: int = 0
    last_window: int = 0

    def add(self, kind: str, **facts: Any) -> int:
        """Add a car, user, service or product and return its id."""
        number = len(self.things[kind]) + 1
        self.things[kind][number] = {"id": number, **facts}
        return number

    def add_group(self, name: str, **members: list[int]) -> int:
        """Add a group with members such as `cars=[1, 2]` and return its id."""
        self.last_group += 1
        group = Group(self.last_group, name)
        for kind, ids in members.items():
            group.members[kind].update(ids)
        self.groups[group.id] = group
        return group.id

    def add_window(
        self,
        car: int,
        user: int | None,
        start: str,
        end: str | None,
        *,
        lifetime: int | None = None,
        renewable_after: int | None = None,
    ) -> int:
        """Add an assignment at once and return its id; times as the API writes them."""
        self.last_window += 1
        window = {"id": self.last_window, "carId": car, "userId": user, "start": start, "end": end}
        window |= {"lifetime": lifetime, "renewableAfter": renewable_after}
        self.windows[self.last_window] = window
        return self.last_window


@dataclass
class World:
    """All customers, and for each manager's e-mail address the customers he may act for."""

    customers: dict[int, Customer] = field(default_factory=dict)
    managers: dict[str, set[int]] = field(default_factory=dict)

    def add_customer(self, name: str) -> Customer:
        """Add a customer that has nothing yet."""
        customer = Customer(len(self.customers) + 1, name)
        self.customers[customer.id] = customer
        return customer


def save(world: World) -> Record:
    """The whole world as JSON."""
    managers = {email: sorted(ids) for email, ids in world.managers.items()}
    return {"customers": [save_customer(item) for item in world.customers.values()], "managers": managers}


def save_customer(customer: Customer) -> Record:
    """One customer as JSON: lists of records, and groups with the ids of their members."""
    return {
        "id": customer.id,
        "name": customer.name,
        **{kind: [dict(item) for item in customer.things[kind].values()] for kind in KINDS},
        "groups": [save_group(group) for group in customer.groups.values()],
        "windows": [dict(window) for window in customer.windows.values()],
        "boxless": sorted(customer.boxless),
        "last": [customer.last_group, customer.last_window],
    }


def save_group(group: Group) -> Record:
    """One group as JSON."""
    return {"id": group.id, "name": group.name, **{kind: sorted(group.members[kind]) for kind in KINDS}}


def load(saved: Record) -> World:
    """The reverse of `save`."""
    customers = [load_customer(item) for item in saved["customers"]]
    managers = {email: set(ids) for email, ids in saved["managers"].items()}
    return World({customer.id: customer for customer in customers}, managers)


def load_customer(saved: Record) -> Customer:
    """The reverse of `save_customer`."""
    customer = Customer(saved["id"], saved["name"], boxless=set(saved["boxless"]))
    for kind in KINDS:
        customer.things[kind] = {item["id"]: dict(item) for item in saved[kind]}
    for item in saved["groups"]:
        members = {kind: set(item[kind]) for kind in KINDS}
        customer.groups[item["id"]] = Group(item["id"], item["name"], members)
    customer.windows = {item["id"]: dict(item) for item in saved["windows"]}
    customer.last_group, customer.last_window = saved["last"]
    return customer
