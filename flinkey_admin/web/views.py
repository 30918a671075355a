"""Pages that belong to no feature."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Where flinkey surprises, in short sections that the pages concerned link to."""
    return render(request, "web/help.html", {"section": "help"})
