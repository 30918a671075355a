"""A receipt of many cars in a real browser: the rows on the page change by themselves, the rest is a click away."""

import pytest
from playwright.sync_api import Page, expect

from flinkey_admin.operations.models import Operation
from flinkey_admin.sandbox import Remote
from tests.browser.conftest import Open, members, tick

CARS = 60


@pytest.fixture
def fleet(flinkey: Remote) -> list[int]:
    """Sixty cars more in Hamburg; flinkey takes its time for each, so that a move of them lasts some seconds."""
    cars = [flinkey.change("add_thing", kind="cars", name=f"Wagen {number:02}") for number in range(CARS)]
    for car in cars:
        flinkey.change("add_member", kind="cars", group=1, id=car)
    return cars


def test_the_rows_of_the_page_follow(desk: Page, flinkey: Remote, fleet: list[int]) -> None:
    desk.goto("/groups/1/cars/?q=Wagen")
    tick(desk, "Wagen 00")
    desk.get_by_role("button", name="Select all 60").click()
    desk.get_by_role("button", name="Move to…").click()
    desk.get_by_role("radio", name="Berlin").check()
    desk.get_by_role("button", name="Continue to the review").click()
    flinkey.settings(latency=3)
    desk.get_by_role("button", name="Move", exact=True).click()
    rows = desk.locator("#rows li")
    expect(rows).to_have_count(25)
    expect(rows.nth(3)).not_to_have_attribute("data-state", "confirmed")
    expect(rows.nth(3)).to_have_attribute("data-state", "confirmed")
    expect(desk.locator("#receipt")).to_have_attribute("data-state", "sent")
    expect(rows.nth(3)).to_contain_text("Wagen 03")
    expect(desk.locator("#row-chips")).to_contain_text("Waiting (")
    expect(rows).to_have_count(25)
    flinkey.settings(latency=0)
    expect(desk.locator("#receipt")).to_have_attribute("data-state", "confirmed")
    expect(desk.locator("#rows li[data-state=confirmed]")).to_have_count(25)
    expect(desk.locator("#row-chips")).to_be_hidden()
    desk.get_by_role("link", name="Next").click()
    expect(rows.first).to_contain_text("Wagen 25")
    desk.get_by_role("link", name="Print version").click()
    expect(rows).to_have_count(CARS)
    expect(desk.get_by_role("button", name="Print")).to_be_visible()
    assert set(fleet) <= set(members(flinkey, 2))
    assert Operation.objects.get().steps.count() == 2 * CARS


def test_without_scripts_each_result_is_a_page(open_window: Open, desk: Page, flinkey: Remote) -> None:
    flinkey.fault("assignCarToGroup", "status", status=400, times=1)
    desk.goto("/groups/1/cars/")
    tick(desk, "Pool 1", "Pool 2")
    desk.get_by_role("button", name="Move to…").click()
    desk.get_by_role("radio", name="Berlin").check()
    desk.get_by_role("button", name="Continue to the review").click()
    desk.get_by_role("button", name="Move", exact=True).click()
    expect(desk.locator("#receipt")).to_have_attribute("data-state", "refused")
    plain = open_window(java_script_enabled=False, storage_state=desk.context.storage_state()).new_page()
    plain.goto(desk.url)
    plain.get_by_role("link", name="Failed (1)").click()
    expect(plain.locator("#rows li")).to_have_count(1)
    expect(plain).to_have_url(f"{desk.url}?result=failed")
