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
    receipt = done(clock, coordinator, plan(coordinator, **times, **days))
    assert "Seán O'Brien may open it then left out" in visible(receipt)
    assert "It was already so" not in visible(receipt)
    assert len(lines(plan(coordinator, **times | {"users": "Jörg Müller"}, **days, clash="give"))) == 2
    page = plan(coordinator, **{**times, "cars": "Pool 1"}, **days)
    assert page.status_code == 422
    assert "No access would be left to give." in visible(page)
    assert "Jörg Müller may open it then" in visible(page)
    assert Series.objects.count() == 3  # each plan has its own until it is forgotten


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
    assert "For so many, 3 days fit." in visible(plan(coordinator))
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


# Afterwards ---------------------------------------------------------------------------------------------------------


def act(person: Person, series: Series, what: str, **form: Any) -> Any:
    return person.post(f"/assignments/series/{series.pk}/{what}/", form, follow=True)


def starts(remote: Remote, user: int) -> list[str]:
    """When the windows of the series begin that a person has; Pool 3 has others of nobody alone."""
    return sorted(start for who, start, _end in windows(remote, 3) if who == user)


def test_the_rest_is_ended_from_a_day_on(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    series = given(clock, coordinator)
    page = act(coordinator, series, "end", since="2026-12-03")
    assert "End 4 accesses of the series Nachts?" in visible(page)
    assert lines(page)[0] == "Ayşe Öztürk → Pool 3 · HH-NW 88 from Thu 3 Dec, 22:00 until Fri 4 Dec, 06:00"
    assert flinkey.requests("deleteAssignment") == []
    receipt = done(clock, coordinator, page)
    assert "All 4 done." in visible(receipt)
    assert starts(flinkey, 5) == ["2026-11-30T21:00:00Z", "2026-12-01T21:00:00Z"]
    shown = visible(coordinator.get(f"/assignments/series/{series.pk}/"))
    assert shown.count("Removed") == 4
    assert "End 4 accesses of the series Nachts" in shown


def test_what_was_ended_comes_back_and_still_belongs_to_it(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    series = given(clock, coordinator)
    before = windows(flinkey, 3)
    receipt = done(clock, coordinator, act(coordinator, series, "end", since="2026-12-03"))
    done(clock, coordinator, press(coordinator, receipt, "back"))
    assert windows(flinkey, 3) == before
    assert "End 8 accesses" in visible(act(coordinator, series, "end", since="2026-11-24"))


def test_one_day_is_taken_out(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    series = given(clock, coordinator)
    days = re.findall(r'<option value="([^"]+)"', page_of(coordinator.get(f"/assignments/series/{series.pk}/out/")))
    assert days == ["2026-11-30", "2026-12-01", "2026-12-03", "2026-12-04"]
    done(clock, coordinator, act(coordinator, series, "out", day="2026-12-01"))
    for user in (2, 5):
        assert starts(flinkey, user) == ["2026-11-30T21:00:00Z", "2026-12-03T21:00:00Z", "2026-12-04T21:00:00Z"]
    assert act(coordinator, series, "out", day="2026-12-02").status_code == 422


def test_what_is_running_ends_now_and_a_phone_may_hold_its_key(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    # It is 10:00 on a Tuesday.
    times = {"begins": "09:30", "ends": "18:00", "first": "2026-11-24", "last": "2026-11-25", "but": ""}
    done(clock, coordinator, plan(coordinator, **times, cars="Neuzugang", users="Zoë Groß"))
    page = act(coordinator, Series.objects.get(), "end", since="2026-11-24")
    assert "What is running just now ends with your yes, as of 10:00." in visible(page)
    assert "at the latest until Tue 24 Nov 2026, 18:00" in visible(page)
    assert "All 2 done." in visible(done(clock, coordinator, page))
    assert windows(flinkey, 7) == [(5, "2026-11-24T08:30:00Z", "2026-11-24T09:00:05Z")]  # 5 seconds later


def test_only_the_drivers_who_may_hold_a_key_are_spoken_of(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """Of two people one has begun, and is alone then; the other's begins tomorrow."""
    times = {"begins": "09:30", "ends": "18:00", "first": "2026-11-24", "last": "2026-11-25", "but": ""}
    done(clock, coordinator, plan(coordinator, **times, cars="Neuzugang", users="Zoë Groß"))
    series = Series.objects.get()
    done(clock, coordinator, act(coordinator, series, "add", user="Jörg Müller", since="2026-11-25", clash="skip"))
    page = act(coordinator, series, "end", since="2026-11-24")
    assert "End 3 accesses" in visible(page)
    assert "The driver's phone may still hold a key" in visible(page)
    back = press(coordinator, done(clock, coordinator, page), "back")
    again = press(coordinator, done(clock, coordinator, back), "back")
    assert "The drivers' phones may still hold a key" in visible(again), "the windows are there again, so all count"


def test_nothing_is_left_to_end(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    series = given(clock, coordinator)
    page = act(coordinator, series, "end", since="2027-01-01")
    assert page.status_code == 422
    assert "None of its accesses would be concerned." in visible(page)


def test_nobody_else_may_do_that(clock: Clock, coordinator: Person, southerner: Person, flinkey: Remote) -> None:
    series = given(clock, coordinator)
    for what in ("end", "out", "add", "change"):
        assert coordinator.get(f"/assignments/series/{series.pk}/{what}/").status_code == 200
        assert southerner.get(f"/assignments/series/{series.pk}/{what}/").status_code == 404


def test_one_more_person_gets_what_is_left(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    series = given(clock, coordinator)
    done(clock, coordinator, act(coordinator, series, "out", day="2026-12-03"))
    page = act(coordinator, series, "add", user="Jörg Müller", since="2026-12-01", clash="skip")
    assert "Give 2 accesses of the series Nachts?" in visible(page)  # the others of the series are not in the way
    done(clock, coordinator, page)
    assert starts(flinkey, 1) == ["2026-12-01T21:00:00Z", "2026-12-04T21:00:00Z"]
    again = act(coordinator, series, "add", user="Jörg Müller", since="2026-12-01", clash="give")
    assert again.status_code == 422
    assert "this person has exactly this access already" in visible(again)
    assert "End 8 accesses" in visible(act(coordinator, series, "end", since="2026-11-24"))
    used = visible(coordinator.get(f"{NEW}?use={series.pk}"))
    assert "zoe.gross@nordwind.example Ayşe Öztürk · ayse.oeztuerk@nordwind.example Jörg Müller" in used


def test_the_rest_gets_other_times_and_its_old_ones_again(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    series = given(clock, coordinator)
    before = windows(flinkey, 3)
    times = {"begins": "23:30", "ends": "05:00", "since": "2026-12-04", "clash": "skip"}
    receipt = done(clock, coordinator, act(coordinator, series, "change", **times))
    assert "All 2 done." in visible(receipt)
    changed = [one for one in windows(flinkey, 3) if one not in before]
    assert changed == [(user, "2026-12-04T22:30:00Z", "2026-12-05T04:00:00Z") for user in (2, 5)]
    done(clock, coordinator, press(coordinator, receipt, "back"))
    assert windows(flinkey, 3) == before


def test_the_page_says_the_present_times_and_those_before(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    series = given(clock, coordinator)
    path = f"/assignments/series/{series.pk}/"
    planned = "Mon, Tue, Wed, Thu, Fri 22:00 to 06:00, 30 November 2026 to 4 December 2026, not on 1 day"

    def lead() -> str:
        return visible(coordinator.get(path)).partition(" · made by")[0].rpartition("Nachts ")[2]

    assert lead() == planned
    some = {"begins": "23:30", "ends": "05:00", "since": "2026-12-04", "clash": "skip"}
    receipt = done(clock, coordinator, act(coordinator, series, "change", **some))
    now = "Mon, Tue, Wed, Thu, Fri 23:30 to 05:00"
    assert lead() == f"{now}, 4 December 2026 to 4 December 2026 · until 3 December 2026 22:00 to 06:00"
    assert 'name="begins" value="23:30"' in page_of(coordinator.get(f"{path}change/"))
    assert "with other times since" in visible(coordinator.get("/assignments/series/"))
    done(clock, coordinator, press(coordinator, receipt, "back"))
    assert lead() == planned
    assert "with other times since" not in visible(coordinator.get("/assignments/series/"))
    done(clock, coordinator, act(coordinator, series, "change", **some | {"since": "2026-11-24"}))
    days = "30 November 2026 to 4 December 2026, not on 1 day"
    assert lead() == f"{now}, {days} · planned with 22:00 to 06:00"
    assert 'name="begins" value="23:30"' in page_of(coordinator.get(f"{NEW}?use={series.pk}"))


def test_the_menu_leads_to_the_series_and_marks_them(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    marked = re.compile(r'href="([^"]+)" aria-current="page"')
    assert page_of(coordinator.get("/timeline/")).count('href="/assignments/series/"') == 2
    for page in (coordinator.get("/assignments/series/"), coordinator.get(NEW), plan(coordinator)):
        assert set(marked.findall(page_of(page))) == {"/assignments/series/"}


def test_other_times_leave_out_what_would_meet_somebody_else(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    times = {"begins": "18:00", "ends": "19:00", "first": "2026-11-24", "last": "2026-11-25", "but": ""}
    done(clock, coordinator, plan(coordinator, **times, cars="Pool 2", users="Zoë Groß"))
    series = Series.objects.get()
    other = {"begins": "12:00", "ends": "13:00", "since": "2026-11-24", "clash": "skip"}
    page = act(coordinator, series, "change", **other)  # Seán has Pool 2 until 13:00 today
    assert [line.partition(" from ")[0].partition(", Tue")[0] for line in lines(page)] == [
        "Zoë Groß → Pool 2 · HH-FK 1302"
    ] * 2
    assert "Seán O'Brien may open it then" in lines(page)[1]
    assert "Change 2 accesses" in visible(act(coordinator, series, "change", **other | {"clash": "give"}))


# Between the plan and its yes ---------------------------------------------------------------------------------------

MEANWHILE = {"car": 3, "user": 3, "start": "2026-12-01T20:00:00Z", "end": "2026-12-01T22:00:00Z"}  # Seán O'Brien


def test_what_somebody_else_got_since_the_plan_is_named_and_left_out(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    page = plan(coordinator)
    clock.advance(11)
    flinkey.change("add_window", **MEANWHILE)
    again = press(coordinator, page, "run")
    assert again.status_code == 409
    assert flinkey.requests("createAssignment") == []
    asked = "Ayşe Öztürk → Pool 3 · HH-NW 88, Tue 1 Dec, 22:00: Seán O'Brien may open it then"
    assert asked in visible(again)
    assert "Give 6 accesses of the series Nachts?" in visible(again)
    assert f"{asked} left out" in lines(again)
    assert "All 6 done." in visible(done(clock, coordinator, again))
    assert not [one for one in windows(flinkey, 3) if one[1] == "2026-12-01T21:00:00Z"]


def test_who_gives_all_the_same_is_told_of_new_ones_and_not_of_those_seen(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    seen = {"car": 3, "user": 3, "start": "2026-11-30T20:00:00Z", "end": "2026-11-30T22:00:00Z"}
    flinkey.change("add_window", **seen)
    page = plan(coordinator, clash="give")
    assert "Give 8 accesses" in visible(page)
    clock.advance(11)
    flinkey.change("add_window", **MEANWHILE)
    again = press(coordinator, page, "run")
    assert again.status_code == 409
    named = re.findall(r"(\S+ \S+) → Pool 3 · HH-NW 88, (\S+ \d+ Dec), 22:00: Seán O'Brien may", visible(again))
    assert sorted(named) == [("Ayşe Öztürk", "Tue 1 Dec"), ("Zoë Groß", "Tue 1 Dec")]
    assert "All 8 done." in visible(done(clock, coordinator, again))


def test_what_is_there_by_now_is_not_given_a_second_time(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = plan(coordinator, users="Zoë Groß", clash="give", last="2026-11-30")
    clock.advance(11)
    flinkey.change("add_window", car=3, user=5, start="2026-11-30T21:00:00Z", end="2026-12-01T05:00:00Z")
    again = visible(press(coordinator, page, "run"))
    assert "Nothing of it is left to do" in again
    assert "this person has exactly this access already" in again
    assert flinkey.requests("createAssignment") == []


def test_what_has_changed_since_its_end_was_planned_is_named(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    series = given(clock, coordinator)
    page = act(coordinator, series, "end", since="2026-12-03")
    clock.advance(11)
    first, second = (one["id"] for one in flinkey.state(1)["windows"] if one["start"] == "2026-12-03T21:00:00Z")
    flinkey.change("delete_window", window=first)
    flinkey.change("end_window", window=second, end="2026-12-04T00:00:00Z")
    again = press(coordinator, page, "run")
    assert again.status_code == 409
    assert "Thu 3 Dec, 22:00 is no longer there." in visible(again)
    assert "is now from Thu 3 Dec, 22:00 until Fri 4 Dec, 01:00." in visible(again)
    done(clock, coordinator, again)
    assert {start for _user, start, _end in windows(flinkey, 3)} == {"2026-11-30T21:00:00Z", "2026-12-01T21:00:00Z"}


def test_other_times_name_who_got_the_car_since(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    series = given(clock, coordinator)
    page = act(coordinator, series, "change", begins="21:00", ends="05:00", since="2026-12-04", clash="skip")
    clock.advance(11)
    flinkey.change("add_window", car=3, user=3, start="2026-12-04T19:00:00Z", end="2026-12-04T20:30:00Z")
    again = visible(press(coordinator, page, "run"))
    assert "Nothing of it is left to do" in again
    assert "Seán O'Brien may open it then" in again
    assert flinkey.requests("updateAssignment") == []
