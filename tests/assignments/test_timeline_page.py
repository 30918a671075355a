"""The page of the timeline: rows, bars, gaps, and the ways to other days; whose they are, and what it costs."""

import re
from typing import Any

import pytest

from flinkey_admin.mirror.models import Listing
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.fleet.reading import Reader, Tag, reader
from tests.mirror.stage import caught_up, fresh
from tests.mirror.test_costs import AT_MOST, grow, warm
from tests.mirror.worker import work
from tests.operations.stage import Clock, page_of, visible
from tests.operations.windows import give

WEEK = "/timeline/"  # 23 to 29 November 2026; it is Tuesday, 10:00 in Berlin
DAY = 1440


def minutes(look: str) -> tuple[int, int]:
    """Where a bar stands and how wide it is, out of its classes."""
    sums = dict.fromkeys(("d", "h", "m", "wd", "wh", "wm"), 0)
    for name, number in re.findall(r"(?:^| )(w?[dhm])(\d+)(?= |$)", look):
        sums[name] = int(number)
    return sums["d"] * DAY + sums["h"] * 60 + sums["m"], sums["wd"] * DAY + sums["wh"] * 60 + sums["wm"]


def timeline(person: Person, address: str = WEEK) -> Reader:
    """The page once all that stands on it was read."""
    return reader(caught_up(person, address))


def bars(page: Reader) -> dict[int, Tag]:
    return {int(tag.marks["data-id"]): tag for tag in page.tags("a", data_id="")}


def looks(bar: Tag) -> set[str]:
    return set(bar.marks["class"].split())


def gaps(page: Reader) -> list[Tag]:
    return [tag for tag in page.tags("a") if "gap" in tag.marks.get("class", "").split()]


def rows(page: Reader) -> list[tuple[int, str]]:
    return [(int(tag.marks["data-id"]), tag.cells[0].text.strip()) for tag in page.tags("tr", data_id="")]


def links(page: Reader, start: str) -> dict[str, str]:
    return {
        tag.text.strip(): tag.marks["href"] for tag in page.tags("a", href="") if tag.marks["href"].startswith(start)
    }


@pytest.fixture
def desk(clock: Clock, coordinator: Person, flinkey: Remote) -> Person:
    return coordinator


# Bars ---------------------------------------------------------------------------------------------------------------


def test_a_bar_stands_where_its_window_is_and_says_all_about_it(desk: Person) -> None:
    page = timeline(desk)
    found = bars(page)
    assert sorted(found) == [1, 2, 4, 5], "window 3 was over on Sunday"
    assert minutes(found[2].marks["class"]) == (2 * DAY + 9 * 60, 9 * 60), "tomorrow from 9 to 18 in Berlin"
    assert found[2].text == "○Ayşe Öztürk · Coming · Overlaps"
    assert found[2].marks["aria-label"] == (
        "Ayşe Öztürk · Coming · Overlaps, Pool 1 · HH-FK 1234, Wed 25 Nov, 09:00 \u2013 18:00, Confirmed"
    )
    assert found[2].marks["href"] == "/assignments/2/?next=/timeline/"
    assert found[2].marks["data-state"] == "confirmed"


def test_shape_and_word_tell_what_is_over_running_coming_and_without_end(desk: Person) -> None:
    found = bars(timeline(desk, "/timeline/?from=2026-11-20"))
    assert {number: bar.text[0] for number, bar in found.items()} == {1: "●", 2: "○", 3: "\u2013", 4: "●", 5: "●"}
    assert looks(found[1]) >= {"running", "open", "before", "after"}
    assert "Open end" in found[1].text
    assert "Thu 19 Nov, 10:00 \u2013 open end" in found[1].marks["aria-label"]
    assert looks(found[3]) >= {"past"}
    assert {"before", "after"} & looks(found[3]) == set()
    assert minutes(found[3].marks["class"]) == (DAY + 10 * 60, DAY)
    assert "unknown person · In use" in found[5].text, "a window without a person"


def test_overlaps_stand_one_above_the_other(desk: Person, flinkey: Remote) -> None:
    flinkey.change("add_window", car=2, user=1, start="2026-11-24T13:00:00Z", end="2026-11-25T13:00:00Z")
    page = page_of(caught_up(desk, WEEK))
    lanes = [re.findall(r'data-id="(\d+)"', lane) for lane in re.findall(r'<div class="lane">(.*?)</div>', page)]
    assert [lane for lane in lanes if {"1", "2"} & set(lane)] == [["1"], ["2"]]
    found = bars(Reader(page))
    assert "Overlaps" in found[1].text
    assert "Overlaps" not in found[4].text + found[6].text, "the one ends when the other begins"


def test_only_what_is_seen_is_drawn(desk: Person) -> None:
    assert sorted(bars(timeline(desk, "/timeline/?from=2026-12-07"))) == [1]
    assert sorted(bars(timeline(desk, "/timeline/?from=2026-11-16&days=3"))) == []
    assert sorted(bars(timeline(desk, "/timeline/?from=2026-11-25&days=1"))) == [1, 2, 5]


def test_users_as_rows(desk: Person) -> None:
    page = timeline(desk, "/timeline/?rows=users")
    assert {number for number, _name in rows(page)} == {1, 2, 3, 4, 5}
    found = bars(page)
    assert sorted(found) == [1, 2, 4], "the window without a person is in nobody's row"
    assert found[4].text == "●HH-FK 1302 · In use"
    assert "Pool 2 · HH-FK 1302, Seán O'Brien · sean.obrien@nordwind.example" in found[4].marks["aria-label"]


def test_a_change_shows_its_state_and_leads_to_its_page(desk: Person, flinkey: Remote) -> None:
    caught_up(desk, WEEK)
    flinkey.settings(delay=1000)
    step = give(desk)  # Zoë Groß, car 2, Friday 08:00 to 18:00
    page = reader(desk.get(WEEK))
    (asked,) = page.tags("a", data_state="waiting")
    assert asked.text == "…Zoë Groß · Waiting for flinkey"
    assert asked.marks["href"] == f"/operations/{step.operation_id}/"
    assert "data-id" not in asked.marks
    assert minutes(asked.marks["class"]) == (4 * DAY + 8 * 60, 10 * 60)
    assert "every 2s" in page_of(desk.get(WEEK))


def test_it_turns_green_by_itself(desk: Person, clock: Clock, flinkey: Remote) -> None:
    caught_up(desk, WEEK)
    give(desk)
    page = desk.get(WEEK)
    assert [tag.text for tag in reader(page).tags("a", data_state="waiting")] == ["…Zoë Groß · Waiting for flinkey"]
    clock.advance(3)
    news = desk.poll(page)
    assert "Zoë Groß · Coming" in page_of(news)
    assert "Waiting for flinkey" not in page_of(news)


# Gaps ---------------------------------------------------------------------------------------------------------------


def test_a_gap_leads_to_the_form_filled_in(desk: Person, flinkey: Remote) -> None:
    flinkey.change("add_window", car=7, user=1, start="2026-11-26T07:00:00Z", end="2026-11-27T17:00:00Z")
    free = [gap for gap in gaps(timeline(desk)) if "car=7&" in gap.marks["href"]]
    assert [minutes(gap.marks["class"]) for gap in free] == [
        (0, 3 * DAY + 8 * 60),
        (4 * DAY + 18 * 60, 2 * DAY + 6 * 60),
    ]
    assert [gap.marks["aria-label"] for gap in free] == [
        "Give access: Neuzugang, free until Thu 26 Nov, 08:00",
        "Give access: Neuzugang, free Fri 27 Nov, 18:00 \u2013 Mon 30 Nov, 00:00",
    ]
    assert [gap.marks["href"] for gap in free] == [
        "/assignments/new/?car=7&end=2026-11-26T08:00&next=/timeline/",
        "/assignments/new/?car=7&start=2026-11-27T18:00&end=2026-11-30T00:00&next=/timeline/",
    ]
    form = page_of(desk.get(free[1].marks["href"]))
    assert 'value="2026-11-27T18:00"' in form
    assert 'value="2026-11-30T00:00"' in form
    assert 'value="Neuzugang"' in form
    assert 'value="2026-11-24T10:00"' in page_of(desk.get(free[0].marks["href"])), "what is free now begins now"


def test_nothing_is_free_in_the_past_or_beside_an_open_end(desk: Person) -> None:
    assert gaps(timeline(desk, "/timeline/?from=2026-11-16")) == []
    assert [gap for gap in gaps(timeline(desk)) if "car=1&" in gap.marks["href"]] == []


def test_what_was_not_read_is_not_called_free(desk: Person) -> None:
    page = reader(desk.get(WEEK))
    assert gaps(page) == []
    assert page.row(7)[1] == "Not read yet"
    page = timeline(desk)
    assert page.row(7)[1] == ""
    assert len([gap for gap in gaps(page) if "car=7&" in gap.marks["href"]]) == 1


# What a dragged bar asks of the form --------------------------------------------------------------------------------


def filled_in(person: Person, address: str) -> dict[str, str]:
    page = page_of(person.get(address))
    return {name: re.findall(rf'<input[^>]*name="{name}"[^>]*>', page)[0] for name in ("car", "user", "start", "end")}


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", ("Pool 1", "Ayşe", "2026-11-25T09:00", "2026-11-25T18:00")),
        ("start_by=-60&end_by=1440", ("Pool 1", "Ayşe", "2026-11-25T08:00", "2026-11-26T18:00")),
        ("car=2&user=5", ("Pool 2", "Zoë", "2026-11-25T09:00", "2026-11-25T18:00")),
        ("start_by=soon&end_by=1e9&car=0", ("Pool 1", "Ayşe", "2026-11-25T09:00", "2026-11-25T18:00")),
    ],
)
def test_the_form_of_a_dragged_bar_is_filled_in(desk: Person, query: str, wanted: tuple[str, ...]) -> None:
    desk.get("/cars/")
    shown = filled_in(desk, f"/assignments/2/?{query}")
    assert [word for word, field in zip(wanted, shown.values(), strict=True) if word not in field] == []


def test_what_was_dragged_is_sent_once_somebody_says_so(desk: Person, flinkey: Remote) -> None:
    """The form is filled in with another car and other times than the window has, and sends just that."""
    address = "/assignments/2/?start_by=60&end_by=60&car=2"
    desk.get(address)
    assert flinkey.requests("updateAssignment") == []
    desk.post(
        address,
        {"car": "Pool 2 · HH-FK 1302", "user": "2", "start": "2026-11-25T10:00", "end": "2026-11-25T19:00"},
    )
    (sent,) = flinkey.requests("updateAssignment")
    assert {one["path"]: one["value"] for one in sent["body"]} == {
        "/carId": "2",
        "/start": "2026-11-25T09:00:00Z",
        "/end": "2026-11-25T18:00:00Z",
    }


def test_an_open_end_stays_open(desk: Person) -> None:
    assert 'value=""' in filled_in(desk, "/assignments/1/?start_by=60&end_by=60")["end"]


# Which days, which rows ---------------------------------------------------------------------------------------------


def test_the_ways_to_other_days_keep_the_filter(desk: Person) -> None:
    page = timeline(desk, "/timeline/?q=pool&group=1&page=1")
    ways = links(page, "?")
    assert ways["Earlier"] == "?q=pool&group=1&from=2026-11-16&days=7"
    assert ways["Later"] == "?q=pool&group=1&from=2026-11-30&days=7"
    assert ways["Day"] == "?q=pool&group=1&from=2026-11-24&days=1"
    assert ways["Month"] == "?q=pool&group=1&from=2026-11-01&days=30"
    assert ways["Users"] == "?q=pool&group=1&rows=users"
    month = timeline(desk, f"/timeline/{ways['Month']}")
    assert links(month, "?")["Later"] == "?q=pool&group=1&from=2026-12-01&days=31"
    assert links(month, "?")["Today"] == "?q=pool&group=1&days=30"
    assert bars(month)[2].marks["href"] == (
        "/assignments/2/?next=/timeline/%3Fq%3Dpool%26group%3D1%26from%3D2026-11-01%26days%3D30"
    )


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("", "23 Nov \u2013 29 Nov 2026"),
        ("?days=1", "Tue 24 Nov 2026"),
        ("?days=31", "November 2026"),
        ("?from=2026-12-28&days=14", "28 Dec 2026 \u2013 10 Jan 2027"),
        ("?from=nonsense&days=many", "23 Nov \u2013 29 Nov 2026"),
    ],
)
def test_the_days_are_named_with_their_zone(desk: Person, query: str, title: str) -> None:
    (heading,) = [tag for tag in reader(desk.get(f"/timeline/{query}")).tags("h2") if "Europe/Berlin" in tag.text]
    assert " ".join(heading.text.split()) == f"{title} Europe/Berlin"


def test_the_rows_are_those_of_the_lists(desk: Person) -> None:
    for address in ("/groups/1/", "/groups/2/", "/groups/3/", WEEK, "/timeline/?rows=users"):
        caught_up(desk, address)
    wanted = {
        "": {1, 2, 3, 4, 5, 6, 7},
        "?q=hh-fk": {1, 2},
        "?group=2": {5, 6},
        "?group=1&q=88": {3},
        "?groups=none": {7},
        "?access=now": {1, 2, 3},
        "?car=3": {3},
        "?user=3": {3},
        "?rows=users&group=1": {1, 2, 4},
        "?rows=users&q=zoe": {5},
        "?q=nothing+like+this": set(),
    }
    for query, ids in wanted.items():
        page = reader(desk.get(f"/timeline/{query}"))
        assert {number for number, _name in rows(page)} == ids, query
        assert page.total() == len(ids), query


def test_a_single_row_can_be_left_again(desk: Person) -> None:
    page = timeline(desk, "/timeline/?car=3&days=14")
    assert links(page, "?")["Pool 3 · HH-NW 88"] == "?days=14&rows=cars"
    assert {
        name
        for page in ("/cars/3/", "/groups/1/", "/users/3/")
        for name in links(reader(desk.get(page)), "/timeline/?").values()
    } == {
        "/timeline/?car=3",
        "/timeline/?group=1",
        "/timeline/?user=3",
    }


def test_rows_come_in_pages_of_the_size_that_was_asked_for(desk: Person, flinkey: Remote) -> None:
    for number in range(60):
        flinkey.change("add_thing", kind="cars", name=f"Zugang {number}")
    assert fresh(desk, "/cars/").status_code == 302
    sizes = {
        query: len(rows(reader(desk.get(f"/timeline/{query}")))) for query in ("", "?page=2", "?per=100", "?per=7")
    }
    assert sizes == {"": 50, "?page=2": 17, "?per=100": 67, "?per=7": 50}
    assert links(reader(desk.get("/timeline/?page=2")), "?")["100"] == "?per=100"


# Days with a change of the clocks -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "total", "place"),
    [
        # 03:30 local, an hour after midnight and a half: the clocks have gone forward
        ("from=2027-03-28&days=1", "h23", (150, 60)),
        ("from=2027-03-22", "d6 h23", (6 * DAY + 150, 60)),
    ],
)
def test_on_a_short_day_bars_stand_right(
    desk: Person, flinkey: Remote, query: str, total: str, place: tuple[int, int]
) -> None:
    flinkey.change("add_window", car=7, user=1, start="2027-03-28T01:30:00Z", end="2027-03-28T02:30:00Z")
    page = timeline(desk, f"/timeline/?{query}")
    assert minutes(bars(page)[6].marks["class"]) == place
    assert "Sun 28 Mar" in bars(page)[6].marks["aria-label"] or "28 Mar 2027" in bars(page)[6].marks["aria-label"]
    (table,) = page.tags("table")
    assert table.marks["class"] == f"rows {total}"


def test_on_a_long_day_both_hours_have_their_place(desk: Person, flinkey: Remote) -> None:
    """02:30 comes twice on 25 October: first 00:30 UTC, then 01:30 UTC."""
    for hour in (0, 1):
        flinkey.change("add_window", car=7, user=1, start=f"2026-10-25T0{hour}:30:00Z", end="2026-10-25T05:00:00Z")
    found = bars(timeline(desk, "/timeline/?from=2026-10-25&days=1"))
    assert [minutes(found[number].marks["class"])[0] for number in (6, 7)] == [150, 210]


# Whose, and for how much --------------------------------------------------------------------------------------------


def test_another_customer_has_rows_and_bars_of_its_own(desk: Person, southerner: Person) -> None:
    ours, theirs = timeline(desk), timeline(southerner)
    assert (len(bars(ours)), len(bars(theirs))) == (4, 1)
    assert "Pool" in page_of(caught_up(desk, WEEK))
    text = page_of(caught_up(southerner, WEEK))
    assert "Björn Häußler" in text
    assert re.findall("Pool|HH-|Müller|nordwind", text) == []
    assert rows(timeline(southerner, "/timeline/?group=2")) != rows(timeline(desk, "/timeline/?group=2"))


@pytest.mark.django_db(transaction=True)
def test_one_row_or_a_hundred_cost_the_database_the_same(coordinator: Person, flinkey: Remote, settings: Any) -> None:
    settings.FLINKEY_CALLS_PER_SECOND = 1000.0
    addresses = [WEEK, "/timeline/?rows=users", "/timeline/?group=1&per=200", "/timeline/?from=2030-01-01&per=200"]
    coordinator.get(WEEK)
    work()
    few = {address: warm(coordinator, address) for address in addresses}
    grow(flinkey)
    for address in addresses:
        many = warm(coordinator, address)
        assert many == few[address], address
        assert len(many) <= AT_MOST, "\n".join([address, *many])
    assert len(bars(reader(coordinator.get("/timeline/?from=2030-01-01&per=200")))) > 100


def test_an_open_page_asks_for_nothing_new_while_nothing_is(desk: Person, clock: Clock) -> None:
    caught_up(desk, WEEK)
    page = desk.get(WEEK)
    assert desk.poll(page).status_code == 204
    assert not Listing.objects.filter(read_at=None, name__contains="/windows").exists()


def test_as_the_clock_moves_on_the_line_alone_is_sent(desk: Person, clock: Clock) -> None:
    caught_up(desk, WEEK)
    page = desk.get(WEEK)
    clock.advance(61)
    text = page_of(desk.poll(page))
    assert re.findall(r'hx-target="#(\w+)"', text) == ["now", "age", "watch"]
    assert 'class="line d1 h10 m1 wm1"' in text


def test_nobody_sees_it_without_a_sign_in(visitor: Person) -> None:
    assert visitor.get(WEEK)["Location"] == "/sign-in/?next=%2Ftimeline%2F"


def test_the_table_is_one_for_a_screen_reader(desk: Person) -> None:
    page = timeline(desk)
    (table,) = page.tags("table")
    assert [tag.text.strip() for tag in page.tags("caption")] == ["Who may open which car: 23 Nov \u2013 29 Nov 2026"]
    assert len(page.tags("th", scope="row")) == 7
    assert len(page.tags("th", scope="col")) == 2
    (today,) = page.tags("span", aria_current="date")
    assert "Tue 24" in " ".join(today.text.split())
    assert table.marks["data-total"] == "7"
    assert "Today" in visible(desk.get(WEEK))
