"""The clock of this machine. Set forward, leases end early and people sign in again, and that is all. Set back, what
was to happen in a minute would wait for hours, so whatever lies in an impossible future is brought to now. Sessions
are not: whoever comes with one of such a time signs in again (accounts/services.py).
"""

import logging

from django.utils import timezone
from django_tasks_db.models import DBTaskResult, get_date_max

from flinkey_admin.accounts import services, throttle
from flinkey_admin.mirror import store
from flinkey_admin.node import pulse
from flinkey_admin.node.seldom import seldom
from flinkey_admin.operations import journal

logger = logging.getLogger(__name__)

SOON = services.SOON  # nothing here is planned further ahead
EVERY = 20.0  # seconds between two looks


@seldom(EVERY)
def look() -> None:
    """Notices a clock that was set back, now and then; called by the worker that looks every other second."""
    now = timezone.now()
    owners = (store, throttle, pulse)
    if not any(owner.has_run_ahead(now, SOON) for owner in owners):
        return
    logger.warning("the clock was set back: what was planned by the old one is done now")
    journal.set_back(now, SOON)
    for owner in owners:
        owner.set_back(now, SOON)
    waiting = DBTaskResult.objects.filter(status="READY", run_after__gt=now + SOON)
    waiting.exclude(run_after=get_date_max()).update(run_after=now)
