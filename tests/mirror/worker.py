"""The worker that reads ahead, run by hand for as long as something is due."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django_tasks_db.models import DBTaskResult

from flinkey_admin.accounts.models import Customer
from flinkey_admin.mirror import lists
from flinkey_admin.mirror.models import Listing


@contextmanager
def signals_kept() -> Iterator[None]:
    """The worker takes Ctrl-C for itself; afterwards it is pytest's again."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def work() -> None:
    """The worker does all that is due, and nothing of it goes wrong."""
    with signals_kept():
        options = {"queue_name": "sweep", "batch": True, "interval": 0, "startup_delay": False, "reload": False}
        call_command("db_worker", **options, verbosity=0)
    assert [str(one.traceback) for one in DBTaskResult.objects.failed()] == []


def progress(customer: str = "1") -> tuple[int, int]:
    """How many lists are read, of how many."""
    row = Listing.objects.get(customer=Customer.objects.get(flinkey_id=customer), name=lists.EVERYTHING)
    return row.size, row.total
