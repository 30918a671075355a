"""An access is handed over: from the row of the car to the review, and then the page tells by itself how far it is."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from flinkey_admin.sandbox import Remote

BERLIN = ZoneInfo("Europe/Berlin")


def drivers(remote: Remote, car: int) -> list[int]:
    return sorted(one["userId"] for one in remote.state(1)["windows"] if one["carId"] == car and one["userId"])


def test_a_driver_hands_over_to_the_next_one(desk: Page, flinkey: Remote) -> None:
    flinkey.settings(delay=6)
    desk.goto("/cars/2/")
    desk.locator("summary", has_text="Extend, end… Seán O'Brien").click()
    desk.get_by_role("link", name="Hand over the car…").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Hand over the car")
    at = dt.datetime.now(BERLIN).replace(second=0, microsecond=0) + dt.timedelta(hours=1)
    desk.get_by_label("To whom").fill("öztürk")
    expect(desk.locator("#found-user")).to_contain_text("Ayşe Öztürk")
    desk.get_by_label("At").fill(at.strftime("%Y-%m-%dT%H:%M"))
    desk.get_by_role("button", name="Continue to the review").click()

    expect(desk.get_by_role("heading", level=1)).to_have_text(
        "Hand over Pool 2 · HH-FK 1302 from Seán O'Brien to Ayşe Öztürk?"
    )
    lines = desk.locator(".plan-list li")
    expect(lines).to_have_count(2)
    expect(lines.nth(0)).to_contain_text(f"{at:%H:%M}")
    expect(lines.nth(1)).to_contain_text(f"{at:%H:%M}")
    assert drivers(flinkey, 2) == [1, 3], "nothing is sent before the yes"
    desk.get_by_role("button", name="Hand over", exact=True).click()

    second = desk.locator("#rows li").nth(1)
    expect(second).to_contain_text("Waits for the one before")
    expect(desk.locator(".tray.state")).to_have_count(0)
    desk.evaluate("document.body.dataset.same = 'page'")
    expect(desk.locator("#receipt")).to_have_attribute("data-state", "confirmed", timeout=60_000)
    expect(second).to_contain_text("Given")
    assert desk.evaluate("document.body.dataset.same") == "page", "no reload"
    assert drivers(flinkey, 2) == [1, 2, 3]
    calls = [call["operation"] for call in flinkey.requests() if call["method"] != "GET"]
    assert [name for name in calls if name.endswith("Assignment")] == ["updateAssignment", "createAssignment"]

    desk.get_by_role("button", name="Undo…").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Undo the hand-over of Pool 2")
    desk.get_by_role("button", name="Undo", exact=True).click()
    expect(desk).to_have_url(re.compile(r"/operations/\d+/$"))
    expect(desk.locator("#receipt")).to_have_attribute("data-state", "confirmed", timeout=60_000)
    assert drivers(flinkey, 2) == [1, 3]


def test_the_car_is_swapped_on_a_phone(desk: Page, flinkey: Remote) -> None:
    desk.set_viewport_size({"width": 390, "height": 844})
    desk.goto("/users/3/")
    desk.locator("summary", has_text="Extend, end… Pool 2").click()
    desk.get_by_role("link", name="Swap the car…").click()
    desk.get_by_label("The other car").fill("Pool 4")
    desk.get_by_role("button", name="Continue to the review").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Give Seán O'Brien the car Pool 4")
    desk.get_by_role("button", name="Swap the car", exact=True).click()
    expect(desk.locator("#receipt")).to_have_attribute("data-state", "confirmed", timeout=60_000)
    assert drivers(flinkey, 4) == [3]
    expect(desk.locator("#rows li")).to_have_count(2)
