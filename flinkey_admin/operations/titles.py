"""A change and its steps in a person's words."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from flinkey_admin.operations.models import PAIRS, Hold, Operation, State, Step, Verb
from flinkey_admin.web.templatetags.kinds import counted

Kind = Operation.Kind
UNSETTLED = (State.SENT, State.ACCEPTED, State.UNKNOWN)
MANY = 3  # groups that a title names


def title(operation: Operation) -> str:
    """One line that says what a change is."""
    facts = operation.facts
    names: dict[str, Any] = {key: value for key, value in facts.items() if isinstance(value, str)}
    if "count" in facts:
        names["things"] = facts.get("only") or counted(facts["count"], facts.get("kind", ""))
    for side, kind in (("user", "users"), ("car", "cars")):
        if facts.get(kind, 0) > 1:
            names[side] = counted(facts[kind], kind)
    for side in ("from", "to"):
        if (many := facts.get(f"{side}_many", 0)) > MANY:
            names[side] = ngettext("%(count)s group", "%(count)s groups", many) % {"count": many}
    restore = _("Bring back the group %(name)s with %(things)s")
    into = _("Empty the group %(name)s into %(to)s and delete it")
    words = {
        Kind.MOVE: _("Move %(things)s from %(from)s to %(to)s"),
        Kind.ADD: _("Add %(things)s to %(to)s"),
        Kind.REMOVE: _("Remove %(things)s from %(from)s"),
        Kind.CREATE_GROUP: _("Create the group %(name)s"),
        Kind.RENAME_GROUP: _("Rename the group %(from)s to %(name)s"),
        Kind.DELETE_GROUP: _("Delete the group %(name)s"),
        Kind.EMPTY_GROUP: into if "to" in facts else _("Empty and delete the group %(name)s"),
        Kind.RESTORE_GROUP: restore if facts.get("count") else _("Bring back the group %(name)s"),
        Kind.GIVE_ACCESS: _("Give %(user)s access to %(car)s"),
        Kind.CHANGE_ACCESS: _("Change the access of %(user)s to %(car)s"),
        Kind.END_ACCESS: _("Remove the access of %(user)s to %(car)s"),
    }
    of_series = {
        Kind.GIVE_ACCESS: _("Give %(things)s of the series %(series)s"),
        Kind.CHANGE_ACCESS: _("Change %(things)s of the series %(series)s"),
        Kind.END_ACCESS: _("End %(things)s of the series %(series)s"),
    }
    title = (_of_act(operation) or (words | of_series if "series" in facts else words)[Kind(operation.kind)]) % names
    more = []
    if ended := facts.get("ended"):
        more = [ngettext("end %(count)s access", "end %(count)s accesses", ended) % {"count": ended}]
    if restored := facts.get("restored"):
        more = [ngettext("restore %(count)s access", "restore %(count)s accesses", restored) % {"count": restored}]
    return " · ".join(more if facts.get("count") == 0 and more else [title, *more])


def _of_act(operation: Operation) -> str:
    """The words for an act that has its own, or for what takes it back; nothing for anything else."""
    facts = operation.facts
    is_back = bool(facts.get("back"))
    match facts.get("act"):
        case "end-all" if operation.kind == Kind.END_ACCESS:
            return _("End all access of %(user)s") if "user_id" in facts else _("End all access to %(car)s")
        case "end-all":
            return _("Restore the access of %(user)s") if "user_id" in facts else _("Restore the access to %(car)s")
        case "hand-over":
            over = _("Hand over %(car)s from %(user)s to %(next)s")
            return _("Undo the hand-over of %(car)s from %(user)s to %(next)s") if is_back else over
        case "swap":
            swap = _("Give %(user)s the car %(next)s instead of %(car)s")
            return _("Give %(user)s the car %(car)s again instead of %(next)s") if is_back else swap
    return ""


def done_word(step: Step) -> str:
    """What a confirmed step has come to."""
    return {
        Verb.ADD: _("Already there") if step.already else _("Added"),
        Verb.REMOVE: _("Was not there") if step.already else _("Removed"),
        Verb.CREATE_GROUP: _("Created"),
        Verb.RENAME_GROUP: _("Renamed"),
        Verb.DELETE_GROUP: _("Already gone") if step.already else _("Deleted"),
        Verb.CREATE_WINDOW: _("Given"),
        Verb.CHANGE_WINDOW: _("Changed"),
        Verb.DELETE_WINDOW: _("Removed"),
    }[Verb(step.verb)]


def waits(step: Step) -> bool:
    """Whether a step waits for a window that flinkey has already and that is not known to be so yet."""
    before = step.after if step.state == State.PLANNED else None
    return before is not None and before.verb.endswith("-window") and before.state in UNSETTLED


def state_word(step: Step) -> str:
    """The state of a step as a word."""
    if step.state == State.CONFIRMED:
        return done_word(step)
    if step.reason == "given-up":
        return _("Not done")
    return {
        State.PLANNED: _("Waits for the one before") if waits(step) else _("Not done yet"),
        State.SENT: _("Sending"),
        State.ACCEPTED: _("Waiting for flinkey"),
        State.REFUSED: _("Refused"),
        State.UNKNOWN: _("Not known yet"),
    }[State(step.state)]


def operation_word(operation: Operation) -> str:
    """The state of a whole change as a word: why it does not go on, else how far it is."""
    waits: dict[str, str] = {
        Hold.QUEUED: _("Waiting"),
        Hold.BUSY: _("Waiting"),
        Hold.DOWN: _("Waiting"),
        Hold.KEY: _("Waiting"),
        Hold.SIGNED_OUT: _("Waits for a sign-in"),
        Hold.PAUSED: _("Paused"),
        Hold.ASKS: _("Stopped"),
    }
    if operation.hold and operation.state in {State.PLANNED, State.SENT, State.UNKNOWN}:
        return waits[operation.hold]
    return {
        State.PLANNED: _("Not finished") if operation.started_at else _("Not started"),
        State.SENT: _("Under way"),
        State.ACCEPTED: _("Waiting for flinkey"),
        State.CONFIRMED: _("Done"),
        State.REFUSED: _("Done in part") if _in_part(operation) else _("Refused"),
        State.UNKNOWN: _("Not known yet"),
    }[State(operation.state)]


def _in_part(operation: Operation) -> bool:
    """Whether something of a change that was refused may be done."""
    if operation.facts.get("act") in PAIRS:
        return operation.steps.filter(state=State.CONFIRMED).exists()
    return bool(operation.facts.get("count", 1) > 1)
