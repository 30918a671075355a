"""Signing in with the keyboard, being led where one wanted to go, choosing the customer, signing out."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, sign_in
from tests.conftest import BOTH, COORDINATOR, PASSWORD


def test_a_wrong_password_then_the_right_one_leads_where_one_wanted_to_go(page: Page, complaints: Complaints) -> None:
    complaints.expect(422)
    page.goto("/cars/?q=skoda")
    expect(page).to_have_title("Sign in · flinkey admin")
    expect(page.get_by_label("E-mail")).to_be_focused()

    page.keyboard.type(COORDINATOR)
    page.keyboard.press("Tab")
    page.keyboard.type("a guess")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(
        "This e-mail address and password do not belong together. Check both and try again."
    )
    expect(page.get_by_label("E-mail")).to_have_value(COORDINATOR)

    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cars")
    assert page.url.endswith("/cars/?q=skoda")
    expect(page.locator("tr[data-id]")).to_have_count(1)


def test_the_customer_is_chosen_and_changed_in_the_header(page: Page) -> None:
    sign_in(page, BOTH)
    expect(page.get_by_role("heading", level=1)).to_have_text("For which customer?")
    page.get_by_role("button", name="Südstern Carsharing AG").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    page.goto("/groups/")
    expect(page.locator("tr[data-id] .name")).to_have_text(["Stuttgart", "Ulm"])

    page.locator("summary", has_text="Südstern Carsharing AG").click()
    page.get_by_role("button", name="Nordwind Flotte GmbH").click()
    page.get_by_role("link", name="Groups").click()
    expect(page.locator("tr[data-id] .name")).to_have_text(["Berlin", "Hamburg", "Leer", 'Nachtschicht "Süd" & Co'])


def test_after_signing_out_the_back_button_shows_nothing(desk: Page) -> None:
    desk.locator("summary", has_text=COORDINATOR).click()
    desk.get_by_role("button", name="Sign out").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Sign in")

    desk.go_back()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Sign in")
    expect(desk.get_by_text("Hamburg")).to_have_count(0)
