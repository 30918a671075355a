"""Ticking: ranges with shift, the box for the page, all that match over many pages."""

import datetime as dt
import re

from django.utils import timezone
from playwright.sync_api import Page, expect

from flinkey_admin.mirror.models import Listing
from flinkey_admin.sandbox import Remote
from tests.browser.conftest import Held, members, sign_in, tick


def ticked(page: Page) -> list[str]:
    """The ids of the ticked rows, in their order."""
    boxes = page.locator('input[name="id"]:checked')
    return [box.get_attribute("value") or "" for box in boxes.all()]


def test_shift_ticks_and_unticks_what_lies_between(desk: Page) -> None:
    desk.goto("/groups/1/cars/")
    tick(desk, "Pool 1")
    desk.get_by_role("checkbox", name="Tick Pool 3").click(modifiers=["Shift"])
    assert ticked(desk) == ["1", "2", "3"]
    expect(desk.locator("[data-selected-count]")).to_have_text("3")

    desk.get_by_role("checkbox", name="Tick Pool 2").click(modifiers=["Shift"])
    assert ticked(desk) == ["1"]


def test_the_box_in_the_head_ticks_the_page_and_shows_a_part(desk: Page) -> None:
    desk.goto("/groups/1/cars/")
    head = desk.get_by_role("checkbox", name="Tick all on this page")
    head.check()
    assert ticked(desk) == ["1", "2", "3", "4"]
    desk.get_by_role("checkbox", name="Tick Pool 2").uncheck()
    assert head.evaluate("box => [box.checked, box.indeterminate]") == [False, True]
    desk.get_by_role("button", name="Untick all").click()
    assert ticked(desk) == []
    expect(desk.get_by_role("group", name="What to do with what is ticked")).to_be_hidden()


def test_all_that_match_over_all_pages_are_frozen_and_moved(page: Page, flinkey: Remote) -> None:
    flinkey.reset("depot")
    flinkey.settings(strict=True)
    inside = members(flinkey, 1)
    for car in flinkey.state(1)["cars"]:
        if car["id"] not in inside:
            flinkey.change("add_member", kind="cars", group=1, id=car["id"])
    matching = sorted(car["id"] for car in flinkey.state(1)["cars"] if "pool" in (car["name"] or "").lower())
    sign_in(page)
    page.goto("/groups/1/cars/")
    tick(page, "Außendienst 2")
    page.get_by_role("button", name="Select all 148").click()
    expect(page.get_by_role("group", name="What to do with what is ticked")).to_contain_text("148 selected")
    page.get_by_role("link", name="Untick all").click()
    expect(page.get_by_role("group", name="What to do with what is ticked")).to_be_hidden()

    page.goto("/groups/1/cars/")
    tick(page, "Außendienst 2")
    page.get_by_role("button", name="Select all 148").click()
    expect(page.locator('input[name="id"]:checked')).to_have_count(50)
    page.get_by_role("link", name="Next").click()
    expect(page.locator('input[name="id"]:checked')).to_have_count(50)
    flinkey.change("add_thing", kind="cars", name="Pool 999, added meanwhile")
    newcomer = flinkey.state(1)["cars"][-1]["id"]
    flinkey.change("add_member", kind="cars", group=1, id=newcomer)

    page.get_by_role("button", name="Remove from the group").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Remove 148 cars from")
    expect(page.locator("li[data-id]")).to_have_count(148)
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator("#receipt")).to_have_attribute("data-state", "confirmed")
    assert members(flinkey, 1) == [newcomer]
    assert len(matching) < 50, "one page of them, so nothing to freeze"
    expect(page).to_have_url(re.compile(r"/operations/\d+/$"))


def test_ticks_go_along_when_somebody_sorts_or_turns_the_page(page: Page, flinkey: Remote) -> None:
    flinkey.reset("depot")
    flinkey.settings(strict=True)
    sign_in(page)
    page.goto("/groups/1/cars/add/")
    first = page.locator('tbody input[name="id"]').first
    first.check()
    chosen = first.get_attribute("value") or ""

    page.get_by_role("link", name="Next").click()
    expect(page.locator("[data-selected-count]")).to_have_text("1")
    assert ticked(page) == [chosen]
    second = page.locator('tbody input[name="id"]').first
    second.check()
    page.get_by_role("columnheader", name="Plate").get_by_role("link").click()
    expect(page.locator("[data-selected-count]")).to_have_text("2")

    page.get_by_role("button", name="Add to").click()
    reviewed = {row.get_attribute("data-id") for row in page.locator(".plan-list li").all()}
    assert len(reviewed) == 2
    assert chosen in reviewed


def test_news_wait_while_a_button_is_pressed(desk: Page, flinkey: Remote) -> None:
    """A row that grew or moved between the two halves of a click would have swallowed it."""
    desk.goto("/groups/1/cars/")
    desk.wait_for_load_state("networkidle")
    flinkey.change("rename_car", car=1, name="Renamed")
    Listing.objects.update(read_at=timezone.now() - dt.timedelta(minutes=5))
    old = desk.get_by_role("checkbox", name="Tick Pool 1", exact=True)
    old.hover()
    news = Held(desk, "seen=")
    desk.evaluate("document.getElementById('watch').dispatchEvent(new Event('again'))")
    news.wait()
    desk.mouse.down()
    news.let_go()
    assert old.is_visible()
    desk.mouse.up()
    expect(desk.get_by_role("checkbox", name="Tick Renamed")).to_be_checked()
    expect(desk.locator("[data-selected-count]")).to_have_text("1")
