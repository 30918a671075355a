"""How a person wants to see the dashboard: kept in cookies of the browser at hand, so before the sign-in too."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from flinkey_admin.accounts import stash
from flinkey_admin.web.redirects import safe_next, safe_path
from flinkey_admin.web.requests import HtmxRequest

COOKIES = {"scheme": settings.SCHEME_COOKIE_NAME, "language": settings.LANGUAGE_COOKIE_NAME}
YEAR = 365 * 24 * 3600  # seconds
SCHEMES = [("", _("As the device")), ("light", _("Light")), ("dark", _("Dark"))]


class PreferencesForm(forms.Form):
    """What can be chosen. Nothing chosen leaves it to the device and to the browser."""

    scheme = forms.ChoiceField(label=_("Colours"), choices=SCHEMES, required=False, widget=forms.RadioSelect)
    language = forms.ChoiceField(label=_("Language"), required=False, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [("", _("As the browser")), *settings.LANGUAGES]  # type: ignore[attr-defined]
        if len(settings.LANGUAGES) == 1:  # LANGUAGE_CODE has decided
            del self.fields["language"]


def chosen_scheme(request: HttpRequest) -> str:
    """The colours that this browser was told to show: light, dark, or nothing for those of the device."""
    kept = request.COOKIES.get(COOKIES["scheme"], "")
    return kept if kept in {"light", "dark"} else ""


@login_not_required
def preferences(request: HtmxRequest) -> HttpResponse:
    """Colours and language; POST keeps those of `scheme` and `language` that it names, "" forgets one."""
    kept = {"scheme": chosen_scheme(request), "language": request.COOKIES.get(COOKIES["language"], "")}
    form = PreferencesForm(stash.typed(request), initial=kept)
    if request.method == "POST" and form.is_valid():
        response = redirect(safe_next(request, request.path))
        for name in form.fields.keys() & request.POST.keys():
            _keep(response, COOKIES[name], form.cleaned_data[name])
        return response
    back = request.POST.get("next") or _came_from(request)
    context = {"form": form, "next": safe_path(request, back, ""), "section": "preferences"}
    return render(request, "accounts/preferences.html", context, status=422 if request.method == "POST" else 200)


def _keep(response: HttpResponse, cookie: str, value: str) -> None:
    if value:
        secure, path = settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_PATH
        response.set_cookie(cookie, value, max_age=YEAR, httponly=True, samesite="Lax", secure=secure, path=path)
    else:
        response.delete_cookie(cookie, samesite="Lax", path=settings.SESSION_COOKIE_PATH)


def _came_from(request: HttpRequest) -> str:
    """The path of the page with the link that led here, or nothing."""
    said, ours = request.headers.get("Referer", ""), f"{request.scheme}://{request.get_host()}/"
    path = f"/{said.removeprefix(ours)}" if said.startswith(ours) else ""
    return "" if path.partition("?")[0] == request.path else path
