"""What pages ask of the journal: the changes of this customer, and what became of each thing in one."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from flinkey_admin.accounts.scoping import Scope, require_client, scoped, signed_out
from flinkey_admin.flinkey.errors import Unauthorized
from flinkey_admin.operations import confirmation, journal, runner, titles
from flinkey_admin.operations.calls import WINDOW_VERBS
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.web.sentences import REASONS, Text, busy

Kind = Operation.Kind
MEMBERS = [Verb.ADD, Verb.REMOVE]
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


def operations(scope: Scope) -> "QuerySet[Operation]":
    """The changes of this customer that somebody has started, newest first."""
    rows = scoped(Operation.objects.all(), scope).exclude(started_at=None)
    return rows.select_related("person").order_by("-pk")


# A move of which one half was refused: the thing is in both groups until somebody finishes it or puts it back.
LEFT_SO = ["given-up", "moved-on"]
HALF_DONE = Q(steps__state=State.REFUSED, steps__after__state=State.CONFIRMED) & ~Q(steps__reason__in=LEFT_SO)
STOPPED = Q(state__in=[State.PLANNED, State.UNKNOWN]) | HALF_DONE


def unfinished(scope: Scope) -> "QuerySet[Operation]":
    """The changes of this customer that stopped half-way, were lost, or left a thing in two groups."""
    started = scoped(Operation.objects.all(), scope).exclude(started_at=None)
    return started.filter(STOPPED).distinct()


def is_unfinished(operation: Operation) -> bool:
    """Whether a change is one of these."""
    return Operation.objects.filter(STOPPED, pk=operation.pk).exists()


def get_operation(scope: Scope, operation_id: int) -> Operation:
    """One change of this customer, or this person's plan that waits for a yes. Raises Http404."""
    confirmation.recover(scope)
    found = scoped(Operation.objects.select_related("person"), scope).filter(pk=operation_id).first()
    if found is None or (found.started_at is None and found.person_id != scope.person.pk):
        raise Http404(_("There is no such change. It may belong to another customer."))
    return found


def run(scope: Scope, operation: Operation) -> Operation:
    """Runs what is left of a change within this request. Raises Unauthorized, once noted, when the token is dead."""
    runner.run(operation, require_client(scope))
    operation.refresh_from_db()
    dead = operation.steps.filter(reason="signed-out", settled_at=None).first()
    if dead is not None:
        raise signed_out(dead.detail)
    return operation


def items(operation: Operation) -> list[Item]:
    """What became of each thing. The calls of a move are one item, told by the one that matters most."""
    steps = list(operation.steps.all())
    followers: dict[int, list[Step]] = {}
    for step in steps:
        if step.after_id:
            followers.setdefault(step.after_id, []).append(step)
    return [_item(step, followers.get(step.pk, [])) for step in steps if not step.after_id]


def _item(step: Step, followers: Sequence[Step]) -> Item:
    follower = next((one for one in followers if one.state != State.CONFIRMED), followers[-1] if followers else None)
    told = step if follower is None or step.state != State.CONFIRMED else follower
    words = titles.state_word(told)
    text = reason_text(told)
    if follower is not None:
        words, text = _move_words(step, follower, words, text)
    return Item(step.label, step.thing_id, told.state, words, text, told.detail, told.reference)


def _move_words(add: Step, remove: Step, words: str, text: str) -> tuple[str, str]:
    """A move in one line: which half is done decides where the thing is now."""
    names = {"from": remove.group_label, "to": add.group_label}
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
    words: Text = REASONS.get(step.reason, "")
    return str(words)


def counts(operation: Operation, found: Sequence[Item]) -> str:
    """The items of a change in one sentence: All 3 done. Done in part: 46 done, 2 refused."""
    states = [item.state for item in found]
    word = titles.operation_word(operation)
    if len(states) == 1:
        return f"{word}."
    if set(states) == {State.CONFIRMED}:
        return ngettext("All %(n)s done.", "All %(n)s done.", len(states)) % {"n": len(states)}
    parts = [
        (State.CONFIRMED, _("%(n)s done")),
        (State.ACCEPTED, _("%(n)s waiting for flinkey")),
        (State.REFUSED, _("%(n)s refused")),
        (State.UNKNOWN, _("%(n)s not known yet")),
        (State.SENT, _("%(n)s under way")),
        (State.PLANNED, _("%(n)s not done yet")),
    ]
    told = ", ".join(text % {"n": states.count(state)} for state, text in parts if state in states)
    return f"{word}: {told}."


def can_finish(operation: Operation) -> bool:
    """Whether something is left that may be sent again: never a window that was sent before."""
    if operation.lease_until is not None:
        return False
    left = operation.steps.filter(state__in=[State.PLANNED, State.UNKNOWN, State.REFUSED]).exclude(reason="given-up")
    return any(step.state == State.PLANNED or step.verb not in WINDOW_VERBS for step in left)


def can_put_back(operation: Operation) -> bool:
    """Whether a change of members stopped half-way, with something done that can be taken back."""
    stopped = operation.lease_until is None and operation.state in {State.PLANNED, State.UNKNOWN, State.REFUSED}
    return stopped and operation.steps.filter(state=State.CONFIRMED, already=False, inverse__verb__in=MEMBERS).exists()


def must_wait(operation: Operation) -> float:
    """The seconds for which flinkey still wants to be left alone; 0 when it does not."""
    until = operation.steps.filter(settled_at=None).aggregate(until=Max("wait_until"))["until"]
    return max(0.0, (until - timezone.now()).total_seconds()) if until else 0.0


def start(scope: Scope, operation: Operation) -> Operation:
    """The yes to a review. What takes another change back closes the rest of that one first."""
    if original := operation.facts.get("puts_back"):
        for one in scoped(Operation.objects.all(), scope).filter(pk=original, lease_until=None):
            journal.close(one)
    return run(scope, operation)


def finish(scope: Scope, operation: Operation) -> Operation:
    """Takes up what is left of a change: what was not sent, what flinkey refused, what was lost and may be repeated."""
    journal.reopen(operation)
    return run(scope, operation)


def run_form(scope: Scope, operation: Operation) -> Operation:
    """Runs a change that came from a form. With a dead token nothing was sent, and the form comes back filled in.

    Raises Unauthorized.
    """
    try:
        return run(scope, operation)
    except Unauthorized:
        journal.discard(operation)
        raise


def put_back(scope: Scope, operation: Operation) -> Operation:
    """Plans what takes back the done part of a change of members. Once it runs, the rest of that change is closed.

    A thing is added to its old group before it leaves the new one, whatever is known of how it left the old one.
    """
    done = list(operation.steps.filter(state=State.CONFIRMED, already=False, inverse__verb__in=MEMBERS))
    removals: dict[int | None, list[Step]] = {}
    for step in operation.steps.exclude(after=None):
        removals.setdefault(step.after_id, []).append(step)
    came = {step.pk for step in done if step.verb == Verb.ADD}
    steps: list[journal.Planned] = []
    for step in done:
        if step.after_id in came:
            continue  # comes with its addition
        back = [_opposite(removal, None) for removal in removals.get(step.pk, [])]
        after = len(steps) + len(back) - 1 if back else None
        steps += [*back, _opposite(step, after)]
    things = {step.thing_id for step in done}
    facts = dict(operation.facts) | {"from": operation.facts.get("to"), "to": operation.facts.get("from")}
    facts = {key: value for key, value in facts.items() if value is not None}
    facts |= {"count": len(things), "left_out": [], "puts_back": operation.pk}
    if len(things) == 1:
        facts["only"] = done[0].label
    opposite = {Kind.MOVE: Kind.MOVE, Kind.ADD: Kind.REMOVE, Kind.REMOVE: Kind.ADD}
    return journal.plan(scope, opposite[Kind(operation.kind)], facts, steps)


def _opposite(step: Step, after: int | None) -> journal.Planned:
    verb = Verb.ADD if step.verb == Verb.REMOVE else Verb.REMOVE
    return journal.Planned(
        verb,
        step.label,
        kind=step.kind,
        thing_id=step.thing_id,
        group_id=step.group_id,
        group_label=step.group_label,
        after=after,
        inverse={"verb": step.verb, "kind": step.kind, "thing_id": step.thing_id, "group_id": step.group_id},
    )


def lost_windows(operation: Operation) -> "QuerySet[Step]":
    """The windows whose answer was lost: never sent again by themselves."""
    return operation.steps.filter(state=State.UNKNOWN, verb__in=WINDOW_VERBS)


def nonce_of(form: Mapping[str, Any]) -> uuid.UUID:
    """The mark that the form carries, so that it makes one change however often it is sent; a new one without it."""
    try:
        return uuid.UUID(str(form.get("nonce")))
    except ValueError:
        return uuid.uuid4()


def by_nonce(scope: Scope, nonce: uuid.UUID, **facts: object) -> Operation | None:
    """The change that this very form has made before, with these facts, unless flinkey has refused it."""
    found = scoped(Operation.objects.all(), scope).filter(nonce=nonce, person=scope.person).first()
    same = found is not None and facts.items() <= found.facts.items() and found.state != State.REFUSED
    return found if same else None
