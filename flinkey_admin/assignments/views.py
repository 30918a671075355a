"""Give access, change it, remove it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.accounts.stash import typed
from flinkey_admin.assignments import services
from flinkey_admin.assignments.forms import WindowForm
from flinkey_admin.flinkey.fields import instant
from flinkey_admin.operations.journal import WindowBusy
from flinkey_admin.operations.models import Operation, State
from flinkey_admin.operations.services import by_nonce, items, nonce_of
from flinkey_admin.web import sentences
from flinkey_admin.web.redirects import safe_next


def windows_of_car(request: ManagerRequest, car_id: int) -> dict[str, Any] | None:
    """What a car's page shows of its windows; None when a poll finds nothing new."""
    return _panel(request, {"car": car_id}, services.panel(request.manager, _seen(request), car_id=car_id))


def windows_of_user(request: ManagerRequest, user_id: int) -> dict[str, Any] | None:
    """What a user's page shows of the person's windows; None when a poll finds nothing new."""
    return _panel(request, {"user": user_id}, services.panel(request.manager, _seen(request), user_id=user_id))


def _seen(request: ManagerRequest) -> str | None:
    return request.GET.get("seen") if request.htmx else None


def _panel(request: ManagerRequest, side: dict[str, int], panel: services.Panel | None) -> dict[str, Any] | None:
    if panel is None:
        return None
    return {"windows": panel, "side": side, "on_car": "car" in side, "here": request.path}


def window_new(request: ManagerRequest) -> HttpResponse:
    """Give somebody access to a car. `?car=` and `?user=` fill in what is known already."""
    cars, users = services.read_form(request.manager)
    initial = {name: request.GET[name] for name in ("car", "user", "start", "end") if request.GET.get(name)}
    form = WindowForm(typed(request), cars=cars, users=users, initial=_named(initial, cars, users))
    error: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        called = services.names(data["car"], data["user"], cars, users)
        try:
            operation = services.give_access(request.manager, data, called, nonce_of(request.POST))
        except services.Twin:
            form.add_error(None, _("This person has exactly this access already."))
        except WindowBusy as busy:
            error = _busy(form, busy)
        else:
            if operation.state != State.REFUSED:
                return _after(request, operation)
            form.add_error(None, items(operation)[0].text)
    return _form_page(request, form, error)


def _named(initial: dict[str, str], cars: Any, users: Any) -> dict[str, str]:
    """Ids from a link become the names that the fields show."""
    for name, things in (("car", cars), ("user", users)):
        if name in initial and initial[name].isascii() and initial[name].isdigit():
            initial[name] = WindowForm._label(int(initial[name]), things)
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
    window, cars, users = services.read_window(request.manager, window_id)
    form = WindowForm(typed(request), cars=cars, users=users, window=window)
    more: dict[str, Any] = {"window": window}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        changed = services.differences(window, data)
        if not changed:
            messages.info(request, _("Nothing was changed."))
            return redirect(_home(request, window.car_id))
        called, nonce = services.names(data["car"], data["user"], cars, users), nonce_of(request.POST)
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
    window, cars, users = services.read_window(request.manager, window_id)
    called = services.names(window.car_id, window.user_id, cars, users)
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
