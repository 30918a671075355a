"""Where `next` may lead: to a path of this dashboard, and nowhere else."""

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest

from tests.conftest import BOTH, COORDINATOR, PASSWORD, Person

HOSTILE = [
    "https://evil.example/",
    "http://evil.example/groups/",
    "HTTPS://EVIL.EXAMPLE",
    "//evil.example",
    "//evil.example/groups/",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "/\\/evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "/\t//evil.example",
    "/\n//evil.example",
    "/\r\n//evil.example",
    "/\t\\\\evil.example",
    "\t//evil.example",
    " //evil.example",
    "\x00//evil.example",
    "\x0b//evil.example",
    "//evil.example\\@testserver",
    "//testserver@evil.example",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "http:\\\\evil.example",
    "//evil%E3%80%82example",
    "//evil。example",
    "//[::1]/",
    "//[evil",
    "javascript:alert(1)",
    "JavaScript:alert(1)//",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "mailto:a@evil.example",
    "ftp://testserver/",
    "evil.example",
    "groups/",
    "?q=x",
    "#top",
    "",
    " ",
    "/groups/\r\nSet-Cookie: sessionid=planted",
    "/groups/\r\n\r\n<script>alert(1)</script>",
    "https://testserver/groups/",
    "https://evil.example\\@testserver/",
    "http://testserver:80@evil.example/",
    "///\\evil.example",
    "/\u2028/evil.example",
    "\u3000//evil.example",
    "javascript://testserver/%0aalert(1)",
    "blob:https://evil.example/x",
    "file:///etc/passwd",
    "//evil.example%2f@testserver/",
    "//evil.example?next=/groups/",
]
SOME = HOSTILE[::6]  # one function decides for all: where its answers are met by all, these tell whether it is asked
FRIENDLY = [
    "/groups/",
    "/cars/?q=HH-FK%201234&page=2",
    "/cars/?q=ö&sort=-name",
    "/groups/1/cars/?q=https://evil.example/",
    "/groups/?next=//evil.example",
    "/nothing/here/",
]


def leads(location: str) -> str:
    """The host that a browser goes to: it drops tabs and line ends, and takes any number of any slashes for two."""
    seen = re.sub(r"^/{2,}", "//", re.sub(r"[\t\r\n]", "", location.strip()).replace("\\", "/"))
    return urlsplit(urljoin("http://testserver/sign-in/", seen)).netloc


@pytest.mark.parametrize("target", HOSTILE, ids=repr)
def test_the_sign_in_leads_nobody_astray(visitor: Person, target: str) -> None:
    answer = visitor.post("/sign-in/", {"username": COORDINATOR, "password": PASSWORD, "next": target})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert visitor.cookies["sessionid"].value != "planted"


def test_nor_by_its_address(visitor: Person) -> None:
    form = {"username": COORDINATOR, "password": PASSWORD}
    told = {
        target: visitor.post("/sign-in/", form, query_params={"next": target}).headers["Location"] for target in HOSTILE
    }
    assert {target: to for target, to in told.items() if to != "/"} == {}


def test_nor_once_signed_in(coordinator: Person) -> None:
    told = {target: coordinator.get("/sign-in/", {"next": target}).headers["Location"] for target in SOME}
    assert {target: to for target, to in told.items() if to != "/"} == {}


@pytest.mark.parametrize("target", FRIENDLY)
def test_pages_of_ours_are_reached(visitor: Person, target: str) -> None:
    answer = visitor.post("/sign-in/", {"username": COORDINATOR, "password": PASSWORD, "next": target})
    assert answer.headers["Location"] == target.replace("ö", "%C3%B6")
    assert leads(answer.headers["Location"]) == "testserver"


def test_the_choice_of_customer_leads_nobody_astray(visitor: Person) -> None:
    visitor.sign_in(BOTH)
    session = visitor.session
    told = {}
    for target in SOME:
        session.pop("customer", None)
        session.save()
        told[target] = visitor.post("/customers/", {"customer": "1", "next": target}).headers["Location"]
        session = visitor.session
    assert {target: to for target, to in told.items() if to != "/"} == {}


LINKS = re.compile(r'(?:href|action)="([^"]*)"')


@pytest.mark.parametrize("path", ["/assignments/new/", "/assignments/2/", "/assignments/2/delete/", "/customers/"])
def test_no_link_on_a_page_leads_astray(coordinator: Person, path: str) -> None:
    """Cancel goes back to where the person came from: to a page of ours."""
    for target in SOME:
        page = coordinator.get(path, {"next": target}).content.decode()
        foreign = [link for link in map(unescape, LINKS.findall(page)) if leads(link) != "testserver"]
        assert foreign == [], target


@pytest.mark.parametrize("path", ["/assignments/new/", "/assignments/2/", "/assignments/2/delete/"])
def test_cancel_does_go_back(coordinator: Person, path: str) -> None:
    """So that the test above is about something."""
    page = coordinator.get(path, {"next": "/users/2/?q=x"}).content.decode()
    assert "/users/2/?q=x" in map(unescape, LINKS.findall(page))


def test_a_change_leads_nobody_astray(coordinator: Person) -> None:
    for target in SOME:
        answer = coordinator.post("/assignments/2/delete/", {"next": target})
        assert leads(answer.headers.get("Location", "/")) == "testserver", target
