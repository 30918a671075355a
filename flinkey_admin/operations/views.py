"""Reviews, receipts and the history of changes."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.accounts.scoping import client_for, live_scope, signed_out
from flinkey_admin.operations import (
    confirmation,
    endings,
    history,
    journal,
    receipts,
    services,
    signals,
    things,
    titles,
    truth,
    undo,
)
from flinkey_admin.operations.calls import WINDOW_VERBS
from flinkey_admin.operations.models import Hold, Operation
from flinkey_admin.web import sentences
from flinkey_admin.web.redirects import safe_next
from flinkey_admin.web.sheets import csv_file

PAGE = 50


@require_safe
def operation_list(request: ManagerRequest) -> HttpResponse:
    """What was done, by whom, and what became of it."""
    scope, filters = request.manager, history.Filters.of(request.GET.dict())
    page = Paginator(history.entries(scope, filters), PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "page": page,
        "events": history.events(scope, list(page)),
        "filters": filters,
        "people": history.people(scope),
        "states": [(key, words) for key, (words, _where) in history.STATES.items()],
        "what": [(key, words) for key, (words, _kinds) in history.WHAT.items()],
        "base_query": query.urlencode(),
        "section": "operations",
    }
    return render(request, "operations/operation_list.html", context)


@require_safe
def operation_detail(request: ManagerRequest, operation_id: int) -> HttpResponse:
    """The review while nothing was sent, the receipt from then on."""
    operation = services.get_operation(request.manager, operation_id)
    if operation.started_at is None:
        return review(request, operation)
    if operation.hold == Hold.SIGNED_OUT and not live_scope(operation.person, operation.customer):
        raise signed_out()  # whoever looks at it is the one to sign in; then it goes on by itself
    open_windows = list(operation.steps.filter(next_check_at__isnull=False, settled_at=None))
    confirmation.check_overdue(request.manager, open_windows)
    operation.refresh_from_db()
    return receipts.answer(request, operation)


def review(request: ManagerRequest, operation: Operation, changed: Sequence[str] = ()) -> HttpResponse:
    """What is about to happen to which named thing. Nothing has been sent yet.

    changed: what is no longer so since the plan was made; the next yes is one to that as well.
    """
    found = things.items(operation)
    offers = endings.offers(operation, request.POST)
    calls = operation.steps.count() + (offers.count if offers and offers.at_once else 0)
    warnings = _warnings(operation)
    context = {
        "operation": operation,
        "title": titles.title(operation),
        "items": found,
        "calls": calls,
        "minutes": services.minutes(calls),
        "others": journal.in_the_way(operation),
        "undo": services.undo_text(operation),
        "warnings": warnings,
        "warned": receipts.mark_of(warnings),
        "offers": offers,
        "changed": changed,
        "seen": receipts.mark_of(list(changed)) if changed else "",
        "back": receipts.back(operation.facts),
        "section": _section(operation),
        **receipts.window_facts(operation.facts),
    }
    page = "operations/review_kinds.html" if len({item.kind for item in found}) > 1 else "operations/review.html"
    return render(request, page, context, status=409 if changed else 200)


def _section(operation: Operation) -> str:
    """The place in the menu that a plan belongs to."""
    if operation.facts.get("series_id"):
        return "series"
    if operation.facts.get("act") == "end-all":
        return "users" if "user_id" in operation.facts else "cars"
    return "timeline" if operation.kind.endswith("-access") else "groups"


def _warnings(operation: Operation) -> list[str]:
    """What those who know the fleet have to say about a plan."""
    answers: Any = signals.warnings.send(sender=None, operation=operation)
    return [text for _receiver, texts in answers for text in texts]


def operation_run(request: ManagerRequest, operation_id: int) -> HttpResponse:
    """The yes to a review, and *Finish* on a receipt. Pressed twice, the second finds it under way or done."""
    operation = services.get_operation(request.manager, operation_id)
    if request.method == "POST":
        if seconds := services.must_wait(operation):
            messages.warning(request, sentences.busy(seconds))
        elif operation.started_at is None:
            return _said_yes(request, operation)
        elif services.can_finish(operation):
            services.finish(request.manager, operation)
    return redirect("operations:detail", operation.pk)


def _said_yes(request: ManagerRequest, operation: Operation) -> HttpResponse:
    """Begins a plan, unless it is no longer what the page has shown: then it is shown as it is now."""
    journal.set_reason(operation, request.POST.get("reason", ""))
    chosen = endings.choose(request.manager, operation, request.POST)
    changed = [*truth.changes(request.manager, operation), *chosen.changed]
    if not operation.steps.exists() and not operation.facts.get("endings"):
        return _nothing_left(request, operation, changed)
    if changed and request.POST.get("seen") != receipts.mark_of(changed):
        return review(request, operation, changed)
    if request.POST.get("warned", warned := receipts.mark_of(_warnings(operation))) != warned:
        return review(request, operation, [_("What to know about it is no longer the same: see below.")])
    if operation.facts.get("at_once") and not chosen.steps:
        messages.info(request, _("All access has ended already."))
        return redirect(receipts.back(operation.facts)[0])
    return _started(request, operation, chosen)


def _nothing_left(request: ManagerRequest, operation: Operation, changed: Sequence[str]) -> HttpResponse:
    reasons = {"reasons": "; ".join(changed[:5])}
    messages.warning(request, _("Nothing of it is left to do: %(reasons)s.") % reasons)
    return redirect(receipts.back(operation.facts)[0])


def _started(request: ManagerRequest, operation: Operation, chosen: endings.Chosen) -> HttpResponse:
    """Begins what was planned. When somebody changes one of its windows just now, it stays a plan."""
    try:
        services.start(request.manager, operation, chosen)
    except journal.WindowBusy as busy:
        return _busy(request, busy)
    except services.WentOn:
        origin = operation.undoes
        if origin is None or not undo.can(origin):
            messages.warning(request, _("What you want to undo is going on just now. Undo it once it has stopped."))
            return redirect("operations:detail", operation.undoes_id)
        messages.warning(request, _("Meanwhile more of it was done. This is what there is to undo now."))
        return _undo(request, origin)
    return redirect("operations:detail", operation.pk)


def _busy(request: ManagerRequest, busy: journal.WindowBusy) -> HttpResponse:
    messages.warning(request, _("Another change of this access is still open. Wait until it is done."))
    return redirect("operations:detail", busy.operation.pk)


@require_safe
def operation_csv(request: ManagerRequest, operation_id: int) -> HttpResponse:
    """The receipt as a table for a spreadsheet."""
    operation = services.get_operation(request.manager, operation_id)
    name = f"change-{operation.pk}.csv"
    when = timezone.localtime(operation.started_at).isoformat(timespec="seconds") if operation.started_at else ""
    head = [_("What"), _("Number"), _("Result"), _("Why"), _("By"), _("When")]
    rows = [
        [item.label, item.thing_id or "", item.word, item.text, operation.person.email, when]
        for item in things.items(operation)
    ]
    return csv_file(name, head, rows)


def operation_wish(request: ManagerRequest, operation_id: int, what: str) -> HttpResponse:
    """*Pause* and *Stop* on a change that is under way or waits: the things at hand are still done."""
    operation = services.get_operation(request.manager, operation_id)
    if request.method == "POST" and operation.started_at and services.is_on_its_way(operation):
        journal.wish(operation, what)
    return redirect("operations:detail", operation.pk)


def operation_back(request: ManagerRequest, operation_id: int) -> HttpResponse:
    """*Undo*: the review of what takes the done part of a change back."""
    operation = services.get_operation(request.manager, operation_id)
    if request.method == "POST" and undo.can(operation):
        return _undo(request, operation)
    return redirect("operations:detail", operation.pk)


def _undo(request: ManagerRequest, operation: Operation) -> HttpResponse:
    try:
        return review(request, undo.plan(request.manager, operation))
    except undo.Overtaken as overtaken:
        reasons = "; ".join(overtaken.left_out[:5])
        messages.warning(request, _("Nothing of it can be undone any more: %(reasons)s.") % {"reasons": reasons})
    except journal.WindowBusy as busy:
        return _busy(request, busy)
    return redirect("operations:detail", operation.pk)


def operation_check(request: ManagerRequest, operation_id: int) -> HttpResponse:
    """*Check now*: reads back at once what is not confirmed yet."""
    operation = services.get_operation(request.manager, operation_id)
    client = client_for(request.manager)
    if request.method == "POST" and client:
        for step in operation.steps.filter(state__in=confirmation.OPEN, verb__in=WINDOW_VERBS):
            confirmation.check_now(step, client)
    return redirect(safe_next(request, reverse("operations:detail", args=[operation.pk])))


def operation_close(request: ManagerRequest, operation_id: int) -> HttpResponse:
    """*Leave it as it is*: a person has looked, and what is not done by now will not be."""
    operation = services.get_operation(request.manager, operation_id)
    if request.method == "POST" and operation.lease_until is None:
        journal.close(operation)
    return redirect("operations:detail", operation.pk)
