"""What flinkey has said or done by itself: seen by the copy, or told by a webhook."""

import datetime as dt
from collections.abc import Callable, Sequence

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from flinkey_admin.accounts.models import Customer
from flinkey_admin.flinkey.fields import instant
from flinkey_admin.operations.models import Outside, Step, Verb, Webhook


def outside(customer: Customer, seen: Sequence[Outside], since: dt.datetime) -> None:
    """Keeps what the copy of the fleet has met in flinkey and nobody here has done. `since`: when it was as before.

    A change of ours that is still open, or came true after `since`, is ours, whoever noticed it first.
    """
    if not seen:
        return
    mine = {_mark(step) for step in _ours(customer, since)}
    Outside.objects.bulk_create(one for one in seen if mine.isdisjoint(_marks(one)))


def _ours(customer: Customer, since: dt.datetime) -> "QuerySet[Step]":
    sent = Step.objects.filter(customer=customer, sent_at__isnull=False)
    return sent.filter(Q(settled_at=None) | Q(settled_at__gte=since)).exclude(reason="given-up")


def _mark(step: Step) -> tuple[object, ...]:
    """What a step does, in a form that compares with what was seen."""
    match step.verb:
        case Verb.ADD | Verb.REMOVE:
            return step.verb, step.kind, step.thing_id, step.group_id
        case Verb.CREATE_GROUP:
            return step.verb, step.args["name"]
        case Verb.RENAME_GROUP:
            return step.verb, step.group_id, step.args["name"]
        case Verb.CREATE_WINDOW:
            return step.verb, step.car_id, step.user_id, instant(step.args["start"])
    return step.verb, step.group_id or step.window_id


def _marks(seen: Outside) -> set[tuple[object, ...]]:
    """The steps that would explain what was seen."""
    key = seen.what if seen.what in {Outside.What.JOINED, Outside.What.LEFT} else f"{seen.what} {seen.kind}"
    explain = EXPLAINED_BY.get(key)
    marks = {explain(seen)} if explain else set()
    # A window that we give to another car or person leaves one list and comes into another.
    return marks | {(Verb.CHANGE_WINDOW, seen.thing_id)} if seen.kind == "windows" else marks


EXPLAINED_BY: dict[str, Callable[[Outside], tuple[object, ...]]] = {
    "joined": lambda seen: (Verb.ADD, seen.kind, seen.thing_id, seen.group_id),
    "left": lambda seen: (Verb.REMOVE, seen.kind, seen.thing_id, seen.group_id),
    "new groups": lambda seen: (Verb.CREATE_GROUP, seen.after["name"]),
    "changed groups": lambda seen: (Verb.RENAME_GROUP, seen.thing_id, seen.after["name"]),
    "gone groups": lambda seen: (Verb.DELETE_GROUP, seen.thing_id),
    "new windows": lambda seen: (Verb.CREATE_WINDOW, seen.car_id, seen.user_id, instant(seen.after["start"])),
    "changed windows": lambda seen: (Verb.CHANGE_WINDOW, seen.thing_id),
    "gone windows": lambda seen: (Verb.DELETE_WINDOW, seen.thing_id),
}


def keep_webhook(
    digest: str, event: str, body: str, step: Step | None, customer: Customer | None, *, is_odd: bool
) -> None:
    """Keeps a webhook as it came; the same one again only counts."""
    told = {"event": event, "body": body, "step": step, "customer": customer, "is_odd": is_odd}
    kept, fresh = Webhook.objects.get_or_create(digest=digest, defaults=told)
    if not fresh:
        Webhook.objects.filter(pk=kept.pk).update(times=F("times") + 1, last_at=timezone.now())
