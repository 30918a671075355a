"""The icons of every page as one sheet, which a browser loads once: drawn into each page they were a third of it."""

import re
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage
from heroicons.templatetags import heroicons

FILE = "img/icons.svg"
DIGITS = re.compile(r"(\.\d\d)\d+")  # a hundredth of a pixel is enough
STYLES = {"micro": heroicons.heroicon_micro, "mini": heroicons.heroicon_mini, "outline": heroicons.heroicon_outline}
SIZES = {"micro": 16, "mini": 20, "outline": 24}  # pixels
NAMES = (
    "micro-arrow-path",
    "micro-arrow-right-start-on-rectangle",
    "micro-check",
    "micro-chevron-down",
    "micro-chevron-left",
    "micro-chevron-right",
    "micro-clock",
    "micro-ellipsis-horizontal-circle",
    "micro-exclamation-triangle",
    "micro-key",
    "micro-moon",
    "micro-no-symbol",
    "micro-paper-airplane",
    "micro-pause",
    "micro-question-mark-circle",
    "micro-signal",
    "micro-x-mark",
    "mini-building-office-2",
    "mini-check-circle",
    "mini-clock",
    "mini-exclamation-circle",
    "mini-exclamation-triangle",
    "mini-information-circle",
    "mini-key",
    "mini-magnifying-glass",
    "mini-plus",
    "mini-user-circle",
    "mini-x-circle",
    "mini-x-mark",
    "outline-arrow-path",
    "outline-arrows-right-left",
    "outline-calendar",
    "outline-check-circle",
    "outline-clipboard-document-list",
    "outline-cube",
    "outline-document-text",
    "outline-ellipsis-horizontal",
    "outline-home",
    "outline-inbox",
    "outline-key",
    "outline-magnifying-glass",
    "outline-question-mark-circle",
    "outline-rectangle-group",
    "outline-truck",
    "outline-users",
)


def sheet() -> str:
    """An SVG with a symbol for each name."""
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(map(_symbol, NAMES))}</svg>'


def _symbol(name: str) -> str:
    style, _dash, icon = name.partition("-")
    drawing = STYLES[style](icon, size=None).replace(' aria-hidden="true" data-slot="icon"', "")
    whole = drawing.replace("<svg ", f'<symbol id="{name}" ').replace("</svg>", "</symbol>")
    return DIGITS.sub(r"\1", " ".join(whole.split()).replace("> <", "><"))


class SheetFinder(BaseFinder):
    """Hands the sheet to Django's static files, so that it is named by its content, compressed and kept like them."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        self.storage = FileSystemStorage(location=settings.VAR_DIR / "icons")

    def check(self, **_kwargs: Any) -> list[Any]:
        """Nothing of it can be set wrong."""
        return []

    def find(self, path: str, find_all: bool = False, **_kwargs: Any) -> Any:
        """The path of the sheet's file, or nothing for any other path."""
        if path != FILE:
            return []
        file = settings.VAR_DIR / "icons" / FILE
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(sheet())
        return [str(file)] if find_all else str(file)

    def list(self, ignore_patterns: Any) -> Any:  # noqa: ARG002
        """The sheet and where it is."""
        self.find(FILE)
        yield FILE, self.storage
