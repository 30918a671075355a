"""What a list page shows: the rows that were searched for, filtered and sorted, one page of them, and links that keep
all that. The copy does the work, so 10,000 rows cost what 100 do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.fields import TextField
from django.db.models.lookups import Exact
from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.fleet import dress, filters
from flinkey_admin.fleet.rows import COLUMNS, Row
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror.models import Group
from flinkey_admin.mirror.queries import LONGEST, matching
from flinkey_admin.mirror.reading import Copy
from flinkey_admin.web.converters import id_of
from flinkey_admin.web.names import LAST
from flinkey_admin.web.sentences import MISSING

PAGE = 50


@dataclass(frozen=True)
class Heading:
    """A column's head: where a click on it leads, and which way it sorts now."""

    text: Any
    query: str
    order: str  # ascending, descending or none, as aria-sort wants it
    room: str


@dataclass(frozen=True)
class Table:
    """One page of a list. `matching`: all that was found, in order; `found`: how many that is."""

    kind: Kind
    page: "Page[Any]"
    rows: list[Row]
    matching: "QuerySet[Any]"
    found: int
    headings: list[Heading]
    chips: list[filters.Chip]
    query: str
    sort: str
    kept: list[tuple[str, str]]  # the filters, for the search beside them
    base_query: str  # the filter without the page, for the links to the other pages
    unselected: str  # the same without what was selected
    ticked: set[int]  # what was ticked before somebody sorted or turned the page
    elsewhere: list[int]  # those of them that this page does not show
    sure: str  # how much of this can be said by now, see filters
    lost: str | Promise  # what to say of a group that is filtered by and is not there
    group_id: int | None = None  # of the group that is filtered by

    @property
    def filtered(self) -> bool:
        asked = bool(self.query.strip()) or any(chip.is_on for chip in self.chips)
        return asked or bool(self.lost) or self.sure != filters.ALL

    @property
    def cars(self) -> list[int]:
        return [row.id for row in self.rows] if self.kind == Kind.CARS else []


def table(
    request: HttpRequest,
    scope: Scope,
    kind: Kind,
    everything: "QuerySet[Any]",
    copy: Copy,
    *,
    plain: bool = False,
    inside: bool = False,
    group: Group | None = None,
) -> Table:
    """The table that this URL asks for: `?q=` searches, `?sort=` sorts, `?page=` turns, `?tick=1-2` keeps ticks, and
    each filter has its name.

    plain: the rows alone, without groups, windows and filters. inside: it is the list of a group.
    group: the one of `?group=`, if it was looked up just now.
    """
    query, key = request.GET.get("q", "")[:LONGEST], request.GET.get("sort", "")
    group = group or filters.group_of(scope, request.GET)
    left = filters.apply(everything, scope, kind, request.GET, group)
    sure = filters.sure(kind, request.GET, group, copy)
    found = order(matching(left.none() if sure == filters.NONE else left, query), kind, key)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    kept = request.GET.copy()
    for name in ("page", "tick", "seen", "fresh"):
        kept.pop(name, None)
    # Their keys are sorted alone: ten thousand rows with all their columns take the database twice as long.
    few: Any = page.object_list
    things = list(order(everything.filter(pk__in=few.values("pk")), kind, key))
    asked = [number for text in request.GET.get("tick", "").split("-") if (number := id_of(text))]
    ticked = set(everything.filter(flinkey_id__in=asked).values_list("flinkey_id", flat=True)) if asked else set()
    records = [thing.record() for thing in things]
    return Table(
        kind=kind,
        page=page,
        rows=[Row(one) for one in records] if plain else dress.rows(scope, kind, records, copy),
        matching=found,
        found=page.paginator.count,
        headings=_headings(kind, key, kept),
        chips=[] if plain else filters.chips(kind, kept, group, inside=inside),
        query=query,
        sort=key,
        kept=[(name, str(value)) for name, value in kept.items() if name not in {"q", "selection"}],
        base_query=kept.urlencode(),
        unselected=filters.without(kept, "selection"),
        ticked=ticked,
        sure=sure,
        lost=MISSING["group"] if filters.is_lost(request.GET, group) else "",
        group_id=group.flinkey_id if group else None,
        elsewhere=sorted(ticked - {record.id for record in records}),
    )


def order(rows: "QuerySet[Any]", kind: Kind, key: str) -> "QuerySet[Any]":
    """The rows by the column `key`, backwards with a leading hyphen; empty values last either way."""
    columns = {column.key: column for column in COLUMNS[kind]}
    default = COLUMNS[kind][0]
    column = columns.get(key.removeprefix("-"), default)
    backwards = key.startswith("-") and column.key == key[1:]
    if column is default and not backwards:
        return rows.order_by(*column.fields, "flinkey_id")  # as the index has them
    first, *others = column.fields
    then = [*others, *default.fields, "flinkey_id"]
    directed = F(first).desc() if backwards else F(first).asc()
    return rows.order_by(*_empty_last(rows, first), directed, *dict.fromkeys(then))


def _empty_last(rows: "QuerySet[Any]", column: str) -> list[Case]:
    """What sorts nothing behind something, whichever way the rest goes."""
    if not isinstance(rows.model._meta.get_field(column), TextField):
        return []
    return [Case(When(Exact(F(column), Value("")), then=1), When(Exact(F(column), Value(LAST)), then=1), default=0)]


def _headings(kind: Kind, key: str, kept: QueryDict) -> list[Heading]:
    current = key if key.removeprefix("-") in {column.key for column in COLUMNS[kind]} else COLUMNS[kind][0].key
    headings = []
    for column in COLUMNS[kind]:
        direction = {column.key: "ascending", f"-{column.key}": "descending"}.get(current, "none")
        link = kept.copy()
        link["sort"] = f"-{column.key}" if direction == "ascending" else column.key
        headings.append(Heading(column.heading, link.urlencode(), direction, column.room))
    return headings


def ids(found: Table) -> Sequence[int]:
    """Everything that was found, on all pages."""
    return list(found.matching.values_list("flinkey_id", flat=True))
