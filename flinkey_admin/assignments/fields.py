"""What several forms ask for: a car, a person, a moment. They ask the copy, and never flinkey."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.assignments import windows
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import Car, User
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

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        """Without the length, which only texts may have."""
        attrs: dict[str, Any] = super().build_attrs(base_attrs, extra_attrs)
        attrs.pop("maxlength", None)
        return attrs


def start_field() -> forms.CharField:
    """When a window begins."""
    return forms.CharField(
        label=gettext_lazy("From"),
        max_length=40,
        widget=TimeInput(attrs=TIME_WIDGET),
        error_messages={"required": gettext_lazy("From when? Choose a date and a time.")},
    )


def end_field() -> forms.CharField:
    """When a window ends; empty for an open end."""
    return forms.CharField(
        label=gettext_lazy("Until"), max_length=40, required=False, widget=TimeInput(attrs=TIME_WIDGET)
    )


def finds(name: str) -> dict[str, Any]:
    """What a field needs to show, while somebody types, whom or what that might mean."""
    return {
        "autocomplete": "off",
        "placeholder": gettext_lazy("Plate, name, VIN") if name == "car" else gettext_lazy("Name, e-mail"),
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


def chosen(scope: Scope, data: Any) -> Any:
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


class Asking(forms.Form):
    """A form with a car, a person and times of the fleet's zone. `times`: the names of its fields for a moment."""

    times: Sequence[str] = ()

    def __init__(self, data: Any = None, *, scope: Scope, initial: dict[str, Any] | None = None) -> None:
        self.zone = ZoneInfo(settings.TIME_ZONE)
        self.scope = scope
        super().__init__(chosen(scope, data), initial=initial)
        self.candidates: dict[str, list[Thing]] = {}
        self._hide_folds()

    def _hide_folds(self) -> None:
        """Only a time that comes twice asks which one is meant."""
        for name in self.times:
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

    def one(self, name: str, kind: Kind, *, gone: bool = False) -> int:
        """The id of what was typed; what it might be goes into `candidates`. `gone`: also what flinkey has no more.

        Raises ValidationError.
        """
        typed: str = self.cleaned_data[name]
        one, many = queries.find_one(self.scope, kind, typed, gone=gone)
        if gone and many:
            there, still = queries.find_one(self.scope, kind, typed)
            one, many = there, still or many
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

    def moment(self, name: str, text: str) -> dt.datetime | None:
        """The moment that was typed; None with an error on the field where it is none, or not the only one."""
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

    def clean_times(self, data: dict[str, Any]) -> None:
        """Makes moments of the start and the end that were typed; an empty end is an open one."""
        for name in ("start", "end"):
            if data.get(name):
                data[name] = self.moment(name, data[name])
            elif name == "end":
                data[name] = None
        start, end = data.get("start"), data.get("end")
        if isinstance(start, dt.datetime) and isinstance(end, dt.datetime) and end <= start:
            self.add_error("end", _("The end must come after the start."))
