"""Reviews, receipts and the history of changes."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.accounts.scoping import client_for
from flinkey_admin.flinkey.fields import instant
from flinkey_admin.operations import confirmation, journal, services, titles
from flinkey_admin.operations.calls import WINDOW_VERBS
from flinkey_admin.operations.models import Operation, State, Step
from flinkey_admin.web import sentences
from flinkey_admin.web.fragments import page_or_fragment

PAGE = 50


@require_safe
def operation_list(request: ManagerRequest) -> HttpResponse:
    """What was done, by whom, and what became of it."""
    page = Paginator(services.operations(request.manager), PAGE).get_page(request.GET.get("page"))
    rows = [(row, titles.title(row), titles.operation_word(row)) for row in page]
    return render(request, "operations/operation_list.html", {"page": page, "rows": rows, "section": "operations"})


@require_safe
def operation_detail(request: ManagerRequest, operation_id: int) -> HttpResponse:
    """The review while nothing was sent, the receipt from then on."""
    operation = services.get_operation(request.manager, operation_id)
    if operation.started_at is None:
        return review(request, operation)
    open_windows = list(operation.steps.filter(next_check_at__isnull=False, settled_at=None))
    confirmation.check_overdue(request.manager, open_windows)
    operation.refresh_from_db()
    context = receipt_context(operation)
    if request.htmx and request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=204)
    return page_or_fragment(request, "operations/operation_detail.html", "operations/_receipt.html", context)


def receipt_context(operation: Operation) -> dict[str, object]:
    """What a receipt shows. `seen` changes when any of it does, so that an unchanged poll answers 204."""
    found = services.items(operation)
    lost = list(services.lost_windows(operation))
    late = any(confirmation.is_late(step) for step in operation.steps.all())
    return {
        "section": "operations",
        "operation": operation,
        "title": titles.title(operation),
        "word": titles.operation_word(operation),
        "items": found,
        "counts": services.counts(operation, found),
        "live": operation.state in {State.SENT, State.ACCEPTED} or bool(lost),
        "can_finish": services.can_finish(operation),
        "can_put_back": services.can_put_back(operation),
        "can_close": _can_close(operation, lost, late=late),
        "lost": lost,
        "late": late,
        **_window_facts(operation.facts),
        "back": _back(operation.facts),
        "seen": "-".join([*(item.state for item in found), str(late)]).replace(" ", ""),
    }


def _can_close(operation: Operation, lost: list[Step], *, late: bool) -> bool:
    """A lost window is looked for some minutes before a person may say that it is not there."""
    return operation.lease_until is None and services.is_unfinished(operation) and (late or not lost)


def _window_facts(facts: dict[str, Any]) -> dict[str, Any]:
    """The times of a window and until when a phone may still hold its key, where a change has them."""
    times = {name: instant(facts[name]) if facts.get(name) else None for name in ("start", "end")}
    until = facts.get("key_until")
    return {**times, "key_sentence": sentences.key_until(instant(until)) if until else ""}


def _back(facts: dict[str, Any]) -> tuple[str, str]:
    """The page that a change belongs to, and its name."""
    if facts.get("car_id"):
        return reverse("fleet:car_detail", args=[facts["car_id"]]), facts.get("car", "")
    if facts.get("from_id"):
        url = reverse("fleet:group_members", args=[facts["from_id"], facts.get("kind", "cars")])
        return url, facts.get("name") or facts.get("from") or facts.get("to", "")
    return reverse("fleet:group_list"), ""


def review(request: ManagerRequest, operation: Operation) -> HttpResponse:
    """What is about to happen to which named thing. Nothing has been sent yet."""
    found = services.items(operation)
    context = {
        "operation": operation,
        "title": titles.title(operation),
        "items": found,
        "section": "groups",
    }
    return render(request, "operations/review.html", context)


def operation_run(request: ManagerRequest, operation_id: int) -> HttpResponse:
    """The yes to a review, and *Finish* on a receipt. Pressed twice, the second finds it under way or done."""
    operation = services.get_operation(request.manager, operation_id)
    if request.method == "POST":
        if seconds := services.must_wait(operation):
            messages.warning(request, sentences.busy(seconds))
        else:
            started = operation.started_at is not None
            (services.finish if started else services.start)(request.manager, operation)
    return redirect("operations:detail", operation.pk)


def operation_back(request: ManagerRequest, operation_id: int) -> HttpResponse:
    """*Put back*: the review of what takes the done part of a change back."""
    operation = services.get_operation(request.manager, operation_id)
    if request.method == "POST" and services.can_put_back(operation):
        return review(request, services.put_back(request.manager, operation))
    return redirect("operations:detail", operation.pk)


def operation_check(request: ManagerRequest, operation_id: int) -> HttpResponse:
    """*Check now*: reads back at once what is not confirmed yet."""
    operation = services.get_operation(request.manager, operation_id)
    client = client_for(request.manager)
    if request.method == "POST" and client:
        for step in operation.steps.filter(state__in=confirmation.OPEN, verb__in=WINDOW_VERBS):
            confirmation.check_now(step, client)
    return redirect("operations:detail", operation.pk)


def operation_close(request: ManagerRequest, operation_id: int) -> HttpResponse:
    """*Leave it as it is*: a person has looked, and what is not done by now will not be."""
    operation = services.get_operation(request.manager, operation_id)
    if request.method == "POST" and operation.lease_until is None:
        journal.close(operation)
    return redirect("operations:detail", operation.pk)
