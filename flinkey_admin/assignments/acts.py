"""Quick acts: what one press of a button does to a window. It ends now, or so much later."""

import datetime as dt
import uuid
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.assignments import changing, windows
from flinkey_admin.assignments.called import names
from flinkey_admin.flinkey.fields import instant, written
from flinkey_admin.flinkey.records import Assignment
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.web.templatetags.times import moment

END = "end"
DAYS = {"day": 1, "week": 7}
LATER = ("hour", *windows.EVENINGS, *DAYS)
TWICE = dt.timedelta(minutes=1)  # the same press within so long is one press


def later(act: str, end: dt.datetime, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """When a window that ends at `end` ends after `act`, one of LATER; counted from now where it is over.

    An hour is one of 60 minutes; days go by the clock on the wall. Raises NoSuchTime and TwiceThatDay.
    """
    base = max(end, now).astimezone(dt.UTC)
    if act in DAYS:
        return windows.at(_wall(act, base, zone), zone)
    ends = windows.EVENINGS.get(act)
    return ends(base, zone) if ends else base + dt.timedelta(hours=1)


def choices(end: dt.datetime | None, now: dt.datetime, zone: ZoneInfo) -> list[tuple[str, str]]:
    """The acts that extend a window, with their words. Those that end on an evening say which; none comes twice."""
    if end is None:
        return []
    evenings = {later(act, end, now, zone): act for act in reversed(windows.EVENINGS)}
    named = [(act, _("Until %(end)s") % {"end": moment(at)}) for at, act in sorted(evenings.items())]
    walls = {at.astimezone(zone).replace(tzinfo=None, fold=0) for at in evenings}
    days = [("day", _("1 day more")), ("week", _("7 days more"))]
    return [
        ("hour", _("1 hour more")),
        *named,
        *((act, words) for act, words in days if _wall(act, max(end, now), zone) not in walls),
    ]


def wall_text(act: str, end: dt.datetime, now: dt.datetime, zone: ZoneInfo) -> str:
    """The same as a form shows it, also where the clocks show it twice or never."""
    return _wall(act, max(end, now), zone).strftime("%Y-%m-%dT%H:%M:%S")


def _wall(act: str, base: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    return base.astimezone(zone).replace(tzinfo=None, fold=0) + dt.timedelta(days=DAYS[act])


def pressed_before(scope: Scope, window_id: int, act: str, was: dt.datetime | None, zone: ZoneInfo) -> Operation | None:
    """The change that the same press by the same person has made a moment ago: a double click is one.

    was: the end of the window as the page with the button has shown it.
    """
    now = timezone.now()
    steps = scoped(Step.objects.all(), scope).filter(window_id=window_id, operation__person=scope.person)
    steps = steps.filter(operation__created_at__gt=now - TWICE, operation__undone_by=None).exclude(state=State.REFUSED)
    step = steps.select_related("operation").order_by("pk").last()
    if step is None or step.verb != Verb.CHANGE_WINDOW or set(step.args) != {"end"} or not step.args["end"]:
        return None
    if step.before["end"] != (written(was) if was else None):
        return None
    end = instant(step.args["end"])
    same = end <= now if act == END else was is not None and end == later(act, was, now, zone)
    return step.operation if same else None


def do(scope: Scope, window: Assignment, end: dt.datetime, said: Sequence[str]) -> Operation:
    """Gives a window another end; one that would be over before it begins is removed.

    said: the marks of what got a yes. Raises Asks, CarGone, WindowBusy, and the client's errors.
    """
    called = names(scope, window.car_id, window.user_id)
    if window.start >= end:
        return changing.end_access(scope, window, called, uuid.uuid4())
    return changing.change_access(scope, window, {"end": written(end)}, called, uuid.uuid4(), said)
