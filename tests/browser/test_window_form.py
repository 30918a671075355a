"""The form of a window while somebody fills it in: what is typed finds, and questions come by themselves."""

import re

from playwright.sync_api import Page, expect

from flinkey_admin.sandbox import Remote


def test_a_conflict_is_named_while_one_types_and_wants_a_tick(desk: Page, flinkey: Remote) -> None:
    """Pool 2 is Seán O'Brien's for three more hours."""
    desk.goto("/assignments/new/?next=/cars/2/")
    desk.get_by_label("User").press_sequentially("oeztu")
    expect(desk.locator("#found-user button")).to_have_count(1)
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Enter")
    expect(desk.get_by_label("User")).to_have_value("Ayşe Öztürk · ayse.oeztuerk@nordwind.example")
    expect(desk.get_by_label("User")).to_be_focused()
    desk.get_by_label("Car").press_sequentially("hhfk1302")
    desk.locator("#found-car button", has_text="Pool 2").click()
    expect(desk.get_by_label("Car")).to_have_value("Pool 2 · HH-FK 1302")

    question = desk.locator('[data-question="overlap"]')
    expect(question).to_contain_text("Seán O'Brien")
    desk.get_by_role("button", name="Open end").click()
    expect(desk.locator("#check")).to_contain_text("Duration: without end")
    expect(desk.get_by_label("Until", exact=True)).to_have_value("")
    desk.get_by_role("button", name="7 days").click()
    expect(desk.locator("#check")).to_contain_text("Duration: 7 days")
    expect(desk.get_by_label("User")).to_have_value("Ayşe Öztürk · ayse.oeztuerk@nordwind.example")
    question.get_by_role("checkbox").check()
    desk.get_by_role("button", name="Give access").click()
    row = desk.locator("#windows tbody tr", has_text="Ayşe Öztürk")
    expect(row).to_have_attribute("data-state", "confirmed")
    expect(row).to_contain_text("seen in flinkey")


def test_a_chosen_hit_asks_by_itself(desk: Page) -> None:
    """What was typed named no car yet."""
    desk.goto("/assignments/new/?user=2")
    with desk.expect_response(re.compile("/check/")):
        desk.get_by_label("Car").fill("pool")
    desk.locator("#found-car button", has_text="Pool 2").click()
    expect(desk.locator('[data-question="overlap"]')).to_contain_text("Seán O'Brien")


def test_that_nothing_fits_covers_nothing(desk: Page) -> None:
    """A finger reaches whatever comes after the field, without closing anything first."""
    desk.goto("/assignments/new/?user=2")
    desk.get_by_label("Car").press_sequentially("timbuktu")
    said = desk.get_by_text("No car fits.")
    expect(said).to_be_visible()
    below = said.bounding_box()
    place = desk.get_by_role("button", name="Open end").bounding_box()
    assert below and place and below["y"] + below["height"] <= place["y"]
    desk.get_by_role("button", name="Open end").click()
    expect(desk.get_by_label("Until", exact=True)).to_have_value("")


def test_a_lost_answer_is_looked_for_and_never_sent_again(desk: Page, flinkey: Remote) -> None:
    flinkey.fault("createAssignment", "reset-after")
    desk.goto("/assignments/new/?car=4&user=2&next=/cars/4/")
    desk.get_by_role("button", name="Give access").click()
    row = desk.locator("#windows tbody tr", has_text="Ayşe Öztürk")
    expect(row).to_have_attribute("data-state", "confirmed")
    assert len(flinkey.requests("createAssignment")) == 1
    assert len([one for one in flinkey.state(1)["windows"] if one["carId"] == 4]) == 1
