"""Signs of life: each worker says every few seconds in the database that it is there, on whichever machine it runs."""

import atexit
import datetime as dt
import logging
import os
import platform
import threading
import time
from typing import Any

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from flinkey_admin.node.models import Worker

logger = logging.getLogger(__name__)

EVERY = 20.0  # seconds between two signs
GONE = dt.timedelta(seconds=70)  # three of them are missing
FORGOTTEN = dt.timedelta(days=1)


def begin(queues: list[str], **_more: object) -> None:
    """This process is a worker from here on: beats beside it until it ends, and then says so."""
    threading.Thread(target=_beat_on, args=(",".join(queues),), name="pulse", daemon=True).start()
    atexit.register(end)


def beat(queues: str) -> None:
    """One sign. A database that does not take it is no reason to stop working."""
    try:
        now = timezone.now()
        fresh: dict[str, Any] = {"machine": platform.node()[:200], "queues": queues[:100], "seen_at": now}
        Worker.objects.update_or_create(name=_name(), defaults=fresh)
        Worker.objects.filter(seen_at__lt=now - FORGOTTEN).delete()
    except DatabaseError as error:
        logger.warning("the sign of life was not taken: %s", error)


def end() -> None:
    """A worker that was told to stop is not missed."""
    try:
        Worker.objects.filter(name=_name()).delete()
    except DatabaseError as error:
        logger.warning("the last sign of life was not taken: %s", error)


def alive() -> list[Worker]:
    """The workers that have given a sign lately."""
    return list(Worker.objects.filter(seen_at__gte=timezone.now() - GONE).order_by("name"))


def running() -> list[Worker]:
    """Those of them that have not been killed since, as far as this machine can tell: it knows its own processes."""
    here = platform.node()[:200]
    return [one for one in alive() if one.machine != here or _is_there(int(one.name.rpartition(":")[2]))]


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # of another user
    return True


def _beat_on(queues: str) -> None:
    while True:
        beat(queues)
        close_old_connections()
        time.sleep(EVERY)


def _name() -> str:
    return f"{platform.node()[:200]}:{os.getpid()}"
