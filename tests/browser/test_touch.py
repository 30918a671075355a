"""Fingers: whatever stands alone and is pressed is 44 px high, on a phone and on a tablet."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Open, sign_in, tick

PATHS = (
    "/",
    "/timeline/",
    "/groups/1/",
    "/cars/",
    "/cars/1/",
    "/operations/",
    "/access/",
    "/assignments/new/",
    "/settings/",
)
# What stands in a line of text or in a row that leads somewhere itself is not alone, nor is a bar of the timeline.
SMALL = """() => [...document.querySelectorAll('a[href], button, select, textarea, summary, input:not([type=hidden])')]
  .filter(one => one.checkVisibility())
  .filter(one => !one.matches('td a, li a, p a, dd a, h2 a, .win, .gap, .skip, .hidden-text'))
  .map(one => [one, (one.matches('[type=checkbox], [type=radio]') && one.closest('label, .tick') || one)])
  .map(([one, whole]) => [one, whole.getBoundingClientRect()])
  .filter(([, place]) => place.width > 1 && (place.height < 43.5 || place.width < 24))
  .map(([one, place]) => `${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 30)} ${place.height}`)"""


@pytest.fixture
def phone(open_window: Open, complaints: Complaints, page: Page, live_server: Any) -> Page:
    """The coordinator, with a phone."""
    size = {"width": 390, "height": 844}
    opened = open_window(base_url=live_server.url, has_touch=True, is_mobile=True, viewport=size).new_page()
    complaints.listen(opened)
    sign_in(opened)
    return opened


def test_whatever_is_pressed_is_wide_enough_for_a_finger(phone: Page) -> None:
    wrong = {}
    for path in PATHS:
        phone.goto(path)
        for width in (390, 820):
            phone.set_viewport_size({"width": width, "height": 844})
            if small := phone.evaluate(SMALL):
                wrong[path, width] = small
    assert wrong == {}


def test_the_menu_opens_above_the_bar_of_the_ticked_rows(phone: Page) -> None:
    phone.goto("/groups/1/cars/")
    tick(phone, "Pool 1")
    expect(phone.get_by_role("group", name="What to do with what is ticked")).to_be_visible()
    phone.locator("nav.side summary").tap()
    phone.locator("nav.side .list a").last.tap()  # what lies under the bar cannot be tapped
    expect(phone.get_by_role("heading", level=1)).to_have_text("Help")
