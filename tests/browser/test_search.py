"""Search as one types: the list follows, the cursor stays, the address can be sent to a colleague, ticks survive."""

import datetime as dt
import re

import pytest
from playwright.sync_api import Page, expect

from flinkey_admin.mirror import breaker
from flinkey_admin.sandbox import Remote
from tests.browser.conftest import Complaints, tick


def test_the_list_follows_while_the_cursor_stays_in_the_field(desk: Page) -> None:
    desk.goto("/groups/1/cars/")
    field = desk.get_by_role("searchbox", name="Search this list")
    field.click()
    desk.keyboard.type("hhfk")
    expect(desk.locator("tr[data-id]")).to_have_count(2)
    expect(desk.locator("table")).to_have_attribute("data-total", "2")
    expect(field).to_be_focused()
    expect(desk).to_have_url(re.compile(r"/groups/1/cars/\?q=hhfk$"))

    desk.keyboard.type("1302")
    expect(desk.locator("tr[data-id] .name")).to_have_text(["Pool 2"])
    expect(field).to_have_value("hhfk1302")

    desk.reload()
    expect(desk.locator("tr[data-id] .name")).to_have_text(["Pool 2"])
    expect(desk.get_by_role("searchbox", name="Search this list")).to_have_value("hhfk1302")


def test_back_leads_through_the_searches(desk: Page) -> None:
    desk.goto("/cars/")
    desk.get_by_role("searchbox", name="Search this list").fill("skoda")
    expect(desk.locator("tr[data-id]")).to_have_count(1)
    desk.go_back()
    expect(desk.locator("tr[data-id]")).to_have_count(7)
    expect(desk).to_have_url(re.compile(r"/cars/$"))


def test_a_word_that_finds_nothing_says_so_and_leads_back(desk: Page) -> None:
    desk.get_by_role("searchbox", name="Search this list").fill("Timbuktu")
    expect(desk.get_by_text("No group fits this search.")).to_be_visible()
    desk.get_by_role("link", name="Show all").click()
    expect(desk.locator("tr[data-id]")).to_have_count(4)


def test_sorting_keeps_the_search(desk: Page) -> None:
    desk.goto("/groups/1/cars/")
    desk.get_by_role("searchbox", name="Search this list").fill("pool")
    expect(desk).to_have_url(re.compile(r"q=pool"))
    desk.get_by_role("link", name="Plate", exact=True).click()
    expect(desk.locator("tr[data-id] .plate")).to_have_text(["HH-FK 1234", "HH-FK 1302", "HH-NW 88", "HH-NW 91"])
    desk.get_by_role("link", name="Plate", exact=True).click()
    expect(desk.locator("tr[data-id] .plate")).to_have_text(["HH-NW 91", "HH-NW 88", "HH-FK 1302", "HH-FK 1234"])
    expect(desk.get_by_role("searchbox", name="Search this list")).to_have_value("pool")

    # and typing on keeps the order
    desk.get_by_role("searchbox", name="Search this list").fill("hhfk")
    expect(desk.locator("tr[data-id] .plate")).to_have_text(["HH-FK 1302", "HH-FK 1234"])


def test_ticks_survive_a_search_where_their_row_is_still_in_the_list(desk: Page) -> None:
    desk.goto("/groups/1/cars/")
    tick(desk, "Pool 2", "Pool 4")
    desk.get_by_role("searchbox", name="Search this list").fill("hhfk")
    expect(desk.locator("tr[data-id]")).to_have_count(2)
    expect(desk.get_by_role("checkbox", name="Tick Pool 2")).to_be_checked()
    expect(desk.get_by_role("checkbox", name="Tick Pool 1")).not_to_be_checked()
    expect(desk.locator("[data-selected-count]")).to_have_text("1")


def test_what_is_sent_is_what_was_ticked_after_a_search(desk: Page) -> None:
    desk.goto("/groups/1/cars/")
    desk.get_by_role("searchbox", name="Search this list").fill("hhfk")
    expect(desk.locator("tr[data-id]")).to_have_count(2)
    tick(desk, "Pool 1")
    desk.get_by_role("button", name="Remove from the group").click()
    expect(desk.locator("li[data-id] .name")).to_have_text(["Pool 1 · HH-FK 1234"])


def test_flinkey_being_down_does_not_stop_a_search(desk: Page, flinkey: Remote) -> None:
    desk.goto("/groups/1/cars/")
    tick(desk, "Pool 2")
    flinkey.fault("*", "reset-before", times=10_000)
    desk.get_by_role("searchbox", name="Search this list").fill("hhfk")
    expect(desk.locator("tr[data-id]")).to_have_count(2)
    expect(desk.get_by_role("checkbox", name="Tick Pool 2")).to_be_checked()
    expect(desk.locator("#toasts .toast")).to_have_count(0)


def test_flinkey_being_down_at_a_first_visit_makes_a_page_that_says_so_and_recovers(
    desk: Page, flinkey: Remote, complaints: Complaints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "INTERVAL", dt.timedelta(seconds=1))
    complaints.expect(503)
    flinkey.fault("*", "reset-before", times=10_000)
    desk.goto("/users/2/")  # nothing of it is read behind the list of groups, where the desk stands
    expect(desk.get_by_role("heading", level=1)).to_have_text("flinkey cannot be reached")
    expect(desk.get_by_text("Nothing was changed. Try again in a moment.")).to_be_visible()
    assert not re.search(r"\b50\d\b|[Ee]rror|[Ee]xception|reset", desk.locator("main").inner_text())

    flinkey.clear_faults()
    desk.wait_for_timeout(1100)
    desk.reload()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Ayşe Öztürk")
