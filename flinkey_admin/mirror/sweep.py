"""Keeps the copy warm: the worker reads everything of the customers for whom somebody is signed in.

Groups and the lists of all things first, then who is in which group, then the windows car by car; within each, what
somebody has looked at last. What is due is asked of the copy, so a sweep that was cut short goes on where it was. It
takes the calls that pages and changes leave over, and sleeps while flinkey wants to be left alone.
"""

import datetime as dt
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from flinkey_admin.accounts import services as accounts
from flinkey_admin.accounts.models import Customer
from flinkey_admin.accounts.scoping import Scope, live_scopes, require_client
from flinkey_admin.flinkey import Flinkey, Kind, errors
from flinkey_admin.mirror import asking, breaker, lists, reading, store
from flinkey_admin.mirror.asking import Wave
from flinkey_admin.mirror.models import Car, Group, Listing
from flinkey_admin.mirror.store import Answer
from flinkey_admin.mirror.writing import quick

SLICE = 15.0  # seconds; then the worker looks after other customers before it goes on
REST = dt.timedelta(seconds=15)  # between two looks at whether something has become due
REACH = dt.timedelta(minutes=2)  # a page that asks for news checks more often
SOON = dt.timedelta(seconds=1)  # after which it is seen whether somebody else still reads a list
TRIES = 30  # to read what flinkey has told of; then it is left to whoever looks at it and to the usual round
GATHER = 0.008  # seconds
LEASE = dt.timedelta(seconds=60)  # a slice that is overdue by so much has died with its worker


def keep_going(customer: Customer, whole: Listing | None) -> None:
    """Somebody looks at a customer: the worker reads ahead from now on, if it does not already."""
    if whole is None or whole.lease_until is None or whole.lease_until < timezone.now():
        _plan(customer, timezone.now())


def _plan(customer: Customer, at: dt.datetime) -> None:
    """The next slice. It carries a mark, and only the last mark counts: a sweep never goes on twice."""
    mark = uuid.uuid4().hex
    with quick():
        store.plan_sweep(customer, mark, at + LEASE)
        sweep.using(run_after=at).enqueue(customer.pk, mark)


@task(queue_name="sweep")
def sweep(customer_id: int, mark: str) -> None:
    """One slice of the sweep of a customer; asks for the next one as long as somebody is signed in."""
    customer = Customer.objects.get(pk=customer_id)
    if not store.hold_sweep(customer, mark, timezone.now() + LEASE):
        return
    people = _people(customer)
    if not people:
        store.release(customer, [lists.EVERYTHING])  # the next look starts it again
        return
    _plan(customer, timezone.now() + read_ahead(people[0]))


@task(queue_name="sweep")
def read_soon(customer_id: str, name: str, since: float = 0.0, tries: int = TRIES) -> None:
    """Reads one list again, because flinkey said that something in it has changed.

    since: it said so before this (seconds since 1970; 0: now), so only who asks later can have seen it. While somebody
    who asked before still reads the list, or flinkey may not be asked, it is tried again later, so many times in all.
    """
    if customer := Customer.objects.filter(flinkey_id=customer_id).first():
        said_at = dt.datetime.fromtimestamp(since, dt.UTC) if since else timezone.now()
        people = _people(customer)
        if people and not any(_read_since(scope, name, said_at) for scope in people) and tries > 1:
            later = read_soon.using(run_after=_may_be_read(customer, name))
            later.enqueue(customer_id, name, said_at.timestamp(), tries - 1)


def _read_since(scope: Scope, name: str, since: dt.datetime) -> bool:
    """Whether what the copy has of this list was asked for since then, perhaps just now."""
    if Listing.objects.filter(customer=scope.customer, name=name, read_at__gte=since).exists():
        return True
    try:
        wave = asking.ask(scope, [name], since)
    except (errors.Unauthorized, errors.NotFound) as error:
        _forget(scope, error)
        return False
    return wave is not None and name in wave.read and name not in wave.overtaken


def _may_be_read(customer: Customer, name: str) -> dt.datetime:
    """When it is worth asking for this list again."""
    now = timezone.now()
    row = Listing.objects.filter(customer=customer, name=name).first()
    rests = row.rests_until if row else None
    return max(now + SOON, now + _closed_for(), rests or now)


def _people(customer: Customer) -> list[Scope]:
    """Whoever is signed in for this customer and still may be: flinkey is asked with each one's own token.

    So a right that was taken away ends here too for somebody whose pages ask for no news, for want of scripts.
    """
    found = []
    for scope in live_scopes(customer):
        try:
            reading.check_reach(scope, older_than=REACH)
        except (errors.Unauthorized, errors.NotFound) as error:
            _forget(scope, error)
        else:
            found.append(scope)
    return found


def _forget(scope: Scope, error: errors.FlinkeyError) -> None:
    """This token is dead, or its owner has lost the customer; another one may go on."""
    if isinstance(error, errors.Unauthorized):
        accounts.forget_sign_ins(scope.person)
    else:
        accounts.forget_reach(scope)


def due(customer: Customer, now: dt.datetime) -> Iterator[str]:
    """The lists that are due, in the order in which they are to be read: last those that could not be the last time."""
    old = now - dt.timedelta(minutes=settings.SWEEP_MINUTES)
    rows = {row.name: row for row in Listing.objects.filter(customer=customer)}
    rests = {name for name, row in rows.items() if reading.rests(row, now)}
    failed = {name for name, row in rows.items() if asking.has_failed(row)}
    last = []
    for names in _stages(customer):
        waiting = [name for name in names if name not in rows or (rows[name].read_at or reading.NEVER) < old]
        yield from sorted((name for name in waiting if name not in failed), key=lambda name: _rank(rows.get(name)))
        last += [name for name in waiting if name in failed and name not in rests]
    yield from last


def _rank(row: Listing | None) -> tuple[float, float]:
    looked = row.looked_at.timestamp() if row and row.looked_at else 0.0
    read = row.read_at.timestamp() if row and row.read_at else 0.0
    return -looked, read


def _stages(customer: Customer) -> Iterator[list[str]]:
    """All lists of a customer, as far as the copy knows them by then."""
    yield [lists.GROUPS, *lists.CATALOG.values()]
    groups = Group.objects.filter(customer=customer, ended_at=None).order_by("flinkey_id")
    yield [lists.members(number, kind) for number in groups.values_list("flinkey_id", flat=True) for kind in Kind]
    cars = Car.objects.filter(customer=customer, ended_at=None).order_by("flinkey_id")
    yield [lists.car_windows(number) for number in cars.values_list("flinkey_id", flat=True)]


def _progress(customer: Customer) -> tuple[int, int, dt.datetime | None]:
    """How many of the customer's lists were read, of how many; and since when all are, if they are."""
    names = [name for stage in _stages(customer) for name in stage]
    read = Listing.objects.filter(customer=customer).exclude(read_at=None)
    times: dict[str, Any] = dict(read.values_list("name", "read_at"))
    done = [times[name] for name in names if name in times]
    # Before the groups and the cars are known, there is no saying how many lists there are.
    known = lists.GROUPS in times and lists.CATALOG[Kind.CARS] in times
    return len(done), len(names), min(done) if known and len(done) == len(names) else None


def read_ahead(scope: Scope) -> dt.timedelta:
    """Reads what is due for some seconds. Returns how long to wait before the next slice."""
    client = require_client(scope)
    until = time.monotonic() + SLICE
    run = _Sweep(scope, client)
    while time.monotonic() < until:
        names, before = list(due(scope.customer, timezone.now())), run.started
        fine = run.work(names, until)
        run.note_progress()
        if fine and run.started == before:
            return REST  # nothing is due, or somebody else reads it
        if not fine:
            return max(REST, _closed_for())
    return dt.timedelta(0)


def _closed_for() -> dt.timedelta:
    row = breaker.state()
    return row.next_try_at - timezone.now() if row.next_try_at else dt.timedelta(0)


class _Sweep:
    """Reads lists, always as many at a time as the budget and the pool allow; the answers are written as they come."""

    def __init__(self, scope: Scope, client: Flinkey) -> None:
        self.scope, self.customer, self.client = scope, scope.customer, client
        self.under_way: dict[Future[Any], tuple[str, dt.datetime]] = {}
        self.wave, self.taken = Wave(), list[str]()  # what has failed while nothing else was answered
        self.started = 0
        self.alive_at = time.monotonic()

    def work(self, names: list[str], until: float) -> bool:
        """Reads these lists until `until`; False when flinkey wants to be left alone."""
        waiting, fine = list(reversed(names)), True
        while self.under_way or (waiting and fine and time.monotonic() < until):
            if fine and not self.taken and time.monotonic() < until:
                self._start(waiting)
            if not self.under_way:
                if breaker.is_closed(timezone.now()):
                    return False
                time.sleep(min(1.0, breaker.wait_for_spare()))
                continue
            fine = self._take() and fine
        return fine

    def _start(self, waiting: list[str]) -> None:
        now, room = timezone.now(), min(len(waiting), reading.AT_A_TIME - len(self.under_way))
        spare = breaker.spare(room) if room else 0
        wanted = [waiting.pop() for _ in range(breaker.room(now, spare) if spare else 0)]
        for name in store.claim(self.customer, wanted, now - reading.FRESH, asking.until()) if wanted else []:
            self.under_way[asking.start(self.client, name, self.wave)] = name, timezone.now()
            self.started += 1

    def _take(self) -> bool:
        """Writes what has come by now; False when flinkey is in trouble.

        Whether it is that or one bad list, the other calls that are under way tell: it waits for their answers.
        """
        wave, taken, answers = self.wave, self.taken, list[Answer]()
        wait(self.under_way, timeout=asking.ALIVE, return_when=FIRST_COMPLETED)
        if time.monotonic() - self.alive_at >= asking.ALIVE:
            names = [*taken, *(name for name, _asked_at in self.under_way.values())]
            store.renew(self.customer, names, asking.until())
            self.alive_at = time.monotonic()
        time.sleep(GATHER)  # answers come in crowds, and one transaction for all of them is cheaper than one for each
        for call in [call for call in self.under_way if call.done()]:
            name, asked_at = self.under_way.pop(call)
            taken.append(name)
            if answer := asking.take(wave, name, call, asked_at):
                answers.append(answer)
        if self.under_way and not answers and not any(map(asking.is_for_all, wave.failed.values())):
            return True
        self.wave, self.taken = Wave(), []
        try:
            try:
                asking.keep(self.customer, wave, answers)
            finally:
                asking.finish(self.customer, wave, taken)
        except (errors.Unauthorized, errors.NotFound) as error:
            _forget(self.scope, error)
            return False
        return not wave.in_trouble

    def note_progress(self) -> None:
        store.note_progress(self.customer, *_progress(self.customer))
