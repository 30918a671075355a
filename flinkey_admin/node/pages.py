"""The page for managers: what `flinkey-admin check` says, without what only concerns whoever runs the machine."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import get_script_prefix
from django.views.decorators.http import require_safe

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.node.checkup import configured, here, outside
from flinkey_admin.node.checkup.lines import summary


@require_safe
def checkup(request: ManagerRequest) -> HttpResponse:
    """What is known here at once; `?outside=1` asks flinkey and the own address too, which the page does by itself."""
    is_whole = "outside" in request.GET
    inside = [*here.lines(request.manager.customer), *configured.lines()]
    beyond = outside.lines(request.build_absolute_uri(get_script_prefix())) if is_whole else []
    context = {
        "inside": inside,
        "beyond": beyond,
        "summary": summary(inside + beyond) if is_whole else "",
        "section": "preferences",
    }
    return render(request, "node/checkup.html", context)
