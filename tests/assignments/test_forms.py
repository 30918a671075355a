"""The form of a window: whom and what people mean, when, for how long; it asks nobody."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.http import QueryDict
from django.utils import timezone

from flinkey_admin.accounts.models import Customer, Manager
from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.assignments.forms import WindowForm
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import Assignment, Car, User
from flinkey_admin.mirror import store
from flinkey_admin.mirror.queries import find_one
from tests.operations.stage import NOW

CARS = [
    Car(1, "Pool 1", vin="WVWZZZE1ZMP012345", license_plate="HH-FK 1234", brand="VW", model="ID.3"),
    Car(2, "Pool 2", license_plate="HH-FK 1302", brand="VW"),
    Car(3, "Geschäftsführung", brand="BMW", model="i4"),
    Car(4, "Pool", license_plate="B-WE 7"),
    Car(12, "1"),
]
USERS = [
    User(1, "joerg.mueller@nordwind.example", "Jörg", "Müller"),
    User(2, "ayse@nordwind.example", "Ayşe", "Öztürk"),
    User(3, "sean@nordwind.example", "Seán", "O'Brien"),
    User(4, "nachtwache@nordwind.example"),
    User(5, "joerg.meier@nordwind.example", "Jörg", "Meier"),
    User(6, "anna.2@nordwind.example", "Anna", "Schmidt"),
    User(7, "anna.1@nordwind.example", "Anna", "Schmidt"),
]
FORM = {"car": "Pool 1", "user": "Ayşe Öztürk", "start": "2026-11-27T08:00", "end": "2026-11-27T18:00"}


@pytest.fixture(autouse=True)
def scope(db: None) -> Iterator[Scope]:
    """Somebody whose customer has these cars and users in the copy."""
    customer = Customer.objects.create(flinkey_id="1", name="Nordwind")
    person = Manager.objects.create(email="somebody@nordwind.example")
    with time_machine.travel(NOW, tick=False):
        answers = [store.Answer("cars", CARS, timezone.now()), store.Answer("users", USERS, timezone.now())]
        store.apply(customer, answers)
        STAGE.append(Scope(person, customer))
        yield STAGE[0]
    STAGE.clear()


STAGE: list[Scope] = []


def form(window: Assignment | None = None, /, **other: str) -> WindowForm:
    data = QueryDict(mutable=True)
    data.update({**FORM, **other})
    return WindowForm(data, scope=STAGE[0], window=window)


def cleaned(window: Assignment | None = None, /, **other: str) -> dict[str, Any]:
    found = form(window, **other)
    assert found.is_valid(), found.errors
    return found.cleaned_data


def errors(**other: str) -> set[str]:
    return set(form(None, **other).errors)


@pytest.mark.parametrize(
    ("typed", "car"),
    [
        ("2", 2),
        ("Pool 1", 1),
        ("pool 1", 1),
        ("Pool 1 · HH-FK 1234", 1),
        ("HH-FK 1234", 1),
        ("hh-fk 1234", 1),
        ("HHFK1234", 1),
        ("1302", 2),
        ("WVWZZZE1ZMP012345", 1),
        ("bmw", 3),
        ("geschaeft", 3),
        ("Geschäft", 3),
        ("  Pool 2  ", 2),
        ("Pool", 4),
        ("b we 7", 4),
    ],
)
def test_a_car_by_whatever_people_call_it(typed: str, car: int) -> None:
    assert cleaned(car=typed)["car"] == car


@pytest.mark.parametrize(
    ("typed", "user"),
    [
        ("4", 4),
        ("Ayşe Öztürk", 2),
        ("Ayşe Öztürk · ayse@nordwind.example", 2),
        ("ayse@nordwind.example", 2),
        ("AYSE@NORDWIND.EXAMPLE", 2),
        ("oeztuerk", 2),
        ("Ozturk", 2),
        ("O'Brien", 3),
        ("obrien", 3),
        ("nachtwache", 4),
        ("müller", 1),
        ("Mueller", 1),
        ("anna.1@nordwind.example", 7),
    ],
)
def test_a_person_by_whatever_people_call_it(typed: str, user: int) -> None:
    assert cleaned(user=typed)["user"] == user


@pytest.mark.parametrize(
    ("name", "typed", "candidates"),
    [
        ("car", "1", [12, 1]),
        ("car", "HH-FK", [1, 2]),
        ("car", "vw", [1, 2]),
        ("user", "Jörg", [5, 1]),
        ("user", "joerg", [5, 1]),
        ("user", "Anna Schmidt", [6, 7]),
    ],
)
def test_several_fit(name: str, typed: str, candidates: list[int]) -> None:
    found = form(None, **{name: typed})
    assert not found.is_valid()
    assert set(found.errors) == {name}
    assert [one.id for one in found.candidates[name]] == candidates


@pytest.mark.parametrize("name", ["car", "user"])
def test_one_of_several_chosen_by_a_click(name: str) -> None:
    assert cleaned(None, **{name: "a", f"{name}_choice": "2"})[name] == 2


@pytest.mark.parametrize("name", ["car", "user"])
@pytest.mark.parametrize("typed", ["nobody at all", "999", "💥", "%", "' OR 1=1"])
def test_nobody_fits(name: str, typed: str) -> None:
    found = form(None, **{name: typed})
    assert set(found.errors) == {name}
    assert found.candidates[name] == []


@pytest.mark.parametrize("name", ["car", "user", "start"])
@pytest.mark.parametrize("typed", ["", "   "])
def test_what_must_be_said(name: str, typed: str) -> None:
    assert errors(**{name: typed}) == {name}


def test_an_exact_name_wins_over_parts() -> None:
    assert find_one(STAGE[0], Kind.CARS, "Pool") == (CARS[3], [])
    assert find_one(STAGE[0], Kind.CARS, "") == (None, [])


def test_an_exact_plate_wins_also_among_many_that_fit() -> None:
    many = [Car(100 + number, f"A {number}", license_plate=f"HH-X 1{number}") for number in range(200)]
    wanted = Car(99, "Zuletzt", license_plate="HH-X 1")
    store.apply(STAGE[0].customer, [store.Answer("cars", [*many, wanted], timezone.now() + dt.timedelta(seconds=1))])
    assert find_one(STAGE[0], Kind.CARS, "HH-X 1") == (wanted, [])


def test_times_are_those_of_the_fleets_zone() -> None:
    data = cleaned()
    assert (data["start"], data["end"]) == (
        dt.datetime(2026, 11, 27, 7, 0, tzinfo=dt.UTC),
        dt.datetime(2026, 11, 27, 17, 0, tzinfo=dt.UTC),
    )


def test_an_open_end() -> None:
    assert cleaned(end="")["end"] is None


@pytest.mark.parametrize("name", ["start", "end"])
@pytest.mark.parametrize("typed", ["tomorrow", "2026-11-31T10:00", "2027-03-28T02:30", "0001-01-01T00:00", "x" * 40])
def test_times_that_are_none(name: str, typed: str) -> None:
    assert errors(**{name: typed}) == {name}


@pytest.mark.parametrize("end", ["2026-11-27T08:00", "2026-11-27T07:59", "2020-01-01T00:00"])
def test_the_end_comes_after_the_start(end: str) -> None:
    assert errors(end=end) == {"end"}


def test_a_time_that_comes_twice_is_asked_about() -> None:
    asked = form(start="2026-10-25T02:30")
    assert set(asked.errors) == {"start"}
    assert [value for value, _label in asked.fields["start_fold"].choices] == ["0", "1"]  # type: ignore[attr-defined]
    assert "end_fold" not in asked.fields

    for fold, hour in (("0", 0), ("1", 1)):
        answered = cleaned(start="2026-10-25T02:30", start_fold=fold)
        assert answered["start"] == dt.datetime(2026, 10, 25, hour, 30, tzinfo=dt.UTC)


def test_half_an_hour_may_lie_between_the_two() -> None:
    data = cleaned(start="2026-10-25T02:45", start_fold="0", end="2026-10-25T02:15", end_fold="1")
    assert data["end"] - data["start"] == dt.timedelta(minutes=30)
    assert errors(start="2026-10-25T02:45", start_fold="1", end="2026-10-25T02:15", end_fold="0") == {"end"}


def test_an_answer_that_is_no_longer_asked_for_does_no_harm() -> None:
    assert cleaned(start_fold="1")["start"] == dt.datetime(2026, 11, 27, 7, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize("fold", ["2", "x", "-1"])
def test_an_answer_that_is_none(fold: str) -> None:
    assert "start" in errors(start="2026-10-25T02:30", start_fold=fold)


@pytest.mark.parametrize("days", range(8, 28))
def test_lifetimes_that_flinkey_takes(days: int) -> None:
    assert cleaned(lifetime=str(days * 86_400))["lifetime"] == days * 86_400


@pytest.mark.parametrize("seconds", ["604801", "2419199"])
def test_lifetimes_between_the_days(seconds: str) -> None:
    assert cleaned(lifetime=seconds)["lifetime"] == int(seconds)


@pytest.mark.parametrize(
    "seconds", ["604800", "2419200", "0", "-1", "86400", "3000000", "x", "864000.5", "٨٦٤٠٠٠", "1e6"]
)
def test_lifetimes_on_or_outside_the_bounds(seconds: str) -> None:
    assert errors(lifetime=seconds) == {"lifetime"}


def test_without_a_lifetime_flinkey_decides() -> None:
    assert (cleaned()["lifetime"], cleaned()["renewable_after"]) == (None, None)


@pytest.mark.parametrize(
    ("lifetime", "renewal", "fits"),
    [
        ("", "86400", True),
        ("", "518400", True),
        ("", "604800", False),
        ("864000", "777600", True),
        ("864000", "864000", False),
        ("864000", "950400", False),
        ("2332800", "2246400", True),
    ],
)
def test_a_phone_renews_before_its_key_runs_out(lifetime: str, renewal: str, *, fits: bool) -> None:
    wrong = errors(lifetime=lifetime, renewable_after=renewal)
    assert wrong == (set() if fits else {"renewable_after"})


def window(start: str, end: str | None = None, **other: Any) -> Assignment:
    def moment(text: str) -> dt.datetime:
        return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)

    facts = {"id": 1, "car_id": 1, "user_id": 2, "lifetime": 604_800, "renewable_after": 302_400} | other
    return Assignment(start=moment(start), end=moment(end) if end else None, **facts)


@pytest.mark.parametrize("start", ["2026-10-25T00:30:00", "2026-10-25T01:30:00", "2026-11-27T07:00:13"])
def test_a_time_that_was_not_touched_stays_as_it_is(start: str) -> None:
    """To the second, and also in the hour that comes twice: nobody is asked about it."""
    kept = window(start, "2026-12-01T00:00:59")
    shown = WindowForm(scope=STAGE[0], window=kept).initial
    data = cleaned(kept, start=shown["start"], end=shown["end"])
    assert (data["start"], data["end"]) == (kept.start, kept.end)


def test_a_window_shown_is_a_window_unchanged() -> None:
    kept = window("2026-11-27T07:00:00", None, lifetime=1_000_000, renewable_after=400_000)
    shown = {name: str(value) for name, value in WindowForm(scope=STAGE[0], window=kept).initial.items()}
    data = cleaned(kept, **shown)
    assert data == {
        "car": 1,
        "user": 2,
        "start": kept.start,
        "end": None,
        "lifetime": 1_000_000,
        "renewable_after": 400_000,
    }


def test_a_car_or_person_that_is_no_longer_known_may_stay() -> None:
    kept = window("2026-11-27T07:00:00", None, car_id=77, user_id=88)
    shown = {name: str(value) for name, value in WindowForm(scope=STAGE[0], window=kept).initial.items()}
    data = cleaned(kept, **shown)
    assert (data["car"], data["user"]) == (77, 88)


def test_a_window_for_nobody_wants_somebody() -> None:
    kept = window("2026-11-27T07:00:00", user_id=None)
    assert set(form(kept, user="").errors) == {"user"}
    assert cleaned(kept)["user"] == 2


def test_a_new_form_starts_now_and_ends_this_evening() -> None:
    form = WindowForm(scope=STAGE[0])
    assert form.initial == {"start": "2026-11-24T10:00", "end": "2026-11-24T18:00"}
