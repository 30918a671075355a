"""The form of a window: who, which car, from when until when. It asks the copy, and never flinkey."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.assignments import windows
from flinkey_admin.assignments.fields import Asking, end_field, finds, label, start_field
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import DEFAULT_LIFETIME, Assignment


class WindowForm(Asking):
    """Field names are part of the outside contract; times are those of the fleet's zone."""

    times = ("start", "end")

    car = forms.CharField(
        label=gettext_lazy("Car"),
        max_length=300,
        widget=forms.TextInput(attrs=finds("car")),
        error_messages={"required": gettext_lazy("Which car? Type its plate or name.")},
    )
    user = forms.CharField(
        label=gettext_lazy("User"),
        max_length=300,
        widget=forms.TextInput(attrs=finds("user")),
        error_messages={"required": gettext_lazy("Who? Type the name or e-mail address.")},
    )
    start = start_field()
    end = end_field()
    start_fold = forms.ChoiceField(required=False, widget=forms.RadioSelect)
    end_fold = forms.ChoiceField(required=False, widget=forms.RadioSelect)
    lifetime = forms.ChoiceField(
        label=gettext_lazy("The key on the phone works without internet for"),
        required=False,
        help_text=gettext_lazy("Without a connection to flinkey, a phone can open the car for that long."),
    )
    renewable_after = forms.ChoiceField(
        label=gettext_lazy("The phone renews it"),
        required=False,
        help_text=gettext_lazy("Must be sooner than the key runs out."),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        scope: Scope,
        window: Assignment | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        self.window = window
        super().__init__(data, scope=scope)
        self.initial = {**self._from(window), **(initial or {})}
        self._offer_spans()

    def _from(self, window: Assignment | None) -> dict[str, Any]:
        if window is None:
            now = timezone.now().replace(second=0, microsecond=0)
            evening = windows.next_evening(now, self.zone)
            return {name: windows.local_text(at, self.zone) for name, at in (("start", now), ("end", evening))}
        default = window.lifetime in {None, DEFAULT_LIFETIME}
        half = (window.lifetime or DEFAULT_LIFETIME) // 2
        return {
            "car": label(self.scope, Kind.CARS, window.car_id),
            "user": label(self.scope, Kind.USERS, window.user_id),
            "start": windows.local_text(window.start, self.zone),
            "end": windows.local_text(window.end, self.zone),
            "lifetime": "" if default else str(window.lifetime),
            "renewable_after": "" if window.renewable_after in {None, half} else str(window.renewable_after),
        }

    def _offer_spans(self) -> None:
        """The spans flinkey takes, and the one the window has, should it be another."""
        spans: list[tuple[str, list[windows.Choice], str]] = [
            ("lifetime", windows.lifetimes(), _("7 days (default)")),
            ("renewable_after", windows.renewals(), _("after half of that (default)")),
        ]
        for name, choices, default in spans:
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101
            known = {choice.value for choice in choices} | {""}
            extra = {str(self.initial.get(name, ""))} | ({str(self.data.get(name, ""))} & self._in_bounds(name))
            field.choices = [
                ("", default),
                *((choice.value, self._days(name, choice.days)) for choice in choices),
                *((value, _("%(seconds)s seconds") % {"seconds": value}) for value in sorted(extra - known)),
            ]

    def _in_bounds(self, name: str) -> set[str]:
        """What was sent, when flinkey would take it although the list does not offer it."""
        sent = str(self.data.get(name, ""))
        low, high = (DEFAULT_LIFETIME, 28 * windows.DAY) if name == "lifetime" else (0, 28 * windows.DAY)
        return {sent} if sent.isascii() and sent.isdigit() and low < int(sent) < high else set()

    @staticmethod
    def _days(name: str, days: int) -> str:
        if name == "lifetime":
            return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}
        return ngettext("after %(count)s day", "after %(count)s days", days) % {"count": days}

    def known(self) -> dict[str, Any]:
        """What the form says so far, also while something in it is wrong: car, user, start, end.

        `start` is None while either time is not understood: an end that nobody can read is no open end.
        """
        self.is_valid()
        found = {name: self.cleaned_data.get(name) for name in ("car", "user", "start", "end")}
        return found | {"start": None} if {"start", "end"} & set(self.errors) else found

    def clean_car(self) -> int:
        return self._one("car", Kind.CARS)

    def clean_user(self) -> int:
        return self._one("user", Kind.USERS)

    def _one(self, name: str, kind: Kind) -> int:
        typed: str = self.cleaned_data[name]
        if name in self.initial and typed == self.initial[name] and self.window is not None:
            unchanged = self.window.car_id if name == "car" else self.window.user_id
            if unchanged is not None:
                return unchanged
        return self.one(name, kind)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        self.clean_times(data)
        self._clean_spans(data)
        return data

    def moment(self, name: str, text: str) -> dt.datetime | None:
        if self.window is not None and text == self.initial.get(name):
            # Untouched: it stays what it is, to the second, also in the hour that comes twice.
            return self.window.start if name == "start" else self.window.end
        return super().moment(name, text)

    def _clean_spans(self, data: dict[str, Any]) -> None:
        for name in ("lifetime", "renewable_after"):
            data[name] = int(data[name]) if data.get(name) else None
        lifetime = data["lifetime"] or DEFAULT_LIFETIME
        if data["renewable_after"] is not None and data["renewable_after"] >= lifetime:
            self.add_error("renewable_after", _("The phone must renew its key before the key runs out."))
