"""Search as one types: the list follows, the cursor stays, the address can be sent to a colleague, ticks survive."""

import re

from playwright.sync_api import Page, expect

from flinkey_admin.sandbox import Remote
from tests.browser.conftest import Complaints, tick


def test_the_list_follows_while_the_cursor_stays_in_the_field(desk: Page) -> None:
    desk.goto("/groups/1/cars/")
    field = desk.get_by_role("searchbox")
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
    expect(desk.get_by_role("searchbox")).to_have_value("hhfk1302")


def test_back_leads_through_the_searches(desk: Page) -> None:
    desk.goto("/cars/")
    desk.get_by_role("searchbox").fill("skoda")
    expect(desk.locator("tr[data-id]")).to_have_count(1)
    desk.go_back()
    expect(desk.locator("tr[data-id]")).to_have_count(7)
    expect(desk).to_have_url(re.compile(r"/cars/$"))


def test_a_word_that_finds_nothing_says_so_and_leads_back(desk: Page) -> None:
    desk.get_by_role("searchbox").fill("Timbuktu")
    expect(desk.get_by_text("No group fits this search.")).to_be_visible()
    desk.get_by_role("link", name="Show all").click()
    expect(desk.locator("tr[data-id]")).to_have_count(4)


def test_sorting_keeps_the_search(desk: Page) -> None:
    desk.goto("/groups/1/cars/")
    desk.get_by_role("searchbox").fill("pool")
    expect(desk).to_have_url(re.compile(r"q=pool"))
    desk.get_by_role("link", name="Plate").click()
    expect(desk.locator("tr[data-id] .plate")).to_have_text(["HH-FK 1234", "HH-FK 1302", "HH-NW 88", "HH-NW 91"])
    desk.get_by_role("link", name="Plate").click()
    expect(desk.locator("tr[data-id] .plate")).to_have_text(["HH-NW 91", "HH-NW 88", "HH-FK 1302", "HH-FK 1234"])
    expect(desk.get_by_role("searchbox")).to_have_value("pool")

    # and typing on keeps the order
    desk.get_by_role("searchbox").fill("hhfk")
    expect(desk.locator("tr[data-id] .plate")).to_have_text(["HH-FK 1302", "HH-FK 1234"])


def test_ticks_survive_a_search_where_their_row_is_still_in_the_list(desk: Page) -> None:
    desk.goto("/groups/1/cars/")
    tick(desk, "Pool 2", "Pool 4")
    desk.get_by_role("searchbox").fill("hhfk")
    expect(desk.locator("tr[data-id]")).to_have_count(2)
    expect(desk.get_by_role("checkbox", name="Tick Pool 2")).to_be_checked()
    expect(desk.get_by_role("checkbox", name="Tick Pool 1")).not_to_be_checked()
    expect(desk.locator("[data-selected-count]")).to_have_text("1")


def test_what_is_sent_is_what_was_ticked_after_a_search(desk: Page) -> None:
    desk.goto("/groups/1/cars/")
    desk.get_by_role("searchbox").fill("hhfk")
    expect(desk.locator("tr[data-id]")).to_have_count(2)
    tick(desk, "Pool 1")
    desk.get_by_role("button", name="Remove", exact=True).click()
    expect(desk.locator("li[data-id] .name")).to_have_text(["Pool 1 · HH-FK 1234"])


def test_flinkey_being_down_leaves_the_table_alone_and_says_so(
    desk: Page, flinkey: Remote, complaints: Complaints
) -> None:
    complaints.expect(503)
    desk.goto("/groups/1/cars/")
    tick(desk, "Pool 3")
    flinkey.fault("*", "reset-before", times=10_000)
    desk.get_by_role("searchbox").fill("hhfk")
    toast = desk.locator("#toasts .toast")
    expect(toast).to_contain_text("flinkey cannot be reached right now. Nothing was changed. Try again in a moment.")
    expect(desk.locator("tr[data-id]")).to_have_count(4)
    expect(desk.get_by_role("checkbox", name="Tick Pool 3")).to_be_checked()
    expect(desk).to_have_url(re.compile(r"/groups/1/cars/$"))

    flinkey.clear_faults()
    toast.get_by_role("button", name="Dismiss").click()
    expect(toast).to_have_count(0)
    desk.get_by_role("searchbox").fill("hhfk1")
    expect(desk.locator("tr[data-id]")).to_have_count(2)


def test_flinkey_being_down_makes_a_page_that_says_so_and_recovers(
    desk: Page, flinkey: Remote, complaints: Complaints
) -> None:
    complaints.expect(503)
    flinkey.fault("*", "reset-before", times=10_000)
    desk.goto("/groups/1/")
    expect(desk.get_by_role("heading", level=1)).to_have_text("flinkey cannot be reached")
    expect(desk.get_by_text("Nothing was changed. Try again in a moment.")).to_be_visible()
    assert not re.search(r"\b50\d\b|[Ee]rror|[Ee]xception|reset", desk.locator("main").inner_text())

    flinkey.clear_faults()
    desk.reload()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Hamburg")
