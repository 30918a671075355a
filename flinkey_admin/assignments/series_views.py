"""The pages of series: plan one, see them all, see one with its windows."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.accounts.stash import typed
from flinkey_admin.assignments import many_forms, series, series_forms, series_plans, series_windows
from flinkey_admin.assignments.models import Series
from flinkey_admin.assignments.series import Rule, Stretch
from flinkey_admin.assignments.series_forms import SeriesForm
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import lists, reading
from flinkey_admin.operations.services import nonce_of
from flinkey_admin.web.converters import id_of

PAGE = 50


def get_series(scope: Scope, series_id: int) -> Series:
    """One series of this customer. Raises Http404."""
    found: Series | None = scoped(Series.objects.select_related("person"), scope).filter(pk=series_id).first()
    if found is None:
        raise Http404(_("There is no such series. It may belong to another customer."))
    return found


def series_new(request: ManagerRequest) -> HttpResponse:
    """The form of a new series. `?use=` takes what an earlier one says, `?car=` and `?user=` what a link names."""
    scope = request.manager
    names = [lists.CATALOG[Kind.CARS], lists.CATALOG[Kind.USERS], lists.GROUPS]
    reading.open_copy(scope, reading.Wanted(names))
    used = id_of(request.GET.get("use"))
    initial = series_forms.again(scope, get_series(scope, used)) if used else {}
    initial |= many_forms.from_address(scope, request.GET)
    form = SeriesForm(typed(request), scope=scope, initial=initial)
    context: dict[str, Any] = {"section": "series", "form": form}
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("operations:detail", series_plans.give(scope, form.wish(), nonce_of(request.POST)).pk)
        except series_plans.Nothing as nothing:
            form.add_error(None, _("No access would be left to give."))
            context["left_out"] = nothing.left_out
    status = 422 if request.method == "POST" else 200
    return render(request, "assignments/series_new.html", context, status=status)


@require_safe
def series_list(request: ManagerRequest) -> HttpResponse:
    """All series that somebody has said yes to, the newest first."""
    page = Paginator(series_windows.started(request.manager), PAGE).get_page(request.GET.get("page"))
    changed = series_windows.with_other_times(page)
    rows = [{"series": one, "rule": rule_text(Rule.of(one.rule)), "is_changed": one.pk in changed} for one in page]
    context = {"section": "series", "page": page, "rows": rows}
    return render(request, "assignments/series_list.html", context)


@require_safe
def series_detail(request: ManagerRequest, series_id: int) -> HttpResponse:
    """One series with its windows. A plan that nobody has said yes to is its form, filled in."""
    scope = request.manager
    found = get_series(scope, series_id)
    if not found.operations.filter(started_at__isnull=False).exists():
        return redirect(f"{reverse('assignments:series_new')}?use={found.pk}")
    rows = series_windows.rows(scope, found, is_past="past" in request.GET)
    rule, before = series_windows.rule_now(scope, found)
    context = {
        "section": "series",
        "series": found,
        "rule": rule_text(rule),
        "before": [before_text(one) for one in before],
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "is_past": "past" in request.GET,
        "base_query": "past" if "past" in request.GET else "",
        "is_over": not series_windows.live(scope, found).exists(),
        "changes": series_windows.changes(found),
    }
    return render(request, "assignments/series_detail.html", context)


def rule_text(rule: Rule) -> str:
    """A rule in a line: Mon, Tue 22:00 to 06:00, 1 December to 30 June, every other week, not on 2 days."""
    days = ", ".join(str(WEEKDAYS_ABBR[day]) for day in sorted(rule.weekdays))
    words = {
        "days": _("daily") if rule.weekdays == series.ALL_DAYS else days,
        "begins": time_format(rule.begins),
        "ends": time_format(rule.ends),
        "first": date_format(rule.first, "DATE_FORMAT"),
        "last": date_format(rule.last, "DATE_FORMAT"),
    }
    parts = [_("%(days)s %(begins)s to %(ends)s"), _("%(first)s to %(last)s")]
    if rule.every > 1:
        parts.append(str(dict(series_forms.WEEKS)[rule.every]))
    if rule.but:
        parts.append(
            ngettext("not on %(count)s day", "not on %(count)s days", len(rule.but)) % {"count": len(rule.but)}
        )
    return ", ".join(part % words for part in parts)


def before_text(stretch: Stretch) -> str:
    """The times of day that a series had before the present ones."""
    words = {
        "begins": time_format(stretch.times.begins),
        "ends": time_format(stretch.times.ends),
        "day": date_format(stretch.last, "DATE_FORMAT"),
    }
    text = _("until %(day)s %(begins)s to %(ends)s") if stretch.is_kept else _("planned with %(begins)s to %(ends)s")
    return text % words
