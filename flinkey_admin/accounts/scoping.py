"""The one scoping function: this person, this customer. Every read, write, export, search and job goes through it."""

from dataclasses import dataclass, field
from importlib import import_module
from typing import TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet
from django.utils import timezone

from flinkey_admin import upstream
from flinkey_admin.accounts import tokens
from flinkey_admin.accounts.models import Customer, Manager, SignIn
from flinkey_admin.flinkey import Flinkey
from flinkey_admin.flinkey.errors import Unauthorized

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Scope:
    """Who acts, and for which customer. Made by `scope_for` and `scope_of_job` alone.

    Services take a scope and never a token: which account of flinkey stands behind a person is decided here.
    """

    person: Manager
    customer: Customer
    token: str | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.person.pk} for {self.customer.flinkey_id}"


def scope_for(person: Manager, customer_id: str, token: str | None = None) -> Scope | None:
    """The scope of a person for a customer, or None when flinkey did not list that customer for the person."""
    if not person.is_active:
        return None
    customer = next((one for one in person.reach if one.flinkey_id == customer_id), None)
    return Scope(person, customer, token) if customer else None


def scope_of_job(person: Manager, customer: Customer) -> Scope:
    """The scope of work that goes on while its person is away.

    It sees what that customer's rows are, and can reach flinkey only while some manager of the customer is signed in.
    """
    return Scope(person, customer)


def scoped(rows: "QuerySet[M]", scope: Scope) -> "QuerySet[M]":
    """Of these rows, the ones this scope may see or touch."""
    return rows.filter(customer=scope.customer)


def client_for(scope: Scope) -> Flinkey | None:
    """The client that acts for this scope; None when nobody's token for it is alive.

    Within a request that is the token of the session. A job has none: it uses the newest live sign-in of the person,
    or of another manager of the same customer.
    """
    token = scope.token or getattr(live_scope(scope.person, scope.customer), "token", None)
    return upstream.client(token, scope.customer.flinkey_id) if token else None


def require_client(scope: Scope) -> Flinkey:
    """The client that acts for this scope. Raises Unauthorized when its token has run out."""
    client = client_for(scope)
    if client is None:
        raise signed_out()
    return client


def signed_out(detail: str = "no live token") -> Unauthorized:
    """The error of a dead token, for when we know it before flinkey says so."""
    return Unauthorized("", "", "", detail=detail, repeatable=True)


def live_scopes(customer: Customer) -> list[Scope]:
    """Everybody who is signed in and may act for this customer, each with a token of their own, the latest first."""
    rows = SignIn.objects.filter(
        expires_at__gt=timezone.now(), manager__is_active=True, manager__customers=customer
    ).select_related("manager")
    store = import_module(settings.SESSION_ENGINE).SessionStore
    found: dict[int, Scope] = {}
    for row in rows.order_by("-started_at"):
        token = tokens.read(store(session_key=row.session_key)) if row.manager_id not in found else None
        if token:
            found[row.manager_id] = Scope(row.manager, customer, token)
    return list(found.values())


def live_scope(person: Manager, customer: Customer) -> Scope | None:
    """The scope, with its token, in which a job of this person goes on: the person's own, else another manager's."""
    live = sorted(live_scopes(customer), key=lambda one: one.person.pk != person.pk)
    return live[0] if live else None
