"""The report of what does not fit: counts, the first of each kind, all of one kind, and a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.assignments import mismatches
from flinkey_admin.assignments.mismatches import KINDS, NEEDS_ALL, Filters, Line
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import lists, pages
from flinkey_admin.mirror.pages import Shown
from flinkey_admin.mirror.reading import Copy, Wanted
from flinkey_admin.web.sheets import csv_file

SHOWN, PAGE = 10, 50
WANTED = Wanted(
    [lists.GROUPS, lists.CATALOG[Kind.CARS]],
    [lists.CATALOG[Kind.USERS], lists.CATALOG[Kind.SERVICES], lists.CATALOG[Kind.PRODUCTS]],
    whole=True,
)
# The lists that show the same things, with all that can be done with them.
FULL = {
    mismatches.OPEN: ("fleet:car_list", "access=open"),
    mismatches.SERVICES: ("fleet:service_list", "state=beside"),
    mismatches.BOXES: ("fleet:product_list", "state=beside"),
}


@dataclass(frozen=True)
class Section:
    """One kind on the page. `total` None: nobody can say before all is read. `full`: the address of another list."""

    key: str
    title: Any
    why: Any
    total: int | None
    lines: list[Line]
    so_far: bool
    full: str

    @property
    def label(self) -> Any:
        return self.title

    @property
    def value(self) -> int | None:
        return self.total

    @property
    def url(self) -> str:
        return f"?show={self.key}"

    @property
    def more(self) -> int:
        """How many are not shown."""
        return (self.total or 0) - len(self.lines)


@require_safe
def report(request: ManagerRequest, filters: Filters) -> HttpResponse:
    """`?show=` one kind alone, with `?page=`."""
    scope, show = request.manager, request.GET.get("show", "")

    def build(copy: Copy) -> Shown:
        found = mismatches.rows(scope, filters)
        totals = mismatches.counts(scope, found)
        page: Page[Any] | None = None
        if show in KINDS:
            page = Paginator(found[show], PAGE).get_page(request.GET.get("page"))
            lines = {show: mismatches.page(scope, show, list(page.object_list))}
        else:
            lines = mismatches.first(scope, found, SHOWN)
        sections = [_section(key, totals[key], lines.get(key, []), is_complete=copy.is_complete) for key in KINDS]
        context = {
            "section": "questions",
            "tab": "mismatches",
            "sections": sections,
            "opened": [one for one in sections if one.key == show or show not in KINDS],
            "page": page,
            "base_query": f"show={show}",
            "so_far": not copy.is_complete,
        }
        cars = dict.fromkeys(line.car_id for of_one in lines.values() for line in of_one if line.car_id)
        return Shown(context, [lists.car_windows(car) for car in cars])

    return pages.show(request, "assignments/mismatches.html", {"report": "assignments/_mismatches.html"}, WANTED, build)


def _section(key: str, total: int, lines: list[Line], *, is_complete: bool) -> Section:
    kind = KINDS[key]
    is_known = is_complete or key not in NEEDS_ALL
    name, query = FULL.get(key, ("", ""))
    return Section(
        key,
        kind.title,
        kind.why,
        total if is_known else None,
        lines if is_known else [],
        is_known and not is_complete,
        f"{reverse(name)}?{query}" if name else "",
    )


@require_safe
def report_csv(request: ManagerRequest, filters: Filters) -> HttpResponse:
    """All of it as a table, or `?show=` one kind."""
    scope, show = request.manager, request.GET.get("show", "")
    found = mismatches.rows(scope, filters)
    wanted = [show] if show in KINDS else list(KINDS)

    def rows() -> Iterator[list[object]]:
        for key in wanted:
            for line in mismatches.page(scope, key, list(found[key])):
                yield [KINDS[key].title, *_cells(line)]

    head = [_("What"), _("User"), _("E-mail"), _("Car"), _("Plate"), _("From"), _("Until"), _("Group"), _("Name")]
    return csv_file("mismatches.csv", [*head, _("Ends on")], rows())


def _cells(line: Line) -> list[object]:
    times = [timezone.localtime(at).isoformat(timespec="seconds") if at else "" for at in (line.start, line.end)]
    ends = timezone.localtime(line.at).date().isoformat() if line.at else ""
    return [*line.user, *line.car, *times, line.group, line.name, ends]
