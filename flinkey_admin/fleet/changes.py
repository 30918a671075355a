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
from flinkey_admin.fleet import filters, services
from flinkey_admin.fleet.forms import GroupForm
from flinkey_admin.fleet.tables import ids, table
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import Group
from flinkey_admin.mirror import lists
from flinkey_admin.mirror.pages import Shown, show
from flinkey_admin.mirror.queries import things
from flinkey_admin.mirror.reading import Copy, Wanted, open_copy
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.operations.services import by_nonce, nonce_of
from flinkey_admin.operations.things import items
from flinkey_admin.operations.views import review
from flinkey_admin.web.converters import id_of
from flinkey_admin.web.templatetags.kinds import counted
from flinkey_admin.web.templatetags.times import clock

OUT = "out"  # of a group, and into no other one


def select_all(request: ManagerRequest, kind: Kind, group_id: int | None = None) -> HttpResponse:
    """Freezes everything that matches the filter, so that what was counted is what is changed."""
    back = list_url(kind, group_id)
    if request.method != "POST":
        # Back from a sign-in in between: the filter is still in the address.
        return redirect(f"{back}?{request.GET.urlencode()}")
    names = [lists.CATALOG[kind]] if group_id is None else [lists.GROUPS, lists.members(group_id, kind)]
    scope, asked = request.manager, request.GET
    copy = open_copy(scope, filters.wanted(scope, kind, asked, names, filters.group_of(scope, asked)))
    found = table(request, scope, kind, _rows(request, kind, group_id), copy, plain=True)
    selection = services.freeze(scope, kind, ids(found))
    query = request.GET.copy()
    query["selection"] = str(selection.pk)
    return redirect(f"{back}?{query.urlencode()}")


def _rows(request: ManagerRequest, kind: Kind, group_id: int | None) -> Any:
    rows = things(kind, request.manager)
    return rows if group_id is None else filters.in_group(rows, request.manager, kind, group_id)


def list_url(kind: Kind = Kind.CARS, group_id: int | None = None) -> str:
    """The list that something was ticked in: that of a group, or of all the customer has."""
    if group_id is None:
        return reverse(f"fleet:{kind.singular}_list")
    return reverse("fleet:group_members", args=[group_id, kind])


def ids_of(request: ManagerRequest, kind: Kind, form: Mapping[str, Any]) -> list[int]:
    """The ids that were ticked, in their order and once each; a frozen selection counts as its ids."""
    ticked = form.getlist("id") if isinstance(form, QueryDict) else []
    listed = [number for value in ticked if (number := id_of(value))]
    if key := form.get("selection"):
        listed = [*services.frozen(request.manager, kind, key), *listed]
    return list(dict.fromkeys(listed))


def _nothing_ticked(request: ManagerRequest, kind: Kind, group_id: int | None) -> HttpResponse:
    messages.error(request, _("Nothing was ticked. Tick what you want to change, then choose what to do with it."))
    return redirect(list_url(kind, group_id))


def _review(request: ManagerRequest, kind: Kind, group_id: int | None, plan: Callable[[], Operation]) -> HttpResponse:
    """The review of a plan; when there is nothing to do, says so and goes back."""
    try:
        return review(request, plan())
    except services.NothingToDo as nothing:
        names = ", ".join(nothing.left_out[:5])
        messages.info(
            request, _("There is nothing to do: already so, or no longer there (%(names)s).") % {"names": names}
        )
        return redirect(list_url(kind, group_id))


def remove(request: ManagerRequest, kind: Kind, group_id: int | None = None) -> HttpResponse:
    """Out of this group; from the list of all, out of whatever groups they are in."""
    scope, ticked = request.manager, ids_of(request, kind, typed(request) or {})
    if not ticked:
        return _nothing_ticked(request, kind, group_id)
    groups = services.groups_of(scope, kind, ticked) if group_id is None else [group_id]
    return _review(request, kind, group_id, lambda: services.plan_remove(scope, kind, ticked, groups))


def move(request: ManagerRequest, kind: Kind, group_id: int | None = None) -> HttpResponse:
    """Out of this group into another; from the list of all, out of all their groups. Then comes the review."""

    def plan(ticked: list[int], to: int) -> Operation:
        if group_id is None:
            return services.plan_gather(request.manager, kind, ticked, to)
        return services.plan_move(request.manager, kind, ticked, group_id, to)

    return _to_another(request, kind, group_id, "move", plan)


def also(request: ManagerRequest, kind: Kind, group_id: int | None = None) -> HttpResponse:
    """Into another group, staying where they are."""
    return _to_another(
        request, kind, group_id, "also", lambda ticked, to: services.plan_add(request.manager, kind, ticked, to)
    )


def _to_another(
    request: ManagerRequest,
    kind: Kind,
    group_id: int | None,
    action: str,
    plan: Callable[[list[int], int], Operation],
) -> HttpResponse:
    form: Mapping[str, Any] = typed(request) or {}
    ticked, to = ids_of(request, kind, form), id_of(form.get("to"))
    if not ticked:
        return _nothing_ticked(request, kind, group_id)
    if to and to != group_id:
        return _review(request, kind, group_id, lambda: plan(ticked, to))
    error = ""
    if to:
        error = _("Choose another group than the one they are in.")
    elif "choosing" in form or form.get("to"):
        error = _("Choose a group.")
    return _choose(request, kind, group_id, action, ticked, error)


def _choose(
    request: ManagerRequest, kind: Kind, group_id: int | None, action: str, ticked: list[int], error: str
) -> HttpResponse:
    """Where to?"""
    groups = services.list_groups(request.manager)
    context = {
        "section": str(kind) if group_id is None else "groups",
        "group": None if group_id is None else services.get_group(request.manager, group_id),
        "others": [one for one in groups if one.id != group_id],
        "kind": kind,
        "action": action,
        "ids": ticked,
        "things": counted(len(ticked), kind),
        "error": error,
        "back": list_url(kind, group_id),
        "send_to": request.path,
    }
    return render(request, "fleet/choose_group.html", context, status=422 if error else 200)


def add(request: ManagerRequest, group_id: int, kind: Kind) -> HttpResponse:
    """Into this group, picked from everything the customer has."""
    scope, ticked = request.manager, ids_of(request, kind, typed(request) or {})
    if ticked:
        return _review(request, kind, group_id, lambda: services.plan_add(scope, kind, ticked, group_id))

    def build(copy: Copy) -> Shown:
        everything = things(kind, scope)
        inside = filters.in_group(everything, scope, kind, group_id).values("flinkey_id")
        context = {
            "section": "groups",
            "group": services.get_group(scope, group_id),
            "kind": kind,
            "table": table(request, scope, kind, everything.exclude(flinkey_id__in=inside), copy, plain=True),
            "error": _("Nothing was ticked.") if request.method == "POST" else "",
            "search_url": request.path,
        }
        return Shown(context)

    wanted = Wanted([lists.GROUPS, lists.members(group_id, kind), lists.CATALOG[kind]])
    return show(request, "fleet/add_members.html", {"list": "fleet/_picker.html"}, wanted, build)


def group_new(request: ManagerRequest) -> HttpResponse:
    """Create a group."""
    form = GroupForm(typed(request))
    if request.method != "POST":
        return _form_page(request, form, {"section": "groups"})
    nonce, name = nonce_of(request.POST), request.POST.get("name", "").strip()
    operation = by_nonce(request.manager, nonce, name=name)
    if operation is None:
        form.groups = services.groups_now(request.manager)
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
    groups = services.groups_now(request.manager) if request.method == "POST" else services.list_groups(request.manager)
    group = services.get_group(request.manager, group_id)
    form = GroupForm(typed(request), initial={"name": group.name}, groups=groups, but=group_id)
    context: dict[str, object] = {"section": "groups", "group": group}
    if form.is_bound and _is_renamed(form.data, group):
        form.add_error(None, _renamed_meanwhile(request, group))
    if request.method != "POST" or not form.is_valid():
        return _form_page(request, form, context)
    name = form.cleaned_data["name"]
    if name != group.name:
        operation = services.rename_group(request.manager, group, name, nonce_of(request.POST))
        if operation.state != State.CONFIRMED:
            return _not_done(request, operation, form, context)
        messages.success(request, _("%(from)s is now called %(name)s.") % operation.facts)
    return redirect("fleet:group_detail", group_id)


def _is_renamed(form: Mapping[str, Any], group: Group) -> bool:
    """Whether the group has another name than the form was made with, and not the one that is wanted anyhow."""
    was, name, now = (" ".join(text.split()) for text in (form.get("was", ""), form.get("name", ""), group.name))
    return bool(was) and now not in {was, name}


def _renamed_meanwhile(request: ManagerRequest, group: Group) -> str:
    """The new name, and who gave it where the journal knows. Whoever sends the form again does so knowingly."""
    step = services.last_done(request.manager, Verb.RENAME_GROUP, group)
    if step is None or step.args["name"] != group.name:
        text = _("Meanwhile it was renamed to %(name)s.") % {"name": group.name}
    else:
        names = _who(step) | {"name": group.name}
        text = _("Meanwhile %(person)s renamed it to %(name)s (%(when)s).") % names
    return text + " " + _("To give it your name all the same, press Rename once more.")


def _who(step: Step) -> dict[str, str]:
    when = step.settled_at or step.operation.created_at
    return {"person": step.operation.person.email, "when": clock(when)}


def group_delete(request: ManagerRequest, group_id: int) -> HttpResponse:
    """Delete a group: only an empty one can be, so the page of another one asks where to what is in it goes."""
    nonce = nonce_of(request.POST)
    operation = by_nonce(request.manager, nonce)
    if operation is None:
        services.read_groups_now(request.manager, group_id)
        group = services.get_group(request.manager, group_id)
        if request.method != "POST":
            return _delete_page(request, group)
        operation = services.delete_group(request.manager, group, nonce)
        if operation.state == State.REFUSED:
            error = f"{_filled_meanwhile(request, group)} {items(operation)[0].text}".strip()
            return _delete_page(request, group, error, 409)
    if operation.state != State.CONFIRMED:
        return redirect("operations:detail", operation.pk)
    messages.success(request, _("The group %(name)s is deleted.") % operation.facts)
    return redirect("fleet:group_list")


def _filled_meanwhile(request: ManagerRequest, group: Group) -> str:
    """The page with the button was that of an empty group: what came in since, where the journal knows."""
    if not any(services.member_counts(request.manager, [group.id])[group.id].values()):
        return ""
    step = services.last_done(request.manager, Verb.ADD, group)
    if step is None or not services.is_inside(request.manager, step):
        return _("Meanwhile something was put into this group.")
    names = _who(step) | {"thing": step.label}
    return _("Meanwhile %(person)s put %(thing)s into this group (%(when)s).") % names


def group_empty(request: ManagerRequest, group_id: int) -> HttpResponse:
    """Empty a group and delete it. The page of its deletion has asked where to what is in it goes; now the review."""
    scope, form = request.manager, typed(request)
    if form is None:
        return redirect("fleet:group_delete", group_id)
    to, come_id = form.get("to", ""), id_of(form.get("to"))
    services.read_groups_now(scope, group_id, *([come_id] if come_id else []))
    group = services.get_group(scope, group_id)
    come = next((one for one in services.list_groups(scope) if one.id == come_id != group_id), None)
    if come is None and to != OUT:
        gone = _("The group that you chose is no longer there. Choose another one.")
        return _delete_page(request, group, gone if to else _("Choose where all this shall go."), 422)
    try:
        return review(request, services.plan_empty(scope, group, come))
    except services.NothingToDo:
        return _delete_page(request, group)  # somebody else has emptied it meanwhile


def _delete_page(request: ManagerRequest, group: Group, error: str = "", status: int = 200) -> HttpResponse:
    counts = services.member_counts(request.manager, [group.id])[group.id]
    inside = [(kind, count) for kind, count in counts.items() if count]
    others = [one for one in services.list_groups(request.manager) if one.id != group.id] if inside else []
    context = {"section": "groups", "group": group, "inside": inside, "others": others, "out": OUT, "error": error}
    return render(request, "fleet/group_delete.html", context, status=status)
