"""The managers and the customers' names, the same in every scenario."""

from ..world import Customer, World

NORDWIND, SUEDSTERN = "Nordwind Flotte GmbH", "Südstern Carsharing AG"
COORDINATOR = "coordinator@nordwind.example"
BOTH = "both@nordwind.example"
SUED = "sued@suedstern.example"
NOBODY = "nobody@nordwind.example"
MANAGERS = {COORDINATOR: (1,), BOTH: (1, 2), SUED: (2,), NOBODY: ()}


def cast() -> tuple[World, Customer, Customer]:
    """A world with both customers, still empty, and all managers."""
    world = World(managers={email: set(customers) for email, customers in MANAGERS.items()})
    return world, world.add_customer(NORDWIND), world.add_customer(SUEDSTERN)
