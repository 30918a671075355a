"""As production runs below a path of the company's name: no page, script, form or cookie leaves that path."""

import http.client
import secrets
from collections.abc import Iterator
from contextlib import closing

import pytest
from cryptography.fernet import Fernet
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Open, tick
from tests.browser.standing import standing
from tests.conftest import COORDINATOR, PASSWORD
from tests.reverse_proxy import Front, reverse_proxy
from tests.tls import certificate

PREFIX = "/flinkey"


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("below")
    production = {
        "URL_PREFIX": PREFIX,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "TOKEN_KEYS": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "127.0.0.1",
        "TRUSTED_PROXIES": "1",
        "DEBUG": "false",
    }
    with standing(folder, "yard", "serve", **production) as stand:
        port = int(stand.url.rpartition(":")[2])
        with reverse_proxy(port, PREFIX, certificate(folder / "proxy.pem")) as running:
            yield running


@pytest.fixture
def page(front: Front, open_window: Open, complaints: Complaints) -> Page:
    opened = open_window(base_url=front.url, ignore_https_errors=True).new_page()
    complaints.listen(opened)
    return opened


def test_nothing_leaves_the_path(front: Front, page: Page) -> None:
    """One test: each process of pytest that had one of several would start the whole product for it."""
    a_morning_s_work(front, page)
    preferences_stay_below_it_too(front, page)
    nobody_is_led_to_another_application(front, page)
    what_a_caller_claims_reaches_nobody(front)
    assert front.strays == []


def a_morning_s_work(front: Front, page: Page) -> None:
    page.goto("groups/")  # signed out: leads to the sign-in, and afterwards back
    expect(page).to_have_url(f"{front.url}sign-in/?next=%2Fflinkey%2Fgroups%2F")
    page.get_by_label("E-mail").fill(COORDINATOR)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{front.url}groups/")
    cookies = {one["name"]: (one["path"], one["secure"]) for one in page.context.cookies()}
    assert cookies == {f"__Secure-{name}": (f"{PREFIX}/", True) for name in ("session", "csrf", "known")}

    page.get_by_role("link", name="Hamburg", exact=True).click()
    expect(page).to_have_url(f"{front.url}groups/1/")
    tick(page, "Pool 1")
    page.get_by_role("button", name="Move to…").click()
    page.get_by_role("radio", name="Berlin").check()
    page.get_by_role("button", name="Continue to the review").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Move Pool 1 · HH-FK 1234 from Hamburg to Berlin?")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator("#receipt")).to_have_attribute("data-state", "confirmed")
    assert page.url.startswith(f"{front.url}operations/")

    page.get_by_role("link", name="Timeline").first.click()
    expect(page).to_have_url(f"{front.url}timeline/")
    page.wait_for_load_state()  # until then nobody hears a key
    page.keyboard.press("Control+k")
    field = page.locator("#palette input").first
    field.fill("HH")
    expect(page.locator("#palette [role=option]:visible").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.keyboard.type("gc")
    expect(page).to_have_url(f"{front.url}cars/")

    page.locator(".mark").click()
    expect(page).to_have_url(front.url)
    page.locator("header .menu summary").last.click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{front.url}sign-in/")


def preferences_stay_below_it_too(front: Front, page: Page) -> None:
    page.goto("sign-in/")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")
    (kept,) = [one for one in page.context.cookies() if one["name"] == "__Secure-language"]
    assert (kept["path"], kept["value"]) == (f"{PREFIX}/", "de")


def nobody_is_led_to_another_application(front: Front, page: Page) -> None:
    page.goto("sign-in/?next=/wiki/")
    page.locator("#id_username").fill(COORDINATOR)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("button.main").click()
    expect(page).to_have_url(front.url)


def past_the_proxy(front: Front, path: str, **headers: str) -> http.client.HTTPResponse:
    """What gunicorn itself answers, asked as the proxy asks, with these headers beside."""
    named = {"Host": "127.0.0.1", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7", **headers}
    with closing(http.client.HTTPConnection("127.0.0.1", front.port, timeout=30)) as door:
        door.request("GET", path, headers=named)
        got = door.getresponse()
        got.read()
        return got


def what_a_caller_claims_reaches_nobody(front: Front) -> None:
    """Header by header, as a proxy may let it through: another start, another path, another host, another scheme."""
    page, here = "/flinkey/groups/", "/flinkey/sign-in/?next=%2Fflinkey%2Fgroups%2F"
    for claim in ({}, {"SCRIPT_NAME": "/evil"}, {"PATH_INFO": "/evil"}, {"X-Forwarded-Host": "evil.example"}):
        got = past_the_proxy(front, page, **claim)
        assert (got.status, got.headers["Location"]) == (302, here), claim
    for contradiction in ({"X-Forwarded-Ssl": "off"}, {"X-Forwarded-Protocol": "http"}, {"Forwarded": "proto=http"}):
        assert past_the_proxy(front, page, **contradiction).status == 302, contradiction
    plain = past_the_proxy(front, page, **{"X-Forwarded-Proto": "https, http"})
    assert (plain.status, plain.headers["Location"]) == (301, "https://127.0.0.1/flinkey/groups/")
    assert past_the_proxy(front, page, Host="evil.example").status == 400
    assert past_the_proxy(front, "/flinkey/health/live/", **{"X-Forwarded-Proto": "http"}).status == 200
    assert past_the_proxy(front, "/health/live/", **{"X-Forwarded-Proto": "http"}).status == 200
    assert past_the_proxy(front, page).headers["Strict-Transport-Security"] is None
