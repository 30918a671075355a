"""A flinkey in trouble slows no page down: the copy is shown, with one calm sentence, and flinkey is asked rarely."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from flinkey_admin import upstream
from flinkey_admin.mirror.models import Upstream
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.conftest import COORDINATOR, Person
from tests.fleet.reading import Reader, reader
from tests.mirror.stage import SOON, asked, caught_up, fresh, listing, times_asked
from tests.operations.stage import Clock, assert_plain, page_of, says, visible

ALWAYS = -1
KINDS = ["cars", "users", "services", "products"]
DOWN = sentences.TROUBLE["down"]
# Whatever it is, nobody can read from it now. A list that comes late is told apart below.
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "500": ("status", {"status": 500}),
    "503": ("status", {"status": 503}),
    "reset": ("reset-before", {}),
    "html": ("html", {"status": 502}),
    "html-200": ("html", {"status": 200}),
    "broken": ("broken-json", {}),
    "key": ("bad-key", {}),
    "busy": ("status", {"status": 429, "retry_after": 30}),
}
SENTENCES = {"key": sentences.TROUBLE["key"], "busy": "flinkey asked us to wait until"}


def break_it(flinkey: Remote, name: str) -> None:
    kind, facts = FAULTS[name]
    flinkey.fault("*", kind, times=ALWAYS, **facts)
    flinkey.clear_requests()


def age(page: Any) -> Any:
    (found,) = Reader(page_of(page)).tags("p", id="age")
    return found


def sentence(page: Any) -> str:
    """The calm sentence beside the age; empty when all is well."""
    found = Reader(page_of(page)).tags("span", role="status")
    return " ".join(found[0].text.split()) if found else ""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_warm_page_stays_as_it_was_and_says_what_is_the_matter(
    clock: Clock, coordinator: Person, flinkey: Remote, fault: str
) -> None:
    page = caught_up(coordinator, "/groups/1/")
    rows = reader(page).ids()
    assert (sentence(page), age(page).marks["data-state"]) == ("", "fresh")
    break_it(flinkey, fault)
    clock.advance(SOON)
    news = coordinator.poll(page)
    assert news.status_code == 200
    assert "HX-Retarget" not in news.headers, "no toast"
    assert [tag.marks["hx-target"] for tag in Reader(page_of(news)).tags("hx-partial")] == ["#age", "#watch"]
    assert str(SENTENCES.get(fault, DOWN)) in sentence(news)
    page = coordinator.get("/groups/1/")
    assert (page.status_code, reader(page).ids()) == (200, rows)
    assert (age(page).marks["data-state"], "as of 10:00" in visible(page)) == ("fresh", True)
    assert sentence(page) == sentence(news)
    assert_plain(news)


def test_after_a_while_what_is_shown_is_called_stale(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = caught_up(coordinator, "/groups/1/")
    break_it(flinkey, "503")
    states = []
    for _ in range(5):
        clock.advance(15)
        coordinator.poll(page)
        page = coordinator.get("/groups/1/")
        states.append(age(page).marks["data-state"])
    assert states == ["fresh", "fresh", "fresh", "stale", "stale"]
    assert "as of 10:00" in visible(page), "the age is that of the data"
    assert page.status_code == 200


@pytest.mark.parametrize("fault", ["500", "503", "reset", "html", "key"])
def test_it_is_asked_at_most_once_in_fifteen_seconds(
    clock: Clock, coordinator: Person, southerner: Person, flinkey: Remote, fault: str
) -> None:
    """However many pages, people and customers."""
    pages = [(coordinator, caught_up(coordinator, address)) for address in ("/groups/1/", "/cars/1/", "/cars/")]
    pages.append((southerner, caught_up(southerner, "/groups/1/")))
    break_it(flinkey, fault)
    clock.advance(SOON)
    for person, page in pages:
        person.poll(page)
    assert set(asked(flinkey)) == {"/groups", *(f"/groups/1/{kind}" for kind in KINDS)}, "the first page found out"
    flinkey.clear_requests()
    # The client itself tries a dead connection twice.
    one = 2 if fault == "reset" else 1
    for seconds, calls in ((14, 0), (1, one), (0, 0), (14, 0), (1, one), (1, 0)):
        clock.advance(seconds)
        flinkey.clear_requests()
        for person, page in pages:
            assert person.poll(page).status_code in {200, 204}
        assert len(flinkey.requests()) == calls
    assert coordinator.get("/groups/1/").status_code == 200


def test_it_recovers_by_itself(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = caught_up(coordinator, "/groups/1/")
    break_it(flinkey, "503")
    clock.advance(SOON)
    coordinator.poll(page)
    flinkey.clear_faults()
    flinkey.change("remove_member", kind="cars", group=1, id=4)
    clock.advance(14)
    flinkey.clear_requests()
    coordinator.poll(page)
    assert asked(flinkey) == []
    clock.advance(1)
    news = coordinator.poll(page)
    assert len(asked(flinkey)) == 5, "first one call to see how it is, then the rest"
    assert (Reader(page_of(news)).ids(), sentence(news)) == ([1, 2, 3], "")
    assert Upstream.objects.get().trouble == ""
    assert age(coordinator.get("/groups/1/")).marks["data-state"] == "fresh"


def test_it_recovers_when_the_first_thing_asked_is_whom_one_may_act_for(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    """After half a minute the first call is that one; its answer says as well as any that flinkey is there."""
    page = caught_up(coordinator, "/groups/1/")
    break_it(flinkey, "503")
    clock.advance(SOON)
    coordinator.poll(page)
    flinkey.clear_faults()
    clock.advance(40)
    flinkey.clear_requests()
    news = coordinator.poll(page)
    assert len(asked(flinkey)) == 6
    assert (sentence(news), Upstream.objects.get().trouble) == ("", "")


def test_a_refresh_by_hand_does_not_ask_more_often(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    caught_up(coordinator, "/groups/1/")
    break_it(flinkey, "503")
    clock.advance(SOON)
    fresh(coordinator, "/groups/1/")
    flinkey.clear_requests()
    for _ in range(3):
        assert fresh(coordinator, "/groups/1/").status_code == 302
    assert asked(flinkey) == []
    assert says(coordinator.get("/groups/1/"), DOWN)


@pytest.mark.parametrize("fault", ["500", "reset", "html", "key", "busy"])
def test_a_first_visit_in_vain_says_so_and_the_next_one_finds_the_page(
    clock: Clock, coordinator: Person, flinkey: Remote, fault: str
) -> None:
    break_it(flinkey, fault)
    page = coordinator.get("/groups/1/")
    assert page.status_code == 503
    assert_plain(page)
    flinkey.clear_requests()
    again = coordinator.get("/groups/1/")
    assert (again.status_code, asked(flinkey)) == (503, []), "it was asked a moment ago"
    assert_plain(again)
    flinkey.clear_faults()
    clock.advance(30)
    assert reader(coordinator.get("/groups/1/")).ids() == [1, 2, 3, 4]
    assert set(times_asked(flinkey).values()) == {1}


@pytest.mark.parametrize("skip", [1, 4])
def test_what_was_read_before_it_died_is_kept(clock: Clock, coordinator: Person, flinkey: Remote, skip: int) -> None:
    page = caught_up(coordinator, "/groups/1/")
    flinkey.fault("*", "status", times=ALWAYS, status=500, skip=skip)
    clock.advance(SOON)
    news = coordinator.poll(page)
    names = ["groups", *(f"groups/1/{kind}" for kind in KINDS)]
    read = [name for name in names if listing(name).read_at == timezone.now()]
    assert len(read) == skip
    assert all(listing(name).lease_until is None for name in names)
    assert sentence(news) == "", "it may be these lists alone"
    clock.advance(15)
    assert says(coordinator.poll(page), DOWN)


def test_a_first_visit_that_died_in_the_middle_keeps_the_rest(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    flinkey.fault("getUsersOfGroup", "status", status=500)
    assert coordinator.get("/groups/1/").status_code == 503
    read = {name: listing(name).read_at for name in ("groups", *(f"groups/1/{kind}" for kind in KINDS))}
    assert read == dict.fromkeys(read, timezone.now()) | {"groups/1/users": None}
    flinkey.clear_requests()
    again = coordinator.get("/groups/1/")
    assert (again.status_code, asked(flinkey), Upstream.objects.get().trouble) == (503, [], "")
    clock.advance(15)
    assert reader(coordinator.get("/groups/1/")).ids() == [1, 2, 3, 4]


def test_one_call_alone_goes_out_while_it_is_in_trouble(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """Also when somebody else reads just now what would have been asked for first."""
    page = caught_up(coordinator, "/groups/1/")
    break_it(flinkey, "503")
    clock.advance(SOON)
    coordinator.poll(page)
    clock.advance(15)
    row = listing("groups")
    row.lease_until = timezone.now() + dt.timedelta(seconds=40)
    row.save()
    flinkey.clear_requests()
    coordinator.poll(page)
    assert len(asked(flinkey)) <= 1


def test_a_page_waits_no_longer_than_one_call_may_take(
    clock: Clock, coordinator: Person, flinkey: Remote, settings: Any
) -> None:
    """Too slow to wait for: the copy of this list stays, and only when all are so slow is it worth a word."""
    page = caught_up(coordinator, "/groups/1/")
    settings.FLINKEY_TIMEOUT = 1
    flinkey.fault("getUsersOfGroup", "slow", seconds=3)
    clock.advance(SOON)
    assert sentence(coordinator.poll(page)) == ""
    assert listing("groups/1/cars").read_at == timezone.now() != listing("groups/1/users").read_at
    flinkey.fault("*", "slow", seconds=3, times=ALWAYS)
    clock.advance(SOON)
    assert says(coordinator.poll(page), DOWN)
    upstream.transport().close()


def test_a_call_that_flinkey_refuses_for_itself_is_no_trouble_for_others(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    """A single list with a fault of its own stands still; everything else goes on."""
    page = caught_up(coordinator, "/groups/1/")
    flinkey.fault("getUsersOfGroup", "status", times=ALWAYS, status=400)
    clock.advance(SOON)
    coordinator.poll(page)
    assert Upstream.objects.get().trouble == ""
    flinkey.clear_requests()
    clock.advance(SOON)
    coordinator.poll(page)
    assert "/groups/1/users" not in asked(flinkey), "not at once again"
    assert "/groups/1/cars" in asked(flinkey)


def test_two_pages_with_a_list_that_flinkey_refuses_do_not_keep_each_other_asking(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    """The other page is not about to bring what rests, so neither asks again before its usual time."""
    pages = [caught_up(coordinator, address) for address in ("/groups/1/", "/groups/1/users/")]
    flinkey.fault("getUsersOfGroup", "status", times=ALWAYS, status=400)
    clock.advance(SOON)
    for seconds in (0, 1, SOON, 1):
        clock.advance(seconds)
        assert [coordinator.poll(page).headers.get("HX-Trigger") for page in pages] == [None, None]


def test_trouble_stays_out_of_the_sign_in(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = caught_up(coordinator, "/groups/1/")
    break_it(flinkey, "503")
    clock.advance(SOON)
    coordinator.poll(page)
    flinkey.clear_faults()
    assert Person().sign_in(COORDINATOR).status_code == 302
