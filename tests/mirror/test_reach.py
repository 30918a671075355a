"""The copy does not outlive the right to see it."""

from typing import Any

import pytest
from django.utils import timezone

from flinkey_admin.accounts.models import Customer, Reach
from flinkey_admin.accounts.scoping import live_scopes
from flinkey_admin.mirror.models import Listing, Upstream
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.conftest import BOTH, COORDINATOR, Person
from tests.mirror.stage import NEXT, SOON, asked, caught_up, times_asked, watch_of
from tests.mirror.worker import progress, work
from tests.operations.stage import Clock, assert_plain, page_of, says

ADDRESSES = ["/groups/1/", "/cars/", "/cars/1/", "/users/1/", "/groups/", "/timeline/", "/cars/?q=pool"]
WORDS = ["Hamburg", "Pool 1", "Müller"]


def has_lost(person: Person) -> None:
    """Nothing of the customer's is shown any more, wherever the person looks."""
    for address in ADDRESSES:
        for headers in ({}, {"HX-Request": "true"}):
            answer: Any = person.get(address, headers=headers, follow=True)
            text = page_of(answer)
            assert not any(word in text for word in WORDS), address


def test_a_manager_who_is_taken_off_loses_the_page_within_a_minute(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    page = caught_up(coordinator, "/groups/1/")
    flinkey.change("revoke_manager", email=COORDINATOR)
    clock.advance(NEXT)
    news = coordinator.poll(page)
    assert news.status_code == 403
    assert says(news, sentences.MISSING["manager"])
    assert_plain(news)
    assert Reach.objects.filter(manager__email=COORDINATOR).count() == 0
    has_lost(coordinator)


def test_also_when_nothing_on_the_page_is_due(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """So that no answer about the customer says it."""
    page = caught_up(coordinator, "/groups/1/")
    flinkey.change("revoke_manager", email=COORDINATOR)
    clock.advance(NEXT)
    Listing.objects.update(read_at=timezone.now())
    assert coordinator.poll(page).status_code == 403


def test_whoever_keeps_another_customer_keeps_that_one(clock: Clock, visitor: Person, flinkey: Remote) -> None:
    visitor.sign_in(BOTH)
    visitor.post("/customers/", {"customer": "1"})
    page = caught_up(visitor, "/groups/1/")
    flinkey.change("revoke_manager", email=BOTH)
    clock.advance(NEXT)
    assert visitor.poll(page).status_code == 403
    assert list(Reach.objects.filter(manager__email=BOTH).values_list("customer__flinkey_id", flat=True)) == ["2"]
    has_lost(visitor)
    visitor.post("/customers/", {"customer": "2"})
    assert "Stuttgart" in page_of(visitor.get("/groups/"))


def test_flinkeys_own_word_counts_at_once(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """An answer "no manager of this customer" on any list, before it is time to ask whom one may act for."""
    page = caught_up(coordinator, "/groups/1/")
    flinkey.change("revoke_manager", email=COORDINATOR)
    clock.advance(SOON)
    flinkey.clear_requests()
    assert coordinator.poll(page).status_code == 403
    assert "/customers" not in asked(flinkey)
    has_lost(coordinator)


def test_a_colleague_is_not_concerned(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    other = Person()
    other.sign_in(BOTH)
    other.post("/customers/", {"customer": "1"})
    page = caught_up(coordinator, "/groups/1/")
    flinkey.change("revoke_manager", email=COORDINATOR)
    clock.advance(NEXT)
    assert coordinator.poll(page).status_code == 403
    assert "Hamburg" in page_of(other.get("/groups/1/"))
    assert other.poll(other.get("/groups/1/")).status_code in {200, 204}


def test_it_is_asked_twice_a_minute_however_many_pages_are_open(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    pages = [caught_up(coordinator, address) for address in ("/groups/1/", "/cars/1/")]
    flinkey.clear_requests()
    for _ in range(8):
        clock.advance(15)
        for page in pages:
            coordinator.poll(page)
    assert times_asked(flinkey)["/customers"] in {2, 3, 4}


FAULTS = [
    ("status", {"status": 503}),
    ("status", {"status": 403}),  # of a gateway, with a sentence of its own
    ("reset-before", {}),
    ("html", {}),
    ("bad-key", {}),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_when_flinkey_cannot_say_the_page_stays(clock: Clock, coordinator: Person, flinkey: Remote, fault: Any) -> None:
    page = caught_up(coordinator, "/groups/1/")
    kind, facts = fault
    flinkey.fault("*", kind, times=-1, **facts)
    clock.advance(NEXT)
    news = coordinator.poll(page)
    assert news.status_code == 200
    assert "HX-Retarget" not in news.headers
    assert Upstream.objects.get().trouble in {"down", "key"}
    assert coordinator.get("/groups/1/").status_code == 200


@pytest.mark.parametrize("seconds", [SOON, NEXT])
def test_a_dead_token_on_a_poll_leads_to_the_sign_in_and_back(
    clock: Clock, coordinator: Person, flinkey: Remote, seconds: int
) -> None:
    page = caught_up(coordinator, "/groups/1/")
    flinkey.expire_tokens()
    clock.advance(seconds)
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/groups/1/?sort=-name"}
    news = coordinator.get(watch_of(page), headers=headers)
    assert news.headers["HX-Redirect"] == "/sign-in/?next=%2Fgroups%2F1%2F%3Fsort%3D-name"
    assert not any(word in page_of(news) for word in WORDS)
    assert coordinator.get("/groups/1/").status_code == 302
    assert Upstream.objects.get().trouble == "", "a matter of this person, not of flinkey"


def test_a_session_that_nobody_sits_at_ends_though_its_page_polls(
    clock: Clock, coordinator: Person, flinkey: Remote, settings: Any
) -> None:
    settings.SESSION_IDLE_MINUTES = 5
    page = caught_up(coordinator, "/groups/1/")
    for _ in range(4):
        clock.advance(70)
        assert coordinator.poll(page).status_code in {200, 204}
    clock.advance(70)
    assert coordinator.poll(page).headers["HX-Redirect"].startswith("/sign-in/")


@pytest.mark.django_db(transaction=True)
def test_the_sweep_that_is_told_so_takes_the_customer_and_leaves_the_sign_in(
    clock: Clock, visitor: Person, flinkey: Remote, settings: Any
) -> None:
    """Whose pages ask for no news, for want of scripts, loses them as well, and nothing else."""
    settings.FLINKEY_CALLS_PER_SECOND = 1000.0
    visitor.sign_in(BOTH)
    visitor.post("/customers/", {"customer": "1"})
    assert "Pool 1" in page_of(visitor.get("/cars/"))
    flinkey.change("revoke_manager", email=BOTH)
    flinkey.clear_requests()
    work()
    assert "/customers" not in asked(flinkey), "a list told it"
    assert list(Reach.objects.filter(manager__email=BOTH).values_list("customer__flinkey_id", flat=True)) == ["2"]
    has_lost(visitor)
    visitor.post("/customers/", {"customer": "2"})
    assert "Stuttgart" in page_of(visitor.get("/groups/"))
    assert len(live_scopes(Customer.objects.get(flinkey_id="2"))) == 1, "so its jobs and its sweep go on"
    work()
    assert progress("2") == (16, 16)
