"""Emptying a group and deleting it, as one change: the group goes last, and nothing is ever without one on its way."""

import re
from typing import Any

import pytest

from flinkey_admin.operations import upkeep
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.conftest import BOTH, COORDINATOR, Person, work_off
from tests.operations.stage import (
    assert_plain,
    assert_true,
    count,
    homes_over_time,
    main_of,
    members,
    offers,
    page_of,
    press,
    receipt,
    says,
    visible,
)

HAMBURG = {"cars": [1, 2, 3, 4], "users": [1, 2, 4], "services": [1, 2], "products": [1, 2]}
BERLIN = {"cars": [5, 6], "users": [3], "services": [3], "products": [3]}
LAST = "is deleted last"


def empty(person: Person, to: str, group: int = 1) -> Any:
    """Chooses on the page of the deletion where to; the answer is the review."""
    return person.post(f"/groups/{group}/empty/", {"to": to}, follow=True)


def inside(remote: Remote, group: int) -> dict[str, list[int]]:
    return {kind: sorted(members(remote, kind, group)) for kind in HAMBURG}


def groups(remote: Remote) -> list[int]:
    return [one["id"] for one in remote.state(1)["groups"]]


def assert_a_home_always(remote: Remote) -> None:
    for kind, ids in HAMBURG.items():
        for thing in ids:
            first = {1, 3} if thing == 4 else {1}
            assert all(homes_over_time(remote, kind, thing, first)), f"{kind} {thing} was in no group for a moment"


def writes(remote: Remote) -> list[str]:
    return [call["operation"] for call in remote.requests() if call["method"] != "GET"][1:]  # without the sign-in


def is_unfinished(page: Any) -> bool:
    """Whether the header says that something is left to do."""
    return 'class="tray state wait"' in page_of(page)


def deletion() -> Step:
    return Step.objects.get(verb=Verb.DELETE_GROUP)


# The choice ---------------------------------------------------------------------------------------------------------


def test_the_page_of_the_deletion_asks_where_to(coordinator: Person, flinkey: Remote) -> None:
    page = coordinator.get("/groups/1/delete/")
    assert re.findall(r'type="radio" name="to" value="(\w+)"', page_of(page)) == ["out", "2", "4", "3"]
    assert "checked" not in main_of(page), "nobody deletes by pressing on"
    assert 'action="/groups/1/empty/"' in page_of(page)
    assert writes(flinkey) == []


def test_the_address_alone_leads_to_the_choice(coordinator: Person, flinkey: Remote) -> None:
    assert coordinator.get("/groups/1/empty/")["Location"] == "/groups/1/delete/"


@pytest.mark.parametrize("to", ["", "999", "1", "x", "-1", "out ", "9" * 400])
def test_no_choice_and_no_group(coordinator: Person, flinkey: Remote, to: str) -> None:
    page = empty(coordinator, to)
    assert page.status_code == 422
    assert says(page, "The group that you chose is no longer there." if to else "Choose where all this shall go.")
    assert "Cars (4)" in visible(page)
    assert_plain(page)
    assert Operation.objects.count() == 0


def test_a_group_that_is_gone(coordinator: Person, flinkey: Remote) -> None:
    flinkey.change("delete_group", group=1, force=True)
    page = empty(coordinator, "2")
    assert page.status_code == 404
    assert says(page, sentences.MISSING["group"])


def test_a_group_that_is_empty_by_now_is_simply_deleted(coordinator: Person, flinkey: Remote) -> None:
    page = empty(coordinator, "2", group=4)
    assert "The group is empty." in visible(page)
    assert Operation.objects.count() == 0


def test_the_choice_outlives_the_sign_in(coordinator: Person, flinkey: Remote) -> None:
    flinkey.expire_tokens()
    assert coordinator.post("/groups/1/empty/", {"to": "2"})["Location"] == "/sign-in/?next=%2Fgroups%2F1%2Fempty%2F"
    coordinator.sign_in(COORDINATOR)
    assert LAST in visible(coordinator.get("/groups/1/empty/"))


# The review ---------------------------------------------------------------------------------------------------------


def test_the_review_names_everything_by_kind(coordinator: Person, flinkey: Remote) -> None:
    review = empty(coordinator, "2")
    assert says(review, "Empty the group Hamburg into Berlin and delete it?")
    text = main_of(review)
    assert re.findall(r"<h2>(.*?)</h2>", text) == ["Cars (4)", "Users (3)", "Services (2)", "Boxes (2)", "Group"]
    ids = [int(one) for one in re.findall(r'<li data-id="(\d+)" data-state="planned">', text)]
    assert ids == [1, 2, 3, 4, 1, 2, 4, 1, 2, 1, 2], "each kind by name"
    assert visible(review).count("Hamburg Berlin") == 11
    assert visible(review).index("C1-08-F0-95") < visible(review).index("Hamburg is deleted last")
    assert "in no other group" not in visible(review)
    assert writes(flinkey) == [], "a review changes nothing"
    assert inside(flinkey, 1) == HAMBURG


@pytest.mark.parametrize(
    ("group", "words"),
    [(1, "9 of them are in no other group"), (3, None), (2, "5 of them are in no other group")],
    ids=["most", "none", "all"],
)
def test_the_review_warns_of_what_would_be_in_no_group(
    coordinator: Person, flinkey: Remote, group: int, words: str | None
) -> None:
    text = visible(empty(coordinator, "out", group=group))
    assert words in text if words else "in no other group" not in text


def test_the_warning_counts_what_flinkey_says_now(coordinator: Person, flinkey: Remote) -> None:
    coordinator.look("/groups/3/")
    empty(coordinator, "out", group=3)
    flinkey.change("remove_member", kind="cars", group=1, id=4)
    assert "1 of them is in no other group" in visible(empty(coordinator, "out", group=3))


def test_the_plan_is_of_what_flinkey_says_now(coordinator: Person, flinkey: Remote) -> None:
    coordinator.get("/groups/1/delete/")
    flinkey.change("add_member", kind="users", group=1, id=5)
    flinkey.change("remove_member", kind="products", group=1, id=2)
    text = visible(empty(coordinator, "2"))
    assert "Zoë Groß" in text
    assert "C1-08-F0-95" not in text


# Doing it -----------------------------------------------------------------------------------------------------------


def test_into_another_group(coordinator: Person, flinkey: Remote) -> None:
    page = press(coordinator, empty(coordinator, "2"), "run")
    assert groups(flinkey) == [2, 3, 4]
    assert inside(flinkey, 2) == {kind: sorted(ids + BERLIN[kind]) for kind, ids in HAMBURG.items()}
    assert writes(flinkey)[-1] == "deleteGroup"
    assert len(writes(flinkey)) == 23
    assert_a_home_always(flinkey)
    assert_true(flinkey, lost=False)
    assert Operation.objects.get().state == State.CONFIRMED
    assert "All 12 done." in visible(page)
    assert "Hamburg Group Deleted" in visible(page)
    assert 'href="/groups/1/' not in main_of(page), "it leads nowhere any more"
    assert "Hamburg" not in visible(coordinator.get("/groups/"))
    assert "Pool 1" in visible(coordinator.get("/groups/2/cars/"))


def test_out_of_this_group_only(coordinator: Person, flinkey: Remote) -> None:
    review = empty(coordinator, "out")
    assert says(review, "Empty and delete the group Hamburg?")
    press(coordinator, review, "run")
    assert groups(flinkey) == [2, 3, 4]
    assert inside(flinkey, 2) == BERLIN
    assert len(writes(flinkey)) == 12
    assert writes(flinkey)[-1] == "deleteGroup"


def test_what_is_in_the_target_already_is_safe_too(coordinator: Person, flinkey: Remote) -> None:
    """It leaves the target between the review and the yes; the addition brings it back before it leaves the old one."""
    review = empty(coordinator, "1", group=3)
    flinkey.change("remove_member", kind="cars", group=1, id=4)
    press(coordinator, review, "run")
    assert 4 in members(flinkey, "cars", 1)
    assert groups(flinkey) == [1, 2, 4]
    assert all(homes_over_time(flinkey, "cars", 4, {3}))


def test_yes_pressed_twice_does_it_once(coordinator: Person, flinkey: Remote) -> None:
    review = empty(coordinator, "out", group=3)
    for _ in range(3):
        press(coordinator, review, "run")
    assert sorted(writes(flinkey)) == ["deleteGroup", "removeCarFromGroup", "removeUserFromGroup"]


def test_two_managers_at_once(coordinator: Person, flinkey: Remote) -> None:
    """Both have a review; the second finds everything done, and nothing is left open."""
    other = Person()
    other.sign_in(BOTH)
    other.post("/customers/", {"customer": "1"})
    reviews = [(coordinator, empty(coordinator, "2")), (other, empty(other, "2"))]
    pages = [press(person, review, "run") for person, review in reviews]
    assert set(Operation.objects.values_list("state", flat=True)) == {State.CONFIRMED}
    assert "Already gone" in visible(pages[1])
    assert_a_home_always(flinkey)


# In the middle ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call", ["assignCarToGroup", "removeUserFromGroup", "assignServiceToGroup", "removeProductFromGroup"]
)
def test_one_refusal_keeps_the_group(coordinator: Person, flinkey: Remote, call: str) -> None:
    flinkey.fault(call, "status", status=400)
    page = press(coordinator, empty(coordinator, "2"), "run")
    assert deletion().state == State.PLANNED
    assert count(flinkey, "deleteGroup") == 0
    assert Operation.objects.get().state == State.PLANNED
    assert "1 refused" in visible(page)
    assert says(page, "It is deleted once all the rest is done.")
    assert is_unfinished(page)
    assert_plain(page)
    assert_a_home_always(flinkey)

    press(coordinator, page, "run")
    assert Operation.objects.get().state == State.CONFIRMED
    assert groups(flinkey) == [2, 3, 4]
    assert len(writes(flinkey)) <= 25, "only what was left"
    assert_a_home_always(flinkey)


def test_what_goes_on_by_itself_keeps_the_group_too(coordinator: Person, flinkey: Remote) -> None:
    """One removal was refused, another was lost: the worker repeats the lost one and does not delete the group."""
    flinkey.fault("removeUserFromGroup", "status", status=400)
    flinkey.fault("removeCarFromGroup", "reset-before", times=2)
    press(coordinator, empty(coordinator, "1", group=3), "run")
    assert Operation.objects.get().state == State.UNKNOWN
    Operation.objects.update(next_try_at=None)
    upkeep.take_up()
    work_off()
    assert [step.state for step in Step.objects.filter(verb=Verb.REMOVE)] == [State.CONFIRMED, State.REFUSED]
    assert Operation.objects.get().state == State.PLANNED
    assert count(flinkey, "deleteGroup") == 0
    press(coordinator, receipt(coordinator), "run")
    assert groups(flinkey) == [1, 2, 4]


def test_a_thing_that_is_deleted_meanwhile_keeps_the_group(coordinator: Person, flinkey: Remote) -> None:
    review = empty(coordinator, "2")
    flinkey.change("delete_car", car=1)
    page = press(coordinator, review, "run")
    assert says(page, sentences.MISSING["car"])
    assert deletion().state == State.PLANNED
    page = press(coordinator, page, "close")
    assert not is_unfinished(page)
    coordinator.post("/groups/1/delete/")
    assert groups(flinkey) == [2, 3, 4], "the simple deletion does the rest"


def test_a_target_that_is_deleted_meanwhile_loses_nothing(coordinator: Person, flinkey: Remote) -> None:
    review = empty(coordinator, "4")
    flinkey.change("delete_group", group=4)
    page = press(coordinator, review, "run")
    assert "It is still in Hamburg." in visible(page)
    assert inside(flinkey, 1) == HAMBURG
    assert count(flinkey, "deleteGroup") == 0


@pytest.mark.parametrize("fault", ["reset-before", "reset-after", "truncated", "bad-key", "dead-token"])
@pytest.mark.parametrize("call", ["assignCarToGroup", "removeUserFromGroup", "deleteGroup"])
def test_a_stop_in_the_middle_can_be_finished(coordinator: Person, flinkey: Remote, call: str, fault: str) -> None:
    flinkey.fault(call, fault, times=2)
    press(coordinator, empty(coordinator, "2"), "run")
    assert_a_home_always(flinkey)
    if Operation.objects.get().state != State.CONFIRMED:
        assert_true(flinkey, lost=True)
    flinkey.clear_faults()
    coordinator.sign_in(COORDINATOR)
    if offers(page := receipt(coordinator), "run"):
        press(coordinator, page, "run")
    assert Operation.objects.get().state == State.CONFIRMED
    assert groups(flinkey) == [2, 3, 4]
    assert inside(flinkey, 2) == {kind: sorted(ids + BERLIN[kind]) for kind, ids in HAMBURG.items()}
    assert_a_home_always(flinkey)
    assert_true(flinkey, lost=False)


@pytest.mark.parametrize("to", ["2", "out"])
def test_something_put_in_meanwhile_keeps_the_group(coordinator: Person, flinkey: Remote, to: str) -> None:
    review = empty(coordinator, to)
    flinkey.change("add_member", kind="cars", group=1, id=7)
    page = press(coordinator, review, "run")
    assert (deletion().state, deletion().reason) == (State.REFUSED, "conflict-relations")
    assert says(page, sentences.CONFLICT["relations"])
    assert "Done in part" in visible(page)
    assert "Retry the 1 failed" in visible(page)
    assert 'href="/groups/1/cars/"' in main_of(page), "there it can be looked at"
    assert is_unfinished(page)
    assert_plain(page)

    page = press(coordinator, page, "run")
    assert deletion().state == State.REFUSED
    assert members(flinkey, "cars", 1) == [7], "nothing is taken out that nobody has reviewed"

    flinkey.change("remove_member", kind="cars", group=1, id=7)
    press(coordinator, page, "run")
    assert Operation.objects.get().state == State.CONFIRMED
    assert groups(flinkey) == [2, 3, 4]


def test_a_refused_deletion_of_a_group_with_one_thing_is_unfinished_too(coordinator: Person, flinkey: Remote) -> None:
    flinkey.change("add_member", kind="cars", group=4, id=7)
    review = empty(coordinator, "out", group=4)
    flinkey.change("add_member", kind="users", group=4, id=5)
    page = press(coordinator, review, "run")
    assert deletion().state == State.REFUSED
    assert is_unfinished(page)


# Putting back -------------------------------------------------------------------------------------------------------


def test_putting_back_what_was_moved(coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("removeUserFromGroup", "status", status=400)
    page = press(coordinator, empty(coordinator, "2"), "run")
    review = press(coordinator, page, "back")
    assert says(review, "Move 11 things from Berlin to Hamburg?")
    assert re.findall(r"<h2>(.*?)</h2>", main_of(review)) == ["Cars (4)", "Users (3)", "Services (2)", "Boxes (2)"]
    page = press(coordinator, review, "run")
    assert (inside(flinkey, 1), inside(flinkey, 2)) == (HAMBURG, BERLIN)
    assert_a_home_always(flinkey)
    assert (deletion().state, deletion().reason) == (State.REFUSED, "given-up"), "it is not deleted later"
    assert not is_unfinished(page)


def test_putting_back_what_was_taken_out(coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("deleteGroup", "bad-key")
    page = press(coordinator, empty(coordinator, "out"), "run")
    assert inside(flinkey, 1) == {kind: [] for kind in HAMBURG}
    review = press(coordinator, page, "back")
    assert says(review, "Add 11 things to Hamburg?")
    assert "will be in none" not in visible(review)
    press(coordinator, review, "run")
    assert inside(flinkey, 1) == HAMBURG


def test_nothing_is_put_back_into_a_group_that_is_gone(coordinator: Person, flinkey: Remote) -> None:
    """The deletion was done, but its answer was lost."""
    flinkey.fault("deleteGroup", "reset-after", times=1)
    flinkey.fault("deleteGroup", "reset-before", times=1)
    page = press(coordinator, empty(coordinator, "2"), "run")
    assert deletion().state == State.UNKNOWN
    answer = press(coordinator, page, "back")
    assert says(answer, "the group Hamburg is no longer there")
    assert_plain(answer)
    assert Operation.objects.count() == 1
    press(coordinator, receipt(coordinator), "run")
    assert Operation.objects.get().state == State.CONFIRMED


# Whose --------------------------------------------------------------------------------------------------------------


def test_a_plan_is_of_one_s_own_customer(coordinator: Person, southerner: Person, flinkey: Remote) -> None:
    """Group 3 is there for the one customer only; groups 1 and 2 of the other are other groups."""
    before = flinkey.state(1)
    assert empty(southerner, "3").status_code == 422
    review = empty(southerner, "2")
    assert says(review, "Empty the group Stuttgart into Ulm and delete it?")
    plan = Operation.objects.get()
    assert coordinator.post(f"/operations/{plan.pk}/run/").status_code == 404
    press(southerner, review, "run")
    assert [one["name"] for one in flinkey.state(2)["groups"]] == ["Ulm"]
    assert flinkey.state(1) == before
