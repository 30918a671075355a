"""How flinkey is, for the whole dashboard: whom it may be asked by now, and how many calls are left for the sweep.

A flinkey that is down, busy or refuses our key is asked at most once per interval, however many people look and
however many processes run.
"""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from flinkey_admin.flinkey import errors
from flinkey_admin.mirror.models import Upstream
from flinkey_admin.mirror.writing import quick

INTERVAL = dt.timedelta(seconds=15)
SLOW = dt.timedelta(seconds=2)  # an answer that takes longer is worth a word
SLOW_FOR = dt.timedelta(minutes=1)  # for so long the word stands
BURST = 2.0  # seconds of calls that the sweep may save up

TROUBLES: dict[type[errors.FlinkeyError], str] = {
    errors.RateLimited: "busy",
    errors.BadApiKey: "key",
    errors.Unavailable: "down",
    errors.OutcomeUnknown: "down",
}  # whatever else it refuses, such as by a gateway before it, is "down" as well


def state() -> Upstream:
    """The one row."""
    return Upstream.objects.filter(pk=1).first() or Upstream(pk=1)


def is_slow(row: Upstream, now: dt.datetime) -> bool:
    """Whether answers have taken long within the last minute."""
    return row.slow_at is not None and now - row.slow_at < SLOW_FOR


def is_closed(now: dt.datetime, row: Upstream | None = None) -> bool:
    """Whether nobody may ask flinkey just now. row: how it is, for whoever knows it already."""
    row = row or state()
    return bool(row.trouble and row.next_try_at and row.next_try_at > now)


def room(now: dt.datetime, wanted: int) -> int:
    """How many of the wanted calls may go out: in trouble none, but one per interval, to see whether it is over."""
    if not state().trouble:
        return wanted
    due = Upstream.objects.filter(Q(next_try_at=None) | Q(next_try_at__lte=now), pk=1)
    # The pause that it asked for is over; what is waited for from here on is our own interval.
    word = Case(When(trouble="busy", then=Value("down")), default=F("trouble"))
    return min(wanted, due.update(next_try_at=now + INTERVAL, trouble=word))


def set_back(now: dt.datetime, late: dt.datetime) -> None:
    """A clock that was ahead has been mended: what it promised for a time after `late` counts as due."""
    Upstream.objects.filter(next_try_at__gt=late).update(next_try_at=now)
    Upstream.objects.filter(slow_at__gt=late).update(slow_at=None)
    Upstream.objects.filter(level_at__gt=late).update(level_at=now)


def failed(error: errors.FlinkeyError) -> None:
    """An answer that says that the next call would fare no better. A longer pause that was asked for stays."""
    now = timezone.now()
    wait = dt.timedelta(seconds=error.retry_after) if isinstance(error, errors.RateLimited) else INTERVAL
    with transaction.atomic():
        row = _locked()
        if not (_is_paused(row, now) and row.next_try_at and row.next_try_at >= now + wait):
            row.trouble, row.next_try_at = TROUBLES.get(type(error), "down"), now + wait
            row.save(update_fields=["trouble", "next_try_at"])


def _is_paused(row: Upstream, now: dt.datetime) -> bool:
    """Whether it asked for a pause that is not over."""
    return row.trouble == "busy" and row.next_try_at is not None and row.next_try_at > now


def answered(calls: int, took: dt.timedelta) -> None:
    """flinkey answered: trouble is over. `took`: how long the slowest answer took. The calls count in the budget.

    Answers to calls that were under way when it asked for a pause do not end the pause.
    """
    now = timezone.now()
    with quick():
        row = _locked()
        if not _is_paused(row, now):
            row.trouble, row.next_try_at = "", None
        if took >= SLOW:
            row.slow_at = now
        elif row.slow_at and took < SLOW / 2:
            row.slow_at = None
        _refill(row, now)
        row.level -= calls
        row.save()


def spent(calls: int) -> None:
    """Calls that were made for a change, which come off what the sweep may make."""
    Upstream.objects.filter(pk=1).update(level=F("level") - calls)


def spare(wanted: int) -> int:
    """How many of the wanted calls the sweep may make now. Whatever pages and changes have used comes off first."""
    with quick():
        row = _locked()
        _refill(row, timezone.now())
        row.save()
    return max(0, min(wanted, int(row.level)))


def wait_for_spare() -> float:
    """The seconds until the sweep may make a call."""
    return max(0.0, (1.0 - state().level) / settings.FLINKEY_CALLS_PER_SECOND)


def _locked() -> Upstream:
    rows = Upstream.objects.select_for_update().filter(pk=1)
    if (row := rows.first()) is None:
        Upstream.objects.bulk_create([Upstream(pk=1)], ignore_conflicts=True)
        row = rows.get()
    return row


def _refill(row: Upstream, now: dt.datetime) -> None:
    rate = settings.FLINKEY_CALLS_PER_SECOND
    full = max(1.0, rate * BURST)
    passed = (now - row.level_at).total_seconds() if row.level_at else BURST
    # Pages may overdraw the budget, but no more than they could pay back in a few seconds.
    row.level = max(-full, min(full, row.level + max(0.0, passed) * rate))
    row.level_at = now
