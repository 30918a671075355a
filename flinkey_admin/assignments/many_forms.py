"""Forms for several people and several cars at once: the lines that name them, or a group. They ask the copy."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.assignments import windows
from flinkey_admin.assignments.fields import Asking, end_field, label, start_field
from flinkey_admin.assignments.series_plans import GIVE, SKIP
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import lists, queries, reading
from flinkey_admin.mirror.models import Group, Membership
from flinkey_admin.web.converters import id_of

LINES = 200
CLASH = [
    (SKIP, gettext_lazy("leave that access out")),
    (GIVE, gettext_lazy("give it all the same: both may open the car")),
]


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


class ManyForm(Asking):
    """People and cars. A group stands for who is in it when the form is sent."""

    users = lines_field(gettext_lazy("People"), gettext_lazy("One a line: a name or an e-mail address."))
    user_group = forms.ChoiceField(label=gettext_lazy("and everyone in the group"), required=False)
    cars = lines_field(gettext_lazy("Cars"), gettext_lazy("One a line: a plate or a name."))
    car_group = forms.ChoiceField(label=gettext_lazy("and all cars of the group"), required=False)
    clash = clash_field()

    def __init__(self, data: Any = None, *, scope: Scope, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, scope=scope, initial=initial)
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

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            for name, side, kind in (("users", "user_group", Kind.USERS), ("cars", "car_group", Kind.CARS)):
                data[name] = list(dict.fromkeys([*data[name], *self._members(data[side], kind)]))
            if not data["users"]:
                self.add_error("users", _("For whom? Name somebody, or choose a group that somebody is in."))
            if not data["cars"]:
                self.add_error("cars", _("Which cars? Name one, or choose a group that has some."))
            self.check()
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

    def check(self) -> None:
        """What else must be right once each field is. Overridden by each form."""

    def check_count(self, days: int = 1) -> None:
        """A ceiling on what one yes can do."""
        cars, users = len(self.cleaned_data["cars"]), len(self.cleaned_data["users"])
        count, most = days * cars * users, settings.SERIES_WINDOWS
        if count > most:
            numbers: dict[str, object] = {
                "count": number_format(count, force_grouping=True),
                "most": number_format(most, force_grouping=True),
            }
            numbers |= {"days": days, "cars": cars, "users": users}
            text = _("That would be %(count)s accesses: days: %(days)s, cars: %(cars)s, people: %(users)s. ")
            text += _("At most %(most)s at once: choose fewer days, cars or people.")
            if fits := min(days - 1, most // (cars * users)):
                text += " " + ngettext("For so many, %(fits)s day fits.", "For so many, %(fits)s days fit.", fits)
            self.add_error(None, text % {**numbers, "fits": fits})


class SeveralForm(ManyForm):
    """The same time for several people or cars."""

    times = ("start", "end")

    start = start_field()
    end = end_field()
    start_fold = forms.ChoiceField(required=False, widget=forms.RadioSelect)
    end_fold = forms.ChoiceField(required=False, widget=forms.RadioSelect)

    def __init__(self, data: Any = None, *, scope: Scope, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, scope=scope)
        now = timezone.now().replace(second=0, microsecond=0)
        evening = windows.next_evening(now, self.zone)
        times = {"start": windows.local_text(now, self.zone), "end": windows.local_text(evening, self.zone)}
        self.initial = {**times, **(initial or {})}

    def clean(self) -> dict[str, Any]:
        self.clean_times(self.cleaned_data)
        return super().clean()

    def check(self) -> None:
        if not self.errors:
            self.check_count()


def as_lines(scope: Scope, kind: Kind, ids: Iterable[int]) -> str:
    """Things as the form shows them: each by what only it is found by."""
    found = []
    for number in ids:
        called = label(scope, kind, number)
        one, _many = queries.find_one(scope, kind, called)
        found.append(called if one and one.id == number else str(number))
    return "\n".join(found)


def from_address(scope: Scope, query: Any) -> dict[str, Any]:
    """The cars and people that a link names by number."""
    sides = (("cars", "car", Kind.CARS), ("users", "user", Kind.USERS))
    found = {
        name: [number for text in query.getlist(one)[:LINES] if (number := id_of(text))] for name, one, _k in sides
    }
    return {name: as_lines(scope, kind, found[name]) for name, _one, kind in sides if found[name]}
