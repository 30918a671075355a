"""Colours and language by choice: kept in the browser, before the sign-in too, and stronger than the device."""

import html
import re
from typing import Any

import pytest
from django.test import Client

from tests.accounts.test_redirects import HOSTILE
from tests.conftest import Person

FRAME = re.compile(
    r'<html lang="(\w+)"(?: data-scheme="(\w+)")?>.*<meta name="color-scheme" content="([\w ]+)">', re.DOTALL
)
GERMAN = {"Accept-Language": "de-DE,de;q=0.9"}
YEAR = 365 * 24 * 3600


def frame(person: Client, path: str = "/sign-in/", **headers: str) -> tuple[str, str, str]:
    """Language, scheme and meta of a page."""
    (found,) = FRAME.findall(person.get(path, headers=headers).content.decode())
    language, scheme, meta = found
    return language, scheme, meta


def ticked(person: Client) -> list[str]:
    """What the page says is chosen."""
    text = person.get("/settings/").content.decode()
    return re.findall(r'<input type="radio" name="(?:scheme|language)" value="(\w*)"[^>]*checked', text)


def test_nothing_chosen_leaves_it_to_the_device_and_the_browser(visitor: Person) -> None:
    assert frame(visitor) == ("en", "", "light dark")
    assert frame(visitor, **GERMAN) == ("de", "", "light dark")
    assert ticked(visitor) == ["", ""]


def test_a_choice_wins_over_the_browser_and_is_remembered_for_a_year(visitor: Person) -> None:
    answer = visitor.post("/settings/", {"scheme": "dark", "language": "en"}, headers=GERMAN)
    assert (answer.status_code, answer["Location"]) == (302, "/settings/")
    facts = {
        name: (one.value, one["max-age"], one["httponly"], one["samesite"], one["path"], one["secure"])
        for name, one in answer.cookies.items()
    }
    kept = (YEAR, True, "Lax", "/", "")
    assert facts == {"scheme": ("dark", *kept), "language": ("en", *kept)}
    assert frame(visitor, **GERMAN) == ("en", "dark", "dark")
    assert ticked(visitor) == ["dark", "en"]


def test_it_holds_beyond_signing_in_and_out(coordinator: Person) -> None:
    coordinator.post("/settings/", {"scheme": "light", "language": "de"})
    assert frame(coordinator, "/groups/") == ("de", "light", "light")
    assert frame(coordinator, "/groups/999/") == ("de", "light", "light"), "an error is a page as well"
    coordinator.post("/sign-out/")
    assert frame(coordinator) == ("de", "light", "light")


def test_each_can_be_chosen_alone_and_forgotten(visitor: Person) -> None:
    visitor.post("/settings/", {"scheme": "dark"})
    visitor.post("/settings/", {"language": "de"})
    assert frame(visitor) == ("de", "dark", "dark")
    visitor.post("/settings/", {"scheme": "", "language": ""})
    assert frame(visitor) == ("en", "", "light dark")


@pytest.mark.parametrize("wrong", [{"scheme": "pink"}, {"language": "fr"}])
def test_what_is_no_choice_is_refused_and_not_kept(visitor: Person, wrong: dict[str, str]) -> None:
    answer = visitor.post("/settings/", wrong)
    assert (answer.status_code, list(answer.cookies)) == (422, ["csrftoken"])
    assert 'class="error-summary"' in answer.content.decode()


@pytest.mark.parametrize("value", ['dark" onload="x', "pink", "x" * 3000])
def test_a_forged_cookie_reaches_no_page(visitor: Person, value: str) -> None:
    visitor.cookies["scheme"] = visitor.cookies["language"] = value
    assert frame(visitor) == ("en", "", "light dark")


def test_it_leads_back_to_the_page_with_the_link(coordinator: Person) -> None:
    page = coordinator.get("/settings/", headers={"Referer": "http://testserver/cars/?q=a&sort=name"})
    assert '<input type="hidden" name="next" value="/cars/?q=a&amp;sort=name">' in page.content.decode()
    assert 'href="/cars/?q=a&amp;sort=name">Cancel' in page.content.decode()
    answer = coordinator.post("/settings/", {"scheme": "dark", "next": "/cars/?q=a&sort=name"})
    assert answer["Location"] == "/cars/?q=a&sort=name"


def test_it_leads_nowhere_else(visitor: Person) -> None:
    came = [f"http://testserver/{to}" for to in HOSTILE] + HOSTILE
    pages = [visitor.get("/settings/", headers={"Referer": to}).content.decode() for to in came]
    led = [html.unescape(to) for page in pages for to in re.findall(r'name="next" value="([^"]*)"', page)]
    assert len(led) == len(came)
    assert [to for to in led if to and not re.match(r"/(?![/\\])", to)] == []
    assert {visitor.post("/settings/", {"scheme": "dark", "next": to})["Location"] for to in HOSTILE} == {"/settings/"}


def test_a_form_of_another_site_changes_nothing(db: None) -> None:
    stranger = Person(enforce_csrf_checks=True)
    answer = stranger.post("/settings/", {"scheme": "dark"}, headers={"Origin": "https://evil.example"})
    assert (answer.status_code, "scheme" in answer.cookies) == (403, False)


def test_an_installation_with_one_language_asks_for_none(visitor: Person, settings: Any) -> None:
    settings.LANGUAGES = [("de", "Deutsch")]
    text = visitor.get("/settings/").content.decode()
    assert ('name="scheme"' in text, 'name="language"' in text) == (True, False)
    assert 'name="language"' not in visitor.get("/sign-in/").content.decode()
    assert list(visitor.post("/settings/", {"language": "en"}).cookies) == []


def test_the_sign_in_names_each_language_in_its_own_words(visitor: Person) -> None:
    text = visitor.get("/sign-in/?next=/cars/").content.decode()
    buttons = re.findall(r'<button[^>]*name="language" value="(\w+)" lang="(\w+)">(\w+)</button>', text)
    assert buttons == [("en", "en", "English"), ("de", "de", "Deutsch")]
    answer = visitor.post("/settings/", {"language": "de", "next": "/sign-in/?next=/cars/"}, follow=True)
    assert "<h1>Anmelden</h1>" in answer.content.decode()
    assert '<input type="hidden" name="next" value="/cars/">' in answer.content.decode()
