"""The small page on which a company says whether a car, or the cars of a group, are shared."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.accounts.stash import typed
from flinkey_admin.assignments import sharing
from flinkey_admin.assignments.models import Sharing
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import lists, reading
from flinkey_admin.mirror.models import Group, Member
from flinkey_admin.mirror.queries import live, things
from flinkey_admin.web.names import label_of
from flinkey_admin.web.sentences import MISSING


def car_sharing(request: ManagerRequest, car_id: int) -> HttpResponse:
    """Shared or exclusive, for one car."""
    reading.open_copy(request.manager, reading.Wanted([lists.CATALOG[Kind.CARS], lists.GROUPS]))
    car: Member | None = things(Kind.CARS, request.manager).filter(flinkey_id=car_id).first()
    if car is None:
        raise Http404(str(MISSING["car"]))
    back = reverse("fleet:car_detail", args=[car_id])
    return _sharing(request, Sharing.Kind.CARS, car_id, {"name": label_of(car.record()), "back": back})


def group_sharing(request: ManagerRequest, group_id: int) -> HttpResponse:
    """Shared or exclusive, for the cars of a group."""
    reading.open_copy(request.manager, reading.Wanted([lists.GROUPS]))
    group = live(Group, request.manager).filter(flinkey_id=group_id).first()
    if group is None:
        raise Http404(str(MISSING["group"]))
    back = reverse("fleet:group_detail", args=[group_id])
    return _sharing(request, Sharing.Kind.GROUPS, group_id, {"name": group.name, "back": back})


def _sharing(request: ManagerRequest, kind: Sharing.Kind, flinkey_id: int, context: dict[str, Any]) -> HttpResponse:
    scope, form = request.manager, typed(request)
    if request.method == "POST":
        sharing.decide(scope, kind, flinkey_id, request.POST.get("sharing", ""))
        messages.success(request, _("Saved. It counts from the next access that somebody gives or changes."))
        return redirect(context["back"])
    is_car = kind == Sharing.Kind.CARS
    chosen = form.get("sharing") if form else sharing.decided(scope, kind, flinkey_id)
    context |= {"section": "cars" if is_car else "groups", "is_car": is_car, "chosen": chosen}
    context["choices"] = [
        ("", _("As its groups say") if is_car else _("Not decided here"), _("Without any word it is one at a time.")),
        ("exclusive", _("One at a time"), _("An access that overlaps another one needs a yes.")),
        ("shared", _("Shared"), _("Overlaps are named and need no yes: a workshop car, a team's van.")),
    ]
    return render(request, "assignments/sharing.html", context)
