"""Whoever leaves a group keeps the access to its cars, unless the yes to the review ends it in the same change."""

import re
from typing import Any

import pytest

from flinkey_admin.flinkey import Kind
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.conftest import COORDINATOR, Person
from tests.operations.conftest import clock  # noqa: F401 - the fixture
from tests.operations.stage import (
    Clock,
    assert_plain,
    count,
    is_so,
    main_of,
    members,
    offers,
    page_of,
    press,
    receipt,
    says,
    visible,
)

TODAY = "2026-11-24T22:59:00Z"  # 23:59 in Berlin
NAMED = re.compile(r'name="(end-[a-z]+(?:-\d+)?)" value="today"')


@pytest.fixture
def person(clock: Clock, coordinator: Person) -> Person:  # noqa: F811
    """Signed in, on Tuesday at 10:00 in Berlin."""
    return coordinator


def act(person: Person, what: str, ids: list[int], group: int = 1, kind: str = "users", **more: str) -> Any:
    return person.post(f"/groups/{group}/{kind}/{what}/", {"id": [str(one) for one in ids], **more}, follow=True)


def yes(person: Person, page: Any, *names: str, **more: str) -> Any:
    """Says yes to a review, with "end today" for these."""
    found = re.search(r'action="(/operations/\d+/run/)"', main_of(page))
    assert found
    return person.post(found[1], dict.fromkeys(names, "today") | more, follow=True)


def confirmed(clock: Clock, person: Person) -> Any:  # noqa: F811
    """The receipt once flinkey has done it."""
    clock.advance(3)
    return receipt(person)


def window(remote: Remote, number: int | None) -> dict[str, Any] | None:
    return next((one for one in remote.state(1)["windows"] if one["id"] == number), None)


def shapes(remote: Remote) -> list[tuple[Any, ...]]:
    """The windows without their numbers."""
    names = ("carId", "userId", "start", "end", "lifetime", "renewableAfter")
    return sorted((tuple(one[name] for name in names) for one in remote.state(1)["windows"]), key=repr)


def writes(remote: Remote, operation: str = "Assignment") -> list[str]:
    return [one["operation"] for one in remote.requests() if one["method"] != "GET" and operation in one["operation"]]


# The review ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["move", "remove"])
def test_the_review_names_what_stays(person: Person, flinkey: Remote, what: str) -> None:
    page = act(person, what, [1, 2, 4], to="2")
    text = visible(page)
    assert "2 accesses stay" in text
    assert "Jörg Müller · joerg.mueller@nordwind.example Pool 1 · HH-FK 1234 Thu 19 Nov, 10:00 \u2013 open end" in text
    assert "Pool 1 · HH-FK 1234 Wed 25 Nov, 09:00 \u2013 18:00" in text
    assert "Ended, it runs until Tue 24 Nov, 23:59" in text
    assert "nobody's access to a car changes" not in text
    assert NAMED.findall(page_of(page)) == ["end-users-1", "end-users-2"], "who has none is asked nothing"
    assert page_of(page).count('value="keep" checked') == 2
    assert_plain(page)
    assert writes(flinkey) == []


def test_what_a_car_leaves_behind(person: Person, flinkey: Remote) -> None:
    page = act(person, "move", [1, 2], kind="cars", to="2")
    assert NAMED.findall(page_of(page)) == ["end-cars-1"], "Pool 2 is open to somebody of another group only"
    assert "Ayşe Öztürk · ayse.oeztuerk@nordwind.example Wed 25 Nov" in visible(page)


def test_nothing_stays(person: Person, flinkey: Remote) -> None:
    page = act(person, "move", [4], to="2")
    assert NAMED.findall(page_of(page)) == []
    assert "access stays" not in visible(page)
    assert "nobody's access to a car changes" in visible(page)


def test_what_ends_today_anyway_is_only_named(person: Person, flinkey: Remote) -> None:
    flinkey.change("add_window", car=3, user=4, start="2026-11-24T08:00:00Z", end="2026-11-24T17:00:00Z")
    page = act(person, "remove", [4])
    assert "Pool 3 · HH-NW 88 Tue 24 Nov, 09:00 \u2013 18:00 · ends today anyway" in visible(page)
    assert NAMED.findall(page_of(page)) == []


def test_it_is_what_flinkey_says_now(clock: Clock, person: Person, flinkey: Remote) -> None:  # noqa: F811
    act(person, "remove", [1])
    clock.advance(1)
    flinkey.change("delete_window", window=1)
    flinkey.change("add_window", car=4, user=1, start="2026-11-24T08:00:00Z", end=None)
    page = act(person, "remove", [1])
    assert "Pool 4" in visible(page)
    assert "Pool 1" not in visible(page)


def test_out_of_several_groups_at_once(person: Person, flinkey: Remote) -> None:
    flinkey.change("add_member", kind="users", group=2, id=1)
    flinkey.change("add_window", car=5, user=1, start="2026-11-24T08:00:00Z", end=None)
    page = person.post("/users/move/", {"id": ["1"], "to": "4"}, follow=True)
    assert "2 accesses stay" in visible(page)
    yes(person, page, "end-users-1")
    assert [one["end"] for one in flinkey.state(1)["windows"] if one["userId"] == 1 and one["carId"] in {1, 5}] == [
        None,
        None,
    ], "not yet: flinkey takes its time"
    flinkey.advance(3)
    assert {one["end"] for one in flinkey.state(1)["windows"] if one["userId"] == 1 and one["carId"] in {1, 5}} == {
        TODAY
    }


# The yes ------------------------------------------------------------------------------------------------------------


def test_keep_is_what_happens_unless_somebody_says_else(person: Person, flinkey: Remote) -> None:
    before = shapes(flinkey)
    page = yes(person, act(person, "move", [1, 2], to="2"))
    assert Operation.objects.get().state == State.CONFIRMED
    assert "nobody's access to a car changed" in visible(page)
    assert writes(flinkey) == []
    assert shapes(flinkey) == before


def test_end_today(clock: Clock, person: Person, flinkey: Remote) -> None:  # noqa: F811
    """Jörg's window runs, Ayşe's has not begun: the one is shortened, the other removed, once both have moved."""
    page = yes(person, act(person, "move", [1, 2], to="2"), "end-users-1", "end-users-2")
    operation = Operation.objects.get()
    assert operation.state == State.ACCEPTED
    assert says(page, "Move 2 users from Hamburg to Berlin · end 2 accesses")
    assert "nobody's access" not in visible(page)
    assert sentences.key_until(Step.objects.earliest("pk").operation.created_at)[:20] in visible(page)
    page = confirmed(clock, person)
    assert "All 4 done." in visible(page)
    assert "HH-FK 1234 Access Changed until Tue 24 Nov, 23:59" in visible(page)
    assert "HH-FK 1234 Access Removed" in visible(page)
    assert (window(flinkey, 1) or {})["end"] == TODAY
    assert window(flinkey, 2) is None
    assert sorted(writes(flinkey)) == ["deleteAssignment", "updateAssignment"]
    order = [one["operation"] for one in flinkey.requests() if one["method"] != "GET"]
    assert order.index("updateAssignment") > order.index("removeUserFromGroup")
    assert all(is_so(flinkey, step) for step in Step.objects.all())
    assert_plain(page)


def test_one_person_yes_another_no(clock: Clock, person: Person, flinkey: Remote) -> None:  # noqa: F811
    yes(person, act(person, "remove", [1, 2]), "end-users-2")
    page = confirmed(clock, person)
    assert (window(flinkey, 1) or {})["end"] is None
    assert window(flinkey, 2) is None
    assert "The driver's phone" not in visible(page), "nobody has a key of a window that has not begun"


def test_for_a_car(clock: Clock, person: Person, flinkey: Remote) -> None:  # noqa: F811
    yes(person, act(person, "move", [1], kind="cars", to="2"), "end-cars-1")
    confirmed(clock, person)
    assert (window(flinkey, 1) or {})["end"] == TODAY
    assert window(flinkey, 2) is None
    assert members(flinkey, "cars", 2) == [1, 5, 6]


def test_many_have_one_choice_for_all(clock: Clock, person: Person, flinkey: Remote) -> None:  # noqa: F811
    users = [flinkey.change("add_thing", kind="users", emailAddress=f"u{n}@nordwind.example") for n in range(12)]
    for user in users:
        flinkey.change("add_member", kind="users", group=1, id=user)
        flinkey.change("add_window", car=2, user=user, start="2026-11-23T08:00:00Z", end="2026-11-30T08:00:00Z")
    page = act(person, "move", users, to="2")
    assert NAMED.findall(page_of(page)) == ["end-all"]
    assert page_of(page).count("Pool 2 · HH-FK 1302") == 12, "each is named"
    yes(person, page, "end-all")
    confirmed(clock, person)
    assert {
        (window(flinkey, step.window_id) or {})["end"] for step in Step.objects.filter(verb=Verb.CHANGE_WINDOW)
    } == {TODAY}
    assert writes(flinkey) == ["updateAssignment"] * 12
    assert Operation.objects.get().state == State.CONFIRMED


def test_two_hundred_and_the_copy_knows_them(person: Person, flinkey: Remote) -> None:
    """Of many, flinkey is not asked one by one: what the sweep has read is named."""
    users = [flinkey.change("add_thing", kind="users", emailAddress=f"u{n}@nordwind.example") for n in range(40)]
    for user in users:
        flinkey.change("add_member", kind="users", group=1, id=user)
        flinkey.change("add_window", car=2, user=user, start="2026-11-23T08:00:00Z", end="2026-11-30T08:00:00Z")
    person.look("/cars/2/")
    flinkey.clear_requests()
    page = act(person, "move", users, to="2")
    assert "40 accesses stay" in visible(page)
    assert count(flinkey, "getAssignmentsOfUser") == 0


def test_yes_pressed_twice_ends_it_once(person: Person, flinkey: Remote) -> None:
    page = act(person, "remove", [1])
    for _ in range(3):
        yes(person, page, "end-users-1")
    assert writes(flinkey) == ["updateAssignment"]
    assert Step.objects.count() == 2


def test_a_yes_ends_nothing_that_the_review_did_not_name(person: Person, flinkey: Remote) -> None:
    page = act(person, "remove", [1])
    late = flinkey.change("add_window", car=2, user=1, start="2026-11-24T08:00:00Z", end=None)
    before = window(flinkey, late)
    yes(person, page, "end-users-1", "end-users-2", "end-cars-1", "end-users-3")
    flinkey.advance(3)
    assert [step.window_id for step in Step.objects.exclude(window_id=None)] == [1]
    assert window(flinkey, late) == before
    assert window(flinkey, 4)
    assert window(flinkey, 2)


# What has changed meanwhile -----------------------------------------------------------------------------------------


def test_a_window_that_has_gone(person: Person, flinkey: Remote) -> None:
    page = act(person, "remove", [1, 2])
    flinkey.change("delete_window", window=1)
    page = yes(person, page, "end-users-1", "end-users-2")
    assert page.status_code == 409
    assert "The access Jörg Müller" in visible(page)
    assert "is no longer there" in visible(page)
    assert page_of(page).count('value="today" checked') == 2, "what was chosen is chosen still"
    assert writes(flinkey, "") == ["getToken"] or writes(flinkey) == []
    assert members(flinkey, "users", 1) == [1, 2, 4], "nothing was sent"
    seen = re.search(r'name="seen" value="(\w+)"', page_of(page))
    assert seen
    yes(person, page, "end-users-1", "end-users-2", seen=seen[1])
    assert [step.window_id for step in Step.objects.exclude(window_id=None)] == [2]


def test_a_window_with_other_times_ends_as_it_is_by_then(clock: Clock, person: Person, flinkey: Remote) -> None:  # noqa: F811
    page = act(person, "remove", [1])
    flinkey.change("end_window", window=1, end="2026-12-24T17:00:00Z")
    page = yes(person, page, "end-users-1")
    assert page.status_code == 409
    assert "is now from Thu 19 Nov, 10:00 until Thu 24 Dec, 18:00" in visible(page)
    seen = re.search(r'name="seen" value="(\w+)"', page_of(page))
    assert seen
    yes(person, page, "end-users-1", seen=seen[1])
    page = confirmed(clock, person)
    assert (window(flinkey, 1) or {})["end"] == TODAY
    press(person, press(person, page, "back"), "run")
    confirmed(clock, person)
    assert (window(flinkey, 1) or {})["end"] == "2026-12-24T17:00:00Z", "back to what it was last"


def test_the_next_day(clock: Clock, person: Person, flinkey: Remote) -> None:  # noqa: F811
    page = act(person, "remove", [1])
    clock.advance(14.5 * 3600)
    person.sign_in(COORDINATOR)
    page = yes(person, page, "end-users-1")
    assert page.status_code == 409
    assert "A new day has begun: access now ends Wed 25 Nov, 23:59." in visible(page)


def test_somebody_is_at_the_window(person: Person, flinkey: Remote) -> None:
    """A change of it is open: the plan stays one, and nothing was sent."""
    flinkey.settings(delay=1000)
    page = act(person, "remove", [1])
    person.post("/assignments/1/delete/")
    page = yes(person, page, "end-users-1")
    assert "Another change of this access is still open." in visible(page)
    plan = Operation.objects.get(kind="remove")
    assert plan.started_at is None
    assert plan.steps.count() == 1
    assert members(flinkey, "users", 1) == [1, 2, 4]


# In the middle ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["assignUserToGroup", "removeUserFromGroup"])
def test_who_does_not_leave_keeps_it(person: Person, flinkey: Remote, call: str) -> None:
    flinkey.fault(call, "status", status=400)
    page = yes(person, act(person, "move", [1], to="2"), "end-users-1")
    assert writes(flinkey) == []
    assert Operation.objects.get().state == State.REFUSED, "nothing waits for what will not come"
    assert offers(page, "run")
    press(person, page, "run")
    assert writes(flinkey) == ["updateAssignment"]


@pytest.mark.parametrize("fault", ["reset-before", "reset-after"])
def test_a_lost_answer_is_read_back_and_never_sent_again(
    clock: Clock,  # noqa: F811
    person: Person,
    flinkey: Remote,
    fault: str,
) -> None:
    flinkey.fault("updateAssignment", fault)
    page = yes(person, act(person, "move", [1], to="2"), "end-users-1")
    assert Step.objects.get(verb=Verb.CHANGE_WINDOW).state == State.UNKNOWN
    assert not offers(page, "run")
    confirmed(clock, person)
    assert count(flinkey, "updateAssignment") <= 1
    assert (Operation.objects.get().state == State.CONFIRMED) is (fault == "reset-after")


def test_a_dead_token_in_between(clock: Clock, person: Person, flinkey: Remote) -> None:  # noqa: F811
    flinkey.fault("updateAssignment", "dead-token")
    yes(person, act(person, "move", [1], to="2"), "end-users-1")
    assert Step.objects.get(verb=Verb.CHANGE_WINDOW).state == State.PLANNED
    person.sign_in(COORDINATOR)
    press(person, receipt(person), "run")
    confirmed(clock, person)
    assert (window(flinkey, 1) or {})["end"] == TODAY
    assert Operation.objects.get().state == State.CONFIRMED


# Undo ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lifetime", [None, 864000])
def test_undo_restores_all_of_it(
    clock: Clock,  # noqa: F811
    person: Person,
    flinkey: Remote,
    lifetime: int | None,
) -> None:
    for start in ("2026-11-23T08:00:00Z", "2026-11-26T08:00:00Z"):
        times = {"start": start, "end": "2026-11-30T08:00:00Z"}
        more = {"lifetime": lifetime, "renewable_after": 432000} if lifetime else {}
        flinkey.change("add_window", car=2, user=1, **times, **more)
    before, homes = shapes(flinkey), {kind: members(flinkey, kind, 1) for kind in map(str, Kind)}
    yes(person, act(person, "move", [1, 2], to="2"), "end-users-1", "end-users-2")
    page = confirmed(clock, person)
    assert len(shapes(flinkey)) == len(before) - 2
    review = press(person, page, "back")
    assert says(review, "Move 2 users from Berlin to Hamburg · restore 4 accesses?")
    assert "Access (4)" in visible(review)
    assert "until open end" in visible(review)
    assert_plain(review)
    page = press(person, review, "run")
    confirmed(clock, person)
    assert shapes(flinkey) == before
    assert {kind: sorted(members(flinkey, kind, 1)) for kind in map(str, Kind)} == homes


def test_a_window_changed_since_stays_as_it_is(clock: Clock, person: Person, flinkey: Remote) -> None:  # noqa: F811
    yes(person, act(person, "move", [1], to="2"), "end-users-1")
    page = confirmed(clock, person)
    flinkey.change("end_window", window=1, end="2026-11-28T17:00:00Z")
    review = press(person, page, "back")
    assert "it was changed once more since" in visible(review)
    press(person, review, "run")
    assert (window(flinkey, 1) or {})["end"] == "2026-11-28T17:00:00Z"
    assert 1 in members(flinkey, "users", 1)


# Empty and delete ---------------------------------------------------------------------------------------------------


def test_out_of_a_group_that_is_deleted(clock: Clock, person: Person, flinkey: Remote) -> None:  # noqa: F811
    page = person.post("/groups/1/empty/", {"to": "out"}, follow=True)
    assert NAMED.findall(page_of(page)) == ["end-users-1", "end-users-2"]
    yes(person, page, "end-users-1")
    assert 1 not in [one["id"] for one in flinkey.state(1)["groups"]], "no group waits for a window"
    page = confirmed(clock, person)
    assert (window(flinkey, 1) or {})["end"] == TODAY
    assert Operation.objects.get().state == State.CONFIRMED
    assert "nobody's access" not in visible(page)


def test_who_moves_along_with_the_cars_is_asked_nothing(person: Person, flinkey: Remote) -> None:
    page = person.post("/groups/1/empty/", {"to": "2"}, follow=True)
    assert NAMED.findall(page_of(page)) == []
    assert "nobody's access to a car changes" in visible(page)


# Whose --------------------------------------------------------------------------------------------------------------


def test_another_customers_windows_are_nobodys_business(person: Person, southerner: Person, flinkey: Remote) -> None:
    """The ids are the same; each sees the names and windows of its own."""
    page = act(southerner, "remove", [1])
    assert "Stern 1" in visible(page)
    assert "Pool" not in visible(page)
    number = Operation.objects.get().pk
    assert person.post(f"/operations/{number}/run/", {"end-users-1": "today"}).status_code == 404
    assert writes(flinkey) == []


def test_taking_a_restoration_back_speaks_of_all_their_phones(clock: Clock, person: Person, flinkey: Remote) -> None:  # noqa: F811
    """Windows that had not begun come back as new ones; taken back once more, they are removed."""
    flinkey.change("add_window", car=2, user=1, start="2026-11-26T08:00:00Z", end=None)
    yes(person, act(person, "move", [1, 2], to="2"), "end-users-1", "end-users-2")
    page = confirmed(clock, person)
    press(person, press(person, page, "back"), "run")
    page = confirmed(clock, person)
    review = press(person, page, "back")
    assert says(review, "Move 2 users from Hamburg to Berlin \u00b7 end 3 accesses?")
    assert "The drivers' phones may still hold a key" in visible(review)
