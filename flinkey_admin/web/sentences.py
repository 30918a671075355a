"""The words for everything that can go wrong with flinkey. The only place that holds them.

A sentence says what happened and what to do next, in the coordinator's words: no status code, no exception text.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import DatabaseError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from flinkey_admin.flinkey import errors
from flinkey_admin.web.templatetags.times import clock

Text = str | Promise


@dataclass(frozen=True)
class Sentence:
    """What a person reads, and the HTTP status of the page that says it."""

    heading: Text
    text: Text
    status: int = 502


MISSING = {
    "manager": _(
        "flinkey does not accept your account for this customer any more. "
        "Ask your flinkey administrator to check your rights."
    ),
    "group": _("flinkey no longer knows this group. It may have been deleted elsewhere."),
    "car": _("flinkey no longer knows this car. It may have been deleted elsewhere."),
    "user": _("flinkey no longer knows this user. The person may have been deleted elsewhere."),
    "service": _("flinkey no longer knows this service. It may have been deleted elsewhere."),
    "product": _("flinkey no longer knows this box. It may have been deleted elsewhere."),
    "assignment": _("flinkey no longer knows this access. It may have been removed elsewhere."),
    "member": _("It was not in this group any more."),
    "unknown": _("flinkey could not find what this needs. It may have been deleted elsewhere."),
}

CONFLICT = {
    "member": _("It was already in this group."),
    "name": _("There is already a group with this name. Choose another one."),
    "relations": _("flinkey refuses to delete this group because something is still in it. Move it out first."),
    "unknown": _("flinkey refuses this: it does not go together with what is there now. Look at it again, then retry."),
}

UNAVAILABLE = _("flinkey cannot be reached right now. Nothing was changed. Try again in a moment.")
OUTCOME_UNKNOWN = _("flinkey did not answer, so nobody knows yet whether this was done.")
LOST_WINDOW = _("flinkey did not answer. We are checking whether it was done. Please do not enter it again.")
BAD_API_KEY = _(
    "flinkey does not accept the API key of this dashboard. Tell your administrator: the setting is FLINKEY_API_KEY."
)
SIGNED_OUT = _("Your sign-in at flinkey has run out; flinkey ends it after a while. Please sign in again.")
REJECTED = _("flinkey did not accept this. The fault is ours: please tell your administrator the reference number.")
WRONG_PASSWORD = _("This e-mail address and password do not belong together. Check both and try again.")
UNEXPECTED = _(
    "Something went wrong in this dashboard. What you did before is safe. "
    "Try again; if it stays, tell your administrator the reference number."
)
NO_STORE = _(
    "This dashboard cannot use its database at the moment. What was done before is safe, and nothing is done twice. "
    "Tell your administrator the reference number, and try again later."
)
STORE = _(
    "This dashboard cannot write to its database at the moment; its disk may be full. What was done before is safe, "
    "and nothing is done twice. Tell your administrator the reference number, and try again later."
)
OLD_FORM = _("This page was older than your sign-in, so nothing was sent. Check what you entered and send it again.")
FOREIGN_FORM = _("This form was not sent from this dashboard as it is now. Go back, load the page again and repeat it.")
TOO_MUCH = _("This was too much at once, or not what the page sends. Go back and try it with less.")
NOT_ALLOWED = _("You may not do this. If you should, ask your administrator.")
NOT_HERE = _("There is nothing here. It may have been deleted, or the address is not quite right.")
NO_CUSTOMER = _(
    "Your sign-in is right, but flinkey does not list you as manager of any customer. "
    "Ask your flinkey administrator to add you."
)


# How SQLite and PostgreSQL call it when nothing can be written: full, read-only, or the disk itself fails.
NO_ROOM = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR", "53100", "25006", "58030")


# Why a step of a change is not done, or not known to be. The keys are written by the runner.
REASONS = {
    "signed-out": _("Not sent: your sign-in at flinkey had run out. Finish it now that you are back."),
    "api-key": _("Not sent: flinkey does not accept the API key of this dashboard. Tell your administrator."),
    "busy": _("Not sent: flinkey asked us to wait."),
    "unavailable": _("Not sent: flinkey could not be reached."),
    "lost": _("flinkey did not answer, so nobody knows yet whether this was done."),
    "rejected": REJECTED,
    "told": _("flinkey refused it."),
    "moved-on": _("It has left its new group again meanwhile, so it was not taken out of the old one."),
    "not-before": _("Not sent, since what had to come first was not done."),
    "restored": _("Not sent: a backup was put back since this was planned. Look at how things are, and plan it anew."),
    "given-up": _("Somebody chose to leave it as it is."),
    **{f"missing-{what}": words for what, words in MISSING.items()},
    **{f"conflict-{what}": words for what, words in CONFLICT.items()},
}


# How flinkey is, beside the age of what a page shows.
TROUBLE = {
    "down": _("flinkey cannot be reached at the moment. You see what it said last; this page catches up by itself."),
    "key": BAD_API_KEY,
    "stuck": _(
        "This dashboard cannot store anything at the moment; its disk may be full. You see what it stored last. "
        "Tell your administrator."
    ),
    "slow": _("flinkey answers slowly at the moment. You see what it said last; this page catches up by itself."),
}


# Why a change that has its yes does not go on just now. The keys are those of operations.models.Hold.
HOLDS = {
    "queued": _("It starts as soon as it is its turn."),
    "down": _("flinkey cannot be reached. It is tried again every few seconds and goes on by itself."),
    "key": _(
        "flinkey does not accept the API key of this dashboard. Tell your administrator; then it goes on by itself."
    ),
    "signed-out": _(
        "The sign-in at flinkey has run out. It goes on by itself when a manager of this customer signs in."
    ),
    "paused": _("Paused. Nothing more is sent until somebody says so."),
    "asks": _("It has stopped for a while, and things may have changed since. Look once more: shall it go on?"),
}


# What a person has asked of a change that is under way.
WISHES = {
    "pause": _("It pauses as soon as the things at hand are done."),
    "stop": _("It stops as soon as the things at hand are done."),
}


def goes_on_in(seconds: float) -> str:
    """flinkey asked for a pause; the change goes on by itself after so many seconds."""
    whole = max(1, round(seconds))
    return ngettext(
        "flinkey asked us to wait. It goes on by itself in %(count)s second.",
        "flinkey asked us to wait. It goes on by itself in %(count)s seconds.",
        whole,
    ) % {"count": whole}


def asked_to_wait(until: dt.datetime) -> str:
    """flinkey asked to be left alone until then."""
    return _("flinkey asked us to wait until %(time)s. You see what it said last; this page catches up by itself.") % {
        "time": date_format(timezone.localtime(until), "H:i:s")
    }


def busy(seconds: float) -> str:
    """flinkey asked for a pause of so many seconds."""
    whole = max(1, round(seconds))
    return ngettext(
        "flinkey is busy and asked us to wait %(count)s second. Try again after that.",
        "flinkey is busy and asked us to wait %(count)s seconds. Try again after that.",
        whole,
    ) % {"count": whole}


def key_until(moment: dt.datetime, *, many: bool = False, whose: str = "") -> str:
    """Removing access does not reach a phone that is offline: until when it may still open the car.

    many: the access of several people. whose: the driver, where the page names more than one.
    """
    text = _(
        "The driver's phone may still hold a key until it next goes online, at the latest until %(when)s (an estimate)."
    )
    if many:
        text = _(
            "The drivers' phones may still hold a key until they next go online, at the latest until %(when)s "
            "(an estimate)."
        )
    if whose:
        text = _(
            "The phone of %(whose)s may still hold a key until it next goes online, at the latest until %(when)s "
            "(an estimate)."
        )
    return text % {"when": date_format(timezone.localtime(moment), "DATETIME_FORMAT"), "whose": whose}


def removed_at(moment: dt.datetime) -> str:
    """When flinkey had removed the access, so far as we know."""
    return _("Removed %(when)s.") % {"when": clock(moment)}


def of_store(fault: DatabaseError) -> Text:
    """The words for a database that does not do what it should: it cannot write, or cannot be reached at all."""
    code = getattr(fault.__cause__, "sqlite_errorname", None) or getattr(fault.__cause__, "sqlstate", None) or ""
    return STORE if code.startswith(NO_ROOM) else NO_STORE


def of(error: errors.FlinkeyError) -> Sentence:
    """The words for an error of the client."""
    match error:
        case errors.NotFound(missing="manager"):
            return Sentence(_("No access"), MISSING["manager"], 403)
        case errors.NotFound():
            return Sentence(_("Not found"), MISSING.get(error.missing, MISSING["unknown"]), 404)
        case errors.Conflict():
            text = CONFLICT.get(error.reason, CONFLICT["unknown"])
            return Sentence(_("flinkey did not do this"), text, 409)
        case errors.RateLimited():
            return Sentence(_("flinkey is busy"), busy(error.retry_after), 503)
    return SENTENCES.get(type(error), Sentence(_("flinkey did not do this"), REJECTED))


SENTENCES: dict[type[errors.FlinkeyError], Sentence] = {
    errors.BadApiKey: Sentence(_("The connection to flinkey is not set up"), BAD_API_KEY, 503),
    errors.Unauthorized: Sentence(_("Please sign in again"), SIGNED_OUT, 401),
    errors.SignInRefused: Sentence(_("Sign-in refused"), WRONG_PASSWORD, 403),
    errors.OutcomeUnknown: Sentence(_("No answer from flinkey"), OUTCOME_UNKNOWN, 504),
    errors.Unavailable: Sentence(_("flinkey cannot be reached"), UNAVAILABLE, 503),
}
