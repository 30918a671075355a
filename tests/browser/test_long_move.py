"""A move of many cars in a real browser: the tab is closed, it is paused, a part fails, it is taken back."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from flinkey_admin.mirror.models import Upstream
from flinkey_admin.operations.models import Operation, Step
from flinkey_admin.sandbox import Remote
from tests.browser.conftest import Open, members, sign_in, tick
from tests.conftest import BOTH

HAMBURG, BERLIN = [1, 2, 3, 4], [5, 6]


def pause_is_over(flinkey: Remote) -> None:
    """The two minutes that flinkey asked for have passed, and a page has met it well since."""
    flinkey.clear_faults()
    Upstream.objects.update(trouble="", next_try_at=None)
    Step.objects.exclude(wait_until=None).update(wait_until=timezone.now())
    Operation.objects.exclude(next_try_at=None).update(next_try_at=timezone.now())  # the worker takes it up at once


@pytest.fixture
def under_way(desk: Page, flinkey: Remote) -> Page:
    """flinkey asks for a pause in the middle of a move of three cars."""
    desk.goto("/groups/1/cars/")
    tick(desk, "Pool 1", "Pool 2", "Pool 3")
    desk.get_by_role("button", name="Move to…").click()
    desk.get_by_role("radio", name="Berlin").check()
    desk.get_by_role("button", name="Continue to the review").click()
    flinkey.fault("removeCarFromGroup", "status", status=429, retry_after=120, times=3)
    desk.get_by_label("Reason or ticket number").fill("Ticket 4711")
    desk.get_by_role("button", name="Move", exact=True).click()
    expect(desk.locator("#receipt")).to_contain_text("It goes on by itself in")
    return desk


def test_closing_the_tab_changes_nothing_and_all_is_taken_back(under_way: Page, flinkey: Remote) -> None:
    address = under_way.url
    other = under_way.context.new_page()
    under_way.close()
    other.goto("/groups/")
    expect(other.locator("#tray")).to_contain_text("1 unfinished")
    pause_is_over(flinkey)
    other.goto(address)
    expect(other.locator("#receipt")).to_have_attribute("data-state", "confirmed")
    expect(other.locator("#receipt")).to_contain_text("All 3 done.")
    expect(other.locator("#receipt")).to_contain_text("Ticket 4711")
    expect(other.locator("#tray")).to_have_text("")
    assert members(flinkey, 1) == [4]

    other.get_by_role("button", name="Undo…").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Move 3 cars from Berlin to Hamburg?")
    other.get_by_role("button", name="Undo").click()
    expect(other.locator("#receipt")).to_have_attribute("data-state", "confirmed")
    assert (members(flinkey, 1), members(flinkey, 2)) == (HAMBURG, BERLIN)


def test_it_is_paused_and_a_colleague_finishes_it_from_the_tray(
    under_way: Page, open_window: Open, flinkey: Remote
) -> None:
    under_way.get_by_role("button", name="Pause").click()
    expect(under_way.locator("#receipt")).to_contain_text("Paused. Nothing more is sent")
    before = len(flinkey.requests("removeCarFromGroup"))
    pause_is_over(flinkey)
    under_way.wait_for_timeout(1_000)  # in which the worker looks three times
    assert len(flinkey.requests("removeCarFromGroup")) == before
    expect(under_way.get_by_role("button", name="Go on")).to_be_visible()
    colleague = open_window(base_url=under_way.url.partition("/operations/")[0]).new_page()
    sign_in(colleague, BOTH)
    colleague.get_by_role("button", name="Nordwind Flotte GmbH").click()
    colleague.get_by_text("1 unfinished").click()
    colleague.locator("#tray").get_by_role("button", name="Finish").click()
    expect(colleague).to_have_url(re.compile(r"/operations/\d+/$"))
    expect(colleague.locator("#receipt")).to_have_attribute("data-state", "confirmed")
    expect(colleague.locator("#receipt")).to_contain_text(f"gone on with by {BOTH}")
    assert members(flinkey, 1) == [4]
