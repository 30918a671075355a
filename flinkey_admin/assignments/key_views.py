"""The list of keys that phones may still hold after access was taken away."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.assignments import keys, services


@require_safe
def key_list(request: ManagerRequest) -> HttpResponse:
    """Whose phone may still open which car, the last one to run out first."""
    services.open_form(request.manager)
    return render(request, "assignments/key_list.html", {"section": "keys", "keys": keys.left(request.manager)})
