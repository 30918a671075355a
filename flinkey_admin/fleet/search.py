"""One search for everything: cars, users, groups, services and boxes, by whatever people know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.fleet.hands import Act, acts_on
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import lists, pages, reading
from flinkey_admin.mirror.models import THINGS, Group, Thing
from flinkey_admin.mirror.pages import Shown
from flinkey_admin.mirror.queries import LONGEST, count_all, live, matching
from flinkey_admin.mirror.reading import Copy, Wanted
from flinkey_admin.web.fragments import page_or_fragment
from flinkey_admin.web.names import name_of, second_of, text_of
from flinkey_admin.web.templatetags.kinds import plural

HITS = 6  # of each kind
GROUPS = "groups"
KINDS: dict[str, type[Thing]] = {
    Kind.CARS: THINGS[Kind.CARS],
    Kind.USERS: THINGS[Kind.USERS],
    GROUPS: Group,
    Kind.SERVICES: THINGS[Kind.SERVICES],
    Kind.PRODUCTS: THINGS[Kind.PRODUCTS],
}


@dataclass(frozen=True)
class Hit:
    """One thing that was found, and where its page is."""

    name: str
    second: str
    note: str
    url: str


@dataclass(frozen=True)
class Found:
    """What was found of one kind; `url` leads to the whole list, `first` is the id of the first hit."""

    kind: str
    heading: str
    total: int
    hits: list[Hit]
    url: str
    first: int

    @property
    def is_cars(self) -> bool:
        return self.kind == Kind.CARS

    @property
    def acts(self) -> list[Act]:
        """What can be done with the first hit, once so few fit that it may be the one meant."""
        return acts_on(self.kind, self.first, self.hits[0].name) if self.total <= HITS else []


class OnlyHit(Exception):
    """A single thing fits: its page is shown instead."""


@require_safe
def search(request: ManagerRequest) -> HttpResponse:
    """What fits `?q=`, kind by kind. The only thing that fits is shown at once; HTMX gets the hits while one types.

    `?acts`: the hits as the palette lists them, with what can be done with the first of a kind.
    """
    scope, query = request.manager, request.GET.get("q", "").strip()[:LONGEST]
    wanted = Wanted([lists.GROUPS, *lists.CATALOG.values()])

    typing = bool(request.htmx) and "seen" not in request.GET
    palette = typing and "acts" in request.GET

    def build(_copy: Copy) -> Shown:
        found = find(scope, query, counted=not palette) if query else []
        if not request.htmx and [part.total for part in found] == [1]:
            raise OnlyHit(found[0].hits[0].url)
        return Shown({"section": "search", "query": query, "find": query, "found": found})

    if typing:
        context = build(reading.open_copy(scope, wanted)).context
        fragment = "fleet/_options.html" if palette else "fleet/_found.html"
        return page_or_fragment(request, "fleet/search.html", fragment, context)
    try:
        return pages.show(request, "fleet/search.html", {"hits": "fleet/_hits.html"}, wanted, build)
    except OnlyHit as hit:
        return redirect(str(hit))


def find(scope: Scope, query: str, *, counted: bool = True) -> list[Found]:
    """The kinds of which something fits: one statement counts all of them, and one for each finds its first few.

    Not `counted`, each kind is left as soon as it is known that there are more than its first few: of ten thousand cars
    that takes a third of the time.
    """
    asked = urlencode({"q": query})
    fitting = {kind: matching(live(model, scope), query) for kind, model in KINDS.items()}
    totals = count_all(scope, fitting) if counted else dict.fromkeys(fitting, HITS + 1)
    firsts = {
        kind: list(rows.order_by("sort_name", "flinkey_id")[: min(totals[kind], HITS + 1)])
        for kind, rows in fitting.items()
        if totals[kind]
    }
    return [
        _found(kind, first[:HITS], totals[kind] if counted else len(first), asked)
        for kind, first in firsts.items()
        if first
    ]


def _found(kind: str, rows: Sequence[Any], total: int, asked: str) -> Found:
    if kind == GROUPS:
        hits = [Hit(row.name, "", "", reverse("fleet:group_detail", args=[row.flinkey_id])) for row in rows]
        return Found(kind, _("Groups"), total, hits, f"{reverse('fleet:group_list')}?{asked}", rows[0].flinkey_id)
    hits = [_hit(Kind(kind), row.record()) for row in rows]
    url = f"{reverse(f'fleet:{Kind(kind).singular}_list')}?{asked}"
    return Found(kind, plural(kind), total, hits, url, rows[0].flinkey_id)


def _hit(kind: Kind, thing: Any) -> Hit:
    name, second = name_of(thing), second_of(thing)
    note = ""
    if kind == Kind.CARS:
        note = " ".join(part for part in (thing.brand, thing.model) if part)
    if kind == Kind.SERVICES and thing.is_terminated:
        note = _("Terminated")
    if kind in {Kind.CARS, Kind.USERS}:
        return Hit(name, second, note, reverse(f"fleet:{kind.singular}_detail", args=[thing.id]))
    # Services and boxes have no page of their own: their list shows all that is known of one. It may lack a name.
    return Hit(name, second, note, f"{reverse(f'fleet:{kind.singular}_list')}?{urlencode({'q': text_of(thing)[0]})}")
