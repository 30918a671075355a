"""Times as a coordinator reads them."""

import datetime as dt

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def moment(value: dt.datetime) -> str:
    """A time in the fleet's zone; the year only where it is not this one."""
    local = timezone.localtime(value)
    # Translators: a date within this year, with the day of the week; see Django's date format characters
    this_year = _("D j M, H:i")
    return date_format(local, this_year if local.year == timezone.localtime().year else "DATETIME_FORMAT")


@register.filter
def instant(value: dt.datetime) -> str:
    """A time for machines, in the fleet's zone and to the second: HTML allows no more than thousandths."""
    return timezone.localtime(value).isoformat(timespec="seconds")


@register.filter
def clock(value: dt.datetime) -> str:
    """The time of day; with the day where that is not today."""
    local = timezone.localtime(value)
    return date_format(local, "TIME_FORMAT") if local.date() == timezone.localdate() else moment(value)
