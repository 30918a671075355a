"""Whatever changed in flinkey and was not done here is kept: what, whose, and how it was before."""

from typing import Any

import pytest

from flinkey_admin.operations.models import Outside
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.mirror.stage import later, seen, visit
from tests.operations.stage import Clock, visible
from tests.stages import Stages

THINGS = ["/cars/", "/users/", "/services/", "/products/"]
PAGES = [*THINGS, "/groups/", "/groups/1/", "/groups/2/", "/cars/1/", "/cars/2/", "/users/1/"]


@pytest.fixture
def warm(clock: Clock, coordinator: Person, flinkey: Remote, stages: Stages) -> Person:
    """Somebody has looked at everything."""
    stages.set("outside", lambda: visit(coordinator, PAGES), coordinator)
    return coordinator


def test_a_first_look_is_no_news(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    for address in PAGES:
        coordinator.get(address)
    assert seen() == []


def test_nothing_new_is_no_news(clock: Clock, warm: Person) -> None:
    later(warm, clock, *PAGES)
    assert seen() == []


@pytest.mark.parametrize(
    ("change", "addresses", "lines"),
    [
        (("add_member", {"kind": "cars", "group": 2, "id": 1}), ["/groups/2/"], [("joined", "cars", 1, 2)]),
        (("remove_member", {"kind": "users", "group": 1, "id": 4}), ["/groups/1/"], [("left", "users", 4, 1)]),
        (("create_group", {"name": "Bremen"}), ["/groups/"], [("new", "groups", 5, None)]),
        (("rename_group", {"group": 2, "name": "Potsdam"}), ["/groups/"], [("changed", "groups", 2, None)]),
        (("delete_group", {"group": 4}), ["/groups/"], [("gone", "groups", 4, None)]),
        (("rename_car", {"car": 1, "name": "Pool Eins"}), ["/cars/"], [("changed", "cars", 1, None)]),
        (("rename_car", {"car": 1, "name": "Pool Eins"}), ["/cars/1/", "/cars/"], [("changed", "cars", 1, None)]),
        (("add_thing", {"kind": "cars", "name": "Pool 8"}), ["/cars/"], [("new", "cars", 8, None)]),
        (("add_thing", {"kind": "users", "emailAddress": "x@y.example"}), ["/users/"], [("new", "users", 6, None)]),
        (("add_thing", {"kind": "services", "name": "N"}), ["/services/"], [("new", "services", 4, None)]),
        (("add_thing", {"kind": "products", "uniqueId": "N"}), ["/products/"], [("new", "products", 4, None)]),
        (("delete_user", {"user": 5}), ["/users/"], [("gone", "users", 5, None)]),
        (
            ("add_window", {"car": 2, "user": 5, "start": "2026-12-01T08:00:00Z"}),
            ["/cars/2/"],
            [("new", "windows", 6, None)],
        ),
        (("end_window", {"window": 2, "end": "2026-11-26T08:00:00Z"}), ["/cars/1/"], [("changed", "windows", 2, None)]),
        (("delete_window", {"window": 2}), ["/cars/1/"], [("gone", "windows", 2, None)]),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_a_change_made_elsewhere_is_kept_once(
    clock: Clock,
    coordinator: Person,
    flinkey: Remote,
    change: tuple[str, dict[str, Any]],
    addresses: list[str],
    lines: Any,
) -> None:
    later(coordinator, clock, *addresses)
    what, facts = change
    flinkey.change(what, **facts)
    later(coordinator, clock, *addresses)
    assert seen() == lines
    later(coordinator, clock, *addresses)
    assert seen() == lines, "and not a second time"


@pytest.mark.parametrize("address", ["/cars/1/", "/groups/1/"])
def test_a_list_never_read_before_may_bring_news_of_what_another_one_knew(
    clock: Clock, coordinator: Person, flinkey: Remote, address: str
) -> None:
    later(coordinator, clock, "/cars/")
    flinkey.change("rename_car", car=1, name="Pool Eins")
    coordinator.poll(coordinator.get(address))
    assert seen() == [("changed", "cars", 1, None)]
    later(coordinator, clock, "/cars/", address)
    assert seen() == [("changed", "cars", 1, None)]


def only() -> dict[str, Any]:
    (row,) = Outside.objects.values("label", "group_label", "before", "after", "car_id", "user_id")
    return dict(row)


NOBODYS = {"group_label": "", "car_id": None, "user_id": None}


def test_a_car_says_what_it_was_called_before(clock: Clock, warm: Person, flinkey: Remote) -> None:
    flinkey.change("rename_car", car=1, name="Pool Eins")
    later(warm, clock, "/cars/")
    values = {"label": "Pool Eins · HH-FK 1234", "before": {"name": "Pool 1"}, "after": {"name": "Pool Eins"}}
    assert only() == NOBODYS | values


def test_a_group_says_what_it_was_called_before(clock: Clock, warm: Person, flinkey: Remote) -> None:
    flinkey.change("rename_group", group=2, name="Potsdam")
    later(warm, clock, "/groups/")
    assert only() == NOBODYS | {"label": "Potsdam", "before": {"name": "Berlin"}, "after": {"name": "Potsdam"}}


def test_who_left_is_named_with_the_group(clock: Clock, warm: Person, flinkey: Remote) -> None:
    flinkey.change("remove_member", kind="users", group=1, id=4)
    later(warm, clock, "/groups/1/")
    where = {"label": "nachtwache@nordwind.example", "group_label": "Hamburg", "before": {}, "after": {}}
    assert only() == NOBODYS | where


def test_a_user_who_is_gone_leaves_the_facts(clock: Clock, warm: Person, flinkey: Remote) -> None:
    flinkey.change("delete_user", user=5)
    later(warm, clock, "/users/")
    facts = {"email": "zoe.gross@nordwind.example", "first_name": "Zoë", "last_name": "Groß"}
    label = "Zoë Groß · zoe.gross@nordwind.example"
    assert only() == NOBODYS | {"label": label, "before": facts, "after": {}}


def test_a_window_says_when_it_ended_before(clock: Clock, warm: Person, flinkey: Remote) -> None:
    flinkey.change("end_window", window=2, end="2026-11-25T12:00:00Z")
    later(warm, clock, "/cars/1/")
    assert only() == {
        "label": "Ayşe Öztürk · ayse.oeztuerk@nordwind.example → Pool 1 · HH-FK 1234",
        "group_label": "",
        "car_id": 1,
        "user_id": 2,
        "before": {"end": "2026-11-25T17:00:00Z"},
        "after": {"end": "2026-11-25T12:00:00Z"},
    }


def test_a_box_that_is_taken_out_takes_its_windows_along(clock: Clock, warm: Person, flinkey: Remote) -> None:
    flinkey.change("uninstall_box", car=1)
    later(warm, clock, "/cars/1/")
    assert seen() == [("gone", "windows", 1, None), ("gone", "windows", 2, None)]


def test_a_window_of_somebody_who_is_gone_names_nobody(clock: Clock, warm: Person, flinkey: Remote) -> None:
    flinkey.change("delete_user", user=2)
    later(warm, clock, "/users/", "/cars/1/")
    assert seen() == [("gone", "users", 2, None), ("changed", "windows", 2, None)]
    last = Outside.objects.latest("pk")
    assert (last.before, last.after) == ({"user_id": 2}, {"user_id": None})


def test_it_can_be_read_on_the_page_of_the_car(clock: Clock, warm: Person, flinkey: Remote) -> None:
    flinkey.change("rename_car", car=1, name="Pool Eins")
    later(warm, clock, "/cars/1/")
    text = visible(warm.get("/cars/1/"))
    assert "Pool Eins · HH-FK 1234 was changed" in text
    assert "Name Pool 1" in text
