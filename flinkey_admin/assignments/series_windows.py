"""The windows of a series: those that its operations have made, as the copy and the journal know them now."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.assignments.called import called, names_of
from flinkey_admin.assignments.conflicts import Span
from flinkey_admin.assignments.models import Series
from flinkey_admin.assignments.series import Rule, Stretch, Times
from flinkey_admin.assignments.series import stretches as stretches_of
from flinkey_admin.assignments.series_plans import fleet_zone
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import queries
from flinkey_admin.mirror.models import Window
from flinkey_admin.operations import titles
from flinkey_admin.operations.models import Operation, State, Step, Verb


@dataclass(frozen=True)
class Row:
    """One window of a series. `word`: what became of it, unless it is simply there; see that operation."""

    window_id: int | None
    car_id: int | None
    user_id: int | None
    car: str
    user: str
    start: dt.datetime
    end: dt.datetime | None
    state: str
    word: str
    operation_id: int


def started(scope: Scope) -> "QuerySet[Series]":
    """The series of this customer that somebody has said yes to, the newest first."""
    rows = scoped(Series.objects.all(), scope).filter(operations__started_at__isnull=False)
    return rows.select_related("person").distinct().order_by("-made_at", "-pk")


def operations_of(series: Series) -> set[int]:
    """Those that were planned for it, and those that took one of them back."""
    found = set(series.operations.values_list("pk", flat=True))
    fresh = found
    while fresh:
        fresh = set(Operation.objects.filter(undoes__in=fresh).values_list("pk", flat=True)) - found
        found |= fresh
    return found


def changes(series: Series) -> list[tuple[Operation, str]]:
    """What was done with a series, the newest first, each with its title."""
    rows = Operation.objects.filter(pk__in=operations_of(series)).exclude(started_at=None)
    return [(one, titles.title(one)) for one in rows.select_related("person").order_by("-pk")]


def _creations(series: Series) -> "QuerySet[Step]":
    steps = Step.objects.filter(operation__in=operations_of(series), verb=Verb.CREATE_WINDOW)
    return steps.exclude(operation__started_at=None)


def people(series: Series) -> list[int]:
    """For whom it is: those it was planned for, then those who were added."""
    added = _creations(series).exclude(user_id=None).order_by("pk").values_list("user_id", flat=True)
    return list(dict.fromkeys([*series.users, *added]))


def live(scope: Scope, series: Series) -> "QuerySet[Window]":
    """The windows of a series that flinkey has now and that are not over, in order."""
    made = _creations(series).exclude(window_id=None)
    rows = queries.windows(scope).filter(queries.not_over(timezone.now()), flinkey_id__in=made.values("window_id"))
    return rows.order_by("start", "car_id", "user_id", "flinkey_id")


def stretches(scope: Scope, series: Series) -> list[Stretch]:
    """The times of day that its windows have by now: those of its rule, and those that it was given since."""
    rule = Rule.of(series.rule)
    changes = Operation.objects.filter(pk__in=operations_of(series), started_at__isnull=False, facts__has_key="times")
    given = [Times(*map(dt.time.fromisoformat, one.facts["times"])) for one in changes.order_by("-pk")]
    made = _creations(series).exclude(window_id=None)
    there = scoped(Window.objects.all(), scope).filter(ended_at=None, flinkey_id__in=made.values("window_id"))
    spans = [Span(row.start, row.end) for row in there if row.end and row.start < row.end]
    return stretches_of(spans, [rule.times, *given], fleet_zone()) if given else []


def with_other_times(of: Iterable[Series]) -> set[int]:
    """Which of these series were given other times of day, and keep them."""
    rows = Series.operations.through.objects.filter(
        series__in=of, operation__facts__has_key="times", operation__started_at__isnull=False
    )
    undone = Operation.objects.filter(undoes=OuterRef("operation"), started_at__isnull=False)
    return set(rows.exclude(Exists(undone)).values_list("series_id", flat=True))


def rule_now(scope: Scope, series: Series) -> tuple[Rule, list[Stretch]]:
    """Its rule with the times of day that hold by now, and those that held, or were planned, before."""
    rule, found = Rule.of(series.rule), stretches(scope, series)
    if not found:
        return rule, []
    *before, now = found
    if rule.times not in {one.times for one in found}:
        before.insert(0, Stretch(rule.times, rule.first, rule.last, is_kept=False))
    first = now.first if len(found) > 1 else rule.first
    but = frozenset(day for day in rule.but if day >= first)
    return replace(rule, begins=now.times.begins, ends=now.times.ends, first=first, but=but), before


def rows(scope: Scope, series: Series, *, is_past: bool) -> list[Row]:
    """Its windows that are over, or all others, in order of their start; also what is not there yet or no more."""
    steps = list(_creations(series))
    there = scoped(Window.objects.all(), scope).filter(
        flinkey_id__in=[step.window_id for step in steps if step.window_id]
    )
    known = {row.flinkey_id: row for row in there}
    now, found = timezone.now(), []
    for step in steps:
        window = known.get(step.window_id or 0)
        start, end = (window.start, window.end) if window else step.times()
        if (end is not None and end <= now) == is_past:
            found.append((start, step, window))
    found.sort(key=lambda one: (one[0], one[1].pk))
    return _named(scope, found)


def _named(scope: Scope, found: Sequence[tuple[dt.datetime, Step, Window | None]]) -> list[Row]:
    sides = [(_side(window, step, "car_id"), _side(window, step, "user_id")) for _start, step, window in found]
    cars = names_of(scope, Kind.CARS, {car for car, _user in sides if car})
    users = names_of(scope, Kind.USERS, {user for _car, user in sides if user})
    return [
        Row(
            window.flinkey_id if window and window.ended_at is None else None,
            *(car, user, " · ".join(filter(None, called(car, cars))), called(user, users)[0]),
            *(start, window.end if window else step.times()[1]),
            *_state(step, window),
            step.operation_id,
        )
        for (car, user), (start, step, window) in zip(sides, found, strict=True)
    ]


def _side(window: Window | None, step: Step, name: str) -> Any:
    return getattr(window or step, name)


def _state(step: Step, window: Window | None) -> tuple[str, str]:
    """The state of its step, and in words what it has come to."""
    if window is not None and window.ended_at is not None:
        return "gone", _("Removed")
    if window is not None:
        return State.CONFIRMED, ""
    return step.state, titles.state_word(step)
