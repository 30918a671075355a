"""The four kinds of member in words. A verb and its object are one sentence: other languages join them otherwise."""

import re

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()
PLATE = re.compile(r"\b([A-ZÄÖÜ]{1,3}-[A-ZÄÖÜ]{1,3} ?\d{1,4}(?: ?[EH])?)\b")


@register.filter
def plural(kind: str) -> str:
    """Cars, users, services, boxes, access: the heading of a list."""
    words = {"cars": _("Cars"), "users": _("Users"), "services": _("Services"), "products": _("Boxes")}
    return (words | {"windows": _("Access")})[kind]


@register.filter
def singular(kind: str) -> str:
    """Car, user, service, box, group, access: what a thing is, beside its name."""
    words = {"cars": _("Car"), "users": _("User"), "services": _("Service"), "products": _("Box"), "groups": _("Group")}
    return (words | {"windows": _("Access")})[kind]


@register.filter
def add_them(kind: str) -> str:
    """The button that adds some."""
    words = {"cars": _("Add cars"), "users": _("Add users"), "services": _("Add services"), "products": _("Add boxes")}
    return words[kind]


@register.filter
def found_by(kind: str) -> str:
    """What a search finds them by."""
    return {
        "cars": _("Plate, name, VIN"),
        "users": _("Name, e-mail"),
        "services": _("Name, cause"),
        "products": _("Box, serial number"),
    }[kind]


@register.filter
def counted(count: int, kind: str) -> str:
    """So many of them; without a kind, of several kinds."""
    words = {
        "cars": ngettext("%(count)s car", "%(count)s cars", count),
        "users": ngettext("%(count)s user", "%(count)s users", count),
        "services": ngettext("%(count)s service", "%(count)s services", count),
        "products": ngettext("%(count)s box", "%(count)s boxes", count),
        "windows": ngettext("%(count)s access", "%(count)s accesses", count),
        "": ngettext("%(count)s thing", "%(count)s things", count),
    }
    return words[kind] % {"count": count}


@register.filter
def parted(label: str) -> list[tuple[str, str]]:
    """A label as it was kept, "name · plate" or "name · e-mail → name · plate": the name of each side, and the rest."""
    sides = (side.partition(" · ") for side in label.split(" → "))
    return [(name, rest) for name, _dot, rest in sides]


@register.filter
def plates(sentence: str) -> list[tuple[str, bool]]:
    """The pieces of a sentence, and of each whether it is a plate: no line may end at the hyphen of HH-FK 1234."""
    return [(piece, at % 2 == 1) for at, piece in enumerate(PLATE.split(sentence)) if piece]
