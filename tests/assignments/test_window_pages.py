"""Giving, changing and removing access on the pages: what is sent, what is refused beforehand, and nothing twice."""

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.utils import timezone
from django.utils.formats import date_format

from flinkey_admin.operations.models import Operation, State, Step
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.conftest import COORDINATOR, Person
from tests.operations.stage import NOW, Clock, assert_plain, count, page_of, press, receipt, says, visible
from tests.operations.windows import CHANGED, FORM, agree

DAY = dt.timedelta(days=1)


def sent(remote: Remote, operation: str) -> Any:
    """The body of the only call of this operation."""
    (call,) = remote.requests(operation)
    return call["body"]


def give(person: Person, **other: str) -> Any:
    return agree(person, "/assignments/new/", FORM | other)


def change(person: Person, **other: str) -> Any:
    return agree(person, "/assignments/2/", CHANGED | {"end": "2026-11-25T18:00"} | other)


def hidden(page: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page_of(page))
    assert found
    return found[1]


# Giving -------------------------------------------------------------------------------------------------------------


def test_until_friday_18_00(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = agree(
        coordinator,
        "/assignments/new/",
        {"car": "Pool 2 · HH-FK 1302", "user": "Zoë Groß", "start": "2026-11-24T10:00", "end": "2026-11-27T18:00"},
    )
    assert page["Location"] == "/cars/2/#windows"
    assert sent(flinkey, "createAssignment") == {
        "carId": 2,
        "userId": 5,
        "start": "2026-11-24T09:00:00Z",
        "end": "2026-11-27T17:00:00Z",
    }


def test_an_open_end_is_sent_as_null(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    give(coordinator, end="")
    assert sent(flinkey, "createAssignment")["end"] is None
    clock.advance(2)
    assert "open end" in visible(coordinator.look("/cars/2/"))
    assert Step.objects.get().state == State.CONFIRMED


@pytest.mark.parametrize(
    ("typed", "body"),
    [
        ({}, {}),
        ({"lifetime": "864000"}, {"lifetime": 864_000, "renewableAfter": 432_000}),
        ({"lifetime": "864000", "renewable_after": "86400"}, {"lifetime": 864_000, "renewableAfter": 86_400}),
        ({"renewable_after": "86400"}, {"renewableAfter": 86_400}),
    ],
)
def test_spans_are_sent_only_where_somebody_chose_them(
    clock: Clock, coordinator: Person, flinkey: Remote, typed: dict[str, str], body: dict[str, int]
) -> None:
    give(coordinator, **typed)
    times = {"start": "2026-11-27T07:00:00Z", "end": "2026-11-27T17:00:00Z"}
    assert sent(flinkey, "createAssignment") == {"carId": 2, "userId": 5, **times, **body}
    clock.advance(2)
    receipt(coordinator)
    assert Step.objects.get().state == State.CONFIRMED


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"car": ""}, "Which car?"),
        ({"user": "x" * 301}, "300 characters"),
        ({"start": "soon"}, "no date and time"),
        ({"start": "2027-03-28T02:30"}, "does not exist"),
        ({"start": "2026-10-25T02:30"}, "comes twice"),
        ({"end": "2026-11-27T08:00"}, "after the start"),
        ({"lifetime": "604800"}, "604800"),
        ({"lifetime": "2419200"}, "2419200"),
        ({"lifetime": "864000", "renewable_after": "864000"}, "before the key runs out"),
    ],
)
def test_what_flinkey_would_refuse_is_not_sent(
    clock: Clock, coordinator: Person, flinkey: Remote, wrong: dict[str, str], words: str
) -> None:
    page = give(coordinator, **wrong)
    assert page.status_code == 422
    assert words in visible(page)
    assert count(flinkey, "createAssignment") == 0
    assert Operation.objects.count() == 0
    kept = {**FORM, **wrong}
    assert f'value="{kept["end"]}"' in page_of(page), "what was typed is still there"


def test_several_that_fit_are_offered(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = give(coordinator, car="Pool")
    assert re.findall(r'name="car_choice" value="(\d+)"', page_of(page)) == ["1", "2", "3", "4"]
    assert give(coordinator, car="Pool", car_choice="2").status_code == 302
    assert sent(flinkey, "createAssignment")["carId"] == 2


def test_a_link_fills_the_form_in(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = coordinator.get("/assignments/new/?car=2&user=5&end=2026-11-27T18:00")
    for value in ("Pool 2 · HH-FK 1302", "Zoë Groß · zoe.gross@nordwind.example", "2026-11-27T18:00"):
        assert f'value="{value}"' in page_of(page)
    assert "Europe/Berlin" in visible(page)


@pytest.mark.parametrize("value", ["999", "x", "-1", "²", "9" * 400, "<script>", "%00"])
def test_a_strange_link_does_no_harm(clock: Clock, coordinator: Person, flinkey: Remote, value: str) -> None:
    page = coordinator.get("/assignments/new/", {"car": value, "user": value, "start": value, "end": value})
    assert page.status_code == 200
    assert "<script>x" not in page_of(page)


def test_exactly_the_same_access_is_refused_beforehand(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = give(coordinator, car="1", user="2", start="2026-11-25T09:00", end="2026-11-25T18:00")
    assert page.status_code == 422
    assert says(page, "This person has exactly this access already.")
    assert count(flinkey, "createAssignment") == 0


def test_a_double_click_makes_one_window(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    nonce = hidden(coordinator.get("/assignments/new/"), "nonce")
    answers = [give(coordinator, nonce=nonce) for _ in range(2)]
    clock.advance(3)
    answers.append(give(coordinator, nonce=nonce))
    assert [answer["Location"] for answer in answers] == ["/cars/2/#windows"] * 3
    assert count(flinkey, "createAssignment") == 1
    assert Operation.objects.count() == 1
    receipt(coordinator)
    answers.append(give(coordinator, nonce=nonce))
    assert answers[-1]["Location"] == "/cars/2/#windows", "also when it is long since confirmed"
    assert (count(flinkey, "createAssignment"), Operation.objects.count()) == (1, 1)


def test_the_same_form_sent_with_another_time_is_another_window(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    nonce = str(uuid.uuid4())
    give(coordinator, nonce=nonce)
    give(coordinator, nonce=nonce, end="2026-11-27T19:00")
    assert count(flinkey, "createAssignment") == 2


@pytest.mark.parametrize("nonce", ["", "x", "0", "\0"])
def test_a_broken_mark_does_no_harm(clock: Clock, coordinator: Person, flinkey: Remote, nonce: str) -> None:
    assert give(coordinator, nonce=nonce).status_code == 302
    assert count(flinkey, "createAssignment") == 1


def test_a_car_that_has_gone_meanwhile(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("getAssignmentsOfCar", "status", status=404, body=GONE)
    page = give(coordinator)
    assert says(page, sentences.MISSING["car"])
    assert_plain(page)
    assert count(flinkey, "createAssignment") == 0


GONE = "Unable to find a car for the given carId which is assigned to the given customerId."


def test_flinkeys_own_no_goes_back_into_the_form(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("createAssignment", "status", status=400, body="The car has a bad day.")
    page = give(coordinator)
    assert page.status_code == 422
    assert says(page, sentences.REJECTED)
    assert "bad day" not in visible(page)
    clock.advance(11)
    assert give(coordinator, nonce=hidden(page, "nonce")).status_code == 302, "and may be sent again"


# Changing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "patch"),
    [
        ({"end": "2026-11-25T20:00"}, [("/end", "2026-11-25T19:00:00Z")]),
        ({"end": ""}, [("/end", None)]),
        ({"start": "2026-11-25T08:30"}, [("/start", "2026-11-25T07:30:00Z")]),
        ({"user": "5"}, [("/userId", "5")]),
        ({"car": "3"}, [("/carId", "3")]),
        ({"lifetime": "864000"}, [("/lifetime", "864000"), ("/renewableAfter", "REMOVED")]),
        (
            {"lifetime": "864000", "renewable_after": "86400"},
            [("/lifetime", "864000"), ("/renewableAfter", "86400")],
        ),
        ({"renewable_after": "86400"}, [("/renewableAfter", "86400")]),
        ({"car": "3", "end": ""}, [("/carId", "3"), ("/end", None)]),
    ],
)
def test_only_what_changed_is_sent(
    clock: Clock, coordinator: Person, flinkey: Remote, typed: dict[str, str], patch: list[Any]
) -> None:
    assert change(coordinator, **typed).status_code == 302
    body = sent(flinkey, "updateAssignment")
    assert [(one["path"], one.get("value", "REMOVED")) for one in body] == patch
    assert {one["op"] for one in body} <= {"replace", "remove"}
    clock.advance(2)
    receipt(coordinator)
    assert Step.objects.get().state == State.CONFIRMED


def test_back_to_the_default_lifetime(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    window = {"car": "2", "user": "3", "start": "2026-11-24T08:00", "end": "2026-11-24T13:00"}
    assert coordinator.post("/assignments/4/", window | {"lifetime": "", "renewable_after": ""}).status_code == 302
    assert sent(flinkey, "updateAssignment") == [
        {"op": "remove", "path": "/lifetime"},
        {"op": "remove", "path": "/renewableAfter"},
    ]
    clock.advance(2)
    receipt(coordinator)
    assert Step.objects.get().state == State.CONFIRMED


def test_nothing_changed_nothing_sent(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = coordinator.get("/assignments/2/")
    shown = {name: hidden_value(page, name) for name in ("car", "user", "start", "end")}
    assert shown["start"] == "2026-11-25T09:00"
    page = coordinator.post("/assignments/2/", shown, follow=True)
    assert says(page, "Nothing was changed.")
    assert count(flinkey, "updateAssignment") == 0
    assert Operation.objects.count() == 0


def hidden_value(page: Any, name: str) -> str:
    found = re.search(rf'<input[^>]*name="{name}" value="([^"]*)"', page_of(page))
    assert found
    return found[1]


def test_two_different_changes_of_one_window_at_once(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    other = Person()
    other.sign_in(COORDINATOR)
    change(coordinator, end="2026-11-25T20:00")
    page = change(other, end="2026-11-25T21:00")
    assert page.status_code == 422
    assert "is not finished yet" in visible(page)
    assert f'href="/operations/{Operation.objects.get().pk}/"' in page_of(page)
    assert 'value="2026-11-25T21:00"' in page_of(page)
    removal = other.post("/assignments/2/delete/")
    assert removal.status_code == 409
    assert f'href="/operations/{Operation.objects.get().pk}/"' in page_of(removal)
    assert (count(flinkey, "updateAssignment"), count(flinkey, "deleteAssignment")) == (1, 0)

    clock.advance(2)
    receipt(coordinator)
    assert change(other, end="2026-11-25T21:00").status_code == 302, "one after the other is fine"


def test_a_double_click_changes_once(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    nonce = str(uuid.uuid4())
    answers = [change(coordinator, end="2026-11-25T20:00", nonce=nonce) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert count(flinkey, "updateAssignment") == 1


@pytest.mark.parametrize(
    "path", ["/assignments/999/", "/assignments/999/delete/", "/assignments/99999999999999999999/"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_window_that_is_not_there(clock: Clock, coordinator: Person, flinkey: Remote, path: str, method: str) -> None:
    page = getattr(coordinator, method)(path, FORM if method == "post" else None)
    assert page.status_code == 404
    assert says(page, sentences.MISSING["assignment"]) or (len(path) > 30 and says(page, sentences.NOT_HERE))
    assert_plain(page)


def test_a_shortened_access_says_until_when_a_phone_may_hold_a_key(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    window = {"car": "2", "user": "3", "start": "2026-11-24T08:00", "lifetime": "864000", "renewable_after": "432000"}
    page = coordinator.post("/assignments/4/", window | {"end": "2026-11-24T11:00"}, follow=True)
    assert says(page, sentences.key_until(NOW + dt.timedelta(hours=3)))
    clock.advance(2)
    receipt(coordinator)
    page = coordinator.post("/assignments/4/", window | {"end": "2026-11-24T12:00"}, follow=True)
    assert "may still hold a key" not in visible(page), "longer is no danger"


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ({"user": "5"}, True),
        ({"car": "3"}, True),
        ({"start": "2026-11-25T09:30"}, True),
        ({"end": "2026-11-25T17:00"}, True),
        ({"start": "2026-11-25T08:30"}, False),
        ({"end": "2026-11-25T19:00"}, False),
        ({"end": ""}, False),
        ({"lifetime": "864000"}, False),
    ],
)
def test_whoever_loses_access_may_still_hold_a_key(
    clock: Clock, coordinator: Person, flinkey: Remote, typed: dict[str, str], *, taken: bool
) -> None:
    change(coordinator, **typed)
    assert says(receipt(coordinator), sentences.key_until(NOW + DAY + dt.timedelta(hours=8))) == taken


# Removing -----------------------------------------------------------------------------------------------------------


def in_words(moment: dt.datetime) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


@pytest.mark.parametrize(
    ("window", "until"),
    [
        (1, NOW + 7 * DAY),  # an open end: the key's own lifetime decides
        (2, NOW + 1 * DAY + dt.timedelta(hours=8)),  # coming: ends before its lifetime does
        (4, NOW + dt.timedelta(hours=3)),  # 10 days of lifetime, but the window ends sooner
        (5, NOW + 2 * DAY),
    ],
)
def test_removing_says_until_when_a_phone_may_hold_a_key(
    clock: Clock, coordinator: Person, flinkey: Remote, window: int, until: dt.datetime
) -> None:
    page = coordinator.get(f"/assignments/{window}/delete/")
    assert says(page, sentences.key_until(until))
    assert in_words(until) in visible(page)
    assert count(flinkey, "deleteAssignment") == 0, "asking removes nothing"

    page = coordinator.post(f"/assignments/{window}/delete/", follow=True)
    assert says(page, sentences.key_until(until))
    assert says(receipt(coordinator), sentences.key_until(until))
    clock.advance(2)
    receipt(coordinator)
    assert Step.objects.get().state == State.CONFIRMED


def test_a_past_window_holds_no_key(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    assert "may still hold a key" not in visible(coordinator.get("/assignments/3/delete/"))
    page = coordinator.post("/assignments/3/delete/", follow=True)
    assert "may still hold a key" not in visible(page)
    assert "may still hold a key" not in visible(receipt(coordinator))


def test_a_double_click_removes_once(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    nonce = hidden(coordinator.get("/assignments/2/delete/"), "nonce")
    answers = [coordinator.post("/assignments/2/delete/", {"nonce": nonce})]
    answers.append(coordinator.post("/assignments/2/delete/", {"nonce": nonce}))
    clock.advance(2)
    receipt(coordinator)
    answers.append(coordinator.post("/assignments/2/delete/", {"nonce": nonce}))
    assert [answer["Location"] for answer in answers] == ["/cars/1/#windows"] * 3
    assert count(flinkey, "deleteAssignment") == 1


def test_back_to_where_one_came_from(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = coordinator.get("/assignments/new/?user=5&next=/users/5/")
    assert hidden(page, "next") == "/users/5/"
    assert give(coordinator, next="/users/5/")["Location"] == "/users/5/"
    assert give(coordinator, next="//evil.example/", end="2026-11-27T19:00")["Location"] == "/cars/2/#windows"


def test_a_dead_token_keeps_what_was_typed(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("createAssignment", "dead-token")
    page = give(coordinator)
    assert page["Location"].startswith("/sign-in/?next=%2Fassignments%2Fnew%2F")
    assert Operation.objects.count() == 0
    coordinator.sign_in(COORDINATOR)
    page = coordinator.get("/assignments/new/")
    for value in FORM.values():
        assert f'value="{value}"' in page_of(page)
    assert give(coordinator).status_code == 302


def test_what_flinkey_asked_to_wait_for_is_finished_later(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("createAssignment", "status", status=429, retry_after=20)
    page = give(coordinator)
    assert page["Location"] == f"/operations/{Operation.objects.get().pk}/"
    page = press(coordinator, receipt(coordinator), "run")
    assert says(page, sentences.busy(20))
    assert count(flinkey, "createAssignment") == 1, "not before the time is over"
    clock.advance(21)
    press(coordinator, receipt(coordinator), "run")
    clock.advance(2)
    receipt(coordinator)
    assert Step.objects.get().state == State.CONFIRMED


def test_no_quick_choice_comes_twice(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """On a Friday "until Friday" would be either this evening once more, or a riddle."""
    words = re.compile(r'name="quick" value="(\w+)"')
    assert words.findall(page_of(coordinator.get("/assignments/new/")))[1:4] == ["evening", "friday", "monday"]
    clock.advance(3 * 24 * 3600)
    coordinator.sign_in(COORDINATOR)
    assert words.findall(page_of(coordinator.get("/assignments/new/")))[1:4] == ["evening", "monday", "week"]
