"""Our own templates, as they are drawn: without the spaces at the beginning of their lines, and lines of bare tags."""

import re

from django.template import Origin
from django.template.loaders import filesystem

INDENTED = re.compile(r"\n[ \t]+")
# A line that has a tag alone, which draws nothing itself. The line before ends with a space for both.
BARE = re.compile(r"^(\{% (?:if|elif|else|endif|for|empty|endfor|with|endwith|load)\b[^%\n]*%\})\n", re.MULTILINE)


class Loader(filesystem.Loader):
    """Leaves out what only people who write templates look at: it would be in every page, and compresses badly."""

    def get_contents(self, origin: Origin) -> str:
        """The text of a template, without such spaces and lines."""
        return BARE.sub(r"\1", INDENTED.sub("\n", super().get_contents(origin)))
