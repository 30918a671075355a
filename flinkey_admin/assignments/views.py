"""Give access, change it, remove it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.accounts.stash import typed
from flinkey_admin.assignments import services
from flinkey_admin.assignments.forms import WindowForm, label
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.fields import instant
from flinkey_admin.mirror import breaker
from flinkey_admin.operations.journal import WindowBusy
from flinkey_admin.operations.models import Operation, State
from flinkey_admin.operations.services import by_nonce, items, nonce_of
from flinkey_admin.web import sentences
from flinkey_admin.web.converters import id_of
from flinkey_admin.web.redirects import safe_next


def windows_of_car(request: ManagerRequest, car_id: int) -> tuple[dict[str, Any], bool]:
    """What a car's page shows of its windows, and whether something is under way."""
    return _panel({"car": car_id}, services.panel(request.manager, car_id=car_id, look=_polled(request)))


def windows_of_user(request: ManagerRequest, user_id: int) -> tuple[dict[str, Any], bool]:
    """What a user's page shows of the person's windows, and whether something is under way."""
    return _panel({"user": user_id}, services.panel(request.manager, user_id=user_id, look=_polled(request)))


def _polled(request: ManagerRequest) -> bool:
    """Whether an open page asks for news: only then may it wait for flinkey, unless that wants to be let alone."""
    return bool(request.htmx) and "seen" in request.GET and not breaker.is_closed(timezone.now())


def _panel(side: dict[str, int], panel: services.Panel) -> tuple[dict[str, Any], bool]:
    return {"windows": panel, "side": side, "on_car": "car" in side}, panel.live


def window_new(request: ManagerRequest) -> HttpResponse:
    """Give somebody access to a car. `?car=` and `?user=` fill in what is known already."""
    services.open_form(request.manager)
    initial = {name: request.GET[name] for name in ("car", "user", "start", "end") if request.GET.get(name)}
    form = WindowForm(typed(request), scope=request.manager, initial=_named(request, initial))
    error: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        called = services.names(request.manager, data["car"], data["user"])
        try:
            operation = services.give_access(request.manager, data, called, nonce_of(request.POST))
        except services.Twin:
            form.add_error(None, _("This person has exactly this access already."))
        except services.CarGone:
            form.add_error("car", sentences.MISSING["car"])
        except WindowBusy as busy:
            error = _busy(form, busy)
        else:
            if operation.state != State.REFUSED:
                return _after(request, operation)
            form.add_error(None, items(operation)[0].text)
    return _form_page(request, form, error)


def _named(request: ManagerRequest, initial: dict[str, str]) -> dict[str, str]:
    """Ids from a link become the names that the fields show."""
    for name, kind in (("car", Kind.CARS), ("user", Kind.USERS)):
        if number := id_of(initial.get(name)):
            initial[name] = label(request.manager, kind, number)
    return initial


def _busy(form: WindowForm, busy: WindowBusy) -> dict[str, Any]:
    form.add_error(
        None, _("Another change of this access is not finished yet. Wait for it, or look what became of it.")
    )
    return {"open_operation": busy.operation}


def _form_page(request: ManagerRequest, form: WindowForm, more: dict[str, Any]) -> HttpResponse:
    wrong = request.method == "POST"
    context = {
        "section": "cars",
        "form": form,
        "suggestions": form.suggestions(),
        "next": safe_next(request, ""),
        **more,
    }
    return render(request, "assignments/window_form.html", context, status=422 if wrong else 200)


def _after(request: ManagerRequest, operation: Operation) -> HttpResponse:
    """Back to where the person came from, with what is known so far; a change that was not sent has its own page."""
    if operation.state in {State.PLANNED, State.SENT}:
        return redirect("operations:detail", operation.pk)
    if operation.state == State.UNKNOWN:
        messages.warning(request, sentences.LOST_WINDOW)
    else:
        messages.info(
            request, _("Sent to flinkey. It counts once flinkey has confirmed it: the list below shows when.")
        )
    if until := operation.facts.get("key_until"):
        messages.warning(request, sentences.key_until(instant(until)))
    car = operation.facts.get("car_id")
    return redirect(safe_next(request, reverse("fleet:car_detail", args=[car]) if car else reverse("fleet:car_list")))


def window_detail(request: ManagerRequest, window_id: int) -> HttpResponse:
    """Change an access."""
    services.open_form(request.manager)
    window = services.read_window(request.manager, window_id, now=request.method == "POST")
    form = WindowForm(typed(request), scope=request.manager, window=window)
    more: dict[str, Any] = {"window": window}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        changed = services.differences(window, data)
        if not changed:
            messages.info(request, _("Nothing was changed."))
            return redirect(_home(request, window.car_id))
        called, nonce = services.names(request.manager, data["car"], data["user"]), nonce_of(request.POST)
        try:
            operation = services.change_access(request.manager, window, changed, called, nonce)
        except WindowBusy as busy:
            more |= _busy(form, busy)
        else:
            if operation.state != State.REFUSED:
                return _after(request, operation)
            form.add_error(None, items(operation)[0].text)
    return _form_page(request, form, more)


def _home(request: ManagerRequest, car_id: int | None) -> str:
    return safe_next(request, reverse("fleet:car_detail", args=[car_id]) if car_id else reverse("fleet:car_list"))


def window_delete(request: ManagerRequest, window_id: int) -> HttpResponse:
    """Remove an access: says until when a phone may still hold a key, then does it."""
    nonce = nonce_of(request.POST)
    if operation := by_nonce(request.manager, nonce):
        return _after(request, operation)
    services.open_form(request.manager)
    window = services.read_window(request.manager, window_id, now=request.method == "POST")
    called = services.names(request.manager, window.car_id, window.user_id)
    context: dict[str, Any] = {"section": "cars", "window": window, **called, "next": safe_next(request, "")}
    if request.method == "POST":
        try:
            operation = services.end_access(request.manager, window, called, nonce)
        except WindowBusy as busy:
            context["open_operation"] = busy.operation
        else:
            if operation.state != State.REFUSED:
                return _after(request, operation)
            context["error"] = items(operation)[0].text
    until = services.may_hold_key(window)
    context["key_sentence"] = sentences.key_until(until) if until else ""
    status = 409 if request.method == "POST" else 200
    return render(request, "assignments/window_delete.html", context, status=status)
