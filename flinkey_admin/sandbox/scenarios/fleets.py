"""`empty`, `small`, `medium`, `large` and `huge`: for first runs and for measuring."""

from datetime import datetime

from ..world import World
from . import words
from .cast import cast
from .maker import Maker


def empty(now: datetime) -> World:  # noqa: ARG001 - all builders take the moment
    """Customers that have nothing."""
    return cast()[0]


def small(now: datetime) -> World:
    """100 cars, 60 users, 60 boxes and 60 groups; windows on 20 cars."""
    return _fleet("small", now, cars=100, users=60, groups=60, booked=20, boxes=60)


def medium(now: datetime) -> World:
    """500 cars, 300 users and 50 groups; windows on 150 cars."""
    return _fleet("medium", now, cars=500, users=300, groups=50, booked=150)


def large(now: datetime) -> World:
    """1,000 cars, 600 users and 50 groups; windows on 300 cars."""
    return _fleet("large", now, cars=1_000, users=600, groups=50, booked=300)


def huge(now: datetime) -> World:
    """10,000 cars, 5,000 users and 500 groups; windows on 2,000 cars."""
    return _fleet("huge", now, cars=10_000, users=5_000, groups=500, booked=2_000)


def _fleet(
    seed: str, now: datetime, *, cars: int, users: int, groups: int, booked: int, boxes: int | None = None
) -> World:
    world, customer, _ = cast()
    maker = Maker(customer, seed, now)
    codes = [code for plates in words.PLACES.values() for code in plates]
    for number in range(cars):
        maker.add_car(codes[number % len(codes)])
    for _ in range(users):
        maker.add_user("nordwind.example")
    for _ in range(cars // 5 if boxes is None else boxes):
        maker.add_box()
    for number in range(groups):
        customer.add_group(f"Standort {number + 1}")
    for kind, things in customer.things.items():
        for number in things:
            customer.groups[number % groups + 1].members[kind].add(number)
    for number in range(booked):
        maker.add_window(number + 1)
    return world
