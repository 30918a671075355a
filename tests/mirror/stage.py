"""What the tests of the copy share: what it noted of others, what it wrote, whom it asked."""

import datetime as dt
import html
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from flinkey_admin.mirror.models import Listing, Upstream
from flinkey_admin.operations.models import Outside
from flinkey_admin.sandbox import Remote
from tests.conftest import WATCH, Person
from tests.operations.stage import Clock

NEXT = 61  # seconds after which an open page has read again all that it shows
SOON = 6  # the same for what it is about
Line = tuple[str, str, int, int | None]
T = TypeVar("T")


def seen() -> list[Line]:
    """What was met that others have done: what, kind, id, group."""
    rows = Outside.objects.order_by("pk")
    return [(row.what, row.kind, row.thing_id, row.group_id) for row in rows]


def visit(person: Person, addresses: Sequence[str]) -> None:
    """Somebody looks at these pages."""
    for address in addresses:
        assert person.get(address).status_code == 200, address


def later(person: Person, clock: Clock, *addresses: str) -> None:
    """A minute later somebody looks at these pages and has each of them catch up."""
    clock.advance(NEXT)
    for address in addresses:
        assert fresh(person, address).status_code == 302, address


def fresh(person: Person, address: str) -> Any:
    """Somebody presses "Refresh"."""
    return person.get(f"{address}{'&' if '?' in address else '?'}fresh=1")


def caught_up(person: Person, address: str) -> Any:
    """The page with all that stands beside it, as of now."""
    assert fresh(person, address).status_code == 302
    page = person.get(address)
    while person.poll(page).headers.get("HX-Trigger") == "again":
        page = person.get(address)
    return person.get(address)


def watch_of(page: Any) -> str:
    """The address at which an open page asks for its news."""
    (address,) = WATCH.findall(page.content.decode())
    return html.unescape(address)


def asked(remote: Remote) -> list[str]:
    """The paths that were asked for since the log was emptied, in order of the alphabet."""
    return sorted(call["path"] for call in remote.requests())


def times_asked(remote: Remote) -> dict[str, int]:
    """How often each path was asked for since the log was emptied."""
    return dict(Counter(call["path"] for call in remote.requests()))


def listing(name: str, customer: str = "1") -> Listing:
    return Listing.objects.get(customer__flinkey_id=customer, name=name)


def trouble() -> tuple[str, dt.datetime | None]:
    row = Upstream.objects.filter(pk=1).first() or Upstream()
    return row.trouble, row.next_try_at


@contextmanager
def writes() -> Iterator[list[str]]:
    """The tables of the copy that were written, one entry a statement; whose turn it is to read does not count."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as caught:
        yield found
    found += [table for one in caught.captured_queries if (table := _written(one)) and table.startswith("mirror_")]


def _written(statement: dict[str, Any]) -> str:
    words: list[str] = re.sub(r"^\d+ times: ", "", statement["sql"].replace('"', " ")).split()
    if not words or words[0] not in {"INSERT", "UPDATE", "DELETE", "REPLACE"}:
        return ""
    return next(word for word in words[1:] if "_" in word)


def beside(call: Callable[[], T]) -> "Future[T]":
    """Does something in a thread of its own, with its own connection to the database, as another request would."""

    def run() -> T:
        try:
            return call()
        finally:
            connections.close_all()

    pool = ThreadPoolExecutor(1)
    future = pool.submit(run)
    pool.shutdown(wait=False)
    return future


def until(so: Callable[[], object], patience: float = 60.0) -> None:
    """Waits until something is so, which other threads are about to bring about."""
    end = time.monotonic() + patience
    while not so():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.005)
