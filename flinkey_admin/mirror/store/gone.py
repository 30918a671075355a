"""Forgets what flinkey has had no more for long."""

import datetime as dt
from typing import Any

from flinkey_admin.mirror.models import THINGS, Group, Membership, Window

AT_A_TIME = 500


def forget_gone(before: dt.datetime, *, dry_run: bool = False) -> int:
    """Deletes what was seen to be gone before then. Returns how many rows that are; dry_run: only counts."""
    models: list[Any] = [Window, Membership, *THINGS.values(), Group]
    total = 0
    for model in models:
        old = model._default_manager.filter(ended_at__lt=before)
        total += old.count()
        # A few at a time, so that nobody who reads meanwhile waits for long.
        while not dry_run and (few := list(old.values_list("pk", flat=True)[:AT_A_TIME])):
            model._default_manager.filter(pk__in=few).delete()
    return total
