"""Series on the pages: planned, reviewed, given as one change, and what is left out of it and why."""

import html
import re
from typing import Any

import pytest
from django_tasks_db.models import DBTaskResult

from flinkey_admin.assignments.models import Series
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.sandbox import Remote
from tests.conftest import Person, work_off
from tests.operations.stage import Clock, page_of, press, visible

NEW = "/assignments/series/new/"
FORM: dict[str, Any] = {
    "users": "Zoë Groß\nAyşe Öztürk",
    "cars": "Pool 3",
    "weekdays": ["0", "1", "2", "3", "4"],
    "begins": "22:00",
    "ends": "06:00",
    "first": "2026-11-30",
    "last": "2026-12-04",
    "but": "2026-12-02",
    "clash": "skip",
    "every": "1",
    "name": "Nachts",
}


def plan(person: Person, **other: Any) -> Any:
    """The review of the form, or the form with what is wrong."""
    return person.post(NEW, {**FORM, **other}, follow=True)


def lines(page: Any) -> list[str]:
    """The accesses on a review, and what is left out."""
    found = re.findall(
        r"<li[^>]*>(.*?)</li>", page_of(page).partition('<ul class="plan-list"')[2].partition("</ul>")[0], re.DOTALL
    )
    return [" ".join(html.unescape(re.sub(r"<[^>]*>", " ", one)).split()) for one in found]


def done(clock: Clock, person: Person, page: Any) -> Any:
    """Yes to a review; all of it is sent and confirmed."""
    press(person, page, "run")
    work_off()
    clock.advance(5)
    work_off("looks", "runs", "default")
    return person.get(f"/operations/{Operation.objects.latest('pk').pk}/")


def windows(remote: Remote, car: int) -> list[tuple[int, str, str]]:
    found = remote.state(1)["windows"]
    return sorted((one["userId"], one["start"], one["end"]) for one in found if one["carId"] == car and one["userId"])


def given(clock: Clock, person: Person) -> Series:
    """The series of FORM, given."""
    done(clock, person, plan(person))
    return Series.objects.get()


def test_the_review_names_every_access_and_nothing_is_sent(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = plan(coordinator)
    assert "Give 8 accesses of the series Nachts?" in visible(page)
    found = lines(page)
    assert len(found) == 8
    assert found[0] == "Zoë Groß → Pool 3 · HH-NW 88 from Mon 30 Nov, 22:00 until Tue 1 Dec, 06:00"
    assert flinkey.requests("createAssignment") == []


def test_one_yes_gives_all_of_them_as_one_change(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    before = windows(flinkey, 3)
    page = done(clock, coordinator, plan(coordinator))
    assert "All 8 done." in visible(page)
    fresh = [one for one in windows(flinkey, 3) if one not in before]
    assert fresh == sorted(
        (user, f"{first}T21:00:00Z", f"{last}T05:00:00Z")
        for user in (2, 5)
        for first, last in (
            ("2026-11-30", "2026-12-01"),
            ("2026-12-01", "2026-12-02"),
            ("2026-12-03", "2026-12-04"),
            ("2026-12-04", "2026-12-05"),
        )
    )
    operation = Operation.objects.get()
    assert set(operation.steps.values_list("state", flat=True)) == {State.CONFIRMED}
    shown = visible(coordinator.get(f"/assignments/series/{Series.objects.get().pk}/"))
    assert shown.count("Confirmed") == 8
    assert "Mon, Tue, Wed, Thu, Fri 22:00 to 06:00" in shown


def test_it_is_the_worker_who_sends_many(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    press(coordinator, plan(coordinator), "run")
    assert DBTaskResult.objects.filter(task_path__endswith="run_operation").count() == 1


def test_all_of_it_can_be_taken_back(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    before = windows(flinkey, 3)
    page = done(clock, coordinator, plan(coordinator))
    review = press(coordinator, page, "back")
    assert "End 8 accesses of the series Nachts?" in visible(review)
    done(clock, coordinator, review)
    assert windows(flinkey, 3) == before


def test_who_has_the_car_then_is_left_out_or_not_by_choice(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    # Ayşe has Pool 1 on 25 November from 9 to 18, Jörg has it without end.
    times = {"cars": "Pool 2", "users": "Zoë Groß", "begins": "11:00", "ends": "12:00", "but": ""}
    days = {"first": "2026-11-24", "last": "2026-11-25"}
    found = lines(plan(coordinator, **times, **days))  # Seán has Pool 2 until 13:00 today
    assert found == [
        "Zoë Groß → Pool 2 · HH-FK 1302 from Wed 25 Nov, 11:00 until Wed 25 Nov, 12:00",
        "Zoë Groß → Pool 2 · HH-FK 1302, Tue 24 Nov, 11:00: Seán O'Brien may open it then left out",
    ]
    assert len(lines(plan(coordinator, **times, **days, clash="give"))) == 2
    page = plan(coordinator, **{**times, "cars": "Pool 1"}, **days)
    assert page.status_code == 422
    assert "No access would be left to give." in visible(page)
    assert "Jörg Müller may open it then" in visible(page)
    assert Series.objects.count() == 2  # each plan has its own until it is forgotten


def test_a_group_stands_for_who_is_in_it_now(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    coordinator.get("/groups/")
    page = plan(coordinator, users="", user_group="1", last="2026-11-30")
    assert "Everyone in Hamburg: the 3 people who are in it now." in visible(page)
    assert len(lines(page)) == 3
    assert Series.objects.get().users == [1, 2, 4]


def test_the_review_says_what_the_change_of_clocks_does(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    night = {"weekdays": ["6"], "begins": "02:30", "first": "2027-03-22", "last": "2027-03-28", "users": "Zoë Groß"}
    page = plan(coordinator, **night)
    assert "the clocks skip one of the times, so it is Sun 28 Mar, 03:00" in re.sub(r" 2027", "", visible(page)) or (
        "the clocks skip one of the times" in visible(page)
    )
    assert Step.objects.get().args["start"] == "2027-03-28T01:00:00Z"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"users": "Nobody Known"}, "Not found: “Nobody Known”."),
        ({"users": "", "cars": ""}, "For whom?"),
        ({"cars": "Pool"}, "several fit “Pool”"),
        ({"last": "2026-11-29"}, "must not come before the first"),
    ],
)
def test_what_is_wrong_is_said_beside_what_was_typed(
    clock: Clock, coordinator: Person, flinkey: Remote, wrong: dict[str, str], words: str
) -> None:
    page = plan(coordinator, **wrong)
    assert page.status_code == 422
    assert words in visible(page)
    assert "22:00" in page_of(page)


def test_dates_and_counts_have_their_limits(clock: Clock, coordinator: Person, flinkey: Remote, settings: Any) -> None:
    settings.SERIES_WINDOWS = 7
    assert "That would be 8 accesses: days: 4, cars: 1, people: 2. At most 7 at once" in visible(plan(coordinator))
    assert "A series lasts a year at most." in visible(plan(coordinator, last="2028-01-01"))
    assert "“soon” is no date." in visible(plan(coordinator, but="soon"))
    assert "None of these days" in visible(plan(coordinator, weekdays=["6"]))


def test_a_form_sent_twice_is_one_plan(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    nonce = "7d5b2b1e-58a3-4a38-a1f4-5a8d0f0f7a11"
    plan(coordinator, nonce=nonce)
    plan(coordinator, nonce=nonce)
    assert (Operation.objects.count(), Series.objects.count()) == (1, 1)
    plan(coordinator, nonce=nonce, but="")
    assert Operation.objects.count() == 2


def test_another_customer_sees_none_of_it(
    clock: Clock, coordinator: Person, southerner: Person, flinkey: Remote
) -> None:
    series = given(clock, coordinator)
    assert "Nachts" in visible(coordinator.get("/assignments/series/"))
    assert "Nachts" not in visible(southerner.get("/assignments/series/"))
    for path in (f"/assignments/series/{series.pk}/", f"{NEW}?use={series.pk}"):
        assert coordinator.get(path).status_code == 200
        assert southerner.get(path).status_code == 404


def test_a_plan_without_a_yes_is_its_form(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    plan(coordinator)
    series = Series.objects.get()
    page = coordinator.get(f"/assignments/series/{series.pk}/", follow=True)
    assert page.request["QUERY_STRING"] == f"use={series.pk}"
    assert "Zoë Groß · zoe.gross@nordwind.example\nAyşe" in page_of(page)
    assert "No series yet." in visible(coordinator.get("/assignments/series/"))


def test_a_series_can_be_used_again(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    series = given(clock, coordinator)
    page = page_of(coordinator.get(f"{NEW}?use={series.pk}"))
    for name, value in (("first", "2026-11-30"), ("last", "2026-12-04"), ("begins", "22:00"), ("name", "Nachts")):
        assert re.search(rf'name="{name}" value="{value}"', page), name
    assert Verb.CREATE_WINDOW in set(Step.objects.values_list("verb", flat=True))
