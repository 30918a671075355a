"""An icon beside a word."""

import functools

from django import template
from django.template.loader import render_to_string

from flinkey_admin.web import icons

register = template.Library()


@register.simple_tag
def icon(name: str, size: int = 0, **marks: str) -> str:
    """One of `web.icons.NAMES`; `size` in pixels. Screen readers pass over it: the word beside it says it all.

    Raises KeyError for an icon that is on no sheet.
    """
    return _icon(name, size or icons.SIZES[name.partition("-")[0]], marks.get("class", ""))


@functools.cache
def _icon(name: str, size: int, look: str) -> str:
    facts = {"name": name, "size": size, "look": look, "file": icons.file_of(name)}
    return render_to_string("web/_icon.html", facts)
