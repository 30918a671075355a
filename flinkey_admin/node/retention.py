"""How long things are kept, and who throws them away: the worker, once a night, or whoever runs `prune`."""

import datetime as dt
import logging
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from flinkey_admin.accounts.models import SignIn
from flinkey_admin.fleet.models import Note, Selection
from flinkey_admin.mirror import store
from flinkey_admin.node import copies
from flinkey_admin.node.checkup import outside
from flinkey_admin.node.seldom import seldom
from flinkey_admin.operations import journal, services, signals

logger = logging.getLogger(__name__)

NOTES_OF_WORKER = dt.timedelta(days=14)  # they tell nobody anything after that
SIGN_INS = dt.timedelta(days=30)  # who has signed in, and who has failed to, with the address they came from
SELECTIONS = dt.timedelta(days=1)
HOUR = 3  # of the night, by the fleet's clock
EVERY = 600.0  # seconds between two looks whether it is time
CLOCKS = 3600.0  # seconds by which the clock may differ from flinkey's


def prune(*, dry_run: bool = False) -> tuple[journal.Pruned, dict[str, int]]:
    """Deletes what is old enough; how much of the history that was, and of everything else."""
    now = timezone.now()
    before = now - dt.timedelta(days=settings.RETENTION_DAYS)
    history = services.prune(before, dry_run=dry_run)
    old: dict[str, list[Any]] = {
        "notes of the shifts": [Note.objects.filter(written_at__lt=before)],
        "sessions": [Session.objects.filter(expire_date__lt=now), SignIn.objects.filter(expires_at__lt=now)],
        "notes of sign-ins": [
            model.objects.filter(attempt_time__lt=now - SIGN_INS)
            for model in (AccessAttempt, AccessLog, AccessFailureLog)
        ],
        "ticks": [Selection.objects.filter(created_at__lt=now - SELECTIONS)],
        "notes of the worker": [  # whose process was killed has not ended for its note
            DBTaskResult.objects.finished().filter(finished_at__lt=now - NOTES_OF_WORKER),
            DBTaskResult.objects.running().filter(started_at__lt=now - NOTES_OF_WORKER),
        ],
    }
    counts = {what: sum(rows.count() for rows in found) for what, found in old.items()}
    for rows in [] if dry_run else [one for found in old.values() for one in found]:
        rows.delete()
    counts["things that flinkey has no more"] = store.forget_gone(before, dry_run=dry_run)
    aside = copies.asides(now - copies.KEPT)
    counts["databases of before a restore"] = len(aside)
    for path in [] if dry_run else aside:
        path.unlink(missing_ok=True)
    return history, counts


@task(queue_name="sweep")
def prune_nightly() -> None:
    """What the worker does of it, in the queue that has no person waiting for it.

    Not by a wrong clock, which would throw away what is young: flinkey's must say nearly the same.
    """
    ahead = None if signals.seconds_left() else outside.ahead()
    if ahead is None or abs(ahead) > CLOCKS:
        logger.warning("nothing is pruned tonight: this clock is %s seconds ahead of flinkey's", ahead or "unknown")
        return
    history, others = prune()
    logger.info("pruned: %s changes, %s", history.operations, others)


@seldom(EVERY)
def if_due() -> None:
    """Asks a worker for it once a night; called by the worker that looks every other second."""
    now = timezone.localtime()
    night = now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    since = night if night <= now else night - dt.timedelta(days=1)
    asked = DBTaskResult.objects.filter(task_path=prune_nightly.module_path, enqueued_at__gte=since)
    if not asked.exists():
        prune_nightly.enqueue()
