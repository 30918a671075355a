"""An open page keeps itself true: it asks flinkey for the lists it shows, when they are old, and tells what changed."""

import html
import re
import time
from typing import Any

import pytest

from flinkey_admin.sandbox import Remote
from tests.conftest import WATCH, Person
from tests.fleet.reading import Reader
from tests.fleet.test_browse_costs import queries
from tests.mirror.stage import NEXT, SOON, asked, caught_up, listing, times_asked
from tests.operations.stage import Clock, page_of

PARTIAL = re.compile(r'<hx-partial hx-target="#([^"]+)" hx-swap="outerMorph">')
IN_GROUP = ["/groups", "/groups/1/cars", "/groups/1/products", "/groups/1/services", "/groups/1/users"]
OF_PAGE = {
    "/groups/": ["/groups"],
    "/groups/1/": IN_GROUP,
    "/groups/1/users/": IN_GROUP,
    "/cars/": ["/cars"],
    "/cars/?q=pool": ["/cars"],
    "/users/": ["/users"],
    "/services/": ["/services"],
    "/products/": ["/products"],
    "/cars/1/": ["/cars/1", "/cars/1/assignments"],
    "/users/1/": ["/users/1", "/users/1/assignments"],
}


def parts(news: Any) -> list[str]:
    """The parts that an answer brings, in their order."""
    return PARTIAL.findall(page_of(news))


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("/groups/", ["/groups"]),
        ("/groups/1/", IN_GROUP),
        ("/cars/", ["/cars"]),
        ("/cars/1/", ["/cars/1", "/cars/1/assignments", "/groups", "/users"]),
        ("/users/1/", ["/cars", "/groups", "/users/1", "/users/1/assignments"]),
        ("/services/", ["/services"]),
    ],
)
def test_a_first_visit_reads_the_least_and_the_next_one_nothing(
    coordinator: Person, flinkey: Remote, address: str, wanted: list[str]
) -> None:
    flinkey.clear_requests()
    assert coordinator.get(address).status_code == 200
    assert asked(flinkey) == wanted
    assert coordinator.get(address).status_code == 200
    assert asked(flinkey) == wanted, "and the next one nothing"


def test_a_first_visit_reads_all_its_lists_at_once(coordinator: Person, flinkey: Remote) -> None:
    coordinator.get("/groups/2/")  # so that the templates are read
    flinkey.settings(latency=1)
    began = time.monotonic()
    assert coordinator.get("/groups/1/").status_code == 200
    assert 1 <= time.monotonic() - began < 3, "one after the other would take five seconds"


def test_a_look_is_noted_while_flinkey_is_waited_for(coordinator: Person, flinkey: Remote) -> None:
    """Before what it said is stored: whoever waits has nothing else to do."""
    statements = queries(coordinator, "/groups/1/")
    (noted,) = [at for at, sql in enumerate(statements) if '"looked_at" = EXCLUDED' in sql]
    (kept,) = [at for at, sql in enumerate(statements) if 'INSERT INTO "mirror_group"' in sql]
    assert noted < kept


@pytest.mark.parametrize("address", OF_PAGE)
def test_within_five_seconds_a_poll_asks_nobody(
    clock: Clock, coordinator: Person, flinkey: Remote, address: str
) -> None:
    page = caught_up(coordinator, address)
    flinkey.clear_requests()
    clock.advance(5)
    news = coordinator.poll(page)
    assert (news.status_code, news.content, asked(flinkey)) == (204, b"", [])
    assert "HX-Trigger" not in news.headers


@pytest.mark.parametrize("address", OF_PAGE)
def test_afterwards_it_reads_exactly_what_the_page_is_about(
    clock: Clock, coordinator: Person, flinkey: Remote, address: str
) -> None:
    page = caught_up(coordinator, address)
    flinkey.clear_requests()
    clock.advance(SOON)
    news = coordinator.poll(page)
    assert asked(flinkey) == OF_PAGE[address]
    assert (news.status_code, news.content) == (204, b""), "nothing changed"
    coordinator.poll(page)
    assert asked(flinkey) == OF_PAGE[address], "and it is fresh again"


def test_what_stands_beside_is_read_again_after_a_minute(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = caught_up(coordinator, "/cars/1/")
    flinkey.clear_requests()
    clock.advance(NEXT)
    coordinator.poll(page)
    assert asked(flinkey) == ["/cars/1", "/cars/1/assignments", "/customers", "/groups", "/users"]


def test_a_list_of_cars_reads_their_windows_behind_the_readers_back(coordinator: Person, flinkey: Remote) -> None:
    page = coordinator.get("/cars/")
    assert "Öztürk" not in page_of(page)
    flinkey.clear_requests()
    news = coordinator.poll(page)
    windows = [f"/cars/{car}/assignments" for car in range(1, 8)]
    assert asked(flinkey) == [*windows, "/groups", "/users"]
    assert parts(news)[0] == "list"
    assert "Müller" in page_of(news)


def test_more_than_one_wave_is_asked_for_in_turns(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    for number in range(8, 41):
        flinkey.change("add_thing", kind="cars", name=f"Wagen {number}")
    page = coordinator.get("/cars/")
    turns = []
    for _ in range(5):
        flinkey.clear_requests()
        news = coordinator.poll(page)
        turns.append((len(asked(flinkey)), news.headers.get("HX-Trigger", "")))
    assert turns == [(16, "again"), (16, "again"), (10, ""), (0, ""), (0, "")]


def test_a_poll_reads_its_lists_at_once(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = caught_up(coordinator, "/groups/1/")
    flinkey.settings(latency=0.5)
    flinkey.clear_requests()
    clock.advance(SOON)
    began = time.monotonic()
    coordinator.poll(page)
    assert 0.5 <= time.monotonic() - began < 5 * 0.5, "one after the other would take as long as five"
    assert len(asked(flinkey)) == 5


def test_only_what_changed_is_sent(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = caught_up(coordinator, "/groups/1/")
    flinkey.change("remove_member", kind="users", group=1, id=4)
    clock.advance(SOON)
    news = coordinator.poll(page)
    assert (news.status_code, parts(news)) == (200, ["tabs", "watch"]), (
        "three users instead of four; the cars are as before"
    )
    assert "Pool 1" not in page_of(news)

    flinkey.change("remove_member", kind="cars", group=1, id=4)
    clock.advance(SOON)
    news = coordinator.poll(news)
    assert parts(news) == ["tabs", "list", "watch"]
    assert Reader(page_of(news)).ids() == [1, 2, 3]

    clock.advance(SOON)
    assert coordinator.poll(news).status_code == 204, "the new mark is that of what the page has now"


def test_the_mark_knows_a_page_that_is_older(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """Two tabs: what one of them has caught up with is still news for the other one."""
    first, second = caught_up(coordinator, "/groups/1/"), coordinator.get("/groups/1/")
    flinkey.change("remove_member", kind="cars", group=1, id=4)
    clock.advance(SOON)
    assert "list" in parts(coordinator.poll(first))
    flinkey.clear_requests()
    assert "list" in parts(coordinator.poll(second))
    assert asked(flinkey) == []


@pytest.mark.parametrize("mark", ["", "x", "1.2.3.4.5.6.7", "." * 50, "<b>", "%00"])
def test_a_mark_of_nothing_brings_the_whole_page(clock: Clock, coordinator: Person, flinkey: Remote, mark: str) -> None:
    caught_up(coordinator, "/groups/1/")
    news = coordinator.get(f"/groups/1/?seen={mark}", headers={"HX-Request": "true"})
    assert (news.status_code, parts(news)) == (200, ["title", "tabs", "list", "age", "watch"])


def test_a_poll_keeps_the_search_and_the_page(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = caught_up(coordinator, "/cars/?q=pool&sort=-name")
    (address,) = WATCH.findall(page_of(page))
    assert re.fullmatch(r"/cars/\?q=pool&sort=-name&seen=[0-9a-f.]+", html.unescape(address))
    flinkey.change("rename_car", car=7, name="Pool 7")
    clock.advance(SOON)
    news = coordinator.poll(page)
    assert Reader(page_of(news)).ids() == [7, 4, 3, 2, 1]


def test_refresh_reads_at_once_and_leads_to_the_plain_address(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    caught_up(coordinator, "/cars/?q=pool")
    clock.advance(1)
    flinkey.clear_requests()
    answer = coordinator.get("/cars/?q=pool&seen=x&fresh=1")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/cars/?q=pool")
    assert asked(flinkey) == ["/cars"]


def test_refresh_by_htmx_brings_what_changed(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = caught_up(coordinator, "/groups/1/")
    (link,) = [tag for tag in Reader(page_of(page)).tags("a", hx_get="") if "fresh=1" in tag.marks["hx-get"]]
    assert link.marks["href"] == "/groups/1/?fresh=1"
    flinkey.change("remove_member", kind="cars", group=1, id=4)
    clock.advance(1)
    flinkey.clear_requests()
    news = coordinator.get(link.marks["hx-get"], headers={"HX-Request": "true"})
    assert asked(flinkey) == IN_GROUP
    assert "list" in parts(news)


def test_a_group_that_is_gone_ends_in_words_and_asks_little(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = caught_up(coordinator, "/groups/4/")
    flinkey.change("delete_group", group=4)
    clock.advance(SOON)
    flinkey.clear_requests()
    news = coordinator.poll(page)
    assert news.status_code == 404
    assert "flinkey no longer knows this group" in html.unescape(page_of(news))
    assert max(times_asked(flinkey).values()) == 1, "each list once"
    flinkey.clear_requests()
    coordinator.poll(page)
    assert asked(flinkey) == [], "what is known to be gone is not asked for again"


def test_the_age_of_a_page_is_that_of_its_oldest_list(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = caught_up(coordinator, "/groups/1/")
    (age,) = Reader(page_of(page)).tags("p", id="age")
    assert (age.marks["data-state"], " ".join(age.text.split())[:11]) == ("fresh", "as of 10:00")
    clock.advance(300)
    (age,) = Reader(page_of(coordinator.get("/groups/1/"))).tags("p", id="age")
    assert age.marks["data-state"] == "stale"
    news = coordinator.poll(page)
    (age,) = Reader(page_of(news)).tags("p", id="age")
    assert (age.marks["data-state"], " ".join(age.text.split())[:11]) == ("fresh", "as of 10:05")
    assert parts(news) == ["age", "watch"]
    assert listing("groups/1/cars").read_at == listing("groups").read_at
