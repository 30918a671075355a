"""The name of a group, and a note. No network here: the names that are taken come from the view."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from flinkey_admin.fleet.services import same_name
from flinkey_admin.flinkey.records import Group
from flinkey_admin.web.sentences import CONFLICT

LONGEST = 250
LONGEST_NOTE = 2000


class GroupForm(forms.Form):
    """A name that flinkey will take: not blank, at most 250 characters, not given yet."""

    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={
            "required": _("Type a name for the group."),
            "max_length": _("flinkey takes at most %(limit_value)s characters; this name has %(show_value)s."),
        },
    )

    def __init__(self, *args: object, groups: Sequence[Group] = (), but: int | None = None, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.groups, self.but = groups, but

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if same_name(self.groups, name, self.but):
            raise forms.ValidationError(CONFLICT["name"])
        return name


class NoteForm(forms.Form):
    """A note for the next person: not blank, at most 2,000 characters.

    The field itself has no limit: a browser would cut off what is pasted into it without a word.
    """

    text = forms.CharField(
        label=_("Note for the next person"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Type a note first.")},
    )

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"].replace("\r\n", "\n")  # a browser sends each new line as two characters
        if len(text) > LONGEST_NOTE:
            raise forms.ValidationError(
                _("A note has room for %(most)s characters; this one has %(length)s."),
                params={"most": LONGEST_NOTE, "length": len(text)},
            )
        return text
