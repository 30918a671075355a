"""A script of the page, with the hash of what it must be."""

import base64
import functools
import hashlib

from django import template
from django.conf import settings
from django.contrib.staticfiles.storage import ManifestFilesMixin
from django.core.files.storage import storages
from django.template.loader import render_to_string
from django.templatetags.static import static

register = template.Library()


@register.simple_tag
def script(path: str, how: str = "defer") -> str:
    """A script by its path below static/, loaded so (`defer`, or `type=module`).

    One of ours with the hash of the file as it is sent: a browser runs nothing that a cache or a proxy on the way has
    changed. Where files are edited, and so not named by their content, it goes without. Raises ValueError for a file
    that is not there.
    """
    facts = {"address": static(path), "how": how}
    if path.startswith("js/") and isinstance(storages["staticfiles"], ManifestFilesMixin):
        facts["digest"] = _digest(facts["address"])
    return render_to_string("web/_script.html", facts)


@functools.cache
def _digest(address: str) -> str:
    """Of the file at this address, whose name changes with its content."""
    with storages["staticfiles"].open(address.removeprefix(settings.STATIC_URL)) as file:
        return base64.b64encode(hashlib.sha256(file.read()).digest()).decode()
