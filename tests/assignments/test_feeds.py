"""Calendars behind secret addresses: off by default, shown once, renewed, switched off, and read by nobody else."""

import datetime as dt
import io
import logging
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from icalendar import Calendar

from flinkey_admin.accounts.models import Manager, Reach
from flinkey_admin.assignments.models import Feed
from flinkey_admin.sandbox import Remote
from tests.conftest import BOTH, COORDINATOR, Person
from tests.fleet.test_browse_costs import queries
from tests.mirror.stage import asked
from tests.operations.stage import Clock, page_of, receipt, visible
from tests.operations.windows import remove
from tests.stages import Stages

CAR, USER, GROUP = "/cars/1/calendar/", "/users/2/calendar/", "/groups/1/calendar/"
ADDRESS = re.compile(r"http://testserver(/calendar/[\w-]+\.ics)")


@pytest.fixture(autouse=True)
def nobody_has_asked() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def seen(clock: Clock, coordinator: Person, flinkey: Remote, stages: Stages) -> Person:
    """24 November 2026, 10:00 in Berlin; cars 1 to 3 and the groups are known."""
    stages.look(coordinator, "/cars/1/", "/cars/2/", "/cars/3/", "/users/2/", "/groups/1/")
    return coordinator


def switch_on(person: Person, path: str = CAR) -> str:
    """Returns the address."""
    page = person.post(path, {"what": "on"})
    assert page.status_code == 200
    (found,) = ADDRESS.findall(page_of(page))
    return str(found)


def fetch(address: str, **headers: str) -> Any:
    """A calendar program: it has no cookie."""
    return Client().get(address, headers=headers)


def vevents(answer: Any) -> list[Any]:
    """Its events as a calendar program reads them."""
    assert answer.status_code == 200
    found: Any = Calendar.from_ical(answer.content)
    return list(found.walk("VEVENT"))


def events(answer: Any) -> list[tuple[str, str, str]]:
    """Title, start and end of each event, as they stand there."""
    return [
        (
            str(event["SUMMARY"]),
            f"{event['DTSTART'].dt:%d %H:%M}",
            f"{event['DTEND'].dt:%d %H:%M}" if "DTEND" in event else "",
        )
        for event in vevents(answer)
    ]


# On, renewed, off -----------------------------------------------------------------------------------------------------


def test_it_is_off_until_somebody_switches_it_on(seen: Person) -> None:
    assert Feed.objects.count() == 0
    assert "Switch on" in visible(seen.get(CAR))
    assert Feed.objects.count() == 0, "to look is not to switch on"
    address = switch_on(seen)
    page = seen.get(CAR)
    assert "Made by coordinator@nordwind.example, Tue 24 Nov, 10:00" in visible(page)
    assert "Last fetched not yet" in visible(page)
    assert ADDRESS.findall(page_of(page)) == [], "shown once"
    assert fetch(address).status_code == 200
    assert "Last fetched Tue 24 Nov, 10:00" in visible(seen.get(CAR))


def test_only_a_digest_is_kept(seen: Person) -> None:
    secret = switch_on(seen).removeprefix("/calendar/").removesuffix(".ics")
    assert len(secret) >= 32, "six bits a letter"
    assert secret not in str(Feed.objects.values().get())
    assert secret not in str(dict(seen.session))


def test_a_new_address_ends_the_old_one_and_off_ends_it_for_good(seen: Person) -> None:
    old, new = switch_on(seen), switch_on(seen)
    assert (fetch(old).status_code, fetch(new).status_code) == (404, 200)
    assert Feed.objects.count() == 1
    assert "Switch on" in visible(seen.post(CAR, {"what": "off"}, follow=True))
    assert fetch(new).status_code == 404
    assert fetch(f"{CAR}").status_code == 302, "and the page itself wants a sign-in"


def test_car_user_and_group_lead_to_it(seen: Person) -> None:
    for path, link in (("/cars/1/", CAR), ("/users/2/", USER), ("/groups/1/", GROUP)):
        assert f'href="{link}"' in page_of(seen.get(path))
    assert seen.get("/cars/99/calendar/").status_code == 404


# What is in it --------------------------------------------------------------------------------------------------------


def test_of_a_car(seen: Person) -> None:
    assert events(fetch(switch_on(seen))) == [
        ("Jörg Müller (open end)", "19 10:00", ""),
        ("Ayşe Öztürk", "25 09:00", "25 18:00"),
    ]


def test_of_a_person_and_of_a_group(seen: Person) -> None:
    assert events(fetch(switch_on(seen, USER))) == [("Pool 1 · HH-FK 1234", "25 09:00", "25 18:00")]
    assert [title for title, _start, _end in events(fetch(switch_on(seen, GROUP)))] == [
        "Pool 1 · HH-FK 1234: Jörg Müller (open end)",
        "Pool 2 · HH-FK 1302: Jörg Müller",
        "Pool 3 · HH-NW 88: unknown person",
        "Pool 2 · HH-FK 1302: Seán O'Brien",
        "Pool 1 · HH-FK 1234: Ayşe Öztürk",
    ]


def test_its_words_are_those_of_whoever_made_it(seen: Person) -> None:
    answer = seen.post(CAR, {"what": "on"}, headers={"Accept-Language": "de"})
    (address,) = ADDRESS.findall(page_of(answer))
    assert Feed.objects.get().language == "de"
    assert fetch(address, **{"Accept-Language": "en"}).content == fetch(address).content


def test_what_is_removed_drops_out_and_the_rest_keeps_its_marks(clock: Clock, seen: Person, flinkey: Remote) -> None:
    address = switch_on(seen)
    before = [str(event["UID"]) for event in vevents(fetch(address))]
    remove(seen, 1)
    clock.advance(3)
    receipt(seen)
    after = [str(event["UID"]) for event in vevents(fetch(address))]
    assert after == before[1:]


def test_the_past_is_left_out_after_a_month(clock: Clock, seen: Person, flinkey: Remote) -> None:
    flinkey.change("add_window", car=1, user=5, start="2026-10-01T08:00:00Z", end="2026-10-20T08:00:00Z")
    flinkey.change("add_window", car=1, user=5, start="2026-10-01T08:00:00Z", end="2026-10-28T08:00:00Z")
    clock.advance(60)
    seen.look("/cars/1/")
    assert [end for _title, _start, end in events(fetch(switch_on(seen)))] == ["28 09:00", "", "25 18:00"]


def test_of_what_is_gone_it_is_empty(clock: Clock, seen: Person, flinkey: Remote) -> None:
    address = switch_on(seen)
    flinkey.change("delete_car", car=1)
    clock.advance(60)
    seen.look("/cars/")
    assert events(fetch(address)) == []


# Who may read it ------------------------------------------------------------------------------------------------------


def test_it_reads_the_copy_alone_and_needs_no_session(seen: Person, flinkey: Remote) -> None:
    address = switch_on(seen)
    seen.post("/sign-out/")
    flinkey.clear_requests()
    answer = fetch(address)
    assert len(events(answer)) == 2
    assert asked(flinkey) == []
    assert answer.cookies == {}


def test_it_stops_when_whoever_made_it_may_not_act_for_the_customer(seen: Person) -> None:
    address = switch_on(seen)
    Reach.objects.filter(manager__email=COORDINATOR).delete()
    assert fetch(address).status_code == 404


def test_it_stops_with_a_person_who_is_shut_out(seen: Person) -> None:
    address = switch_on(seen)
    Manager.objects.filter(email=COORDINATOR).update(is_active=False)
    assert fetch(address).status_code == 404


def test_it_rests_when_whoever_made_it_has_not_been_here_for_long(clock: Clock, seen: Person) -> None:
    address = switch_on(seen)
    clock.advance(91 * 86_400)
    assert fetch(address).status_code == 404
    seen.sign_in(COORDINATOR)
    assert fetch(address).status_code == 200
    Reach.objects.update(checked_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert "Resting" in visible(seen.get(CAR))


def test_it_rests_though_whoever_made_it_still_acts_for_another_customer(
    clock: Clock, seen: Person, visitor: Person
) -> None:
    person = Person()
    person.sign_in(BOTH)
    person.post("/customers/", {"customer": "1"})
    address = switch_on(person)
    assert fetch(address).status_code == 200
    Reach.objects.filter(customer__flinkey_id="1").update(checked_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert fetch(address).status_code == 404


def test_it_shows_one_customer_alone(seen: Person, southerner: Person) -> None:
    southerner.get("/cars/1/")
    south = switch_on(southerner)
    assert [title for title, _start, _end in events(fetch(south))] == ["Björn Häußler"]
    assert {str(event["UID"]) for event in vevents(fetch(south))} & {
        str(event["UID"]) for event in vevents(fetch(switch_on(seen)))
    } == set(), "a program that has both calendars would take two windows of the same number for one"
    seen.post(CAR, {"what": "off"})
    assert "Switch on" in visible(seen.get(CAR)), "the other customer's car 1 has none"
    seen.post(CAR, {"what": "off"})
    assert fetch(south).status_code == 200


# On the wire ----------------------------------------------------------------------------------------------------------


def test_nothing_new_is_no_body(clock: Clock, seen: Person, flinkey: Remote) -> None:
    address = switch_on(seen)
    answer = fetch(address)
    mark = answer.headers["ETag"]
    for known in (mark, f"W/{mark}", "*"):
        again = fetch(address, **{"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", mark)
    remove(seen, 1)
    clock.advance(3)
    receipt(seen)
    assert fetch(address, **{"If-None-Match": mark}).status_code == 200


def test_nobody_on_the_way_keeps_it(seen: Person) -> None:
    address = switch_on(seen)
    for answer in (fetch(address), fetch("/calendar/nonsense.ics"), fetch(address, **{"If-None-Match": "*"})):
        headers = answer.headers
        assert headers["Cache-Control"] == "private, no-cache"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert fetch(address).headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert Client().post(address).status_code == 405


def test_its_secret_is_in_no_line_of_the_log(seen: Person) -> None:
    address, stream = switch_on(seen), io.StringIO()
    Reach.objects.all().delete()
    handlers = [one for one in logging.getLogger().handlers if getattr(one, "name", "") == "console"]
    (console,) = handlers
    assert isinstance(console, logging.StreamHandler)
    before = console.setStream(stream)
    try:
        fetch(address)
        fetch("/calendar/nonsense/elsewhere.ics")
    finally:
        console.setStream(before)
    assert "Not Found: /calendar/….ics" in stream.getvalue(), "Django says that it found nothing"
    assert address not in stream.getvalue()


def test_who_tries_addresses_or_asks_too_often_has_to_wait(seen: Person) -> None:
    address = switch_on(seen)
    assert {fetch(address).status_code for _time in range(60)} == {200}
    answer = fetch(address)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "600")
    cache.clear()
    assert {fetch(f"/calendar/guess-{number}.ics").status_code for number in range(20)} == {404}
    assert fetch(address).status_code == 429, "not even with the right one"
    assert Client(REMOTE_ADDR="192.0.2.7").get(address).status_code == 200


def test_a_cache_that_does_not_answer_keeps_nobody_out(seen: Person, settings: Any) -> None:
    """The counts only keep away who asks too often; the calendar itself needs none of it."""
    address = switch_on(seen)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        location = f"redis://127.0.0.1:{probe.getsockname()[1]}/0"  # where nothing listens
        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": location}}
        assert fetch(address).status_code == 200
        assert fetch("/calendar/guess.ics").status_code == 404


def test_it_costs_the_same_for_much(clock: Clock, seen: Person, flinkey: Remote) -> None:
    address = switch_on(seen, GROUP)
    few = len(queries(seen, address))
    for number in range(30):
        flinkey.change("add_window", car=number % 3 + 1, user=number % 5 + 1, start="2026-12-01T08:00:00Z", end=None)
    clock.advance(10)
    for car in (1, 2, 3):
        seen.look(f"/cars/{car}/")
    assert len(queries(seen, address)) == few <= 12
    assert len(events(fetch(address))) == 35
