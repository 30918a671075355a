"""One thing that was looked at, in words."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from flinkey_admin.web.sentences import Text

GOOD, LOOK, BAD, NONE, OFF = "good", "look", "bad", "none", "off"
WORDS: dict[str, Text] = {
    GOOD: gettext_lazy("Fine"),
    LOOK: gettext_lazy("Worth a look"),
    BAD: gettext_lazy("To mend"),
    NONE: gettext_lazy("Not checked"),
    OFF: gettext_lazy("Not in use"),
}


@dataclass(frozen=True)
class Line:
    """What was looked at, how it is, what that means and what to do.

    detail: for whoever runs the machine: paths, addresses, the words of a fault. No page shows it.
    """

    title: str
    state: str
    text: str
    todo: str = ""
    detail: str = ""

    @property
    def word(self) -> Text:
        """The state in a word."""
        return WORDS[self.state]


def summary(lines: list[Line]) -> str:
    """All of it in a sentence."""
    bad, look = (sum(line.state == state for line in lines) for state in (BAD, LOOK))
    if bad:
        return _("Something has to be mended.")
    return _("It works; something is worth a look.") if look else _("All is well.")
