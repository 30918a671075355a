"""No parameter and no header of a request leads anybody to another host: 60 payloads at every address that leads back.

Numbers tried: 60 payloads x every address that leads back, and 12 x every other address of the dashboard (more than
110), x (GET and a whole form with the payload as the way back, GET with it in every parameter that the code reads, as a
page and as a part of one), and 60 x 3 in each of the headers that say where somebody comes from. `make test` tries 10
of the 60, at the addresses that lead back.
"""

import contextlib
import copy
import datetime as dt
import re
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import QueryDict

from flinkey_admin.sandbox import Remote
from tests.accounts.test_redirects import HOSTILE, leads
from tests.accounts.test_scoping import ADDRESSES, OPEN, Owner, owner
from tests.conftest import COORDINATOR, PASSWORD, Person
from tests.project.source import ROOT
from tests.security.addresses import sample
from tests.security.test_foreign_forms import FORM

__all__ = ["owner"]

HTMX = {"HX-Request": "true"}
READ = re.compile(
    r"""(?:GET|POST)(?:\.get(?:list)?\(|\[)["'](\w+)["']|["'](\w+)["'] (?:not )?in request\.(?:GET|POST)"""
)
LEADING = ("Location", "Content-Location", "Refresh", "Link", "HX-Location", "HX-Redirect", "HX-Push-Url")
LINKS = re.compile(r'\b(?:href|action|formaction|src|hx-(?:get|post|put|patch|delete|push-url|replace-url))="([^"]*)"')
BACK = "/users/2/?q=way"
END = int(dt.datetime(2031, 5, 2, 18, tzinfo=dt.UTC).timestamp())  # of the owner's window
GROUPS = 6  # of ten payloads each
EVERYWHERE = 2  # of them are tried at every address

# Every address that leads back to where `next` says, by its route: as a redirect after a POST, or as a link.
WAYS = {
    "/sign-in/",
    "/settings/",
    *("/assignments/new/", "/assignments/new/?car=1&user={user}"),
    *(f"/assignments/{{window}}/{act}" for act in ("", "act/", "delete/", "hand-over/", "swap/")),
    *(f"/assignments/1/{act}" for act in ("", "act/", "delete/", "hand-over/", "swap/")),
    *("/operations/{access}/check/", "/operations/{done}/check/"),
}
TEMPLATES = [*ADDRESSES, *(sample(route) for route in sorted(OPEN))]


def names() -> set[str]:
    """Every parameter that the code reads from an address or a form by its name."""
    files = [path for path in (ROOT / "flinkey_admin").rglob("*.py") if "sandbox" not in path.parts]
    return {one or other for path in files for one, other in READ.findall(path.read_text())}


def left_by(answer: Any) -> list[str]:
    """Whatever in an answer leads to another host."""
    told = [answer.headers[name] for name in LEADING if name in answer.headers]
    text = answer.content.decode() if answer.headers.get("Content-Type", "").startswith("text/html") else ""
    told += [unescape(link) for link in LINKS.findall(text)]
    return [to for to in told if leads(to) != "testserver"]


def led_back(answer: Any) -> bool:
    """Whether it leads to BACK."""
    told = [answer.headers.get("Location", ""), *map(unescape, LINKS.findall(answer.content.decode(errors="replace")))]
    return BACK in told


class Unkept(Exception):
    """Takes back what a request has changed."""


def sent(owner: Owner, remote: Remote, address: str, **more: Any) -> Any:
    """The answer to a form with all that is needed; what it has changed is taken back."""
    act = f"end-{END}" if str(owner.ids["window"]) in address.split("/") else "end-"
    form = FORM | {"car": "3", "user": "2", "act": act, "customer": owner.customer} | more
    before, cookies = remote.snapshot(), copy.deepcopy(owner.person.cookies)
    answer = None
    with contextlib.suppress(Unkept), transaction.atomic():
        answer = owner.person.post(address, form)
        raise Unkept
    owner.person.cookies = cookies
    remote.restore(before)
    return answer


def test_the_payloads_are_sixty() -> None:
    assert len(set(HOSTILE)) == 60


@pytest.mark.parametrize("owner", ["1"], indirect=True)
def test_these_are_the_ways_back(owner: Owner, remote: Remote) -> None:
    """So that a new one is tried below as well."""
    found = set()
    for template in TEMPLATES:
        address = owner.path(template)
        answers = [owner.person.get(address, {"next": BACK}), sent(owner, remote, address, next=BACK)]
        if any(map(led_back, answers)):
            found.add(template)
    assert found == WAYS


def test_the_code_reads_these_parameters() -> None:
    """So that the tests below are about something."""
    assert names() >= {"next", "q", "page", "seen", "selection", "use", "copy", "quick", "act", "what", "customer"}


@pytest.mark.first
@pytest.mark.sampled(6)
@pytest.mark.parametrize("owner", ["1"], indirect=True)
@pytest.mark.parametrize("group", range(GROUPS))
def test_no_parameter_leads_anybody_away(owner: Owner, remote: Remote, group: int, part: int) -> None:
    wrong, tried = [], 0
    for number, payload in enumerate(HOSTILE[group::GROUPS]):
        templates = TEMPLATES if part == 1 and number < EVERYWHERE else sorted(WAYS)
        cache.clear()  # so that nobody is held back for asking too much
        everywhere = dict.fromkeys(names(), payload)
        for template in templates:
            address = owner.path(template)
            answers = {
                "GET": owner.person.get(address, {"next": payload}),
                "everywhere": owner.person.get(address, everywhere),
                "by htmx": owner.person.get(address, everywhere, headers=HTMX),
                "POST": sent(owner, remote, address, next=payload),
            }
            for way, answer in answers.items():
                tried += 1
                wrong += [(payload, address, way, to) for to in left_by(answer)]
                wrong += [(payload, address, way, answer.status_code)] if answer.status_code >= 500 else []
    assert wrong == []
    whole = EVERYWHERE if part == 1 else 0
    assert tried == 4 * (whole * len(TEMPLATES) + (10 - whole) * len(WAYS))


@pytest.mark.sampled(6)
@pytest.mark.parametrize("group", range(GROUPS))
def test_no_header_leads_anybody_away(coordinator: Person, group: int) -> None:
    """The page in the address bar, which HTMX tells, is where the sign-in leads back to; Referer is a way back too."""
    wrong = []
    for payload in HOSTILE[group::GROUPS]:
        for told in (payload, f"http://testserver{payload}", f"http://testserver/{payload}"):
            answers = [coordinator.get("/settings/", headers={"Referer": told})]
            stranger = Person()
            answers.append(stranger.get("/groups/", headers={**HTMX, "HX-Current-URL": told}))
            query = QueryDict(urlsplit(answers[-1].headers["HX-Redirect"]).query)
            form = {"username": COORDINATOR, "password": PASSWORD, "next": query.get("next", "")}
            answers.append(stranger.post("/sign-in/", form))
            assert answers[-1].status_code == 302
            wrong += [(told, to) for answer in answers for to in left_by(answer)]
    assert wrong == []


def test_the_measure_can_fail() -> None:
    class Answer:
        headers = {"Location": "//evil.example/", "Content-Type": "text/html"}
        content = b'<a href="/groups/">x</a><form action="&#x2F;/evil.example"></form>'

    assert left_by(Answer()) == ["//evil.example/", "//evil.example"]
