"""A 204 is no success: a window waits until it was read back, is looked for ever more rarely, and never sent twice."""

import re
from typing import Any

import pytest

from flinkey_admin.operations import confirmation
from flinkey_admin.operations.models import State, Step
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.conftest import COORDINATOR, Person
from tests.operations.stage import (
    Clock,
    assert_plain,
    count,
    is_so,
    offers,
    page_of,
    press,
    receipt,
    says,
    took_effect,
    visible,
    windows_like,
)
from tests.operations.windows import CAR, change, give, remove

LONG = 100_000  # seconds: flinkey takes its time


def row_states(person: Person, url: str = f"/cars/{CAR}/") -> list[str]:
    """The states of the windows in the list of a car or a user whose page is open."""
    return re.findall(r'<tr id="window-[^>]*data-state="(\w+)"', page_of(person.look(url)))


def state_of(step: Step) -> str:
    step.refresh_from_db()
    return step.state


def test_an_accepted_window_waits(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    assert row_states(coordinator) == ["confirmed", "confirmed"]
    step = give(coordinator)
    assert state_of(step) == State.ACCEPTED
    assert sorted(row_states(coordinator)) == ["confirmed", "confirmed", "waiting"]
    assert sorted(row_states(coordinator, "/users/5/")) == ["waiting"]
    page = receipt(coordinator)
    assert 'id="receipt" class="stack" data-state="accepted"' in page_of(page)
    assert "every 2s" in page_of(page), "the page looks again by itself"


def test_it_is_confirmed_once_it_was_read_back(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    step = give(coordinator)
    clock.advance(1.9)
    receipt(coordinator)
    assert state_of(step) == State.ACCEPTED, "flinkey has done it, but nobody has looked"
    clock.advance(0.2)
    page = receipt(coordinator)
    assert (state_of(step), step.confirmed_by, step.window_id) == (State.CONFIRMED, "read-back", 6)
    assert "every 2s" not in page_of(page), "the polling ends"
    assert row_states(coordinator) == ["confirmed"] * 3


@pytest.mark.parametrize("act", [change, remove])
def test_a_change_and_a_removal_wait_too(clock: Clock, coordinator: Person, flinkey: Remote, act: Any) -> None:
    step = act(coordinator)
    assert state_of(step) == State.ACCEPTED
    assert sorted(row_states(coordinator, "/cars/1/")) == ["confirmed", "waiting"]
    clock.advance(2)
    receipt(coordinator)
    assert state_of(step) == State.CONFIRMED
    assert is_so(flinkey, step)


def test_a_change_that_flinkey_has_not_done_is_not_confirmed(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    flinkey.settings(delay=LONG)
    steps = [change(coordinator), give(coordinator)]
    for _ in range(4):
        clock.advance(30)
        receipt(coordinator, steps[0].operation)
        receipt(coordinator, steps[1].operation)
    assert [state_of(step) for step in steps] == [State.ACCEPTED, State.ACCEPTED]
    assert [step.checks for step in steps] == [4, 4]


def test_the_gaps_between_two_looks_grow(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(delay=LONG)
    step = give(coordinator)
    looked, now = [], 0
    for second in [1, 2, 3, 4, 7, 8, 15, 16, 30, 31, 60, 61, 90, 91, 120, 121]:
        clock.advance(second - now)
        now, before = second, step.checks
        receipt(coordinator)
        step.refresh_from_db()
        looked += [second] if step.checks > before else []
    assert looked == [2, 4, 8, 16, 31, 61, 91, 121]


def test_a_look_costs_one_call_however_many_pages_are_open(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(delay=LONG)
    step = give(coordinator)
    clock.advance(2)
    flinkey.clear_requests()
    for _ in range(3):
        receipt(coordinator)
    assert [call["operation"] for call in flinkey.requests()] == ["getAssignmentsOfCar"]
    step.refresh_from_db()
    assert step.checks == 1


@pytest.mark.parametrize("page", ["receipt", "car", "user"])
def test_an_unchanged_poll_has_no_body(clock: Clock, coordinator: Person, flinkey: Remote, page: str) -> None:
    operation = give(coordinator).operation_id
    url = {"receipt": f"/operations/{operation}/", "car": f"/cars/{CAR}/", "user": "/users/5/"}[page]
    again = re.search(r'id="(?:watch|receipt)"[^>]*hx-get="([^"]*seen=[^"]*)"', page_of(coordinator.get(url)))
    assert again
    poll = coordinator.get(again[1], headers={"HX-Request": "true"})
    assert (poll.status_code, poll.content) == (204, b"")
    clock.advance(2)
    poll = coordinator.get(again[1], headers={"HX-Request": "true"})
    assert poll.status_code == 200
    assert "every 2s" not in page_of(poll)


def test_after_five_minutes_a_person_is_asked(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(delay=LONG)
    step = give(coordinator)
    clock.advance(299)
    assert "waiting" in row_states(coordinator)
    clock.advance(2)
    assert sorted(row_states(coordinator)) == ["confirmed", "confirmed", "unconfirmed"]
    page = receipt(coordinator)
    assert offers(page, "check")
    assert_plain(page)
    page = press(coordinator, page, "check")
    assert state_of(step) == State.ACCEPTED
    clock.advance(LONG)
    coordinator.sign_in(COORDINATOR)
    page = press(coordinator, receipt(coordinator), "check") if offers(receipt(coordinator), "check") else page
    assert state_of(step) == State.CONFIRMED
    assert count(flinkey, "createAssignment") == 1


def test_check_now_looks_at_once(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(delay=1)
    step = give(coordinator)
    clock.advance(1.5)
    press(coordinator, receipt(coordinator), "check")
    assert state_of(step) == State.CONFIRMED


def test_check_now_on_a_change_of_members_does_no_harm(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("assignCarToGroup", "reset-before", times=9)
    press(coordinator, coordinator.post("/groups/1/cars/move/", {"id": "1", "to": "2"}), "run")
    clock.advance(600)
    page = receipt(coordinator)
    assert not offers(page, "check"), "only windows are read back"
    operation = Step.objects.all()[0].operation_id
    assert coordinator.post(f"/operations/{operation}/check/").status_code == 302
    assert {step.state for step in Step.objects.all()} == {State.UNKNOWN, State.PLANNED}


def test_a_lost_answer_is_never_sent_again(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("createAssignment", "reset-after")
    flinkey.settings(delay=100)
    step = give(coordinator)
    assert state_of(step) == State.UNKNOWN
    assert says(coordinator.get(f"/cars/{CAR}/"), "Please do not enter it again")
    for _ in range(8):
        clock.advance(30)
        assert not offers(receipt(coordinator), "run")
        coordinator.post(f"/operations/{step.operation_id}/run/")
    assert (state_of(step), step.confirmed_by) == (State.CONFIRMED, "read-back")
    assert (count(flinkey, "createAssignment"), len(windows_like(flinkey, step))) == (1, 1)


def test_entering_a_lost_window_again_leads_to_the_first(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("createAssignment", "reset-before")
    step = give(coordinator)
    page = coordinator.post(
        "/assignments/new/", {"car": "2", "user": "5", "start": "2026-11-27T08:00", "end": "2026-11-27T18:00"}
    )
    assert page.status_code == 422
    assert f'href="/operations/{step.operation_id}/"' in page_of(page)
    assert count(flinkey, "createAssignment") == 1


def test_a_lost_window_that_is_not_there_can_be_closed_and_entered_again(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    flinkey.fault("createAssignment", "reset-before")
    step = give(coordinator)
    for _ in range(11):
        clock.advance(30)
        page = receipt(coordinator)
    assert state_of(step) == State.UNKNOWN
    page = press(coordinator, page, "close")
    assert state_of(step) == State.REFUSED
    assert says(page, sentences.REASONS["given-up"])
    assert not offers(page, "run")
    coordinator.post(f"/operations/{step.operation_id}/run/")
    assert count(flinkey, "createAssignment") == 1, "closed is closed"

    second = give(coordinator)
    clock.advance(2)
    receipt(coordinator)
    assert second.pk != step.pk
    assert state_of(second) == State.CONFIRMED
    assert took_effect(flinkey, "createAssignment") == 1


def test_a_change_that_flinkey_accepted_and_never_did_can_be_closed_and_made_again(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    """Its message never came: without a way out nobody could ever change this window again."""
    flinkey.settings(fail_assignments="Das Fahrzeug ist nicht erreichbar.")
    step = change(coordinator)
    clock.advance(290)
    assert not offers(receipt(coordinator), "close"), "it may still come true"
    clock.advance(11)
    press(coordinator, receipt(coordinator), "close")
    assert (state_of(step), step.reason) == (State.REFUSED, "given-up")

    flinkey.settings(fail_assignments=None)
    second = change(coordinator)
    assert second.pk != step.pk
    clock.advance(2)
    receipt(coordinator)
    assert state_of(second) == State.CONFIRMED


def test_somebody_elses_equal_window_is_not_taken_for_ours(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.change("add_window", car=2, user=5, start="2026-11-27T07:00:00Z", end="2026-11-27T18:00:00Z")
    flinkey.settings(delay=LONG)
    step = give(coordinator)
    clock.advance(2)
    receipt(coordinator)
    assert state_of(step) == State.ACCEPTED, "another end is another window"


@pytest.mark.parametrize("kind", ["status", "reset-before", "html", "truncated", "bad-key"])
def test_a_look_that_fails_says_nothing(clock: Clock, coordinator: Person, flinkey: Remote, kind: str) -> None:
    step = give(coordinator)
    flinkey.fault("getAssignmentsOfCar", kind, times=99)
    clock.advance(2)
    page = receipt(coordinator)
    assert_plain(page)
    assert state_of(step) == State.ACCEPTED
    flinkey.clear_faults()
    clock.advance(2)
    receipt(coordinator)
    assert state_of(step) == State.CONFIRMED


def test_a_manager_who_loses_the_customer_learns_nothing_of_the_window(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    step = give(coordinator)
    flinkey.change("revoke_manager", email=COORDINATOR)
    clock.advance(2)
    receipt(coordinator)
    assert state_of(step) == State.ACCEPTED, "it may well be there"


def test_a_dead_token_while_waiting_leads_to_the_sign_in(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    step = give(coordinator)
    flinkey.expire_tokens()
    clock.advance(2)
    page = coordinator.get(f"/operations/{step.operation_id}/", headers={"HX-Request": "true"})
    assert page["HX-Redirect"].startswith("/sign-in/")
    assert state_of(step) == State.ACCEPTED
    coordinator.sign_in(COORDINATOR)
    clock.advance(30)
    receipt(coordinator)
    assert state_of(step) == State.CONFIRMED


def test_a_window_whose_car_has_gone_is_refused_in_words(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(delay=LONG)
    step = give(coordinator)
    flinkey.change("delete_car", car=CAR)
    clock.advance(2)
    page = receipt(coordinator)
    assert state_of(step) == State.REFUSED
    assert says(page, sentences.MISSING["car"])
    assert_plain(page)


def test_a_removed_window_is_gone_however_that_came(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(delay=LONG)
    step = remove(coordinator)
    flinkey.change("delete_window", window=2)
    clock.advance(2)
    receipt(coordinator)
    assert state_of(step) == State.CONFIRMED


def test_a_changed_window_that_has_gone_is_refused_in_words(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(delay=LONG)
    step = change(coordinator)
    flinkey.change("delete_window", window=2)
    clock.advance(2)
    page = receipt(coordinator)
    assert state_of(step) == State.REFUSED
    assert says(page, sentences.MISSING["assignment"])


def test_a_window_is_waited_for_only_so_long(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(delay=LONG)
    step = give(coordinator)
    clock.advance(confirmation.GIVE_UP.total_seconds() + 1)
    coordinator.sign_in(COORDINATOR)
    receipt(coordinator)
    step.refresh_from_db()
    assert (step.state, step.next_check_at) == (State.ACCEPTED, None)
    assert offers(receipt(coordinator), "check")


def test_words_for_every_state(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    give(coordinator)
    assert "Waiting for flinkey" in visible(coordinator.get(f"/cars/{CAR}/"))
    clock.advance(2)
    coordinator.look(f"/cars/{CAR}/")
    assert "Waiting for flinkey" not in visible(coordinator.get(f"/cars/{CAR}/"))
