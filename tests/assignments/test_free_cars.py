"""Free cars from one moment to another: the free ones, those free in part with what is in the way, the unread ones."""

import html
import re
from typing import Any

import pytest

from flinkey_admin.assignments.bars import DASH
from flinkey_admin.mirror.models import Listing
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.fleet.test_browse_costs import queries
from tests.mirror.stage import asked
from tests.operations.stage import Clock, page_of, visible
from tests.operations.windows import give
from tests.stages import Stages

FREE = "/cars/free/?start=2026-11-24T10:00&end=2026-11-24T18:00"
ROW = re.compile(r'<tr data-id="(\d+)" data-free="(\w+)">(.*?)</tr>', re.DOTALL)


def cars(page: Any) -> list[tuple[int, str]]:
    """The cars and their state, in order."""
    assert page.status_code == 200, visible(page)
    return [(int(number), state) for number, state, _row in ROW.findall(page_of(page))]


def row(page: Any, car: int) -> str:
    (found,) = [text for number, _state, text in ROW.findall(page_of(page)) if number == str(car)]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", found)).split())


@pytest.fixture
def read(clock: Clock, coordinator: Person, flinkey: Remote, stages: Stages) -> Person:
    """24 November 2026, 10:00 in Berlin; who may open which car has been read of all cars."""
    stages.look(coordinator, *(f"/cars/{car}/" for car in range(1, 8)))
    return coordinator


def test_free_throughout_in_part_and_not_at_all(read: Person) -> None:
    page = read.get(FREE)
    # 1 and 3 are taken throughout; 2 until 13:00.
    assert sorted(cars(page)[:4]) == [(4, "free"), (5, "free"), (6, "free"), (7, "free")]
    assert cars(page)[4:] == [(2, "part")]
    assert "Free throughout: 4. Free in part: 1. Taken throughout: 2." in visible(page)
    assert "Seán O'Brien" in row(page, 2)
    assert f"Tue 24 Nov, 13:00 {DASH} 18:00 Give access" in row(page, 2)


def test_tomorrow_morning_is_one_click_and_the_group_stays(read: Person) -> None:
    links = [
        html.unescape(link)
        for link in re.findall(r'<a class="chip" href="([^"]*)"', page_of(read.get("/cars/free/?group=1")))
    ]
    assert links[0] == "?start=2026-11-25T06%3A00&end=2026-11-25T12%3A00&group=1#list"
    assert links[2] == "?start=2026-11-28T00%3A00&end=2026-11-30T00%3A00&group=1#list", "on a Tuesday"
    page = read.get(f"/cars/free/{links[0]}")
    assert "Hamburg, Wed 25 Nov, 06:00" in visible(page)
    assert re.findall(r'aria-current="true">([^<]*)<', page_of(page)) == ["Tomorrow morning"]


def test_ends_that_touch_are_not_in_the_way(read: Person) -> None:
    assert (2, "free") in cars(read.get("/cars/free/?start=2026-11-24T13:00&end=2026-11-24T14:00"))
    assert (2, "part") in cars(read.get("/cars/free/?start=2026-11-24T12:59&end=2026-11-24T14:00"))
    assert (2, "free") in cars(read.get("/cars/free/?start=2026-11-24T07:00&end=2026-11-24T08:00"))


def test_without_an_end_it_is_for_good(read: Person) -> None:
    page = read.get("/cars/free/?start=2026-11-24T12:00&end=")
    assert (2, "part") in cars(page)
    assert (3, "part") in cars(page)
    assert f"Tue 24 Nov, 13:00 {DASH} open end" in row(page, 2)


def test_several_windows_may_leave_nothing(read: Person, flinkey: Remote, clock: Clock) -> None:
    for start, end in (("09", "13"), ("13", "17")):
        flinkey.change("add_window", car=4, user=1, start=f"2026-11-24T{start}:00:00Z", end=f"2026-11-24T{end}:00:00Z")
    clock.advance(60)
    read.look("/cars/4/")
    page = read.get(FREE)
    assert (4, "taken") in cars(page)
    assert "Give access" not in row(page, 4)


def test_what_nobody_has_read_is_never_called_free(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    coordinator.get("/cars/2/")
    coordinator.get("/cars/4/")
    page = coordinator.get(FREE)
    assert cars(page)[:2] == [(4, "free"), (2, "part")]
    assert {state for _car, state in cars(page)[2:]} == {"unread"}
    assert "Of 5 cars nobody has read yet who may open them." in visible(page)
    assert "Give access" not in row(page, 5)


def test_a_new_car_is_unread_although_the_whole_fleet_was_read_before(
    clock: Clock, read: Person, flinkey: Remote
) -> None:
    number = flinkey.change("add_thing", kind="cars", name="Ganz neu")
    clock.advance(60)
    read.look("/cars/")
    Listing.objects.filter(name=f"cars/{number}/windows").delete()
    assert (number, "unread") in cars(read.get(FREE))


def test_what_is_asked_for_is_in_the_way(clock: Clock, read: Person, flinkey: Remote) -> None:
    give(read, car="4", start="2026-11-24T12:00", end="2026-11-24T14:00")
    page = read.get(FREE)
    assert (4, "part") in cars(page)
    assert f"Zoë Groß (asked for) Tue 24 Nov, 12:00 {DASH} 14:00" in row(page, 4)


def test_in_a_group(read: Person) -> None:
    assert cars(read.get(f"{FREE}&group=2")) == [], "nobody has looked into the group"
    read.get("/groups/2/")
    assert sorted(cars(read.get(f"{FREE}&group=2"))) == [(5, "free"), (6, "free")]
    assert '<option value="2" selected>Berlin</option>' in page_of(read.get(f"{FREE}&group=2"))


def test_the_form_comes_filled_in(read: Person) -> None:
    page = page_of(read.get(FREE))
    links = [html.unescape(link) for link in re.findall(r'href="(/assignments/new/[^"]+)"', page)]
    (part,) = [link for link in links if "car=2&" in link]
    form = page_of(read.get(part))
    assert 'value="2026-11-24T13:00"' in form
    assert 'value="2026-11-24T18:00"' in form
    assert 'name="next" value="/cars/free/?start=2026-11-24T10%3A00&amp;end=2026-11-24T18%3A00"' in form
    forever = read.get("/assignments/new/?car=2&start=2026-11-24T13:00&end=")
    assert "without end, until somebody ends it" in visible(forever)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("start=2026-11-24T10:00&end=2026-11-24T09:00", "The end must come after the start."),
        ("start=2026-03-29T02:30&end=2026-11-24T09:00", "This time does not exist"),
        ("start=2026-10-25T02:30&end=2026-11-24T09:00", "This time comes twice"),
        ("start=&end=", "From when?"),
        ("start=soon&end=later", "This is no date and time."),
    ],
)
def test_times_that_make_no_sense_are_said(read: Person, query: str, sentence: str) -> None:
    page = read.get(f"/cars/free/?{query}")
    assert page.status_code == 422
    assert sentence in visible(page)


def test_without_times_it_is_until_the_evening(read: Person) -> None:
    page = read.get("/cars/free/")
    assert re.findall(r'value="(2026-[^"]+)"', page_of(page)) == ["2026-11-24T10:00", "2026-11-24T18:00"]
    assert cars(page) == cars(read.get(FREE))


def test_lists_and_timeline_lead_to_it(read: Person) -> None:
    assert 'href="/cars/free/"' in page_of(read.get("/cars/")).partition("<main")[2]
    assert 'href="/cars/free/?group=1"' in page_of(read.get("/timeline/?group=1"))


def test_it_costs_the_same_for_a_hundred_cars(clock: Clock, read: Person, flinkey: Remote) -> None:
    def warm() -> list[str]:
        read.look(FREE)
        read.get(FREE)
        return queries(read, FREE)

    few = warm()
    for number in range(60):
        car = flinkey.change("add_thing", kind="cars", name=f"Pool {number + 10}")
        flinkey.change("add_window", car=car, user=1, start="2026-11-24T12:00:00Z", end="2026-11-24T13:00:00Z")
    clock.advance(61)
    assert len(warm()) == len(few) <= 12, "\n".join(few)
    flinkey.clear_requests()
    page = read.get(f"{FREE}&page=2")
    assert asked(flinkey) == []
    assert "Page 2 of 2" in visible(page)


def test_another_customer_has_other_cars(read: Person, southerner: Person) -> None:
    assert {car for car, _state in cars(southerner.get(FREE))} == {1, 2, 3}
    assert "Pool" not in page_of(southerner.get(FREE))
