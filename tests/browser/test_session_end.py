"""The sign-in at flinkey runs out in the middle of something: back to it, nothing sent, nothing typed twice."""

import re

import pytest
from playwright.sync_api import Page, expect

from flinkey_admin.sandbox import Remote
from tests.browser.conftest import Complaints, members, sign_in, tick

pytestmark = pytest.mark.own_browser  # some stop its clock, one takes the network away


def test_what_was_typed_into_the_access_form_is_still_there(desk: Page, flinkey: Remote) -> None:
    desk.goto("/assignments/new/?car=1&next=/cars/1/")
    desk.get_by_label("User").fill("Zoë Groß")
    desk.get_by_label("From").fill("2030-02-01T08:00")
    desk.get_by_label("Until").fill("2030-02-01T18:00")
    flinkey.expire_tokens()
    desk.get_by_role("button", name="Give access").click()

    expect(desk.get_by_role("heading", level=1)).to_have_text("Sign in")
    expect(desk.get_by_text("Your sign-in at flinkey has run out")).to_be_visible()
    expect(desk.get_by_label("E-mail")).to_have_value("coordinator@nordwind.example")
    sign_in(desk)

    expect(desk.get_by_role("heading", level=1)).to_have_text("Give access")
    expect(desk.get_by_label("User")).to_have_value("Zoë Groß")
    expect(desk.get_by_label("Car")).to_have_value("Pool 1 · HH-FK 1234")
    expect(desk.get_by_label("From")).to_have_value("2030-02-01T08:00")
    expect(desk.get_by_label("Until")).to_have_value("2030-02-01T18:00")
    assert flinkey.requests("createAssignment") == []

    desk.get_by_role("checkbox", name="Yes, both at the same time").check()
    desk.get_by_role("button", name="Give access").click()
    expect(desk).to_have_url(re.compile(r"/cars/1/$"))
    expect(desk.locator("#windows tbody tr", has_text="Zoë Groß")).to_have_attribute("data-state", "confirmed")
    assert len(flinkey.requests("createAssignment")) == 1


def test_asking_anew_leads_to_the_sign_in_and_back_to_the_list(desk: Page, flinkey: Remote) -> None:
    desk.goto("/groups/1/cars/?sort=plate")
    desk.wait_for_load_state("networkidle")
    flinkey.expire_tokens()
    desk.get_by_role("link", name="Refresh").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Sign in")
    sign_in(desk)
    expect(desk.get_by_role("heading", level=1)).to_have_text("Hamburg")
    expect(desk).to_have_url(re.compile(r"/groups/1/cars/\?sort=plate$"))


def test_the_ticks_of_a_move_come_back_to_the_same_question(desk: Page, flinkey: Remote) -> None:
    desk.goto("/groups/1/cars/")
    tick(desk, "Pool 1", "Pool 3")
    desk.get_by_role("button", name="Move to…").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text(re.compile(r"^Move .*from Hamburg to…$"))
    flinkey.expire_tokens()
    desk.get_by_role("radio", name="Leer").check()
    desk.get_by_role("button", name="Continue to the review").click()
    sign_in(desk)
    expect(desk.locator("li[data-id] .name")).to_have_text(["Pool 1 · HH-FK 1234", "Pool 3 · HH-NW 88"])


def test_a_move_cut_off_at_its_yes_goes_on_by_itself_after_signing_in(desk: Page, flinkey: Remote) -> None:
    desk.goto("/groups/1/cars/")
    tick(desk, "Pool 1", "Pool 3")
    desk.get_by_role("button", name="Move to…").click()
    desk.get_by_role("radio", name="Leer").check()
    desk.get_by_role("button", name="Continue to the review").click()
    flinkey.expire_tokens()
    desk.get_by_role("button", name="Move", exact=True).click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert members(flinkey, 4) == []
    sign_in(desk)
    expect(desk).to_have_url(re.compile(r"/operations/\d+/$"))
    expect(desk.locator("#receipt")).to_have_attribute("data-state", "confirmed")
    assert (members(flinkey, 1), members(flinkey, 4)) == ([2, 4], [1, 3])


def test_a_page_that_waits_leads_to_the_sign_in_by_itself(desk: Page, flinkey: Remote) -> None:
    flinkey.settings(delay=60)
    desk.goto("/assignments/new/?car=4&user=2&next=/cars/4/")
    desk.get_by_role("button", name="Give access").click()
    expect(desk.locator("#windows tbody tr")).to_have_attribute("data-state", "waiting")
    flinkey.expire_tokens()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Sign in")
    sign_in(desk)
    expect(desk).to_have_url(re.compile(r"/cars/4/$"))
    expect(desk.locator("#windows tbody tr")).to_have_attribute("data-state", "waiting")


# A page that nobody is at -------------------------------------------------------------------------------------------

FORM = "/assignments/new/?car=1"
MINUTE = 60_000  # milliseconds


@pytest.fixture
def form(desk: Page) -> Page:
    """A page that asks for no news by itself, whose clock is ours."""
    desk.clock.install()
    desk.goto(FORM)
    assert desk.locator("#watch").count() == 0
    expect(desk.get_by_label("Car")).to_have_value("Pool 1 · HH-FK 1234")
    with desk.expect_response(re.compile(r"/static/js/over\.")):
        desk.clock.fast_forward(MINUTE)
    desk.evaluate("import('/static/js/over.js')")  # until it has run
    return desk


def sign_out_elsewhere(page: Page) -> None:
    other = page.context.new_page()
    other.goto("/help/")
    other.locator("form[data-idle]").evaluate("form => form.requestSubmit()")
    expect(other.get_by_role("heading", level=1)).to_have_text("Sign in")
    other.close()


def test_it_leaves_the_screen_once_the_session_is_over(form: Page) -> None:
    form.clock.fast_forward(6 * MINUTE)
    expect(form.get_by_label("Car")).to_have_value("Pool 1 · HH-FK 1234")
    sign_out_elsewhere(form)
    form.clock.fast_forward(MINUTE)
    expect(form.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert form.url.endswith("/sign-in/?next=%2Fassignments%2Fnew%2F%3Fcar%3D1")


def test_not_while_somebody_types(form: Page) -> None:
    sign_out_elsewhere(form)
    for _ in range(3):
        form.get_by_label("From").press("ArrowLeft")  # no change of the time: that would ask the server
        form.clock.fast_forward(3 * MINUTE)  # far from the five: real time passes as well
        expect(form.get_by_label("Car")).to_have_value("Pool 1 · HH-FK 1234")
    with form.expect_response(re.compile("/sign-in/")):
        form.clock.fast_forward(6 * MINUTE)
    expect(form.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_nor_while_the_server_is_away_for_a_moment_but_for_no_longer_than_a_session(
    form: Page, complaints: Complaints
) -> None:
    complaints.forgiven = "ERR_INTERNET_DISCONNECTED"
    form.context.set_offline(True)
    form.clock.fast_forward(40 * MINUTE)
    expect(form.get_by_label("Car")).to_have_value("Pool 1 · HH-FK 1234")
    form.clock.fast_forward(6 * MINUTE)
    expect(form.get_by_label("Car")).to_have_count(0)
    expect(form.locator("body")).not_to_contain_text("HH-FK")
