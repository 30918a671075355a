"""Giving access, changing it, taking it away: the page waits for flinkey by itself and then stops asking."""

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from flinkey_admin.mirror import pages
from flinkey_admin.sandbox import Remote
from tests.browser.conftest import Complaints

BERLIN = ZoneInfo("Europe/Berlin")


def friday() -> dt.datetime:
    """The next Friday, 18:00 as the clocks of Berlin show it."""
    today = dt.datetime.now(BERLIN).replace(hour=18, minute=0, second=0, microsecond=0, tzinfo=None)
    return today + dt.timedelta(days=(4 - today.weekday()) % 7 or 7)


def window(remote: Remote, window_id: int) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in remote.state(1)["windows"] if one["id"] == window_id)
    return found


def in_utc(local: dt.datetime) -> str:
    return local.replace(tzinfo=BERLIN).astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def polls(page: Page) -> list[str]:
    """Collects the page's own questions from here on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "seen=" in request.url else None)
    return asked


def test_a_colleague_gets_a_car_until_friday_and_the_page_tells_when_it_counts(
    desk: Page, flinkey: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("EVERY", "OFTEN"):
        monkeypatch.setattr(pages, name, 60)
    flinkey.settings(delay=6)
    known = {one["id"] for one in flinkey.state(1)["windows"]}
    desk.goto("/cars/4/")
    expect(desk.get_by_text("Nobody may open this car.")).to_be_visible()
    asked = polls(desk)
    desk.locator(".head").get_by_role("link", name="Give access").click()
    expect(desk.get_by_label("Car")).to_have_value("Pool 4 · HH-NW 91")
    desk.get_by_label("User").fill("öztürk")
    desk.get_by_label("Until").fill(friday().strftime("%Y-%m-%dT%H:%M"))
    desk.get_by_role("button", name="Give access").click()

    expect(desk).to_have_url(re.compile(r"/cars/4/#windows$"))
    row = desk.locator("#windows tbody tr")
    expect(row).to_have_count(1)
    expect(row.locator("[data-state]")).to_have_text("Waiting for flinkey")
    expect(row.locator(".good")).to_have_count(0)
    desk.evaluate("document.body.dataset.same = 'page'")
    expect(row).to_have_attribute("data-state", "confirmed")
    expect(row).to_contain_text("Ayşe Öztürk")
    assert desk.evaluate("document.body.dataset.same") == "page", "no reload"

    created = [one for one in flinkey.state(1)["windows"] if one["id"] not in known]
    assert [(one["carId"], one["userId"], one["end"]) for one in created] == [(4, 2, in_utc(friday()))]
    assert asked
    expect(desk.locator("#windows[hx-trigger]")).to_have_count(0)
    asked.clear()
    desk.wait_for_timeout(2_600)
    assert asked == [], "the page stops asking once all is settled"


def test_a_failure_that_comes_later_is_told_too(desk: Page, flinkey: Remote, live_server: Any) -> None:
    flinkey.settings(
        fail_assignments="Box is out of reach",
        webhook_url=f"{live_server.url}/webhooks/flinkey/assignments/",
        webhook_secret="test-secret",
    )
    desk.goto("/assignments/new/?car=4&user=2&next=/cars/4/")
    desk.get_by_role("button", name="Give access").click()
    row = desk.locator("#windows tbody tr")
    expect(row).to_have_attribute("data-state", "failed")
    expect(row).to_contain_text("flinkey refused it.")
    row.get_by_role("link", name="See the change").click()
    expect(desk.get_by_text("Box is out of reach")).to_be_hidden()
    desk.locator("li summary", has_text="Details").click()
    expect(desk.get_by_text("Box is out of reach")).to_be_visible()


def test_only_the_end_of_a_window_is_changed(desk: Page, flinkey: Remote) -> None:
    before = window(flinkey, 4)
    desk.goto("/cars/2/")
    desk.get_by_role("link", name="Change Seán O'Brien").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Change access")
    expect(desk.get_by_label("User")).to_have_value("Seán O'Brien · sean.obrien@nordwind.example")
    desk.get_by_label("Until").fill(friday().strftime("%Y-%m-%dT%H:%M"))
    desk.get_by_role("button", name="Save").click()
    row = desk.locator('#windows tr[data-id="4"]')
    expect(row).to_have_attribute("data-state", "confirmed")
    assert window(flinkey, 4) == before | {"end": in_utc(friday())}
    (sent,) = flinkey.requests("updateAssignment")
    assert [change["path"] for change in sent["body"]] == ["/end"]


def test_removing_says_until_when_a_phone_may_hold_a_key_and_then_does_it(desk: Page, flinkey: Remote) -> None:
    desk.goto("/cars/2/")
    desk.get_by_role("link", name="Remove Seán O'Brien").click()
    expect(desk.get_by_text("phone may still hold a key until it next goes online")).to_be_visible()
    assert window(flinkey, 4)
    desk.get_by_role("button", name="Remove this access").click()
    expect(desk).to_have_url(re.compile(r"/cars/2/#windows$"))
    expect(desk.locator('#windows tr[data-id="4"]')).to_have_count(0)
    expect(desk.locator("#windows tbody tr")).to_have_count(1)
    assert 4 not in {one["id"] for one in flinkey.state(1)["windows"]}


def test_several_who_fit_are_offered_and_chosen_by_a_click(desk: Page, flinkey: Remote, complaints: Complaints) -> None:
    complaints.expect(422)
    desk.goto("/assignments/new/?next=/cars/4/")
    desk.get_by_label("Car").fill("Pool 4")
    desk.get_by_label("User").fill("nordwind")
    desk.get_by_label("Until").fill(friday().strftime("%Y-%m-%dT%H:%M"))
    desk.get_by_role("button", name="Give access").click()
    expect(desk.get_by_role("alert")).to_contain_text("Several fit.")
    expect(desk.get_by_label("Until")).to_have_value(friday().strftime("%Y-%m-%dT%H:%M"))
    desk.get_by_role("button", name="Zoë Groß").click()
    expect(desk.locator("#windows tbody tr", has_text="Zoë Groß")).to_have_attribute("data-state", "confirmed")
    assert [call["body"]["userId"] for call in flinkey.requests("createAssignment")] == [5]
