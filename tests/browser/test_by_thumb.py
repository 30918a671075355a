"""A coordinator gives, extends and ends an access and moves a car on a phone with few taps (see thumb.py)."""

from typing import Any

from playwright.sync_api import Page, expect

from flinkey_admin.sandbox import Remote
from tests.browser.conftest import Complaints, Open, members, sign_in
from tests.browser.thumb import PHONE, Things, Thumb, from_overview

MOST = {"give": 6, "extend": 4, "end": 4, "move": 7}  # taps; at 1.2 s each 5 to 9 s of the 20
LONG = "maximiliane.oberhuber-von-und-zu-waldenfels@nordwind.example"
POOL = Things(car="Pool 4", plate="nw91", person="Jörg Müller", name="mue", group="Berlin")


def test_four_tasks_take_few_taps(
    page: Page, open_window: Open, complaints: Complaints, live_server: Any, flinkey: Remote
) -> None:
    phone = open_window(base_url=live_server.url, viewport=PHONE, has_touch=True, is_mobile=True).new_page()
    complaints.listen(phone)
    sign_in(phone)
    taps = {}
    for task in MOST:
        done, _seconds = from_overview(Thumb(phone), POOL, task)
        taps[task] = done.taps
        if task != "move":  # one change of an access at a time
            expect(phone.locator("#windows tbody tr")).to_be_in_viewport()
            phone.goto("/cars/4/")
            expect(phone.locator("#windows tbody tr")).to_have_attribute("data-state", "confirmed")
    assert taps == MOST
    assert 4 in members(flinkey, 2)
    (window,) = (one for one in flinkey.state(1)["windows"] if one["carId"] == 4)
    assert window["end"] < "2100"


def test_a_receipt_fits_the_phone_however_long_the_name(
    page: Page, open_window: Open, live_server: Any, flinkey: Remote
) -> None:
    data = {"firstName": "Maximiliane", "lastName": "Oberhuber"}
    person = flinkey.change("add_thing", kind="users", emailAddress=LONG, userData=data)
    flinkey.change("add_window", car=4, user=person, start="2020-01-01T00:00:00Z", end=None)
    phone = open_window(base_url=live_server.url, viewport=PHONE, has_touch=True, is_mobile=True).new_page()
    sign_in(phone)
    phone.goto(f"/users/{person}/")
    phone.get_by_role("button", name="End all access…").tap()
    phone.get_by_role("button", name="End all access", exact=True).tap()
    expect(phone.get_by_role("link", name="Back to Maximiliane")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
