"""Who could open a car at a moment, or what a person could, out of the copy and the journal: a few statements."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q, QuerySet

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.assignments import knowledge
from flinkey_admin.assignments.called import called, names_of
from flinkey_admin.assignments.knowledge import Change, Finding, Grade, Terms
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.fields import instant
from flinkey_admin.mirror.models import Window
from flinkey_admin.operations.calls import WINDOW_VERBS
from flinkey_admin.operations.models import Outside, State, Step, Verb
from flinkey_admin.web.names import Thing

Source = Step | Outside | None
SIDES = {Kind.CARS: ("car_id", "user_id", Kind.USERS), Kind.USERS: ("user_id", "car_id", Kind.CARS)}
RANKS = {Grade.COULD: 0, Grade.PERHAPS: 1, Grade.PHONE: 2}


@dataclass(frozen=True)
class Question:
    """Who could open this car, or what this person: `kind` and `thing_id`. `other_id`: only whether that one could."""

    kind: Kind
    thing_id: int
    moment: dt.datetime
    other_id: int | None = None


@dataclass(frozen=True)
class Known:
    """An access that mattered. `label`, `second`: the other side. `row`: its window in the copy, if it has one."""

    finding: Finding[Source]
    other_id: int | None
    label: str
    second: str
    row: Window | None

    @property
    def terms(self) -> Terms:
        return self.finding.version.terms


@dataclass(frozen=True)
class Never:
    """An access for that moment that was asked for here and never given."""

    step: Step
    terms: Terms
    other_id: int | None
    label: str
    second: str


@dataclass(frozen=True)
class Past:
    """The answer: those who could or may have been able to, and what was asked for in vain."""

    known: list[Known]
    never: list[Never]


def ask(scope: Scope, question: Question) -> Past:
    """All that is known of that moment: five statements, however much there is."""
    mine, theirs, other_kind = SIDES[question.kind]
    rows = list(_rows(scope, mine, question))
    ids = [row.flinkey_id for row in rows]
    steps = list(_steps(scope, mine, question.thing_id, ids))
    seen = scoped(Outside.objects.all(), scope).filter(kind="windows", thing_id__in=ids).order_by("seen_at", "pk")
    found = _once(
        (finding, row)
        for row, said in _lives(rows, steps, list(seen), question)
        for finding in knowledge.at(said, question.moment)
        if _fits(finding.version.terms, mine, theirs, question)
    )
    never = [
        (step, terms)
        for step in steps
        if (terms := _in_vain(step, question.moment)) and _fits(terms, mine, theirs, question)
    ]
    sides = [finding.version.terms for finding, _row in found] + [terms for _step, terms in never]
    others = {getattr(terms, theirs) for terms in sides}
    names = names_of(scope, other_kind, {one for one in others if one is not None})
    known = [Known(finding, *_called(finding.version.terms, theirs, names), row) for finding, row in found]
    known.sort(key=lambda one: (RANKS[one.finding.grade], one.label, one.terms.start))
    return Past(known, [Never(step, terms, *_called(terms, theirs, names)) for step, terms in never])


def _fits(terms: Terms, mine: str, theirs: str, question: Question) -> bool:
    if question.other_id is not None and getattr(terms, theirs) != question.other_id:
        return False
    return bool(getattr(terms, mine) == question.thing_id)


def _once(found: Iterable[tuple[Finding[Source], Window | None]]) -> list[tuple[Finding[Source], Window | None]]:
    """Without the keys of those whom another access let in anyhow; of several keys the one that works longest."""
    everything = list(found)
    kept = [one for one in everything if one[0].grade != Grade.PHONE]
    taken = {finding.version.terms.pair for finding, _row in kept}
    phones = [one for one in everything if one[0].grade == Grade.PHONE]
    for finding, row in sorted(phones, key=_key_until, reverse=True):
        if finding.version.terms.pair not in taken:
            taken.add(finding.version.terms.pair)
            kept.append((finding, row))
    return kept


def _key_until(one: tuple[Finding[Source], Window | None]) -> dt.datetime:
    version = one[0].version
    return version.key_until or version.seen_at


def _called(terms: Terms, theirs: str, names: Mapping[int, Thing]) -> tuple[int | None, str, str]:
    other = getattr(terms, theirs)
    return other, *called(other, names)


# What there is to know ----------------------------------------------------------------------------------------------


def _rows(scope: Scope, mine: str, question: Question) -> "QuerySet[Window]":
    """The windows that say so now or said so last, and those that were changed or moved and may have said so then."""
    of_it, moment = {mine: question.thing_id}, question.moment
    rows = scoped(Window.objects.all(), scope)
    moved = scoped(Step.objects.all(), scope).filter(
        Q(**of_it) | Q(**{f"args__{mine}": question.thing_id, "settled_at": None}), verb=Verb.CHANGE_WINDOW
    )
    elsewhere = scoped(Outside.objects.all(), scope).filter(
        Q(**of_it) | Q(**{f"before__{mine}": question.thing_id}),
        kind="windows",
        what__in=[Outside.What.CHANGED, Outside.What.GONE],
    )
    return rows.filter(Q(end=None) | Q(end__gt=moment), start__lte=moment, **of_it).union(
        rows.filter(flinkey_id__in=moved.exclude(window_id=None).values("window_id")),
        rows.filter(flinkey_id__in=elsewhere.values("thing_id")),
    )


def _steps(scope: Scope, mine: str, thing_id: int, ids: Sequence[int]) -> "QuerySet[Step]":
    """Our changes of these windows, and what was asked for and did not come to a window; the earliest first."""
    asked = scoped(Step.objects.all(), scope).filter(verb__in=WINDOW_VERBS).exclude(state=State.PLANNED)
    of_it = Q(**{mine: thing_id}) | Q(**{f"args__{mine}": thing_id})
    wanted = asked.filter(Q(window_id__in=ids) | (of_it & ~Q(state=State.CONFIRMED)))
    return wanted.select_related("operation__person").order_by("settled_at", "pk")


def _lives(
    rows: Iterable[Window], steps: Iterable[Step], seen: Iterable[Outside], question: Question
) -> "Iterable[tuple[Window | None, list[knowledge.Version[Source]]]]":
    """What each window has said over time."""
    met: dict[int, list[Step | Outside]] = defaultdict(list)
    for step in steps:
        if step.window_id and step.state != State.REFUSED:
            met[step.window_id].append(step)
    for one in seen:
        met[one.thing_id].append(one)
    for row in rows:
        last = Terms(row.car_id, row.user_id, row.start, row.end)
        changes = _changes(row, last, met[row.flinkey_id])
        yield row, knowledge.versions(changes, row.seen_at, last, is_there=row.ended_at is None)
    for step in steps:
        if step.verb == Verb.CREATE_WINDOW and step.window_id is None and step.settled_at is None:
            terms = Terms(step.car_id, step.user_id, *step.times())
            change: Change[Source] = Change(step.sent_at or question.moment, None, None, terms, step)
            yield None, knowledge.versions([change], change.since, terms, is_there=False)


def _changes(row: Window, last: Terms, met: Sequence[Step | Outside]) -> list[Change[Source]]:
    """What happened to one window, told from its end: what was changed elsewhere only says what was different."""
    ordered = sorted(met, key=lambda one: (_at(one) is None, _at(one) or row.seen_at))
    found: list[Change[Source]] = []
    terms = last
    for one in reversed(ordered):
        change = _own(one, row) if isinstance(one, Step) else _others(one, terms, row)
        found.append(change)
        terms = change.before or terms
    found.reverse()
    done = [change for change in found if change.at is not None]
    if row.ended_at and (not done or done[-1].after is not None):
        # It is gone, and nobody has kept why.
        gone: Change[Source] = Change(row.ended_at, row.ended_at, last, None, None, row.lifetime)
        found.insert(len(done), gone)
    return found


def _at(one: Step | Outside) -> dt.datetime | None:
    return one.settled_at if isinstance(one, Step) else one.seen_at


def _own(step: Step, row: Window) -> Change[Source]:
    """A change of ours. It came true between its call and when that was seen."""
    since = step.sent_at or step.settled_at or row.seen_at
    if step.verb == Verb.CREATE_WINDOW:
        return Change(since, step.settled_at, None, Terms(step.car_id, step.user_id, *step.times()), step)
    before = _terms(step.before)
    after = _terms({**step.before, **step.args}) if step.verb == Verb.CHANGE_WINDOW else None
    return Change(since, step.settled_at, before, after, step, step.before.get("lifetime"))


def _others(seen: Outside, now: Terms, row: Window) -> Change[Source]:
    """A change that was made elsewhere, between two readings. `now`: what the window said afterwards."""
    since = seen.since or seen.seen_at
    if seen.what == Outside.What.NEW:
        return Change(since, seen.seen_at, None, _with(now, seen.after), seen)
    if seen.what == Outside.What.GONE:
        sides = {"car_id": seen.car_id, "user_id": seen.user_id}
        return Change(since, seen.seen_at, _with(now, {**seen.before, **sides}), None, seen, row.lifetime)
    return Change(since, seen.seen_at, _with(now, seen.before), now, seen, row.lifetime)


def _in_vain(step: Step, moment: dt.datetime) -> Terms | None:
    """What a refused step would have given for that moment; None where the person had that anyhow."""
    if step.state != State.REFUSED or step.verb == Verb.DELETE_WINDOW:
        return None
    if step.verb == Verb.CREATE_WINDOW:
        asked = Terms(step.car_id, step.user_id, *step.times())
        return asked if asked.hold(moment) else None
    before, asked = _terms(step.before), _terms({**step.before, **step.args})
    had = before.pair == asked.pair and before.hold(moment)
    return asked if asked.hold(moment) and not had else None


def _terms(values: Mapping[str, Any]) -> Terms:
    """Out of what the journal keeps of a window."""
    end = values.get("end")
    return Terms(values["car_id"], values["user_id"], instant(values["start"]), instant(end) if end else None)


def _with(terms: Terms, values: Mapping[str, Any]) -> Terms:
    """The same with these values, as the journal keeps them."""
    told = {name: values[name] for name in ("car_id", "user_id", "start", "end") if name in values}
    for name in ("start", "end"):
        if told.get(name):
            told[name] = instant(told[name])
    return replace(terms, **told)
