"""However many people look at once, flinkey is asked once; who died while asking is replaced."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from flinkey_admin.accounts.models import Customer
from flinkey_admin.mirror import asking, store
from flinkey_admin.mirror.models import Listing
from flinkey_admin.sandbox import Remote
from tests.conftest import COORDINATOR, Person
from tests.fleet.reading import Reader, reader
from tests.mirror.stage import SOON, asked, beside, caught_up, fresh, listing, times_asked, trouble, until, watch_of
from tests.operations.stage import Clock, page_of

threads = pytest.mark.django_db(transaction=True)
IN_GROUP = ["/groups", "/groups/1/cars", "/groups/1/products", "/groups/1/services", "/groups/1/users"]


def at_once(person: Person, addresses: list[str], **more: Any) -> list[Any]:
    """The answers to so many requests of the same browser, sent together."""

    def get(address: str) -> Any:
        one = Person()
        one.cookies = person.cookies
        try:
            return one.get(address, **more)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(addresses)) as pool:
        return list(pool.map(get, addresses))


@threads
@pytest.mark.parametrize("address", ["/groups/1/", "/cars/1/"])
def test_twenty_first_visits_ask_for_each_list_once(coordinator: Person, flinkey: Remote, address: str) -> None:
    flinkey.settings(latency=0.1)
    flinkey.clear_requests()
    pages = at_once(coordinator, [address] * 20)
    assert [page.status_code for page in pages] == [200] * 20
    assert set(times_asked(flinkey).values()) == {1}
    assert len({tuple(Reader(page_of(page)).ids()) for page in pages}) == 1, "and all see the same"


@threads
def test_pages_that_share_a_list_ask_for_it_once(coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(latency=0.1)
    flinkey.clear_requests()
    pages = at_once(coordinator, ["/groups/", "/groups/1/", "/groups/2/", "/cars/1/", "/users/1/", "/cars/"] * 2)
    assert [page.status_code for page in pages] == [200] * 12
    assert {path: times for path, times in times_asked(flinkey).items() if times > 1} == {}


@threads
def test_what_is_in_a_group_waits_for_whoever_asks_for_the_groups(coordinator: Person, flinkey: Remote) -> None:
    """The members are there before the group that they are in; kept without it, they would be lost."""
    flinkey.fault("getGroups", "slow", seconds=0.6)
    flinkey.clear_requests()
    pages = at_once(coordinator, ["/groups/", "/groups/1/", "/groups/1/users/"])
    assert [page.status_code for page in pages] == [200] * 3
    assert set(times_asked(flinkey).values()) == {1}


@threads
def test_twenty_polls_ask_for_each_list_once(coordinator: Person, flinkey: Remote) -> None:
    page = coordinator.get("/groups/1/")
    Listing.objects.update(read_at=timezone.now() - dt.timedelta(seconds=SOON))
    flinkey.settings(latency=0.1)
    flinkey.clear_requests()
    news = at_once(coordinator, [watch_of(page)] * 20, headers={"HX-Request": "true"})
    assert {one.status_code for one in news} <= {200, 204}
    counted = times_asked(flinkey)
    assert {path: counted[path] for path in IN_GROUP} == dict.fromkeys(IN_GROUP, 1)
    assert max(counted.values()) == 1


@threads
def test_a_poll_does_not_wait_for_somebody_elses_reading(coordinator: Person, flinkey: Remote) -> None:
    page = caught_up(coordinator, "/groups/")
    Listing.objects.update(read_at=timezone.now() - dt.timedelta(seconds=SOON))
    flinkey.clear_requests()
    flinkey.fault("getGroups", "slow", seconds=3)
    first = beside(lambda: fresh(coordinator, "/groups/"))
    until(lambda: times_asked(flinkey))
    news = coordinator.poll(page)
    assert not first.done()
    assert news.headers["HX-Trigger"] == "again", "so it asks again soon"
    first.result()
    assert times_asked(flinkey)["/groups"] == 1


# Another process: what it leaves is a row in the database ------------------------------------------------------------


def lease(names: list[str], seconds: float) -> None:
    """Another process has begun to read these lists."""
    customer, now = Customer.objects.get(flinkey_id="1"), timezone.now()
    taken = store.claim(customer, names, now - dt.timedelta(seconds=5), now + dt.timedelta(seconds=seconds))
    assert taken == names


def test_what_another_process_reads_is_left_to_it(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = caught_up(coordinator, "/groups/1/")
    clock.advance(SOON)
    flinkey.clear_requests()
    lease(["groups", "groups/1/cars"], 40)
    news = coordinator.poll(page)
    assert asked(flinkey) == ["/groups/1/products", "/groups/1/services", "/groups/1/users"]
    assert news.headers["HX-Trigger"] == "again"


def test_a_lease_that_ran_out_is_taken_over(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = coordinator.get("/groups/")
    clock.advance(SOON)
    lease(["groups"], 40)
    flinkey.clear_requests()
    clock.advance(39)
    coordinator.poll(page)
    assert "/groups" not in asked(flinkey)
    clock.advance(1)
    coordinator.poll(page)
    assert times_asked(flinkey)["/groups"] == 1
    assert (listing("groups").read_at, listing("groups").lease_until) == (timezone.now(), None)


@threads
def test_a_first_visit_waits_for_the_other_process(coordinator: Person, flinkey: Remote) -> None:
    """And shows what that one has read."""
    coordinator.get("/groups/")
    rows = list(Listing.objects.filter(name="groups").values())
    Listing.objects.filter(name="groups").update(read_at=None)
    lease(["groups"], 40)
    flinkey.clear_requests()
    page = beside(lambda: coordinator.get("/groups/"))
    until(page.running)
    Listing.objects.filter(name="groups").update(read_at=rows[0]["read_at"], lease_until=None)
    assert reader(page.result()).ids() == [2, 1, 4, 3]
    assert "/groups" not in asked(flinkey)


@threads
def test_a_first_visit_takes_over_from_a_process_that_died(coordinator: Person, flinkey: Remote) -> None:
    coordinator.get("/cars/")
    lease(["groups"], 0.3)
    flinkey.clear_requests()
    assert reader(coordinator.get("/groups/")).ids() == [2, 1, 4, 3]
    assert times_asked(flinkey)["/groups"] == 1


@threads
def test_whoever_waits_for_a_slow_flinkey_keeps_its_lists(
    coordinator: Person, flinkey: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lease is short, so that nobody waits long for a dead process; a living one renews it."""
    monkeypatch.setattr(asking, "LEASE", dt.timedelta(seconds=2))
    monkeypatch.setattr(asking, "ALIVE", 0.2)
    flinkey.fault("getGroups", "slow", seconds=3.5)
    flinkey.clear_requests()
    pages = at_once(coordinator, ["/groups/"] * 4)
    assert [page.status_code for page in pages] == [200] * 4
    assert times_asked(flinkey)["/groups"] == 1


def test_leases_of_one_customer_do_not_hold_up_another(
    clock: Clock, coordinator: Person, southerner: Person, flinkey: Remote
) -> None:
    lease(["groups", "cars"], 40)
    assert reader(southerner.get("/groups/")).ids() == [1, 2]
    assert Person().sign_in(COORDINATOR).status_code == 302


def test_nobody_waits_for_the_groups_of_another_customer(
    coordinator: Person, southerner: Person, flinkey: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group that is not known though nobody asks for the groups any more has gone."""
    monkeypatch.setattr(asking, "wait_a_moment", lambda: pytest.fail("it waits"))
    ours, theirs = (Customer.objects.get(flinkey_id=number) for number in ("1", "2"))
    now = timezone.now()
    Listing.objects.create(customer=theirs, name="groups", lease_until=now + dt.timedelta(seconds=40))
    asking._wait_for_groups(ours, ["groups/99/cars"])


def test_what_failed_for_another_customer_is_no_reason_to_blame_one_list(
    clock: Clock, coordinator: Person, southerner: Person, flinkey: Remote
) -> None:
    """A list that fails again has a fault of its own; one that fails for the first time says that flinkey is down."""
    theirs = Customer.objects.get(flinkey_id="2")
    Listing.objects.create(customer=theirs, name="groups", rests_until=timezone.now() + dt.timedelta(seconds=5))
    flinkey.fault("*", "status", status=503, times=-1)
    assert coordinator.get("/groups/").status_code == 503
    assert trouble()[0] == "down"
