"""Tick and change from the list of all cars, users, services or boxes, as on a group's page."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.http import QueryDict

from flinkey_admin.operations.models import Operation, State, Step
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.fleet.reading import read, reader
from tests.operations.stage import homes_over_time, members, page_of, press, visible


def homes(remote: Remote, kind: str, thing: int) -> list[int]:
    return [one["id"] for one in remote.state(1)["groups"] if thing in one[kind]]


def act(person: Person, verb: str, ids: list[int], kind: str = "cars", **form: str) -> Any:
    return person.post(f"/{kind}/{verb}/", {"id": [str(one) for one in ids], **form}, follow=True)


def test_a_move_takes_each_out_of_all_its_groups(coordinator: Person, flinkey: Remote) -> None:
    review = act(coordinator, "move", [4, 5, 7], to="4")
    assert re.findall(r'<li data-id="(\d+)"', page_of(review)) == ["4", "5", "7"]
    flinkey.clear_requests()
    receipt = press(coordinator, review, "run")
    assert Operation.objects.get().state == State.CONFIRMED
    assert "All 3 done." in visible(receipt)
    assert [homes(flinkey, "cars", car) for car in (4, 5, 7)] == [[4], [4], [4]]
    assert all(homes_over_time(flinkey, "cars", 4, {1, 3})), "it was never in no group"
    assert read(coordinator, "/groups/4/cars/").ids() == [5, 7, 4]


def test_it_is_put_back_into_each_of_them(coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("removeCarFromGroup", "status", status=404, body="Could not find group with the given Id.", skip=1)
    receipt = press(coordinator, act(coordinator, "move", [4], to="2"), "run")
    assert len(homes(flinkey, "cars", 4)) == 2, "one of the two removals was refused"
    review = press(coordinator, receipt, "back")
    press(coordinator, review, "run")
    assert homes(flinkey, "cars", 4) == [1, 3]


def test_the_receipt_tells_the_removal_that_failed(coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("removeCarFromGroup", "status", status=500, times=9)
    receipt = press(coordinator, act(coordinator, "move", [4], to="2"), "run")
    assert "not known yet" in visible(receipt).lower()
    flinkey.clear_faults()
    press(coordinator, receipt, "run")
    assert Operation.objects.get().state == State.CONFIRMED
    assert homes(flinkey, "cars", 4) == [2]


def test_one_that_is_there_already_only_leaves_the_others(coordinator: Person, flinkey: Remote) -> None:
    press(coordinator, act(coordinator, "move", [4], to="3"), "run")
    assert homes(flinkey, "cars", 4) == [3]
    page = act(coordinator, "move", [4], to="3")
    assert "There is nothing to do" in visible(page)


@pytest.mark.parametrize("kind", ["cars", "users", "services", "products"])
def test_also_add_and_remove(coordinator: Person, flinkey: Remote, kind: str) -> None:
    press(coordinator, act(coordinator, "also", [1], kind=kind, to="4"), "run")
    assert homes(flinkey, kind, 1) == [1, 4]
    press(coordinator, act(coordinator, "remove", [1], kind=kind), "run")
    assert homes(flinkey, kind, 1) == []
    assert {step.verb for step in Step.objects.filter(operation=Operation.objects.latest("pk"))} == {"remove"}


def test_where_to_is_asked_and_nothing_is_forgotten(coordinator: Person, flinkey: Remote) -> None:
    page = act(coordinator, "move", [1, 2])
    assert "Move 2 cars out of their groups to…" in visible(page)
    assert re.findall(r'type="hidden" name="id" value="(\d+)"', page_of(page)) == ["1", "2"]
    again = act(coordinator, "move", [1, 2], choosing="1")
    assert again.status_code == 422
    assert "Choose a group." in visible(again)


def test_nothing_ticked_leads_back_to_the_list(coordinator: Person, flinkey: Remote) -> None:
    page = act(coordinator, "move", [])
    assert page.redirect_chain == [("/cars/", 302)]
    assert "Nothing was ticked." in visible(page)


def test_who_unticks_all_that_was_frozen_keeps_the_filters(coordinator: Person, flinkey: Remote) -> None:
    answer = coordinator.post("/cars/select/?group=1&sort=-name&q=pool")
    (link,) = [tag for tag in read(coordinator, answer.headers["Location"]).tags("a") if tag.text == "Untick all"]
    assert QueryDict(urlsplit(link.marks["href"]).query) == QueryDict("group=1&sort=-name&q=pool")


def test_hundreds_of_ticks_go_along_in_a_short_address(coordinator: Person, flinkey: Remote) -> None:
    ticks = "-".join(str(number) for number in [*range(1, 8), *range(10_000, 10_700)])
    page = reader(coordinator.get(f"/cars/?tick={ticks}"))
    assert len([box for box in page.tags("input", name="id") if "checked" in box.marks]) == 7


def test_all_that_a_filter_leaves_can_be_frozen_and_moved(coordinator: Person, flinkey: Remote) -> None:
    for number in range(60):
        flinkey.change("add_thing", kind="cars", name=f"Zuwachs {number}", licensePlate=f"HH-ZZ {number}")
    read(coordinator, "/cars/")
    answer = coordinator.post("/cars/select/?q=zuwachs&plate=")
    assert answer.status_code == 302
    page = read(coordinator, answer.headers["Location"])
    assert "60 selected" in " ".join(page.tags("main")[0].text.split())
    flinkey.change("add_thing", kind="cars", name="Zuwachs nachher")
    key = answer.headers["Location"].split("selection=")[1]
    review = act(coordinator, "also", [], selection=key, to="4")
    press(coordinator, review, "run")
    assert members(flinkey, "cars", 4) == list(range(8, 68)), "the filter is not run again"
