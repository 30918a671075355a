"""The overview: each number is that of the list it leads to, nothing false is said, days go by the fleet's clock."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from flinkey_admin.accounts.models import Customer, Manager
from flinkey_admin.accounts.scoping import Scope, scope_for
from flinkey_admin.fleet import usage
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import Assignment, Car
from flinkey_admin.mirror import lists, reading, store
from flinkey_admin.mirror.models import Group, Window
from flinkey_admin.mirror.queries import live, things
from flinkey_admin.operations.models import Operation, State, Step
from flinkey_admin.sandbox import Remote
from tests.conftest import COORDINATOR, SOUTHERNER, Person
from tests.fleet.reading import Reader, read, reader
from tests.fleet.test_browse_costs import queries
from tests.operations.conftest import clock  # noqa: F401 - the fixture
from tests.operations.stage import Clock, visible
from tests.operations.windows import give
from tests.stages import Stages

MONDAY = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)


def numbers(page: Reader) -> dict[str, str]:
    """The numbers by the list that each leads to."""
    return {
        link.marks["href"]: " ".join(link.text.split())
        for link in page.tags("a")
        if "number" in link.marks.get("class", "")
    }


def read_all() -> None:
    """Everything is known, as after a sweep."""
    scope = scope_for(Manager.objects.get(email=COORDINATOR), "1")
    assert scope
    reading.read_now(scope, [lists.GROUPS, *lists.CATALOG.values()])
    members = [name for group in live(Group, scope) for name in lists.of_group(group.flinkey_id)]
    reading.read_now(scope, [*members, *(lists.car_windows(car.flinkey_id) for car in things(Kind.CARS, scope))])
    store.note_progress(scope.customer, 1, 1, timezone.now())


@pytest.fixture
def lively(clock: Clock, coordinator: Person, flinkey: Remote, stages: Stages) -> Person:  # noqa: F811
    """24 November 2026, 10:00 in Berlin: windows of every sort, and a change that waits."""
    stages.set("lively", lambda: liven(coordinator, flinkey), coordinator)
    return coordinator


def liven(coordinator: Person, flinkey: Remote) -> None:
    for car, user, start, end in (
        (5, 3, "2026-11-24T13:00:00Z", "2026-11-24T16:00:00Z"),
        (6, 2, "2026-11-24T06:00:00Z", "2026-11-24T22:30:00Z"),  # half past eleven in the evening
        (6, 2, "2026-11-24T23:30:00Z", None),  # tomorrow, by the fleet's clock
        (7, 1, "2026-11-20T06:00:00Z", "2026-11-30T06:00:00Z"),
    ):
        flinkey.change("add_window", car=car, user=user, start=start, end=end)
    read_all()
    flinkey.settings(delay=1000)
    give(coordinator)


def values(page: Reader) -> dict[str, int]:
    """The bare numbers by the list that each leads to."""
    found = [int(tag.marks["value"]) for tag in page.tags("data", value="")]
    return dict(zip(numbers(page), found, strict=True))


def test_each_number_is_that_of_the_list_it_leads_to(lively: Person) -> None:
    shown = values(reader(lively.get("/")))
    assert shown == {
        "/cars/?access=now": 5,
        "/cars/?access=starts": 3,
        "/cars/?access=ends": 3,
        "/cars/?access=week": 6,  # all but car 4
        "/cars/?access=open": 2,
        "/cars/?access=nobody": 1,
        "/cars/?groups=none": 1,
        "/services/?state=beside": 1,
        "/operations/?state=open": 1,
    }
    assert {address: reader(lively.get(address)).total() for address in shown} == shown


def test_numbers_count_cars_however_many_windows_they_have(
    lively: Person,
    flinkey: Remote,
    clock: Clock,  # noqa: F811
) -> None:
    before = values(reader(lively.get("/")))
    for user in (1, 2, 4):
        flinkey.change("add_window", car=5, user=user, start="2026-11-24T13:00:00Z", end="2026-11-24T16:00:00Z")
    clock.advance(61)
    read(lively, "/cars/5/")
    page = reader(lively.get("/"))
    assert values(page) == before
    (starting, _ending) = page.tags("ol", data_total="")
    assert starting.marks["data-total"] == "4", "one for each window"


def test_a_window_without_a_car_counts_nowhere(lively: Person) -> None:
    before = values(reader(lively.get("/")))
    Window.objects.filter(car_id__in=[5, 6]).update(car_id=None)
    shown = values(reader(lively.get("/")))
    assert shown != before
    assert {address: reader(lively.get(address)).total() for address in shown} == shown


def test_a_car_that_has_gone_counts_nowhere(lively: Person, flinkey: Remote, clock: Clock) -> None:  # noqa: F811
    flinkey.change("delete_car", car=6)
    clock.advance(61)
    read(lively, "/cars/")
    shown = values(reader(lively.get("/")))
    assert (shown["/cars/?access=now"], shown["/cars/?access=open"]) == (4, 1)
    assert {address: reader(lively.get(address)).total() for address in shown} == shown


def test_a_refused_change_is_worth_a_look_for_a_day(lively: Person, clock: Clock) -> None:  # noqa: F811
    Step.objects.update(state=State.REFUSED, reason="refused", settled_at=timezone.now())
    Operation.objects.update(state=State.REFUSED, finished_at=timezone.now())
    assert values(reader(lively.get("/")))["/operations/?state=open"] == 1
    Step.objects.update(settled_at=timezone.now() - dt.timedelta(hours=24, seconds=1))
    assert values(reader(lively.get("/")))["/operations/?state=open"] == 0
    Step.objects.update(reason="given-up", settled_at=timezone.now())
    assert values(reader(lively.get("/")))["/operations/?state=open"] == 0, "somebody has left it as it is"


def test_what_starts_and_ends_today_is_named(lively: Person) -> None:
    page = reader(lively.get("/"))
    starting, ending = page.tags("ol", data_total="")
    assert starting.text.split() == ["14:00", "Geschäftsführung", "Seán", "O'Brien"]
    times = [word for word in ending.text.split() if word[2:3] == ":"]
    assert times == ["13:00", "17:00", "23:30"], "half past eleven is still today"
    links = [tag.marks["href"] for tag in page.tags("a") if tag.marks["href"] in {"/cars/5/", "/cars/6/", "/cars/2/"}]
    assert links == ["/cars/5/", "/cars/2/", "/cars/5/", "/cars/6/"]


def test_what_ends_at_midnight_ends_today(lively: Person, flinkey: Remote, clock: Clock) -> None:  # noqa: F811
    """And not on the day that begins then."""
    before = values(reader(lively.get("/")))["/cars/?access=ends"]
    flinkey.change("add_window", car=3, user=1, start="2026-11-24T13:00:00Z", end="2026-11-24T23:00:00Z")
    clock.advance(61)
    read(lively, "/cars/3/")
    page = reader(lively.get("/"))
    assert values(page)["/cars/?access=ends"] == before + 1 == reader(lively.get("/cars/?access=ends")).total()
    assert "Wed 25 Nov, 00:00" in page.tags("ol", data_total="")[1].text
    clock.advance(14 * 3600)
    lively.sign_in(COORDINATOR)
    assert 3 not in reader(lively.get("/cars/?access=ends")).ids()


def test_a_day_with_nothing_left_says_so(lively: Person, clock: Clock) -> None:  # noqa: F811
    clock.advance(13 * 3600 + 45 * 60)
    lively.sign_in(COORDINATOR)
    page = visible(lively.get("/"))
    assert "Nothing more starts today." in page
    assert "Nothing more ends today." in page


def test_another_customer_sees_nothing_of_it(lively: Person, flinkey: Remote) -> None:
    other = Person()
    other.sign_in(SOUTHERNER)
    shown = numbers(reader(other.get("/")))
    assert shown["/cars/?access=starts"] == "Starting today 0 so far"
    assert "Geschäftsführung" not in visible(other.get("/"))


def test_an_open_page_hears_nothing_while_nothing_changes(lively: Person) -> None:
    lively.look("/")
    assert lively.poll(lively.get("/")).status_code == 204


def test_before_everything_is_read_nothing_false_is_said(coordinator: Person, flinkey: Remote) -> None:
    shown = numbers(reader(coordinator.get("/")))
    assert shown["/cars/?groups=none"] == "Cars in no group …not known yet"
    assert shown["/cars/?access=nobody"] == "Cars nobody can open …not known yet"
    assert shown["/cars/?access=now"] == "In use now 0 so far"


def test_what_counts_windows_is_as_old_as_they_are(
    lively: Person,
    flinkey: Remote,
    clock: Clock,  # noqa: F811
) -> None:
    """At half past seven, after a night in which nobody was signed in: the sweep has yet to come round."""
    clock.advance(5 * 3600)
    lively.sign_in(COORDINATOR)
    flinkey.change("delete_window", window=1)
    counting = (
        "/",
        "/handover/",
        "/reports/mismatches/",
        "/cars/?access=none",
        "/users/?groups=none",
        "/services/?state=beside",
    )
    for address in counting:
        page = lively.look(address)
        assert age(page) == ("stale", "as of 10:00"), address
    assert age(lively.look("/cars/?plate=none")) == ("fresh", "as of 15:00"), "it goes by the cars alone"
    clock.advance(60)
    read_all()
    for address in counting:
        assert age(lively.get(address)) == ("fresh", "as of 15:01"), address
    clock.advance(15 * 60)
    assert age(lively.look("/")) == ("fresh", "as of 15:01"), "no older than it is between two rounds of the sweep"


def age(page: Any) -> tuple[str, str]:
    (found,) = reader(page).tags("p", id="age")
    return found.marks["data-state"], " ".join(found.text.split())[:11]


def test_an_empty_customer_is_told_what_to_do_first(visitor: Person, flinkey: Remote) -> None:
    flinkey.reset("empty")
    visitor.sign_in("coordinator@nordwind.example")
    page = visible(visitor.get("/"))
    assert "What to do first" in page
    assert "Enter your cars and users in the flinkey portal." in page


def test_a_customer_without_groups_is_told_what_to_do_first(coordinator: Person, flinkey: Remote) -> None:
    for group in flinkey.state(1)["groups"]:
        flinkey.change("delete_group", group=group["id"], force=True)
    read_all()
    page = visible(coordinator.get("/"))
    assert "What to do first" in page
    assert "Say who may open which car, from when until when. Done" in page, "there are windows"
    assert "In use now" in page, "and the numbers as well"


def test_with_groups_and_windows_nobody_is_told_what_to_do_first(lively: Person) -> None:
    assert "What to do first" not in visible(lively.get("/"))


def test_the_chart_has_its_numbers_as_a_table(lively: Person) -> None:
    page = reader(lively.get("/"))
    rows = [
        row
        for row in page.tags("tr")
        if len(row.cells) == 4 and row.cells[0].name == "th" and "scope" in row.cells[0].marks
    ]
    assert len(rows) == 29
    (today,) = [row for row in rows if row.marks.get("aria-current") == "date"]
    assert [cell.text.strip() for cell in today.cells[1:3]] == ["6", "7"]


def test_it_costs_the_database_the_same_for_seven_cars_and_for_a_hundred(lively: Person, flinkey: Remote) -> None:
    lively.get("/")
    few = queries(lively, "/")
    for number in range(100):
        car = flinkey.change("add_thing", kind="cars", name=f"Zuwachs {number}")
        flinkey.change("add_window", car=car, user=1, start="2026-11-24T08:00:00Z", end="2026-11-24T12:00:00Z")
    read(lively, "/cars/")
    read(lively, "/cars/?page=2")
    read(lively, "/cars/?page=3")
    assert queries(lively, "/") == few
    assert len(few) <= 12, few


# The days of the chart


@pytest.fixture
def scope(db: None) -> Scope:
    customer = Customer.objects.create(flinkey_id="1", name="Nordwind")
    return Scope(Manager.objects.create(email="somebody@nordwind.example"), customer)


def used(scope: Scope, now: dt.datetime, *spans: tuple[int, str, str | None]) -> dict[str, int]:
    """The days with cars in use, where these windows are all there is."""
    with time_machine.travel(now, tick=False):
        cars = {car for car, _start, _end in spans}
        answers: list[Any] = [store.Answer("cars", [Car(car, f"Pool {car}") for car in cars], timezone.now())]
        for car in cars:
            found = [
                Assignment(
                    100 * car + at,
                    car,
                    1,
                    dt.datetime.fromisoformat(start),
                    dt.datetime.fromisoformat(end) if end else None,
                )
                for at, (one, start, end) in enumerate(spans)
                if one == car
            ]
            answers.append(store.Answer(f"cars/{car}/windows", found, timezone.now()))
        store.apply(scope.customer, answers)
        days = usage.days(scope, len(cars))
    assert len(days) == 29
    return {f"{one.date:%m-%d}": one.used for one in days if one.used}


def test_a_day_counts_each_car_once_that_is_in_use_at_some_time_of_it(scope: Scope) -> None:
    found = used(
        scope,
        MONDAY,
        (1, "2026-11-24T08:00:00+00:00", "2026-11-24T09:00:00+00:00"),
        (1, "2026-11-24T10:00:00+00:00", "2026-11-26T10:00:00+00:00"),
        (2, "2026-11-26T08:00:00+00:00", "2026-11-26T09:00:00+00:00"),
        (3, "2026-10-01T08:00:00+00:00", "2026-11-09T08:00:00+00:00"),
    )
    assert found == {"11-09": 1, "11-24": 1, "11-25": 1, "11-26": 2}


def test_an_end_at_midnight_is_no_use_of_the_next_day(scope: Scope) -> None:
    found = used(scope, MONDAY, (1, "2026-11-24T08:00:00+00:00", "2026-11-24T23:00:00+00:00"))
    assert found == {"11-24": 1}, "23:00 UTC is midnight in Berlin"


@pytest.mark.parametrize(
    ("now", "start", "end", "day"),
    [
        # the day of 25 hours ends an hour later than others, the one of 23 an hour sooner
        ("2026-10-24T09:00:00+00:00", "2026-10-25T22:30:00+00:00", "2026-10-25T22:45:00+00:00", "10-25"),
        ("2026-03-28T09:00:00+00:00", "2026-03-29T22:30:00+00:00", "2026-03-29T22:45:00+00:00", "03-30"),
        ("2026-03-28T09:00:00+00:00", "2026-03-28T22:30:00+00:00", "2026-03-28T22:45:00+00:00", "03-28"),
    ],
)
def test_days_on_which_the_clocks_change(scope: Scope, now: str, start: str, end: str, day: str) -> None:
    assert used(scope, dt.datetime.fromisoformat(now), (1, start, end)) == {day: 1}


def test_a_window_that_was_deleted_counts_until_then(scope: Scope) -> None:
    used(scope, MONDAY, (1, "2026-11-20T08:00:00+00:00", None))
    Window.objects.update(ended_at=dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC))
    with time_machine.travel(MONDAY, tick=False):
        found = {f"{one.date:%m-%d}": one.used for one in usage.days(scope, 1) if one.used}
    assert found == {"11-20": 1, "11-21": 1, "11-22": 1}


@pytest.mark.parametrize(
    ("most", "top"), [(0, 2), (1, 2), (3, 4), (7, 8), (10, 10), (11, 12), (36, 40), (101, 120), (7000, 8000)]
)
def test_the_scale_ends_at_a_round_number(most: int, top: int) -> None:
    assert usage.ceiling(most) == top


SPANS = st.lists(st.tuples(st.integers(1, 3), st.integers(-2, 8), st.none() | st.integers(-1, 9)), max_size=12)


@given(SPANS)
def test_a_car_counts_in_every_stretch_that_it_reaches_into(spans: list[tuple[int, int, int | None]]) -> None:
    """Against the plainest way to count; the edges are the even hours."""
    real = sorted((one for one in spans if one[2] is None or one[1] < one[2]), key=lambda one: one[:2])
    written = [(car, hour(start), None if end is None else hour(end)) for car, start, end in real]
    found = usage.cars_in_use(written, [hour(edge) for edge in (0, 2, 4, 6)])
    assert found == [
        len({car for car, start, end in real if start < edge + 2 and (end is None or end > edge)}) for edge in (0, 2, 4)
    ]


def hour(number: int) -> str:
    return f"2026-11-24 {number + 8:02}:00:00"
