"""What somebody else has done to a window while its form was open: shown beside what was typed, never overwritten."""

import hashlib
from dataclasses import dataclass

from django.utils.translation import gettext as _

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.assignments.forms import WindowForm
from flinkey_admin.flinkey.records import Assignment
from flinkey_admin.operations import confirmation
from flinkey_admin.operations.models import State, Step, Verb
from flinkey_admin.web.templatetags.times import clock

SHOWN = ("user", "car", "start", "end", "lifetime", "renewable_after")


@dataclass(frozen=True)
class Line:
    """One thing that differs: its name, what was typed, and what is there now."""

    label: str
    mine: str
    now: str


@dataclass(frozen=True)
class Meanwhile:
    """Who changed the window, in a sentence, and what differs from what was typed."""

    sentence: str
    lines: list[Line]


def mark_of(window: Assignment) -> str:
    """Stands for a window as a form has shown it."""
    return hashlib.sha256(repr(window.to_json()).encode()).hexdigest()[:12]


def look(scope: Scope, window: Assignment, form: WindowForm) -> Meanwhile | None:
    """What has changed since the form was opened; None when nothing has, or when the form does not say what it had."""
    seen = form.data.get("seen")
    if not seen or seen == mark_of(window):
        return None
    now = WindowForm(scope=scope, window=window)
    lines = []
    for name in SHOWN:
        mine, theirs = _shown(form, name, str(form.data.get(name, ""))), _shown(now, name, str(now.initial[name]))
        if mine != theirs:
            lines.append(Line(str(form.fields[name].label), mine, theirs))
    return Meanwhile(_sentence(scope, window), lines)


def _shown(form: WindowForm, name: str, value: str) -> str:
    """A field's value as a person reads it."""
    choices = dict(getattr(form.fields[name], "choices", ()))
    if name == "end" and not value:
        return _("open end")
    text = str(choices.get(value, value))
    return text.replace("T", " ") if name in {"start", "end"} else text


def _sentence(scope: Scope, window: Assignment) -> str:
    again = _("Nothing was sent. To have it your way all the same, press Save once more.")
    steps = scoped(Step.objects.all(), scope).filter(window_id=window.id, state=State.CONFIRMED)
    step = steps.filter(verb=Verb.CHANGE_WINDOW).select_related("operation__person").order_by("settled_at").last()
    if step and step.settled_at and confirmation.matches(step, window):
        names = {"person": step.operation.person.email, "when": clock(step.settled_at)}
        return _("Meanwhile %(person)s changed this access (%(when)s).") % names + " " + again
    return _("Meanwhile this access was changed outside this dashboard.") + " " + again
