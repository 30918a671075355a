"""Fingers: whatever stands alone and is pressed is 44 px high, on a phone and on a tablet."""

from typing import Any

from playwright.sync_api import Page

from tests.browser.conftest import Complaints, Open, sign_in

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


def test_whatever_is_pressed_is_wide_enough_for_a_finger(
    open_window: Open, complaints: Complaints, page: Page, live_server: Any
) -> None:
    phone = open_window(base_url=live_server.url, has_touch=True, is_mobile=True).new_page()
    complaints.listen(phone)
    sign_in(phone)
    wrong = {}
    for path in PATHS:
        phone.goto(path)
        for width in (390, 820):
            phone.set_viewport_size({"width": width, "height": 844})
            if small := phone.evaluate(SMALL):
                wrong[path, width] = small
    assert wrong == {}
