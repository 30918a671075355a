"""Signs of life: each worker says every few seconds in the database that it is there, on whichever machine it runs."""

import atexit
import datetime as dt
import logging
import os
import platform
import threading
import time
from typing import Any

from django.db import Error, close_old_connections
from django.utils import timezone

from flinkey_admin.accounts.services import SOON
from flinkey_admin.node.models import Worker

logger = logging.getLogger(__name__)

EVERY = 20.0  # seconds between two signs
GONE = dt.timedelta(seconds=70)  # three of them are missing
FORGOTTEN = dt.timedelta(days=1)
LOOKING = {"runs", "*"}  # a worker of these also takes up what has stopped, in a thread of its own
LONG = 120.0  # seconds after which a look has not come through


class LastLook:
    """When that thread last came through with its look, by the clock that nobody sets."""

    at = time.monotonic()


def begin(queues: list[str], **_more: object) -> None:
    """This process is a worker from here on: beats beside it until it ends, and then says so."""
    looked()
    threading.Thread(target=_beat_on, args=(queues,), name="pulse", daemon=True).start()
    atexit.register(end)


def looked(**_more: object) -> None:
    """The take-up has come through with a look."""
    LastLook.at = time.monotonic()


def served(queues: list[str]) -> str:
    """What this process can say that it works off. Without the take-up that is not whole, and `check` misses it."""
    is_late = time.monotonic() - LastLook.at > LONG
    return ",".join(f"{name} without its look" if is_late and name in LOOKING else name for name in queues)


def beat(queues: str) -> None:
    """One sign. A database that does not take it is no reason to stop working."""
    try:
        now = timezone.now()
        fresh: dict[str, Any] = {"machine": platform.node()[:200], "queues": queues[:100], "seen_at": now}
        Worker.objects.update_or_create(name=_name(), defaults=fresh)
        Worker.objects.filter(seen_at__lt=now - FORGOTTEN).delete()
    except Error as error:
        logger.warning("the sign of life was not taken: %s", error)


def end() -> None:
    """A worker that was told to stop is not missed."""
    try:
        Worker.objects.filter(name=_name()).delete()
    except Error as error:
        logger.warning("the last sign of life was not taken: %s", error)


def alive() -> list[Worker]:
    """The workers that have given a sign lately. One in the future is of a clock that was set back since."""
    now = timezone.now()
    return list(Worker.objects.filter(seen_at__gte=now - GONE, seen_at__lte=now + SOON).order_by("name"))


def running() -> list[Worker]:
    """Those of them that have not been killed since, as far as this machine can tell: it knows its own processes.

    A sign in the future counts as one of now, for the worker may be there: if it is not, that is known after GONE.
    """
    set_back(timezone.now(), SOON)
    here = platform.node()[:200]
    return [one for one in alive() if one.machine != here or _is_there(int(one.name.rpartition(":")[2]))]


def has_run_ahead(now: dt.datetime, soon: dt.timedelta) -> bool:
    """Whether there is a sign of life in the future: then the clock has been ahead, and was set back since."""
    return Worker.objects.filter(seen_at__gt=now + soon).exists()


def set_back(now: dt.datetime, soon: dt.timedelta) -> None:
    """A sign by a clock that was ahead, more than `soon`, is one of now. Whoever lives gives another."""
    Worker.objects.filter(seen_at__gt=now + soon).update(seen_at=now)


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # of another user
    return True


def _beat_on(queues: list[str]) -> None:
    while True:
        beat(served(queues))
        close_old_connections()
        time.sleep(EVERY)


def _name() -> str:
    return f"{platform.node()[:200]}:{os.getpid()}"
