"""What is in the copy, as one person may see it; how it is searched, and which windows a moment or a day holds."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from django.db.models import Func, IntegerField, Model, Q, QuerySet, Subquery
from django.utils import timezone

from flinkey_admin.accounts.models import Customer
from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import Car, User
from flinkey_admin.mirror.models import THINGS, Window
from flinkey_admin.web.converters import id_of
from flinkey_admin.web.names import fold, fold_german, label_of, sort_key, squeeze, text_of

M = TypeVar("M", bound=Model)
LONGEST = 200  # characters of a query


def live(model: type[M], scope: Scope) -> "QuerySet[M]":
    """The rows of this customer that flinkey still has."""
    return scoped(model._default_manager.all(), scope).filter(ended_at=None)


def things(kind: Kind, scope: Scope) -> "QuerySet[Any]":
    """The cars, users, services or products that the customer has now."""
    return live(THINGS[kind], scope)


def windows(scope: Scope) -> "QuerySet[Window]":
    """The windows that the customer has now: past, running and coming ones."""
    return live(Window, scope)


def running(now: dt.datetime) -> Q:
    """Windows that are open at this moment."""
    return Q(start__lte=now) & (Q(end=None) | Q(end__gt=now))


def not_over(now: dt.datetime) -> Q:
    """Windows that are open now or will be."""
    return Q(end=None) | Q(end__gt=now)


def day(offset: int = 0) -> tuple[dt.datetime, dt.datetime]:
    """Start and end of today in the fleet's zone, or of the day so many days from it; 23 or 25 hours long at times."""
    date = timezone.localdate() + dt.timedelta(days=offset)
    zone = timezone.get_current_timezone()
    start, end = (dt.datetime.combine(date + dt.timedelta(days=more), dt.time(), zone) for more in (0, 1))
    return start, end


def matching(rows: "QuerySet[M]", query: str) -> "QuerySet[M]":
    """Those of the rows in which every word of the query is found; plates with or without spaces and hyphens, umlauts
    as one letter or as two."""
    text = query[:LONGEST].replace("\0", "")
    words = list(zip(fold(text).split(), fold_german(text).split(), strict=True))
    if not words:
        return rows
    every = Q()
    for spellings in words:
        # Wherever a word stands, it stands squeezed as well, and that the index knows.
        rows = rows.filter(_holds("squeezed", map(squeeze, spellings)))
        every &= _holds("search", spellings)
    squeezed = [squeeze("".join(spelling)) for spelling in zip(*words, strict=True)]
    if words == [tuple(squeezed)]:
        return rows
    return rows.filter(every | _holds("squeezed", squeezed) if squeezed[0] else every)


def _holds(column: str, spellings: Iterable[str]) -> Q:
    """Rows whose column holds a word in one of its spellings."""
    found = Q()
    for word in dict.fromkeys(spellings):
        found |= Q(**{f"{column}__holds": word})
    return found


def count_all(scope: Scope, rows: Mapping[str, "QuerySet[Any]"]) -> dict[str, int]:
    """How many rows each of these has: one statement."""
    numbers = {
        name: found.order_by().annotate(number=Func(template="COUNT(*)", output_field=IntegerField()))
        for name, found in rows.items()
    }
    customer = Customer.objects.filter(pk=scope.customer.pk)
    counted = customer.values_list(*(Subquery(found.values("number")) for found in numbers.values())).get()
    return dict(zip(rows, counted, strict=True))


def find_one(
    scope: Scope, kind: Kind, typed: str, at_most: int = 8, *, gone: bool = False
) -> tuple[Car | User | None, list[Car | User]]:
    """What somebody means by a number, a label, a plate, an e-mail address or a part of a name.

    gone: of what flinkey no longer has as well. Returns the one thing, or None and what it might be.
    """
    words = typed.strip()[:LONGEST].replace("\0", "")
    if not words:
        return None, []
    model: Any = THINGS[kind]
    known = scoped(model._default_manager.all(), scope) if gone else things(kind, scope)
    rows, key = known.order_by("sort_name", "flinkey_id"), sort_key(words)
    same = Q(sort_name=key) | Q(sort_second=key)
    if number := id_of(words):
        same |= Q(flinkey_id=number)
    # Exact ones apart: among many that fit, they need not be the first.
    found = [*rows.filter(same)[:at_most], *matching(rows, words.replace(" · ", " "))[: 10 * at_most]]
    fitting = {row.flinkey_id: row.record() for row in found}.values()
    plain = words.casefold()
    exact = [one for one in fitting if plain in {str(one.id), label_of(one).casefold()}]
    exact = exact or [one for one in fitting if plain in {text.casefold() for text in text_of(one)}]
    chosen = exact or list(fitting)
    return (chosen[0], []) if len(chosen) == 1 else (None, chosen[:at_most])
