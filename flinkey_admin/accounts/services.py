"""Signing in and out, and the customers a manager may act for."""

import datetime as dt
import logging

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from flinkey_admin import upstream
from flinkey_admin.accounts import tokens
from flinkey_admin.accounts.backend import take_token
from flinkey_admin.accounts.devices import device_of
from flinkey_admin.accounts.models import Customer, Manager, Reach, SignIn
from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.flinkey import Token, records
from flinkey_admin.flinkey.errors import NotFound
from flinkey_admin.web import logs

logger = logging.getLogger(__name__)

CUSTOMER, LAST_SEEN, STARTED, DEVICE = "customer", "last_seen", "started", "device"
# What lies further in the future was written by a clock that was set back since: those of several nodes differ by less.
SOON = dt.timedelta(minutes=10)


class WrongPassword(Exception):
    """flinkey refused the e-mail address and password, or the dashboard has locked the account."""


class NoCustomer(Exception):
    """The account is right but manages nobody."""


def sign_in(request: HttpRequest, username: str, password: str) -> Manager:
    """Signs a manager in: asks flinkey, notes the customers in reach and opens a fresh session.

    Raises WrongPassword, NoCustomer, and the client's errors when flinkey could not say (BadApiKey, Unavailable,
    RateLimited).
    """
    manager = authenticate(request, username=username, password=password)
    if not isinstance(manager, Manager):
        _note_refusal(request, username)
        raise WrongPassword
    token = take_token(request)
    try:
        listed = upstream.client(token.value).customers.list()
    except NotFound:
        listed = []
    with transaction.atomic():  # one wait for the disk and for SQLite's one writer instead of twelve
        note_reach(manager, listed)
        if listed:
            _enter(request, manager, token, listed)
    if not listed:
        logs.security.warning("sign-in refused, no customer: manager %s", manager.pk)
        raise NoCustomer
    logs.security.info("signed in: manager %s", manager.pk)
    return manager


def _enter(request: HttpRequest, manager: Manager, token: Token, listed: list[records.Customer]) -> None:
    if request.session.get("email", manager.email) != manager.email:
        # What this browser keeps for whoever was signed in before is nothing for anybody else.
        request.session.flush()
    login(request, manager, backend="flinkey_admin.accounts.backend.FlinkeyBackend")
    request.session.cycle_key()
    _open(request, manager, token, listed)


def is_password(request: HttpRequest, person: Manager, password: str) -> bool:
    """Whether flinkey takes this password of somebody who is signed in; a wrong one counts as at the sign-in.

    Raises the client's errors when flinkey could not say.
    """
    if authenticate(request, username=person.email, password=password) == person:
        return True
    _note_refusal(request, person.email)
    return False


def _note_refusal(request: HttpRequest, username: str) -> None:
    why = "locked" if getattr(request, "axes_locked_out", False) else "wrong password"
    known = Manager.objects.filter(email=username.strip().lower()).values_list("pk", flat=True).first()
    logs.security.warning("sign-in refused, %s: %s", why, f"manager {known}" if known else "nobody known here")


def _open(request: HttpRequest, manager: Manager, token: Token, listed: list[records.Customer]) -> None:
    session, now = request.session, timezone.now()
    tokens.store(session, token)
    session[STARTED] = session[LAST_SEEN] = now.timestamp()
    session[DEVICE] = device_of(request.headers.get("User-Agent", ""))
    if len(listed) == 1:
        session[CUSTOMER] = listed[0].id
    session.save()
    SignIn.objects.filter(expires_at__lte=now).delete()
    type(session).clear_expired()  # with the tokens in them
    SignIn.objects.update_or_create(
        session_key=session.session_key,
        defaults={"manager": manager, "expires_at": min(token.expires_at, now + absolute_limit())},
    )


@transaction.atomic
def note_reach(manager: Manager, listed: list[records.Customer]) -> None:
    """Makes the manager's customers exactly the listed ones."""
    kept = []
    for record in listed:
        customer, _created = Customer.objects.update_or_create(
            flinkey_id=record.id, defaults={"name": record.name[:300]}
        )
        Reach.objects.update_or_create(manager=manager, customer=customer, defaults={"checked_at": timezone.now()})
        kept.append(customer.pk)
    Reach.objects.filter(manager=manager).exclude(customer__in=kept).delete()
    vars(manager).pop("reach", None)


def reach_is_old(scope: Scope, before: dt.datetime) -> bool:
    """Whether flinkey was last asked before then which customers it lists for this person: all are listed at once.

    Only the person's own token can answer that, so a job, which acts with anybody's, never asks.
    """
    if scope.token is None:
        return False
    mine = Reach.objects.filter(manager=scope.person)
    return mine.filter(Q(checked_at=None) | Q(checked_at__lt=before)).exists()


def forget_reach(scope: Scope) -> None:
    """flinkey says that this person may not act for this customer: nothing of it is shown to the person any more.

    The sign-ins stay: the token is alive, and other customers may be in reach of it.
    """
    scope.person.reach_set.filter(customer=scope.customer).delete()
    vars(scope.person).pop("reach", None)


def forget_sign_ins(person: Manager) -> None:
    """flinkey refuses the person's token: no job goes on with it. The person's next request leads to the sign-in."""
    SignIn.objects.filter(manager=person).delete()


def sign_out(request: HttpRequest, why: str = "by the person") -> None:
    """Ends the session; the token goes with it. why: for the log."""
    if request.user.is_authenticated:
        logs.security.info("signed out, %s: manager %s", why, request.user.pk)
    SignIn.objects.filter(session_key=request.session.session_key).delete()
    logout(request)


def absolute_limit() -> dt.timedelta:
    return dt.timedelta(hours=settings.SESSION_HOURS)


def session_over(request: HttpRequest) -> bool:
    """Whether the idle limit, the absolute one or flinkey's own has passed.

    Nobody knows how long ago a time in the future was, by a clock that was set back since: they may all have passed.
    """
    session, now = request.session, timezone.now().timestamp()
    seen, started = float(session.get(LAST_SEEN, 0)), float(session.get(STARTED, 0))
    idle = now - seen > settings.SESSION_IDLE_MINUTES * 60
    old = now - started > absolute_limit().total_seconds()
    unknown = max(seen, started) - now > SOON.total_seconds()
    return idle or old or unknown or tokens.read(session) is None


def touch(request: HttpRequest) -> None:
    """Moves the idle limit, at most once a minute: a session is written only when that matters."""
    now = timezone.now().timestamp()
    if abs(now - float(request.session.get(LAST_SEEN, 0))) > 60:
        request.session[LAST_SEEN] = now
        _keep(request.session)


def _keep(session: SessionBase) -> None:
    """Stores it now, and not at the end, where a full disk would take the page with it.

    Django calls that "deleted" as well; of a session that somebody has ended meanwhile it is true, and said at the end.
    """
    try:
        session.save()
    except UpdateError:
        if not session.exists(session.session_key or ""):
            return
        logger.exception("a session could not be stored")
    session.modified = False
