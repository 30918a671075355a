"""The same time for several people or several cars: one form, one review, one change."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.accounts.stash import typed
from flinkey_admin.assignments import against, many_forms, questions, series_plans, sharing
from flinkey_admin.assignments.called import names
from flinkey_admin.assignments.conflicts import Span
from flinkey_admin.assignments.many_forms import SeveralForm
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.fields import optional_written, written
from flinkey_admin.mirror import lists, reading
from flinkey_admin.operations import journal
from flinkey_admin.operations import services as operations
from flinkey_admin.operations.models import Operation
from flinkey_admin.operations.services import nonce_of


def several_new(request: ManagerRequest) -> HttpResponse:
    """The form; `?car=` and `?user=`, each as often as need be, fill in who and what."""
    scope = request.manager
    reading.open_copy(scope, reading.Wanted([lists.CATALOG[Kind.CARS], lists.CATALOG[Kind.USERS], lists.GROUPS]))
    form = SeveralForm(typed(request), scope=scope, initial=many_forms.from_address(scope, request.GET))
    context: dict[str, Any] = {"section": "timeline", "form": form, "said": request.POST.getlist("yes")}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        with against.told(form, context):
            questions.require(scope, questions.Wanted(start=data["start"], end=data["end"]), context["said"])
            try:
                return redirect("operations:detail", plan(scope, form, nonce_of(request.POST)).pk)
            except series_plans.Nothing as nothing:
                form.add_error(None, _("No access would be left to give."))
                context["left_out"] = nothing.left_out
    status = 422 if request.method == "POST" else 200
    return render(request, "assignments/several_new.html", context, status=status)


def several_ticked(request: ManagerRequest, kind: Kind, ids_of: Any) -> HttpResponse:
    """From the ticked rows of a list to the form. ids_of: how the lists read what was ticked."""
    back = reverse(f"fleet:{kind.singular}_list")
    if request.method != "POST":
        return redirect(back)
    ticked = ids_of(request, kind, request.POST)
    if not ticked:
        messages.error(request, _("Nothing was ticked. Tick what you want to change, then choose what to do with it."))
        return redirect(back)
    if len(ticked) > many_forms.LINES:
        messages.error(
            request, _("At most %(count)s at once. Tick fewer, or choose a group.") % {"count": many_forms.LINES}
        )
        return redirect(back)
    query = urlencode({kind.singular: ticked}, doseq=True)
    return redirect(f"{reverse('assignments:several_new')}?{query}")


def plan(scope: Scope, form: SeveralForm, nonce: uuid.UUID) -> Operation:
    """The plan of what the valid form asks for. Raises Nothing, and the client's errors."""
    data = form.cleaned_data
    span, cars, users = Span(data["start"], data["end"]), data["cars"], data["users"]
    draft = series_plans.windows(scope, [(span, car) for car in cars], users, data["clash"])
    notes = [*series_plans.frozen(form.from_groups), *_together(scope, cars, users), *draft.notes]
    facts = {"act": "several", "clash": data["clash"], **_sides(scope, cars, users), **draft.facts(), "notes": notes}
    facts |= {"start": written(span.start), "end": optional_written(span.end)}
    if again := operations.by_nonce(scope, nonce, **facts):
        return again
    return journal.plan(scope, Operation.Kind.GIVE_ACCESS, facts, draft.steps, nonce=nonce)


def _sides(scope: Scope, cars: list[int], users: list[int]) -> dict[str, Any]:
    """What the title says: a name where there is one, else a number. The page to go back to is that of the only one."""
    one = names(scope, cars[0], users[0])
    facts: dict[str, Any] = {"cars": len(cars), "users": len(users)}
    facts |= {"car": one["car"], "car_id": cars[0]} if len(cars) == 1 else {}
    return facts | ({"user": one["user"], "user_id": users[0]} if len(users) == 1 else {})


def _together(scope: Scope, cars: list[int], users: list[int]) -> list[str]:
    """That several people get the same car at the same time, unless it is shared anyhow."""
    if len(users) < 2 or all(sharing.policy(scope, car).is_shared for car in cars):
        return []
    text = ngettext(
        "%(count)s people may open the car at the same time.",
        "%(count)s people may open each car at the same time.",
        len(cars),
    )
    return [text % {"count": len(users)}]
