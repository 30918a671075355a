"""Who could open a car at a moment: on a page, of the past too, with how it is known."""

import csv
import io
import re
from typing import Any

import pytest

from flinkey_admin.sandbox import Remote
from tests.conftest import COORDINATOR, Person
from tests.fleet.test_browse_costs import queries
from tests.mirror.stage import asked
from tests.operations.stage import Clock, page_of, receipt, visible
from tests.operations.windows import CHANGED, SECRET, agree, change, created, give, remove, send, told
from tests.stages import Stages

CAR1, AYSE = "/access/?car=1", "/access/?user=2"
Answer = list[tuple[str, str]]
ROW = re.compile(r'<tr data-grade="(\w+)".*?</tr>', re.DOTALL)
NAME = re.compile(r'class="(?:name"[^>]*|second")>([^<]+)<')
HOW = re.compile(r'<td class="below second how">(.*?)</td>', re.DOTALL)


def answer(page: Any) -> Answer:
    """How sure, and who or which car, of each line."""
    assert page.status_code == 200, visible(page)
    found = []
    for row in ROW.finditer(page_of(page)):
        name = NAME.search(row[0])
        assert name
        found.append((row[1], name[1]))
    return found


def how(page: Any) -> list[str]:
    """How each line is known, in words."""
    return [" ".join(re.sub(r"<[^>]*>", " ", text).split()) for text in HOW.findall(page_of(page))]


def ask(person: Person, address: str, at: str = "") -> Answer:
    return answer(person.get(f"{address}&at={at}" if at else address))


def done(person: Person, clock: Clock) -> None:
    clock.advance(3)
    receipt(person)


def wait(person: Person, clock: Clock, seconds: int) -> None:
    """Time passes; who was away for long signs in again."""
    clock.advance(seconds)
    person.sign_in(COORDINATOR)


@pytest.fixture
def seen(clock: Clock, coordinator: Person, flinkey: Remote, stages: Stages) -> Person:
    """24 November 2026, 10:00 in Berlin; the copy knows the cars and Ayşe."""
    stages.look(coordinator, "/cars/1/", "/cars/2/", "/cars/3/", "/users/2/")
    return coordinator


# What is asked --------------------------------------------------------------------------------------------------------


def test_now_then_and_later(seen: Person) -> None:
    assert ask(seen, CAR1) == [("could", "Jörg Müller")]
    assert ask(seen, CAR1, "2026-11-25T12:00") == [("could", "Ayşe Öztürk"), ("could", "Jörg Müller")]
    assert ask(seen, CAR1, "2026-11-25T18:00") == [("could", "Jörg Müller")], "the end itself is no more part of it"
    # Nobody has looked before today, and the window says that it began five days ago.
    assert ask(seen, CAR1, "2026-11-22T12:00") == [("perhaps", "Jörg Müller")]
    assert "has known of it since Tue 24 Nov, 10:00" in visible(seen.get(f"{CAR1}&at=2026-11-22T12:00"))
    assert ask(seen, CAR1, "2026-11-01T12:00") == []


def test_of_a_moment_to_come_nothing_is_said_as_if_it_were_over(seen: Person) -> None:
    later = visible(seen.get("/access/?car=4&at=2027-11-22T12:00"))
    assert "Nobody may open this car then, so far as is planned." in later
    assert "could open this car" not in later
    assert "Nobody could open this car then" in visible(seen.get("/access/?car=4&at=2026-11-01T12:00"))


def test_what_a_person_could_open_and_both(seen: Person) -> None:
    assert ask(seen, AYSE, "2026-11-25T12:00") == [("could", "Pool 1")]
    assert ask(seen, "/access/?car=1&user=2", "2026-11-25T12:00") == [("could", "Ayşe Öztürk")]
    assert ask(seen, "/access/?car=2&user=2", "2026-11-25T12:00") == []
    assert ask(seen, "/access/?car=3") == [("could", "unknown person")]


def test_car_and_person_are_typed_as_in_the_form_of_an_access(seen: Person) -> None:
    assert ask(seen, "/access/?car=hhfk1234") == [("could", "Jörg Müller")]
    several = seen.get("/access/?car=pool")
    assert several.status_code == 422
    assert 'name="car_choice" value="1"' in page_of(several)
    assert ask(seen, "/access/?car=pool&car_choice=1") == [("could", "Jörg Müller")]
    assert "No car fits." in visible(seen.get("/access/?car=zeppelin"))
    assert "Which car, or who?" in visible(seen.get("/access/?car=+"))
    assert seen.get("/access/").status_code == 200


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        ("2026-03-29T02:30", "This time does not exist"),
        ("2026-10-25T02:30", "This time comes twice"),
        ("tomorrow", "This is no date and time"),
        ("0001-01-01T00:00", "This is no date and time"),
    ],
)
def test_a_time_that_is_none_is_asked_about(seen: Person, at: str, sentence: str) -> None:
    page = seen.get(f"{CAR1}&at={at}")
    assert page.status_code == 422
    assert sentence in visible(page)


def test_the_hour_that_comes_twice(seen: Person) -> None:
    pages = [seen.get(f"{CAR1}&at=2026-10-25T02:30&at_fold={fold}") for fold in "01"]
    moments = [re.findall(r'<h2 id="answer-title">.*?datetime="([^"]+)"', page_of(page)) for page in pages]
    assert moments == [["2026-10-25T02:30:00+02:00"], ["2026-10-25T02:30:00+01:00"]]


# What is known of the past --------------------------------------------------------------------------------------------


def test_what_was_removed_here(clock: Clock, seen: Person, flinkey: Remote) -> None:
    wait(seen, clock, 3600)
    remove(seen, 1)
    assert ask(seen, CAR1) == [("could", "Jörg Müller")], "flinkey has not removed it, nor has a moment passed"
    clock.advance(1)
    assert ask(seen, CAR1) == [("perhaps", "Jörg Müller")]
    done(seen, clock)
    wait(seen, clock, 600)
    assert ask(seen, CAR1) == [("phone", "Jörg Müller")]
    assert ask(seen, CAR1, "2026-11-24T10:30") == [("could", "Jörg Müller")]
    assert how(seen.get(f"{CAR1}&at=2026-11-24T10:30")) == [
        "There already when flinkey was first read, Tue 24 Nov, 10:00. "
        "Removed here by coordinator@nordwind.example, Tue 24 Nov, 11:00; seen in flinkey, Tue 24 Nov, 11:00. "
        "See the change"
    ]
    assert how(seen.get(CAR1))[0].endswith(
        "A phone may have held a key until Tue 1 Dec, 11:00 at the latest (an estimate)."
    )
    assert ask(seen, CAR1, "2026-12-01T11:30") == []


def test_what_was_changed_here(clock: Clock, seen: Person, flinkey: Remote) -> None:
    clock.advance(60)
    agree(seen, "/assignments/2/", CHANGED | {"end": "2026-11-25T12:00", "user": "5"})
    done(seen, clock)
    assert ask(seen, CAR1, "2026-11-25T11:00") == [
        ("could", "Jörg Müller"),
        ("could", "Zoë Groß"),
        ("phone", "Ayşe Öztürk"),
    ]
    assert ask(seen, CAR1, "2026-11-25T13:00") == [("could", "Jörg Müller"), ("phone", "Ayşe Öztürk")]
    assert ask(seen, AYSE, "2026-11-25T11:00") == [("phone", "Pool 1")], "she has lost it, and her phone may not know"


def test_what_was_moved_to_another_car_here(clock: Clock, seen: Person, flinkey: Remote) -> None:
    clock.advance(60)
    agree(seen, "/assignments/1/", {"car": "4", "user": "1", "start": "2026-11-19T10:00", "end": ""})
    done(seen, clock)
    wait(seen, clock, 3600)
    assert ask(seen, CAR1, "2026-11-24T10:00") == [("could", "Jörg Müller")]
    assert ask(seen, CAR1) == [("phone", "Jörg Müller")]
    assert ask(seen, "/access/?car=4", "2026-11-24T10:00") == []
    assert ask(seen, "/access/?car=4") == [("could", "Jörg Müller")]


@pytest.mark.parametrize(
    ("change", "facts", "word"),
    [
        ("delete_window", {"window": 1}, "Removed"),
        ("end_window", {"window": 1, "end": "2026-11-24T09:20:00Z"}, "Changed"),
    ],
)
def test_what_was_taken_away_elsewhere(
    clock: Clock, seen: Person, flinkey: Remote, change: str, facts: dict[str, Any], word: str
) -> None:
    wait(seen, clock, 1800)
    seen.look("/cars/1/")
    wait(seen, clock, 600)
    flinkey.change(change, **facts)
    wait(seen, clock, 3600)
    seen.look("/cars/1/")
    assert ask(seen, CAR1, "2026-11-24T10:15") == [("could", "Jörg Müller")]
    assert ask(seen, CAR1, "2026-11-24T11:00") == [("perhaps", "Jörg Müller")], "between two readings"
    assert ask(seen, CAR1) == [("phone", "Jörg Müller")]
    (said,) = how(seen.get(f"{CAR1}&at=2026-11-24T11:00"))
    assert f"{word} outside this dashboard between Tue 24 Nov, 10:30 and Tue 24 Nov, 11:40." in said


def test_what_was_given_elsewhere_overnight(clock: Clock, seen: Person, flinkey: Remote) -> None:
    flinkey.change("add_window", car=1, user=5, start="2026-11-24T09:30:00Z", end="2026-11-24T11:00:00Z")
    wait(seen, clock, 2 * 3600)
    seen.look("/cars/1/")
    assert ask(seen, CAR1, "2026-11-24T11:00") == [("could", "Jörg Müller"), ("perhaps", "Zoë Groß")]
    said = how(seen.get(f"{CAR1}&at=2026-11-24T11:00"))[1]
    assert said.startswith("Given outside this dashboard between Tue 24 Nov, 10:00 and Tue 24 Nov, 12:00.")


def test_a_car_that_is_gone_can_still_be_asked_about(clock: Clock, seen: Person, flinkey: Remote) -> None:
    wait(seen, clock, 600)
    flinkey.change("delete_car", car=1)
    wait(seen, clock, 600)
    seen.look("/cars/")
    wait(seen, clock, 3600)
    flinkey.clear_requests()
    assert ask(seen, "/access/?car=HH-FK+1234", "2026-11-24T10:15") == [("perhaps", "Jörg Müller")]
    assert ask(seen, CAR1, "2026-11-24T10:00") == [("could", "Jörg Müller")]
    assert asked(flinkey) == []


# What was given here, or not ------------------------------------------------------------------------------------------


def test_what_was_given_here(clock: Clock, seen: Person, flinkey: Remote) -> None:
    now = {"start": "2026-11-24T10:00", "end": "2026-11-24T18:00"}
    give(seen, **now)
    clock.advance(1)
    assert ask(seen, "/access/?car=2") == [("could", "Seán O'Brien".replace("'", "&#x27;")), ("perhaps", "Zoë Groß")]
    assert "accepted by flinkey, not confirmed." in how(seen.get("/access/?car=2"))[1]
    done(seen, clock)
    assert ask(seen, "/access/?car=2")[1] == ("could", "Zoë Groß")
    said = how(seen.get("/access/?car=2"))[1]
    assert said.startswith(
        "Given here by coordinator@nordwind.example, Tue 24 Nov, 10:00; seen in flinkey, Tue 24 Nov,"
    )
    assert said.endswith("Still so in flinkey when it was last read, Tue 24 Nov, 10:00.")


def test_what_was_asked_for_and_refused_stands_apart(
    clock: Clock, seen: Person, flinkey: Remote, settings: Any
) -> None:
    settings.FLINKEY_WEBHOOK_SECRET = SECRET
    flinkey.settings(fail_assignments="no box", delay=0.5)
    give(seen)
    clock.advance(0.6)
    send(created(operationSucceeded=False, errorMessage="no box"))
    receipt(seen)
    assert ask(seen, "/access/?car=2", "2026-11-27T12:00") == [("never", "Zoë Groß")]
    page = seen.get("/access/?user=5&at=2026-11-27T12:00")
    assert "Asked for, but never given" in visible(page)
    assert answer(page) == [("never", "Pool 2")]
    assert how(page) == [
        "Asked for here by coordinator@nordwind.example, Tue 24 Nov, 10:00. See the change flinkey refused it."
    ]
    assert ask(seen, "/access/?car=2", "2026-11-27T20:00") == []


def test_an_extension_that_was_refused_is_one_of_them_where_it_would_have_mattered(
    clock: Clock, seen: Person, flinkey: Remote, settings: Any
) -> None:
    settings.FLINKEY_WEBHOOK_SECRET = SECRET
    flinkey.settings(fail_assignments="no box", delay=0.5)
    change(seen)  # Ayşe, until 20:00 instead of 18:00
    clock.advance(0.6)
    send(told(2, operationSucceeded=False, errorMessage="no box"))
    receipt(seen)
    assert ask(seen, AYSE, "2026-11-25T17:00") == [("could", "Pool 1")]
    assert ask(seen, AYSE, "2026-11-25T19:00") == [("never", "Pool 1")]


# The page -------------------------------------------------------------------------------------------------------------


def test_car_and_user_lead_to_it(seen: Person) -> None:
    assert 'href="/access/?car=1"' in page_of(seen.get("/cars/1/"))
    assert 'href="/access/?user=2"' in page_of(seen.get("/users/2/"))


def test_as_a_table(clock: Clock, seen: Person, flinkey: Remote) -> None:
    page = seen.get(f"{CAR1}&at=2026-11-25T12:00")
    (link,) = re.findall(r'href="(/access/csv/[^"]+)"', page_of(page))
    answer = seen.get(link.replace("&amp;", "&"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="access-2026-11-25-1200.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode().removeprefix("\ufeff"))))
    assert [(row["Car"], row["User"], row["E-mail"], row["From"], row["Until"], row["Result"]) for row in rows] == [
        (
            *("Pool 1 · HH-FK 1234", "Ayşe Öztürk", "ayse.oeztuerk@nordwind.example"),
            *("2026-11-25T09:00:00+01:00", "2026-11-25T18:00:00+01:00", "May open it"),
        ),
        (
            *("Pool 1 · HH-FK 1234", "Jörg Müller", "joerg.mueller@nordwind.example"),
            *("2026-11-19T10:00:00+01:00", "", "May open it"),
        ),
    ]
    assert all(row["How this is known"] for row in rows)


def test_a_warm_page_asks_nobody_and_costs_the_same_for_much(clock: Clock, seen: Person, flinkey: Remote) -> None:
    seen.get(CAR1)
    few = len(queries(seen, CAR1))
    for number in range(20):
        flinkey.change("add_window", car=1, user=number % 5 + 1, start=f"2026-11-24T0{number % 9}:00:00Z", end=None)
    clock.advance(60)
    seen.look("/cars/1/")
    for window in (6, 7):
        remove(seen, window)
        done(seen, clock)
    seen.get(CAR1)
    flinkey.clear_requests()
    assert few == len(queries(seen, CAR1)) <= 12
    assert len(ask(seen, CAR1)) == 19, "one of the two whose access was removed has another one"
    assert asked(flinkey) == []


def test_the_other_customer_has_another_past(clock: Clock, seen: Person, southerner: Person, flinkey: Remote) -> None:
    southerner.get("/cars/1/")
    assert ask(southerner, CAR1) == [("could", "Björn Häußler")]
    remove(seen, 1)
    done(seen, clock)
    assert ask(southerner, CAR1) == [("could", "Björn Häußler")]
