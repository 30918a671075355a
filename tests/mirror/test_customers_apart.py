"""The same ids mean other things for another customer, in every table, on every page and in every number."""

from typing import Any

import pytest

from flinkey_admin.accounts.models import Customer, Manager
from flinkey_admin.accounts.scoping import scope_for
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import queries, store
from flinkey_admin.mirror.models import THINGS, Group, Listing, Membership, Window
from flinkey_admin.operations.models import Operation, Outside, Step, Verb
from flinkey_admin.operations.story import story_of
from flinkey_admin.sandbox import Remote
from tests.conftest import BOTH, COORDINATOR, SOUTHERNER, Person
from tests.fleet.reading import reader
from tests.mirror.stage import later
from tests.operations.stage import Clock, press, visible

PAGES = [
    *("/groups/", "/groups/1/", "/groups/1/users/", "/groups/1/services/", "/groups/1/products/", "/groups/2/"),
    *("/cars/", "/users/", "/services/", "/products/", "/cars/1/", "/cars/2/", "/users/1/", "/users/2/"),
    *("/cars/?q=s", "/cars/?groups=none", "/cars/?groups=several", "/cars/?access=now", "/cars/?access=none"),
    *("/users/?access=now", "/cars/?group=1", "/groups/2/cars/add/", "/services/?state=terminated"),
]
NORTH = ["Pool", "Hamburg", "Leer", "Nachtschicht", "Müller", "Öztürk", "Brien", "C1-0", "2024-000", "HH-"]
SOUTH = ["Stern", "Stuttgart", "Ulm", "Häußler", "Schäfer", "D2-1", "Servicevertrag", "S-SC"]


@pytest.fixture
def two(clock: Clock, coordinator: Person, southerner: Person, flinkey: Remote) -> tuple[Person, Person]:
    """Both have looked at everything, turn by turn, and both pages have caught up."""
    for address in ("/groups/", "/groups/1/", "/groups/2/", "/services/", "/products/", "/users/1/"):
        for person in (coordinator, southerner):
            assert person.get(address).status_code == 200, address
    for address in ("/cars/", "/groups/", "/cars/1/"):
        later(coordinator, clock, address)
        later(southerner, clock, address)
    return coordinator, southerner


def test_no_page_has_a_word_of_the_other_customer(two: tuple[Person, Person]) -> None:
    met: dict[str, set[str]] = {"north": set(), "south": set()}
    for address in PAGES:
        north, south = (visible(person.get(address)) for person in two)
        assert [word for word in SOUTH if word in north] == [], address
        assert [word for word in NORTH if word in south] == [], address
        met["north"] |= {word for word in NORTH if word in north}
        met["south"] |= {word for word in SOUTH if word in south}
    assert met == {"north": set(NORTH), "south": set(SOUTH)}, "something was there to leak"


def test_every_row_has_its_customer(two: tuple[Person, Person], flinkey: Remote) -> None:
    for number in (1, 2):
        customer, state = Customer.objects.get(flinkey_id=str(number)), flinkey.state(number)
        for kind, model in THINGS.items():
            rows: Any = model._default_manager.filter(customer=customer)
            assert set(rows.values_list("flinkey_id", flat=True)) == {one["id"] for one in state[str(kind)]}
            homes = {one["id"]: sum(one["id"] in group[kind] for group in state["groups"]) for one in state[str(kind)]}
            read = {group.flinkey_id for group in Group.objects.filter(customer=customer)}
            assert read == {group["id"] for group in state["groups"]}
            counted = dict(rows.values_list("flinkey_id", "groups"))
            assert counted == homes, (number, kind)
        inside = Membership.objects.filter(customer=customer, ended_at=None)
        assert {(row.group.flinkey_id, row.kind, row.thing_id) for row in inside.select_related("group")} == {
            (group["id"], str(kind), thing) for group in state["groups"] for kind in Kind for thing in group[kind]
        }
        assert inside.exclude(group__customer=customer).count() == 0
        windows = Window.objects.filter(customer=customer, ended_at=None)
        assert set(windows.values_list("flinkey_id", flat=True)) == {one["id"] for one in state["windows"]}


def test_every_query_knows_its_customer(two: tuple[Person, Person], flinkey: Remote) -> None:
    for email, number in ((COORDINATOR, "1"), (SOUTHERNER, "2")):
        scope = scope_for(Manager.objects.get(email=email), number)
        assert scope
        customers = {
            *queries.live(Group, scope).values_list("customer__flinkey_id", flat=True),
            *queries.windows(scope).values_list("customer__flinkey_id", flat=True),
            *(
                one
                for kind in Kind
                for one in queries.things(kind, scope).values_list("customer__flinkey_id", flat=True)
            ),
            *queries.matching(queries.things(Kind.CARS, scope), "s").values_list("customer__flinkey_id", flat=True),
        }
        assert customers == {number}
        found, _others = queries.find_one(scope, Kind.CARS, "1")
        assert found
        assert found.name == {"1": "Pool 1", "2": "Stern 1"}[number]  # type: ignore[union-attr]


def test_a_change_elsewhere_is_told_to_its_customer_alone(
    clock: Clock, two: tuple[Person, Person], flinkey: Remote
) -> None:
    flinkey.change("rename_car", car=1, name="Stern Eins", customer=2)
    flinkey.change("remove_member", customer=2, kind="users", group=1, id=1)
    flinkey.change("delete_window", customer=2, window=1)
    for person in two:
        later(person, clock, "/cars/1/", "/groups/1/")
    rows = Outside.objects.order_by("kind").values_list("customer__flinkey_id", "what", "kind", "thing_id")
    assert list(rows) == [("2", "changed", "cars", 1), ("2", "left", "users", 1), ("2", "gone", "windows", 1)]
    stories = []
    for email, number in ((COORDINATOR, "1"), (SOUTHERNER, "2")):
        scope = scope_for(Manager.objects.get(email=email), number)
        assert scope
        stories.append(len(story_of(scope, Kind.CARS, 1)))
    assert stories == [0, 2]


def test_our_own_change_is_the_other_customers_news(clock: Clock, two: tuple[Person, Person], flinkey: Remote) -> None:
    """The same car and group, by us there and by others here: what explains the one explains nothing of the other."""
    north, south = two
    review = north.post("/groups/1/cars/move/", {"id": "1", "to": "2"}, follow=True)
    press(north, review, "run")
    flinkey.change("add_member", customer=2, kind="cars", group=2, id=1)
    flinkey.change("remove_member", customer=2, kind="cars", group=1, id=1)
    for person in two:
        later(person, clock, "/groups/1/", "/groups/2/")
    rows = Outside.objects.order_by("group_id").values_list("customer__flinkey_id", "what", "thing_id", "group_id")
    assert list(rows) == [("2", "left", 1, 1), ("2", "joined", 1, 2)]
    assert reader(south.get("/groups/2/")).ids() == [1, 3]


def test_our_own_change_touches_the_copy_of_its_customer_alone(two: tuple[Person, Person], flinkey: Remote) -> None:
    north, south = two
    before = list(Listing.objects.filter(customer__flinkey_id="2").order_by("pk").values())
    things = list(Membership.objects.filter(customer__flinkey_id="2").order_by("pk").values())
    review = north.post("/groups/1/cars/move/", {"id": "1", "to": "2"}, follow=True)
    press(north, review, "run")
    north.post("/groups/2/rename/", {"name": "Potsdam"})
    assert list(Listing.objects.filter(customer__flinkey_id="2").order_by("pk").values()) == before
    assert list(Membership.objects.filter(customer__flinkey_id="2").order_by("pk").values()) == things
    assert "Ulm" in visible(south.get("/groups/"))


def test_one_person_for_two_customers_sees_the_chosen_one(two: tuple[Person, Person]) -> None:
    person = Person()
    person.sign_in(BOTH)
    for number, words, others in (("1", NORTH, SOUTH), ("2", SOUTH, NORTH)):
        person.post("/customers/", {"customer": number})
        for address in ("/groups/", "/groups/1/", "/cars/", "/cars/1/", "/users/1/"):
            text = visible(person.get(address))
            assert [word for word in others if word in text] == [], address
            assert any(word in text for word in words), address


def test_a_page_of_the_customer_left_behind_is_not_filled_with_the_other_one(
    clock: Clock, two: tuple[Person, Person]
) -> None:
    """Another tab has switched; the open page would otherwise change its rows under the name of the first customer."""
    person = Person()
    person.sign_in(BOTH)
    person.post("/customers/", {"customer": "1"})
    page = person.get("/groups/1/")
    person.post("/customers/", {"customer": "2"})
    clock.advance(6)
    news = person.poll(page)
    assert not any(word in news.content.decode() for word in SOUTH)


def test_a_group_that_one_customer_never_had_stays_another_s(two: tuple[Person, Person]) -> None:
    north, south = two
    north.get("/groups/3/")
    lists = Listing.objects.filter(customer__flinkey_id="1", name__startswith="groups/3/")
    before = list(lists.order_by("pk").values())
    assert before
    assert south.get("/groups/3/").status_code == 404
    assert list(lists.order_by("pk").values()) == before


def test_what_two_customers_do_at_once_is_theirs(two: tuple[Person, Person]) -> None:
    """The same car into the same group, noted together."""
    for customer in Customer.objects.all():
        person = Manager.objects.get(email={"1": COORDINATOR, "2": SOUTHERNER}[customer.flinkey_id])
        operation = Operation.objects.create(customer=customer, person=person, kind=Operation.Kind.ADD)
        Step.objects.create(
            operation=operation, customer=customer, position=0, verb=Verb.ADD, kind="cars", thing_id=1, group_id=2
        )
    inside = Membership.objects.filter(group__flinkey_id=2, kind="cars", thing_id=1, ended_at=None)
    assert inside.count() == 0
    store.own(list(Step.objects.all()))
    found = inside.values_list("customer__flinkey_id", "group__customer__flinkey_id")
    assert sorted(found) == [("1", "1"), ("2", "2")]
