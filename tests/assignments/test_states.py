"""A window's row says how it stands, how that is known, and what has become of a change of it."""

import re
from typing import Any

import pytest

from flinkey_admin.mirror.models import Window
from flinkey_admin.operations.models import Step
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.mirror.stage import fresh
from tests.operations.stage import Clock, page_of, press, receipt, visible
from tests.operations.windows import agree, change, give, remove, send, told

CAR = "/cars/1/"
NO_BOX = "The car has no product installed."


def row(person: Person, window: int | None, path: str = CAR) -> tuple[str, str]:
    """State and words of a window's row, as a page that is open shows it after a moment."""
    page = page_of(person.look(path))
    found = re.search(rf'<tr id="window-{window or "new-"}[^>]*data-state="(\w+)".*?</tr>', page, re.DOTALL)
    assert found
    return found[1], " ".join(re.sub(r"<[^>]*>", " ", found[0]).split())


def test_confirmed_by_what_and_when(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(delay=0.5)
    change(coordinator)
    state, words = row(coordinator, 2)
    assert (state, "is being changed: until" in words) == ("waiting", True)
    clock.advance(2)
    state, words = row(coordinator, 2)
    assert (state, "seen in flinkey, 10:00" in words) == ("confirmed", True)
    clock.advance(60)
    agree(
        coordinator,
        "/assignments/2/",
        {"car": "1", "user": "2", "start": "2026-11-25T09:00", "end": "2026-11-25T21:00"},
    )
    clock.advance(0.6)
    send(told(2), "updated")
    assert "reported by flinkey, 10:01" in row(coordinator, 2)[1]


@pytest.mark.parametrize(("path", "mark"), [("/cars/2/", "Zoë"), ("/users/5/", "Pool 2"), ("/timeline/", "Zoë")])
def test_a_window_that_the_copy_has_before_it_is_confirmed_is_shown_once(
    clock: Clock, coordinator: Person, flinkey: Remote, path: str, mark: str
) -> None:
    coordinator.get(path)
    flinkey.settings(delay=0.5)
    give(coordinator)
    coordinator.get(path)  # with the sentence that it was sent
    clock.advance(0.6)
    to_come = coordinator.get(path).content.decode().count(mark)
    assert fresh(coordinator, "/cars/2/").status_code == 302
    assert Window.objects.filter(car_id=2, user_id=5).exists()
    assert Step.objects.filter(settled_at=None).exists(), "the copy was quicker than the look that confirms it"
    page = coordinator.get(path).content.decode()
    assert (page.count(mark), 'data-state="waiting"' in page) == (to_come, True)


@pytest.mark.parametrize(("act", "words"), [(change, "not changed"), (remove, "not removed")])
def test_a_change_that_failed_is_said_where_it_was_asked_for(
    clock: Clock, coordinator: Person, flinkey: Remote, act: Any, words: str
) -> None:
    """The window is still there as it was; a plain "confirmed" would let it pass for done."""
    flinkey.settings(fail_assignments=NO_BOX, delay=0.5)
    step = act(coordinator)
    clock.advance(0.6)
    send(told(2, operationSucceeded=False, errorMessage=NO_BOX))
    state, text = row(coordinator, 2)
    assert state == "failed"
    assert f"{words}: flinkey refused it." in text
    assert "Remove" in text, "and it can be changed again at once"
    press(coordinator, receipt(coordinator, step.operation), "close")
    assert row(coordinator, 2)[0] == "confirmed", "left as it is"


def test_the_next_change_that_comes_true_ends_it(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(fail_assignments=NO_BOX, delay=0.5)
    change(coordinator)
    clock.advance(0.6)
    send(told(2, operationSucceeded=False, errorMessage=NO_BOX))
    assert row(coordinator, 2)[0] == "failed"
    flinkey.settings(fail_assignments=None)
    clock.advance(10)
    change(coordinator)
    clock.advance(3)
    assert row(coordinator, 2)[0] == "confirmed"


def test_after_five_minutes_the_row_itself_offers_to_look(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(delay=100_000)
    give(coordinator, car="1", start="2026-12-27T08:00", end="2026-12-27T18:00")
    clock.advance(301)
    state, words = row(coordinator, None)
    assert (state, "Check now" in words) == ("unconfirmed", True)
    page = page_of(coordinator.get(CAR))
    (path,) = re.findall(r'form="check-windows" formaction="(/operations/\d+/check/)"', page)
    assert 'id="check-windows"' in page
    before = len(flinkey.requests("getAssignmentsOfCar"))
    assert coordinator.post(path, {"next": CAR})["Location"] == CAR
    assert len(flinkey.requests("getAssignmentsOfCar")) == before + 1


def test_windows_that_vanish_unasked_are_said_to_have(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """A box that is taken out of its car takes the car's windows along."""
    coordinator.look(CAR)
    flinkey.change("uninstall_box", car=1)
    clock.advance(6)
    page = coordinator.look(CAR)
    assert "2 accesses are gone that nobody here has removed, seen 10:00." in visible(page)
    assert visible(page).count("changed outside this dashboard, seen 10:00") == 2, "and in what happened"
    assert "Keys that may still work" in visible(page)
    clock.advance(86_400)
    coordinator.sign_in("coordinator@nordwind.example")
    assert "that nobody here has removed" not in visible(coordinator.get(CAR))


def test_what_we_removed_is_no_surprise(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    coordinator.look(CAR)
    remove(coordinator)
    clock.advance(3)
    assert "that nobody here has removed" not in visible(coordinator.look(CAR))
