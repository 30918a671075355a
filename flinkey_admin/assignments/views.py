"""Give access, change it, remove it."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.accounts.stash import typed
from flinkey_admin.assignments import against, changing, meanwhile, panel, questions, services, windows
from flinkey_admin.assignments.board import dragged
from flinkey_admin.assignments.called import names
from flinkey_admin.assignments.fields import find, label
from flinkey_admin.assignments.forms import WindowForm
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.fields import instant
from flinkey_admin.flinkey.records import Assignment
from flinkey_admin.mirror import breaker
from flinkey_admin.operations.journal import WindowBusy
from flinkey_admin.operations.models import Operation, State
from flinkey_admin.operations.services import by_nonce, nonce_of
from flinkey_admin.operations.things import items
from flinkey_admin.web import sentences
from flinkey_admin.web.converters import id_of
from flinkey_admin.web.redirects import safe_next


def windows_of_car(request: ManagerRequest, car_id: int) -> tuple[dict[str, Any], bool]:
    """What a car's page shows of its windows, and whether something is under way."""
    return _panel({"car": car_id}, panel.panel(request.manager, car_id=car_id, look=_polled(request)))


def windows_of_user(request: ManagerRequest, user_id: int) -> tuple[dict[str, Any], bool]:
    """What a user's page shows of the person's windows, and whether something is under way."""
    return _panel({"user": user_id}, panel.panel(request.manager, user_id=user_id, look=_polled(request)))


def _polled(request: ManagerRequest) -> bool:
    """Whether an open page asks for news: only then may it wait for flinkey, unless that wants to be let alone."""
    return bool(request.htmx) and "seen" in request.GET and not breaker.is_closed(timezone.now())


def _panel(side: dict[str, int], found: panel.Panel) -> tuple[dict[str, Any], bool]:
    return {"windows": found, "side": side, "on_car": "car" in side}, found.live


# The form -----------------------------------------------------------------------------------------------------------


def window_new(request: ManagerRequest) -> HttpResponse:
    """Give somebody access to a car. `?car=`, `?user=`, `?start=` and `?end=` fill in what is known.

    `?copy=` fills in all that another one has, a week later.
    """
    scope = request.manager
    services.open_form(scope)
    copied = id_of(request.GET.get("copy"))
    initial = _next_week(scope, copied) if copied else {}
    initial |= {name: request.GET[name] for name in ("car", "user", "start") if request.GET.get(name)}
    if "end" in request.GET:
        initial["end"] = request.GET["end"]  # an empty one is an open end
    form = WindowForm(typed(request), scope=scope, initial=_named(request, initial))
    if request.method == "POST" and "quick" in request.POST:
        return _form_page(request, _after_quick(request, None), status=200)
    if request.method != "POST" or not form.is_valid():
        return _form_page(request, form)
    data = form.cleaned_data
    called = names(scope, data["car"], data["user"])
    return _send(
        request,
        form,
        lambda: changing.give_access(scope, data, called, nonce_of(request.POST), request.POST.getlist("yes")),
    )


def _next_week(scope: Scope, window_id: int) -> dict[str, Any]:
    """What another window has, as the form of a new one, a week later. Raises Http404."""
    window = services.read_window(scope, window_id)
    form = WindowForm(scope=scope, window=window)
    start, end = windows.next_week(window.start, window.end, timezone.now(), form.zone)
    return {**form.initial, "start": start, "end": end}


def _named(request: ManagerRequest, initial: dict[str, str]) -> dict[str, str]:
    """Ids from a link become the names that the fields show."""
    for name, kind in (("car", Kind.CARS), ("user", Kind.USERS)):
        if number := id_of(initial.get(name)):
            initial[name] = label(request.manager, kind, number)
    return initial


def _after_quick(request: ManagerRequest, window: Assignment | None) -> WindowForm:
    """The form as it was typed, with the times of the quick choice that was pressed. Nothing is sent."""
    names = ("car", "user", "start", "end", "lifetime", "renewable_after")
    kept: dict[str, Any] = {name: request.POST.get(name, "") for name in names}
    form = WindowForm(scope=request.manager, window=window, initial=kept)
    choice, now = request.POST["quick"], timezone.now()
    kept["start"], kept["end"] = windows.quick(choice, kept["start"], kept["end"], now, form.zone)
    form.initial.update(kept)
    return form


def _send(
    request: ManagerRequest, form: WindowForm, act: Callable[[], Operation], window: Assignment | None = None
) -> HttpResponse:
    """Does what the form says; what stands against it goes back into the form, with all that was typed."""
    more: dict[str, Any] = {}
    with against.told(form, more):
        operation = act()
        if operation.state != State.REFUSED:
            return after(request, operation)
        form.add_error(None, items(operation)[0].text)
    return _form_page(request, form, window, more)


def _form_page(
    request: ManagerRequest,
    form: WindowForm,
    window: Assignment | None = None,
    more: dict[str, Any] | None = None,
    status: int | None = None,
) -> HttpResponse:
    more = dict(more or {})
    asked = more.pop("questions", None)
    context = {
        "section": "cars",
        "form": form,
        "window": window,
        "next": safe_next(request, ""),
        "seen": meanwhile.mark_of(window) if window else "",
        "quick": _quick(form.zone),
        "was_asked": asked is not None,
        **_check(request, form, window, asked),
        **more,
    }
    wrong = request.method == "POST"
    return render(request, "assignments/window_form.html", context, status=status or (422 if wrong else 200))


QUICK = [
    ("now", gettext_lazy("From now")),
    ("evening", gettext_lazy("Until 18:00")),
    ("friday", gettext_lazy("Until Friday 18:00")),
    ("monday", gettext_lazy("Until Monday 18:00")),
    ("week", gettext_lazy("7 days")),
    ("open", gettext_lazy("Open end")),
]


def _quick(zone: ZoneInfo) -> list[tuple[str, sentences.Text]]:
    """The quick choices of now. None comes twice: on a Friday the evening is Friday's."""
    now = timezone.now()
    evening = windows.next_evening(now, zone)
    twice = {name for name, ends in windows.EVENINGS.items() if name != "evening" and ends(now, zone) == evening}
    return [(name, words) for name, words in QUICK if name not in twice]


def _check(
    request: ManagerRequest, form: WindowForm, window: Assignment | None, asked: list[questions.Question] | None = None
) -> dict[str, Any]:
    """How long the window of a form is and what is worth a question, from the copy."""
    known = _checked(form, window).known()
    start, end = known["start"], known["end"]
    is_whole = start is not None and (end is None or end > start)
    if asked is None:
        services.know_car(request.manager, known["car"])
        wanted = questions.Wanted(known["car"], known["user"], start, end)
        asked = questions.ask(request.manager, wanted, window)
    return {
        "questions": asked,
        "said": request.POST.getlist("yes"),
        "length": questions.length_text(start, end) if is_whole else "",
    }


def _checked(form: WindowForm, window: Assignment | None) -> WindowForm:
    """The form with its own values as if they had been typed, so that it can say what they mean."""
    if form.is_bound:
        return form
    return WindowForm({name: form.initial.get(name, "") for name in form.fields}, scope=form.scope, window=window)


@require_POST
def window_check(request: ManagerRequest, window_id: int | None = None) -> HttpResponse:
    """How long, and what is worth a question, while somebody types: from the copy, if it has ever seen the car."""
    window = services.known_window(request.manager, window_id) if window_id else None
    form = WindowForm(request.POST, scope=request.manager, window=window)
    return render(request, "assignments/_check.html", {"window": window, **_check(request, form, window)})


@require_safe
def window_find(request: ManagerRequest) -> HttpResponse:
    """Cars or people that fit what somebody types into the form."""
    name = "car" if "car" in request.GET else "user"
    query = request.GET.get(name, "")
    kind = Kind.CARS if name == "car" else Kind.USERS
    context = {"name": name, "query": query.strip(), "hits": find(request.manager, kind, query)}
    return render(request, "assignments/_hits.html", context)


def after(request: ManagerRequest, operation: Operation) -> HttpResponse:
    """Back to where the person came from, with what is known so far; a change that was not sent has its own page."""
    if operation.state in {State.PLANNED, State.SENT}:
        return redirect("operations:detail", operation.pk)
    if operation.state == State.UNKNOWN:
        messages.warning(request, sentences.LOST_WINDOW)
    else:
        messages.info(request, _("Sent to flinkey. It counts once the list says “Confirmed”; that takes some seconds."))
    if until := operation.facts.get("key_until"):
        messages.warning(request, sentences.key_until(instant(until)))
    return redirect(_home(request, operation.facts.get("car_id")))


def _home(request: ManagerRequest, car_id: int | None) -> str:
    car = f"{reverse('fleet:car_detail', args=[car_id])}#windows" if car_id else reverse("fleet:car_list")
    return safe_next(request, car)


def window_detail(request: ManagerRequest, window_id: int) -> HttpResponse:
    """Change an access."""
    scope, is_sent = request.manager, request.method == "POST"
    services.open_form(scope)
    try:
        window = services.read_window(scope, window_id, now=is_sent and "quick" not in request.POST)
    except Http404:
        if is_sent and services.was_known(scope, window_id):
            return _removed_meanwhile(request)
        raise
    form = WindowForm(typed(request), scope=scope, window=window)
    opened = {"seen": form.data["seen"]} if form.data.get("seen") else {}
    if is_sent and "quick" in request.POST:
        return _form_page(request, _after_quick(request, window), window, opened, status=200)
    if not is_sent:
        # Shown and not kept: what is posted is compared with the window as it is.
        form.initial.update(_named(request, dragged(request.GET, window)))
        return _form_page(request, form, window, opened)
    return _change(request, form, window)


def _change(request: ManagerRequest, form: WindowForm, window: Assignment) -> HttpResponse:
    """Sends the change that a form asks for, unless somebody else was quicker."""
    scope = request.manager
    changed = changing.differences(window, form.cleaned_data) if form.is_valid() else None
    if changed == {}:
        messages.info(request, _("Nothing was changed."))
        return redirect(_home(request, window.car_id))
    if found := meanwhile.look(scope, window, form):
        form.add_error(None, found.sentence)
        return _form_page(request, form, window, {"meanwhile": found})
    if changed is None:
        return _form_page(request, form, window)
    data, nonce = form.cleaned_data, nonce_of(request.POST)
    called, said = names(scope, data["car"], data["user"]), request.POST.getlist("yes")
    return _send(request, form, lambda: changing.change_access(scope, window, changed, called, nonce, said), window)


def _removed_meanwhile(request: ManagerRequest) -> HttpResponse:
    """Somebody has removed the access while its form was open: what was typed comes as the form of a new one."""
    form = WindowForm(request.POST, scope=request.manager)
    form.add_error(None, _("This access was removed meanwhile. You can give it anew as you have typed it."))
    return _form_page(request, form, None, {"send_to": reverse("assignments:window_new")}, status=409)


def window_delete(request: ManagerRequest, window_id: int) -> HttpResponse:
    """Remove an access: says until when a phone may still hold a key, then does it."""
    nonce = nonce_of(request.POST)
    if operation := by_nonce(request.manager, nonce):
        return after(request, operation)
    services.open_form(request.manager)
    window = services.read_window(request.manager, window_id, now=request.method == "POST")
    called = names(request.manager, window.car_id, window.user_id)
    context: dict[str, Any] = {"section": "cars", "window": window, **called, "next": safe_next(request, "")}
    if request.method == "POST":
        try:
            operation = changing.end_access(request.manager, window, called, nonce)
        except WindowBusy as busy:
            context["open_operation"] = busy.operation
        else:
            if operation.state != State.REFUSED:
                return after(request, operation)
            context["error"] = items(operation)[0].text
    until = changing.may_hold_key(window)
    context["key_sentence"] = sentences.key_until(until) if until else ""
    status = 409 if request.method == "POST" else 200
    return render(request, "assignments/window_delete.html", context, status=status)
