"""What only shows when the product runs as people run it: `make run` and `make demo` switch DEBUG on."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Open, sign_in
from tests.browser.standing import Standing


@pytest.fixture
def page(stand: Standing, open_window: Open, complaints: Complaints) -> Page:
    opened = open_window(base_url=stand.url).new_page()
    complaints.listen(opened)
    sign_in(opened)
    return opened


def test_a_fault_is_one_calm_line_and_leaves_the_list_alone(page: Page, stand: Standing) -> None:
    page.goto("/cars/")
    stand.remote.fault("*", "reset-before", times=-1)
    try:
        page.get_by_role("link", name="Refresh").click()
        expect(page.locator("#age .trouble")).to_contain_text("flinkey cannot be reached at the moment.")
        expect(page.locator("tr[data-id]")).to_have_count(50)
    finally:
        stand.remote.clear_faults()
    expect(page.locator("#age .trouble")).to_have_count(0, timeout=90_000)


def test_a_group_that_somebody_has_deleted_meanwhile_is_a_toast(
    page: Page, stand: Standing, complaints: Complaints
) -> None:
    complaints.expect(404)
    group = stand.remote.change("create_group", name="Bald weg")
    car = stand.remote.state(1)["cars"][0]["id"]
    stand.remote.change("add_member", kind="cars", group=group, id=car)
    while not page.get_by_role(
        "link", name="Bald weg"
    ).count():  # whoever reads the groups just now may have begun before
        page.goto("/groups/?fresh=1")
    page.goto(f"/groups/{group}/cars/")
    stand.remote.change("delete_group", group=group, force=True)
    page.get_by_role("link", name="Refresh").click()
    expect(page.locator("#toasts .toast")).to_contain_text("flinkey no longer knows this group.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bald weg")
    expect(page.locator("tr[data-id]")).to_have_count(1)


def test_a_thousand_ticks_go_along_in_an_address(page: Page) -> None:
    ticks = "-".join(str(number) for number in range(10_000, 11_000))
    answer = page.goto(f"/cars/?tick={ticks}")
    assert answer
    assert answer.status == 200
