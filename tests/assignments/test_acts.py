"""Quick acts through the pages: one press, one change, questions as in the form, undone like any other."""

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flinkey_admin.assignments import acts, windows
from flinkey_admin.operations.models import Operation, State, Step
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.conftest import Person
from tests.operations.stage import NOW, Clock, assert_plain, assert_true, count, page_of, press, receipt, says, visible
from tests.operations.windows import MARK, give

BERLIN = ZoneInfo("Europe/Berlin")
COMING, RUNNING, OPEN_END = 2, 4, 1  # windows of the yard
SHAPE = ("carId", "userId", "start", "end", "lifetime", "renewableAfter")


def window(remote: Remote, number: int | None) -> dict[str, Any] | None:
    return next((one for one in remote.state(1)["windows"] if one["id"] == number), None)


def shapes(remote: Remote) -> list[tuple[Any, ...]]:
    """The windows without their numbers."""
    return sorted((tuple(one[name] for name in SHAPE) for one in remote.state(1)["windows"]), key=repr)


def value_of(page: Any, number: int, what: str) -> str:
    """What the button of a window's row sends."""
    found = re.search(rf'formaction="/assignments/{number}/act/" name="act" value="({what}-\d*)"', page_of(page))
    assert found, f"no button {what} for {number}"
    return found[1]


def pressed(person: Person, number: int, what: str, address: str, **more: Any) -> Any:
    """Presses the button of a window's row on that page, and says yes to all that is asked then."""
    form = {"act": value_of(person.look(address), number, what), "next": address, **more}
    page = person.post(f"/assignments/{number}/act/", form)
    if page.status_code == 422 and (marks := MARK.findall(page_of(page))):
        page = person.post(f"/assignments/{number}/act/", {**form, "yes": marks})
    return page


def settled(clock: Clock, person: Person) -> Any:
    """The receipt once flinkey has done it all, also what waits for something else of it."""
    for _ in range(3):
        clock.advance(3)
        page = receipt(person)
    return page


def undone(clock: Clock, person: Person) -> Any:
    """Takes the newest change back."""
    press(person, press(person, receipt(person), "back"), "run")
    return settled(clock, person)


# End now, extend by -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "address", "what", "end"),
    [
        (RUNNING, "/cars/2/", "end", "2026-11-24T09:00:00Z"),
        (OPEN_END, "/users/1/", "end", "2026-11-24T09:00:00Z"),
        (RUNNING, "/users/3/", "hour", "2026-11-24T13:00:00Z"),
        (COMING, "/cars/1/", "evening", "2026-11-26T17:00:00Z"),
    ],
)
def test_a_button_on_the_row(
    clock: Clock, coordinator: Person, flinkey: Remote, number: int, address: str, what: str, end: str
) -> None:
    before = shapes(flinkey)
    assert pressed(coordinator, number, what, address)["Location"] == address
    clock.advance(3)
    receipt(coordinator)
    assert (window(flinkey, number) or {})["end"] == end
    assert Step.objects.get().state == State.CONFIRMED
    assert_true(flinkey, lost=False)
    undone(clock, coordinator)
    assert shapes(flinkey) == before, "all of it is as it was"


def test_what_is_offered(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    car = page_of(coordinator.look("/cars/1/"))
    assert re.findall(r'/(\d)/act/" name="act" value="(\w+)-\d*"', car) == [
        ("1", "end"),
        *[("2", act) for act in acts.LATER if act != "day"],
    ], "a day more is until tomorrow 18:00, which has a button that says so"
    past = page_of(coordinator.look("/users/1/"))
    assert "/assignments/3/act/" not in past, "what is over is neither ended nor extended"
    assert "This access is over." in visible(coordinator.get("/assignments/3/act/"))
    assert 'href="/assignments/4/act/"' in page_of(coordinator.get("/assignments/4/")), "and on the bar's form"
    for act in ("end", *acts.LATER):
        assert value_of(coordinator.get("/assignments/4/act/"), RUNNING, act)


def test_ending_says_until_when_a_phone_may_hold_a_key(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    pressed(coordinator, OPEN_END, "end", "/cars/1/")
    assert says(coordinator.get("/cars/1/"), sentences.key_until(NOW + dt.timedelta(days=7)))


def test_a_conflict_is_asked_about(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.change("add_window", car=2, user=5, start="2026-11-24T12:00:00Z", end="2026-11-24T14:00:00Z")
    act = value_of(coordinator.look("/cars/2/"), RUNNING, "day")
    page = coordinator.post("/assignments/4/act/", {"act": act, "next": "/cars/2/"})
    assert page.status_code == 422
    assert "At the same time this car may already be opened by: Zoë Groß" in visible(page)
    assert "It is to end Wed 25 Nov, 13:00" in visible(page)
    assert_plain(page)
    assert count(flinkey, "updateAssignment") == 0
    form = {"act": act, "yes": MARK.findall(page_of(page)), "next": "/cars/2/"}
    assert coordinator.post("/assignments/4/act/", form)["Location"] == "/cars/2/"
    clock.advance(3)
    assert (window(flinkey, RUNNING) or {})["end"] == "2026-11-25T12:00:00Z"


@pytest.mark.parametrize("later", [0, 3])
def test_a_double_click_is_one(clock: Clock, coordinator: Person, flinkey: Remote, later: float) -> None:
    act = value_of(coordinator.look("/cars/2/"), RUNNING, "hour")
    for _ in range(2):
        assert coordinator.post("/assignments/4/act/", {"act": act, "next": "/cars/2/"})["Location"] == "/cars/2/"
        clock.advance(later)
        receipt(coordinator)
    assert count(flinkey, "updateAssignment") == 1
    pressed(coordinator, RUNNING, "hour", "/cars/2/") if later else None
    assert count(flinkey, "updateAssignment") == (2 if later else 1), "a press on the new end is another one"


def test_changed_meanwhile(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    act = value_of(coordinator.look("/cars/2/"), RUNNING, "hour")
    flinkey.change("delete_window", window=RUNNING)
    assert coordinator.post("/assignments/4/act/", {"act": act}).status_code == 404
    act = value_of(coordinator.look("/cars/1/"), COMING, "hour")
    page = coordinator.post("/assignments/2/act/", {"act": act[:-3] + "999"})
    assert page.status_code == 409
    assert "Meanwhile this access was changed" in visible(page)
    assert count(flinkey, "updateAssignment") == 0


def test_a_lost_answer_is_looked_for_and_never_sent_twice(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("updateAssignment", "reset-after")
    act = value_of(coordinator.look("/cars/2/"), RUNNING, "hour")
    for _ in range(2):
        page = coordinator.post("/assignments/4/act/", {"act": act, "next": "/cars/2/"}, follow=True)
    assert says(page, sentences.LOST_WINDOW)
    settled(clock, coordinator)
    assert Step.objects.get().state == State.CONFIRMED
    assert count(flinkey, "updateAssignment") == 1


@pytest.mark.parametrize("act", ["", "end", "hour", "hour-", "x-1", "end-x", "hour-²", "hour-99999999999999"])
def test_a_strange_press_does_no_harm(clock: Clock, coordinator: Person, flinkey: Remote, act: str) -> None:
    page = coordinator.post("/assignments/4/act/", {"act": act})
    assert page.status_code in {409, 422}
    assert_plain(page)
    assert Operation.objects.count() == 0


@pytest.mark.parametrize(
    ("act", "end", "wanted"),
    [
        ("hour", dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC), dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC)),
        ("day", dt.datetime(2026, 10, 24, 10, 0, tzinfo=dt.UTC), dt.datetime(2026, 10, 25, 11, 0, tzinfo=dt.UTC)),
        ("week", dt.datetime(2027, 3, 21, 17, 0, tzinfo=dt.UTC), dt.datetime(2027, 3, 28, 16, 0, tzinfo=dt.UTC)),
        ("friday", dt.datetime(2026, 11, 27, 17, 0, tzinfo=dt.UTC), dt.datetime(2026, 12, 4, 17, 0, tzinfo=dt.UTC)),
        ("monday", dt.datetime(2026, 11, 27, 17, 0, tzinfo=dt.UTC), dt.datetime(2026, 11, 30, 17, 0, tzinfo=dt.UTC)),
    ],
)
def test_days_go_by_the_clock_on_the_wall(act: str, end: dt.datetime, wanted: dt.datetime) -> None:
    assert acts.later(act, end, dt.datetime(2026, 10, 1, tzinfo=dt.UTC), BERLIN) == wanted


def test_the_buttons_say_which_evening_and_name_none_twice() -> None:
    noon = dt.datetime(2026, 11, 27, 11, 0, tzinfo=dt.UTC)  # a Friday
    assert [act for act, _words in acts.choices(noon, noon, BERLIN)] == ["hour", "evening", "monday", "day", "week"]
    words = dict(acts.choices(noon, noon, BERLIN))
    assert "Fri 27 Nov" in words["evening"]
    assert "Mon 30 Nov" in words["monday"]
    assert acts.choices(None, noon, BERLIN) == []


def test_a_time_that_comes_twice_is_asked_about_in_the_form(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    with pytest.raises(windows.TwiceThatDay):
        acts.later("day", dt.datetime(2027, 10, 30, 0, 30, tzinfo=dt.UTC), NOW, BERLIN)
    flinkey.change("add_window", car=4, user=5, start="2026-11-24T08:00:00Z", end="2027-10-30T00:30:00Z")
    number = flinkey.state(1)["windows"][-1]["id"]
    page = pressed(coordinator, number, "day", "/cars/4/")
    assert page["Location"].startswith(f"/assignments/{number}/?until=2027-10-31T02%3A30")
    page = coordinator.get(page["Location"])
    assert 'name="end" value="2027-10-31T02:30' in page_of(page)
    assert count(flinkey, "updateAssignment") == 0


# End everything -----------------------------------------------------------------------------------------------------


def yes(person: Person, page: Any) -> Any:
    return press(person, page, "run")


def test_end_all_of_a_car(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """One window is running, one has not begun, and the past one stays as it is."""
    flinkey.change(
        "add_window", car=2, user=5, start="2026-11-30T09:00:00Z", end=None, lifetime=900_000, renewable_after=300_000
    )
    before = shapes(flinkey)
    assert 'formaction="/cars/2/end/"' in page_of(coordinator.look("/cars/2/"))
    page = coordinator.post("/cars/2/end/")
    text = visible(page)
    assert "End all access to Pool 2 · HH-FK 1302?" in text
    assert "2 accesses end" in text
    assert "Seán O'Brien · sean.obrien@nordwind.example Tue 24 Nov, 08:00 \u2013 13:00 · ends now" in text
    assert "Zoë Groß · zoe.gross@nordwind.example Mon 30 Nov, 10:00 \u2013 open end · is removed" in text
    assert "2 steps at flinkey" in text
    assert_plain(page)
    assert count(flinkey, "updateAssignment") + count(flinkey, "deleteAssignment") == 0

    clock.advance(60)
    page = yes(coordinator, page)
    assert says(page, sentences.key_until(NOW + dt.timedelta(hours=3)))
    page = settled(clock, coordinator)
    assert "All 2 done." in visible(page)
    assert (window(flinkey, RUNNING) or {})["end"] == "2026-11-24T09:01:00Z", "when the yes came"
    assert [one["userId"] for one in flinkey.state(1)["windows"] if one["carId"] == 2] == [1, 3]
    assert_true(flinkey, lost=False)
    assert Operation.objects.count() == 1

    page = undone(clock, coordinator)
    assert "Restore the access to Pool 2 · HH-FK 1302" in visible(page)
    assert shapes(flinkey) == before, "also the lifetimes"
    page = undone(clock, coordinator)
    assert "End all access to Pool 2 · HH-FK 1302" in visible(page), "and that can be taken back, too"
    assert [one["userId"] for one in flinkey.state(1)["windows"] if one["carId"] == 2] == [1, 3]


def test_end_all_of_a_person(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.change("add_window", car=4, user=1, start="2026-12-01T09:00:00Z", end="2026-12-02T09:00:00Z")
    before = shapes(flinkey)
    page = coordinator.post("/users/1/end/")
    assert "End all access of Jörg Müller · joerg.mueller@nordwind.example?" in visible(page)
    assert "Pool 4 · HH-NW 91 Tue 1 Dec, 10:00 \u2013 Wed 2 Dec, 10:00 · is removed" in visible(page)
    yes(coordinator, page)
    page = settled(clock, coordinator)
    assert 'href="/users/1/"' in page_of(page), "back to the person"
    mine = [one for one in flinkey.state(1)["windows"] if one["userId"] == 1]
    assert all(one["end"] and one["end"] <= "2026-11-24T09:00:00Z" for one in mine)
    undone(clock, coordinator)
    assert shapes(flinkey) == before
    assert "All access has ended already." in visible(coordinator.post("/users/4/end/", follow=True))


def test_what_has_changed_since_the_review_is_told(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = coordinator.post("/cars/1/end/")
    flinkey.change("delete_window", window=COMING)
    page = yes(coordinator, page)
    assert page.status_code == 409
    assert "The access Ayşe Öztürk" in visible(page)
    assert count(flinkey, "updateAssignment") == 0
    form = {"seen": re.findall(r'name="seen" value="([^"]+)"', page_of(page))[0]}
    coordinator.post(f"/operations/{Operation.objects.get().pk}/run/", form)
    settled(clock, coordinator)
    assert (window(flinkey, OPEN_END) or {})["end"] == "2026-11-24T09:00:00Z"
    assert Step.objects.count() == 1

    page = coordinator.post("/cars/4/end/", follow=True)
    assert "All access has ended already." in visible(page)


def test_a_lost_answer_while_all_is_ended(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("deleteAssignment", "reset-after")
    yes(coordinator, coordinator.post("/cars/1/end/"))
    settled(clock, coordinator)
    assert {step.state for step in Step.objects.all()} == {State.CONFIRMED}
    assert (count(flinkey, "deleteAssignment"), count(flinkey, "updateAssignment")) == (1, 1)
    assert_true(flinkey, lost=True)


def test_nobody_ends_what_is_anothers(clock: Clock, coordinator: Person, southerner: Person, flinkey: Remote) -> None:
    assert southerner.post("/cars/7/end/").status_code == 404
    coordinator.post("/cars/1/end/")
    assert southerner.post(f"/operations/{Operation.objects.get().pk}/run/").status_code == 404
    assert count(flinkey, "updateAssignment") == 0


def test_taking_an_end_back_names_who_has_the_car_by_now(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    pressed(coordinator, RUNNING, "end", "/cars/2/")
    settled(clock, coordinator)
    ended = Operation.objects.latest("pk")
    early = press(coordinator, receipt(coordinator, ended), "back")
    assert "somebody else may open the car" not in visible(early), "nobody has it yet"
    give(coordinator, start="2026-11-24T10:30", end="2026-11-24T11:30")
    settled(clock, coordinator)
    asked, sent = press(coordinator, early, "run"), count(flinkey, "updateAssignment")
    assert (asked.status_code, sent) == (409, 1), "the yes was one to something else"
    assert "What to know about it is no longer the same: see below." in visible(asked)
    assert "1 access is given though somebody else may open the car at the same time" in visible(asked)
    page = press(coordinator, receipt(coordinator, ended), "back")
    assert "1 access is given though somebody else may open the car at the same time" in visible(page)
    assert re.search(r"Pool 2 · HH-FK 1302, Tue 24 Nov, 10:0\d \(Zoë Groß\)\.", visible(page)), visible(page)
    press(coordinator, page, "run")
    settled(clock, coordinator)
    assert (window(flinkey, RUNNING) or {})["end"] == "2026-11-24T12:00:00Z", "it is a warning, not a refusal"
