"""The form of a window: who, which car, from when until when. It asks the copy, and never flinkey."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.assignments import windows
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import DEFAULT_LIFETIME, Assignment, Car, User
from flinkey_admin.mirror import queries
from flinkey_admin.web.converters import id_of
from flinkey_admin.web.names import label_of, name_of, second_of

Thing = Car | User
HITS = 8
TIME_WIDGET = {"autocomplete": "off"}


class TimeInput(forms.TextInput):
    """A date and a time. An empty one says so: htmx keeps the attributes that the next field does not have."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> str:
        return super().format_value(value) or ""


def _finds(name: str) -> dict[str, Any]:
    """What a field needs to show, while somebody types, whom or what that might mean."""
    return {
        "autocomplete": "off",
        "spellcheck": "false",
        "hx-get": reverse_lazy("assignments:window_find"),
        "hx-trigger": "input delay:150ms",
        "hx-target": f"#found-{name}",
        "hx-swap": "innerHTML",
        "hx-sync": "queue last",
        "aria-controls": f"found-{name}",
        "data-quiet": True,
    }


def label(scope: Scope, kind: Kind, thing_id: int | None) -> str:
    """A car or a user as a field shows it; the bare number for one that the copy does not have."""
    row = queries.things(kind, scope).filter(flinkey_id=thing_id).first() if thing_id else None
    return label_of(row.record()) if row else str(thing_id or "")


def find(scope: Scope, kind: Kind, typed: str) -> list[tuple[str, str]]:
    """What somebody who types may mean: name and what tells it from its namesakes, the first few."""
    rows = queries.matching(queries.things(kind, scope), typed.replace(" · ", " ")).order_by("sort_name", "flinkey_id")
    return [(name_of(row.record()), second_of(row.record())) for row in rows[:HITS]] if typed.strip() else []


def _chosen(scope: Scope, data: Any) -> Any:
    """The form's data, where a click on one of several that fit stands for what was typed: by name if that will do."""
    if data is None:
        return None
    data = data.copy()
    for name, kind in (("car", Kind.CARS), ("user", Kind.USERS)):
        if choice := data.get(f"{name}_choice"):
            called = label(scope, kind, id_of(choice))
            one, _many = queries.find_one(scope, kind, called)
            data[name] = called if one and str(one.id) == choice else choice
    return data


class WindowForm(forms.Form):
    """Field names are part of the outside contract; times are those of the fleet's zone."""

    car = forms.CharField(
        label=gettext_lazy("Car"),
        max_length=300,
        widget=forms.TextInput(attrs=_finds("car")),
        error_messages={"required": gettext_lazy("Which car? Type its plate or name.")},
    )
    user = forms.CharField(
        label=gettext_lazy("User"),
        max_length=300,
        widget=forms.TextInput(attrs=_finds("user")),
        error_messages={"required": gettext_lazy("Who? Type the name or e-mail address.")},
    )
    start = forms.CharField(
        label=gettext_lazy("From"),
        max_length=40,
        widget=TimeInput(attrs=TIME_WIDGET),
        error_messages={"required": gettext_lazy("From when? Choose a date and a time.")},
    )
    end = forms.CharField(
        label=gettext_lazy("Until"),
        max_length=40,
        required=False,
        widget=TimeInput(attrs=TIME_WIDGET),
    )
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
        self.zone = ZoneInfo(settings.TIME_ZONE)
        self.scope, self.window = scope, window
        super().__init__(_chosen(scope, data), initial={**self._from(window), **(initial or {})})
        self.candidates: dict[str, list[Thing]] = {}
        self._offer_spans()
        self._hide_folds()

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

    def _hide_folds(self) -> None:
        """Only a time that comes twice asks which one is meant."""
        for name in ("start", "end"):
            choices = self._fold_choices(str(self.data.get(name, "")))
            if not choices:
                # An answer that a browser still sends must not be an error in a field that nobody sees.
                del self.fields[f"{name}_fold"]
                continue
            field = self.fields[f"{name}_fold"]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101
            field.choices = choices
            field.label = _("This time comes twice that night. Which one?")

    def _fold_choices(self, text: str) -> list[tuple[str, str]]:
        try:
            windows.at(windows.parse(text), self.zone)
        except windows.TwiceThatDay as twice:
            names = [moment.astimezone(self.zone).tzname() for moment in twice.choices]
            return [
                ("0", _("the first, before the clocks go back (%(zone)s)") % {"zone": names[0]}),
                ("1", _("the second, after the clocks went back (%(zone)s)") % {"zone": names[1]}),
            ]
        except ValueError:
            pass
        return []

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
        one, many = queries.find_one(self.scope, kind, typed)
        if one is not None:
            return one.id
        self.candidates[name] = many
        if many:
            raise forms.ValidationError(_("Several fit. Type more of the name, or choose one of these."))
        raise forms.ValidationError(
            _("No car fits. Type a plate or a name as flinkey has it.")
            if name == "car"
            else _("Nobody fits. Type a name or an e-mail address as flinkey has it.")
        )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for name in ("start", "end"):
            if data.get(name):
                data[name] = self._moment(name, data[name])
            elif name == "end":
                data[name] = None
        start, end = data.get("start"), data.get("end")
        if isinstance(start, dt.datetime) and isinstance(end, dt.datetime) and end <= start:
            self.add_error("end", _("The end must come after the start."))
        self._clean_spans(data)
        return data

    def _moment(self, name: str, text: str) -> dt.datetime | None:
        if self.window is not None and text == self.initial.get(name):
            # Untouched: it stays what it is, to the second, also in the hour that comes twice.
            return self.window.start if name == "start" else self.window.end
        fold = self.data.get(f"{name}_fold")
        try:
            return windows.at(windows.parse(text), self.zone, int(fold) if fold in {"0", "1"} else None)
        except windows.NotATime:
            self.add_error(name, _("This is no date and time. Write it like 2026-11-27 18:00."))
        except windows.NoSuchTime:
            self.add_error(
                name,
                _("This time does not exist: the clocks go forward that night. Choose one before or after."),
            )
        except windows.TwiceThatDay:
            self.add_error(name, _("This time comes twice: the clocks go back that night. Say below which one."))
        return None

    def _clean_spans(self, data: dict[str, Any]) -> None:
        for name in ("lifetime", "renewable_after"):
            data[name] = int(data[name]) if data.get(name) else None
        lifetime = data["lifetime"] or DEFAULT_LIFETIME
        if data["renewable_after"] is not None and data["renewable_after"] >= lifetime:
            self.add_error("renewable_after", _("The phone must renew its key before the key runs out."))
