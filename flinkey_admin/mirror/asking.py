"""Asks flinkey for many lists at once and hands the answers to the copy: each list by one process at a time.

Whoever asks for a list takes a lease of it and says meanwhile that it is alive; everybody else waits for its answer.
"""

import datetime as dt
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connections
from django.utils import timezone

from flinkey_admin import upstream
from flinkey_admin.accounts.models import Customer
from flinkey_admin.accounts.scoping import Scope, require_client
from flinkey_admin.flinkey import Flinkey, errors
from flinkey_admin.mirror import breaker, lists, store
from flinkey_admin.mirror.models import Group, Listing
from flinkey_admin.mirror.store import GONE, Answer
from flinkey_admin.mirror.writing import quick

logger = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=12)  # after so long without a word whoever was reading a list is dead
LONGEST = dt.timedelta(minutes=1)  # for which a list rests that cannot be read again and again
ALIVE = 4.0  # seconds after which whoever waits for flinkey says that it still does
# Threads of this process that may wait for flinkey at once behind a reader's back, so that pages always have some; and
# while it is slow.
READERS, FEW = 6, 2
MISSING = {"group", "car", "user", "assignment"}

places = threading.BoundedSemaphore(READERS)
few_places = threading.BoundedSemaphore(FEW)
_done = threading.Condition()


@contextmanager
def place(*, is_slow: bool) -> Iterator[bool]:
    """One of the threads that may wait for flinkey meanwhile; False when there is none free."""
    places_now = few_places if is_slow else places
    has_place = places_now.acquire(blocking=False)
    try:
        yield has_place
    finally:
        if has_place:
            places_now.release()


class StillReadingError(Exception):
    """flinkey has not answered a first visit in time. What it answers will be kept, so whoever looks again finds it."""


@dataclass
class First:
    """A first visit: what is done once while flinkey is waited for, and until when that is (of the monotonic clock)."""

    meanwhile: Callable[[], None] | None = None
    give_up: float = math.inf

    def use_time(self) -> None:
        """flinkey is at work just now."""
        if self.meanwhile:
            self.meanwhile()
        self.meanwhile = None


@dataclass
class Wave:
    """What became of lists that were asked for at once."""

    read: list[str] = field(default_factory=list)
    failed: dict[str, errors.FlinkeyError] = field(default_factory=dict)
    elsewhere: list[str] = field(default_factory=list)  # somebody else reads them, or just has
    overtaken: list[str] = field(default_factory=list)  # read, but a change of our own came between
    in_trouble: bool = False  # what went wrong concerns every call, so nobody asks for a while
    pause: float | None = None  # seconds for which flinkey has asked not to be called
    slowest: float = 0.0  # seconds that the slowest of its answers took


def until() -> dt.datetime:
    """Until then whoever begins to read a list now keeps others from it, unless it renews that meanwhile."""
    return timezone.now() + LEASE


def _wait_for(customer: Customer, calls: "dict[str, Future[Any]]", give_up: float = math.inf) -> bool:
    """Until all are answered. While we live, nobody else asks for the same; once we are dead, somebody soon does.

    False: there is one without an answer when it is time to give up.
    """
    while wait(calls.values(), timeout=min(ALIVE, max(0.0, give_up - time.monotonic()))).not_done:
        if time.monotonic() >= give_up:
            return False
        store.renew(customer, list(calls), until())
    return True


def ask(scope: Scope, names: Sequence[str], before: dt.datetime, first: First | None = None) -> Wave | None:
    """Asks for the lists; while flinkey is in trouble first for one alone. None when nobody may ask just now."""
    room = breaker.room(timezone.now(), len(names))
    if not room:
        return None
    wave = _ask_at_once(scope, names[:room], before, first)
    if room < len(names) and not (wave.read or wave.failed):
        return Wave(elsewhere=list(names))  # somebody else finds out how flinkey is
    if room < len(names) and not wave.failed:
        rest = _ask_at_once(scope, names[room:], before, first)
        wave = Wave(
            [*wave.read, *rest.read],
            rest.failed,
            [*wave.elsewhere, *rest.elsewhere],
            [*wave.overtaken, *rest.overtaken],
        )
    return wave


def _ask_at_once(scope: Scope, names: Sequence[str], before: dt.datetime, first: First | None = None) -> Wave:
    """Reads those of the lists that nobody has read since `before` and nobody else reads just now.

    Raises StillReadingError when a first visit gives up, if there is a thread free to keep the answers.
    """
    client = require_client(scope)
    taken = store.claim(scope.customer, names, before, until())
    wave = Wave(elsewhere=[name for name in names if name not in taken])
    if not taken:
        return wave
    asked_at = timezone.now()
    with ExitStack() as if_it_fails:
        if_it_fails.callback(finish, scope.customer, wave, taken)
        calls = {name: start(client, name, wave) for name in taken}
        gives_up = first is not None and _gives_up(scope.customer, calls, first)
        if_it_fails.pop_all()
    end = partial(_end, scope.customer, wave, calls, asked_at)
    if gives_up:
        threading.Thread(target=copy_context().run, args=(_end_beside, end), daemon=True).start()
        raise StillReadingError
    end()
    return wave


def _gives_up(customer: Customer, calls: "dict[str, Future[Any]]", first: First) -> bool:
    """Whether a first visit has waited for long enough, and there is a thread free to keep the answers."""
    first.use_time()
    return not _wait_for(customer, calls, first.give_up) and places.acquire(blocking=False)


def _end(customer: Customer, wave: Wave, calls: "dict[str, Future[Any]]", asked_at: dt.datetime) -> None:
    """Waits for the answers and keeps them."""
    try:
        _wait_for(customer, calls)
        answers = [answer for name, call in calls.items() if (answer := take(wave, name, call, asked_at))]
        if lists.GROUPS in wave.elsewhere:
            _wait_for_groups(customer, [answer.name for answer in answers])
        keep(customer, wave, answers)
    finally:
        finish(customer, wave, list(calls))


def _end_beside(end: Callable[[], None]) -> None:
    """The same in a thread of its own, for somebody who has been told to look again."""
    try:
        end()
    except errors.FlinkeyError as error:
        logger.warning("what a first visit has asked for: %s", error)
    finally:
        places.release()
        connections.close_all()


def _wait_for_groups(customer: Customer, names: Sequence[str]) -> None:
    """What is in a group can be kept once the group is known; just now somebody else is asking which groups there are.

    That person keeps the groups before waiting for anything, so nobody waits in a circle.
    """
    wanted = {number for first, number, last in map(lists.parts, names) if first == lists.GROUPS and last}
    known = Group.objects.filter(customer=customer, flinkey_id__in=wanted)
    asking = Listing.objects.filter(customer=customer, name=lists.GROUPS)
    deadline = time.monotonic() + settings.FLINKEY_TIMEOUT
    while known.count() < len(wanted) and asking.filter(lease_until__gt=timezone.now()).exists():
        if time.monotonic() > deadline:
            return
        wait_a_moment()


def start(client: Flinkey, name: str, wave: Wave) -> "Future[Any]":
    """Asks for one list of a wave, beside this thread."""
    return upstream.submit(_call, lists.reader(client, name), wave)


def _call(read: Callable[[], Any], wave: Wave) -> tuple[Any, float]:
    """One answer, and the seconds that it took. What has not left yet when flinkey asks for a pause stays here."""
    if wave.pause is not None:
        raise errors.RateLimited("", "GET", "", retry_after=wave.pause)
    began = time.monotonic()
    try:
        return read(), time.monotonic() - began
    except errors.RateLimited as error:
        wave.pause = error.retry_after
        raise


def take(wave: Wave, name: str, call: "Future[Any]", asked_at: dt.datetime) -> Answer | None:
    """The answer to one call, or None when there is none; the wave notes which."""
    try:
        found, seconds = call.result()
        wave.slowest = max(wave.slowest, seconds)
    except errors.NotFound as error:
        if error.missing not in MISSING or lists.parts(name)[1] == 0:
            wave.failed[name] = error
            return None
        found = GONE
    except errors.FlinkeyError as error:
        wave.failed[name] = error
        return None
    return Answer(name, found, asked_at)


def keep(customer: Customer, wave: Wave, answers: Sequence[Answer]) -> None:
    """Hands the answers to the copy."""
    if not answers:
        return
    with quick():
        wave.overtaken += store.apply(customer, answers)
        breaker.answered(len(answers), dt.timedelta(seconds=wave.slowest))
    wave.read += [answer.name for answer in answers]


def finish(customer: Customer, wave: Wave, taken: Sequence[str]) -> None:
    """Gives back what could not be read and tells those who wait. Raises what concerns the person who asked.

    A fault that concerns every call closes the breaker; another one keeps its list from being asked for again at once.
    One that may be either, such as no answer or one that is no use, concerns every call when nothing else of the wave
    could be read, unless each of these lists had failed already when it was last asked for.
    """
    personal = next((error for error in wave.failed.values() if _is_personal(error)), None)
    own = [name for name, error in wave.failed.items() if not (personal or is_for_all(error))]
    store.release(customer, [name for name in taken if name not in wave.read and name not in own])
    known = _rest(customer, own)
    with _done:
        _done.notify_all()
    if personal is not None:
        raise personal
    unsure = [name for name in own if type(wave.failed[name]) in breaker.TROUBLES]
    is_down = not wave.read and any(name not in known for name in unsure)
    for name, error in wave.failed.items():
        if is_for_all(error) or (is_down and name in unsure):
            wave.in_trouble = True
            breaker.failed(error)


def _rest(customer: Customer, names: Sequence[str]) -> list[str]:
    """Has these lists rest, since they could not be read. Returns those that had failed already the time before.

    A list rests for as long as it has not been read, 15 s at first and a minute at most. While flinkey is in trouble
    half a minute at most: another one finds out whether that is over, and this one is soon back when it is.
    """
    now, known = timezone.now(), list[str]()
    longest = 2 * breaker.INTERVAL if names and breaker.state().trouble else LONGEST
    for row in Listing.objects.filter(customer=customer, name__in=names):
        gap = breaker.INTERVAL
        if has_failed(row):
            known.append(row.name)
            gap = max(gap, min(longest, now - row.read_at if row.read_at else longest))
        store.release(customer, [row.name], now + gap)
    return known


def has_failed(row: Listing) -> bool:
    """Whether this list could not be read when it was last asked for."""
    return row.rests_until is not None and (row.read_at is None or row.read_at < row.rests_until)


def _is_personal(error: errors.FlinkeyError) -> bool:
    return isinstance(error, errors.Unauthorized) or getattr(error, "missing", "") == "manager"


def is_for_all(error: errors.FlinkeyError) -> bool:
    """Whether the next call would fare no better, whatever it asks for, because flinkey says so."""
    return isinstance(error, errors.RateLimited | errors.BadApiKey) or _is_personal(error)


def wait_a_moment() -> None:
    """Until somebody in this process has read something, or a moment has passed: another process may have."""
    with _done:
        _done.wait(0.05)
