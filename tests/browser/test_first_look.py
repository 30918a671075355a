"""A page that was never read, while flinkey takes its time: it says so, and then turns into the other one."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from flinkey_admin.mirror import asking
from flinkey_admin.sandbox import Remote
from tests.browser.conftest import Complaints, Open, sign_in
from tests.browser.standing import eventually
from tests.browser.test_every_page import measure

WAITS = "Asking flinkey"
# The page asks whether the other one has come, and hears nothing.
GOES_ON = """const fetch = window.fetch;
window.fetch = (to, options) => String(to).includes("waiting=1") ? new Promise(() => {}) : fetch(to, options);
"""


@pytest.fixture
def slow(flinkey: Remote, settings: Any) -> Iterator[Remote]:
    """Whoever has left a page that waits is gone when the test is: what flinkey answers then has been kept."""
    settings.FIRST_LOOK = 0.2
    yield flinkey
    eventually(lambda: asking.places._value == asking.READERS)


def test_a_page_that_waits_turns_into_the_other_by_itself(desk: Page, slow: Remote) -> None:
    slow.settings(latency=5)
    desk.goto("/users/2/")
    expect(desk.get_by_role("heading", level=1)).to_have_text(WAITS)
    expect(desk.get_by_text("flinkey has not answered yet.")).to_be_visible()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Ayşe Öztürk")
    expect(desk).to_have_url(re.compile("/users/2/$"))


def test_it_is_a_page_like_any_other_and_stands_still_for_whoever_wants_that(desk: Page, slow: Remote) -> None:
    slow.settings(latency=5)
    desk.add_init_script(GOES_ON)
    desk.goto("/users/2/")
    expect(desk.get_by_role("heading", level=1)).to_have_text(WAITS)
    moving = "getComputedStyle(document.querySelector('.skeleton')).animationName"
    assert desk.evaluate(moving) == "breathe"
    assert measure(desk) == {}
    assert desk.evaluate(moving) == "none", "measuring has asked for less motion"


def test_without_scripts_too(desk: Page, slow: Remote, open_window: Open, complaints: Complaints) -> None:
    page = open_window(base_url=desk.url.split("/groups")[0], java_script_enabled=False).new_page()
    complaints.listen(page)
    sign_in(page)
    slow.settings(latency=2)
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(request.url.rpartition("/")[2]) if "/users/" in request.url else None
    )
    page.goto("/users/2/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ayşe Öztürk")
    expect(page).to_have_url(re.compile("/users/2/$"))
    assert asked == ["", "?waiting=1", ""], "a page that waits, the way on, the page itself"
