"""Forms that are not ours: every address without its token, from another site, and by a plain link.

Numbers tried: every address of the URL configuration (more than 90) x POST, PUT, PATCH, DELETE x three forgeries, and
every address by GET and HEAD with all the fields that any form of ours has. `make test` tries POST of the four.
"""

import copy
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django_tasks_db.models import DBTaskResult

from flinkey_admin.node.middleware import DOORS
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.operations.stage import Clock
from tests.security.addresses import ADDRESSES, WITHOUT_TOKEN, about, patterns, sample
from tests.security.things import furnish
from tests.stages import every_row

UNSAFE = ["POST", "PUT", "PATCH", "DELETE"]
FORM = {
    "id": ["1", "2", "3"],
    "to": "2",
    "name": "Geraubt",
    "car": "4",
    "user": "3",
    "yes": "1",
    "customer": "1",
    "start": "2033-03-01T10:00",
    "end": "2033-03-01T12:00",
    "text": "Geraubt",
    "kind": "cars",
    "others": "1",
    "cars": "4",
    "users": "3",
    "weekdays": ["0", "1"],
    "every": "1",
    "clash": "skip",
    "at": "2026-12-01T23:00",
    "since": "2026-11-30",
    "day": "2026-12-01",
    "act": "end-",
    "what": "on",
    "begins": "10:00",
    "ends": "12:00",
    "first": "2033-03-01",
    "last": "2033-03-02",
    "username": "coordinator@nordwind.example",
    "password": "flinkey-demo",
    "scheme": "dark",
    "language": "de",
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


# What a page that is only looked at may write: the copy, what it asks the sweep to read, and messages to its reader.
OF_LOOKING = ("mirror_", "django_tasks_", "django_session")
# Forms that change nothing here: they only ask or check, lead on to the next form, or choose what a cookie keeps.
HARMLESS = {
    *("accounts:preferences", "accounts:customers", "assignments:window_check"),
    *("assignments:several_cars", "assignments:several_users"),
    "components",
}


def kept() -> dict[str, Any]:
    """Whatever is not written by looking at pages, whole; of the sessions, whose they are."""
    rows = {table: found for table, found in every_row().items() if not table.startswith(OF_LOOKING)}
    tasks = DBTaskResult.objects.exclude(queue_name="sweep").order_by("pk")
    return rows | {"sessions": sorted(Session.objects.values_list("pk")), "tasks": list(tasks.values())}


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


@pytest.fixture
def addresses(clock: Clock, coordinator: Person, remote: Remote) -> list[tuple[str, str]]:
    """Each address about something that it could change, with its name. Time stands still."""
    found = list(about(furnish(clock, coordinator, remote)))
    cache.clear()  # nobody has asked for too much
    return found


def test_no_link_changes_anything(addresses: list[tuple[str, str]], coordinator: Person, remote: Remote) -> None:
    """By GET and HEAD, with every field of every form of ours in the address."""
    before, fleet, cookies = kept(), remote.state(1), set(coordinator.cookies)
    remote.clear_requests()
    for address, _name in addresses:
        answers = [coordinator.get(address, FORM), coordinator.head(address, FORM)]
        assert [answer.status_code for answer in answers if answer.status_code >= 500] == [], address
    assert {call["method"] for call in remote.requests()} <= {"GET"}
    after = kept()
    assert [table for table in before | after if before.get(table) != after.get(table)] == []
    assert remote.state(1) == fleet
    assert coordinator.cookies.keys() == cookies, "nothing was chosen for good"
    assert coordinator.get("/groups/").status_code == 200, "nor is anybody signed out by it"


def test_the_same_form_does_change_something(
    addresses: list[tuple[str, str]], coordinator: Person, remote: Remote
) -> None:
    """At every address that takes forms at all, so that the tests above are about something."""
    state, takes, moved = remote.snapshot(), set(), set()
    for address, name in [one for one in addresses if not one[0].startswith(WITHOUT_TOKEN)]:
        browser = Client()
        browser.cookies = copy.deepcopy(coordinator.cookies)
        with transaction.atomic():
            before = kept()
            if browser.post(address, FORM).status_code != 405:
                takes.add(name)
            if kept() != before:
                moved.add(name)
            transaction.set_rollback(True)
        remote.restore(state)
    assert takes - moved == HARMLESS
