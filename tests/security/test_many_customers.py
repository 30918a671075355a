"""Twenty customers with the same ids, read by sixteen threads at once: nobody meets another's name.

Numbers tried: 10,000 fetches (4 x 2,500) of 20 customers by 16 threads through the live server, whose caches and copies
all of them share and nobody empties: pages, fragments, polls, refreshes, tables, calendars, and changes by their
number, also another's. Each answer is searched, headers included. `make test` makes 300 fetches of 6 customers.
"""

import http.client
import random
import re
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache

from flinkey_admin.accounts import pace
from flinkey_admin.assignments import feed_views
from flinkey_admin.operations.models import Operation
from flinkey_admin.sandbox import Remote
from tests.accounts.test_scoping import ROUTES, SEEN, keep_series
from tests.conftest import Person, work_off
from tests.operations.windows import agree
from tests.security.towns import ALL, canary, manager, move_in

THREADS, ROUNDS = 16, 4
OWN = re.compile(rb"kanari(\d\d)", re.IGNORECASE)
NAMES = re.compile(rb"(?:kanari|chef)(\d\d)", re.IGNORECASE)
WORDS = re.compile(rb"(?:kanari|chef|stadt )(\d\d)", re.IGNORECASE)  # whoever manages them all may choose a town
FEED = re.compile(r"http://testserver(/calendar/[\w-]+\.ics)")
PAGES = [path for paths in ROUTES.values() for path in paths]
SAYING = {path for paths in ROUTES.values() for path, how in paths.items() if how == SEEN}
GONE = {"/groups/1/cars/?selection={selection}"}  # a selection is its person's
ALONE = {"/operations/{plan}/"}  # what has no yes yet, whoever made it sees
# How a page is asked for, and how often each way is taken.
WAYS = {"page": 8, "fragment": 4, "poll": 4, "refresh": 1, "calendar": 1, "foreign": 2}


@dataclass(frozen=True)
class Town:
    """A customer, who is signed in for it (the name of the cookie's value), and ids and addresses of its own."""

    number: int
    sessions: list[str]
    ids: dict[str, Any]
    feed: str


@dataclass
class Seen:
    """What the threads have met."""

    foreign: list[tuple[str, bytes]] = field(default_factory=list)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    own: Counter[int] = field(default_factory=Counter)
    silent: set[str] = field(default_factory=set)
    lock: Any = field(default_factory=threading.Lock)


@pytest.fixture
def patience(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is held back for asking too much: the counts, all that the cache holds, are kept from first to last."""
    settings.FLINKEY_CALLS_PER_SECOND = 10_000.0
    for name in ("TABLES", "CHANGES", "SEARCHES"):
        monkeypatch.setattr(pace, name, replace(getattr(pace, name), most=1_000_000))
    for name in ("FETCHES", "MISSES"):
        monkeypatch.setattr(feed_views, name, 1_000_000)


@pytest.fixture
def towns(live_server: Any, remote: Remote, patience: None, part: int) -> Iterator[list[Town]]:
    """All signed in, and with something of each kind; the copy is complete."""
    count = 20 if part == 1 else 6
    move_in(remote, count)
    towns = [settle(number) for number in range(1, count + 1)]
    work_off("sweep", "default")
    cache.set("first", 1, None)
    yield towns
    assert cache.get("first") == 1, "the cache was warm all the time"
    cache.clear()


def settle(number: int) -> Town:
    """Signs both managers in and leaves traces."""
    one, of_all = Person(), Person()
    assert one.sign_in(manager(number)).status_code == 302
    of_all.sign_in(ALL)
    assert of_all.post("/customers/", {"customer": str(number)}).status_code == 302
    for path in ("/", "/groups/", "/groups/1/", "/groups/2/", "/cars/1/", "/cars/2/", "/users/1/", "/users/2/"):
        assert one.get(path).status_code == 200, path
    one.post("/groups/new/", {"name": f"{canary(number)} Neu"})
    window = {"car": "1", "user": "1", "start": "2032-01-01T10:00", "end": "2032-01-01T12:00"}
    agree(one, "/assignments/new/", window)
    one.post("/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"})
    one.post("/handover/", {"text": f"{canary(number)} Notiz"})
    (feed,) = FEED.findall(one.post("/cars/1/calendar/", {"what": "on"}).content.decode())
    done, access, plan = Operation.objects.filter(customer__flinkey_id=str(number)).order_by("pk")
    series = keep_series(access, f"{canary(number)} Serie", 1)
    ids = {"done": done.pk, "access": access.pk, "plan": plan.pk, "series": series.pk, "selection": "x"}
    sessions = [person.cookies["sessionid"].value for person in (one, of_all)]
    return Town(number, sessions, ids | {"car": 1, "user": 1, "window": 1, "service": 1, "product": 1}, feed)


class Reader:
    """One thread with a connection and a chance of its own."""

    def __init__(self, url: str, towns: list[Town], seen: Seen, seed: int) -> None:
        self.address = urlsplit(url).netloc
        self.wire = http.client.HTTPConnection(self.address, timeout=60)
        self.towns, self.seen, self.chance = towns, seen, random.Random(seed)

    def run(self, count: int) -> None:
        for _number in range(count):
            self._look()
        self.wire.close()

    def _look(self) -> None:
        town = self.chance.choice(self.towns)
        which = self.chance.randrange(2)
        (way,) = self.chance.choices(list(WAYS), list(WAYS.values()))
        template = self.chance.choice(PAGES)
        ids = self.chance.choice(self.towns).ids if way == "foreign" else town.ids
        path = town.feed if way == "calendar" else template.format(**ids)
        more = {"refresh": "fresh=1", "poll": "seen=0.0"}.get(way, "")
        path += f"{'&' if '?' in path else '?'}{more}" if more else ""
        headers = {"Cookie": f"sessionid={town.sessions[which]}"}
        if way in {"fragment", "poll"}:
            headers |= {"HX-Request": "true", "X-Customer": str(town.number)}
        status, answer = self._fetch(path, headers)
        self._note(town, f"{way} {template}", status, answer, NAMES if which else WORDS)

    def _fetch(self, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        self.wire.request("GET", path, headers=headers)
        answer = self.wire.getresponse()
        head = "\n".join(f"{name}: {value}" for name, value in answer.getheaders()).encode()
        return answer.status, head + b"\n\n" + answer.read()

    def _note(self, town: Town, what: str, status: int, answer: bytes, words: "re.Pattern[bytes]") -> None:
        met = {int(number) for number in words.findall(answer)}
        said = str(town.number).zfill(2).encode() in OWN.findall(answer)
        with self.seen.lock:
            self.seen.statuses[what.partition(" ")[0], status] += 1
            self.seen.own[town.number] += said
            if met - {town.number}:
                self.seen.foreign.append((f"{town.number}: {what}", answer[:3000]))
            way, _space, template = what.partition(" ")
            hidden = GONE if words is WORDS else GONE | ALONE
            if way == "page" and template in SAYING - hidden and not said:
                self.seen.silent.add(f"{status} {template}")


@pytest.mark.first
@pytest.mark.sampled(4)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_nobody_meets_another_customer_s_name(live_server: Any, towns: list[Town], number: int, part: int) -> None:
    seen, fetches = Seen(), 10_000 // ROUNDS if part == 1 else 300
    readers = [Reader(live_server.url, towns, seen, seed) for seed in range(number * THREADS, (number + 1) * THREADS)]
    shares = [fetches // THREADS + (one < fetches % THREADS) for one in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as threads:
        for work in [threads.submit(reader.run, share) for reader, share in zip(readers, shares, strict=True)]:
            work.result()
    assert seen.foreign == []
    assert sum(seen.statuses.values()) == fetches
    assert {status for _way, status in seen.statuses} <= {200, 204, 302, 404, 405}
    assert seen.silent == set(), "each page does say whose it is"
    assert set(seen.own) == {town.number for town in towns}
    assert sum(seen.own.values()) > fetches // 3, "something was there to leak"
