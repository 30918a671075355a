"""What became of each thing of a change, in a person's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from flinkey_admin.flinkey.fields import instant
from flinkey_admin.operations import titles
from flinkey_admin.operations.calls import WINDOW_VERBS
from flinkey_admin.operations.models import PAIRS, Operation, State, Step, Verb
from flinkey_admin.web.sentences import REASONS, Text, busy
from flinkey_admin.web.templatetags.times import moment

GIVEN_UP = "given-up"
# After these nobody can say in which group the thing is.
NOWHERE = {"missing-car", "missing-user", "missing-service", "missing-product", "given-up", "moved-on"}


@dataclass(frozen=True)
class Item:
    """One thing of a change: its name, what became of it, and why."""

    label: str
    thing_id: int | None
    state: str
    word: str
    text: str
    detail: str = ""
    reference: str = ""
    given_up: bool = False  # not refused by flinkey: a person has left it so
    leaves: str = ""  # the groups that it leaves,
    comes: str = ""  # and those that it comes into
    kind: str = ""


class Brief(NamedTuple):
    """As much of a step as its state takes."""

    pk: int
    kind: str
    thing_id: int | None
    verb: str
    state: str
    reason: str


S = TypeVar("S", Brief, Step)


@dataclass(frozen=True)
class Thing:
    """One thing of a change with all its steps, however many groups it comes into and leaves.

    `told`: the step that matters most.
    """

    steps: Sequence[Brief]
    told: Brief

    @property
    def state(self) -> str:
        return self.told.state

    @property
    def given_up(self) -> bool:
        return self.told.reason == GIVEN_UP


def things(operation: Operation) -> list[Thing]:
    """The things of a change, in their order, with the state of each; of thousands this is quickly read."""
    found: dict[object, list[Brief]] = {}
    for row in operation.steps.values_list(*Brief._fields):
        brief = Brief(*row)
        found.setdefault((brief.kind, brief.thing_id) if brief.thing_id else brief.pk, []).append(brief)
    return [Thing(steps, _told(steps)) for steps in found.values()]


def items(operation: Operation, some: Sequence[Thing] | None = None) -> list[Item]:
    """What became of each thing in words; `some`: of these only."""
    wanted = things(operation) if some is None else some
    steps = operation.steps.all()
    if some is not None:
        steps = steps.filter(pk__in=[step.pk for thing in wanted for step in thing.steps])
    known = {step.pk: step for step in steps.select_related("after", "operation")}
    return [_item([known[step.pk] for step in thing.steps if step.pk in known]) for thing in wanted]


def _told(steps: Sequence[S]) -> S:
    add, remove = _worst(steps, Verb.ADD), _worst(steps, Verb.REMOVE)
    if add and remove:
        return remove if add.state == State.CONFIRMED else add
    return add or remove or steps[0]


def _item(steps: Sequence[Step]) -> Item:
    told = _told(steps)
    adds = [step for step in steps if step.verb == Verb.ADD]
    removes = [step for step in steps if step.verb == Verb.REMOVE]
    add, remove = _worst(steps, Verb.ADD), _worst(steps, Verb.REMOVE)
    words, text = titles.state_word(told), reason_text(told)
    if _kind(told) == "windows":
        text = " ".join(filter(None, [times_text(told), text])) if titles.waits(told) else text or times_text(told)
    if add and remove:
        words, text = _move_words(add, remove, {"from": _groups(removes), "to": _groups(adds)}, words, text)
    return Item(
        told.label,
        told.thing_id,
        told.state,
        words,
        text,
        told.detail,
        told.reference,
        told.reason == GIVEN_UP,
        _groups(removes),
        _groups(adds),
        _kind(told),
    )


def _kind(step: Step) -> str:
    """What a thing is, where a change is about things of several kinds."""
    if step.verb in {Verb.CREATE_GROUP, Verb.DELETE_GROUP}:
        return "groups"
    several = step.position or "act" in step.operation.facts
    return "windows" if step.verb in WINDOW_VERBS and several else step.kind


def times_text(step: Step) -> str:
    """Until when a window that is changed beside other things runs, or from when until when one comes back."""
    args = step.before if step.verb == Verb.DELETE_WINDOW and step.kind == "windows" else step.args
    if "end" not in args:
        return ""
    names = {"end": moment(instant(args["end"])) if args["end"] else _("open end")}
    if "start" not in args:
        return _("until %(end)s") % names
    times = _("from %(start)s until %(end)s") % {"start": moment(instant(args["start"])), **names}
    if step.verb == Verb.DELETE_WINDOW and step.state == State.PLANNED and step.operation.facts.get("act") in PAIRS:
        return f"{times} · {_('is removed')}"
    return times


def _worst(steps: Sequence[S], verb: Verb) -> S | None:
    """Of the steps of this kind the first one that is not done, else the last."""
    of_kind = [step for step in steps if step.verb == verb]
    return next((step for step in of_kind if step.state != State.CONFIRMED), of_kind[-1] if of_kind else None)


def _groups(steps: Sequence[Step]) -> str:
    """The groups of these steps; of several that are only in part done, those that are not."""
    left = [step for step in steps if step.state != State.CONFIRMED]
    return ", ".join(step.group_label for step in left or steps)


def _move_words(add: Step, remove: Step, names: Mapping[str, str], words: str, text: str) -> tuple[str, str]:
    """A move in one line: which half is done decides where the thing is now."""
    if remove.state == State.CONFIRMED and add.state == State.CONFIRMED:
        if add.already and remove.already:
            return _("Already so"), ""
        return _("Moved"), _("It was already in %(to)s.") % names if add.already else ""
    if (remove if add.state == State.CONFIRMED else add).reason in NOWHERE:
        return words, text
    if add.state != State.CONFIRMED:
        still = _("It is still in %(from)s.") % names
        return words, f"{text} {still}" if text else ""
    if remove.state in {State.SENT, State.UNKNOWN} or remove.reason == "missing-group":
        now = _("It is now in %(to)s.") % names
        return words, f"{text} {now}".strip()
    both = _("It is now in %(from)s and in %(to)s.") % names
    return _("Only added"), f"{text} {both}".strip()


def reason_text(step: Step) -> str:
    """Why a step is not done, in plain words."""
    if step.state == State.UNKNOWN:
        # Whatever stopped the second try, the first one may have done it.
        return str(REASONS["lost"])
    if step.reason == "busy" and step.wait_until and step.settled_at is None:
        seconds = (step.wait_until - timezone.now()).total_seconds()
        return busy(seconds) if seconds > 0 else str(REASONS["busy"])
    if titles.waits(step):
        return _("It is sent once the one before is confirmed.")
    if step.verb == Verb.DELETE_GROUP and step.position and step.state == State.PLANNED and not step.reason:
        return _("It is deleted once all the rest is done.")
    words: Text = REASONS.get(step.reason, "")
    return str(words)


def counts(operation: Operation, found: Sequence[Thing]) -> str:
    """The things of a change in one sentence: All 3 done. Done in part: 46 done, 2 refused."""
    states = [GIVEN_UP if thing.given_up else thing.state for thing in found]
    word = titles.operation_word(operation)
    if len(states) == 1:
        return f"{word}."
    if set(states) == {State.CONFIRMED}:
        return ngettext("All %(n)s done.", "All %(n)s done.", len(states)) % {"n": len(states)}
    parts = [
        (State.CONFIRMED, _("%(n)s done")),
        (State.ACCEPTED, _("%(n)s waiting for flinkey")),
        (State.REFUSED, _("%(n)s refused")),
        (GIVEN_UP, _("%(n)s not done")),
        (State.UNKNOWN, _("%(n)s not known yet")),
        (State.SENT, _("%(n)s under way")),
        (State.PLANNED, _("%(n)s not done yet")),
    ]
    told = ", ".join(text % {"n": states.count(state)} for state, text in parts if state in states)
    return f"{word}: {told}."
