"""The copy as a page opens it, and which of its lists are old.

A page shows what the copy has. What it has never had is read before the first look; what is older than a few seconds is
read behind the reader's back.
"""

import datetime as dt
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import Exists
from django.utils import timezone

from flinkey_admin.accounts import services as accounts
from flinkey_admin.accounts.models import Customer
from flinkey_admin.accounts.scoping import Scope, require_client
from flinkey_admin.flinkey import Kind, errors
from flinkey_admin.mirror import asking, breaker, lists, store
from flinkey_admin.mirror.asking import First, StillReadingError
from flinkey_admin.mirror.models import THINGS, Listing, Upstream
from flinkey_admin.web import sentences

logger = logging.getLogger(__name__)

FRESH = dt.timedelta(seconds=5)  # what a page is about is read again when it is older
NEARLY = dt.timedelta(seconds=60)  # what stands beside it
STALE = dt.timedelta(seconds=40)  # from then on the age of what is shown is worth a look
REACH = dt.timedelta(seconds=30)  # so often a manager's right to be here is checked
LOOK = dt.timedelta(minutes=2)  # so often a look is noted for the sweep
# The same, where so many wait for a slow flinkey already that pages would have no thread left.
REACH_AT_MOST = dt.timedelta(minutes=5)
AT_A_TIME, FEW_AT_A_TIME = 16, 4  # lists that one look for news reads, and while flinkey is slow: changes come first
NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True)
class Age:
    """How old what a page shows is. `sentence`: what is the matter with flinkey, if anything is."""

    read_at: dt.datetime | None
    state: str  # fresh, stale
    sentence: str
    done: int  # lists that the sweep has read,
    total: int  # of so many

    @property
    def is_complete(self) -> bool:
        """Whether the copy has all of the fleet."""
        return self.done >= self.total > 0


@dataclass(frozen=True)
class Wanted:
    """The lists of a page. All but `beside` must have been read before it can be shown.

    names: what it is about; read again when older than a few seconds. once: what it needs to make sense, such as
    people's names; read again after a minute. whole: it counts what all lists say and is as old as the oldest of them.
    thing: the car or user that it is about. held: for a list one that says all that it would of this thing; where that
    was read, the page is shown before this one is.
    """

    names: Sequence[str]
    once: Sequence[str] = ()
    whole: bool = False
    thing: tuple[Kind, int] | None = None
    held: Mapping[str, str] = field(default_factory=dict)

    @property
    def needed(self) -> list[str]:
        """What a first visit reads."""
        return [*self.names, *self.once]


@dataclass
class Copy:
    """The copy of one customer as a page opens it. `waited`: flinkey was asked before this page could be shown.

    `noted`: that somebody looks at it is stored. `stuck`: nothing can be written, so it stays as it is.
    """

    customer: Customer
    wanted: Wanted
    listings: dict[str, Listing]
    waited: bool = False
    noted: bool = False
    stuck: bool = False

    def row(self, name: str) -> Listing | None:
        """The list, or the one that holds what it would say while it was never read itself; None while neither was."""
        rows = (self.listings.get(one) for one in (name, self.wanted.held.get(name, "")))
        return next((row for row in rows if row and row.read_at), None)

    def size(self, name: str) -> int | None:
        """How many rows a list has; None while it was never read."""
        listing = self.listings.get(name)
        return listing.size if listing and listing.read_at else None

    @property
    def is_complete(self) -> bool:
        """Whether the sweep has read everything once, so that "in no group" can be said."""
        whole = self.listings.get(lists.EVERYTHING)
        return bool(whole and whole.read_at)

    @property
    def has_all(self) -> bool:
        """Whether nothing has come since that the sweep has yet to read."""
        whole = self.listings.get(lists.EVERYTHING)
        return bool(whole and whole.read_at and whole.size >= whole.total)

    def age(self) -> Age:
        """How old this page is, as a person reads it."""
        now = timezone.now()
        found = (self.row(name) or self.listings.get(name) for name in self.wanted.names)
        shown = [row for row in found if row]
        oldest = min((row.read_at for row in shown if row.read_at), default=None)
        stale = any(row.read_at is None or now - row.read_at > STALE + 2 * _patience(row) for row in shown)
        whole = self.listings.get(lists.EVERYTHING)
        if self.wanted.whole and whole and whole.read_at:
            oldest = min(oldest or whole.read_at, whole.read_at)
            stale = stale or now - whole.read_at > _two_rounds(whole)
        unread = whole is not None and whole.read_at is None
        return Age(
            oldest,
            "stale" if stale else "fresh",
            str(sentences.TROUBLE["stuck"]) if self.stuck else trouble(breaker.state(), now),
            whole.size if whole and unread else 0,
            whole.total if whole and unread else 0,
        )


def _patience(row: Listing) -> dt.timedelta:
    """A long list is read again less often: 10,000 cars every 45 s."""
    return FRESH + dt.timedelta(milliseconds=4) * row.size


def _two_rounds(whole: Listing) -> dt.timedelta:
    """The sweep comes back to a list after some minutes, if all the others leave it the time."""
    return 2 * dt.timedelta(minutes=settings.SWEEP_MINUTES, seconds=whole.total / settings.FLINKEY_CALLS_PER_SECOND)


def trouble(row: Upstream, now: dt.datetime) -> str:
    """What is the matter with flinkey in one calm line, or nothing."""
    if row.trouble == "busy" and row.next_try_at and row.next_try_at > now:
        return sentences.asked_to_wait(row.next_try_at)
    if row.trouble:
        return str(sentences.TROUBLE["down" if row.trouble == "busy" else row.trouble])
    if breaker.is_slow(row, now):
        return str(sentences.TROUBLE["slow"])
    return ""


# A page -------------------------------------------------------------------------------------------------------------


def open_copy(
    scope: Scope, wanted: Wanted, meanwhile: Callable[[Copy], None] | None = None, patience: float = math.inf
) -> Copy:
    """The copy with these lists in it. A first visit reads those that were never read, all at once.

    meanwhile: done with the copy as it was while flinkey is being waited for, if it is.
    patience: the seconds that it waits for flinkey, if not as long as a call may take.
    Raises the client's errors when a first visit cannot be read: there is nothing to show. Raises StillReadingError
    when flinkey has not answered in time.
    """
    found = _listings(scope.customer, [*wanted.needed, *wanted.held.values()], wanted.thing)
    unread = [name for name in wanted.needed if not _was_read(found.get(name), NEVER)]
    if unread and not any(getattr(row, "has_thing", False) for row in found.values()):
        wanted = replace(wanted, held={})  # flinkey may know what has come since
    copy = Copy(scope.customer, wanted, found)
    if any(copy.row(name) is None for name in unread):
        copy.waited = True
        # Since flinkey is asked anyhow, for all that the page is about: a new group is in no old list of groups.
        since = timezone.now() - FRESH
        old = [name for name in wanted.names if not _was_read(found.get(name), since)]
        unread = [name for name in wanted.once if copy.row(name) is None]
        first = First(partial(meanwhile, copy) if meanwhile else None, time.monotonic() + patience)
        _read_since(scope, [*old, *unread], since, first)
        copy.listings = _listings(scope.customer, [*wanted.needed, *wanted.held.values()])
    return copy


def sizes(customer: Customer, names: Sequence[str]) -> dict[str, int]:
    """How many rows these lists have, as far as they were read."""
    rows = Listing.objects.filter(customer=customer, name__in=names).exclude(read_at=None)
    return dict(rows.values_list("name", "size"))


def _listings(customer: Customer, names: Sequence[str], thing: tuple[Kind, int] | None = None) -> dict[str, Listing]:
    """These lists, and how far the sweep has come. On each, when asked for a car or user, whether the copy has a row of
    that one, be it gone: `has_thing`."""
    rows = Listing.objects.filter(customer=customer, name__in=[*names, lists.EVERYTHING])
    if thing:
        same: Any = THINGS[thing[0]]._default_manager.filter(customer=customer, flinkey_id=thing[1])
        rows = rows.annotate(has_thing=Exists(same))
    return {row.name: row for row in rows}


def note_look(copy: Copy, beside: Sequence[str]) -> None:
    """Somebody looks at a page: the sweep takes its lists first. Noted every other minute at most.

    What stands beside, of which a page may have hundreds, is left out for whoever has waited for flinkey already: the
    page asks for it itself.
    """
    now = timezone.now()
    rows = [copy.listings.get(name) for name in copy.wanted.names]
    if any(row is None or row.looked_at is None or now - row.looked_at > LOOK for row in rows):
        store.note_look(copy.customer, [*copy.wanted.needed, *([] if copy.waited else beside)], now)


def read_now(scope: Scope, names: Sequence[str]) -> None:
    """Reads these lists from flinkey before going on, for whoever is about to change something.

    Raises the client's errors when flinkey cannot say.
    """
    _read_since(scope, names, timezone.now())


def _read_since(scope: Scope, names: Sequence[str], since: dt.datetime, first: First | None = None) -> None:
    """Reads what was not read since then, or waits for whoever is reading it just now, a first visit not for ever.

    An answer that a change of our own has overtaken meanwhile is out of date, so the list is read once more.
    """
    deadline, repeated = time.monotonic() + settings.FLINKEY_TIMEOUT + 5, False
    while names:
        wave = asking.ask(scope, names, since, first)
        if wave is None:
            raise _closed()
        if wave.failed:
            raise next(iter(wave.failed.values()))
        if wave.elsewhere:
            asking.wait_a_moment()
        open_still = [*wave.elsewhere, *wave.overtaken]
        found = _listings(scope.customer, open_still) if open_still else {}
        if any(rests(row, timezone.now()) for row in found.values()):
            raise _unavailable("flinkey could not give this list a moment ago")
        overtaken = [name for name in wave.overtaken if name in found and not _was_read(found[name], since)]
        names = [name for name in wave.elsewhere if not _was_read(found.get(name), since)]
        if overtaken and not repeated:
            names, repeated = [*names, *overtaken], True
        if names and first and time.monotonic() > first.give_up:
            raise StillReadingError
        if names and time.monotonic() > deadline:
            raise _unavailable("somebody else's reading did not end")


def rests(row: Listing, now: dt.datetime) -> bool:
    """Whether nobody asks for this list just now, because flinkey could not give it a moment ago."""
    return row.rests_until is not None and row.rests_until > now


def _was_read(row: Listing | None, since: dt.datetime) -> bool:
    return row is not None and row.read_at is not None and row.read_at >= since


def _closed() -> errors.FlinkeyError:
    """Why nobody may ask flinkey just now."""
    row = breaker.state()
    match row.trouble:
        case "busy":
            wait = (row.next_try_at - timezone.now()).total_seconds() if row.next_try_at else 0.0
            return errors.RateLimited("", "GET", "", retry_after=max(1.0, wait))
        case "key":
            return errors.BadApiKey("", "GET", "")
    return _unavailable("flinkey was not reached a moment ago")


def _unavailable(detail: str) -> errors.Unavailable:
    return errors.Unavailable("", "GET", "", detail=detail, repeatable=True)


@dataclass(frozen=True)
class Refreshed:
    """What a look for news has come to. again: more is due, so ask again soon. changed_at: when one of the page's lists
    last became different, be it by flinkey or by us; now, where one is unread."""

    again: bool
    changed_at: dt.datetime


def refresh(scope: Scope, wanted: Wanted, beside: Sequence[str] = (), *, force: bool = False) -> Refreshed:
    """Reads what of a page's lists has become old, at most 16 of them.

    beside: more lists that the page shows, read again when older than a minute. force: a person asked, so all that the
    page is about, however young.
    While flinkey is slow, which a page says, all lists may be as old as a minute; few looks wait for it at once, and
    the others look again later.
    Raises Unauthorized, and NotFound("manager") when this person may no longer act for the customer. Whatever else
    flinkey says is the matter is noted for the page to tell.
    """
    now, names = timezone.now(), [*wanted.needed, *beside]
    upstream = breaker.state()
    is_slow = breaker.is_slow(upstream, now)
    with asking.place(is_slow=is_slow and not force) as has_place:
        check_reach(scope, REACH if has_place or not is_slow else REACH_AT_MOST)
        found = _listings(scope.customer, names)
        due, more = _due(found, wanted, beside, now, force=force, is_slow=is_slow)
        if not due or breaker.is_closed(now, upstream):
            return Refreshed(again=False, changed_at=_changed_at(names, found))
        if not has_place:
            return Refreshed(again=not is_slow, changed_at=now)
        wave = asking.ask(scope, due, now if force else now - FRESH)
    # While it is slow, one page with many lists beside it must not keep the few places.
    again = wave is not None and not wave.failed and (bool(wave.elsewhere) or (more and not is_slow))
    for name, error in wave.failed.items() if wave else ():
        logger.warning("%s could not be read: %s", name, error)
    return Refreshed(again, _changed_at(names, _listings(scope.customer, names)))


def _changed_at(names: Sequence[str], found: Mapping[str, Listing]) -> dt.datetime:
    times = [time for row in found.values() for time in (row.changed_at, row.touched_at) if time]
    return max(times, default=NEVER) if found.keys() >= set(names) else timezone.now()


def _due(
    found: Mapping[str, Listing],
    wanted: Wanted,
    beside: Sequence[str],
    now: dt.datetime,
    *,
    force: bool,
    is_slow: bool,
) -> tuple[list[str], bool]:
    """What is to be read now, and whether there is more. What rests is not due: nobody is about to bring it."""
    later = [*wanted.once, *beside]

    def is_due(name: str, least: dt.timedelta, *, force: bool = False) -> bool:
        row = found.get(name)
        if row is None:
            return True
        is_old = row.read_at is None or row.read_at < now - max(least, _patience(row))
        return (force or is_old) and not rests(row, now)

    old = [name for name in wanted.names if is_due(name, NEARLY if is_slow else FRESH, force=force)]
    rest = [name for name in dict.fromkeys(later) if name not in old and is_due(name, NEARLY)]
    room = max(0, (FEW_AT_A_TIME if is_slow else AT_A_TIME) - len(old))
    return [*old, *rest[:room]], len(rest) > room


def check_reach(scope: Scope, older_than: dt.timedelta) -> None:
    """Whether flinkey still lists the customer for this person: the copy must not outlive the right to see it.

    Raises NotFound("manager") when it does not, Unauthorized for a dead token.
    """
    now = timezone.now()
    if not accounts.reach_is_old(scope, now - older_than) or not breaker.room(now, 1):
        return
    began = time.monotonic()
    try:
        listed = require_client(scope).customers.list()
    except errors.NotFound:
        listed = []
    except errors.Unauthorized:
        raise
    except errors.FlinkeyError as error:
        breaker.failed(error)
        return
    breaker.answered(1, dt.timedelta(seconds=time.monotonic() - began))
    accounts.note_reach(scope.person, listed)
    if scope.customer.flinkey_id not in {record.id for record in listed}:
        raise errors.NotFound("getCustomers", "GET", "/customers", missing="manager")
