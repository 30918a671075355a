"""The colours and the language of a choice are seen, whatever the device would show."""

import re

from playwright.sync_api import Page, expect

LIGHTNESS = "Number(getComputedStyle(document.body).backgroundColor.match(/oklch\\(([\\d.]+)/)[1])"


def choose(page: Page, *choices: str) -> None:
    page.locator(".bar details", has_text="coordinator@").locator("summary").click()
    page.locator(".bar .list a[href='/settings/']").click()
    for one in choices:
        page.get_by_role("radio", name=one, exact=True).check()
    page.locator("main form button").click()


def test_a_choice_of_colours_and_language_is_seen_at_once_and_stays(desk: Page) -> None:
    desk.emulate_media(color_scheme="light")
    assert desk.evaluate(LIGHTNESS) > 0.9
    choose(desk, "Dark")
    expect(desk).to_have_url(re.compile("/groups/$"))
    assert desk.evaluate(LIGHTNESS) < 0.3
    desk.emulate_media(color_scheme="dark")
    choose(desk, "Light", "Deutsch")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Gruppen")
    assert desk.evaluate(LIGHTNESS) > 0.9
    desk.reload()
    assert desk.evaluate(LIGHTNESS) > 0.9
    choose(desk, "English")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Groups")
