"""The hand-over on paper: one sheet, and nothing on it that can only be pressed."""

import datetime as dt
import re

from django.utils import timezone
from playwright.sync_api import Page, PdfMargins, expect

from flinkey_admin.accounts.models import Customer, Manager
from flinkey_admin.fleet.models import Note
from flinkey_admin.sandbox import Remote
from tests.conftest import COORDINATOR
from tests.fleet.test_handover import crowd

MARGIN: PdfMargins = {"top": "10mm", "right": "10mm", "bottom": "10mm", "left": "10mm"}


def test_it_prints_on_one_sheet_however_much_there_is(desk: Page, flinkey: Remote) -> None:
    person, customer = Manager.objects.get(email=COORDINATOR), Customer.objects.get(flinkey_id="1")
    crowd(customer, person, 100)
    Note.objects.create(customer=customer, person=person, text="Pool 3 " * 60, written_at=timezone.now())
    now = timezone.now()
    for hour in range(1, 21):
        start, end = (f"{now + dt.timedelta(hours=hour + more):%Y-%m-%dT%H:%M:00Z}" for more in (0, 1))
        flinkey.change("add_window", car=1, user=1, start=start, end=end)
    desk.goto("/cars/1/")
    desk.goto("/handover/")
    assert desk.locator("ol.events > li").count() == 20
    assert desk.locator("ol.story > li").count() == 25
    desk.emulate_media(media="print")
    expect(desk.locator(".paper")).to_have_text("Nordwind Flotte GmbH")
    for pressed in ("form", "button", "nav", ".bar"):
        assert [one for one in desk.locator(pressed).all() if one.is_visible()] == [], pressed
    assert len(re.findall(rb"/Type\s*/Page\b", desk.pdf(format="A4", margin=MARGIN))) == 1
