"""The form of a series: for whom, which cars, on which days, from when until when. It asks the copy."""

import datetime as dt
import re
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.assignments import series, series_windows
from flinkey_admin.assignments.fields import label
from flinkey_admin.assignments.many_forms import ManyForm, as_lines
from flinkey_admin.assignments.models import Series
from flinkey_admin.assignments.series import Rule
from flinkey_admin.assignments.series_plans import Wish
from flinkey_admin.flinkey import Kind

DATES = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y"]
WEEKS = [
    (1, gettext_lazy("every week")),
    (2, gettext_lazy("every other week")),
    (3, gettext_lazy("every third week")),
    (4, gettext_lazy("every fourth week")),
]


def date_field(text: Any, **more: Any) -> forms.DateField:
    """A day, as the browser or a person writes it."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=text, input_formats=DATES, widget=widget, **more)


def time_field(text: Any) -> forms.TimeField:
    """A time of day, to the minute."""
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=text, input_formats=["%H:%M"], widget=widget)


class SeriesForm(ManyForm):
    """A rule for people and cars."""

    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("On these days"),
        coerce=int,
        choices=list(WEEKDAYS.items()),
        initial=[0, 1, 2, 3, 4],
        widget=forms.CheckboxSelectMultiple,
    )
    begins = time_field(gettext_lazy("From"))
    ends = time_field(gettext_lazy("Until"))
    first = date_field(gettext_lazy("First day"))
    last = date_field(gettext_lazy("Last day"))
    every = forms.TypedChoiceField(label=gettext_lazy("Repeats"), choices=WEEKS, coerce=int, initial=1)
    but = forms.CharField(
        label=gettext_lazy("Not on these days"),
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Dates like 2026-12-24, with a space or a line between them."),
    )
    name = forms.CharField(label=gettext_lazy("What to call it (optional)"), required=False, max_length=100, strip=True)

    def __init__(self, data: Any = None, *, scope: Scope, initial: dict[str, Any] | None = None) -> None:
        today = timezone.localdate()
        days = {"first": today, "last": today + dt.timedelta(days=27)}
        super().__init__(data, scope=scope, initial={**days, **(initial or {})})

    def clean_but(self) -> frozenset[dt.date]:
        found = set()
        for word in re.split(r"[\s,;]+", self.cleaned_data["but"].strip()):
            if word:
                found.add(_day(word))
        return frozenset(found)

    def check(self) -> None:
        data = self.cleaned_data
        if data["last"] < data["first"]:
            self.add_error("last", _("The last day must not come before the first."))
        elif data["last"] - data["first"] > series.LONGEST:
            self.add_error("last", _("A series lasts a year at most."))
        if not self.errors:
            self._check_count(data)

    def _check_count(self, data: dict[str, Any]) -> None:
        days = len(series.days(self.rule(data)))
        if not days:
            self.add_error("weekdays", _("None of these days lies between the first and the last."))
        self.check_count(days)

    @staticmethod
    def rule(data: dict[str, Any]) -> Rule:
        """The rule that the cleaned form says."""
        names = ("first", "last", "begins", "ends", "every", "but")
        return Rule(weekdays=frozenset(data["weekdays"]), **{name: data[name] for name in names})

    def wish(self) -> Wish:
        """All that the cleaned form asks for."""
        data = self.cleaned_data
        name = data["name"] or self._called(data)
        return Wish(
            name, self.rule(data), tuple(data["cars"]), tuple(data["users"]), data["clash"], tuple(self.from_groups)
        )

    def _called(self, data: dict[str, Any]) -> str:
        """A series that nobody has named: for whom, and when."""
        who = next((name for kind, name, _count in self.from_groups if kind == Kind.USERS), "")
        who = who or label(self.scope, Kind.USERS, data["users"][0]).split(" · ")[0]
        return f"{who}, {data['begins']:%H:%M} - {data['ends']:%H:%M}"[:200]


def _day(word: str) -> dt.date:
    for form in DATES:
        try:
            return dt.datetime.strptime(word, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise forms.ValidationError(_("“%(word)s” is no date. Write it like 2026-12-24.") % {"word": word[:40]})


def again(scope: Scope, of: Series) -> dict[str, Any]:
    """A series as the form of a new one: from today, for as long as it was."""
    rule, today = Rule.of(of.rule), timezone.localdate()
    now, _before = series_windows.rule_now(scope, of)
    first = max(rule.first, today)
    return {
        "users": as_lines(scope, Kind.USERS, series_windows.people(of)),
        "cars": as_lines(scope, Kind.CARS, of.cars),
        "weekdays": sorted(rule.weekdays),
        "begins": now.begins,
        "ends": now.ends,
        "first": first,
        "last": first + (rule.last - rule.first),
        "every": rule.every,
        "but": "\n".join(day.isoformat() for day in sorted(rule.but) if day >= first),
        "name": of.name,
    }
