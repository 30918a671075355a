"""Hand an access over to another person, or swap its car: a form, then the review of one change."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.accounts.stash import typed
from flinkey_admin.assignments import against, passing, questions, services, windows
from flinkey_admin.assignments.called import names
from flinkey_admin.assignments.fields import TIME_WIDGET as TIMES
from flinkey_admin.assignments.fields import Asking, TimeInput, finds, label
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import Assignment
from flinkey_admin.operations.models import Operation
from flinkey_admin.operations.services import nonce_of
from flinkey_admin.web import sentences
from flinkey_admin.web.converters import id_of
from flinkey_admin.web.redirects import safe_next


class PassForm(Asking):
    """What both forms have: the window that they are about. `initial`: as a link fills it in."""

    def __init__(self, data: Any, *, scope: Scope, window: Assignment, initial: dict[str, Any]) -> None:
        self.window = window
        super().__init__(data, scope=scope, initial=initial)


class HandOverForm(PassForm):
    """To whom, and when."""

    times = ("at",)

    user = forms.CharField(
        label=gettext_lazy("To whom"),
        max_length=300,
        widget=forms.TextInput(attrs=finds("user")),
        error_messages={"required": gettext_lazy("Who? Type the name or e-mail address.")},
    )
    at = forms.CharField(
        label=gettext_lazy("At"),
        max_length=40,
        widget=TimeInput(attrs=TIMES),
        error_messages={"required": gettext_lazy("When? Choose a date and a time.")},
    )
    at_fold = forms.ChoiceField(required=False, widget=forms.RadioSelect)

    def clean_user(self) -> int:
        user = self.one("user", Kind.USERS)
        if user == self.window.user_id:
            raise forms.ValidationError(_("This person has it already. Name somebody else."))
        return user

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("at") and (at := self.moment("at", data["at"])):
            data["at"] = at
            if at < timezone.now() - questions.PAST:
                self.add_error("at", _("This moment is over. Choose one from now on."))
            elif self.window.end and at >= self.window.end:
                self.add_error("at", _("The access is over by then. Choose an earlier moment."))
        return data


class SwapForm(PassForm):
    """Which car instead."""

    car = forms.CharField(
        label=gettext_lazy("The other car"),
        max_length=300,
        widget=forms.TextInput(attrs=finds("car")),
        error_messages={"required": gettext_lazy("Which car? Type its plate or name.")},
    )

    def clean_car(self) -> int:
        car = self.one("car", Kind.CARS)
        if car == self.window.car_id:
            raise forms.ValidationError(_("That is the car of this access. Name another one."))
        return car


def window_hand_over(request: ManagerRequest, window_id: int) -> HttpResponse:
    """Another person has the car from a moment on. `?user=` and `?at=`, a local time, fill in what is known."""
    window = _window(request, window_id)
    initial = {"user": _named(request, Kind.USERS)}
    form = HandOverForm(typed(request), scope=request.manager, window=window, initial=initial)
    begins = max(timezone.now().replace(second=0, microsecond=0), window.start.astimezone(dt.UTC))
    form.initial["at"] = request.GET.get("at") or windows.local_text(begins, form.zone)

    def plan(wish: passing.Wish) -> Operation:
        data = form.cleaned_data
        return passing.hand_over(request.manager, window, data["user"], data["at"], wish)

    words = {
        "title": _("Hand over the car"),
        "lead": _(
            "This access ends at that moment. The next person's begins then and ends when this one would have ended."
        ),
    }
    return _page(request, form, plan, words)


def window_swap(request: ManagerRequest, window_id: int) -> HttpResponse:
    """The same person and time on another car. `?car=` fills in what is known."""
    window = _window(request, window_id)
    if window.user_id is None:
        raise Http404(str(sentences.MISSING["user"]))
    initial = {"car": _named(request, Kind.CARS)}
    form = SwapForm(typed(request), scope=request.manager, window=window, initial=initial)

    def plan(wish: passing.Wish) -> Operation:
        return passing.swap(request.manager, window, form.cleaned_data["car"], wish)

    words = {
        "title": _("Swap the car"),
        "lead": _(
            "The same person gets another car for the rest of the time; the old one goes once that is confirmed."
        ),
    }
    return _page(request, form, plan, words)


def _window(request: ManagerRequest, window_id: int) -> Assignment:
    services.open_form(request.manager)
    window = services.read_window(request.manager, window_id, now=request.method == "POST")
    if window.car_id is None:
        raise Http404(str(sentences.MISSING["car"]))
    return window


def _named(request: ManagerRequest, kind: Kind) -> str:
    number = id_of(request.GET.get(kind.singular))
    return label(request.manager, kind, number) if number else ""


def _page(
    request: ManagerRequest, form: PassForm, plan: Callable[[passing.Wish], Operation], words: dict[str, str]
) -> HttpResponse:
    """The form, or the review that it leads to; what stands against it goes back into the form."""
    window, more = form.window, dict[str, Any]()
    is_over = windows.phase(window.start, window.end, timezone.now()) == "past"
    if request.method == "POST" and not is_over and form.is_valid():
        with against.told(form, more):
            wish = passing.Wish(nonce_of(request.POST), request.POST.getlist("yes"))
            return redirect("operations:detail", plan(wish).pk)
    context = {
        "section": "cars",
        "form": form,
        "window": window,
        "is_over": is_over,
        "said": request.POST.getlist("yes"),
        "next": safe_next(request, ""),
        **names(request.manager, window.car_id, window.user_id),
        **words,
        **more,
    }
    return render(request, "assignments/window_pass.html", context, status=422 if request.method == "POST" else 200)
