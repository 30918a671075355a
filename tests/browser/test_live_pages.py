"""A page that is open keeps true by itself: it morphs in what changed, loses nothing, and is back when flinkey is."""

import datetime as dt
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from flinkey_admin.mirror import breaker, pages, reading
from flinkey_admin.sandbox import Remote
from tests.browser.conftest import Held, tick

MOMENT = dt.timedelta(milliseconds=200)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everything that waits some seconds waits for one."""
    monkeypatch.setattr(pages, "EVERY", 1)
    monkeypatch.setattr(reading, "FRESH", MOMENT)
    monkeypatch.setattr(reading, "NEARLY", MOMENT)
    monkeypatch.setattr(breaker, "INTERVAL", dt.timedelta(seconds=1))
    yield


def test_a_morph_keeps_ticks_focus_scroll_and_typed_text(desk: Page, flinkey: Remote) -> None:
    for number in range(40):
        flinkey.change("add_thing", kind="cars", name=f"Zugang {number:02}")
        flinkey.change("add_member", kind="cars", group=1, id=8 + number)
    desk.goto("/groups/1/cars/")
    tick(desk, "Pool 2", "Zugang 07")
    expect(desk.locator("[data-selected-count]")).to_have_text("2")
    field = desk.get_by_role("searchbox", name="Search this list")
    desk.evaluate("() => window.scrollTo(0, 500)")
    kept = desk.get_by_role("checkbox", name="Tick Zugang 20")
    kept.focus()
    before = desk.evaluate("() => window.scrollY")
    desk.evaluate("() => { document.querySelector('main input[name=q]').value = 'half a wo'; }")

    flinkey.change("rename_car", car=1, name="Pool 1 neu")
    flinkey.change("remove_member", kind="cars", group=1, id=3)

    expect(desk.locator("tr[data-id='1'] .name")).to_have_text("Pool 1 neu")
    expect(desk.locator("tr[data-id='3']")).to_have_count(0)
    expect(kept).to_be_focused()
    expect(desk.get_by_role("checkbox", name="Tick Pool 2")).to_be_checked()
    expect(desk.get_by_role("checkbox", name="Tick Zugang 07")).to_be_checked()
    expect(desk.locator("[data-selected-count]")).to_have_text("2")
    expect(field).to_have_value("half a wo")
    assert abs(desk.evaluate("() => window.scrollY") - before) < 60, "a row above has gone, and nothing else moves"
    expect(desk.locator("#tabs [aria-current]")).to_have_text("Cars 43")


def test_the_page_says_what_is_the_matter_and_recovers_when_flinkey_does(desk: Page, flinkey: Remote) -> None:
    desk.goto("/cars/")
    expect(desk.locator("#age")).to_have_attribute("data-state", "fresh")
    flinkey.fault("*", "reset-before", times=-1)
    trouble = desk.locator("#age .trouble")
    expect(trouble).to_have_text(
        "flinkey cannot be reached at the moment. You see what it said last; this page catches up by itself."
    )
    expect(desk.locator("tr[data-id]")).to_have_count(7)
    expect(desk.locator("#toasts .toast")).to_have_count(0)
    flinkey.change("rename_car", car=2, name="Umgetauft")

    flinkey.clear_faults()

    expect(trouble).to_have_count(0)
    expect(desk.locator("tr[data-id='2'] .name")).to_have_text("Umgetauft")


def test_a_car_deleted_while_its_page_is_open_says_so_and_keeps_its_story(desk: Page, flinkey: Remote) -> None:
    desk.goto("/cars/3/")
    flinkey.change("delete_car", car=3)
    expect(desk.locator("#facts")).to_contain_text("flinkey no longer knows this car.")
    expect(desk.locator("#story")).to_contain_text("changed outside this dashboard, seen")
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Pool 3")


def test_a_window_given_here_turns_green_while_one_watches(desk: Page, flinkey: Remote) -> None:
    desk.goto("/assignments/new/?car=4&user=2&next=/cars/4/")
    flinkey.settings(delay=6)
    desk.get_by_role("button", name="Give access").click()
    row = desk.locator("#windows tbody tr")
    expect(row).to_have_attribute("data-state", "waiting")
    expect(row).to_have_attribute("data-state", "confirmed")
    desk.goto("/cars/")
    expect(desk.locator("tr[data-id='4']")).to_contain_text("Ayşe Öztürk")


def test_what_somebody_searches_wins_over_news_of_the_list_before(desk: Page, flinkey: Remote) -> None:
    desk.goto("/cars/")
    flinkey.settings(latency=0.6)  # news is under way now, nearly all of the time
    desk.wait_for_timeout(900)
    desk.get_by_role("searchbox", name="Search this list").fill("skoda")
    expect(desk.locator("tr[data-id] .name")).to_have_text(["Pool 3"])
    for _ in range(12):
        desk.wait_for_timeout(200)
        expect(desk.locator("tr[data-id] .name")).to_have_text(["Pool 3"])


def test_hits_are_not_exchanged_under_the_hand_that_walks_through_them(desk: Page) -> None:
    desk.goto("/groups/")
    desk.get_by_role("searchbox", name="Search the whole fleet").fill("poo")
    hits = desk.locator("#found .hits a")
    expect(hits).to_have_count(4)
    late = Held(desk, "/search/.*q=pool")
    desk.keyboard.type("l")
    late.wait()
    desk.keyboard.press("ArrowDown")
    late.let_go()
    expect(hits.first).to_be_focused()


def test_what_is_unfolded_stays_so_when_the_row_has_news(desk: Page, flinkey: Remote) -> None:
    """Somebody looks for a button in it just then."""
    desk.goto("/cars/2/")
    row = desk.locator("#windows tr[data-phase=running]").first
    row.locator("summary").click()
    expect(row.get_by_role("button", name="1 hour more")).to_be_visible()
    number = int(row.get_attribute("data-id") or 0)
    flinkey.change("end_window", window=number, end="2031-01-01T08:00:00Z")
    expect(row).to_contain_text("2031")
    expect(row.get_by_role("button", name="1 hour more")).to_be_visible()


def test_the_search_in_the_head_answers_as_one_types(desk: Page, flinkey: Remote) -> None:
    desk.goto("/groups/")
    desk.keyboard.press("/")
    field = desk.get_by_role("searchbox", name="Search the whole fleet")
    expect(field).to_be_focused()
    desk.keyboard.type("pool")
    hits = desk.locator("#found .hits a")
    expect(hits).to_have_count(4)
    desk.keyboard.press("ArrowDown")
    expect(hits.first).to_be_focused()
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("ArrowUp")
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Pool 2")
    desk.wait_for_load_state()

    field.fill("hh-nw 91")
    expect(hits).to_have_count(1)
    desk.keyboard.press("Escape")
    expect(hits).to_have_count(0)
    field.fill("nothing like this")
    expect(desk.locator("#found")).to_contain_text("Nothing in the fleet fits")
    field.fill("hhnw91")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Pool 4")
