"""What a person is asked before a window is sent: a start in the past, a long time, somebody else at the same time.

A yes carries a mark of what it was said to, so it is no yes to anything else.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from flinkey_admin.accounts.models import Customer
from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.assignments import sharing, windows
from flinkey_admin.assignments.called import called, names_of
from flinkey_admin.assignments.conflicts import Span, added, joined, overlap
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import Assignment
from flinkey_admin.mirror import queries
from flinkey_admin.operations import confirmation
from flinkey_admin.operations.models import Verb
from flinkey_admin.web.templatetags.times import moment

PAST = dt.timedelta(minutes=15)  # a form may lie open for so long before its "now" is questioned
LONG = dt.timedelta(days=31)


@dataclass(frozen=True)
class Wanted:
    """The window that somebody wants, as far as the form says it yet. `start` None: not known yet."""

    car_id: int | None = None
    user_id: int | None = None
    start: dt.datetime | None = None
    end: dt.datetime | None = None


@dataclass(frozen=True)
class Clash:
    """Another window of the car at the same time: whose it is, from when until when, and which parts both have."""

    who: str
    user_id: int | None
    span: Span
    parts: tuple[Span, ...]
    window_id: int | None = None
    is_same_person: bool = False


@dataclass(frozen=True)
class Question:
    """`kind`: past, over, long, overlap. `mark`: what a yes carries.

    `yes`: the words of the box to tick; empty where it is enough that the page has shown it.
    """

    kind: str
    text: str
    yes: str
    mark: str
    clashes: Sequence[Clash] = field(default=())


class Asks(Exception):
    """Some of what is asked has no yes yet, or was not shown yet."""

    def __init__(self, questions: list[Question]) -> None:
        super().__init__()
        self.questions = questions


def ask(scope: Scope, wanted: Wanted, window: Assignment | None = None) -> list[Question]:
    """What is worth a question, as the copy has it now. `window`: what is there before a change."""
    if wanted.start is None or (wanted.end is not None and wanted.end <= wanted.start):
        return []
    now, span = timezone.now(), Span(wanted.start, wanted.end)
    found = [_over(span, window, now) or _past(span, window, now), _long(span, window), _overlap(scope, wanted, window)]
    return [question for question in found if question]


def require(scope: Scope, wanted: Wanted, said: Sequence[str], window: Assignment | None = None) -> None:
    """Raises Asks when something is worth a question that `said` has no mark of."""
    questions = ask(scope, wanted, window)
    if any(question.mark not in said for question in questions):
        raise Asks(questions)


@contextmanager
def alone(scope: Scope) -> Iterator[None]:
    """Between the questions and the plan nobody else of this customer plans: who comes second is asked about the first.

    A transaction, so no network inside. SQLite lets one write at a time anyhow.
    """
    with transaction.atomic():
        Customer.objects.select_for_update(no_key=True).get(pk=scope.customer.pk)
        yield


def _mark(*shown: object) -> str:
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:12]


def _over(span: Span, window: Assignment | None, now: dt.datetime) -> Question | None:
    """A new window that has ended before it is there is a slip; one that is there is ended that way on purpose."""
    if window is not None or span.end is None or span.end > now:
        return None
    return Question(
        "over",
        _("This access would be over before it begins to count: it ends %(when)s.") % {"when": moment(span.end)},
        _("Yes, it is to lie in the past"),
        _mark("over", span),
    )


def _past(span: Span, window: Assignment | None, now: dt.datetime) -> Question | None:
    if span.start >= now - PAST or (window is not None and span.start >= window.start):
        return None
    return Question(
        "past",
        _("It starts in the past: %(when)s.") % {"when": moment(span.start)},
        _("Yes, it is to start then"),
        _mark("past", span.start),
    )


def _long(span: Span, window: Assignment | None) -> Question | None:
    """An open end is no slip: it takes a choice of its own."""
    if span.end is None or span.until - span.start <= LONG:
        return None
    if window is not None and (window.end is None or span.end <= window.end) and span.start >= window.start:
        return None
    days = (span.until - span.start).days
    text = ngettext("That is a long time: %(count)s day.", "That is a long time: %(count)s days.", days)
    yes = _("Yes, until %(when)s") % {"when": date_format(timezone.localtime(span.end), "DATE_FORMAT")}
    return Question("long", text % {"count": days}, yes, _mark("long", span))


def _overlap(scope: Scope, wanted: Wanted, window: Assignment | None) -> Question | None:
    clashes = _clashes(scope, wanted, window)
    if not clashes:
        return None
    policy = sharing.policy(scope, wanted.car_id)
    if policy.is_shared:
        text = _("This car is shared. At the same time it may be opened by:")
    else:
        text = _("At the same time this car may already be opened by:")
    shown = [(clash.window_id, clash.user_id, clash.parts) for clash in clashes]
    mark = _mark("overlap", wanted.car_id, wanted.user_id, shown)
    return Question("overlap", text, "" if policy.is_shared else _("Yes, both at the same time"), mark, clashes)


def _clashes(scope: Scope, wanted: Wanted, window: Assignment | None) -> list[Clash]:
    """The car's other windows, and those that are being given just now, as far as they meet what is new of this one."""
    assert wanted.start is not None  # noqa: S101 - asked for by `ask`
    if wanted.car_id is None:
        return []
    fresh = _fresh(Span(wanted.start, wanted.end), wanted, window)
    found = []
    for number, user_id, span in others(scope, wanted.car_id, window.id if window else None):
        if parts := tuple(joined(part for one in fresh if (part := overlap(one, span)))):
            found.append((number, user_id, span, parts))
    known = names_of(scope, Kind.USERS, {user_id for _number, user_id, *_rest in found if user_id})
    return [
        Clash(called(user_id, known)[0], user_id, span, parts, number, user_id == wanted.user_id)
        for number, user_id, span, parts in found
    ]


def may_meet_others(wanted: Wanted, window: Assignment) -> bool:
    """Whether a change takes time that the window did not have, or gives it to another car or person."""
    if wanted.start is None or (wanted.end is not None and wanted.end <= wanted.start):
        return False
    return bool(_fresh(Span(wanted.start, wanted.end), wanted, window))


def _fresh(span: Span, wanted: Wanted, window: Assignment | None) -> list[Span]:
    """What is new of the window that is wanted: with another car or person, all of it."""
    same = window is not None and (window.car_id, window.user_id) == (wanted.car_id, wanted.user_id)
    return added(span, _span(window.start, window.end) if same and window else None)


def others(scope: Scope, car_id: int, but: int | None) -> list[tuple[int | None, int | None, Span]]:
    """The windows that a car has or is about to have, without this one and those that are being removed.

    One that is being changed counts as it will be.
    """
    of_car = Q(car_id=car_id) | Q(verb=Verb.CHANGE_WINDOW, args__car_id=car_id)
    steps = confirmation.window_steps(scope, of_car, announced=True)
    changing = {step.window_id for step in steps if step.verb != Verb.CREATE_WINDOW} | {but}
    rows = list(queries.windows(scope).filter(car_id=car_id).order_by("start", "flinkey_id"))
    times = ((row.flinkey_id, row.car_id, row.user_id, row.start, row.end) for row in rows)
    arrived = confirmation.arrived(steps, times).values()
    there = [(row.flinkey_id, row.user_id, _span(row.start, row.end)) for row in rows if row.flinkey_id not in changing]
    coming = []
    for step in steps:
        if step.verb == Verb.DELETE_WINDOW or step in arrived or step.window_id == but is not None:
            continue
        if (said := step.becomes())["car_id"] == car_id:
            coming.append((step.window_id, said["user_id"], _span(*step.times())))
    return [(number, user_id, span) for number, user_id, span in [*there, *coming] if span]


def _span(start: dt.datetime, end: dt.datetime | None) -> Span | None:
    """Other programs may have made windows that end before they start; those meet nothing."""
    return None if end is not None and end <= start else Span(start, end)


def length_text(start: dt.datetime, end: dt.datetime | None) -> str:
    """How long a window is, in words."""
    if end is None:
        return _("without end, until somebody ends it")
    days, hours, minutes = windows.length(start, end)
    parts = [
        ngettext("%(count)s day", "%(count)s days", days) % {"count": days} if days else "",
        ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours} if hours else "",
        ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes} if minutes else "",
    ]
    return " ".join(filter(None, parts))
