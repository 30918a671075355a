"""Forms that are not ours: every address without its token, from another site, and by a plain link.

Numbers tried: every address of the URL configuration (more than 90) x POST, PUT, PATCH, DELETE x three forgeries, and
every address by GET and HEAD with all the fields that any form of ours has. `make test` tries POST of the four.
"""

from typing import Any

import pytest
from django.test import Client

from flinkey_admin.accounts.models import SignIn
from flinkey_admin.fleet.models import Note, Selection
from flinkey_admin.node.middleware import DOORS
from flinkey_admin.operations.models import Operation, Step
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.security.addresses import ADDRESSES, WITHOUT_TOKEN, patterns, sample

UNSAFE = ["POST", "PUT", "PATCH", "DELETE"]
FORM = {
    "id": ["1", "2", "3"],
    "to": "2",
    "name": "Geraubt",
    "car": "1",
    "user": "1",
    "yes": "1",
    "customer": "1",
    "start": "2033-03-01T10:00",
    "end": "2033-03-01T12:00",
    "text": "Geraubt",
    "kind": "cars",
    "others": "1",
    "cars": "1",
    "users": "1",
    "begins": "10:00",
    "ends": "12:00",
    "first": "2033-03-01",
    "last": "2033-03-02",
    "username": "coordinator@nordwind.example",
    "password": "flinkey-demo",
    "scheme": "dark",
    "sharing": "shared",
}
FORGED = {
    "no token": {},
    "another site": {"Origin": "https://evil.example"},
    "a frame without a name": {"Origin": "null"},
}


@pytest.fixture
def victim(coordinator: Person) -> Client:
    """The coordinator's browser, before a server that asks for tokens."""
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = coordinator.cookies
    assert browser.get("/groups/new/").status_code == 200
    return browser


def kept() -> list[Any]:
    """What could have been changed here."""
    models: list[Any] = [Operation, Step, Selection, Note, SignIn]
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_only_flinkey_s_messages_need_no_token() -> None:
    exempt = [sample(route) for route, _name, view in patterns() if getattr(view, "csrf_exempt", False)]
    assert len(exempt) == 4
    assert [address for address in exempt if not address.startswith(WITHOUT_TOKEN)] == []


@pytest.mark.sampled(1)
@pytest.mark.parametrize("forgery", FORGED)
def test_no_address_takes_a_foreign_form(victim: Client, remote: Remote, forgery: str, part: int) -> None:
    """With the right token, too, where it comes from another site: it may have been stolen."""
    token = victim.cookies["csrftoken"].value
    form: dict[str, Any] = FORM | ({"csrfmiddlewaretoken": token} if FORGED[forgery] else {})
    before, fleet = kept(), remote.state(1)
    remote.clear_requests()
    wrong, tried = [], 0
    for address in [one for one in ADDRESSES if not one.startswith(WITHOUT_TOKEN)]:
        for method in UNSAFE if part == 1 else UNSAFE[:1]:
            call: Any = getattr(victim, method.lower())
            sent: Any = {"data": form} if method == "POST" else {"data": "id=1", "content_type": "text/plain"}
            answer = call(address, headers=FORGED[forgery], **sent)
            tried += 1
            if answer.status_code != (405 if address in DOORS else 403):  # those take no form at all
                wrong.append(f"{method} {address} {answer.status_code}")
    assert wrong == []
    assert tried > 80 * (4 if part == 1 else 1)
    assert (kept(), remote.state(1), remote.requests()) == (before, fleet, [])


def test_no_link_changes_anything(coordinator: Person, remote: Remote) -> None:
    """By GET and HEAD, with every field of every form of ours in the address."""
    before, fleet = kept(), remote.state(1)
    remote.clear_requests()
    for address in ADDRESSES:
        answers = [coordinator.get(address, FORM), coordinator.head(address, FORM)]
        assert [answer.status_code for answer in answers if answer.status_code >= 500] == [], address
    assert {call["method"] for call in remote.requests()} <= {"GET"}
    assert (kept(), remote.state(1)) == (before, fleet)
    assert coordinator.get("/groups/").status_code == 200, "nor is anybody signed out by it"


def test_the_same_form_does_change_something(coordinator: Person, remote: Remote) -> None:
    """So that the tests above are about something."""
    before = kept()
    coordinator.post("/groups/new/", FORM)
    coordinator.post("/groups/1/cars/move/", FORM)
    assert kept() != before
