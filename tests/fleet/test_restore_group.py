"""Taking back *Empty and delete*: the group comes back under a new number, and everything that was in it."""

import re
from typing import Any

import pytest

from flinkey_admin.operations import upkeep
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.sandbox import Remote
from tests.conftest import COORDINATOR, Person, work_off
from tests.fleet.test_empty_group import BERLIN, HAMBURG, empty
from tests.operations import test_kill
from tests.operations.stage import (
    Clock,
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
    took_effect,
    visible,
)

clock = test_kill.clock
NEW = 5  # the number that flinkey gives next


def named(remote: Remote, name: str = "Hamburg") -> list[int]:
    return [one["id"] for one in remote.state(1)["groups"] if one["name"] == name]


def inside(remote: Remote, group: int) -> dict[str, list[int]]:
    return {kind: sorted(members(remote, kind, group)) for kind in HAMBURG}


def emptied(person: Person, to: str = "2") -> Any:
    """The receipt of a deletion that is done."""
    page = press(person, empty(person, to), "run")
    assert Operation.objects.latest("pk").state == State.CONFIRMED
    return page


def assert_back(remote: Remote, berlin: dict[str, list[int]] = BERLIN) -> None:
    assert len(named(remote)) == 1, "one group of this name"
    assert inside(remote, named(remote)[0]) == HAMBURG
    assert inside(remote, 2) == berlin
    assert_a_home_always(remote)


def assert_a_home_always(remote: Remote) -> None:
    for kind, ids in HAMBURG.items():
        for thing in ids:
            first = {1, 3} if thing == 4 else {1}
            assert all(homes_over_time(remote, kind, thing, first)), f"{kind} {thing} was in no group for a moment"


# The review ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["2", "out"])
def test_the_first_review_promises_it(coordinator: Person, flinkey: Remote, to: str) -> None:
    review = empty(coordinator, to)
    assert says(review, "You can undo this: the group then comes back under a new number, with what was in it.")


def test_the_review_says_what_comes_back(coordinator: Person, flinkey: Remote) -> None:
    review = press(coordinator, emptied(coordinator), "back")
    assert says(review, "Bring back the group Hamburg with 11 things?")
    assert "is made again first and gets a new number" in visible(review)
    headings = re.findall(r"<h2>(.*?)</h2>", main_of(review))
    assert headings == ["Group", "Cars (4)", "Users (3)", "Services (2)", "Boxes (2)"]
    assert "23 steps" in visible(review)
    assert visible(review).count("Berlin Hamburg") == 11
    assert named(flinkey) == [], "a review changes nothing"
    assert_plain(review)


# Doing it -----------------------------------------------------------------------------------------------------------


def test_all_is_as_it_was(coordinator: Person, flinkey: Remote) -> None:
    review = press(coordinator, emptied(coordinator), "back")
    page = press(coordinator, review, "run")
    operation = Operation.objects.latest("pk")
    assert operation.state == State.CONFIRMED
    assert_back(flinkey)
    assert named(flinkey) == [NEW]
    assert "All 12 done." in visible(page)
    assert f'href="/groups/{NEW}/cars/"' in main_of(page), "it leads to the new group"
    assert "Pool 1" in visible(coordinator.get(f"/groups/{NEW}/cars/"))
    order = [one["operation"] for one in flinkey.requests() if one["took_effect"] and one["method"] != "GET"]
    assert order[-23] == "createGroup"
    assert_true(flinkey, lost=False, steps=operation.steps.all())
    assert_plain(page)


def test_what_was_taken_out_comes_back(coordinator: Person, flinkey: Remote) -> None:
    press(coordinator, press(coordinator, emptied(coordinator, "out"), "back"), "run")
    assert len(named(flinkey)) == 1
    assert inside(flinkey, named(flinkey)[0]) == HAMBURG
    assert inside(flinkey, 2) == BERLIN
    assert count(flinkey, "removeCarFromGroup") == 4, "those of the deletion"


def test_what_was_in_the_other_group_before_stays_there(coordinator: Person, flinkey: Remote) -> None:
    flinkey.change("add_member", kind="cars", group=2, id=1)
    flinkey.change("add_member", kind="users", group=2, id=2)
    press(coordinator, press(coordinator, emptied(coordinator), "back"), "run")
    assert inside(flinkey, named(flinkey)[0]) == HAMBURG
    assert inside(flinkey, 2) == BERLIN | {"cars": [1, 5, 6], "users": [2, 3]}


def test_it_is_undone_in_turn(coordinator: Person, flinkey: Remote) -> None:
    page = press(coordinator, press(coordinator, emptied(coordinator), "back"), "run")
    review = press(coordinator, page, "back")
    assert says(review, "Empty the group Hamburg into Berlin and delete it?")
    page = press(coordinator, review, "run")
    assert Operation.objects.latest("pk").state == State.CONFIRMED
    assert named(flinkey) == []
    assert inside(flinkey, 2) == {kind: sorted(ids + BERLIN[kind]) for kind, ids in HAMBURG.items()}
    press(coordinator, press(coordinator, page, "back"), "run")
    assert_back(flinkey)


def test_once_only(coordinator: Person, flinkey: Remote) -> None:
    page = emptied(coordinator)
    review = press(coordinator, page, "back")
    for _ in range(3):
        press(coordinator, review, "run")
    assert count(flinkey, "createGroup") == 1
    assert not offers(receipt(coordinator, Operation.objects.earliest("pk")), "back")


# What has changed since ---------------------------------------------------------------------------------------------


def test_what_was_put_elsewhere_since_stays_there(coordinator: Person, flinkey: Remote) -> None:
    page = emptied(coordinator)
    flinkey.change("remove_member", kind="cars", group=2, id=1)
    flinkey.change("add_member", kind="cars", group=4, id=1)
    review = press(coordinator, page, "back")
    assert "it has left Berlin since" in visible(review)
    press(coordinator, review, "run")
    assert inside(flinkey, named(flinkey)[0]) == HAMBURG | {"cars": [2, 3, 4]}
    assert members(flinkey, "cars", 4) == [1]


def test_the_other_group_has_gone_too(coordinator: Person, flinkey: Remote) -> None:
    page = emptied(coordinator, "4")
    flinkey.change("delete_group", group=4, force=True)
    press(coordinator, press(coordinator, page, "back"), "run")
    assert inside(flinkey, named(flinkey)[0]) == HAMBURG


def test_the_name_is_taken(coordinator: Person, flinkey: Remote) -> None:
    page = emptied(coordinator)
    coordinator.post("/groups/new/", {"name": "Hamburg"})
    answer = press(coordinator, page, "back")
    assert says(answer, "there is a group of this name again")
    assert not Operation.objects.filter(started_at=None).exists()


def test_the_name_is_taken_between_review_and_yes(coordinator: Person, flinkey: Remote) -> None:
    review = press(coordinator, emptied(coordinator), "back")
    plan = Operation.objects.latest("pk")
    coordinator.post("/groups/new/", {"name": "Hamburg"})
    before = inside(flinkey, 2)
    Operation.objects.filter(started_at=None).update(created_at="2026-01-01T00:00:00Z")
    page = press(coordinator, review, "run")
    assert page.status_code == 409
    assert "There is a group called Hamburg again" in visible(page)
    seen = re.search(r'name="seen" value="(\w+)"', page_of(page))
    assert seen
    page = coordinator.post(f"/operations/{plan.pk}/run/", {"seen": seen[1]}, follow=True)
    plan.refresh_from_db()
    assert plan.state == State.REFUSED
    assert (inside(flinkey, 2), len(named(flinkey))) == (before, 1)
    assert_plain(page)


def test_a_car_that_is_no_more(coordinator: Person, flinkey: Remote) -> None:
    review = press(coordinator, emptied(coordinator), "back")
    flinkey.change("delete_car", car=1)
    page = press(coordinator, review, "run")
    assert inside(flinkey, named(flinkey)[0]) == HAMBURG | {"cars": [2, 3, 4]}
    assert "Done in part: 11 done, 1 refused." in visible(page)


# In the middle ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["reset-before", "reset-after", "truncated", "bad-key", "dead-token"])
@pytest.mark.parametrize("call", ["createGroup", "assignCarToGroup", "removeUserFromGroup"])
def test_a_stop_in_the_middle_can_be_finished(coordinator: Person, flinkey: Remote, call: str, fault: str) -> None:
    review = press(coordinator, emptied(coordinator), "back")
    flinkey.fault(call, fault, times=2)
    press(coordinator, review, "run")
    assert_a_home_always(flinkey)
    flinkey.clear_faults()
    coordinator.sign_in(COORDINATOR)
    if offers(page := receipt(coordinator), "run"):
        press(coordinator, page, "run")
    assert Operation.objects.latest("pk").state == State.CONFIRMED
    assert took_effect(flinkey, "createGroup") == 1
    assert_back(flinkey)


@pytest.mark.parametrize("fault", ["reset-after", "truncated"])
def test_the_lost_answer_of_the_creation_finds_the_group(coordinator: Person, flinkey: Remote, fault: str) -> None:
    """flinkey made it and the answer was lost: the group that is there is taken, no second one is made."""
    review = press(coordinator, emptied(coordinator), "back")
    flinkey.fault("createGroup", fault)
    press(coordinator, review, "run")
    assert Operation.objects.latest("pk").state == State.CONFIRMED
    assert_back(flinkey)
    step = Step.objects.get(verb=Verb.CREATE_GROUP)
    assert step.group_id == named(flinkey)[0]
    assert set(step.operation.steps.filter(verb=Verb.ADD).values_list("group_id", flat=True)) == {step.group_id}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("at", "moment"), [(1, "before"), (1, "after"), (1, "answered"), (2, "after"), (13, "before"), (20, "after")]
)
def test_kill_9(
    clock: Clock,
    coordinator: Person,
    flinkey: Remote,
    sandbox: Any,
    at: int,
    moment: str,
) -> None:
    """The process dies at the creation or later: the worker goes on with the very group, with nobody doing anything."""
    press(coordinator, emptied(coordinator), "back")
    operation = Operation.objects.latest("pk")
    test_kill.run_and_die(flinkey, sandbox.url, operation, at, moment)
    assert_a_home_always(flinkey)
    clock.advance(test_kill.LEASE)
    upkeep.take_up()
    work_off()
    operation.refresh_from_db()
    assert operation.state == State.CONFIRMED
    assert took_effect(flinkey, "createGroup") == 1
    assert_back(flinkey)
    assert_true(flinkey, lost=False, steps=operation.steps.all())


def test_whoever_ended_access_with_it_gets_that_back_too(coordinator: Person, flinkey: Remote) -> None:
    windows = flinkey.state(1)["windows"]
    review = empty(coordinator, "out")
    found = re.search(r'action="(/operations/\d+/run/)"', main_of(review))
    assert found
    coordinator.post(found[1], {"end-users-1": "today"}, follow=True)
    flinkey.advance(3)
    Step.objects.exclude(next_check_at=None).update(next_check_at="2026-01-01T00:00:00Z")
    page = receipt(coordinator)
    assert Operation.objects.get().state == State.CONFIRMED
    assert flinkey.state(1)["windows"] != windows
    review = press(coordinator, page, "back")
    assert says(review, "Bring back the group Hamburg with 11 things · restore 1 access?")
    press(coordinator, review, "run")
    flinkey.advance(3)
    assert flinkey.state(1)["windows"] == windows
    assert inside(flinkey, named(flinkey)[0]) == HAMBURG
