"""Groups and what is in them; everything the customer has; a car and a user."""

from collections.abc import Callable
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.fleet import services
from flinkey_admin.fleet.rows import Row
from flinkey_admin.fleet.tables import table
from flinkey_admin.flinkey import Kind
from flinkey_admin.web.fragments import page_or_fragment
from flinkey_admin.web.names import finds, natural

GROUPS_A_PAGE = 25  # each costs four calls for its numbers

# What the page of a car or a user shows of its windows. They belong to another feature, so urls.py hands it in.
WINDOWS = "assignments/_windows.html"
Windows = Callable[[ManagerRequest, int], dict[str, Any] | None]


@require_safe
def group_list(request: ManagerRequest) -> HttpResponse:
    """Every group with how much is in it."""
    groups = services.list_groups(request.manager)
    query = request.GET.get("q", "")[:200]
    found = [group for group in groups if finds(query, [group.name])] if query.strip() else groups
    backwards = request.GET.get("sort") == "-name"
    page = Paginator(sorted(found, key=lambda group: natural(group.name), reverse=backwards), GROUPS_A_PAGE).get_page(
        request.GET.get("page")
    )
    counts = services.member_counts(request.manager, list(page))
    kept = request.GET.copy()
    kept.pop("page", None)
    context = {
        "section": "groups",
        "page": page,
        "rows": [(group, counts[group.id]) for group in page],
        "kinds": list(Kind),
        "query": query,
        "sort": "-name" if backwards else "name",
        "total": len(groups),
        "found": len(found),
        "base_query": kept.urlencode(),
    }
    return page_or_fragment(request, "fleet/group_list.html", "fleet/_groups.html", context)


@require_safe
def group_detail(request: ManagerRequest, group_id: int, kind: Kind = Kind.CARS) -> HttpResponse:
    """A group's page: one kind of member a tab."""
    shown = services.read_group(request.manager, group_id, kind)
    found = table(request, kind, shown.rows)
    context = {
        "section": "groups",
        "group": shown.group,
        "kind": kind,
        "tabs": [(one, shown.counts[one]) for one in Kind],
        "table": found,
        "chosen": chosen(request, kind),
        "selection": request.GET.get("selection", ""),
        "with_groups": True,
        "search_url": request.path,
    }
    return page_or_fragment(request, "fleet/group_detail.html", "fleet/_members.html", context)


def chosen(request: ManagerRequest, kind: Kind) -> set[int]:
    """The ids of the frozen selection that the URL names."""
    return set(services.frozen(request.manager, kind, request.GET.get("selection", "")))


@require_safe
def thing_list(request: ManagerRequest, kind: Kind) -> HttpResponse:
    """Everything of one kind that the customer has."""
    found = table(request, kind, [Row(thing) for thing in services.read_catalog(request.manager, kind)])
    context = {"section": str(kind), "kind": kind, "table": found, "search_url": request.path}
    return page_or_fragment(request, "fleet/thing_list.html", "fleet/_things.html", context)


@require_safe
def car_detail(request: ManagerRequest, car_id: int, windows: Windows) -> HttpResponse:
    """A car: what is known of it, its groups, and who may open it when."""
    if request.htmx:
        return _windows_fragment(request, windows(request, car_id))
    car, groups = services.read_car(request.manager, car_id)
    context = {
        "section": "cars",
        "car": car,
        "row": Row(car, tuple(groups)),
        **(windows(request, car_id) or {}),
    }
    return page_or_fragment(request, "fleet/car_detail.html", WINDOWS, context)


@require_safe
def user_detail(request: ManagerRequest, user_id: int, windows: Windows) -> HttpResponse:
    """A user: the person's groups, and which cars the person may open when."""
    if request.htmx:
        return _windows_fragment(request, windows(request, user_id))
    user, groups = services.read_user(request.manager, user_id)
    context = {
        "section": "users",
        "user": user,
        "row": Row(user, tuple(groups)),
        **(windows(request, user_id) or {}),
    }
    return page_or_fragment(request, "fleet/user_detail.html", WINDOWS, context)


def _windows_fragment(request: ManagerRequest, context: dict[str, Any] | None) -> HttpResponse:
    """The polled part of the page; 204 when nothing in it has changed."""
    if context is None:
        return HttpResponse(status=204)
    return page_or_fragment(request, WINDOWS, WINDOWS, context)
