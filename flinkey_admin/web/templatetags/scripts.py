"""A script of the page, with the hash of what it must be."""

import base64
import functools
import hashlib

from django import template
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.templatetags.static import static
from django.utils.html import format_html

register = template.Library()


@register.simple_tag
def script(path: str, how: str = "defer") -> str:
    """A script by its path below static/, loaded so (`defer`, or `type=module`).

    With the hash of the file as it is sent: a browser runs nothing that a cache or a proxy on the way has changed. On
    this machine, where files are edited, it goes without. Raises ValueError for a file that is not there.
    """
    if settings.LOOPBACK:
        return format_html('<script src="{}" {}></script>', static(path), how)
    return format_html('<script src="{}" {} integrity="sha256-{}"></script>', static(path), how, _digest(static(path)))


@functools.cache
def _digest(address: str) -> str:
    """Of the file at this address, whose name changes with its content."""
    with staticfiles_storage.open(address.removeprefix(settings.STATIC_URL)) as file:
        return base64.b64encode(hashlib.sha256(file.read()).digest()).decode()
