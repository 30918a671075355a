"""How an answer about the past is known, in sentences: who gave it and when, how that was confirmed, how it ended."""

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _

from flinkey_admin.assignments.knowledge import Change, Grade
from flinkey_admin.assignments.past import Known, Never, Source
from flinkey_admin.operations.models import Outside, State, Step, Verb
from flinkey_admin.operations.things import reason_text
from flinkey_admin.web.templatetags.times import moment


@dataclass(frozen=True)
class Said:
    """A sentence, and the change of ours that it is about."""

    text: str
    operation_id: int | None = None


def grade_word(grade: Grade, *, is_future: bool = False) -> str:
    """How sure it is, in a word or two. is_future: of a moment that is still to come."""
    return {
        Grade.COULD: _("May open it") if is_future else _("Could open it"),
        Grade.PERHAPS: _("Perhaps"),
        Grade.PHONE: _("Perhaps with a key on the phone"),
    }[grade]


def how(known: Known, read_at: dt.datetime | None) -> list[Said]:
    """How it is known that somebody could open a car. `read_at`: when the list was last read."""
    version = known.finding.version
    said = [_begun(version.begun, version.seen_at)]
    if version.ended is not None:
        said.append(_changed(version.ended))
    elif known.row is not None and read_at:
        said.append(Said(_("Still so in flinkey when it was last read, %(at)s.") % {"at": moment(read_at)}))
    if known.finding.grade == Grade.PHONE and version.key_until:
        when = {"until": moment(version.key_until)}
        said.append(Said(_("A phone may have held a key until %(until)s at the latest (an estimate).") % when))
    return said


def why_not(never: Never) -> list[Said]:
    """Why an access that was asked for was never given."""
    step = never.step
    words = {"who": str(step.operation.person), "sent": moment(step.sent_at or step.operation.created_at)}
    asked = _("Asked for here by %(who)s, %(sent)s.") % words
    return [Said(asked, step.operation_id), Said(reason_text(step))]


def _begun(change: Change[Source] | None, seen_at: dt.datetime) -> Said:
    if change is None:
        return Said(_("There already when flinkey was first read, %(at)s.") % {"at": moment(seen_at)})
    return _changed(change)


def _changed(change: Change[Source]) -> Said:
    match change.source:
        case Step():
            return _ours(change.source)
        case Outside():
            return _elsewhere(change.source)
    return Said(_("No longer in flinkey when it was read, %(at)s.") % {"at": moment(change.at or change.since)})


def _ours(step: Step) -> Said:
    words = {"who": str(step.operation.person), "sent": moment(step.sent_at or step.operation.created_at)}
    did = {
        Verb.CREATE_WINDOW: _("Given here by %(who)s, %(sent)s;"),
        Verb.CHANGE_WINDOW: _("Changed here by %(who)s, %(sent)s;"),
        Verb.DELETE_WINDOW: _("Removed here by %(who)s, %(sent)s;"),
    }[Verb(step.verb)] % words
    return Said(f"{did} {_confirmed(step)}", step.operation_id)


def _confirmed(step: Step) -> str:
    if step.settled_at is None:
        return _("accepted by flinkey, not confirmed.") if step.state == State.ACCEPTED else _("not known yet.")
    words = {"at": moment(step.settled_at)}
    if step.confirmed_by == "webhook":
        return _("confirmed by a message from flinkey, %(at)s.") % words
    if step.confirmed_by == "read-back":
        return _("seen in flinkey, %(at)s.") % words
    return _("confirmed, %(at)s.") % words


def _elsewhere(seen: Outside) -> Said:
    between = seen.since is not None and moment(seen.since) != moment(seen.seen_at)
    words = {"since": moment(seen.since or seen.seen_at), "at": moment(seen.seen_at)}
    what = Outside.What(seen.what)
    if between:
        text = {
            Outside.What.NEW: _("Given outside this dashboard between %(since)s and %(at)s."),
            Outside.What.CHANGED: _("Changed outside this dashboard between %(since)s and %(at)s."),
            Outside.What.GONE: _("Removed outside this dashboard between %(since)s and %(at)s."),
        }[what]
    else:
        text = {
            Outside.What.NEW: _("Given outside this dashboard, seen %(at)s."),
            Outside.What.CHANGED: _("Changed outside this dashboard, seen %(at)s."),
            Outside.What.GONE: _("Removed outside this dashboard, seen %(at)s."),
        }[what]
    return Said(text % words)
