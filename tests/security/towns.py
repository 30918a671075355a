"""Twenty customers whose ids are all the same: only the names say whose a thing is, and each of them says it."""

from datetime import datetime, timedelta
from typing import Any

from flinkey_admin.sandbox import Remote
from flinkey_admin.sandbox.clock import written
from flinkey_admin.sandbox.world import Customer, World, save
from tests.conftest import NOBODY

ALL = "all@stadt.example"  # manages each of them
CARS, USERS, GROUPS = 4, 3, 3


def canary(number: int) -> str:
    """The word that everything of this customer has in its name, and nothing of any other."""
    return f"Kanari{number:02}"


def manager(number: int) -> str:
    """Who manages this customer alone."""
    return f"chef{number:02}@stadt.example"


def build(count: int, now: datetime) -> World:
    """So many customers. The name of a customer has no canary: ALL may choose among them on every page."""
    world = World()
    for number in range(1, count + 1):
        _fill(world.add_customer(f"Stadt {number:02}"), canary(number), now)
        world.managers[manager(number)] = {number}
    world.managers[ALL] = set(world.customers)
    world.managers[NOBODY] = set()
    return world


def _fill(customer: Customer, name: str, now: datetime) -> None:
    for number in range(1, CARS + 1):
        facts = {"description": f"{name} Platz", "vin": f"{name}VIN{number}", "brand": f"{name} Werke", "model": name}
        customer.add("cars", name=f"{name} Wagen {number}", licensePlate=f"{name} {number}", **facts)
    for number in range(1, USERS + 1):
        person = {"firstName": f"{name} {number}", "lastName": "Vogel"}
        customer.add("users", emailAddress=f"{name}.{number}@example.org", userData=person)
    runs: dict[str, Any] = {"isTerminated": False, "terminationDate": None, "terminationCause": None}
    customer.add("services", name=f"{name} Vertrag", productId=1, **runs)
    box: dict[str, Any] = {"serialNumber": f"{name}-1", "sapNumber": "1", "dongleTerminationTimeStamp": None}
    customer.add("products", uniqueId=f"{name} Kasten", type="flinkey Box", **box)
    for number in range(1, GROUPS + 1):
        inside = {"cars": [1, number], "users": [1], "services": [1], "products": [1]}
        customer.add_group(f"{name} Gruppe {number}", **(inside if number < GROUPS else {}))
    for car in range(1, CARS + 1):
        start, end = (written(now + timedelta(hours=hours)) for hours in (-car, 30 * car))
        customer.add_window(car, 1 + car % USERS, start, end)


def move_in(remote: Remote, count: int) -> None:
    """The sandbox has these customers from now on."""
    saved = remote.snapshot()
    now = datetime.fromisoformat(remote.now())
    remote.restore(saved | {"world": save(build(count, now)), "jobs": []})
