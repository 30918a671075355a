"""Cars that nobody has from one moment to another, out of the copy: those free throughout, then those free in part."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Concat

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.assignments.called import called, names_of
from flinkey_admin.assignments.conflicts import Span, gaps
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.fields import instant
from flinkey_admin.mirror import queries
from flinkey_admin.mirror.models import Listing
from flinkey_admin.operations import confirmation
from flinkey_admin.operations.models import Verb

FREE, PART, UNREAD, TAKEN = range(4)


@dataclass(frozen=True)
class InTheWay:
    """What a car is taken by. `window_id`: None for what is only asked for, which `operation_id` leads to."""

    person: str
    start: dt.datetime
    end: dt.datetime | None
    window_id: int | None = None
    operation_id: int | None = None


@dataclass(frozen=True)
class FreeCar:
    """A car, when it is free, and what is in the way. `rank`: FREE, PART, UNREAD or TAKEN."""

    car: Any
    rank: int
    free: list[Span] = field(default_factory=list)
    taken: list[InTheWay] = field(default_factory=list)


def overlapping(span: Span) -> Q:
    """Windows that share some time with the span."""
    q = Q(end=None) | Q(end__gt=span.start)
    return q if span.end is None else q & Q(start__lt=span.end)


def asked_for(scope: Scope, span: Span) -> dict[int, list[InTheWay]]:
    """What is under way and would take a car in the span, by car: nobody should plan with it."""
    found: dict[int, list[InTheWay]] = defaultdict(list)
    for step in confirmation.window_steps(scope, announced=True):
        said = step.becomes()
        car, start = said.get("car_id"), said.get("start")
        if step.verb == Verb.DELETE_WINDOW or not car or not start:
            continue
        begins, ends = instant(start), instant(said["end"]) if said.get("end") else None
        if begins < span.until and (ends is None or ends > span.start):
            person = step.label.partition(" → ")[0]
            found[car].append(InTheWay(person, begins, ends, operation_id=step.operation_id))
    return found


def ranked(cars: "QuerySet[Any]", scope: Scope, span: Span, asked: Iterable[int]) -> "QuerySet[Any]":
    """The cars with a `rank`: whose windows nobody has read are not called free, whatever is known of them."""
    windows = queries.windows(scope).filter(overlapping(span)).exclude(car_id=None)
    throughout = Q(start__lte=span.start) & (Q(end=None) if span.end is None else Q(end=None) | Q(end__gte=span.end))
    name = Concat(
        Value("cars/"), Cast(OuterRef("flinkey_id"), TextField()), Value("/windows"), output_field=TextField()
    )
    read = scoped(Listing.objects.all(), scope).filter(name=name).exclude(read_at=None)
    some = Q(flinkey_id__in=windows.values("car_id")) | Q(flinkey_id__in=list(asked))
    rank = Case(
        When(flinkey_id__in=windows.filter(throughout).values("car_id"), then=TAKEN),
        When(~Exists(read), then=UNREAD),
        When(some, then=PART),
        default=FREE,
        output_field=IntegerField(),
    )
    rows: QuerySet[Any] = cars.annotate(rank=rank)
    return rows


def counts(rows: "QuerySet[Any]") -> dict[int, int]:
    """How many cars of each rank there are."""
    return dict(rows.order_by().values_list("rank").annotate(Count("pk")))


def look(scope: Scope, cars: Sequence[Any], span: Span, asked: Mapping[int, list[InTheWay]]) -> list[FreeCar]:
    """What is in the way of these ranked cars, and when they are free: two statements."""
    ids = [row.flinkey_id for row in cars if row.rank != FREE]
    rows = list(queries.windows(scope).filter(overlapping(span), car_id__in=ids).order_by("start", "flinkey_id"))
    people = names_of(scope, Kind.USERS, {row.user_id for row in rows if row.user_id})
    taken: dict[int, list[InTheWay]] = defaultdict(list)
    for row in rows:
        taken[row.car_id or 0].append(InTheWay(called(row.user_id, people)[0], row.start, row.end, row.flinkey_id))
    return [_free_car(row, [*taken[row.flinkey_id], *asked.get(row.flinkey_id, [])], span) for row in cars]


def _free_car(row: Any, taken: list[InTheWay], span: Span) -> FreeCar:
    spans = [Span(one.start, one.end) for one in taken if one.end is None or one.end > one.start]
    free = gaps(spans, span) if row.rank != UNREAD else []
    # Several windows, one after the other, may leave nothing.
    rank = TAKEN if row.rank == PART and not free else row.rank
    return FreeCar(row.record(), rank, free, sorted(taken, key=lambda one: one.start))
