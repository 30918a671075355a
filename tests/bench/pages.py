"""Pages with a copy and without one: calls of flinkey, and time against depth x latency."""

import statistics
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from urllib.parse import urlencode

import requests
from django.conf import settings
from django.db import connections
from django.test import Client

from flinkey_admin.accounts import tokens
from flinkey_admin.mirror.models import THINGS, Group, Listing, Membership, Window
from flinkey_admin.sandbox import API_KEY, Remote
from tests.bench.rows import Row
from tests.bench.stage import LATENCY, ROUNDS, browser, count, fill, ratio, sandbox, scope_of, timed

WARM = (
    *("/", "/groups/", "/groups/1/", "/cars/", "/users/", "/services/", "/products/", "/cars/1/", "/users/1/"),
    *("/search/?q=pool", "/assignments/new/", "/operations/", "/handover/", "/timeline/", "/timeline/?rows=users"),
)
# The least calls, and the rows in their answers.
COLD = {
    "/groups/": (1, 50),
    "/groups/1/cars/": (5, 140),
    "/cars/": (1, 1000),
    "/users/": (1, 600),
    "/cars/1/": (4, 650),
    "/users/1/": (4, 1050),
}
AT_ONCE = 50
HEADERS = {"flinkey-API-Key": API_KEY, "Customer-ID": "1"}


def measure() -> Iterator[Row]:
    with sandbox("large") as remote:
        person = browser()
        yield from _cold(person, remote)
        yield from _at_once(person, remote)
        remote.settings(latency=0)
        fill(scope_of(person))
        for path in WARM:
            person.get(path)
        remote.clear_requests()
        for path in WARM:
            assert person.get(path).status_code == 200
        yield count(f"calls of flinkey before the first byte of {len(WARM)} warm pages", len(remote.requests()), 0)


def forget() -> None:
    models: list[Any] = [Listing, Membership, Window, Group, *THINGS.values()]
    for model in models:
        model.objects.all().delete()


def _cold(person: Client, remote: Remote) -> Iterator[Row]:
    """A first visit beside the same calls sent bare, all at once (its depth is 1), and a visit with a copy.

    The budget: 1.08 x what flinkey needs to answer + 20 ms, besides what the page takes in any case, however many rows
    are compared, made searchable and stored.
    """
    for path, (least, rows) in COLD.items():
        colds, warms, bares = [], [], []
        for _round in range(ROUNDS):
            remote.settings(latency=0)
            forget()
            remote.settings(latency=LATENCY)
            remote.clear_requests()
            colds.append(timed(lambda: person.get(path)))  # noqa: B023 - called at once
            warms.append(timed(lambda: person.get(path)))  # noqa: B023 - called at once
            asked = remote.requests()
            bares.append(_bare(person, [f"{one['path']}?{urlencode(one['query'])}" for one in asked]))
        yield count(f"{path} cold: calls of flinkey", len(asked), least)
        cold, warm, bare = (statistics.median(times) for times in (colds, warms, bares))
        yield Row(
            f"{path} cold - with a copy / the same calls bare; {rows} rows",
            f"{cold * 1000:.1f} - {warm * 1000:.1f} ms",
            f"{bare * 1000:.1f} ms",
            (cold - warm) / bare,
            1.08 + 0.02 / bare,
        )


def _bare(person: Client, paths: list[str]) -> float:
    """The seconds that these calls take side by side, with connections that are open already."""
    head = {**HEADERS, "Authorization": f"Bearer {tokens.read(person.session)}"}
    base = settings.FLINKEY_API_URL
    with requests.Session() as session, ThreadPoolExecutor(len(paths)) as everybody:
        ask = partial(session.get, headers=head, timeout=30)
        list(everybody.map(ask, [f"{base}/groups"] * len(paths)))
        answers: list[requests.Response] = []
        seconds = timed(lambda: answers.extend(everybody.map(ask, [base + path for path in paths])))
    assert {answer.status_code for answer in answers} == {200}
    return seconds


def _at_once(person: Client, remote: Remote) -> Iterator[Row]:
    """Fifty people open the same page at the same moment, and nobody has read it yet."""
    cookies = {name: morsel.value for name, morsel in person.cookies.items()}

    def load(_number: int) -> int:
        one = Client()
        for name, value in cookies.items():
            one.cookies[name] = value
        try:
            return one.get("/groups/1/cars/").status_code
        finally:
            connections.close_all()

    def crowd() -> None:
        with ThreadPoolExecutor(AT_ONCE) as everybody:
            assert set(everybody.map(load, range(AT_ONCE))) == {200}

    crowds, bounds = [], []
    for _round in range(3):
        remote.settings(latency=0)
        forget()
        remote.settings(latency=LATENCY)
        remote.clear_requests()
        crowds.append(timed(crowd))
        calls = len(remote.requests())
        bounds.append(LATENCY + timed(crowd))
    yield count(f"{AT_ONCE} cold loads of one page at once: calls of flinkey", calls, 5)
    # The threads share one interpreter, so the same crowd with a copy, and one wait for flinkey, is the least there is.
    yield ratio(f"{AT_ONCE} cold loads of one page at once / latency + {AT_ONCE} warm ones", crowds, bounds, 1.5)
