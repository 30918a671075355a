"""A coordinator's ten acts without JavaScript, by clicks and typing alone, one after the other."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from flinkey_admin.sandbox import Remote
from tests.browser.conftest import Complaints, Open, members, sign_in, tick
from tests.browser.standing import eventually


@pytest.fixture
def plain(open_window: Open, complaints: Complaints, page: Page, live_server: Any) -> Page:
    """A window that runs no scripts; nobody has signed in."""
    opened = open_window(base_url=live_server.url, java_script_enabled=False).new_page()
    complaints.listen(opened)
    return opened


def users_of(remote: Remote, car: int) -> list[int]:
    return [one["userId"] for one in remote.state(1)["windows"] if one["carId"] == car]


def ends(remote: Remote, car: int) -> list[str]:
    return [one["end"] for one in remote.state(1)["windows"] if one["carId"] == car]


def settled(page: Page) -> None:
    """Has flinkey asked until the receipt is green."""

    def done() -> bool:
        check = page.get_by_role("button", name="Check now")
        if check.count():
            check.click()
        else:
            page.reload()
        return page.locator("#receipt").get_attribute("data-state") == "confirmed"

    eventually(done)


def confirmed(page: Page) -> Locator:
    """The only access of Pool 4, once flinkey has been asked whether what was done with it counts."""
    page.get_by_role("link", name="See the change").click()
    settled(page)
    go(page, "Cars")
    page.get_by_role("link", name="Pool 4").click()
    access = page.locator("#windows tbody tr")
    expect(access).to_have_attribute("data-state", "confirmed")
    return access


def go(page: Page, link: str) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name=link, exact=True).first.click()


def test_ten_acts_by_clicks_alone(plain: Page, flinkey: Remote) -> None:
    sign_in(plain)  # 1
    search(plain)  # 2
    move_and_undo(plain, flinkey)  # 3, 4
    give_and_extend(plain, flinkey)  # 5, 6
    hand_over_and_end(plain, flinkey)  # 7, 8
    give_a_series(plain, flinkey)  # 9
    choose_colours(plain)  # 10


def search(plain: Page) -> None:
    plain.get_by_role("searchbox", name="Search the whole fleet").fill("hhnw91")
    plain.locator("form.find").get_by_role("button", name="Search").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text(re.compile("^Pool 4"))


def move_and_undo(plain: Page, flinkey: Remote) -> None:
    go(plain, "Groups")
    plain.get_by_role("link", name="Hamburg", exact=True).click()
    tick(plain, "Pool 1", "Pool 2")
    plain.get_by_role("button", name="Move to…").click()
    plain.get_by_role("radio", name="Berlin").check()
    plain.get_by_role("button", name="Continue to the review").click()
    plain.get_by_role("button", name="Move", exact=True).click()
    settled(plain)
    assert (members(flinkey, 1), members(flinkey, 2)) == ([3, 4], [1, 2, 5, 6])
    plain.get_by_role("button", name="Undo…").click()
    plain.get_by_role("button", name="Undo", exact=True).click()
    settled(plain)
    assert (sorted(members(flinkey, 1)), members(flinkey, 2)) == ([1, 2, 3, 4], [5, 6])


def give_and_extend(plain: Page, flinkey: Remote) -> None:
    go(plain, "Cars")
    plain.get_by_role("link", name="Pool 4").click()
    plain.locator(".head").get_by_role("link", name="Give access").click()
    plain.get_by_label("User").fill("öztürk")
    plain.get_by_role("button", name="Give access").click()
    access = confirmed(plain)
    expect(access).to_contain_text("Ayşe Öztürk")
    (before,) = ends(flinkey, 4)
    access.locator("summary").click()
    access.get_by_role("button", name="1 hour more").click()
    confirmed(plain)
    (after,) = ends(flinkey, 4)
    assert after > before


def hand_over_and_end(plain: Page, flinkey: Remote) -> None:
    access = plain.locator("#windows tbody tr")
    access.locator("summary").click()
    access.get_by_role("link", name="Hand over the car…").click()
    plain.get_by_label("To whom").fill("mueller")
    plain.get_by_role("button", name="Continue to the review").click()
    plain.get_by_role("button", name="Hand over", exact=True).click()
    settled(plain)
    assert users_of(flinkey, 4)[-1] == 1  # alone if the access began in this very minute
    before = max(ends(flinkey, 4))
    go(plain, "Cars")
    plain.get_by_role("link", name="Pool 4").click()
    running = plain.locator("#windows tr[data-phase=running]", has_text="Jörg Müller")
    running.locator("summary").click()
    running.get_by_role("button", name="End now").click()
    eventually(lambda: all(end < before for end in ends(flinkey, 4)))


def give_a_series(plain: Page, flinkey: Remote) -> None:
    go(plain, "Series")
    plain.get_by_role("link", name="New series").first.click()
    plain.get_by_label("People").fill("Zoë Groß")
    plain.get_by_label("Cars", exact=True).fill("Pool 3")
    plain.get_by_label("From").fill("22:00")
    plain.get_by_label("Until").fill("06:00")
    plain.get_by_role("button", name="Continue to the review").click()
    plain.locator("main").get_by_role("button", name="Give access").click()
    settled(plain)
    assert 5 in users_of(flinkey, 3)


def choose_colours(plain: Page) -> None:
    plain.locator("summary", has_text="coordinator@nordwind.example").click()
    plain.get_by_role("link", name="Colours and language").click()
    plain.get_by_role("radio", name="Dark").check()
    plain.get_by_role("button", name="Save").click()
    expect(plain.locator("html")).to_have_attribute("data-scheme", "dark")
