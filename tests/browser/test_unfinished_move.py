"""A move that breaks in the middle: each car is somewhere, the receipt names the broken one, *Finish it* ends it."""

import datetime as dt

import pytest
from playwright.sync_api import Page, expect

from flinkey_admin.operations import runner
from flinkey_admin.sandbox import Remote
from tests.browser.conftest import members, tick


def start_move(page: Page) -> None:
    """Up to the yes to moving three cars from Hamburg to Berlin."""
    page.goto("/groups/1/cars/")
    tick(page, "Pool 1", "Pool 2", "Pool 3")
    page.get_by_role("button", name="Move to…").click()
    page.get_by_role("radio", name="Berlin").check()
    page.get_by_role("button", name="Continue to the review").click()


def test_one_of_three_breaks_and_is_finished(desk: Page, flinkey: Remote) -> None:
    start_move(desk)
    flinkey.fault("removeCarFromGroup", "status", status=400, skip=1)
    desk.get_by_role("button", name="Move", exact=True).click()

    expect(desk.locator("#receipt")).to_have_attribute("data-state", "refused")
    assert members(flinkey, 2) == [1, 2, 3, 5, 6]
    (left,) = [car for car in members(flinkey, 1) if car != 4]
    broken = desk.locator(f'li[data-id="{left}"]')
    expect(broken).to_contain_text("It is now in Hamburg and in Berlin.")
    expect(desk.locator("li[data-id] .state", has_text="Moved")).to_have_count(2)

    desk.goto("/operations/")
    desk.get_by_role("link", name="Move 3 cars from Hamburg to Berlin").click()
    desk.get_by_role("button", name="Retry the 1 failed").click()
    expect(desk.locator("#receipt")).to_have_attribute("data-state", "confirmed")
    assert (members(flinkey, 1), members(flinkey, 2)) == ([4], [1, 2, 3, 5, 6])


def test_flinkey_goes_away_in_the_middle(desk: Page, flinkey: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "INTERVAL", dt.timedelta(minutes=5))  # the button is quicker
    start_move(desk)
    flinkey.fault("*", "reset-before", times=10_000, skip=1)
    desk.get_by_role("button", name="Move", exact=True).click()
    expect(desk.locator("#receipt")).to_contain_text("flinkey cannot be reached.")
    assert set(members(flinkey, 1)) | set(members(flinkey, 2)) == {1, 2, 3, 4, 5, 6}

    flinkey.clear_faults()
    desk.goto("/groups/")
    desk.get_by_text("1 unfinished").click()
    desk.get_by_role("link", name="Move 3 cars from Hamburg to Berlin").click()
    desk.get_by_role("button", name="Try now").click()
    expect(desk.locator("#receipt")).to_have_attribute("data-state", "confirmed")
    assert (members(flinkey, 1), members(flinkey, 2)) == ([4], [1, 2, 3, 5, 6])
    expect(desk.get_by_text("unfinished")).to_have_count(0)
