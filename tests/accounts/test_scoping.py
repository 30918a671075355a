"""Nobody sees or touches what is not theirs: every address of the project, walked by nobody and by a stranger.

Ids are the same numbers for both customers, so whatever forgot whose they are would show here. What the owner has is
named so that no page of anybody else could say it by chance, and each test first makes sure that the owner does see it.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from flinkey_admin.assignments.models import Series
from flinkey_admin.assignments.series import Rule
from flinkey_admin.operations.models import Operation, Step
from flinkey_admin.sandbox import Remote
from tests.accounts.stage import Answer, is_sign_in, operations
from tests.conftest import BOTH, COORDINATOR, SOUTHERNER, Person
from tests.operations.windows import agree
from tests.web.pages import read

HTMX = {"HX-Request": "true"}
OWNERS = {"1": COORDINATOR, "2": SOUTHERNER}

# Every route of the project with addresses for it. A new route has to be listed here, or the first test fails.
# SEEN: the owner reads it there. LED: a GET leads somewhere else, or the page is an empty form.
SEEN, LED = "seen", "led"
ROUTES: dict[str, dict[str, str]] = {
    "": {"/": LED},
    "handover/": {"/handover/": SEEN},
    "help/": {"/help/": LED},
    "node/": {"/node/": LED},
    "keys/": {"/keys/": LED},
    "keys/groups/": {"/keys/groups/": LED},
    "groups/": {"/groups/": SEEN, "/groups/?q=kanari": SEEN, "/groups/?sort=-name&page=1": SEEN},
    "groups/new/": {"/groups/new/": LED},
    "groups/<id:group_id>/": {"/groups/1/": SEEN, "/groups/1/?q=kanari": SEEN},
    "groups/<id:group_id>/rename/": {"/groups/1/rename/": SEEN},
    "groups/<id:group_id>/delete/": {"/groups/1/delete/": SEEN},
    "groups/<id:group_id>/empty/": {"/groups/1/empty/": LED},
    "groups/<id:group_id>/<kind:kind>/": {
        "/groups/1/cars/": SEEN,
        "/groups/1/users/": SEEN,
        "/groups/1/services/": SEEN,
        "/groups/1/products/": SEEN,
        "/groups/1/cars/?selection={selection}": SEEN,
    },
    "groups/<id:group_id>/<kind:kind>/select/": {"/groups/1/cars/select/": LED},
    "groups/<id:group_id>/<kind:kind>/add/": {"/groups/2/cars/add/": SEEN, "/groups/2/users/add/": SEEN},
    "groups/<id:group_id>/<kind:kind>/also/": {"/groups/1/cars/also/": LED},
    "groups/<id:group_id>/<kind:kind>/move/": {"/groups/1/cars/move/": LED, "/groups/1/users/move/": LED},
    "groups/<id:group_id>/<kind:kind>/remove/": {"/groups/1/cars/remove/": LED},
    "<kind:kind>/select/": {"/cars/select/": LED},
    "<kind:kind>/also/": {"/cars/also/": LED, "/users/also/": LED},
    "<kind:kind>/move/": {"/cars/move/": LED},
    "<kind:kind>/remove/": {"/cars/remove/": LED},
    "search/": {"/search/?q=kanari": SEEN, "/search/?q=kanari&acts=1": SEEN},
    "cars/": {"/cars/": SEEN, "/cars/?q=kanari": SEEN},
    "cars/free/": {"/cars/free/": SEEN, "/cars/free/?group=1": SEEN},
    "cars/<id:car_id>/": {"/cars/1/": SEEN, "/cars/{car}/": SEEN},
    "users/": {"/users/": SEEN, "/users/?q=kanari": SEEN},
    "users/<id:user_id>/": {"/users/{user}/": SEEN},
    "services/": {"/services/": SEEN},
    "products/": {"/products/": SEEN},
    "access/": {"/access/": LED, "/access/?car=1&at=2026-01-01T12:00": SEEN, "/access/?user={user}": SEEN},
    "access/csv/": {"/access/csv/": LED, "/access/csv/?car=1": SEEN},
    "assignments/new/": {"/assignments/new/": LED, "/assignments/new/?car=1&user={user}": SEEN},
    "assignments/keys/": {"/assignments/keys/": LED},
    "assignments/series/": {"/assignments/series/": SEEN},
    "assignments/series/new/": {"/assignments/series/new/": LED, "/assignments/series/new/?use={series}": SEEN},
    "assignments/series/<id:series_id>/": {"/assignments/series/{series}/": SEEN},
    "assignments/series/<id:series_id>/add/": {"/assignments/series/{series}/add/": SEEN},
    "assignments/series/<id:series_id>/change/": {"/assignments/series/{series}/change/": SEEN},
    "assignments/series/<id:series_id>/end/": {"/assignments/series/{series}/end/": SEEN},
    "assignments/series/<id:series_id>/out/": {"/assignments/series/{series}/out/": SEEN},
    "assignments/several/": {
        "/assignments/several/": LED,
        "/assignments/several/?car=1&user={user}": SEEN,
    },
    "cars/give/": {"/cars/give/": LED},
    "users/give/": {"/users/give/": LED},
    "assignments/find/": {"/assignments/find/?car=kanari": SEEN, "/assignments/find/?user=kanari": SEEN},
    "assignments/check/": {"/assignments/check/": LED},
    "assignments/<id:window_id>/check/": {"/assignments/1/check/": LED, "/assignments/{window}/check/": LED},
    "cars/<id:thing_id>/end/": {"/cars/1/end/": LED, "/cars/{car}/end/": LED},
    "users/<id:thing_id>/end/": {"/users/{user}/end/": LED},
    "cars/<id:car_id>/sharing/": {"/cars/1/sharing/": SEEN},
    "groups/<id:group_id>/sharing/": {"/groups/1/sharing/": SEEN},
    "cars/<id:car_id>/calendar/": {"/cars/1/calendar/": SEEN},
    "users/<id:user_id>/calendar/": {"/users/{user}/calendar/": SEEN},
    "groups/<id:group_id>/calendar/": {"/groups/1/calendar/": SEEN},
    "assignments/<id:window_id>/": {"/assignments/1/": SEEN, "/assignments/{window}/": SEEN},
    "assignments/<id:window_id>/act/": {"/assignments/1/act/": SEEN, "/assignments/{window}/act/": SEEN},
    "assignments/<id:window_id>/hand-over/": {
        "/assignments/1/hand-over/": SEEN,
        "/assignments/{window}/hand-over/": SEEN,
    },
    "assignments/<id:window_id>/swap/": {"/assignments/1/swap/": SEEN, "/assignments/{window}/swap/": SEEN},
    "assignments/<id:window_id>/delete/": {"/assignments/1/delete/": SEEN, "/assignments/{window}/delete/": SEEN},
    "reports/mismatches/": {"/reports/mismatches/": LED, "/reports/mismatches/?show=open": LED},
    "reports/mismatches/csv/": {"/reports/mismatches/csv/": SEEN},
    "timeline/": {"/timeline/": SEEN, "/timeline/?rows=users&q=kanari": SEEN},
    "messages/": {"/messages/": LED},
    "settings/sessions/": {"/settings/sessions/": LED},
    "operations/": {"/operations/": SEEN},
    "operations/<id:operation_id>/": {"/operations/{done}/": SEEN, "/operations/{plan}/": SEEN},
    "operations/<id:operation_id>/run/": {"/operations/{done}/run/": LED, "/operations/{plan}/run/": LED},
    "operations/<id:operation_id>/back/": {"/operations/{done}/back/": LED, "/operations/{plan}/back/": LED},
    "operations/<id:operation_id>/csv/": {"/operations/{done}/csv/": SEEN},
    "operations/<id:operation_id>/pause/": {"/operations/{done}/pause/": LED, "/operations/{plan}/pause/": LED},
    "operations/<id:operation_id>/stop/": {"/operations/{done}/stop/": LED, "/operations/{plan}/stop/": LED},
    "operations/<id:operation_id>/check/": {"/operations/{done}/check/": LED, "/operations/{access}/check/": LED},
    "operations/<id:operation_id>/close/": {"/operations/{done}/close/": LED, "/operations/{access}/close/": LED},
}
# Open to everybody: they show nothing of anybody, and their own tests say what they do.
OPEN = {
    "sign-in/",
    "sign-out/",
    "customers/",
    "settings/",
    "components/",
    "components/<slug:part>/",
    "health/live/",
    "health/ready/",
    "metrics",
    "calendar/<str:secret>.ics",
    "webhooks/flinkey/assignments/",
    "webhooks/flinkey/assignments/created/",
    "webhooks/flinkey/assignments/updated/",
    "webhooks/flinkey/assignments/deleted/",
}
ADDRESSES = [path for paths in ROUTES.values() for path in paths]
READ = [path for paths in ROUTES.values() for path, how in paths.items() if how == SEEN]
OF_OPERATIONS = [path for path in ADDRESSES if path.startswith("/operations/{")]


def routes(patterns: list[Any], before: str = "") -> Iterator[str]:
    for one in patterns:
        here = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns, here)
        elif isinstance(one, URLPattern):
            yield here


def test_every_address_of_the_project_is_walked() -> None:
    assert set(routes(get_resolver().url_patterns)) == set(ROUTES) | OPEN


# The stage ----------------------------------------------------------------------------------------------------------


@dataclass
class Owner:
    """Somebody with things of unmistakable names, and the ids of some."""

    person: Person
    customer: str
    ids: dict[str, Any]

    @property
    def canary(self) -> str:
        return f"Kanari-{self.customer}"

    def path(self, template: str) -> str:
        return template.format(**self.ids)


def name_things(remote: Remote, customer: int) -> dict[str, Any]:
    """Gives everything of a customer a name of its own; returns ids of some things."""
    canary = f"Kanari-{customer}"
    state = remote.state(customer)
    for group in state["groups"]:
        remote.change("rename_group", customer=customer, group=group["id"], name=f"{canary} Gruppe {group['id']}")
    for car in state["cars"]:
        remote.change("rename_car", customer=customer, car=car["id"], name=f"{canary} Wagen {car['id']}")
    facts: dict[str, dict[str, Any]] = {
        "cars": {"name": f"{canary} Zuletzt", "licensePlate": f"K-N {customer}"},
        "users": {
            "emailAddress": f"kanari-{customer}@example.org",
            "userData": {"firstName": canary, "lastName": "Vogel"},
        },
        "services": {"name": f"{canary} Vertrag", "isTerminated": False},
        "products": {"uniqueId": f"{canary} Kasten", "serialNumber": "1", "type": "flinkey Box"},
    }
    ids = {}
    for kind, known in facts.items():
        ids[kind[:-1]] = remote.change("add_thing", customer=customer, kind=kind, **known)
        remote.change("add_member", customer=customer, kind=kind, group=1, id=ids[kind[:-1]])
    window = {"car": 1, "user": ids["user"], "start": "2031-05-02T08:00:00Z", "end": "2031-05-02T18:00:00Z"}
    return ids | {"window": remote.change("add_window", customer=customer, **window)}


def run_something(person: Person, customer: str, user: int) -> dict[str, Any]:
    """A change that is done, an access that waits, a plan that nobody has said yes to, a frozen selection."""
    person.post("/groups/new/", {"name": f"Kanari-{customer} Neu"})
    window = {"car": "1", "user": str(user), "start": "2032-01-01T10:00", "end": "2032-01-01T12:00"}
    agree(person, "/assignments/new/", window)
    person.post("/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"})
    done, access, plan = Operation.objects.filter(customer__flinkey_id=customer).order_by("pk")
    frozen = person.post("/groups/1/cars/select/").headers["Location"]
    selection = re.search(r"selection=([0-9a-f-]{36})", frozen)
    assert selection
    series = keep_series(access, f"Kanari-{customer} Serie", user)
    return {"done": done.pk, "access": access.pk, "plan": plan.pk, "selection": selection[1], "series": series.pk}


def keep_series(access: Operation, name: str, user: int) -> Series:
    """A series that the access belongs to."""
    rule = Rule(dt.date(2032, 1, 1), dt.date(2032, 1, 31), dt.time(10), dt.time(12))
    mine = {"customer": access.customer, "person": access.person, "name": name}
    series = Series.objects.create(**mine, rule=rule.kept(), cars=[1], users=[user])
    series.operations.add(access)
    return series


@pytest.fixture(params=["1", "2"], ids=["of Nordwind", "of Südstern"])
def owner(request: pytest.FixtureRequest, db: None, remote: Remote) -> Owner:
    """Signed in for one of the two customers, with things and changes that bear its name."""
    customer = str(request.param)
    remote.freeze()  # so that an access stays waiting
    ids = name_things(remote, int(customer))
    person = Person()
    assert person.sign_in(OWNERS[customer]).status_code == 302
    return Owner(person, customer, ids | run_something(person, customer, ids["user"]))


@pytest.fixture
def stranger(owner: Owner) -> Person:
    """The manager of the other customer."""
    person = Person()
    assert person.sign_in(OWNERS["2" if owner.customer == "1" else "1"]).status_code == 302
    return person


def kept(owner: Owner) -> list[Any]:
    """The owner's rows in the journal, whole."""
    mine = {"customer__flinkey_id": owner.customer}
    return [list(model.objects.filter(**mine).order_by("pk").values()) for model in (Operation, Step)]


FORM = {
    "id": [str(number) for number in range(1, 9)],
    "to": "2",
    "name": "Geraubt",
    "car": "1",
    "user": "1",
    "start": "2033-03-01T10:00",
    "end": "2033-03-01T12:00",
}

# The tests ----------------------------------------------------------------------------------------------------------


def test_the_owner_sees_it_all(owner: Owner) -> None:
    """What could not leak would prove nothing below."""
    blind = []
    for template in READ:
        answer = owner.person.get(owner.path(template))
        if answer.status_code != 200 or owner.canary not in answer.content.decode():
            blind.append((template, answer.status_code))
    assert blind == []


def test_every_change_is_the_owner_s_to_make(owner: Owner) -> None:
    """And what could not be done would prove nothing either."""
    assert [owner.person.post(owner.path(path)).status_code for path in OF_OPERATIONS if "/run/" in path] == [302, 302]
    assert Operation.objects.get(pk=owner.ids["plan"]).state == "confirmed"


def test_nobody_is_asked_to_sign_in(owner: Owner, remote: Remote) -> None:
    before = kept(owner), remote.state(int(owner.customer))
    remote.clear_requests()
    nobody, wrong = Person(), []
    for path in map(owner.path, ADDRESSES):
        answers = [nobody.get(path), nobody.post(path, FORM), nobody.get(path, headers=HTMX)]
        to = answers[2].headers.get("HX-Redirect", "").partition("?")[0]  # a search leads back to what was searched for
        led = is_sign_in(answers[0]) and is_sign_in(answers[1]) and to == "/sign-in/"
        if not led or any(answer.content for answer in answers):
            wrong.append(path)
    assert wrong == []
    assert remote.requests() == []
    assert (kept(owner), remote.state(int(owner.customer))) == before


@pytest.mark.sampled(2)
def test_a_stranger_with_the_same_ids_sees_and_changes_nothing(owner: Owner, stranger: Person, remote: Remote) -> None:
    before = kept(owner), remote.state(int(owner.customer))
    remote.clear_requests()
    form = FORM | {"selection": owner.ids["selection"]}
    paths = [owner.path(template) for template in ADDRESSES]
    seen = [(path, stranger.get(path, follow=True)) for path in paths]
    seen += [(f"{path} by htmx", stranger.get(path, headers=HTMX)) for path in paths]
    for path in paths:
        seen.append((f"{path} sent", stranger.post(path, form, follow=True)))
        seen.append((f"{path} bare", stranger.post(path, follow=True)))
        assert (kept(owner), remote.state(int(owner.customer))) == before, path
    seen += [(path, stranger.get(path)) for path in ("/operations/", "/groups/", "/cars/1/")]
    assert [path for path, answer in seen if owner.canary in answer.content.decode()] == []
    assert [path for path, answer in seen if answer.status_code >= 500] == []
    asked_for = {call["headers"].get("customer-id") for call in remote.requests()}
    assert asked_for == {"2" if owner.customer == "1" else "1"}


@pytest.mark.sampled(2)
def test_a_stranger_s_change_is_not_there(owner: Owner, stranger: Person) -> None:
    """404 at every address of it, and all looks like a change that never was. What takes no forms says so: 405."""
    before = kept(owner)
    for template in OF_OPERATIONS:
        theirs, never = owner.path(template), re.sub(r"{\w+}", "999999", template)
        answers = [stranger.get(theirs), stranger.post(theirs, FORM), stranger.get(theirs, headers=HTMX)]
        posted = 405 if template.endswith(("}/", "/csv/")) else 404
        assert [answer.status_code for answer in answers] == [404, posted, 404], theirs
        others = [stranger.get(never), stranger.post(never, FORM), stranger.get(never, headers=HTMX)]
        assert [words(answer) for answer in answers] == [words(answer) for answer in others], theirs
    assert kept(owner) == before


def words(answer: Answer) -> str:
    """What a page says, but for its reference number."""
    return read(re.sub(r"<code>\w{8}</code>", "", answer.content.decode()))


def test_a_frozen_selection_is_its_owner_s(owner: Owner, stranger: Person, remote: Remote) -> None:
    key = owner.ids["selection"]
    ticked = re.compile(r'name="id"[^>]* checked')
    assert len(ticked.findall(owner.person.get(f"/groups/1/cars/?selection={key}").content.decode())) > 1
    assert ticked.findall(stranger.get(f"/groups/1/cars/?selection={key}").content.decode()) == []
    answer = stranger.post("/groups/1/cars/move/", {"selection": key, "to": "2"}, follow=True).content.decode()
    assert "Nothing was ticked." in answer


def test_a_colleague_sees_what_is_done_and_no_plan_of_another(owner: Owner) -> None:
    """The history is the customer's; a review that waits for a yes is one person's."""
    colleague = Person()
    colleague.sign_in(BOTH)
    colleague.post("/customers/", {"customer": owner.customer})
    told = {
        name: colleague.get(owner.path(f"/operations/{{{name}}}/")).status_code for name in ("done", "access", "plan")
    }
    assert told == {"done": 200, "access": 200, "plan": 404}
    assert owner.canary in colleague.get("/operations/").content.decode()
    assert colleague.post(owner.path("/operations/{plan}/run/")).status_code == 404
    colleague.post("/customers/", {"customer": "2" if owner.customer == "1" else "1"})
    told = {
        name: colleague.get(owner.path(f"/operations/{{{name}}}/")).status_code for name in ("done", "access", "plan")
    }
    assert told == {"done": 404, "access": 404, "plan": 404}


def test_searching_finds_nothing_of_anybody_else(owner: Owner, stranger: Person, remote: Remote) -> None:
    for path in ("/groups/", "/cars/", "/users/", "/services/", "/products/", "/groups/1/cars/"):
        found = {
            person: re.findall(r'data-id="(\d+)"', person.get(f"{path}?q=kanari").content.decode())
            for person in (owner.person, stranger)
        }
        assert (len(found[owner.person]) > 0, found[stranger]) == (True, []), path
    assert set(operations(remote)) >= {"getCars", "getUsers", "getServices", "getProducts"}
