"""What the form of a window asks before it sends anything: named, answered by a tick, and nothing typed is lost."""

import re
from typing import Any

import pytest

from flinkey_admin.operations.models import Operation
from flinkey_admin.sandbox import Remote
from tests.conftest import COORDINATOR, Person
from tests.operations.stage import Clock, count, page_of, says, visible
from tests.operations.windows import CHANGED, FORM, MARK, agree, change, give

NEW = "/assignments/new/"
# Pool 1: Jörg Müller has an open end, Ayşe Öztürk tomorrow from 09:00 to 18:00 (Berlin).
ON_POOL_1 = {**FORM, "car": "1", "start": "2026-11-25T17:00", "end": "2026-11-25T20:00"}
# Pool 4: nobody has it.
FREE = {**FORM, "car": "4"}


def plain(page: Any) -> str:
    """What a person reads, with a dash that every keyboard has."""
    return visible(page).replace("\u2013", "-")


def asked(page: Any) -> list[str]:
    return re.findall(r'data-question="(\w+)"', page_of(page))


# The same time --------------------------------------------------------------------------------------------------------


def test_who_has_it_at_the_same_time_is_named_before_anything_is_sent(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    page = coordinator.post(NEW, ON_POOL_1)
    assert (page.status_code, asked(page), count(flinkey, "createAssignment")) == (422, ["overlap"], 0)
    assert page.content.decode().count("autofocus") == 1, "a small screen shows what is asked, not the top of the form"
    text = plain(page)
    assert "Jörg Müller" in text
    assert "Ayşe Öztürk : Wed 25 Nov, 09:00 - 18:00 Both: Wed 25 Nov, 17:00 - 18:00" in text
    assert 'value="2026-11-25T20:00"' in page_of(page), "what was typed is still there"

    page = coordinator.post(NEW, {**ON_POOL_1, "yes": MARK.findall(page_of(page))})
    assert (page.status_code, count(flinkey, "createAssignment")) == (302, 1)


def test_a_window_that_is_being_changed_counts_as_it_will_be(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    """flinkey has said yes to the change and not done it yet: its list still shows what was."""
    flinkey.settings(delay=60)
    agree(coordinator, "/assignments/2/", {**CHANGED, "car": "4"})
    evening = {"start": "2026-11-25T19:00", "end": "2026-11-25T21:00"}
    page = coordinator.post(NEW, {**FREE, **evening})
    assert (page.status_code, asked(page)) == (422, ["overlap"])
    assert "Ayşe Öztürk : Wed 25 Nov, 09:00 - 20:00 Both: Wed 25 Nov, 19:00 - 20:00" in plain(page)
    assert "Ayşe Öztürk" not in plain(coordinator.post(NEW, ON_POOL_1)), "she leaves that car"


def test_a_yes_to_something_else_is_none(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    yes = MARK.findall(page_of(coordinator.post(NEW, ON_POOL_1)))
    page = coordinator.post(NEW, {**ON_POOL_1, "end": "2026-11-25T21:00", "yes": yes})
    assert (page.status_code, count(flinkey, "createAssignment")) == (422, 0)
    assert "checked" not in page_of(page)


@pytest.mark.parametrize(
    ("typed", "questions"),
    [
        ({"start": "2026-11-24T13:00", "end": "2026-11-24T15:00"}, []),  # Pool 2 is free again at 13:00
        ({"start": "2026-11-24T12:59", "end": "2026-11-24T15:00"}, ["overlap"]),
        ({"start": "2026-11-24T12:59", "end": ""}, ["overlap"]),
        ({"start": "2026-11-24T14:00", "end": ""}, []),
    ],
)
def test_ends_that_touch_are_no_conflict(
    clock: Clock, coordinator: Person, flinkey: Remote, typed: dict[str, str], questions: list[str]
) -> None:
    page = coordinator.post(NEW, FORM | typed)
    assert (asked(page), page.status_code) == (questions, 422 if questions else 302)


def test_what_is_only_on_its_way_counts_too(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """Two coordinators at the same minute: flinkey itself does not list the first one's access yet."""
    flinkey.settings(delay=60)
    assert coordinator.post(NEW, FREE).status_code == 302
    other = Person()
    other.sign_in(COORDINATOR)
    page = other.post(NEW, {**FREE, "user": "1"})
    assert (page.status_code, asked(page)) == (422, ["overlap"])
    assert "Zoë Groß" in visible(page)


def test_what_was_given_elsewhere_meanwhile_counts_too(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    coordinator.get(NEW)
    flinkey.change("add_window", car=4, user=1, start="2026-11-27T10:00:00Z", end="2026-11-27T11:00:00Z")
    page = coordinator.post(NEW, FREE)
    assert "Jörg Müller : Fri 27 Nov, 11:00 - 12:00" in plain(page)
    assert count(flinkey, "createAssignment") == 0


def test_the_same_person_is_said_to_be_so(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = coordinator.post(NEW, {**ON_POOL_1, "user": "2"})
    assert "Ayşe Öztürk (the same person)" in visible(page)


def test_an_extension_asks_about_what_is_new_of_it(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """Wish 10: two people held the same thing after an extension."""
    flinkey.change("add_window", car=2, user=1, start="2026-11-24T14:00:00Z", end="2026-11-24T16:00:00Z")
    window = {"car": "2", "user": "3", "start": "2026-11-24T08:00", "lifetime": "864000", "renewable_after": "432000"}
    page = coordinator.post("/assignments/4/", window | {"end": "2026-11-24T16:00"})
    assert (page.status_code, asked(page), count(flinkey, "updateAssignment")) == (422, ["overlap"], 0)
    assert "Jörg Müller : Tue 24 Nov, 15:00 - 17:00 Both: Tue 24 Nov, 15:00 - 16:00" in plain(page)
    assert agree(coordinator, "/assignments/4/", window | {"end": "2026-11-24T16:00"}).status_code == 302


def test_a_shorter_time_asks_nothing(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """Pool 1 has another access at the same time, which somebody has said yes to long ago."""
    short = {"car": "1", "user": "2", "start": "2026-11-25T09:00", "end": "2026-11-25T12:00"}
    flinkey.clear_requests()
    assert coordinator.post("/assignments/2/", short).status_code == 302
    assert count(flinkey, "getAssignmentsOfCar") == 0, "and costs no reading of the car"


# Shared ---------------------------------------------------------------------------------------------------------------


def test_a_shared_car_names_them_once_and_wants_no_tick(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    coordinator.post("/cars/1/sharing/", {"sharing": "shared"})
    page = coordinator.post(NEW, ON_POOL_1)
    assert (page.status_code, asked(page), count(flinkey, "createAssignment")) == (422, ["overlap"], 0)
    assert 'type="checkbox"' not in page_of(page)
    assert "This car is shared." in visible(page)
    (mark,) = MARK.findall(page_of(page))
    assert coordinator.post(NEW, {**ON_POOL_1, "yes": mark}).status_code == 302, "as a browser sends the page again"


@pytest.mark.parametrize(
    ("said", "is_shared"),
    [
        ({}, False),
        ({"groups/1": "shared"}, True),
        ({"groups/1": "shared", "groups/3": "exclusive"}, False),
        ({"groups/3": "shared"}, True),
        ({"groups/2": "shared"}, False),  # Pool 4 is in groups 1 and 3
        ({"groups/1": "exclusive", "cars/4": "shared"}, True),
        ({"groups/1": "shared", "cars/4": "exclusive"}, False),
        ({"groups/1": "shared", "cars/4": "exclusive", "cars/4 ": ""}, True),
    ],
)
def test_whose_word_counts(
    clock: Clock, coordinator: Person, flinkey: Remote, said: dict[str, str], *, is_shared: bool
) -> None:
    for path in ("/groups/1/", "/groups/3/"):
        coordinator.get(path)
    for path, word in said.items():
        assert coordinator.post(f"/{path.strip()}/sharing/", {"sharing": word}).status_code == 302
    give(coordinator, car="4")
    page = coordinator.post(NEW, {**FREE, "user": "1"})
    assert ("This car is shared." in visible(page)) == is_shared
    assert ('type="checkbox"' in page_of(page)) == (not is_shared)


@pytest.mark.parametrize("path", ["/cars/1/sharing/", "/groups/1/sharing/"])
def test_the_page_shows_what_was_decided(coordinator: Person, flinkey: Remote, path: str) -> None:
    for word in ("shared", "exclusive", "", "nonsense"):
        coordinator.post(path, {"sharing": word})
        (chosen,) = re.findall(r'value="(\w*)" checked', page_of(coordinator.get(path)))
        assert chosen == (word if word != "nonsense" else "")


def test_another_customers_word_says_nothing_here(coordinator: Person, southerner: Person, flinkey: Remote) -> None:
    southerner.post("/cars/1/sharing/", {"sharing": "shared"})
    assert 'value="" checked' in page_of(coordinator.get("/cars/1/sharing/"))
    assert southerner.get("/cars/7/sharing/").status_code == 404


# Strange times --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "questions"),
    [
        ({"start": "2026-11-24T09:46"}, []),  # a form may lie open for a while
        ({"start": "2026-11-24T09:44"}, ["past"]),
        ({"start": "2025-11-27T08:00"}, ["past", "long"]),
        ({"start": "2026-11-23T08:00", "end": "2026-11-24T10:00"}, ["over"]),
        ({"end": "2026-12-28T08:00"}, []),  # 31 days
        ({"end": "2026-12-28T08:01"}, ["long"]),
        ({"end": "2027-11-27T18:00"}, ["long"]),
        ({"end": ""}, []),  # takes a choice of its own
    ],
)
def test_what_is_questioned(
    clock: Clock, coordinator: Person, flinkey: Remote, typed: dict[str, str], questions: list[str]
) -> None:
    page = coordinator.post(NEW, {**FREE, **typed})
    assert (asked(page), page.status_code) == (questions, 422 if questions else 302)
    assert count(flinkey, "createAssignment") == (0 if questions else 1)
    if questions:
        assert coordinator.post(NEW, {**FREE, **typed, "yes": MARK.findall(page_of(page))}).status_code == 302


def test_one_yes_of_two_is_not_enough(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    form = {**FREE, "start": "2025-11-27T08:00"}
    first, _second = MARK.findall(page_of(coordinator.post(NEW, form)))
    page = coordinator.post(NEW, {**form, "yes": first})
    assert (page.status_code, count(flinkey, "createAssignment")) == (422, 0)
    assert page_of(page).count(" checked>") == 1


def test_a_window_that_runs_is_not_asked_about_its_start(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    window = {"car": "2", "user": "3", "start": "2026-11-24T08:00", "lifetime": "864000", "renewable_after": "432000"}
    assert coordinator.post("/assignments/4/", window | {"end": "2026-11-24T10:00"}).status_code == 302


# While it is filled in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "start", "end"),
    [
        ("now", "2026-11-24T10:00", "2026-11-27T18:00"),
        ("evening", "2026-11-27T08:00", "2026-11-27T18:00"),
        ("friday", "2026-11-27T08:00", "2026-11-27T18:00"),
        ("monday", "2026-11-27T08:00", "2026-11-30T18:00"),
        ("week", "2026-11-27T08:00", "2026-12-04T08:00"),
        ("open", "2026-11-27T08:00", ""),
        ("nonsense", "2026-11-27T08:00", "2026-11-27T18:00"),
    ],
)
def test_quick_choices_without_scripts(
    clock: Clock, coordinator: Person, flinkey: Remote, choice: str, start: str, end: str
) -> None:
    page = coordinator.post(NEW, {**FREE, "quick": choice, "lifetime": "864000"})
    assert page.status_code == 200
    shown = {name: re.findall(rf'name="{name}" value="([^"]*)"', page_of(page)) for name in ("start", "end", "car")}
    assert shown == {"start": [start], "end": [end], "car": ["4"]}
    assert '<option value="864000" selected>' in page_of(page)
    assert (count(flinkey, "createAssignment"), Operation.objects.count()) == (0, 0)


def test_a_quick_choice_on_a_window_that_is_there(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    window = {"car": "Pool 2", "user": "3", "start": "2026-11-24T08:00", "end": "2026-11-24T13:00", "seen": "abc"}
    page = coordinator.post("/assignments/4/", window | {"quick": "friday"})
    assert 'name="end" value="2026-11-27T18:00"' in page_of(page)
    assert 'name="seen" value="abc"' in page_of(page), "the form is still the one that was opened then"
    assert count(flinkey, "updateAssignment") == 0


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "Duration: 10 hours"),
        ({"end": "2026-11-29T09:01"}, "Duration: 2 days 1 hour 1 minute"),
        ({"end": ""}, "Duration: without end, until somebody ends it"),
        ({"start": "2026-10-24T12:00", "end": "2026-10-25T12:00"}, "Duration: 1 day 1 hour"),  # the clocks go back
        ({"start": "2027-03-27T12:00", "end": "2027-03-28T12:00"}, "Duration: 23 hours"),
    ],
)
def test_the_duration_is_shown_while_one_types(
    clock: Clock, coordinator: Person, flinkey: Remote, typed: dict[str, str], words: str
) -> None:
    coordinator.get(NEW)
    coordinator.get("/cars/4/")
    flinkey.clear_requests()
    assert words in visible(coordinator.post("/assignments/check/", {**FREE, **typed}))
    assert flinkey.requests() == [], "from the copy alone"


@pytest.mark.parametrize("end", ["soon", "2027-03-28T02:30", "2026-10-25T02:30", "2026-11-27T08:00"])
def test_an_end_that_is_not_understood_is_no_open_end(coordinator: Person, flinkey: Remote, end: str) -> None:
    assert "Duration" not in visible(coordinator.post("/assignments/check/", {**FREE, "end": end}))


def test_the_check_knows_the_window_that_is_changed(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    window = {"car": "2", "user": "3", "start": "2026-11-24T08:00", "end": "2026-11-24T15:00"}
    coordinator.get("/assignments/4/")
    assert asked(coordinator.post("/assignments/4/check/", window)) == []
    assert asked(coordinator.post("/assignments/check/", {**window, "user": "1"})) == ["past", "overlap"]


@pytest.mark.parametrize("typed", ["", "x", "\0", "2026-13-01T10:00", "²"])
def test_half_a_form_is_no_trouble(coordinator: Person, flinkey: Remote, typed: str) -> None:
    form = dict.fromkeys(FORM, typed)
    assert coordinator.post("/assignments/check/", form).status_code == 200
    assert coordinator.post(NEW, {**form, "quick": "week"}).status_code == 200
    for name in ("car", "user"):
        assert coordinator.get("/assignments/find/", {name: typed}).status_code == 200


def test_what_is_typed_finds_as_the_header_does(coordinator: Person, flinkey: Remote) -> None:
    coordinator.get("/cars/")
    coordinator.get("/users/")
    for typed, found in (("hhfk1302", "Pool 2 · HH-FK 1302"), ("Pool 2 · HH-FK 1302", "Pool 2 · HH-FK 1302")):
        (hit,) = re.findall(
            r'data-fill="id_car" value="([^"]*)"', page_of(coordinator.get(f"/assignments/find/?car={typed}"))
        )
        assert hit == found
    page = coordinator.get("/assignments/find/?user=gross")
    assert re.findall(r'data-fill="id_user" value="([^"]*)"', page_of(page)) == [
        "Zoë Groß · zoe.gross@nordwind.example"
    ]
    assert "Nobody fits." in visible(coordinator.get("/assignments/find/?user=nobody"))


# Meanwhile ------------------------------------------------------------------------------------------------------------


def opened(person: Person) -> dict[str, str]:
    """The form of tomorrow's access as a browser has it."""
    page = page_of(person.get("/assignments/2/"))
    return {
        name: re.findall(rf'name="{name}" value="([^"]*)"', page)[0] for name in ("car", "user", "start", "end", "seen")
    }


def test_a_window_that_changed_elsewhere_is_shown_beside_what_was_typed(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    form = opened(coordinator) | {"end": "2026-11-25T12:00"}
    flinkey.change("end_window", window=2, end="2026-11-25T14:00:00Z")
    clock.advance(1)
    page = coordinator.post("/assignments/2/", form)
    assert (page.status_code, count(flinkey, "updateAssignment")) == (422, 0)
    assert "changed outside this dashboard" in visible(page)
    assert "Until 2026-11-25 12:00 2026-11-25 15:00" in visible(page), "mine, and what is there now"
    again = form | {"seen": re.findall(r'name="seen" value="([^"]*)"', page_of(page))[0]}
    assert coordinator.post("/assignments/2/", again).status_code == 302, "knowingly"
    assert flinkey.requests("updateAssignment")[0]["body"] == [
        {"op": "replace", "path": "/end", "value": "2026-11-25T11:00:00Z"}
    ]


def test_a_colleague_who_was_quicker_is_named(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    form = opened(coordinator)
    change(coordinator)
    clock.advance(3)
    coordinator.get(f"/operations/{Operation.objects.latest('pk').pk}/")
    page = coordinator.post("/assignments/2/", form | {"user": "4"})
    assert f"Meanwhile {COORDINATOR} changed this access (10:00)." in visible(page)
    assert "Until 2026-11-25 18:00 2026-11-25 20:00" in visible(page)


def test_the_same_change_made_by_somebody_else_is_nothing_to_decide(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    form = opened(coordinator) | {"end": "2026-11-25T15:00"}
    flinkey.change("end_window", window=2, end="2026-11-25T14:00:00Z")
    clock.advance(1)
    assert says(coordinator.post("/assignments/2/", form, follow=True), "Nothing was changed.")


def test_a_window_that_was_removed_meanwhile_leaves_what_was_typed(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    form = opened(coordinator) | {"end": "2026-11-25T19:00"}
    flinkey.change("delete_window", window=2)
    clock.advance(1)
    page = coordinator.post("/assignments/2/", form)
    assert page.status_code == 409
    assert says(page, "This access was removed meanwhile. You can give it anew as you have typed it.")
    assert 'value="2026-11-25T19:00"' in page_of(page)
    assert 'action="/assignments/new/"' in page_of(page)
    assert count(flinkey, "updateAssignment") == 0


def test_a_lifetime_is_explained_and_the_default_sends_nothing(coordinator: Person, flinkey: Remote) -> None:
    page = page_of(coordinator.get(NEW))
    assert "How long the phone" in page
    options = re.findall(r'<option value="(\d*)"', page.partition('id="id_lifetime"')[2].partition("</select>")[0])
    assert options == ["", *(str(days * 86_400) for days in range(8, 28))]
