"""Deletes what is old."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from flinkey_admin.operations.journal.planning import forget
from flinkey_admin.operations.models import Operation, Outside, Step, Webhook

AT_A_TIME = 100  # operations that are deleted in one transaction


@dataclass(frozen=True)
class Pruned:
    """How many rows were deleted, or would be."""

    operations: int
    steps: int
    outside: int
    webhooks: int


def prune(before: dt.datetime, spared: "QuerySet[Operation]", *, dry_run: bool = False) -> Pruned:
    """Deletes what was finished, seen elsewhere or sent by flinkey before then, and says how much that was.

    spared: what nobody is done with yet; it stays, as does whatever is not finished at all.
    """
    finished = Operation.objects.filter(~Exists(spared.filter(pk=OuterRef("pk"))), finished_at__lt=before)
    outside, webhooks = Outside.objects.filter(seen_at__lt=before), Webhook.objects.filter(last_at__lt=before)
    steps = Step.objects.filter(operation__in=finished)
    found = Pruned(finished.count(), steps.count(), outside.count(), webhooks.count())
    if dry_run:
        return found
    # A few at a time, so that nobody who changes something meanwhile waits for long.
    while few := list(finished.values_list("pk", flat=True)[:AT_A_TIME]):
        with transaction.atomic():
            forget(finished.filter(pk__in=few))
    outside.delete()
    webhooks.delete()
    return found
