"""The form of a question: which car or who, and when. It is a GET, so a question can be kept and sent on."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.assignments import windows
from flinkey_admin.assignments.fields import TIME_WIDGET, Asking, TimeInput, finds
from flinkey_admin.assignments.past import Question
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror.models import THINGS, Member
from flinkey_admin.web.converters import id_of
from flinkey_admin.web.names import label_of

KINDS = {"car": Kind.CARS, "user": Kind.USERS}
LONGEST = 300  # characters of a name


class QuestionForm(Asking):
    """Who could open a car, or what a person could, at a moment; with both, whether that person could open that car.

    Without a moment it is now, to the second.
    """

    times = ("at",)

    car = forms.CharField(
        label=gettext_lazy("Car"), max_length=LONGEST, required=False, widget=forms.TextInput(attrs=finds("car"))
    )
    user = forms.CharField(
        label=gettext_lazy("User"), max_length=LONGEST, required=False, widget=forms.TextInput(attrs=finds("user"))
    )
    at = forms.CharField(
        label=gettext_lazy("When"), max_length=40, required=False, widget=TimeInput(attrs={**TIME_WIDGET})
    )
    at_fold = forms.ChoiceField(required=False, widget=forms.RadioSelect)

    def __init__(self, address: QueryDict, *, scope: Scope) -> None:
        now = timezone.now()
        text = windows.local_text(now.replace(second=0, microsecond=0), ZoneInfo(settings.TIME_ZONE))
        asked = any(address.get(name) or address.get(f"{name}_choice") for name in KINDS)
        self.now = None if address.get("at") else now
        data = address.copy()
        # A link names a car or a person by number: the field shows the name.
        self.linked = {
            name: row
            for name, kind in KINDS.items()
            if (number := id_of(data.get(name)))
            if (row := _row(scope, kind, number))
        }
        for name, row in self.linked.items():
            data[name] = label_of(row.record())[:LONGEST]
        data["at"] = data.get("at") or text
        super().__init__(data if asked else None, scope=scope, initial={"at": text})

    def clean_car(self) -> int | None:
        return self._one("car")

    def clean_user(self) -> int | None:
        return self._one("user")

    def _one(self, name: str) -> int | None:
        if row := self.linked.get(name):
            return int(row.flinkey_id)
        return self.one(name, KINDS[name], gone=True) if self.cleaned_data[name] else None

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and not (data.get("car") or data.get("user")):
            self.add_error("car", _("Which car, or who? Type one of them."))
        data["at"] = self.now or self.moment("at", data.get("at") or "")
        return data

    def question(self) -> Question | None:
        """What is asked; None while nothing is, or something of it is not understood."""
        if not self.is_bound or not self.is_valid():
            return None
        car, user, moment = (self.cleaned_data[name] for name in ("car", "user", "at"))
        if car is not None:
            return Question(Kind.CARS, car, moment, user)
        return Question(Kind.USERS, user, moment)


def _row(scope: Scope, kind: Kind, number: int) -> Member | None:
    """A car or a person by number, also one that flinkey no longer has."""
    row: Member | None = scoped(THINGS[kind]._default_manager.all(), scope).filter(flinkey_id=number).first()
    return row
