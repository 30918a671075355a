"""Counts the calls of flinkey that this process makes, and adds them up in the database now and then."""

import bisect
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, close_old_connections, transaction

from flinkey_admin.node.models import Calls

logger = logging.getLogger(__name__)

WAITS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)  # seconds, the upper edges; more than the last comes behind
EVERY = 15.0  # seconds between two sums: so much of the count is lost with a process that is killed


@dataclass
class _Count:
    count: int = 0
    seconds: float = 0.0
    waits: list[int] = field(default_factory=lambda: [0] * (len(WAITS) + 1))

    def add(self, other: "_Count | Calls") -> None:
        self.count += other.count
        self.seconds += other.seconds
        self.waits = [mine + theirs for mine, theirs in zip(self.waits, other.waits, strict=True)]


_lock = threading.Lock()
_counts: dict[tuple[str, str], _Count] = {}
_thread: threading.Thread | None = None


def called(operation: str, result: str, seconds: float, **_kwargs: Any) -> None:
    """One call has ended. Touches no database: it is told in the thread that made the call."""
    waits = [0] * (len(WAITS) + 1)
    waits[bisect.bisect_left(WAITS, seconds)] = 1
    with _lock:
        _counts.setdefault((operation, result[:60]), _Count()).add(_Count(1, seconds, waits))
    _start()


def store() -> None:
    """Adds what was counted since to what all processes have counted. What cannot be stored is kept for next time."""
    with _lock:
        mine = dict(_counts)
        _counts.clear()
    try:
        with transaction.atomic():
            for (operation, result), counted in sorted(mine.items()):
                row, _new = Calls.objects.select_for_update().get_or_create(
                    operation=operation, result=result, defaults={"waits": [0] * (len(WAITS) + 1)}
                )
                total = _Count(row.count, row.seconds, row.waits)
                total.add(counted)
                Calls.objects.filter(pk=row.pk).update(**vars(total))
    except DatabaseError as fault:
        logger.warning("the count of calls waits for the database: %s", fault)
        with _lock:
            for key, counted in mine.items():
                _counts.setdefault(key, _Count()).add(counted)


def _start() -> None:
    """Stores them every few seconds, in a thread of its own that begins with the first call."""
    global _thread  # noqa: PLW0603 - of this process
    if _thread is None:
        with _lock:
            if _thread is None:
                _thread = threading.Thread(target=_go_on, name="count", daemon=True)
                _thread.start()


def _go_on() -> None:
    while True:
        time.sleep(EVERY)
        if _counts:
            try:
                store()
            finally:
                close_old_connections()
