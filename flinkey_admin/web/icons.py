"""The icons of all pages as two sheets, which a browser loads once: drawn into each page they were a third of it."""

import re
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage
from heroicons.templatetags import heroicons

FILE, MORE = "img/icons.svg", "img/more.svg"  # what every page has, and what only some have
# Our own mark. As a picture the first sheet shows this and no symbol, also in a browser's tab.
MARK = (
    '<rect width="32" height="32" rx="8" fill="#3350b8"/><g fill="none" stroke="#fff" stroke-width="3" '
    'stroke-linecap="round" stroke-linejoin="round"><circle cx="11" cy="16" r="5"/><path d="M16 16h10M22 16v5"/></g>'
)
DIGITS = re.compile(r"(\.\d\d)\d+")  # a hundredth of a pixel is enough
STYLES = {"micro": heroicons.heroicon_micro, "mini": heroicons.heroicon_mini, "outline": heroicons.heroicon_outline}
SIZES = {"micro": 16, "mini": 20, "outline": 24}  # pixels
FIRST = (
    "micro-arrow-path",
    "micro-arrow-right-start-on-rectangle",
    "micro-check",
    "micro-chevron-down",
    "micro-chevron-left",
    "micro-chevron-right",
    "micro-key",
    "micro-moon",
    "micro-signal",
    "mini-building-office-2",
    "mini-key",
    "mini-magnifying-glass",
    "mini-plus",
    "mini-user-circle",
    "outline-arrow-path",
    "outline-arrows-right-left",
    "outline-calendar",
    "outline-clipboard-document-list",
    "outline-cube",
    "outline-document-text",
    "outline-ellipsis-horizontal",
    "outline-home",
    "outline-magnifying-glass",
    "outline-question-mark-circle",
    "outline-rectangle-group",
    "outline-truck",
    "outline-users",
)
OTHERS = (
    "micro-clock",
    "micro-ellipsis-horizontal-circle",
    "micro-exclamation-triangle",
    "micro-no-symbol",
    "micro-paper-airplane",
    "micro-pause",
    "micro-question-mark-circle",
    "micro-x-mark",
    "mini-check-circle",
    "mini-clock",
    "mini-exclamation-circle",
    "mini-exclamation-triangle",
    "mini-information-circle",
    "mini-x-circle",
    "mini-x-mark",
    "outline-check-circle",
    "outline-inbox",
    "outline-key",
)
NAMES = (*FIRST, *OTHERS)
SHEETS = {FILE: FIRST, MORE: OTHERS}


def sheet(file: str) -> str:
    """An SVG with a symbol for each name. `file`: one of SHEETS."""
    mark = MARK if file == FILE else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">{"".join(map(_symbol, SHEETS[file]))}{mark}</svg>'
    )


def file_of(name: str) -> str:
    """The sheet that has this icon. Raises KeyError when none has."""
    return {one: file for file, names in SHEETS.items() for one in names}[name]


def _symbol(name: str) -> str:
    style, _dash, icon = name.partition("-")
    drawing = STYLES[style](icon, size=None).replace(' aria-hidden="true" data-slot="icon"', "")
    drawing = drawing.replace(' clip-rule="evenodd"', "")  # says something within a clipPath alone
    whole = drawing.replace("<svg ", f'<symbol id="{name}" ').replace("</svg>", "</symbol>")
    return DIGITS.sub(r"\1", " ".join(whole.split()).replace("> <", "><"))


class SheetFinder(BaseFinder):
    """Hands the sheets to Django's static files, so that they are named by their content, compressed and kept."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        self.storage = FileSystemStorage(location=settings.VAR_DIR / "icons")

    def check(self, **_kwargs: Any) -> list[Any]:
        """Nothing of it can be set wrong."""
        return []

    def find(self, path: str, find_all: bool = False, **_kwargs: Any) -> Any:
        """The path of a sheet's file, or nothing for any other path."""
        if path not in SHEETS:
            return []
        file = settings.VAR_DIR / "icons" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(sheet(path))
        return [str(file)] if find_all else str(file)

    def list(self, ignore_patterns: Any) -> Any:  # noqa: ARG002
        """The sheets and where they are."""
        for path in SHEETS:
            self.find(path)
            yield path, self.storage
