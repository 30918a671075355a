"""Calendars behind secret addresses: switched on, renewed and switched off by a manager, read by whoever knows one.

Only a digest of an address is kept, so it is shown once. It is found by that digest: how long that takes says nothing
about the address itself.
"""

import datetime as dt
import hashlib
import hmac
import secrets
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from flinkey_admin.accounts.models import Reach
from flinkey_admin.accounts.scoping import Scope, scope_for, scoped
from flinkey_admin.assignments.calendars import Entry
from flinkey_admin.assignments.called import called, names_of
from flinkey_admin.assignments.models import Feed
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror.models import THINGS, Group, Membership, Window
from flinkey_admin.mirror.queries import live, windows
from flinkey_admin.web.names import label_of

BYTES = 24  # of chance in an address: 192 bits
PAST = dt.timedelta(days=31)  # what ended before that is left out
MOST = 1000  # windows in one calendar, the earliest first
PATIENCE = dt.timedelta(days=90)  # without a sign-in of whoever made it, an address rests
FETCHED = dt.timedelta(minutes=1)


def find(scope: Scope, kind: Feed.Kind, flinkey_id: int) -> Feed | None:
    """The calendar of a car, a person or a group, if it is switched on."""
    found = scoped(Feed.objects.select_related("person"), scope).filter(kind=kind, flinkey_id=flinkey_id)
    return found.first()


def switch_on(scope: Scope, kind: Feed.Kind, flinkey_id: int) -> str:
    """Makes a new address, which is returned and kept nowhere; an older one works no longer."""
    secret = secrets.token_urlsafe(BYTES)
    made = {
        "digest": _digest(secret),
        "person": scope.person,
        "language": translation.get_language() or settings.LANGUAGE_CODE,
        "made_at": timezone.now(),
        "fetched_at": None,
    }
    Feed.objects.update_or_create(customer=scope.customer, kind=kind, flinkey_id=flinkey_id, defaults=made)
    return secret


def switch_off(scope: Scope, kind: Feed.Kind, flinkey_id: int) -> None:
    """The address works no longer."""
    scoped(Feed.objects.all(), scope).filter(kind=kind, flinkey_id=flinkey_id).delete()


def rests(feed: Feed) -> bool:
    """Whether an address does not work: whoever made it may not act for the customer, or has not been here for long."""
    return _scope(feed) is None


def by_secret(secret: str) -> tuple[Feed, Scope] | None:
    """The calendar of an address, and in whose right it is read; None for one that is not, or no longer, right."""
    digest = _digest(secret)
    feed = Feed.objects.select_related("person", "customer").filter(digest=digest).first()
    if feed is None or not hmac.compare_digest(feed.digest, digest):
        return None
    scope = _scope(feed)
    return (feed, scope) if scope else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _scope(feed: Feed) -> Scope | None:
    scope = scope_for(feed.person, feed.customer.flinkey_id)
    recent = Reach.objects.filter(manager=feed.person, customer=feed.customer, checked_at__gt=timezone.now() - PATIENCE)
    return scope if scope and recent.exists() else None


def note_fetched(feed: Feed) -> None:
    """That somebody has read it; noted once a minute at most."""
    now = timezone.now()
    old = Q(fetched_at=None) | Q(fetched_at__lt=now - FETCHED)
    Feed.objects.filter(old, pk=feed.pk).update(fetched_at=now)


# What is in it ------------------------------------------------------------------------------------------------------


def name(scope: Scope, kind: Feed.Kind, flinkey_id: int) -> str | None:
    """What a calendar is about; None when the customer has no such car, person or group any more."""
    if kind == Feed.Kind.GROUPS:
        group = live(Group, scope).filter(flinkey_id=flinkey_id).first()
        return group.name if group else None
    row = live(THINGS[Kind(kind)], scope).filter(flinkey_id=flinkey_id).first()
    return label_of(row.record()) if row else None


def entries(scope: Scope, feed: Feed) -> list[Entry]:
    """Its windows out of the copy: what flinkey has no more is not among them."""
    rows = list(_windows(scope, feed).order_by("start", "flinkey_id")[:MOST])
    cars = names_of(scope, Kind.CARS, {row.car_id for row in rows if row.car_id})
    users = names_of(scope, Kind.USERS, {row.user_id for row in rows if row.user_id})
    found = []
    for row in rows:
        car = " · ".join(filter(None, called(row.car_id, cars)))
        user = called(row.user_id, users)[0]
        title = {Feed.Kind.CARS: user, Feed.Kind.USERS: car}.get(Feed.Kind(feed.kind), f"{car}: {user}")
        if row.end is None:
            title = _("%(title)s (open end)") % {"title": title}
        uid = f"window-{row.flinkey_id}-of-{scope.customer.flinkey_id}@flinkey-admin"
        found.append(Entry(uid, title, row.start, row.end, row.seen_at))
    return found


def _windows(scope: Scope, feed: Feed) -> "QuerySet[Window]":
    rows = windows(scope).filter(Q(end=None) | Q(end__gt=timezone.now() - PAST))
    if feed.kind == Feed.Kind.USERS:
        return rows.filter(user_id=feed.flinkey_id)
    if feed.kind == Feed.Kind.CARS:
        return rows.filter(car_id=feed.flinkey_id)
    inside = live(Membership, scope).filter(kind=Kind.CARS, group__flinkey_id=feed.flinkey_id, group__ended_at=None)
    return rows.filter(car_id__in=inside.values("thing_id"))


def zone() -> ZoneInfo:
    """The fleet's."""
    return ZoneInfo(settings.TIME_ZONE)
