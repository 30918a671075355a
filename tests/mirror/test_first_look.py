"""Whoever opens a page that was never read is not kept waiting for a slow flinkey without a word."""

import html
import re
from typing import Any

import pytest

from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.fleet.reading import reader
from tests.mirror.stage import listing, times_asked, until
from tests.web.test_html import faults

pytestmark = pytest.mark.django_db(transaction=True)
ASK = re.compile(r'id="waiting"[^>]* hx-get="([^"]+)"')
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def impatient(settings: Any) -> None:
    settings.FIRST_LOOK = 0.2


def waiting(page: Any) -> str:
    """Where a page that waits asks when the other one can be shown; nothing when it is the other one."""
    return "".join(map(html.unescape, ASK.findall(page.content.decode())))


def test_a_page_says_that_it_waits_and_the_other_one_follows(coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("getCarsOfGroup", "slow", seconds=3)
    flinkey.clear_requests()
    page = coordinator.get("/groups/1/?q=pool")
    assert listing("groups/1/cars").read_at is None, "it has not waited for this"
    assert (page.status_code, waiting(page)) == (200, "/groups/1/?q=pool&waiting=1")
    assert "flinkey has not answered yet." in page.content.decode()
    assert faults(page.content.decode()) == []
    assert page.headers["Vary"].count("HX-Request") == 1

    come = coordinator.get(waiting(page), headers=HTMX)
    assert (come.status_code, come.headers.get("HX-Refresh"), come.content) == (200, "true", b"")
    assert listing("groups/1/cars").read_at
    assert reader(coordinator.get("/groups/1/")).ids() == [1, 2, 3, 4]
    assert set(times_asked(flinkey).values()) == {1}, "what flinkey answered to whoever left was kept"


def test_without_scripts_the_browser_is_led_back_to_the_page(coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("getCarsOfGroup", "slow", seconds=2)
    page = coordinator.get("/groups/1/?q=pool")
    assert f'<meta http-equiv="refresh" content="0; url={html.escape(waiting(page))}">' in page.content.decode()
    led = coordinator.get(waiting(page))
    assert (led.status_code, led.headers["Location"]) == (302, "/groups/1/?q=pool")


def test_nobody_else_is_kept_waiting_either_and_flinkey_is_asked_once(coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("getCarsOfGroup", "slow", seconds=4)
    flinkey.clear_requests()
    pages = [coordinator.get("/groups/1/") for _person in range(3)]
    assert all(map(waiting, pages))
    until(lambda: not waiting(coordinator.get("/groups/1/")))
    assert set(times_asked(flinkey).values()) == {1}


def test_what_is_the_matter_is_said_in_the_end(coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(latency=0.5)
    flinkey.fault("*", "status", times=1000, status=503)
    page = coordinator.get("/cars/1/")
    assert waiting(page)
    assert coordinator.get(waiting(page), headers=HTMX).headers["HX-Refresh"] == "true"
    assert coordinator.get("/cars/1/").status_code == 503


def test_a_token_that_died_meanwhile_leads_to_the_sign_in(coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(latency=0.5)
    flinkey.fault("*", "status", times=1000, status=401)
    page = coordinator.get("/cars/1/")
    assert waiting(page)
    answer = coordinator.get(waiting(page), headers=HTMX)
    assert answer.headers["HX-Redirect"].startswith("/sign-in/")


def test_what_was_read_before_is_shown_at_once(coordinator: Person, flinkey: Remote) -> None:
    coordinator.get("/groups/1/")
    flinkey.settings(latency=1.5)
    assert reader(coordinator.get("/groups/1/")).ids() == [1, 2, 3, 4]
