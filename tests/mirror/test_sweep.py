"""The worker reads ahead: all of the fleet, what matters first, and goes on where it was cut short."""

import datetime as dt
import re
import time
from typing import Any

import pytest
from django.utils import timezone

from flinkey_admin.accounts.models import Customer
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import lists, store, sweep
from flinkey_admin.mirror.models import Listing, Membership, Window
from flinkey_admin.sandbox import Remote
from tests.conftest import COORDINATOR, Person
from tests.fleet.reading import Reader
from tests.mirror.stage import asked, beside, listing, seen, times_asked, trouble
from tests.mirror.worker import progress, work
from tests.operations.stage import Clock, page_of, visible

pytestmark = pytest.mark.django_db(transaction=True)
FIRST = ["/cars", "/groups", "/products", "/services", "/users"]
GROUPS = [1, 2, 3, 4]
MEMBERS = sorted(f"/groups/{group}/{kind}" for group in GROUPS for kind in Kind)
WINDOWS = [f"/cars/{car}/assignments" for car in range(1, 8)]
TEN_MINUTES = 600


@pytest.fixture(autouse=True)
def _quick(settings: Any) -> None:
    """The budget is the matter of another file."""
    settings.FLINKEY_CALLS_PER_SECOND = 1000.0


@pytest.fixture
def looked(clock: Clock, coordinator: Person, flinkey: Remote) -> Person:
    """Somebody has opened the groups."""
    coordinator.get("/groups/")
    flinkey.clear_requests()
    return coordinator


def due() -> list[str]:
    return list(sweep.due(Customer.objects.get(flinkey_id="1"), timezone.now()))


def test_it_reads_everything_once(clock: Clock, looked: Person, flinkey: Remote) -> None:
    work()
    counted = times_asked(flinkey)
    assert set(counted) == {*FIRST, *MEMBERS, *WINDOWS} - {"/groups"}, "the groups were read by the page"
    assert set(counted.values()) == {1}
    assert progress() == (28, 28)
    assert (Membership.objects.filter(ended_at=None).count(), Window.objects.count()) == (18, 5)
    assert seen() == []
    flinkey.clear_requests()
    clock.advance(15)
    work()
    assert asked(flinkey) == [], "nothing is due"


def test_groups_and_things_come_before_members_and_these_before_windows(
    clock: Clock, looked: Person, flinkey: Remote
) -> None:
    assert due()[:4] == [str(kind) for kind in Kind]
    assert set(due()[4:]) == {lists.members(group, kind) for group in GROUPS for kind in Kind}
    work()
    clock.advance(TEN_MINUTES + 20)
    looked.get("/groups/")
    ranks = [0 if "/" not in name else 2 if name.endswith("/windows") else 1 for name in due()]
    assert ranks == [0] * 5 + [1] * 16 + [2] * 7


def test_what_somebody_looked_at_last_comes_first(clock: Clock, looked: Person, flinkey: Remote) -> None:
    work()
    for address in ("/groups/2/", "/cars/5/", "/groups/3/"):
        clock.advance(121)  # a look is noted every other minute
        looked.get(address)
    clock.advance(TEN_MINUTES + 1)
    found = due()
    assert found[0] == "groups"
    members = [name for name in found if name.startswith("groups/")]
    assert [name.split("/")[1] for name in members[:8]] == ["3"] * 4 + ["2"] * 4
    windows = [name for name in found if name.endswith("/windows")]
    assert windows[:4] == ["cars/4/windows", "cars/5/windows", "cars/6/windows", "cars/1/windows"]
    assert len(found) == 28


def test_it_reads_again_what_is_older_than_ten_minutes(clock: Clock, looked: Person, flinkey: Remote) -> None:
    work()
    clock.advance(TEN_MINUTES)
    work()
    flinkey.clear_requests()
    clock.advance(16)
    looked.get("/groups/")
    work()
    assert len(times_asked(flinkey)) == 28
    assert set(times_asked(flinkey).values()) == {1}


def test_it_notices_what_changed_elsewhere(clock: Clock, looked: Person, flinkey: Remote) -> None:
    work()
    flinkey.change("add_member", kind="cars", group=4, id=7)
    flinkey.change("delete_window", window=5)
    flinkey.change("delete_car", car=2)
    clock.advance(TEN_MINUTES + 20)
    looked.get("/groups/")
    work()
    work()
    assert sorted(seen()) == [
        ("gone", "cars", 2, None),
        ("gone", "windows", 3, None),
        ("gone", "windows", 4, None),
        ("gone", "windows", 5, None),
        ("joined", "cars", 7, 4),
        ("left", "cars", 2, 1),
    ]


def test_it_goes_on_where_it_was_cut_short(clock: Clock, looked: Person, flinkey: Remote) -> None:
    flinkey.fault("*", "status", times=-1, status=503, skip=10)
    work()
    first = times_asked(flinkey)
    lost = {call["path"] for call in flinkey.requests() if call["status"] == 503}
    assert (len(first) - len(lost), trouble()[0]) == (10, "down")
    flinkey.clear_faults()
    flinkey.clear_requests()
    clock.advance(15)
    work()
    assert set(times_asked(flinkey)) & set(first) == lost
    assert progress() == (28, 28)
    assert trouble() == ("", None)


@pytest.mark.parametrize("wait", [40, 300])
def test_it_stops_for_as_long_as_flinkey_asks(clock: Clock, looked: Person, flinkey: Remote, wait: int) -> None:
    flinkey.fault("*", "status", times=1, status=429, retry_after=wait, skip=10)
    work()
    flinkey.clear_requests()
    for _ in range(4):
        clock.advance(wait / 4 - 0.25)
        looked.get("/groups/")
        work()
        assert asked(flinkey) == []
    clock.advance(16)
    looked.get("/groups/")
    work()
    assert progress() == (28, 28)


def test_a_pause_that_a_page_was_asked_for_stops_it_too(clock: Clock, looked: Person, flinkey: Remote) -> None:
    """And it does not spin meanwhile: the worker is done within a moment."""
    flinkey.fault("getProducts", "status", status=429, retry_after=60)
    assert looked.get("/products/").status_code == 503
    flinkey.clear_requests()
    began = time.monotonic()
    work()
    assert (time.monotonic() - began < 5, asked(flinkey)) == (True, [])


def test_a_list_that_another_one_reads_does_not_make_it_spin(clock: Clock, looked: Person, flinkey: Remote) -> None:
    work()
    clock.advance(TEN_MINUTES + 20)
    looked.get("/groups/")
    Listing.objects.filter(name="cars/3/windows").update(lease_until=timezone.now() + dt.timedelta(seconds=40))
    flinkey.clear_requests()
    began = time.monotonic()
    work()
    assert time.monotonic() - began < 5
    assert "/cars/3/assignments" not in asked(flinkey)
    assert len(asked(flinkey)) == 27 + 1, "and whether this person may still be here"


@pytest.mark.parametrize("status", [400, 500])
def test_a_list_with_a_fault_of_its_own_does_not_hold_up_the_others(
    clock: Clock, looked: Person, flinkey: Remote, status: int
) -> None:
    """Nor is it taken for a flinkey that is down: nobody else hears of it, and all else is read again."""
    flinkey.fault("getProducts", "status", times=-1, status=status)
    began = time.monotonic()
    work()
    assert (time.monotonic() - began < 5, progress()) == (True, (27, 28))
    assert times_asked(flinkey)["/products"] == 1
    tries = []
    for seconds in (16, 16, 44, TEN_MINUTES, 16):
        clock.advance(seconds)
        looked.get("/groups/")
        work()
        assert trouble() == ("", None)
        tries.append(times_asked(flinkey)["/products"])
    assert tries == [2, 2, 3, 4, 4], "alone, in vain, once a minute"
    assert times_asked(flinkey)["/cars/7/assignments"] == 2


def test_a_list_that_fails_before_the_others_are_answered_is_told_from_a_flinkey_that_is_down(
    clock: Clock, looked: Person, flinkey: Remote
) -> None:
    flinkey.fault("getProducts", "status", status=500)
    flinkey.fault("*", "slow", seconds=0.06, times=-1)
    work()
    assert (trouble(), progress()) == (("", None), (27, 28))


def test_one_bad_list_asked_for_alone_is_not_asked_for_to_see_whether_flinkey_is_back(
    clock: Clock, looked: Person, flinkey: Remote
) -> None:
    """With nothing else to go by it may be flinkey, so everybody waits a moment; then another list finds out."""
    flinkey.fault("getProducts", "status", times=-1, status=500)
    assert looked.get("/products/").status_code == 503
    assert trouble()[0] == "down"
    flinkey.clear_requests()
    clock.advance(15)
    work()
    assert (trouble(), progress()) == (("", None), (27, 28))
    assert times_asked(flinkey)["/products"] == 1


def test_two_workers_share_one_sweep(clock: Clock, looked: Person, flinkey: Remote) -> None:
    flinkey.settings(latency=0.02)
    other = beside(work_quietly)
    work_quietly()
    other.result()
    assert (len(times_asked(flinkey)), set(times_asked(flinkey).values())) == (27, {1})
    clock.advance(15)
    work()
    assert progress() == (28, 28)


def work_quietly() -> None:
    """One slice with the mark that is planned, as a worker takes it from the queue."""
    row = Listing.objects.get(customer__flinkey_id="1", name=lists.EVERYTHING)
    sweep.sweep.func(row.customer_id, row.digest)


def test_only_the_last_mark_counts(clock: Clock, looked: Person, flinkey: Remote) -> None:
    """A slice whose worker was taken for dead finds that another one goes on."""
    old = Listing.objects.get(customer__flinkey_id="1", name=lists.EVERYTHING)
    store.plan_sweep(old.customer, "new", timezone.now() + dt.timedelta(seconds=60))
    sweep.sweep.func(old.customer_id, old.digest)
    assert asked(flinkey) == []
    sweep.sweep.func(old.customer_id, "new")
    assert len(asked(flinkey)) == 27


def test_a_hundred_looks_plan_one_slice(clock: Clock, looked: Person, flinkey: Remote) -> None:
    mark = listing(lists.EVERYTHING).digest
    for _ in range(10):
        clock.advance(1)
        looked.get("/groups/")
        looked.get("/groups/1/")
    assert listing(lists.EVERYTHING).digest == mark


def test_it_rests_while_nobody_is_signed_in_and_goes_on_with_the_next_look(
    clock: Clock, looked: Person, flinkey: Remote
) -> None:
    work()
    looked.post("/sign-out/")
    flinkey.clear_requests()
    for _ in range(5):
        clock.advance(TEN_MINUTES / 4)
        work()
    assert asked(flinkey) == []
    looked.sign_in(COORDINATOR)
    looked.get("/groups/")
    flinkey.clear_requests()
    work()
    assert len(times_asked(flinkey)) >= 26


def test_it_goes_on_at_once_for_whoever_signs_in_soon(clock: Clock, looked: Person, flinkey: Remote) -> None:
    looked.post("/sign-out/")
    work()
    assert asked(flinkey) == []
    looked.sign_in(COORDINATOR)
    looked.get("/groups/")
    work()
    assert progress() == (28, 28)


def test_its_progress_is_told_and_then_no_more(clock: Clock, looked: Person, flinkey: Remote) -> None:
    told = []
    for skip in (4, 1, -1):
        if skip >= 0:
            flinkey.fault("*", "status", times=-1, status=503, skip=skip)
        work()
        flinkey.clear_faults()
        page = looked.get("/groups/")
        told += [" ".join(tag.text.split()) for tag in Reader(page_of(page)).tags("span", **{"class": "reading"})]
        clock.advance(61)
    assert len(told) == 2
    found = [re.fullmatch(r"Reading the fleet: (\d+) of (\d+) lists", text) for text in told]
    (first, _some), (second, wanted) = (map(int, one.groups()) for one in found if one)
    # Which calls come through is chance; without the list of cars nobody knows how many lists of windows there are.
    assert 0 < first < second < wanted <= 28
    assert "Reading the fleet" not in visible(looked.get("/groups/"))


def test_each_customer_has_its_own(clock: Clock, looked: Person, southerner: Person, flinkey: Remote) -> None:
    southerner.get("/groups/")
    work()
    assert (progress("1"), progress("2")) == ((28, 28), (16, 16))
    for number in ("1", "2"):
        state = flinkey.state(int(number))
        windows = Window.objects.filter(customer__flinkey_id=number)
        assert set(windows.values_list("flinkey_id", flat=True)) == {one["id"] for one in state["windows"]}
