"""Moving, adding, removing: exactly what was ticked, named on the review, whatever happens elsewhere meanwhile."""

import re
from typing import Any

import pytest

from flinkey_admin.accounts.models import Customer, Manager
from flinkey_admin.fleet.models import Selection
from flinkey_admin.operations.models import Operation, State, Step
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.conftest import BOTH, Person
from tests.operations.stage import assert_plain, count, members, offers, page_of, press, receipt, says, visible

KINDS = ["cars", "users", "services", "products"]
SINGULAR = {"cars": "Car", "users": "User", "services": "Service", "products": "Product"}


def act(person: Person, what: str, ids: list[Any], group: int = 1, kind: str = "cars", **more: Any) -> Any:
    return person.post(f"/groups/{group}/{kind}/{what}/", {"id": [str(one) for one in ids], **more}, follow=True)


def planned(page: Any) -> list[int]:
    """The ids on the review, in their order."""
    return [int(one) for one in re.findall(r'<li data-id="(\d+)" data-state="planned">', page_of(page))]


def results(page: Any) -> list[tuple[int, str]]:
    """The ids on the receipt with what became of each."""
    found = re.findall(r'<li data-id="(\d+)" data-state="(\w+)">', page_of(page))
    return [(int(one), state) for one, state in found]


def writes(remote: Remote) -> list[str]:
    return [call["operation"] for call in remote.requests() if call["method"] != "GET"][1:]  # without the sign-in


# Each kind of change ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_move(coordinator: Person, flinkey: Remote, kind: str) -> None:
    review = act(coordinator, "move", [2, 1], kind=kind, to="2")
    assert planned(review) == [2, 1]
    assert "Hamburg" in visible(review)
    assert "Berlin" in visible(review)
    assert writes(flinkey) == [], "a review changes nothing"
    page = press(coordinator, review, "run")
    assert results(page) == [(2, "confirmed"), (1, "confirmed")]
    assert {1, 2}.isdisjoint(members(flinkey, kind, 1))
    assert {1, 2} <= set(members(flinkey, kind, 2))
    assert sorted(writes(flinkey)) == [f"assign{SINGULAR[kind]}ToGroup"] * 2 + [f"remove{SINGULAR[kind]}FromGroup"] * 2


@pytest.mark.parametrize("kind", KINDS)
def test_also_add(coordinator: Person, flinkey: Remote, kind: str) -> None:
    before = members(flinkey, kind, 1)
    page = press(coordinator, act(coordinator, "also", [1, 2], kind=kind, to="4"), "run")
    assert results(page) == [(1, "confirmed"), (2, "confirmed")]
    assert (members(flinkey, kind, 1), members(flinkey, kind, 4)) == (before, [1, 2])


@pytest.mark.parametrize("kind", KINDS)
def test_add_from_everything(coordinator: Person, flinkey: Remote, kind: str) -> None:
    picker = coordinator.get(f"/groups/4/{kind}/add/")
    offered = re.findall(r'name="id" value="(\d+)"', page_of(picker))
    assert len(offered) == len(flinkey.state(1)[kind])
    page = press(coordinator, act(coordinator, "add", [3, 1], group=4, kind=kind), "run")
    assert results(page) == [(3, "confirmed"), (1, "confirmed")]
    assert members(flinkey, kind, 4) == [1, 3]


@pytest.mark.parametrize("kind", KINDS)
def test_remove(coordinator: Person, flinkey: Remote, kind: str) -> None:
    review = act(coordinator, "remove", [1], kind=kind)
    assert planned(review) == [1]
    assert results(press(coordinator, review, "run")) == [(1, "confirmed")]
    assert 1 not in members(flinkey, kind, 1)
    assert writes(flinkey) == [f"remove{SINGULAR[kind]}FromGroup"]


def test_the_picker_leaves_out_what_is_inside(coordinator: Person, flinkey: Remote) -> None:
    assert re.findall(r'name="id" value="(\d+)"', page_of(coordinator.get("/groups/1/cars/add/"))) == ["5", "7", "6"]
    assert re.findall(r'name="id" value="(\d+)"', page_of(coordinator.get("/groups/1/cars/add/?q=neu"))) == ["7"]


def test_a_review_left_alone_changes_nothing(coordinator: Person, flinkey: Remote) -> None:
    act(coordinator, "move", [1], to="2")
    assert Operation.objects.get().started_at is None
    assert "Move" not in visible(coordinator.get("/operations/")), "what nobody said yes to is no history"
    assert members(flinkey, "cars", 1) == [1, 2, 3, 4]


def test_yes_pressed_twice_does_it_once(coordinator: Person, flinkey: Remote) -> None:
    review = act(coordinator, "move", [1], to="2")
    for _ in range(3):
        page = press(coordinator, review, "run")
    assert results(page) == [(1, "confirmed")]
    assert writes(flinkey) == ["assignCarToGroup", "removeCarFromGroup"]


# Already so ---------------------------------------------------------------------------------------------------------


def test_already_in_both_groups(coordinator: Person, flinkey: Remote) -> None:
    page = press(coordinator, act(coordinator, "move", [4], to="3"), "run")
    assert results(page) == [(4, "confirmed")]
    assert "It was already in Nachtschicht" in visible(page)
    assert (members(flinkey, "cars", 1), members(flinkey, "cars", 3)) == ([1, 2, 3], [4])


def test_added_and_removed_elsewhere_meanwhile(coordinator: Person, flinkey: Remote) -> None:
    review = act(coordinator, "move", [1], to="2")
    flinkey.change("add_member", kind="cars", group=2, id=1)
    flinkey.change("remove_member", kind="cars", group=1, id=1)
    page = press(coordinator, review, "run")
    assert results(page) == [(1, "confirmed")]
    assert "Already so" in visible(page)


@pytest.mark.parametrize(
    ("what", "group", "words"), [("add", 2, "Already there"), ("remove", 1, "Was not there")], ids=["add", "remove"]
)
def test_already_so_meanwhile(coordinator: Person, flinkey: Remote, what: str, group: int, words: str) -> None:
    review = act(coordinator, what, [1], group=group)
    flinkey.change(f"{what}_member", kind="cars", group=group, id=1)
    page = press(coordinator, review, "run")
    assert results(page) == [(1, "confirmed")]
    assert words in visible(page)
    assert Step.objects.get().already


def test_what_is_already_so_is_left_out(coordinator: Person, flinkey: Remote) -> None:
    review = act(coordinator, "add", [5, 1], group=2)
    assert planned(review) == [1]
    assert "Geschäftsführung left out" in visible(review)
    page = press(coordinator, review, "run")
    assert "Geschäftsführung left out" in visible(page)
    assert writes(flinkey) == ["assignCarToGroup"]


@pytest.mark.parametrize(
    ("what", "ids", "group"), [("add", [5, 6], 2), ("remove", [5], 1), ("move", [5], 1), ("add", [999], 2)]
)
def test_nothing_to_do(coordinator: Person, flinkey: Remote, what: str, ids: list[int], group: int) -> None:
    page = act(coordinator, what, ids, group=group, to="4")
    assert page.redirect_chain == [(f"/groups/{group}/cars/", 302)]
    assert "There is nothing to do" in visible(page)
    assert Operation.objects.count() == 0


# Select all ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(flinkey: Remote) -> list[int]:
    """150 cars named "Wagen …" in Hamburg, three pages of them."""
    cars = [flinkey.change("add_thing", kind="cars", name=f"Wagen {number}") for number in range(150)]
    for car in cars:
        flinkey.change("add_member", kind="cars", group=1, id=car)
    return cars


def select_all(person: Person, query: str = "q=Wagen") -> str:
    page = person.post(f"/groups/1/cars/select/?{query}")
    url: str = page["Location"]
    return url


def test_all_that_match_are_frozen(coordinator: Person, flinkey: Remote, crowd: list[int]) -> None:
    page = coordinator.get("/groups/1/cars/?q=Wagen")
    assert 'data-total="150"' in page_of(page)
    assert "Select all 150" in visible(page)
    url = select_all(coordinator)
    page = coordinator.get(url)
    assert "150 selected" in visible(page)
    key = url.split("selection=")[1]

    late = flinkey.change("add_thing", kind="cars", name="Wagen 150")
    flinkey.change("add_member", kind="cars", group=1, id=late)
    review = act(coordinator, "move", [], to="2", selection=key)

    assert sorted(planned(review)) == crowd, "the filter is not run again"
    page = press(coordinator, review, "run")
    assert "1 to 25 of 150" in visible(page)
    paper = coordinator.get(f"/operations/{Operation.objects.get().pk}/?print=1")
    assert len(results(paper)) == 150
    assert {state for _one, state in results(paper)} == {"confirmed"}
    assert members(flinkey, "cars", 1) == [1, 2, 3, 4, late]
    assert set(crowd) <= set(members(flinkey, "cars", 2))
    assert writes(flinkey).count("assignCarToGroup") == 150


def test_a_frozen_selection_goes_through_the_choice_of_a_group(
    coordinator: Person, flinkey: Remote, crowd: list[int]
) -> None:
    key = select_all(coordinator).split("selection=")[1]
    page = act(coordinator, "move", [], selection=key)
    assert "Move 150 cars from Hamburg to" in visible(page)
    ids = re.findall(r'type="hidden" name="id" value="(\d+)"', page_of(page))
    assert sorted(int(one) for one in ids) == crowd
    assert len(planned(act(coordinator, "move", ids, to="2", choosing="1"))) == 150


def test_what_left_the_group_meanwhile_is_left_out(coordinator: Person, flinkey: Remote, crowd: list[int]) -> None:
    key = select_all(coordinator).split("selection=")[1]
    flinkey.change("remove_member", kind="cars", group=1, id=crowd[0])
    flinkey.change("delete_car", car=crowd[1])
    review = act(coordinator, "move", [], to="2", selection=key)
    assert sorted(planned(review)) == crowd[2:]
    assert visible(review).count("left out") == 2


def test_a_selection_of_somebody_else_is_none(
    coordinator: Person, southerner: Person, flinkey: Remote, crowd: list[int]
) -> None:
    key = select_all(coordinator).split("selection=")[1]
    page = act(southerner, "remove", [], selection=key)
    assert "Nothing was ticked" in visible(page)
    other_kind = act(coordinator, "remove", [], kind="users", selection=key)
    assert "Nothing was ticked" in visible(other_kind)
    assert Selection.objects.count() == 1


def test_a_selection_of_one_customer_is_none_of_another(visitor: Person, flinkey: Remote) -> None:
    visitor.sign_in(BOTH)
    visitor.post("/customers/", {"customer": "1"})
    visitor.look("/groups/1/cars/")
    row = Selection.objects.create(
        customer=Customer.objects.get(flinkey_id="1"),
        manager=Manager.objects.get(email=BOTH),
        kind="cars",
        ids=[1],
    )
    assert "Nothing was ticked" not in visible(act(visitor, "remove", [], selection=str(row.pk)))
    visitor.post("/customers/", {"customer": "2"})
    visitor.look("/groups/1/cars/")
    assert "Nothing was ticked" in visible(act(visitor, "remove", [], selection=str(row.pk)))


@pytest.mark.parametrize("key", ["", "x", "00000000-0000-0000-0000-000000000000", "' OR 1=1", "9" * 500])
def test_a_broken_selection_is_none(coordinator: Person, flinkey: Remote, key: str) -> None:
    assert "Nothing was ticked" in visible(act(coordinator, "remove", [], selection=key))
    assert coordinator.get("/groups/1/cars/", {"selection": key}).status_code == 200


# Meanwhile elsewhere ------------------------------------------------------------------------------------------------


def test_a_car_deleted_after_the_review(coordinator: Person, flinkey: Remote) -> None:
    review = act(coordinator, "move", [1, 2], to="2")
    flinkey.change("delete_car", car=1)
    page = press(coordinator, review, "run")
    assert results(page) == [(1, "refused"), (2, "confirmed")]
    assert says(page, sentences.MISSING["car"])
    assert "still in Hamburg" not in visible(page), "it is nowhere any more"
    assert_plain(page)
    assert "Done in part" in visible(page)


def test_a_car_deleted_between_the_two_calls(coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("removeCarFromGroup", "status", status=404, body="Could not find car with the given Id.")
    page = press(coordinator, act(coordinator, "move", [1], to="2"), "run")
    assert results(page) == [(1, "refused")]
    assert says(page, sentences.MISSING["car"])
    assert "in Hamburg" not in visible(page).split("Who")[0].split("flinkey no longer")[1]


def test_the_target_group_deleted_after_the_review(coordinator: Person, flinkey: Remote) -> None:
    review = act(coordinator, "move", [1, 2], to="4")
    flinkey.change("delete_group", group=4)
    page = press(coordinator, review, "run")
    assert results(page) == [(1, "refused"), (2, "refused")]
    assert says(page, sentences.MISSING["group"])
    assert "It is still in Hamburg." in visible(page)
    assert members(flinkey, "cars", 1) == [1, 2, 3, 4]
    assert count(flinkey, "removeCarFromGroup") == 0


def test_the_old_group_deleted_after_the_review(coordinator: Person, flinkey: Remote) -> None:
    review = act(coordinator, "move", [5], group=2, to="4")
    flinkey.change("delete_group", group=2, force=True)
    page = press(coordinator, review, "run")
    assert results(page) == [(5, "refused")]
    assert "It is now in Leer." in visible(page)
    assert members(flinkey, "cars", 4) == [5]


def test_a_target_group_that_is_not_there(coordinator: Person, flinkey: Remote) -> None:
    page = act(coordinator, "move", [1], to="999")
    assert page.status_code == 404
    assert says(page, sentences.MISSING["group"])
    assert Operation.objects.count() == 0


def test_the_group_itself_deleted_before_the_review(coordinator: Person, flinkey: Remote) -> None:
    flinkey.change("delete_group", group=1, force=True)
    page = act(coordinator, "move", [1], to="2")
    assert page.status_code == 404
    assert says(page, sentences.MISSING["group"])


def test_a_lost_removal_claims_nothing(coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("removeCarFromGroup", "reset-after", times=9)
    page = press(coordinator, act(coordinator, "move", [1], to="2"), "run")
    assert results(page) == [(1, "unknown")]
    assert "It is now in Berlin." in visible(page)
    assert "in Hamburg" not in visible(page).split("nobody knows")[1]
    flinkey.clear_faults()
    assert results(press(coordinator, page, "run")) == [(1, "confirmed")]


def test_half_a_move_says_where_the_thing_is(coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("removeCarFromGroup", "status", status=400)
    page = press(coordinator, act(coordinator, "move", [1], to="2"), "run")
    assert results(page) == [(1, "refused")]
    assert "Only added" in visible(page)
    assert "It is now in Hamburg and in Berlin." in visible(page)
    page = press(coordinator, page, "run")
    assert results(page) == [(1, "confirmed")]


def test_one_of_many_fails(coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("assignCarToGroup", "status", status=400, skip=1)
    page = press(coordinator, act(coordinator, "move", [1, 2, 3], to="2"), "run")
    assert sorted(state for _one, state in results(page)) == ["confirmed", "confirmed", "refused"]
    assert offers(page, "run")
    page = press(coordinator, page, "run")
    assert Operation.objects.get().state == State.CONFIRMED
    assert writes(flinkey).count("assignCarToGroup") == 4, "only the refused one again"


def test_what_was_lost_and_then_not_sent_stays_unknown(coordinator: Person, flinkey: Remote) -> None:
    """The second try says "not sent", but the first one may have done it, and here it has."""
    flinkey.fault("assignCarToGroup", "reset-after", times=2)
    page = press(coordinator, act(coordinator, "move", [1], to="2"), "run")
    flinkey.fault("assignCarToGroup", "bad-key")
    page = press(coordinator, page, "run")
    assert results(page) == [(1, "unknown")]
    assert says(page, sentences.REASONS["lost"])
    assert "Not sent" not in visible(page)
    page = press(coordinator, page, "run")
    assert results(page) == [(1, "confirmed")]


def test_a_refusal_in_new_words_is_looked_into(coordinator: Person, flinkey: Remote) -> None:
    """flinkey rewords "already assigned": the group's members say what is so."""
    flinkey.fault("assignCarToGroup", "status", status=409, body="Been there, done that.", done=True)
    flinkey.fault("removeCarFromGroup", "status", status=404, body="Nope.", done=True)
    page = press(coordinator, act(coordinator, "move", [1], to="2"), "run")
    assert results(page) == [(1, "confirmed")]


# Nonsense -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["move", "also", "remove"])
def test_nothing_ticked(coordinator: Person, flinkey: Remote, what: str) -> None:
    page = act(coordinator, what, [], to="2")
    assert page.redirect_chain == [("/groups/1/cars/", 302)]
    assert "Nothing was ticked." in visible(page)


def test_nothing_picked(coordinator: Person, flinkey: Remote) -> None:
    page = act(coordinator, "add", [])
    assert "Nothing was ticked." in visible(page)
    assert Operation.objects.count() == 0


@pytest.mark.parametrize("what", ["move", "also", "remove", "add"])
@pytest.mark.parametrize("garbage", ["", "x", "0", "-1", "1.5", "²", "٣", "1 OR 1=1", "<script>", "\0", "9" * 5000])
def test_garbage_is_no_id(coordinator: Person, flinkey: Remote, what: str, garbage: str) -> None:
    page = act(coordinator, what, [garbage], to="2")
    assert "Nothing was ticked." in visible(page)
    assert Operation.objects.count() == 0


@pytest.mark.parametrize("what", ["move", "also", "remove", "add"])
def test_a_number_that_is_nobodys(coordinator: Person, flinkey: Remote, what: str) -> None:
    page = act(coordinator, what, ["999999999999999999"], to="2")
    assert "There is nothing to do" in visible(page)


def test_garbage_among_good_ones_is_dropped(coordinator: Person, flinkey: Remote) -> None:
    assert planned(act(coordinator, "move", ["1", "x", "1", "0", "3"], to="2")) == [1, 3]


@pytest.mark.parametrize("what", ["move", "also"])
def test_to_the_same_group(coordinator: Person, flinkey: Remote, what: str) -> None:
    page = act(coordinator, what, [1, 2], to="1")
    assert page.status_code == 422
    assert "Choose another group" in visible(page)
    assert re.findall(r'type="hidden" name="id" value="(\d+)"', page_of(page)) == ["1", "2"]
    assert 'name="to" value="1"' not in page_of(page)


@pytest.mark.parametrize("to", ["x", "0", "-2", "9" * 5000, "²", "1;2"])
def test_to_nowhere(coordinator: Person, flinkey: Remote, to: str) -> None:
    page = act(coordinator, "move", [1], to=to)
    assert page.status_code == 422
    assert_plain(page)
    assert Operation.objects.count() == 0


def test_no_group_chosen(coordinator: Person, flinkey: Remote) -> None:
    page = act(coordinator, "move", [1], choosing="1")
    assert page.status_code == 422
    assert "Choose a group." in visible(page)


def test_a_change_of_another_customer_is_nobodys_business(
    coordinator: Person, southerner: Person, flinkey: Remote
) -> None:
    act(coordinator, "move", [1], to="2")
    operation = Operation.objects.get()
    for path in ("", "run/", "check/", "close/", "back/"):
        assert southerner.post(f"/operations/{operation.pk}/{path}").status_code in {404, 405}
        assert southerner.get(f"/operations/{operation.pk}/{path}").status_code == 404
    assert receipt(coordinator).status_code == 200
    assert Operation.objects.get().started_at is None
