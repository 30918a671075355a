"""The pages that change groups and what is in them. Each change of members leads to a review first."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.accounts.stash import typed
from flinkey_admin.fleet import services
from flinkey_admin.fleet.forms import GroupForm
from flinkey_admin.fleet.tables import table
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import Group
from flinkey_admin.operations.models import Operation, State
from flinkey_admin.operations.services import by_nonce, items, nonce_of
from flinkey_admin.operations.views import review
from flinkey_admin.web.fragments import page_or_fragment
from flinkey_admin.web.names import natural
from flinkey_admin.web.templatetags.kinds import counted


def select_all(request: ManagerRequest, group_id: int, kind: Kind) -> HttpResponse:
    """Freezes everything that matches the filter, so that what was counted is what is changed."""
    if request.method != "POST":
        # Back from a sign-in in between: the filter is still in the address.
        return redirect(f"{group_url(group_id, kind)}?{request.GET.urlencode()}")
    shown = services.read_group(request.manager, group_id, kind)
    found = table(request, kind, shown.rows)
    selection = services.freeze(request.manager, kind, [row.id for row in found.matching])
    query = request.GET.copy()
    query["selection"] = str(selection.pk)
    return redirect(f"{group_url(group_id, kind)}?{query.urlencode()}")


def group_url(group_id: int, kind: Kind = Kind.CARS) -> str:
    return reverse("fleet:group_members", args=[group_id, kind])


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def ids_of(request: ManagerRequest, kind: Kind, form: Mapping[str, Any]) -> list[int]:
    """The ids that were ticked, in their order and once each; a frozen selection counts as its ids."""
    ticked = form.getlist("id") if isinstance(form, QueryDict) else []
    listed = [int(value) for value in ticked if _is_id(value)]
    if key := form.get("selection"):
        listed = [*services.frozen(request.manager, kind, key), *listed]
    return list(dict.fromkeys(listed))


def _nothing_ticked(request: ManagerRequest, group_id: int, kind: Kind) -> HttpResponse:
    messages.error(request, _("Nothing was ticked. Tick what you want to change, then choose what to do with it."))
    return redirect(group_url(group_id, kind))


def _review(request: ManagerRequest, group_id: int, kind: Kind, plan: Callable[[], Operation]) -> HttpResponse:
    """The review of a plan; when there is nothing to do, says so and goes back."""
    try:
        return review(request, plan())
    except services.NothingToDo as nothing:
        names = ", ".join(nothing.left_out[:5])
        messages.info(
            request, _("There is nothing to do: already so, or no longer there (%(names)s).") % {"names": names}
        )
        return redirect(group_url(group_id, kind))


def remove(request: ManagerRequest, group_id: int, kind: Kind) -> HttpResponse:
    """Out of this group."""
    ids = ids_of(request, kind, typed(request) or {})
    if not ids:
        return _nothing_ticked(request, group_id, kind)
    return _review(request, group_id, kind, lambda: services.plan_remove(request.manager, kind, ids, group_id))


def move(request: ManagerRequest, group_id: int, kind: Kind) -> HttpResponse:
    """Out of this group into another: first where to, then the review."""
    return _to_another(
        request,
        group_id,
        kind,
        "move",
        lambda ids, to: services.plan_move(request.manager, kind, ids, group_id, to),
    )


def also(request: ManagerRequest, group_id: int, kind: Kind) -> HttpResponse:
    """Into another group, staying in this one too."""
    return _to_another(
        request, group_id, kind, "also", lambda ids, to: services.plan_add(request.manager, kind, ids, to)
    )


def _to_another(
    request: ManagerRequest,
    group_id: int,
    kind: Kind,
    action: str,
    plan: Callable[[list[int], int], Operation],
) -> HttpResponse:
    form: Mapping[str, Any] = typed(request) or {}
    ids, to = ids_of(request, kind, form), form.get("to", "")
    if not ids:
        return _nothing_ticked(request, group_id, kind)
    if _is_id(to) and int(to) != group_id:
        return _review(request, group_id, kind, lambda: plan(ids, int(to)))
    error = ""
    if to:
        error = _("Choose another group than the one they are in.")
    elif "choosing" in form:
        error = _("Choose a group.")
    return _choose(request, group_id, kind, action, ids, error)


def _choose(
    request: ManagerRequest, group_id: int, kind: Kind, action: str, ids: list[int], error: str
) -> HttpResponse:
    """Where to?"""
    groups = services.list_groups(request.manager)
    context = {
        "section": "groups",
        "group": services.get_group(groups, group_id),
        "others": sorted((one for one in groups if one.id != group_id), key=lambda one: natural(one.name)),
        "kind": kind,
        "action": action,
        "ids": ids,
        "things": counted(len(ids), kind),
        "error": error,
    }
    return render(request, "fleet/choose_group.html", context, status=422 if error else 200)


def add(request: ManagerRequest, group_id: int, kind: Kind) -> HttpResponse:
    """Into this group, picked from everything the customer has."""
    ids = ids_of(request, kind, typed(request) or {})
    if ids:
        return _review(request, group_id, kind, lambda: services.plan_add(request.manager, kind, ids, group_id))
    group, rows = services.read_picker(request.manager, group_id, kind)
    context = {
        "section": "groups",
        "group": group,
        "kind": kind,
        "table": table(request, kind, rows),
        "chosen": set(),
        "error": _("Nothing was ticked.") if request.method == "POST" else "",
        "search_url": request.path,
    }
    return page_or_fragment(request, "fleet/add_members.html", "fleet/_picker.html", context)


def group_new(request: ManagerRequest) -> HttpResponse:
    """Create a group."""
    form = GroupForm(typed(request))
    if request.method != "POST":
        return _form_page(request, form, {"section": "groups"})
    nonce, name = nonce_of(request.POST), request.POST.get("name", "").strip()
    operation = by_nonce(request.manager, nonce, name=name)
    if operation is None:
        form.groups = services.list_groups(request.manager)
        if not form.is_valid():
            return _form_page(request, form, {"section": "groups"})
        operation = services.create_group(request.manager, name, nonce)
    if operation.state != State.CONFIRMED:
        return _not_done(request, operation, form, {"section": "groups"})
    messages.success(request, _("The group %(name)s is there.") % operation.facts)
    return redirect("fleet:group_detail", operation.steps.get().group_id)


def _form_page(request: ManagerRequest, form: GroupForm, context: dict[str, object]) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    return render(request, "fleet/group_form.html", {"form": form, **context}, status=status)


def _not_done(
    request: ManagerRequest, operation: Operation, form: GroupForm, context: dict[str, object]
) -> HttpResponse:
    """A refusal goes back into the form, with its words; whatever is still open has a page of its own."""
    if operation.state != State.REFUSED:
        return redirect("operations:detail", operation.pk)
    form.add_error("name", items(operation)[0].text)
    return _form_page(request, form, context)


def group_rename(request: ManagerRequest, group_id: int) -> HttpResponse:
    """Rename a group."""
    groups = services.list_groups(request.manager)
    group = services.get_group(groups, group_id)
    form = GroupForm(typed(request), initial={"name": group.name}, groups=groups, but=group_id)
    context: dict[str, object] = {"section": "groups", "group": group}
    if request.method != "POST" or not form.is_valid():
        return _form_page(request, form, context)
    name = form.cleaned_data["name"]
    if name != group.name:
        operation = services.rename_group(request.manager, group, name, nonce_of(request.POST))
        if operation.state != State.CONFIRMED:
            return _not_done(request, operation, form, context)
        messages.success(request, _("%(from)s is now called %(name)s.") % operation.facts)
    return redirect("fleet:group_detail", group_id)


def group_delete(request: ManagerRequest, group_id: int) -> HttpResponse:
    """Delete a group: only an empty one can be, so the page says what is in it and leads there."""
    nonce = nonce_of(request.POST)
    operation = by_nonce(request.manager, nonce)
    if operation is None:
        groups = services.list_groups(request.manager)
        group = services.get_group(groups, group_id)
        if request.method != "POST":
            return _delete_page(request, group, "")
        operation = services.delete_group(request.manager, group, nonce)
        if operation.state == State.REFUSED:
            return _delete_page(request, group, items(operation)[0].text)
    if operation.state != State.CONFIRMED:
        return redirect("operations:detail", operation.pk)
    messages.success(request, _("The group %(name)s is deleted.") % operation.facts)
    return redirect("fleet:group_list")


def _delete_page(request: ManagerRequest, group: Group, error: str) -> HttpResponse:
    counts = services.member_counts(request.manager, [group])[group.id]
    inside = [(kind, count) for kind, count in counts.items() if count]
    context = {"section": "groups", "group": group, "inside": inside, "error": error}
    return render(request, "fleet/group_delete.html", context, status=409 if error else 200)
