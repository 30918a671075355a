"""`depot`: a lively fleet for demos. 148 cars, 96 users, 120 contracts and boxes, 12 groups, 260 windows.

Cars 146 to 148 have no box yet, so assignments to them fail. The second customer is a smaller one.
"""

from datetime import datetime

from ..world import World
from . import words
from .cast import cast
from .maker import Maker

SIZES = {"cars": 148, "users": 96, "boxes": 120, "windows": 260}
SMALL = {"cars": 23, "users": 14, "boxes": 20, "windows": 30}


def build(now: datetime) -> World:
    """Both customers, filled."""
    world, nordwind, suedstern = cast()
    _fill(Maker(nordwind, "depot", now), SIZES, "nordwind.example", words.PLACES)
    _fill(Maker(suedstern, "depot süd", now), SMALL, "suedstern.example", {"Stuttgart": ("S",), "Ulm": ("UL",)})
    nordwind.boxless.update((146, 147, 148))
    _add_teams(Maker(nordwind, "teams", now))
    return world


def _fill(maker: Maker, sizes: dict[str, int], domain: str, places: dict[str, tuple[str, ...]]) -> None:
    for name in places:
        maker.customer.add_group(name)
    codes = list(places.items())
    for number in range(sizes["cars"]):
        place, plates = maker.random.choice(codes)
        car = maker.add_car(maker.random.choice(plates))
        if number < sizes["cars"] - 6:  # the newest are in no group yet
            _join(maker, place, "cars", car)
    for _ in range(sizes["users"]):
        _join(maker, maker.random.choice(codes)[0], "users", maker.add_user(domain))
    for _ in range(sizes["boxes"]):
        place, number = maker.random.choice(codes)[0], maker.add_box()
        _join(maker, place, "services", number)
        _join(maker, place, "products", number)
    # shifts gather on the pool cars, so that windows overlap there
    for _ in range(sizes["windows"]):
        maker.add_window(maker.random.randrange(1, sizes["cars"] * 2 // 3))


def _join(maker: Maker, place: str, kind: str, number: int) -> None:
    for group in maker.customer.groups.values():
        if group.name == place:
            group.members[kind].add(number)


def _add_teams(maker: Maker) -> None:
    for name in words.TEAMS:
        cars = maker.random.sample(range(1, 143), 14)
        users = maker.random.sample(range(1, 97), 10)
        maker.customer.add_group(name, cars=cars, users=users)
