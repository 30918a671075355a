"""Every fault on every call in turn: a sentence, a true journal, nothing lost, nothing twice, and a way to the end.

Cars, users, services and products go through the same code: cars meet every fault, the other kinds share them out.
"""

import itertools
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from flinkey_admin import upstream
from flinkey_admin.operations.models import Operation, State, Step
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.conftest import COORDINATOR, PASSWORD, Person
from tests.operations.stage import (
    BERLIN,
    EMPTY,
    HAMBURG,
    Clock,
    assert_plain,
    assert_true,
    forget,
    homes_over_time,
    is_so,
    members,
    offers,
    page_of,
    press,
    receipt,
    says,
    took_effect,
    visible,
)
from tests.turns import matrix

ALWAYS = 99
PATIENCE = 1.0  # seconds; the client's time-out where an answer comes late
RETRY_AFTER = 7


@dataclass(frozen=True)
class Fault:
    """What the sandbox does to a call, and what a person should be told of it."""

    kind: str
    facts: dict[str, Any] = field(default_factory=dict)
    lost: bool = True  # the answer of a write is lost
    reason: str = "lost"  # why a step is not done


FAULTS = {
    "500": Fault("status", {"status": 500}),
    "500-done": Fault("status", {"status": 500, "done": True}),
    "429": Fault("status", {"status": 429, "retry_after": RETRY_AFTER}, lost=False, reason="busy"),
    "reset-before": Fault("reset-before"),
    "reset-after": Fault("reset-after"),
    "slow": Fault("slow", {"seconds": PATIENCE + 1}),
    "html-200": Fault("html", {"status": 200}),
    "html-200-done": Fault("html", {"status": 200, "done": True}),
    "html-502": Fault("html", {"status": 502}),
    "truncated": Fault("truncated"),
    "broken-json": Fault("broken-json"),
    "dead-token": Fault("dead-token", lost=False, reason="signed-out"),
    "bad-key": Fault("bad-key", lost=False, reason="api-key"),
    "redirect": Fault("redirect", {"location": "http://127.0.0.1:9/elsewhere"}),
}
DONE = {"500-done", "html-200-done"}  # to a window only: elsewhere they are what reset-after is


@pytest.fixture
def hasty(request: pytest.FixtureRequest, settings: Any) -> Iterator[None]:
    """A client that soon gives up waiting, where an answer comes late."""
    if request.node.callspec.params["name"] == "slow":
        settings.FLINKEY_TIMEOUT = PATIENCE
    yield
    upstream.transport().close()


def strike(remote: Remote, operation: str, fault: Fault, times: int) -> None:
    remote.clear_requests()
    remote.fault(operation, fault.kind, times=times, **fault.facts)


# Writing ------------------------------------------------------------------------------------------------------------

Ask = Callable[[Person, Any], Any]


def move(kind: str) -> Ask:
    def ask(person: Person, nonce: Any) -> Any:
        review = person.post(f"/groups/{HAMBURG}/{kind}/move/", {"id": "1", "to": str(BERLIN)})
        return press(person, review, "run")

    return ask


def form(path: str, **fields: str) -> Ask:
    return lambda person, nonce: person.post(path, {**fields, "nonce": str(nonce)}, follow=True)


GIVE = form("/assignments/new/", car="2", user="5", start="2026-11-27T08:00", end="2026-11-27T18:00")
CHANGE = form("/assignments/2/", car="1", user="2", start="2026-11-25T09:00", end="2026-11-25T16:00")
MOVED = ("cars", "users", "services", "products")
SINGULAR = {"cars": "Car", "users": "User", "services": "Service", "products": "Product"}

WRITES: dict[str, Ask] = {
    **{f"assign{SINGULAR[kind]}ToGroup": move(kind) for kind in MOVED},
    **{f"remove{SINGULAR[kind]}FromGroup": move(kind) for kind in MOVED},
    "createGroup": form("/groups/new/", name="Köln"),
    "updateGroup": form(f"/groups/{EMPTY}/rename/", name="Leipzig"),
    "deleteGroup": form(f"/groups/{EMPTY}/delete/"),
}
WINDOWS: dict[str, Ask] = {
    "createAssignment": GIVE,
    "updateAssignment": CHANGE,
    "deleteAssignment": form("/assignments/2/delete/"),
}


def is_harmless(fault: Fault) -> bool:
    """Half of an empty body is still an empty body, and a group is found again by its name."""
    return fault.kind == "broken-json"


def assert_nothing_lost_nor_twice(remote: Remote) -> None:
    for kind in MOVED:
        assert all(homes_over_time(remote, kind, 1, {HAMBURG})), f"{kind} 1 was in no group for a moment"
    assert took_effect(remote, "createAssignment") <= 1
    assert took_effect(remote, "createGroup") <= 1
    names = [one["name"] for one in remote.state(1)["groups"]]
    assert len(names) == len(set(names))


def assert_told(page: Any, fault: Fault) -> None:
    """The page has the sentence for this fault and nothing that is no sentence."""
    assert_plain(page)
    if fault.kind == "dead-token":
        assert says(page, sentences.SIGNED_OUT)
    elif fault.reason == "busy":
        assert says(page, sentences.busy(RETRY_AFTER))
    else:
        assert says(page, sentences.REASONS[fault.reason])


def back_again(person: Person, page: Any) -> Any:
    """Signs in again where the sign-in was asked for; the page that was left."""
    url = page.redirect_chain[-1][0]
    return person.post(url, {"username": COORDINATOR, "password": PASSWORD, "next": _next_of(url)}, follow=True)


def _next_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["next"][0]


WRITE_ROWS = [
    *(
        [f"{verb}{SINGULAR[kind]}{which}" for kind in MOVED]
        for verb, which in (("assign", "ToGroup"), ("remove", "FromGroup"))
    ),
    *([one] for one in ("createGroup", "updateGroup", "deleteGroup")),
]
WRITE_FAULTS = [
    *((name, "always") for name in FAULTS if name not in DONE),
    ("reset-before", "once"),
    ("reset-after", "once"),
]
WRITE_CASES = [(operation, *fault) for operation, fault in matrix(WRITE_ROWS, WRITE_FAULTS)]


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("operation", "name", "often"), WRITE_CASES, ids=[f"{one}-{fault}-{often}" for one, fault, often in WRITE_CASES]
)
def test_a_write(
    clock: Clock, coordinator: Person, flinkey: Remote, hasty: None, operation: str, name: str, often: str
) -> None:
    fault, ask, nonce = FAULTS[name], WRITES[operation], uuid.uuid4()
    strike(flinkey, operation, fault, ALWAYS if often == "always" else 1)

    page = ask(coordinator, nonce)

    assert_plain(page)
    assert_true(flinkey, lost=fault.lost and often == "always")
    if is_harmless(fault) or often == "once":
        assert _done(), "what may be repeated was repeated"
    else:
        assert not _done()
        assert_told(page, fault)
        _finish(clock, coordinator, flinkey, fault, page, lambda: ask(coordinator, nonce))
    assert_true(flinkey, lost=False)
    assert_nothing_lost_nor_twice(flinkey)
    if kind := next((kind for kind in MOVED if SINGULAR[kind] in operation), None):
        assert 1 not in members(flinkey, kind, HAMBURG)
        assert 1 in members(flinkey, kind, BERLIN)


def _done() -> bool:
    states = {step.state for step in Step.objects.all()}
    return states == {State.CONFIRMED}


def _finish(
    clock: Clock, person: Person, remote: Remote, fault: Fault, page: Any, ask_again: Callable[[], Any]
) -> None:
    """The fault has gone: whoever presses *Finish it*, or sends the form again that was kept, gets to the end."""
    remote.clear_faults()
    clock.advance(RETRY_AFTER + 1)
    if fault.kind == "dead-token":
        page = back_again(person, page)
        assert_plain(page)
        if not Operation.objects.exists():  # a form: what was typed is there again, and nothing was sent
            ask_again()
            assert _done()
            return
    page = press(person, page, "run")
    assert _done(), visible(page)
    assert not offers(page, "run")
    assert_plain(page)


WINDOW_CASES = list(itertools.product(WINDOWS, FAULTS))


@pytest.mark.sampled
@pytest.mark.parametrize(("operation", "name"), WINDOW_CASES, ids=[f"{one}-{fault}" for one, fault in WINDOW_CASES])
def test_a_window(clock: Clock, coordinator: Person, flinkey: Remote, hasty: None, operation: str, name: str) -> None:
    fault, ask, nonce = FAULTS[name], WINDOWS[operation], uuid.uuid4()
    strike(flinkey, operation, fault, ALWAYS)

    page = ask(coordinator, nonce)

    assert_plain(page)
    flinkey_did = took_effect(flinkey, operation)
    assert len(flinkey.requests(operation)) == 1, "a window's change is sent once"
    assert not re.search(r'id="window-new-\d+" data-state="confirmed"', page_of(page))
    assert State.CONFIRMED not in {step.state for step in Step.objects.all()}, "no false success"
    assert_true(flinkey, lost=fault.lost)
    flinkey.clear_faults()
    clock.advance(RETRY_AFTER + 1)
    match fault:
        case Fault(kind="dead-token"):
            assert_told(page, fault)
            assert_plain(back_again(coordinator, page))
            assert Operation.objects.count() == 0, "nothing was sent, and the form is filled in again"
            ask(coordinator, uuid.uuid4())
        case Fault(lost=False):
            assert_told(page, fault)
            press(coordinator, receipt(coordinator), "run")
        case _ if not is_harmless(fault):
            page = _after_a_lost_answer(clock, coordinator, flinkey, fault, happened=bool(flinkey_did))
            if not flinkey_did:
                ask(coordinator, uuid.uuid4())
    clock.advance(5)
    page = press(coordinator, receipt(coordinator), "check") if offers(receipt(coordinator), "check") else page
    assert Step.objects.latest("pk").state == State.CONFIRMED
    assert_true(flinkey, lost=False)
    assert_nothing_lost_nor_twice(flinkey)


def _after_a_lost_answer(clock: Clock, person: Person, remote: Remote, fault: Fault, *, happened: bool) -> Any:
    """Looking decides: it is there, or a person says that it is not, and only then it may be sent again."""
    page = receipt(person)  # which looks, since the time for that has come
    if happened:
        assert Step.objects.get().state == State.CONFIRMED
        return page
    page = press(person, page, "check")
    assert_told(page, fault)
    assert Step.objects.get().state == State.UNKNOWN
    assert not offers(page, "run"), "it is never sent again by itself"
    assert not offers(page, "close"), "it may still come"
    clock.advance(301)
    page = press(person, receipt(person), "close")
    assert Step.objects.get().state == State.REFUSED
    assert_plain(page)
    assert not offers(page, "run")
    assert not is_so(remote, Step.objects.get())
    return page


# Reading ------------------------------------------------------------------------------------------------------------

READS = {
    "getGroups": "/groups/",
    "getCarsOfGroup": "/groups/1/cars/",
    "getUsersOfGroup": "/groups/1/users/",
    "getServicesOfGroup": "/groups/1/services/",
    "getProductsOfGroup": "/groups/1/products/",
    "getCars": "/cars/",
    "getCar": "/cars/1/",
    "getUsers": "/users/",
    "getUser": "/users/1/",
    "getServices": "/services/",
    "getProducts": "/products/",
    "getAssignment": "/assignments/2/",
    "getAssignmentsOfCar": "/cars/1/",
    "getAssignmentsOfUser": "/users/1/",
}
AGAIN = 16  # seconds: then flinkey is asked again
READ_FAULTS = [name for name in FAULTS if name not in DONE]
ALIKE = [[f"get{SINGULAR[kind]}sOfGroup" for kind in MOVED], [f"get{SINGULAR[kind]}s" for kind in MOVED]]
READ_ROWS = [*ALIKE, *([one] for one in READS if one not in {*ALIKE[0], *ALIKE[1]})]
READ_CASES = matrix(READ_ROWS, READ_FAULTS)


def test_every_call_meets_a_fault() -> None:
    assert {operation for operation, _name, _often in WRITE_CASES} == set(WRITES)
    assert {operation for operation, _name in READ_CASES} == set(READS)


def sentence_for_a_read(fault: Fault) -> object:
    """What the page says when it could not be read."""
    if fault.kind == "dead-token":
        return sentences.SIGNED_OUT
    if fault.reason == "busy":
        return sentences.busy(RETRY_AFTER)
    return sentences.BAD_API_KEY if fault.kind == "bad-key" else sentences.UNAVAILABLE


@pytest.mark.sampled
@pytest.mark.parametrize(("operation", "name"), READ_CASES, ids=[f"{one}-{fault}" for one, fault in READ_CASES])
def test_a_read(clock: Clock, coordinator: Person, flinkey: Remote, hasty: None, operation: str, name: str) -> None:
    fault, url = FAULTS[name], READS[operation]
    before, state = visible(coordinator.get(url)), flinkey.state(1)
    forget()
    strike(flinkey, operation, fault, ALWAYS)

    page = coordinator.get(url, follow=True)

    assert says(page, sentence_for_a_read(fault))
    assert_plain(page)
    if fault.kind == "dead-token":
        page = back_again(coordinator, page)
        assert says(page, sentences.SIGNED_OUT), "the token is dead still"
        flinkey.clear_faults()
        assert visible(back_again(coordinator, page)) == before
    else:
        assert page.status_code == 503
        if fault.kind != "slow":
            toast = coordinator.get(url, headers={"HX-Request": "true"})
            assert toast["HX-Retarget"] == "#toasts"
            assert says(toast, sentence_for_a_read(fault)), "the page and the toast say the same"
            assert_plain(toast)
        flinkey.clear_faults()
        clock.advance(AGAIN)
        assert visible(coordinator.get(url)) == before
    assert flinkey.state(1) == state
    assert Operation.objects.count() == 0


@pytest.mark.sampled
@pytest.mark.parametrize("operation", READS)
@pytest.mark.parametrize("kind", ["reset-before", "reset-after"])
def test_a_read_survives_one_dead_connection(
    clock: Clock, coordinator: Person, flinkey: Remote, operation: str, kind: str
) -> None:
    before = visible(coordinator.get(READS[operation]))
    forget()
    flinkey.fault(operation, kind)
    assert visible(coordinator.get(READS[operation])) == before


SIGN_IN_CASES = list(itertools.product(["getToken", "getCustomers"], READ_FAULTS))


@pytest.mark.sampled
@pytest.mark.parametrize(("operation", "name"), SIGN_IN_CASES, ids=[f"{one}-{f}" for one, f in SIGN_IN_CASES])
def test_signing_in(visitor: Person, flinkey: Remote, hasty: None, operation: str, name: str) -> None:
    fault = FAULTS[name]
    strike(flinkey, operation, fault, ALWAYS)

    page = visitor.sign_in(COORDINATOR)

    wanted = sentence_for_a_read(fault)
    if operation == "getToken" and fault.kind == "dead-token":
        wanted = sentences.WRONG_PASSWORD  # nobody has a token yet, so only the password can be meant
    assert says(page, wanted)
    assert_plain(page)
    assert visitor.get("/groups/").status_code == 302, "nobody is signed in"
    flinkey.clear_faults()
    assert visitor.sign_in(COORDINATOR).status_code == 302
    assert says(visitor.get("/groups/"), "Hamburg")


PLANNING = ["getGroups", "getCars", "getCarsOfGroup"]  # the copy knows no car yet


@pytest.mark.parametrize("name", ["500", "429", "html-200", "bad-key", "truncated"])
@pytest.mark.parametrize("operation", PLANNING)
def test_what_cannot_be_read_is_not_planned(coordinator: Person, flinkey: Remote, operation: str, name: str) -> None:
    state = flinkey.state(1)
    strike(flinkey, operation, FAULTS[name], ALWAYS)

    page = coordinator.post("/groups/1/cars/move/", {"id": "1", "to": "2"})

    assert says(page, sentence_for_a_read(FAULTS[name]))
    assert_plain(page)
    assert Operation.objects.count() == 0
    assert flinkey.state(1) == state
