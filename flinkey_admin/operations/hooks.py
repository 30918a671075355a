"""How flinkey's confirmations reach this dashboard, and the messages that nobody can make anything of."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Max, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from flinkey_admin.accounts.models import Customer
from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.operations.models import Webhook

SHOWN = 50


@dataclass(frozen=True)
class Hooks:
    """Whether messages arrive, in a sentence. `state`: fresh while they do, stale while they do not."""

    text: str
    state: str
    last_at: dt.datetime | None


def hooks(scope: Scope) -> Hooks:
    """By what a customer's windows are confirmed just now."""
    last: dt.datetime | None = Webhook.objects.filter(customer=scope.customer).aggregate(last=Max("last_at"))["last"]
    if not settings.FLINKEY_WEBHOOK_SECRET:
        return Hooks(_("Webhooks: none are taken, for no secret is set. Confirming by reading back."), "stale", last)
    if last is None:
        return Hooks(_("Webhooks: none yet. Confirming by reading back."), "stale", None)
    if timezone.now() - last < dt.timedelta(minutes=1):
        return Hooks(_("Webhooks: last received just now."), "fresh", last)
    ago = timesince(last, timezone.now())
    return Hooks(_("Webhooks: last received %(ago)s ago.") % {"ago": ago}, "fresh", last)


def odd(scope: Scope) -> "QuerySet[Webhook]":
    """The messages of another shape than the known ones that this person may see: those that name the customer.

    What names no customer might be anybody's: it is shown only where the dashboard serves no other one.
    """
    mine = Q(customer=scope.customer)
    if not Customer.objects.exclude(pk=scope.customer.pk).exists():
        mine |= Q(customer=None)
    return Webhook.objects.filter(mine, is_odd=True).order_by("-last_at")


@require_safe
def messages(request: ManagerRequest) -> HttpResponse:
    """Whether webhooks arrive, where flinkey should send them, and what came that is not understood."""
    found = odd(request.manager)
    context = {
        "section": "messages",
        "hooks": hooks(request.manager),
        "address": request.build_absolute_uri(reverse("operations:webhook")),
        "odd": found[:SHOWN],
        "total": found.count(),
    }
    return render(request, "operations/messages.html", context)
