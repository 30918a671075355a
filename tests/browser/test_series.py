"""A series in a real browser: planned with a conflict and a day left out, given, followed, and changed afterwards."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from flinkey_admin.sandbox import Remote

BERLIN = ZoneInfo("Europe/Berlin")
TOMORROW = dt.datetime.now(BERLIN).date() + dt.timedelta(days=1)
SEAN = 3


def day(number: int) -> dt.date:
    """The first day of the series is 0."""
    return TOMORROW + dt.timedelta(days=number)


def at(number: int, hour: int) -> str:
    """An hour of one of its days as flinkey says it."""
    local = dt.datetime.combine(day(number), dt.time(hour), BERLIN)
    return local.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def starts(remote: Remote) -> list[str]:
    """When the windows of Pool 4 begin that Zoë has."""
    return sorted(one["start"] for one in remote.state(1)["windows"] if (one["carId"], one["userId"]) == (4, 5))


@pytest.fixture
def reviewed(desk: Page, flinkey: Remote) -> Page:
    """The review of five days of Pool 4 for Zoë, without the third; on the second Seán may open the car."""
    flinkey.change("add_window", car=4, user=SEAN, start=at(1, 9), end=at(1, 11))
    desk.get_by_role("navigation", name="Main").get_by_role("link", name="Series").click()
    desk.get_by_role("link", name="New series").first.click()
    desk.get_by_label("People").fill("Zoë Groß")
    desk.get_by_label("Cars", exact=True).fill("Pool 4")
    for weekday in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"):
        desk.get_by_label(weekday).check()
    desk.get_by_label("From").fill("10:00")
    desk.get_by_label("Until").fill("12:00")
    desk.get_by_label("First day").fill(day(0).isoformat())
    desk.get_by_label("Last day").fill(day(4).isoformat())
    desk.get_by_label("Not on these days").fill(day(2).isoformat())
    desk.get_by_label("What to call it").fill("Mittags")
    desk.get_by_role("button", name="Continue to the review").click()
    return desk


@pytest.fixture
def given(reviewed: Page) -> Page:
    """The page of the series, once all of it is confirmed."""
    reviewed.get_by_role("button", name="Give access").click()
    expect(reviewed.locator("#receipt")).to_have_attribute("data-state", "confirmed")
    reviewed.get_by_role("link", name="Back to Mittags").click()
    return reviewed


def test_the_conflict_is_on_the_review_and_the_receipt_becomes_green_by_itself(reviewed: Page, flinkey: Remote) -> None:
    expect(reviewed.get_by_role("heading", level=1)).to_have_text("Give 3 accesses of the series Mittags?")
    expect(reviewed.locator(".plan-list li:not(.same)")).to_have_count(3)
    expect(reviewed.locator(".plan-list li.same")).to_contain_text(re.compile(r"10:00: Seán O'Brien may open it then"))
    assert starts(flinkey) == []

    reviewed.get_by_role("button", name="Give access").click()
    expect(reviewed.get_by_role("heading", level=1)).to_have_text("Give 3 accesses of the series Mittags")
    reviewed.evaluate("document.body.dataset.same = 'page'")
    expect(reviewed.locator("#receipt")).to_have_attribute("data-state", "confirmed")
    expect(reviewed.locator("li[data-state] .state")).to_have_text(["Given"] * 3)
    assert reviewed.evaluate("document.body.dataset.same") == "page", "no reload"
    assert starts(flinkey) == [at(number, 10) for number in (0, 3, 4)]


def test_a_day_is_taken_out_and_the_rest_is_ended(given: Page, flinkey: Remote) -> None:
    expect(given.locator("tr[data-state='confirmed']")).to_have_count(3)
    given.get_by_role("link", name="Take a day out").click()
    given.get_by_label("Day").select_option(day(3).isoformat())
    given.get_by_role("button", name="Continue to the review").click()
    expect(given.locator(".plan-list li")).to_have_count(1)
    given.get_by_role("button", name="End access").click()
    expect(given.locator("#receipt")).to_have_attribute("data-state", "confirmed")
    assert starts(flinkey) == [at(0, 10), at(4, 10)]

    given.get_by_role("link", name="Back to Mittags").click()
    expect(given.locator("tr[data-state='gone']")).to_have_count(1)
    given.get_by_role("link", name="End the rest").click()
    given.get_by_role("button", name="Continue to the review").click()
    expect(given.get_by_role("heading", level=1)).to_have_text("End 2 accesses of the series Mittags?")
    given.get_by_role("button", name="End access").click()
    expect(given.locator("#receipt")).to_have_attribute("data-state", "confirmed")
    assert starts(flinkey) == []
    given.get_by_role("link", name="Back to Mittags").click()
    expect(given.get_by_role("link", name="End the rest")).to_have_count(0)


def test_a_review_is_as_short_on_a_phone_as_it_should_be(reviewed: Page) -> None:
    """Its names once had no room beside their times, and stood there letter below letter."""
    reviewed.set_viewport_size({"width": 390, "height": 844})
    expect(reviewed.locator(".plan-list li").first).to_be_visible()
    for line in reviewed.locator(".plan-list li").all():
        box = line.bounding_box()
        assert box
        assert box["height"] < 120
