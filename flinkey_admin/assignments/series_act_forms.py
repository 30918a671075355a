"""What is asked before something is done with a series that is there already."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.assignments.fields import Asking, finds
from flinkey_admin.assignments.many_forms import clash_field
from flinkey_admin.assignments.series_forms import date_field, time_field
from flinkey_admin.flinkey import Kind


class SinceForm(forms.Form):
    """From which day on; from today at first."""

    since = date_field(gettext_lazy("From this day on"), initial=timezone.localdate)


class DayForm(forms.Form):
    """One of the days on which the series has something left."""

    day = forms.TypedChoiceField(label=gettext_lazy("Day"), coerce=dt.date.fromisoformat)

    def __init__(self, data: Any = None, *, days: list[dt.date]) -> None:
        super().__init__(data)
        field = self.fields["day"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = [(day.isoformat(), date_format(day, "l, j F Y")) for day in days]


class TimesForm(SinceForm):
    """Other times, from a day on."""

    begins = time_field(gettext_lazy("From"))
    ends = time_field(gettext_lazy("Until"))
    clash = clash_field()


class PersonForm(Asking):
    """Somebody more, from a day on."""

    user = forms.CharField(label=gettext_lazy("User"), max_length=300, widget=forms.TextInput(attrs=finds("user")))
    since = date_field(gettext_lazy("From this day on"), initial=timezone.localdate)
    clash = clash_field()

    def __init__(self, data: Any = None, *, scope: Scope) -> None:
        super().__init__(data, scope=scope)

    def clean_user(self) -> int:
        return self.one("user", Kind.USERS)
