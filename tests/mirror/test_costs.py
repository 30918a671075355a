"""A page costs the database the same for one row and for a hundred, and little."""

from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.fleet.test_browse_costs import queries
from tests.mirror.stage import asked
from tests.operations.stage import Clock

AT_MOST = 12
ADDRESSES = [
    *("/groups/", "/groups/1/", "/groups/1/users/", "/cars/", "/cars/?q=pool", "/users/", "/services/", "/products/"),
    *("/cars/1/", "/users/1/", "/handover/", "/timeline/", "/groups/3/cars/add/"),
]


def grow(flinkey: Remote) -> None:
    """A hundred more of everything that any of the pages lists."""
    for number in range(100):
        flinkey.change("create_group", name=f"Gruppe {number}")
        car = flinkey.change("add_thing", kind="cars", name=f"Pool {number + 10}")
        user = flinkey.change("add_thing", kind="users", emailAddress=f"z{number}@nordwind.example")
        flinkey.change("add_thing", kind="services", name=f"Vertrag {number}")
        flinkey.change("add_thing", kind="products", uniqueId=f"C2-{number}")
        for kind, thing in (("cars", car), ("users", user)):
            flinkey.change("add_member", kind=kind, group=1, id=thing)
        flinkey.change("add_window", car=1, user=user, start="2030-01-01T08:00:00Z")
        flinkey.change("add_window", car=car, user=1, start="2030-01-01T08:00:00Z")


def test_one_row_or_a_hundred(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """All pages in one test: to let the fleet grow takes longer than to open them.

    The clock stands: what is noted once a minute would be a statement more.
    """
    few = {address: warm(coordinator, address) for address in ADDRESSES}
    grow(flinkey)
    many = {address: warm(coordinator, address) for address in ADDRESSES}
    flinkey.clear_requests()
    for address in ADDRESSES:
        assert many[address] == few[address] == queries(coordinator, address), address
        assert len(many[address]) <= AT_MOST, "\n".join([address, *many[address]])
    assert asked(flinkey) == []


def warm(person: Person, address: str) -> list[str]:
    """The statements of a page that has caught up and has been opened once since."""
    person.look(address)
    person.get(address)
    return queries(person, address)
