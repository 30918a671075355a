"""Who is in a group now, by flinkey itself; and whether a plan still is what it was when somebody looked at it."""

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from flinkey_admin import upstream
from flinkey_admin.accounts.scoping import Scope, require_client
from flinkey_admin.flinkey import Flinkey, errors
from flinkey_admin.flinkey import Kind as Thing
from flinkey_admin.flinkey.fields import optional_written, written
from flinkey_admin.flinkey.records import Assignment
from flinkey_admin.operations import signals
from flinkey_admin.operations.models import PAIRS, Operation, Step, Verb
from flinkey_admin.web.templatetags.times import moment

MEMBERS = (Verb.ADD, Verb.REMOVE)
YOUNG = dt.timedelta(seconds=10)  # a plan was made of what flinkey had just said
Inside = dict[tuple[Thing, int], set[int] | None]  # who is in a group now; None for a group that has gone


@contextmanager
def asking() -> Iterator[None]:
    """Around calls that read past the copy: raises RateLimited in a pause, and tells everybody of a new one."""
    if seconds := signals.seconds_left(asked=True):
        raise errors.RateLimited("", "GET", "", retry_after=seconds)
    try:
        yield
    except errors.RateLimited as error:
        signals.paused.send(sender=None, seconds=error.retry_after)
        raise


def inside(client: Flinkey, steps: Iterable[Step]) -> Inside:
    """Who is in the groups of these steps now, all asked at once. Raises the client's errors."""
    wanted = sorted({(Thing(step.kind), step.group_id or 0) for step in steps})
    found = upstream.in_parallel([partial(_members, client, kind, group) for kind, group in wanted])
    return dict(zip(wanted, found, strict=True))


def _members(client: Flinkey, kind: Thing, group: int) -> set[int] | None:
    try:
        return {one.id for one in client.groups.members(kind, group)}
    except errors.NotFound as error:
        if error.missing != "group":
            raise
        return None


def changes(scope: Scope, operation: Operation) -> list[str]:
    """What has changed in flinkey since the plan was made, one sentence for each thing; none while it is young.

    What was in the new group already when the plan was made is no change. Raises the client's errors.
    """
    if timezone.now() - operation.created_at < YOUNG:
        return []
    # What is in a group that is yet to be made needs no look.
    steps = list(operation.steps.filter(verb__in=MEMBERS, group_id__isnull=False))
    client = require_client(scope)
    with asking():
        now, taken, ours = inside(client, steps), _taken(client, operation), _windows(client, operation)
    found = [_change(step, now[Thing(step.kind), step.group_id or 0]) for step in steps]
    told: Any = signals.outdated.send(sender=None, scope=scope, operation=operation)
    others = [sentence for _receiver, sentences in told for sentence in sentences]
    return [sentence for sentence in (*taken, *ours, *found, *others) if sentence]


def _windows(client: Flinkey, operation: Operation) -> list[str]:
    """The window that is handed over or given up for another one, if it is no longer as it was."""
    if operation.facts.get("act") not in PAIRS:
        return []
    steps = operation.steps.filter(verb__in=[Verb.CHANGE_WINDOW, Verb.DELETE_WINDOW])
    found = [(step, window_now(client, step.window_id or 0)) for step in steps]
    return [sentence for step, window in found if (sentence := window_change(step, window, step.label))]


def window_change(step: Step, window: Assignment | None, label: str) -> str:
    """How a window is no longer as a step that changes or removes it has found it; empty if it is."""
    if window is None:
        return _("The access %(access)s is no longer there.") % {"access": label}
    if (written(window.start), optional_written(window.end)) == (step.before["start"], step.before["end"]):
        return ""
    times = {"start": moment(window.start), "end": moment(window.end) if window.end else _("open end")}
    return _("The access %(access)s is now from %(start)s until %(end)s.") % {"access": label, **times}


def window_now(client: Flinkey, window_id: int) -> Assignment | None:
    """A window as flinkey has it now; None for one that is gone. Raises the client's other errors."""
    try:
        return client.assignments.get(window_id)
    except errors.NotFound as error:
        if error.missing != "assignment":
            raise
        return None


def _taken(client: Flinkey, operation: Operation) -> list[str]:
    """Of a group that is to be made again: whether there is one of its name by now."""
    new = operation.steps.filter(verb=Verb.CREATE_GROUP).first()
    if new is None or all(group.name != new.args["name"] for group in client.groups.list()):
        return []
    return [_("There is a group called %(name)s again, so no other can get this name.") % {"name": new.args["name"]}]


def _change(step: Step, members: set[int] | None) -> str:
    names = {"thing": step.label, "group": step.group_label}
    if members is None:
        return _("The group %(group)s has been deleted.") % names
    if step.verb == Verb.REMOVE and step.thing_id not in members:
        return _("%(thing)s is no longer in %(group)s.") % names
    if step.verb == Verb.ADD and step.thing_id in members and not step.before.get("inside"):
        return _("%(thing)s is in %(group)s already.") % names
    return ""
