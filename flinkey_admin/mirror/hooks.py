"""What the journal and flinkey tell, on its way into the copy."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DatabaseError, transaction
from django.utils import timezone

from flinkey_admin.accounts.models import Customer
from flinkey_admin.flinkey import errors
from flinkey_admin.mirror import breaker, lists, store, sweep
from flinkey_admin.mirror.models import Window
from flinkey_admin.operations.models import Step
from flinkey_admin.web.converters import id_of

logger = logging.getLogger(__name__)


def confirmed(steps: Sequence[Step], **_kwargs: Any) -> None:
    """Something of ours has come true. Each step was at least one call of flinkey, which the sweep leaves room for."""
    try:
        with transaction.atomic():
            store.own(steps)
            breaker.spent(len(steps))
    except DatabaseError:
        # The journal must say what was done, whatever becomes of the copy: its lists are read again within minutes.
        logger.exception("the copy could not follow a change")


def paused(seconds: float, **_kwargs: Any) -> None:
    """flinkey has asked somebody who changes something to wait: nobody reads meanwhile either."""
    breaker.failed(errors.RateLimited("", "", "", retry_after=seconds))


def pause_left(*, asked: bool = False, **_kwargs: Any) -> float:
    """The seconds for which nobody may ask flinkey. `asked`: only those for which it asked to be left alone."""
    row = breaker.state()
    if not (row.trouble and row.next_try_at) or (asked and row.trouble != "busy"):
        return 0.0
    return max(0.0, (row.next_try_at - timezone.now()).total_seconds())


def told(customer: Customer, said: Mapping[str, Any], **_kwargs: Any) -> None:
    """flinkey speaks of a window that is none of our open changes: a hint, so its car is read again."""
    car = id_of(said.get("carId"))
    if car is None and (window := id_of(said.get("assignmentId"))):
        known = Window.objects.filter(customer=customer, flinkey_id=window).first()
        car = known.car_id if known else None
    if car is not None:
        sweep.read_soon.enqueue(customer.flinkey_id, lists.car_windows(car))
