"""An answer on its way into the copy, and the story of what in it was changed elsewhere."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from flinkey_admin.accounts.models import Customer
from flinkey_admin.flinkey import Kind, records
from flinkey_admin.flinkey.fields import written
from flinkey_admin.mirror.models import THINGS, Listing, Membership
from flinkey_admin.operations.models import Outside
from flinkey_admin.web.names import Thing as Record
from flinkey_admin.web.names import label_of

What = Outside.What
Values = dict[str, Any]
GONE = None  # the answer for a list whose group, car, user or window is no longer there


@dataclass(frozen=True)
class Answer:
    """What flinkey said of one list: its records, the record of a single thing, or GONE. `asked_at`: before asking."""

    name: str
    found: Any
    asked_at: dt.datetime


@dataclass
class Page:
    """One answer on its way into the copy. `known`: the list was read before, so a difference is news."""

    answer: Answer
    listing: Listing
    digest: str

    @property
    def known(self) -> bool:
        return self.listing.read_at is not None

    def doubt(self) -> None:
        """Something in it was left out as older than what the copy has: the same answer again is compared again."""
        self.digest = ""


class Story:
    """What was met in flinkey that differs from the copy, in the order in which it was met."""

    def __init__(self, customer: Customer, now: dt.datetime) -> None:
        self.customer, self.now = customer, now
        self.seen: list[Outside] = []
        self.void: list[str] = []  # lists of something that there never was
        # What one list has changed, another one may change back by the very answer that it gave before.
        self.doubted: set[str] = set()
        self.doubted_kinds: set[Kind] = set()
        self.outrun: set[str] = set()  # short lists: what they were asked for before now is out of date
        self.has_ended_lists = False  # what is in some groups was noted to be over, or never to have been read
        self.since = now

    def tell(
        self, page: Page, what: What, kind: str, thing_id: int, label: str, *, known: bool = False, **facts: Any
    ) -> None:
        """Notes what is news: what a list says that was read before, or of a thing `known` from another list."""
        if page.listing.read_at is None and not known:
            return
        self.since = min(self.since, page.listing.read_at or self.since)
        row = Outside(customer=self.customer, seen_at=self.now, what=what, kind=kind, thing_id=thing_id, **facts)
        row.since = page.listing.read_at
        row.label, row.group_label = label[:300], row.group_label[:300]
        self.seen.append(row)


def label(record: Record | records.Group) -> str:
    return record.name if isinstance(record, records.Group) else label_of(record)


def told(values: Mapping[str, Any]) -> Values:
    """Values as the journal keeps them."""
    return {name: written(value) if isinstance(value, dt.datetime) else value for name, value in values.items()}


def labels(customer: Customer, kind: Kind, ids: Collection[int]) -> dict[int, str]:
    rows: Any = THINGS[kind]._default_manager.filter(customer=customer, flinkey_id__in=ids) if ids else []
    return {row.flinkey_id: label_of(row.record()) for row in rows}


def recount(customer: Customer, kind: Kind, things: Collection[int]) -> None:
    """In how many groups each of these things is."""
    if not things:
        return
    inside = Membership.objects.filter(customer=customer, kind=kind, thing_id=OuterRef("flinkey_id"), ended_at=None)
    number = inside.values("thing_id").annotate(number=Count("pk")).values("number")
    rows: Any = THINGS[kind]._default_manager.filter(customer=customer, flinkey_id__in=things)
    rows.update(groups=Coalesce(Subquery(number), 0))
