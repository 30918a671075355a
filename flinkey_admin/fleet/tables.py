"""What a list page shows: the rows that were searched for, sorted, one page of them, and links that keep all that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, QueryDict

from flinkey_admin.fleet.rows import COLUMNS, Row, search, sort
from flinkey_admin.flinkey import Kind

PAGE = 50


@dataclass(frozen=True)
class Heading:
    """A column's head: where a click on it leads, and which way it sorts now."""

    text: Any
    query: str
    order: str  # ascending, descending or none, as aria-sort wants it
    wide: bool


@dataclass(frozen=True)
class Table:
    """One page of a list."""

    kind: Kind
    page: "Page[Row]"
    matching: list[Row]
    total: int
    headings: list[Heading]
    query: str
    sort: str
    base_query: str  # the filter without the page, for the links to the other pages
    ticked: set[int]  # what was ticked before somebody sorted or turned the page
    elsewhere: list[int]  # those of them that this page does not show

    @property
    def filtered(self) -> bool:
        return bool(self.query.strip())


def table(request: HttpRequest, kind: Kind, rows: Sequence[Row]) -> Table:
    """The table that this URL asks for: `?q=` searches, `?sort=` sorts, `?page=` turns, `?tick=` keeps ticks."""
    query, key = request.GET.get("q", "")[:200], request.GET.get("sort", "")
    matching = sort(search(rows, query), kind, key)
    page = Paginator(matching, PAGE).get_page(request.GET.get("page"))
    kept = request.GET.copy()
    for name in ("page", "tick"):
        kept.pop(name, None)
    asked = set(request.GET.getlist("tick"))
    ticked = {row.id for row in rows if str(row.id) in asked}
    return Table(
        kind=kind,
        page=page,
        matching=matching,
        total=len(rows),
        headings=_headings(kind, key, kept),
        query=query,
        sort=key,
        base_query=kept.urlencode(),
        ticked=ticked,
        elsewhere=sorted(ticked - {row.id for row in page}),
    )


def _headings(kind: Kind, key: str, kept: QueryDict) -> list[Heading]:
    current = key or COLUMNS[kind][0].key
    headings = []
    for column in COLUMNS[kind]:
        order = {column.key: "ascending", f"-{column.key}": "descending"}.get(current, "none")
        link = kept.copy()
        link["sort"] = f"-{column.key}" if order == "ascending" else column.key
        headings.append(Heading(column.heading, link.urlencode(), order, column.wide))
    return headings
