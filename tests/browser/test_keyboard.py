"""The main job without a mouse."""

import re

from playwright.sync_api import Locator, Page, expect

from flinkey_admin.sandbox import Remote
from tests.browser.conftest import members


def tab_to(page: Page, wanted: Locator, steps: int = 40) -> None:
    """Presses Tab until the wanted thing has the focus."""
    for _step in range(steps):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{steps} times Tab do not reach {wanted}")


def test_three_cars_move_by_keyboard_alone(desk: Page, flinkey: Remote) -> None:
    desk.goto("/groups/1/cars/")
    skip = desk.get_by_role("link", name="Skip to the content")
    desk.keyboard.press("Tab")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    desk.keyboard.press("Enter")
    expect(desk.locator("#main")).to_be_focused()

    for name in ("Pool 1", "Pool 2", "Pool 3"):
        tab_to(desk, desk.get_by_role("checkbox", name=f"Tick {name}"))
        desk.keyboard.press("Space")
    tab_to(desk, desk.get_by_role("button", name="Move to…"))
    desk.keyboard.press("Enter")

    expect(desk.get_by_role("heading", level=1)).to_have_text(re.compile("^Move .*from Hamburg to…$"))
    tab_to(desk, desk.get_by_role("radio", name="Berlin"))
    desk.keyboard.press("Space")
    tab_to(desk, desk.get_by_role("button", name="Continue to the review"))
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Move 3 cars from Hamburg to Berlin?")
    tab_to(desk, desk.get_by_role("button", name="Move", exact=True))
    desk.keyboard.press("Enter")
    expect(desk.locator("#receipt")).to_have_attribute("data-state", "confirmed")
    assert (members(flinkey, 1), members(flinkey, 2)) == ([4], [1, 2, 3, 5, 6])


def test_the_menu_opens_closes_with_escape_and_gives_the_focus_back(desk: Page) -> None:
    summary = desk.locator("summary", has_text="coordinator@nordwind.example")
    tab_to(desk, summary)
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("button", name="Sign out")).to_be_visible()
    desk.keyboard.press("Tab")
    expect(desk.get_by_role("link", name="Messages from flinkey")).to_be_focused()
    desk.keyboard.press("Tab")
    expect(desk.get_by_role("link", name="Colours and language")).to_be_focused()
    desk.keyboard.press("Tab")
    expect(desk.get_by_role("button", name="Sign out")).to_be_focused()
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(summary).to_be_focused()


def test_whatever_has_the_focus_shows_it(desk: Page) -> None:
    desk.goto("/groups/1/cars/")
    for _step in range(30):
        desk.keyboard.press("Tab")
        outline = desk.evaluate(
            "(() => { const box = document.activeElement; if (!box || box === document.body) return 'nothing';"
            " return getComputedStyle(box).outlineStyle; })()"
        )
        assert outline in {"solid", "auto", "nothing"}
