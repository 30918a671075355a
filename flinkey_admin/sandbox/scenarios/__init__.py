"""The seeded scenarios: the same every time, with dates around the clock's present moment."""

from datetime import datetime

from ..world import World
from . import depot, fleets, yard

BUILDERS = {
    "yard": yard.build,
    "depot": depot.build,
    "empty": fleets.empty,
    "small": fleets.small,
    "medium": fleets.medium,
    "large": fleets.large,
    "huge": fleets.huge,
}


def build(name: str, now: datetime) -> World:
    """A fresh world; ValueError for an unknown scenario. Dates count from the full hour."""
    if name not in BUILDERS:
        raise ValueError(f"unknown scenario: {name}; known are {', '.join(BUILDERS)}")
    return BUILDERS[name](now.replace(minute=0, second=0, microsecond=0))
