"""Of an answer only the differences are written, and nothing of what was is lost."""

from collections import Counter
from typing import Any

import pytest
from django.utils import timezone

from flinkey_admin.mirror.models import THINGS, Car, Group, Membership, Product, Service, Window
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.fleet.reading import reader
from tests.mirror.stage import fresh, later, listing, seen, writes
from tests.operations.stage import Clock

BOOKS = {"mirror_listing", "mirror_upstream"}  # when was read, and how flinkey is


def live(group: int, kind: str = "cars") -> list[int]:
    rows = Membership.objects.filter(group__flinkey_id=group, kind=kind, ended_at=None)
    return sorted(rows.values_list("thing_id", flat=True))


def groups_of(kind: str = "cars") -> dict[int, int]:
    """In how many groups each thing is, as the copy counts."""
    model: Any = next(model for one, model in THINGS.items() if one == kind)
    return dict(model.objects.values_list("flinkey_id", "groups"))


def rows(model: Any) -> list[Any]:
    return [row.record().to_json() for row in model.objects.filter(ended_at=None).order_by("flinkey_id")]


def test_the_first_answer_is_written_as_a_whole(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    for address in ("/cars/", "/users/", "/services/", "/products/", "/groups/", "/groups/1/", "/cars/1/"):
        coordinator.get(address)
    state = flinkey.state(1)
    for kind, model in THINGS.items():
        served = [dict(one) for one in state[str(kind)]]
        for one in served:
            one.pop("productId", None)
        copied = [{name: value for name, value in one.items() if name != "productId"} for one in rows(model)]
        assert copied == served, kind
    assert rows(Group) == [{"id": one["id"], "name": one["name"]} for one in state["groups"]]
    assert [live(1, str(kind)) for kind in THINGS] == [[1, 2, 3, 4], [1, 2, 4], [1, 2], [1, 2]]
    of_car = [one for one in state["windows"] if one["carId"] == 1]
    assert rows(Window) == [{**one, "lifetime": None, "renewableAfter": None} for one in of_car]
    assert {name: listing(name).size for name in ("cars", "groups", "groups/1/users", "cars/1/windows")} == {
        "cars": 7,
        "groups": 4,
        "groups/1/users": 3,
        "cars/1/windows": 2,
    }


@pytest.mark.parametrize("address", ["/cars/", "/groups/", "/groups/1/", "/cars/1/", "/users/1/", "/products/"])
def test_the_same_answer_again_writes_nothing(clock: Clock, coordinator: Person, flinkey: Remote, address: str) -> None:
    later(coordinator, clock, address)
    clock.advance(6)
    with writes() as tables:
        fresh(coordinator, address)
    assert set(tables) == BOOKS
    assert len(tables) <= 8, "and the books in few statements"


@pytest.mark.parametrize(
    ("address", "change", "facts", "table"),
    [
        ("/cars/", "rename_car", {"car": 3, "name": "Pool Drei"}, "mirror_car"),
        ("/cars/", "add_thing", {"kind": "cars", "name": "Pool 8"}, "mirror_car"),
        ("/groups/", "rename_group", {"group": 2, "name": "Potsdam"}, "mirror_group"),
        ("/cars/1/", "end_window", {"window": 2, "end": "2026-11-25T12:00:00Z"}, "mirror_window"),
        ("/cars/1/", "delete_window", {"window": 2}, "mirror_window"),
        ("/users/", "delete_user", {"user": 5}, "mirror_user"),
    ],
)
def test_a_difference_writes_that_alone(
    clock: Clock, coordinator: Person, flinkey: Remote, address: str, change: str, facts: Any, table: str
) -> None:
    later(coordinator, clock, address)
    flinkey.change(change, **facts)
    clock.advance(6)
    with writes() as tables:
        fresh(coordinator, address)
    assert [one for one in tables if one not in BOOKS] == [table]


def test_who_leaves_stays_in_the_past_and_may_return(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    later(coordinator, clock, "/groups/1/")
    joined = timezone.now()
    flinkey.change("remove_member", kind="cars", group=1, id=4)
    later(coordinator, clock, "/groups/1/")
    left = timezone.now()
    assert (live(1), listing("groups/1/cars").size) == ([1, 2, 3], 3)
    flinkey.change("add_member", kind="cars", group=1, id=4)
    later(coordinator, clock, "/groups/1/")
    stays = Membership.objects.filter(thing_id=4, kind="cars").order_by("pk").values_list("seen_at", "ended_at")
    assert list(stays) == [(joined, left), (timezone.now(), None)]
    assert (live(1), listing("groups/1/cars").size) == ([1, 2, 3, 4], 4)


def test_a_window_that_ended_stays_and_may_return(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    before = flinkey.snapshot()
    later(coordinator, clock, "/cars/1/")
    flinkey.change("delete_window", window=2)
    later(coordinator, clock, "/cars/1/")
    row = Window.objects.get(flinkey_id=2)
    assert row.ended_at == timezone.now()
    flinkey.restore(before)
    later(coordinator, clock, "/cars/1/")
    row.refresh_from_db()
    assert row.ended_at is None
    assert Window.objects.count() == 2
    assert seen() == [("gone", "windows", 2, None), ("new", "windows", 2, None)]


def test_a_group_that_returns_is_as_it_is_now(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    before = flinkey.snapshot()
    later(coordinator, clock, "/groups/", "/groups/3/")
    flinkey.change("delete_group", group=3, force=True)
    later(coordinator, clock, "/groups/")
    assert (live(3), live(3, "users"), groups_of()[4]) == ([], [], 1)
    assert coordinator.get("/groups/3/").status_code == 404
    flinkey.restore(before)
    later(coordinator, clock, "/groups/")
    assert reader(coordinator.get("/groups/3/")).ids() == [4]
    assert (live(3, "users"), Group.objects.filter(flinkey_id=3).count()) == ([4], 1)


@pytest.mark.parametrize("address", ["/cars/", "/cars/7/"])
def test_a_car_that_returns_lives_again(clock: Clock, coordinator: Person, flinkey: Remote, address: str) -> None:
    """Whichever of its lists says so."""
    before = flinkey.snapshot()
    later(coordinator, clock, "/cars/", "/cars/7/")
    flinkey.change("delete_car", car=7)
    later(coordinator, clock, address)
    assert Car.objects.get(flinkey_id=7).ended_at == timezone.now()
    flinkey.restore(before)
    later(coordinator, clock, address)
    assert Car.objects.get(flinkey_id=7).ended_at is None
    later(coordinator, clock, "/cars/", "/cars/7/")
    assert Car.objects.get(flinkey_id=7).ended_at is None
    assert seen() == [("gone", "cars", 7, None), ("new", "cars", 7, None)]


def test_the_page_of_a_car_that_is_gone_says_so_and_asks_nobody(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    page = coordinator.get("/cars/3/")
    flinkey.change("delete_car", car=3)
    clock.advance(6)
    news = coordinator.poll(page)
    assert news.status_code == 200
    flinkey.clear_requests()
    page = coordinator.get("/cars/3/")
    assert (page.status_code, flinkey.requests()) == (200, [])
    assert "Pool 3" in page.content.decode()
    clock.advance(6)
    coordinator.poll(page)
    assert coordinator.poll(coordinator.get("/cars/3/")).status_code == 204


def test_the_windows_of_a_car_that_is_gone_are_gone(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """Its list of windows is asked for no more, so it is the car's end that says so."""
    later(coordinator, clock, "/cars/?q=Neuzugang", "/users/3/")
    assert list(Window.objects.values_list("flinkey_id", "car_id", "ended_at")) == [(4, 2, None)]
    flinkey.change("delete_car", car=2)
    later(coordinator, clock, "/cars/?q=Neuzugang")
    assert list(Window.objects.values_list("flinkey_id", "car_id", "ended_at")) == [(4, 2, timezone.now())]
    assert seen() == [("gone", "cars", 2, None), ("gone", "windows", 4, None)]


def test_a_window_that_was_removed_leaves_the_page_of_the_user(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    page = coordinator.get("/users/1/")
    assert [row.id for row in (one.record() for one in Window.objects.filter(ended_at=None))] == [1, 3]
    flinkey.change("delete_window", window=1)
    clock.advance(6)
    coordinator.poll(page)
    assert [row.id for row in (one.record() for one in Window.objects.filter(ended_at=None))] == [3]


@pytest.mark.parametrize(
    ("first", "second"), [("/cars/", "/cars/1/"), ("/groups/1/", "/cars/"), ("/cars/1/", "/groups/1/")]
)
def test_two_lists_of_the_same_car_never_leave_it_as_neither_says(
    clock: Clock, coordinator: Person, flinkey: Remote, first: str, second: str
) -> None:
    """Renamed, seen by one list; renamed back, seen by the other one, whose answer is what it was before."""
    later(coordinator, clock, first, second)
    flinkey.change("rename_car", car=1, name="Pool Eins")
    later(coordinator, clock, second)
    flinkey.change("rename_car", car=1, name="Pool 1")
    later(coordinator, clock, first)
    assert Car.objects.get(flinkey_id=1).name == "Pool 1"


def test_two_lists_of_the_same_window_never_leave_it_as_neither_says(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    before = flinkey.snapshot()
    later(coordinator, clock, "/cars/1/", "/users/2/")
    flinkey.change("end_window", window=2, end="2026-11-25T12:00:00Z")
    later(coordinator, clock, "/users/2/")
    flinkey.restore(before)
    later(coordinator, clock, "/cars/1/")
    assert rows(Window)[1]["end"] == "2026-11-25T17:00:00Z"


@pytest.mark.parametrize("kind", ["cars", "users", "services", "products"])
def test_the_groups_of_each_thing_are_counted_as_they_change(
    clock: Clock, coordinator: Person, flinkey: Remote, kind: str
) -> None:
    pages = ["/groups/", f"/{kind}/", *(f"/groups/{group}/{kind}/" for group in (1, 2, 3, 4))]
    later(coordinator, clock, *pages)

    def truth() -> dict[int, int]:
        state = flinkey.state(1)
        return {one["id"]: sum(one["id"] in group[kind] for group in state["groups"]) for one in state[kind]}

    assert groups_of(kind) == truth()
    flinkey.change("add_member", kind=kind, group=4, id=1)
    flinkey.change("add_member", kind=kind, group=4, id=3)
    flinkey.change("remove_member", kind=kind, group=1, id=2)
    later(coordinator, clock, *pages)
    assert groups_of(kind) == truth()
    flinkey.change("delete_group", group=1, force=True)
    later(coordinator, clock, "/groups/")
    assert groups_of(kind) == truth()


@pytest.mark.parametrize("kind", ["cars", "users", "services", "products"])
def test_the_groups_of_what_only_groups_have_told_of_are_counted(
    clock: Clock, coordinator: Person, flinkey: Remote, kind: str
) -> None:
    flinkey.change("add_member", kind=kind, group=2, id=1)  # it is in the first one, too
    later(coordinator, clock, *(f"/groups/{group}/{kind}/" for group in (1, 2, 3)))
    groups = flinkey.state(1)["groups"]
    inside = Counter(number for group in groups if group["id"] < 4 for number in group[kind])
    assert inside[1] > 1
    assert groups_of(kind) == inside


def test_what_only_some_lists_say_does_not_flap(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """The box of a service and the end of a box stand in lists of one generation only (README of the API)."""
    pages = ["/services/", "/products/", "/groups/1/", "/groups/2/"]
    later(coordinator, clock, *pages)
    flinkey.settings(product_shape="new", service_shape="new")
    later(coordinator, clock, *pages)
    boxes = dict(Service.objects.values_list("flinkey_id", "product_id"))
    assert boxes == {1: 1, 2: 2, 3: None}
    before = seen()
    for _ in range(2):
        later(coordinator, clock, *pages)
        later(coordinator, clock, *reversed(pages))
    assert seen() == before
    ended = [row.terminated_at for row in Product.objects.order_by("flinkey_id")]
    assert [one is None for one in ended] == [True, True, False]
