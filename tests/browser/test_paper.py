"""Paper: what can only be pressed is not printed, what is for paper alone is on no screen."""

import re

from playwright.sync_api import Page

from tests.browser.conftest import tick

PRESSED = """() => [...document.querySelectorAll('button, summary, select, input, .button, .title .actions a')]
  .filter(one => one.checkVisibility()).map(one => one.outerHTML.slice(0, 90))"""
WIDE = "() => [...document.querySelectorAll('.extra')].filter(one => one.checkVisibility()).length"


def test_nothing_on_paper_can_only_be_pressed(desk: Page) -> None:
    desk.goto("/groups/1/cars/")
    tick(desk, "Pool 1", "Pool 2")
    desk.get_by_role("button", name="Also add to…").click()
    desk.get_by_role("radio", name="Leer").check()
    desk.get_by_role("button", name="Continue to the review").click()
    desk.get_by_role("button", name="Add", exact=True).click()
    desk.wait_for_url("**/operations/*/")
    receipt = desk.url
    wrong = {}
    for path in (receipt, "/cars/", "/cars/1/", "/operations/", "/timeline/", "/handover/"):
        desk.goto(path)
        assert desk.evaluate(PRESSED), "on the screen something can be pressed"
        desk.emulate_media(media="print")
        if (pressed := desk.evaluate(PRESSED)) or desk.evaluate(WIDE):
            wrong[path] = pressed
        desk.emulate_media(media="screen")
    assert wrong == {}


def test_a_sheet_of_free_cars_says_when_each_is_free(desk: Page) -> None:
    desk.goto("/cars/free/")
    free = desk.locator("tr[data-free=free] td:nth-child(3)")
    free.first.wait_for()  # the windows may come after the page
    desk.emulate_media(media="print")
    said = free.all_inner_texts()
    assert all(re.search(r"\d:\d\d", one) for one in said)
