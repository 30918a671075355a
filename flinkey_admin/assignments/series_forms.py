"""The forms of a series: for whom, which cars, on which days, from when until when. They ask the copy."""

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.assignments import series, series_windows
from flinkey_admin.assignments.fields import label
from flinkey_admin.assignments.models import Series
from flinkey_admin.assignments.series import Rule
from flinkey_admin.assignments.series_plans import GIVE, SKIP, Wish
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import lists, queries, reading
from flinkey_admin.mirror.models import Group, Membership
from flinkey_admin.web.converters import id_of

DATES = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y"]
LINES = 200
WEEKS = [
    (1, gettext_lazy("every week")),
    (2, gettext_lazy("every other week")),
    (3, gettext_lazy("every third week")),
    (4, gettext_lazy("every fourth week")),
]
CLASH = [
    (SKIP, gettext_lazy("leave that access out")),
    (GIVE, gettext_lazy("give it all the same: both may open the car")),
]


def date_field(text: Any, **more: Any) -> forms.DateField:
    """A day, as the browser or a person writes it."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=text, input_formats=DATES, widget=widget, **more)


def time_field(text: Any) -> forms.TimeField:
    """A time of day, to the minute."""
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=text, input_formats=["%H:%M"], widget=widget)


def clash_field() -> forms.ChoiceField:
    """What becomes of a time at which somebody else may open the car."""
    return forms.ChoiceField(
        label=gettext_lazy("Where somebody else may open the car at the same time"),
        choices=CLASH,
        initial=SKIP,
        widget=forms.RadioSelect,
    )


def lines_field(text: Any, help_text: Any) -> forms.CharField:
    """Several things, one a line."""
    widget = forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"})
    return forms.CharField(label=text, required=False, max_length=20_000, widget=widget, help_text=help_text)


class SeriesForm(forms.Form):
    """A rule, people and cars. A group stands for who is in it when the form is sent."""

    users = lines_field(gettext_lazy("People"), gettext_lazy("One a line: a name or an e-mail address."))
    user_group = forms.ChoiceField(label=gettext_lazy("and everyone in the group"), required=False)
    cars = lines_field(gettext_lazy("Cars"), gettext_lazy("One a line: a plate or a name."))
    car_group = forms.ChoiceField(label=gettext_lazy("and all cars of the group"), required=False)
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("On"),
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
    clash = clash_field()
    name = forms.CharField(label=gettext_lazy("What to call it (optional)"), required=False, max_length=100, strip=True)

    def __init__(self, data: Any = None, *, scope: Scope, initial: dict[str, Any] | None = None) -> None:
        self.scope = scope
        today = timezone.localdate()
        days = {"first": today, "last": today + dt.timedelta(days=27)}
        super().__init__(data, initial={**days, **(initial or {})})
        groups = queries.live(Group, scope).order_by("sort_name", "flinkey_id").values_list("flinkey_id", "name")
        self.groups = {str(number): name for number, name in groups}
        for side in ("user_group", "car_group"):
            self._choices(side, [("", _("no group")), *self.groups.items()])
        self.from_groups: list[tuple[Kind, str, int]] = []

    def _choices(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = choices

    def clean_users(self) -> list[int]:
        return self._lines("users", Kind.USERS)

    def clean_cars(self) -> list[int]:
        return self._lines("cars", Kind.CARS)

    def _lines(self, name: str, kind: Kind) -> list[int]:
        lines = [line.strip() for line in self.cleaned_data[name].splitlines() if line.strip()]
        if len(lines) > LINES:
            raise forms.ValidationError(_("At most %(count)s lines.") % {"count": LINES})
        found, wrong = list[int](), list[str]()
        for line in lines:
            one, many = queries.find_one(self.scope, kind, line)
            if one is not None:
                found.append(one.id)
            else:
                wrong.append(_("several fit “%(line)s”") % {"line": line} if many else f"“{line}”")
        if wrong:
            raise forms.ValidationError(_("Not found: %(lines)s.") % {"lines": ", ".join(wrong[:10])})
        return found

    def clean_but(self) -> frozenset[dt.date]:
        found = set()
        for word in re.split(r"[\s,;]+", self.cleaned_data["but"].strip()):
            if word:
                found.add(_day(word))
        return frozenset(found)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            for name, side, kind in (("users", "user_group", Kind.USERS), ("cars", "car_group", Kind.CARS)):
                data[name] = list(dict.fromkeys([*data[name], *self._members(data[side], kind)]))
            self._check(data)
        return data

    def _members(self, group: str, kind: Kind) -> list[int]:
        """Who or what is in a group now, as flinkey says it."""
        if not group:
            return []
        reading.read_now(self.scope, [lists.members(int(group), kind)])
        rows = scoped(Membership.objects.all(), self.scope).filter(group__flinkey_id=group, kind=kind, ended_at=None)
        found = sorted(rows.values_list("thing_id", flat=True))
        self.from_groups.append((kind, self.groups[group], len(found)))
        return found

    def _check(self, data: dict[str, Any]) -> None:
        if not data["users"]:
            self.add_error("users", _("For whom? Name somebody, or choose a group that somebody is in."))
        if not data["cars"]:
            self.add_error("cars", _("Which cars? Name one, or choose a group that has some."))
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
        check_count(self, days, len(data["cars"]), len(data["users"]))

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


def check_count(form: forms.Form, days: int, cars: int, users: int) -> None:
    """A ceiling on what one yes can do."""
    count, most = days * cars * users, settings.SERIES_WINDOWS
    if count > most:
        numbers: dict[str, object] = {
            "count": number_format(count, force_grouping=True),
            "most": number_format(most, force_grouping=True),
        }
        numbers |= {"days": days, "cars": cars, "users": users}
        text = _("That would be %(count)s accesses: days: %(days)s, cars: %(cars)s, people: %(users)s. ")
        form.add_error(None, (text + _("At most %(most)s at once: choose fewer days, cars or people.")) % numbers)


def _day(word: str) -> dt.date:
    for form in DATES:
        try:
            return dt.datetime.strptime(word, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise forms.ValidationError(_("“%(word)s” is no date. Write it like 2026-12-24.") % {"word": word[:40]})


def as_lines(scope: Scope, kind: Kind, ids: Iterable[int]) -> str:
    """Things as the form shows them: each by what only it is found by."""
    found = []
    for number in ids:
        called = label(scope, kind, number)
        one, _many = queries.find_one(scope, kind, called)
        found.append(called if one and one.id == number else str(number))
    return "\n".join(found)


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


def from_address(scope: Scope, query: Any) -> dict[str, Any]:
    """The cars and people that a link names by number."""
    sides = (("cars", "car", Kind.CARS), ("users", "user", Kind.USERS))
    found = {
        name: [number for text in query.getlist(one)[:LINES] if (number := id_of(text))] for name, one, _k in sides
    }
    return {name: as_lines(scope, kind, found[name]) for name, _one, kind in sides if found[name]}
