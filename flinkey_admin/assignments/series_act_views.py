"""The forms that end a series, take a day out of it, give it other times or one more person. Each leads to a review."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.accounts.stash import typed
from flinkey_admin.assignments import against, series_acts, series_windows, services
from flinkey_admin.assignments.models import Series
from flinkey_admin.assignments.series_act_forms import DayForm, PersonForm, SinceForm, TimesForm
from flinkey_admin.assignments.series_plans import Nothing
from flinkey_admin.assignments.series_views import get_series
from flinkey_admin.operations.models import Operation
from flinkey_admin.operations.services import nonce_of


def series_end(request: ManagerRequest, series_id: int) -> HttpResponse:
    """End all that is left of it from a day on."""
    scope, series = request.manager, get_series(request.manager, series_id)
    form = SinceForm(typed(request))
    words = (
        _("End the rest"),
        _("What is to come is removed, and what is running just now ends. A night belongs to the day it begins on."),
    )

    def act() -> Operation:
        since = form.cleaned_data["since"]
        return series_acts.end(scope, series, lambda day: day >= since, nonce_of(request.POST))

    return _page(request, series, form, words, act)


def series_out(request: ManagerRequest, series_id: int) -> HttpResponse:
    """Take one day out of it."""
    scope, series = request.manager, get_series(request.manager, series_id)
    left = {series_acts.day_of(row.record()) for row in series_windows.live(scope, series)}
    form = DayForm(typed(request), days=sorted(left))
    words = (
        _("Take a day out"),
        _("All its accesses that begin on this day are removed, those of the night after it too."),
    )

    def act() -> Operation:
        out = form.cleaned_data["day"]
        return series_acts.end(scope, series, lambda day: day == out, nonce_of(request.POST))

    return _page(request, series, form, words, act)


def series_add(request: ManagerRequest, series_id: int) -> HttpResponse:
    """Give one person more what is left of it."""
    scope, series = request.manager, get_series(request.manager, series_id)
    services.open_form(scope)
    form = PersonForm(typed(request), scope=scope)
    words = (_("Add a person"), _("The same cars at the same times as are left of the series, from a day on."))

    def act() -> Operation:
        data = form.cleaned_data
        return series_acts.add(scope, series, data["user"], data["since"], data["clash"], nonce_of(request.POST))

    return _page(request, series, form, words, act)


def series_change(request: ManagerRequest, series_id: int) -> HttpResponse:
    """Give what is left of it other times."""
    scope, series = request.manager, get_series(request.manager, series_id)
    rule, _before = series_windows.rule_now(scope, series)
    form = TimesForm(typed(request), initial={"begins": rule.begins, "ends": rule.ends})
    words = (_("Change the times"), _("What has begun already keeps its times."))

    def act() -> Operation:
        data = form.cleaned_data
        times = series_acts.Times(data["since"], data["begins"], data["ends"], data["clash"])
        return series_acts.change(scope, series, times, nonce_of(request.POST))

    return _page(request, series, form, words, act)


def _page(
    request: ManagerRequest, series: Series, form: forms.Form, words: tuple[str, str], act: Callable[[], Operation]
) -> HttpResponse:
    """The form, or the review that it leads to. `words`: what it is called, and what it does."""
    services.open_form(request.manager)
    title, lead = words
    context: dict[str, Any] = {"section": "series", "series": series, "form": form, "title": title, "lead": lead}
    if request.method == "POST" and form.is_valid():
        with against.told(form, context):
            try:
                return redirect("operations:detail", act().pk)
            except Nothing as nothing:
                form.add_error(None, _("None of its accesses would be concerned."))
                context["left_out"] = nothing.left_out
    status = 422 if request.method == "POST" else 200
    return render(request, "assignments/series_act.html", context, status=status)
