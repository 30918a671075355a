"""The main job: three cars from Hamburg to Berlin, by clicks alone."""

import re

from playwright.sync_api import Page, expect

from flinkey_admin.sandbox import Remote
from tests.browser.conftest import Complaints, members, tick


def test_three_cars_move_from_hamburg_to_berlin(desk: Page, flinkey: Remote) -> None:
    desk.get_by_role("link", name="Hamburg", exact=True).click()
    bar = desk.get_by_role("group", name="What to do with what is ticked")
    expect(bar).to_be_hidden()
    tick(desk, "Pool 1", "Pool 2", "Pool 3")
    expect(bar).to_contain_text("3 selected")

    bar.get_by_role("button", name="Move to…").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("from Hamburg to…")
    desk.get_by_role("radio", name="Berlin").check()
    desk.get_by_role("button", name="Continue to the review").click()

    expect(desk.get_by_role("heading", level=1)).to_have_text("Move 3 cars from Hamburg to Berlin?")
    expect(desk.locator("li[data-id] .name")).to_have_text(
        ["Pool 1 · HH-FK 1234", "Pool 2 · HH-FK 1302", "Pool 3 · HH-NW 88"]
    )
    assert members(flinkey, 1) == [1, 2, 3, 4], "a review changes nothing"

    desk.get_by_role("button", name="Move", exact=True).click()
    expect(desk).to_have_url(re.compile(r"/operations/\d+/$"))
    expect(desk.locator("#receipt")).to_have_attribute("data-state", "confirmed")
    expect(desk.locator("li[data-id] .state")).to_have_text(["Moved"] * 3)
    assert (members(flinkey, 1), members(flinkey, 2)) == ([4], [1, 2, 3, 5, 6])

    desk.goto("/groups/2/cars/")
    expect(desk.locator("tr[data-id]")).to_have_count(5)
    desk.goto("/operations/")
    expect(desk.get_by_role("link", name="Move 3 cars from Hamburg to Berlin")).to_have_count(1)


def test_a_tick_on_a_cell_beside_the_box_counts_too(desk: Page) -> None:
    desk.goto("/groups/1/cars/")
    desk.locator('tr[data-id="2"] td.tick').click(position={"x": 3, "y": 3})
    expect(desk.get_by_role("checkbox", name="Tick Pool 2")).to_be_checked()


def test_without_a_group_the_page_asks_again_and_cancelling_changes_nothing(
    desk: Page, flinkey: Remote, complaints: Complaints
) -> None:
    complaints.expect(422)
    desk.goto("/groups/1/cars/")
    tick(desk, "Pool 2", "Pool 4")
    desk.get_by_role("button", name="Move to…").click()
    desk.get_by_role("button", name="Continue to the review").click()
    expect(desk.get_by_role("alert")).to_have_text("Choose a group.")

    desk.get_by_role("radio", name="Leer").check()
    desk.get_by_role("button", name="Continue to the review").click()
    expect(desk.locator("li[data-id]")).to_have_count(2)
    desk.get_by_role("link", name="Cancel").click()
    expect(desk).to_have_url(re.compile(r"/groups/1/cars/$"))
    assert (members(flinkey, 1), members(flinkey, 4)) == ([1, 2, 3, 4], [])
