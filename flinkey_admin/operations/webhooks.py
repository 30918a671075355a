"""flinkey's messages about windows. A hint: checked against the secret, kept as it came, answered at once.

README of the API, 3. The bodies of updates and deletions are documented in part only, so nothing is taken for granted.
"""

import hashlib
import hmac
import json
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from flinkey_admin.accounts.models import Customer
from flinkey_admin.flinkey.fields import fit, instant
from flinkey_admin.operations import journal, signals
from flinkey_admin.operations.calls import WINDOW_VERBS
from flinkey_admin.operations.confirmation import check_window
from flinkey_admin.operations.models import Step, Verb
from flinkey_admin.web import logs
from flinkey_admin.web.errors import Trouble, error_response
from flinkey_admin.web.sentences import NOT_HERE

LIMIT = 64 * 1024
LONGEST = 2000  # characters of flinkey's own words
VERBS = {"created": Verb.CREATE_WINDOW, "updated": Verb.CHANGE_WINDOW, "deleted": Verb.DELETE_WINDOW}


@csrf_exempt
@login_not_required
@require_POST
def receive(request: HttpRequest, event: str = "") -> HttpResponse:
    """Takes one message: 204 when it was kept, 404 while no secret is set, 403 for a wrong one, 413 over 64 KB."""
    if not settings.FLINKEY_WEBHOOK_SECRET:
        return error_response(request, Trouble(NOT_HERE, 404))
    if not _is_ours(request.headers.get("secret", "").encode("latin-1", "replace")):  # the bytes as they came
        logs.security.warning("refused, a message with a wrong secret")
        return error_response(request, Trouble(_("The secret of this message is not ours."), 403))
    if int(request.headers.get("Content-Length") or 0) > LIMIT or len(body := request.body) > LIMIT:
        return error_response(request, Trouble(_("This message is too large."), 413))
    take(event, body)
    return HttpResponse(status=204)


def _is_ours(sent: bytes) -> bool:
    """Whether it is the secret, or the one before, which flinkey may still send while it is changed in the portal."""
    known = [secret.encode() for secret in (settings.FLINKEY_WEBHOOK_SECRET, settings.FLINKEY_WEBHOOK_SECRET_OLD)]
    return any([hmac.compare_digest(sent, secret) for secret in known if secret])  # noqa: C419 - all, so that none is quicker


def take(event: str, body: bytes) -> None:
    """Keeps the message and has the worker look at what it is about."""
    said = parse(body)
    customer = _customer(said)
    step = match(event, customer, said) if customer else None
    digest = hashlib.sha256(event.encode() + body).hexdigest()
    is_odd = customer is None or not _is_known(said)
    journal.keep_webhook(digest, event, fit(body.decode(errors="replace")), step, customer, is_odd=is_odd)
    if step:
        succeeded = said.get("operationSucceeded") if _is_answer(said) else None
        message = fit(str(said.get("errorMessage") or "")[:LONGEST])
        journal.hint(step, {"succeeded": succeeded, "message": message})
        check_window.enqueue(step.pk)
    elif customer:
        signals.told.send(sender=None, customer=customer, said=said)


def parse(body: bytes | str) -> dict[str, Any]:
    """What a message says: nothing, where it is no object."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _customer(said: dict[str, Any]) -> Customer | None:
    """The customer that a message names, if it is one of ours. What no database could hold names none."""
    named = str(said.get("customerId"))
    return Customer.objects.filter(flinkey_id=named).first() if len(named) < LONGEST and named == fit(named) else None


def _is_answer(said: dict[str, Any]) -> bool:
    """Whether a message says yes or no. Anything else might be what PostgreSQL takes into no JSON, as a NUL or NaN."""
    return isinstance(said.get("operationSucceeded"), bool)


def _is_known(said: dict[str, Any]) -> bool:
    """Whether a message has one of the shapes that are documented: a result, of a window or of a car's new one."""
    names_something = any(integer(said.get(name)) is not None for name in ("assignmentId", "carId"))
    return _is_answer(said) and names_something


def match(event: str, customer: Customer, said: dict[str, Any]) -> Step | None:
    """The open change a message is about: by the window's id, else by car, user, start and end."""
    open_steps = Step.objects.filter(customer=customer, settled_at=None, sent_at__isnull=False).order_by("pk")
    kind = VERBS.get(event) or (Verb.CREATE_WINDOW if "carId" in said else None)
    if kind == Verb.CREATE_WINDOW:
        return _match_created(open_steps.filter(verb=kind), said)
    window_id = integer(said.get("assignmentId"))
    if window_id is None:
        return None
    return open_steps.filter(verb__in={kind} if kind else WINDOW_VERBS, window_id=window_id).first()


def _match_created(steps: Any, said: dict[str, Any]) -> Step | None:
    car, user = integer(said.get("carId")), integer(said.get("userId"))
    try:
        times = (_time(said.get("start")), _time(said.get("end")))
    except ValueError:
        return None
    for step in steps.filter(car_id=car, user_id=user):
        if (_time(step.args["start"]), _time(step.args["end"])) == times:
            found: Step = step
            return found
    return None


def _time(value: object) -> object:
    return instant(str(value)) if value else None


def integer(value: object) -> int | None:
    """flinkey's number, also where it was written as a text."""
    try:
        return int(str(value))
    except ValueError:
        return None
