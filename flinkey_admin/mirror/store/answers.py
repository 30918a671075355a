"""Takes answers of flinkey: only what differs from the copy is written, and told if others have changed it."""

import datetime as dt
import hashlib
from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Q
from django.utils import timezone

from flinkey_admin.accounts.models import Customer
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import lists
from flinkey_admin.mirror.models import Listing
from flinkey_admin.mirror.store.leases import release, save_lists
from flinkey_admin.mirror.store.members import take_members
from flinkey_admin.mirror.store.story import GONE, Answer, Page, Story
from flinkey_admin.mirror.store.things import end_thing, take_groups, take_thing, take_things
from flinkey_admin.mirror.store.windows import take_window, take_windows
from flinkey_admin.mirror.writing import one_writer, quick
from flinkey_admin.operations import journal


def apply(customer: Customer, answers: Sequence[Answer]) -> list[str]:
    """Makes the copy say what flinkey said, and notes what changed elsewhere in the journal.

    An answer that was asked for before a change of our own is out of date and left out; returns the names of those.
    """
    with quick():
        one_writer([customer.pk])
        story = Story(customer, timezone.now())
        listings = _listings(customer, [answer.name for answer in answers])
        pages, overtaken = list[Page](), list[str]()
        # What is in a group is compared after the group's own end or return has been noted on its lists.
        for is_rest in (False, True):
            some = [answer for answer in answers if (answer.name != lists.GROUPS) == is_rest]
            if story.has_ended_lists:
                listings = _listings(customer, [answer.name for answer in some])
            taken = [Page(answer, listings[answer.name], _digest(answer.found)) for answer in some]
            overtaken += [page.answer.name for page in taken if _outdated(page)]
            taken = [page for page in taken if not _outdated(page)]
            differ = [page for page in taken if page.digest != page.listing.digest]
            for page in differ:
                page.listing.changed_at = story.now
            _take(customer, differ, story)
            pages += taken
        _save(customer, pages, story)
        release(customer, overtaken)
        journal.outside(customer, story.seen, story.since)
        return overtaken


def _save(customer: Customer, pages: Sequence[Page], story: Story) -> None:
    """What is known of the lists now, and which of the others can no longer be trusted to be as they were."""
    for page in pages:
        row = page.listing
        row.read_at, row.digest, row.lease_until = page.answer.asked_at, page.digest, None
    save_lists([page.listing for page in pages], ["read_at", "digest", "changed_at", "size", "lease_until"])
    _doubt(customer, story)
    _outrun(customer, story.outrun.difference(page.answer.name for page in pages), story.now)
    Listing.objects.filter(customer=customer, name__in=story.void).delete()


def _listings(customer: Customer, names: Sequence[str]) -> dict[str, Listing]:
    rows = Listing.objects.filter(customer=customer, name__in=names)
    found = {row.name: row for row in rows}
    if len(found) < len(names):
        missing = [Listing(customer=customer, name=name) for name in names if name not in found]
        Listing.objects.bulk_create(missing, ignore_conflicts=True)
        found = {row.name: row for row in rows.all()}
    return found


def _doubt(customer: Customer, story: Story) -> None:
    """The next answers of the lists in which the changed rows stand are compared row by row."""
    if not (story.doubted or story.doubted_kinds):
        return
    wanted = Q(name__in=story.doubted)
    for kind in story.doubted_kinds:
        wanted |= Q(name=lists.CATALOG[kind]) | Q(name__startswith="groups/", name__endswith=f"/{kind}")
        wanted |= Q(name__startswith=f"{kind}/") & ~Q(name__endswith="/windows")
    Listing.objects.filter(wanted, customer=customer).exclude(digest="").update(digest="")


def _outrun(customer: Customer, names: Collection[str], now: dt.datetime) -> None:
    """What is under way from these lists was asked for before `now`, and something in them has changed since."""
    if names:
        before = now - dt.datetime.resolution
        Listing.objects.filter(customer=customer, name__in=names).update(touched_at=before)


def _digest(found: Any) -> str:
    return hashlib.sha256(repr(found).encode()).hexdigest()


def _outdated(page: Page) -> bool:
    asked, listing = page.answer.asked_at, page.listing
    return bool((listing.touched_at and listing.touched_at >= asked) or (listing.read_at and listing.read_at > asked))


def _take(customer: Customer, pages: Sequence[Page], story: Story) -> None:
    """Groups before what is in them, things before the windows that name them."""
    shapes = ("groups", "things", "thing", "members", "windows", "window")
    by_shape: dict[str, list[Page]] = {shape: [] for shape in shapes}
    for page in pages:
        by_shape[_shape(page.answer.name)].append(page)
    for page in by_shape["groups"]:
        take_groups(customer, page, story)
    for page in by_shape["things"]:
        take_things(customer, page, Kind(page.answer.name), page.answer.found, story, whole=True)
        page.listing.size = len(page.answer.found)
    for page in by_shape["thing"]:
        take_thing(customer, page, story)
    if by_shape["members"]:
        take_members(customer, by_shape["members"], story)
    for page in by_shape["windows"]:
        if page.answer.found is GONE:
            end_thing(customer, page, story)
    if by_shape["windows"]:
        take_windows(customer, by_shape["windows"], story)
    for page in by_shape["window"]:
        take_window(customer, page, story)


def _shape(name: str) -> str:
    first, number, last = lists.parts(name)
    if not number:
        return "groups" if first == "groups" else "things"
    if first == "windows":
        return "window"
    if not last:
        return "thing"
    return "windows" if last == "windows" else "members"
