"""The copy after a clock that was wrong."""

import datetime as dt
from typing import Any

from flinkey_admin.mirror import breaker
from flinkey_admin.mirror.models import THINGS, Group, Listing, Membership, Window


def has_run_ahead(now: dt.datetime, soon: dt.timedelta) -> bool:
    """Whether a list was read in the future: then the clock has been ahead, and was set back since."""
    return Listing.objects.filter(read_at__gt=now + soon).exists()


def set_back(now: dt.datetime, soon: dt.timedelta) -> None:
    """What was read or promised by a clock that was ahead, more than `soon`, counts as old: it is read again."""
    late, rows = now + soon, Listing.objects.all()
    rows.filter(lease_until__gt=late).update(lease_until=None)
    rows.filter(rests_until__gt=late).update(rests_until=None)
    rows.filter(touched_at__gt=late).update(touched_at=now)
    rows.filter(changed_at__gt=late).update(changed_at=now)
    rows.filter(looked_at__gt=late).update(looked_at=now)
    rows.filter(read_at__gt=late).update(read_at=now - dt.timedelta(hours=1))
    models: list[Any] = [Group, *THINGS.values(), Membership, Window]
    for model in models:
        # Nothing that flinkey says would count against what came or went in the future.
        model._default_manager.filter(seen_at__gt=late).update(seen_at=now)
        model._default_manager.filter(ended_at__gt=late).update(ended_at=now)
    breaker.set_back(now, late)
