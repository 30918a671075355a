"""Groups and what is in them; everything the customer has; a car and a user."""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.fleet import dress, filters, services
from flinkey_admin.fleet.rows import Row
from flinkey_admin.fleet.tables import PAGE, Table, table
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import Group as GroupRecord
from flinkey_admin.mirror import lists, pages
from flinkey_admin.mirror.models import Group
from flinkey_admin.mirror.pages import Shown
from flinkey_admin.mirror.queries import LONGEST, live, matching, things
from flinkey_admin.mirror.reading import Copy, Wanted
from flinkey_admin.operations.story import story_of
from flinkey_admin.web.sentences import MISSING
from flinkey_admin.web.templatetags.kinds import plural

# What the page of a car or a user shows of its windows. They belong to another feature, so urls.py hands it in:
# the context, and whether something is under way.
Windows = Callable[[ManagerRequest, int], tuple[dict[str, Any], bool]]


@require_safe
def group_list(request: ManagerRequest) -> HttpResponse:
    """Every group with how much is in it."""

    def build(copy: Copy) -> Shown:
        query, backwards = request.GET.get("q", "")[:LONGEST], request.GET.get("sort") == "-name"
        found = matching(live(Group, request.manager), query)
        page = Paginator(found.order_by("-sort_name" if backwards else "sort_name", "flinkey_id"), PAGE).get_page(
            request.GET.get("page")
        )
        groups = [group.record() for group in page.object_list]
        counts = services.member_counts(request.manager, [group.id for group in groups])
        words = {kind: plural(kind) for kind in Kind}
        kept = request.GET.copy()
        for name in ("page", "seen", "fresh"):
            kept.pop(name, None)
        context = {
            "section": "groups",
            "page": page,
            "rows": [_group_row(group, counts[group.id], words) for group in groups],
            "words": words.values(),
            "query": query,
            "sort": "-name" if backwards else "name",
            "total": copy.size(lists.GROUPS) or 0,
            "found": page.paginator.count,
            "base_query": kept.urlencode(),
        }
        return Shown(context, [name for group in groups for name in lists.of_group(group.id)])

    return pages.show(request, "fleet/group_list.html", {"list": "fleet/_groups.html"}, Wanted([lists.GROUPS]), build)


def _group_row(group: GroupRecord, counts: Mapping[Kind, int | None], words: Mapping[Kind, str]) -> dict[str, Any]:
    """A group as its row shows it. Its tabs lie below its own address: 250 look-ups a page would take half its time."""
    url = reverse("fleet:group_detail", args=[group.id])
    tabs = [{"word": words[kind], "url": f"{url}{kind}/", "count": count} for kind, count in counts.items()]
    return {"group": group, "url": url, "tabs": tabs}


@require_safe
def group_detail(request: ManagerRequest, group_id: int, kind: Kind = Kind.CARS) -> HttpResponse:
    """A group's page: one kind of member a tab."""
    scope = request.manager
    other = filters.group_of(scope, request.GET)

    def build(copy: Copy) -> Shown:
        group = services.get_group(scope, group_id)
        inside = filters.in_group(things(kind, scope), scope, kind, group_id)
        found = table(request, scope, kind, inside, copy, inside=True, group=None if request.htmx else other)
        context = {
            "section": "groups",
            "group": group,
            "kind": kind,
            "tabs": [(one, copy.size(lists.members(group_id, one))) for one in Kind],
            "table": found,
            "chosen": chosen(request, kind),
            "selection": request.GET.get("selection", ""),
            "search_url": reverse("fleet:group_members", args=[group_id, kind]),
            "is_complete": copy.is_complete,
        }
        return Shown(context, _beside(found))

    parts = {"title": "fleet/_group_title.html", "tabs": "fleet/_tabs.html", "list": "fleet/_list.html"}
    wanted = filters.wanted(scope, kind, request.GET, [lists.GROUPS, *lists.of_group(group_id)], other)
    return pages.show(request, "fleet/group_detail.html", parts, wanted, build)


def _beside(found: Table) -> list[str]:
    """What a list shows besides the things themselves: who has them, and how those are called."""
    other = {Kind.CARS: [lists.CATALOG[Kind.USERS]], Kind.USERS: [lists.CATALOG[Kind.CARS]]}.get(found.kind, [])
    return [*other, lists.GROUPS, *(lists.car_windows(car) for car in found.cars)]


def chosen(request: ManagerRequest, kind: Kind) -> set[int]:
    """The ids of the frozen selection that the URL names."""
    key = request.GET.get("selection", "")
    return set(services.frozen(request.manager, kind, key)) if key else set()


@require_safe
def thing_list(request: ManagerRequest, kind: Kind) -> HttpResponse:
    """Everything of one kind that the customer has."""
    scope = request.manager
    group = filters.group_of(scope, request.GET)

    def build(copy: Copy) -> Shown:
        found = table(request, scope, kind, things(kind, scope), copy, group=None if request.htmx else group)
        context = {
            "section": str(kind),
            "kind": kind,
            "table": found,
            "chosen": chosen(request, kind),
            "selection": request.GET.get("selection", ""),
            "search_url": request.path,
            "group_choices": [] if request.htmx else filters.choices(scope),
            "is_complete": copy.is_complete,
        }
        return Shown(context, _beside(found))

    wanted = filters.wanted(scope, kind, request.GET, [lists.CATALOG[kind]], group)
    return pages.show(request, "fleet/thing_list.html", {"list": "fleet/_list.html"}, wanted, build)


@require_safe
def car_detail(request: ManagerRequest, car_id: int, windows: Windows) -> HttpResponse:
    """A car: what is known of it, its groups, who may open it when, and what happened to it."""
    one, accesses = lists.one(Kind.CARS, car_id), lists.car_windows(car_id)
    wanted = Wanted(
        [one, accesses],
        [lists.GROUPS, lists.CATALOG[Kind.USERS]],
        thing=(Kind.CARS, car_id),
        held={one: lists.CATALOG[Kind.CARS]},
    )
    return _thing_detail(request, Kind.CARS, car_id, wanted, windows)


@require_safe
def user_detail(request: ManagerRequest, user_id: int, windows: Windows) -> HttpResponse:
    """A user: the person's groups, which cars the person may open when, and what happened."""
    one, accesses = lists.one(Kind.USERS, user_id), lists.user_windows(user_id)
    wanted = Wanted(
        [one, accesses],
        [lists.GROUPS, lists.CATALOG[Kind.CARS]],
        thing=(Kind.USERS, user_id),
        held={one: lists.CATALOG[Kind.USERS], accesses: lists.EVERYTHING},
    )
    return _thing_detail(request, Kind.USERS, user_id, wanted, windows)


def _thing_detail(request: ManagerRequest, kind: Kind, thing_id: int, wanted: Wanted, windows: Windows) -> HttpResponse:
    scope = request.manager

    def build(copy: Copy) -> Shown:
        row = services.one(scope, kind, thing_id)
        record = row.record()
        accesses, busy = windows(request, thing_id)
        context = {
            "section": str(kind),
            "kind": kind,
            kind.singular: record,
            "row": Row(record, tuple(dress.homes(scope, kind, thing_id))),
            "gone_at": row.ended_at,
            "gone": MISSING[kind.singular],
            "story": story_of(scope, kind, thing_id),
            "is_complete": copy.is_complete,
            **accesses,
        }
        return Shown(context, busy=busy)

    word = kind.singular
    parts = {
        "title": f"fleet/_{word}_title.html",
        "facts": f"fleet/_{word}_facts.html",
        "windows": "assignments/_windows.html",
        "story": "operations/_story.html",
    }
    return pages.show(request, f"fleet/{word}_detail.html", parts, wanted, build)
