"""A flinkey with many managers: `python -m tests.load.fleet 100 --port 9000`; after their number the sandbox's options.

They work for four customers, with ten cars for each manager. One more sits there alone before they come.
"""

import sys
from datetime import datetime
from functools import partial

from flinkey_admin.sandbox import cli, scenarios
from flinkey_admin.sandbox.scenarios.maker import Maker
from flinkey_admin.sandbox.world import World

SCENARIO = "morning"
CUSTOMERS, OWN = 4, 10
USERS, BOXES, GROUPS, WINDOWS = 150, 100, 10, 400  # of each customer
CODES = ("HH", "B", "M", "K", "F")
TOGETHER = 5  # of the first ten things so many are in the first group, and the others in the second


def email(number: int) -> str:
    """The address of one of the managers; they count from 0, and the early one comes after the last."""
    return f"manager{number}@fleet{customer_of(number)}.example"


def customer_of(number: int) -> int:
    """The customer for whom a manager works."""
    return number % CUSTOMERS + 1


def own_cars(number: int) -> list[int]:
    """The cars that a manager gives away and moves, so that nobody meets a colleague at the same car."""
    first = number // CUSTOMERS * OWN + 1
    return list(range(first, first + OWN))


def home_of(number: int) -> int:
    """The group that a car, or whatever it is, is in at first."""
    return (number - 1) // TOGETHER % GROUPS + 1


def cars(managers: int) -> int:
    """How many each customer has."""
    return (managers // CUSTOMERS + 1) * OWN


def build(managers: int, now: datetime) -> World:
    """All customers, filled, and all managers."""
    world = World(managers={email(number): {customer_of(number)} for number in range(managers + 1)})
    for number in range(1, CUSTOMERS + 1):
        maker = Maker(world.add_customer(f"Flotte {number} GmbH"), f"{SCENARIO} {number}", now)
        _fill(maker, cars(managers), f"fleet{number}.example")
    return world


def _fill(maker: Maker, cars: int, domain: str) -> None:
    for number in range(cars):
        maker.add_car(CODES[number % len(CODES)])
    for _ in range(USERS):
        maker.add_user(domain)
    for _ in range(BOXES):
        maker.add_box()
    for number in range(GROUPS):
        maker.customer.add_group(f"Standort {number + 1}")
    for kind, things in maker.customer.things.items():
        for number in things:
            maker.customer.groups[home_of(number)].members[kind].add(number)
    for _ in range(WINDOWS):
        maker.add_window(maker.random.randrange(1, cars + 1))


if __name__ == "__main__":
    scenarios.BUILDERS[SCENARIO] = partial(build, int(sys.argv[1]))
    sys.exit(cli.main(["--scenario", SCENARIO, *sys.argv[2:]]))
