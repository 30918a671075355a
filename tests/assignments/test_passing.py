"""Hand over and swap: one change of two windows, the second of which begins once the first is confirmed."""

import re
from typing import Any

import pytest

from flinkey_admin.operations import journal, upkeep
from flinkey_admin.operations.models import Hold, Operation, State, Step
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.assignments.test_acts import shapes, window
from tests.assignments.test_several import values
from tests.conftest import Person, work_off
from tests.operations.stage import (
    Clock,
    assert_plain,
    assert_true,
    count,
    offers,
    page_of,
    press,
    receipt,
    says,
    visible,
)
from tests.operations.windows import MARK, send, told

RUNNING, COMING, OPEN_END, PAST, NOBODYS = 4, 2, 1, 3, 5  # windows of the yard
HAND_OVER, SWAP = f"/assignments/{RUNNING}/hand-over/", f"/assignments/{RUNNING}/swap/"
FORM = {"user": "Zoë Groß", "at": "2026-11-24T11:00"}
NO_BOX = "Box is out of reach"
pytestmark = pytest.mark.usefixtures("clock")


def asked(person: Person, address: str = HAND_OVER, **other: str) -> Any:
    """The review of the form, or the form with what is wrong."""
    return person.post(address, {**FORM, **other}, follow=True)


def of_car(remote: Remote, car: int) -> list[tuple[int, str, str | None]]:
    found = [one for one in remote.state(1)["windows"] if one["carId"] == car]
    return sorted(((one["userId"], one["start"], one["end"]) for one in found), key=repr)


def look(clock: Clock, person: Person) -> Any:
    """Some seconds later: the page asks, the worker does what it was asked for."""
    clock.advance(3)
    receipt(person)
    work_off()
    return receipt(person)


def settled(clock: Clock, person: Person) -> Any:
    for _ in range(3):
        page = look(clock, person)
    return page


def is_unfinished(person: Person) -> bool:
    """Whether the header of a page counts something that a person should finish."""
    return 'class="tray state wait"' in page_of(person.get("/messages/"))


def states() -> list[str]:
    return [step.state for step in Operation.objects.latest("pk").steps.all()]


# Hand over ----------------------------------------------------------------------------------------------------------


def test_return_chooses_none_of_several_who_fit(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """A browser presses the first button of the form."""
    for address, field in ((HAND_OVER, "user"), (SWAP, "car")):
        form = page_of(asked(coordinator, address, **{field: "o"})).partition('<form class="form"')[2]
        assert f'name="{field}_choice"' in form
        assert "_choice" not in re.findall(r"<button[^>]*>", form)[0]


def test_the_form_begins_now_and_the_review_names_both(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    before = shapes(flinkey)
    assert f'href="{HAND_OVER}?next=/cars/2/%23windows"' in page_of(coordinator.look("/cars/2/"))
    assert values(coordinator.get(HAND_OVER))["at"] == "2026-11-24T10:00"
    page = asked(coordinator)
    text = visible(page)
    assert "Hand over Pool 2 · HH-FK 1302 from Seán O'Brien to Zoë Groß?" in text
    assert "Seán O'Brien → Pool 2 · HH-FK 1302 until Tue 24 Nov, 11:00" in text
    assert "Zoë Groß → Pool 2 · HH-FK 1302 from Tue 24 Nov, 11:00 until Tue 24 Nov, 13:00" in text
    assert "The phone of Seán O'Brien may still hold a key" in text, "of the two who are named"
    assert "2 steps at flinkey" in text
    assert_plain(page)
    assert shapes(flinkey) == before


def test_the_next_one_begins_once_the_first_has_ended(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    before = shapes(flinkey)
    page = press(coordinator, asked(coordinator), "run")
    assert states() == [State.ACCEPTED, State.PLANNED]
    assert Operation.objects.get().state == State.ACCEPTED
    assert "Waits for the one before" in visible(page)
    assert "It is sent once the one before is confirmed." in visible(page)
    assert not is_unfinished(coordinator), "it waits, and nobody need do anything"
    assert not offers(page, "run")
    assert not offers(page, "back")
    assert count(flinkey, "createAssignment") == 0

    page = look(clock, coordinator)
    assert states() == [State.CONFIRMED, State.ACCEPTED]
    assert not offers(page, "back"), "the second may be about to come true"
    page = look(clock, coordinator)
    assert "All 2 done." in visible(page)
    assert of_car(flinkey, 2)[1:] == [
        (3, "2026-11-24T07:00:00Z", "2026-11-24T10:00:00Z"),
        (5, "2026-11-24T10:00:00Z", "2026-11-24T12:00:00Z"),
    ]
    fresh = next(one for one in flinkey.state(1)["windows"] if one["userId"] == 5)
    assert (fresh["lifetime"], fresh["renewableAfter"]) == (864_000, 432_000), "as long without internet"
    assert_true(flinkey, lost=False)
    assert Operation.objects.count() == 1

    flinkey.clear_requests()
    review = press(coordinator, page, "back")
    assert "Undo the hand-over of Pool 2 · HH-FK 1302 from Seán O'Brien to Zoë Groß?" in visible(review)
    assert "The phone of Zoë Groß may still hold a key" in visible(review)
    press(coordinator, review, "run")
    assert states() == [State.ACCEPTED, State.PLANNED]
    assert count(flinkey, "updateAssignment") == 0, "the next one goes before the first comes back"
    page = settled(clock, coordinator)
    assert shapes(flinkey) == before
    review = press(coordinator, page, "back")
    assert "Hand over Pool 2 · HH-FK 1302 from Seán O'Brien to Zoë Groß?" in visible(review)
    press(coordinator, review, "run")
    settled(clock, coordinator)
    assert [user for user, *_times in of_car(flinkey, 2)] == [1, 3, 5]


def test_from_now_on(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """The minute has begun, so the end of the first lies in the past by the time it is sent."""
    clock.advance(42)
    page = asked(coordinator, at=values(coordinator.get(HAND_OVER))["at"])
    press(coordinator, page, "run")
    settled(clock, coordinator)
    assert of_car(flinkey, 2)[1:] == [
        (3, "2026-11-24T07:00:00Z", "2026-11-24T09:00:00Z"),
        (5, "2026-11-24T09:00:00Z", "2026-11-24T12:00:00Z"),
    ]


def test_all_of_what_has_not_begun(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.change("delete_window", window=OPEN_END)
    before = shapes(flinkey)
    address = f"/assignments/{COMING}/hand-over/"
    page = asked(coordinator, address, at=values(coordinator.get(address))["at"])
    assert "1 step at flinkey" in visible(page)
    press(coordinator, page, "run")
    settled(clock, coordinator)
    assert (window(flinkey, COMING) or {})["userId"] == 5
    assert [one[:1] + one[2:] for one in shapes(flinkey)] == [one[:1] + one[2:] for one in before], "nothing else"
    press(coordinator, press(coordinator, receipt(coordinator), "back"), "run")
    settled(clock, coordinator)
    assert shapes(flinkey) == before


def test_an_open_end_stays_one(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.change("delete_window", window=COMING)
    press(coordinator, asked(coordinator, f"/assignments/{OPEN_END}/hand-over/"), "run")
    settled(clock, coordinator)
    assert (5, "2026-11-24T10:00:00Z", None) in of_car(flinkey, 1)


def test_what_the_next_one_would_meet_is_asked_about(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.change("add_window", car=2, user=1, start="2026-11-24T11:00:00Z", end="2026-11-24T14:00:00Z")
    page = asked(coordinator)
    assert page.status_code == 422
    assert "At the same time this car may already be opened by: Jörg Müller" in visible(page)
    assert "Seán" not in visible(page).partition("At the same time")[2], "his ends then"
    assert values(page)["user"] == "Zoë Groß"
    assert Operation.objects.count() == 0
    page = asked(coordinator, yes=MARK.findall(page_of(page))[0])
    assert "Hand over Pool 2" in visible(page)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"user": "Nobody Known"}, "Nobody fits."),
        ({"user": ""}, "Who? Type the name"),
        ({"user": "Seán O'Brien"}, "This person has it already."),
        ({"at": ""}, "When? Choose a date and a time."),
        ({"at": "soon"}, "This is no date and time."),
        ({"at": "2026-11-24T09:30"}, "This moment is over."),
        ({"at": "2026-11-24T13:00"}, "The access is over by then."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    coordinator: Person, flinkey: Remote, wrong: dict[str, str], words: str
) -> None:
    page = asked(coordinator, **wrong)
    assert page.status_code == 422
    assert words in visible(page)
    assert {name: text for name, text in {**FORM, **wrong}.items() if text}.items() <= values(page).items()
    assert Operation.objects.count() == 0
    assert_plain(page)


def test_what_is_over_or_gone(coordinator: Person, southerner: Person, flinkey: Remote) -> None:
    for act in ("hand-over", "swap"):
        page = coordinator.get(f"/assignments/{PAST}/{act}/")
        assert "This access is over." in visible(page)
        assert f"/assignments/new/?copy={PAST}" in page_of(page)
        assert southerner.get(f"/assignments/{RUNNING}/{act}/").status_code == 404
    assert asked(coordinator, f"/assignments/{PAST}/hand-over/").status_code == 422
    assert coordinator.get(f"/assignments/{NOBODYS}/swap/").status_code == 404, "nobody gets another car"
    row = page_of(coordinator.look("/cars/3/")).split(f'id="window-{NOBODYS}"')[1].split("</tr>")[0]
    assert f"/assignments/{NOBODYS}/hand-over/" in row
    assert "/swap/" not in row, "nor is it offered"
    assert SWAP in page_of(coordinator.look("/cars/2/"))
    assert SWAP in page_of(coordinator.look("/users/3/"))
    flinkey.change("delete_window", window=RUNNING)
    assert asked(coordinator).status_code == 404
    assert Operation.objects.count() == 0


def test_what_was_nobodys_cannot_be_so_again(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """flinkey takes no change that leaves an access without a person, so no undo is promised."""
    start, end = "2026-11-25T09:00:00Z", "2026-11-25T12:00:00Z"
    number = flinkey.change("add_window", car=4, user=None, start=start, end=end)
    page = asked(coordinator, f"/assignments/{number}/hand-over/", at="2026-11-25T10:00")
    assert "You cannot undo this: flinkey makes no access without a person." in visible(page)
    press(coordinator, page, "run")
    page = settled(clock, coordinator)
    assert of_car(flinkey, 4) == [(5, start, end)]
    assert not offers(page, "back")
    assert_plain(page)


# What can go wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told_late", [False, True])
def test_if_the_first_is_refused_the_second_is_not_sent(
    clock: Clock, coordinator: Person, flinkey: Remote, told_late: bool
) -> None:
    before = shapes(flinkey)
    page = asked(coordinator)
    if told_late:
        flinkey.settings(fail_assignments=NO_BOX, delay=0.5)
        press(coordinator, page, "run")
        clock.advance(0.6)
        send(told(RUNNING, operationSucceeded=False, errorMessage=NO_BOX), "updated")
    else:
        flinkey.fault("updateAssignment", "status", status=400, body="End is not allowed")
        press(coordinator, page, "run")
    flinkey.settings(fail_assignments=None)
    page = settled(clock, coordinator)
    assert [(step.state, step.reason) for step in Step.objects.all()] == [
        (State.REFUSED, "told" if told_late else "rejected"),
        (State.REFUSED, "not-before"),
    ]
    assert "Refused: 2 refused." in visible(page)
    assert says(page, sentences.REASONS["not-before"])
    assert_plain(page)
    assert shapes(flinkey) == before
    assert f'href="{HAND_OVER}?user=5"' in page_of(page), "the form again, filled in"
    assert "Zoë Groß" in values(coordinator.get(f"{HAND_OVER}?user=5"))["user"]
    assert Step.objects.exclude(open_key=None).count() == 0, "nothing is kept from others"
    press(coordinator, asked(coordinator), "run")
    settled(clock, coordinator)
    assert [user for user, *_times in of_car(flinkey, 2)] == [1, 3, 5]


def test_if_the_second_is_refused_the_first_can_be_put_back(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    before = shapes(flinkey)
    flinkey.fault("createAssignment", "status", status=400, body="User is not allowed")
    press(coordinator, asked(coordinator), "run")
    page = settled(clock, coordinator)
    assert "Done in part: 1 done, 1 refused." in visible(page)
    assert is_unfinished(coordinator)
    assert 'href="/assignments/new/?car=2&amp;user=5"' in page_of(page)
    press(coordinator, press(coordinator, page, "back"), "run")
    settled(clock, coordinator)
    assert shapes(flinkey) == before


@pytest.mark.parametrize("lost", ["updateAssignment", "createAssignment"])
@pytest.mark.parametrize("done", [True, False])
def test_a_lost_answer(clock: Clock, coordinator: Person, flinkey: Remote, lost: str, done: bool) -> None:
    """Looked for, and never sent twice. If it was not done, a person says so, and the rest is not sent."""
    flinkey.fault(lost, "reset-after" if done else "reset-before")
    press(coordinator, asked(coordinator), "run")
    page = settled(clock, coordinator)
    assert count(flinkey, "updateAssignment") == 1
    if done:
        assert "All 2 done." in visible(page)
        assert count(flinkey, "createAssignment") == 1
        return
    assert State.UNKNOWN in states()
    assert not offers(page, "run"), "nobody sends it again"
    assert not offers(page, "back")
    clock.advance(400)
    page = press(coordinator, receipt(coordinator), "close")
    first = lost == "updateAssignment"
    assert count(flinkey, "createAssignment") == (0 if first else 1)
    assert Step.objects.exclude(open_key=None).count() == 0
    assert offers(page, "back") is not first
    assert_true(flinkey, lost=False)


@pytest.mark.parametrize("order", [(True, False), (False, True), (True, True)])
def test_messages_in_any_order(clock: Clock, coordinator: Person, flinkey: Remote, order: tuple[bool, bool]) -> None:
    """Also such about the second before that is sent, and late ones about the first."""
    flinkey.settings(delay=0.5)
    press(coordinator, asked(coordinator), "run")
    early = {"carId": 2, "userId": 5, "start": "2026-11-24T10:00:00Z", "end": "2026-11-24T12:00:00Z"}
    send({**told(None), **early}, "created")
    clock.advance(0.6)
    for succeeded in order:
        send(told(RUNNING, operationSucceeded=succeeded), "updated")
    work_off("default")
    work_off()
    assert states()[0] == State.CONFIRMED
    assert count(flinkey, "createAssignment") == 1, "the worker was asked"
    send(told(RUNNING, operationSucceeded=False, errorMessage=NO_BOX), "updated")
    clock.advance(0.6)
    send({**told(None), **early}, "created")
    work_off("default")
    assert states() == [State.CONFIRMED, State.CONFIRMED]
    assert [step.confirmed_by for step in Step.objects.all()] == ["webhook", "webhook"]
    assert (count(flinkey, "updateAssignment"), count(flinkey, "createAssignment")) == (1, 1)


def test_a_message_that_is_quicker_than_the_answer(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """The window is confirmed while whoever has sent it still has the lease: giving that back looks again."""
    asked(coordinator)
    operation = Operation.objects.get()
    journal.queue(operation)
    assert journal.begin(operation)
    first = operation.steps.all()[0]
    journal.note([], [first], operation)
    first.refresh_from_db()
    journal.settle_window(first, journal.Outcome(State.CONFIRMED), "webhook")
    assert Operation.objects.get().hold == ""
    journal.release(operation)
    assert Operation.objects.get().hold == Hold.QUEUED


def test_what_was_confirmed_goes_on_though_nobody_asked(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """Whoever has confirmed the window dies before the worker is asked: it looks by itself."""
    press(coordinator, asked(coordinator), "run")
    clock.advance(3)
    first = Step.objects.first()
    assert first
    journal.settle_window(first, journal.Outcome(State.CONFIRMED), "read-back")
    assert Operation.objects.get().state == State.PLANNED
    assert not is_unfinished(coordinator)
    upkeep.take_up()
    work_off()
    assert states() == [State.CONFIRMED, State.ACCEPTED]


def test_what_has_waited_for_long_is_asked_about(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """The car was to change hands at 11; by 10:30 flinkey has not ended the first, and does so then."""
    flinkey.settings(delay=1700)
    press(coordinator, asked(coordinator), "run")
    clock.advance(1800)
    receipt(coordinator)
    work_off()
    assert states() == [State.CONFIRMED, State.PLANNED]
    page = receipt(coordinator)
    assert says(page, sentences.HOLDS["asks"])
    assert offers(page, "back")
    flinkey.settings(delay=1)
    press(coordinator, page, "run")
    settled(clock, coordinator)
    assert states() == [State.CONFIRMED, State.CONFIRMED]


def test_changed_since_the_review(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = asked(coordinator)
    flinkey.change("end_window", window=RUNNING, end="2026-11-24T17:00:00Z")
    clock.advance(60)
    page = press(coordinator, page, "run")
    assert page.status_code == 409
    assert "is now from Tue 24 Nov, 08:00 until Tue 24 Nov, 18:00." in visible(page)
    assert count(flinkey, "updateAssignment") == 0


def test_a_window_that_is_being_changed(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(delay=1000)
    coordinator.post(
        f"/assignments/{RUNNING}/", {"car": "2", "user": "3", "start": "2026-11-24T08:00", "end": "2026-11-24T12:30"}
    )
    page = asked(coordinator)
    assert page.status_code == 422
    assert "Another change of this access is not finished yet." in visible(page)


# Swap the car -------------------------------------------------------------------------------------------------------


def test_the_other_car_comes_first(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    before = shapes(flinkey)
    page = asked(coordinator, SWAP, car="Pool 4")
    text = visible(page)
    assert "Give Seán O'Brien the car Pool 4 · HH-NW 91 instead of Pool 2 · HH-FK 1302?" in text
    assert "Seán O'Brien → Pool 4 · HH-NW 91 from Tue 24 Nov, 10:00 until Tue 24 Nov, 13:00" in text
    assert "Seán O'Brien → Pool 2 · HH-FK 1302 until Tue 24 Nov, 10:00" in text
    assert "The driver's phone may still hold a key" in text
    assert_plain(page)
    press(coordinator, page, "run")
    assert states() == [State.ACCEPTED, State.PLANNED]
    assert count(flinkey, "updateAssignment") == 0
    page = settled(clock, coordinator)
    assert "All 2 done." in visible(page)
    assert of_car(flinkey, 4) == [(3, "2026-11-24T09:00:00Z", "2026-11-24T12:00:00Z")]
    assert (window(flinkey, RUNNING) or {})["end"] == "2026-11-24T09:00:00Z"
    assert_true(flinkey, lost=False)

    flinkey.clear_requests()
    review = press(coordinator, page, "back")
    assert "Give Seán O'Brien the car Pool 2 · HH-FK 1302 again instead of Pool 4 · HH-NW 91?" in visible(review)
    press(coordinator, review, "run")
    assert count(flinkey, "deleteAssignment") == 0, "the old car comes back before the other one goes"
    settled(clock, coordinator)
    assert shapes(flinkey) == before


def test_what_has_not_begun_is_removed(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    before = shapes(flinkey)
    page = asked(coordinator, f"/assignments/{COMING}/swap/", car="Pool 4")
    assert "is removed" in visible(page)
    press(coordinator, page, "run")
    settled(clock, coordinator)
    assert window(flinkey, COMING) is None
    assert [user for user, *_times in of_car(flinkey, 4)] == [2]
    press(coordinator, press(coordinator, receipt(coordinator), "back"), "run")
    settled(clock, coordinator)
    assert shapes(flinkey) == before


def test_nobody_stays_without_a_car(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    before = shapes(flinkey)
    page = asked(coordinator, SWAP, car="Pool 4")
    flinkey.settings(fail_assignments=NO_BOX, delay=0.5)
    press(coordinator, page, "run")
    clock.advance(0.6)
    sent = {"carId": 4, "userId": 3, "start": "2026-11-24T09:00:00Z", "end": "2026-11-24T12:00:00Z"}
    send({**told(None, operationSucceeded=False, errorMessage=NO_BOX), **sent}, "created")
    page = settled(clock, coordinator)
    assert states() == [State.REFUSED, State.REFUSED]
    assert shapes(flinkey) == before
    assert f'href="{SWAP}?car=4"' in page_of(page)


@pytest.mark.parametrize(
    ("car", "words"),
    [
        ("Pool 2", "That is the car of this access."),
        ("Pool", "Several fit."),
        ("", "Which car? Type its plate or name."),
        ("Pool 3", "At the same time this car may already be opened by:"),
    ],
)
def test_a_car_that_will_not_do(coordinator: Person, flinkey: Remote, car: str, words: str) -> None:
    page = asked(coordinator, SWAP, car=car)
    assert page.status_code == 422
    assert words in visible(page)
    assert values(page).get("car", "") == car
    assert Operation.objects.count() == 0
    assert re.search("<h1[^>]*>Swap the car", page_of(page))
