"""Sign in, sign out, choose the customer."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from flinkey_admin.accounts import services, stash, throttle
from flinkey_admin.accounts.forms import SignInForm
from flinkey_admin.accounts.models import Manager
from flinkey_admin.flinkey.errors import FlinkeyError
from flinkey_admin.web import logs, sentences
from flinkey_admin.web.errors import Trouble, error_response
from flinkey_admin.web.redirects import safe_next
from flinkey_admin.web.requests import HtmxRequest

HOME = "fleet:home"


@login_not_required
@sensitive_post_parameters("password")
def sign_in(request: HtmxRequest) -> HttpResponse:
    """The sign-in page. Each reason why it did not work has words of its own."""
    if request.method != "POST":
        if getattr(request, "manager", None):
            return redirect(safe_next(request, reverse(HOME)))
        known = request.session.get("email", "")
        reason = sentences.SIGNED_OUT if known and request.GET.get("next") else ""
        return _page(request, SignInForm(initial={"username": known}), reason=reason)
    form = SignInForm(request.POST)
    if form.is_valid():
        try:
            manager = services.sign_in(request, form.cleaned_data["username"], form.cleaned_data["password"])
        except services.WrongPassword:
            form.add_error(None, sentences.WRONG_PASSWORD)
        except services.NoCustomer:
            form.add_error(None, sentences.NO_CUSTOMER)
        except FlinkeyError as error:
            said = sentences.of(error)
            form.add_error(None, str(said.text))
            return _page(request, form, said.status)
        else:
            response = redirect(safe_next(request, reverse(HOME)))
            throttle.know_again(response, manager)
            return response
    return _page(request, form, 422)


def _page(request: HtmxRequest, form: SignInForm, status: int = 200, reason: Any = "") -> HttpResponse:
    context = {
        "form": form,
        "next": request.POST.get("next") or request.GET.get("next", ""),
        "reason": reason,
    }
    return render(request, "accounts/sign_in.html", context, status=status)


def throttled(request: HtmxRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
    """What axes answers after too many wrong passwords instead of the page that has asked for one."""
    if getattr(request, "locked_widely", False):
        said = _(
            "Too many wrong passwords for this address, or from your network. Try again in 15 minutes, "
            "or now in a browser in which you have signed in before."
        )
    else:
        said = _(
            "Too many wrong passwords for this address. For its safety it is locked for 15 minutes; then try again."
        )
    if getattr(request, "manager", None):
        return error_response(request, Trouble(said, 429))
    form = SignInForm(request.POST)
    form.add_error(None, said)
    return _page(request, form, 429)


@login_not_required
@require_POST
def sign_out(request: HtmxRequest) -> HttpResponse:
    """Ends the session here and in the browser."""
    services.sign_out(request)
    response = redirect("accounts:sign_in")
    if not settings.URL_PREFIX:  # below a path it would empty what other applications keep under the same name
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@login_not_required
def customers(request: HtmxRequest) -> HttpResponse:
    """Choose for whom to act, when there are several; POST `customer` does."""
    if not isinstance(request.user, Manager) or services.session_over(request):
        return redirect("accounts:sign_in")
    if request.method == "POST":
        return _choose(request, request.user)
    listed = request.user.reach
    context = {"customers": listed, "next": request.GET.get("next", ""), "section": "customers"}
    return render(request, "accounts/customers.html", context)


def _choose(request: HtmxRequest, person: Manager) -> HttpResponse:
    """Acts for another customer from here on."""
    chosen = next((one for one in person.reach if one.flinkey_id == request.POST.get("customer")), None)
    if chosen is None:
        logs.security.warning("refused, not a customer of this person")
        return error_response(request, Trouble(_("This customer is not one of yours."), 404))
    before = request.session.get(services.CUSTOMER)
    logs.security.info("acts for customer %s", chosen.flinkey_id)
    request.session[services.CUSTOMER] = chosen.flinkey_id
    # A form that is still open in another window speaks of the customer left behind, whose ids mean other things here.
    rotate_token(request)
    request.session["switched"] = before is not None
    # Ids mean other things for another customer, so only a first choice goes back to the page that was asked for.
    return redirect(safe_next(request, reverse(HOME)) if before is None else HOME)


def csrf_failure(request: HtmxRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """A form from before the last sign-in comes back as it was typed; one from another site gets a refusal."""
    ours = request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
    # After a switch nobody can say for which customer a form was filled in.
    if ours and isinstance(request.user, Manager) and not request.htmx and not request.session.get("switched"):
        stash.keep(request.session, request, request.user.email)
        messages.warning(request, sentences.OLD_FORM)
        return redirect(request.get_full_path())
    logs.security.warning("refused, a form of another site or of another time")
    return error_response(request, Trouble(sentences.FOREIGN_FORM, 403))
