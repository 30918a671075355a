"""Takes what we have done ourselves, as soon as the journal knows that it has come true."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.utils import timezone

from flinkey_admin.flinkey import Kind, records
from flinkey_admin.flinkey.fields import instant
from flinkey_admin.mirror import lists
from flinkey_admin.mirror.models import Group, Listing, Membership, Window
from flinkey_admin.mirror.store.story import recount
from flinkey_admin.mirror.store.things import end_groups, keys_of_one
from flinkey_admin.mirror.writing import one_writer
from flinkey_admin.operations.models import Step, Verb


def own(steps: Iterable[Step]) -> None:
    """Makes the copy say what we have just done. An answer of flinkey that was asked for before no longer counts."""
    steps = list(steps)
    one_writer({did.customer_id for did in steps})
    now = timezone.now()
    members: dict[tuple[int, str, int, str], list[Step]] = {}
    for did in steps:
        if did.verb in {Verb.ADD, Verb.REMOVE}:
            members.setdefault((did.customer_id, did.kind, did.group_id or 0, did.verb), []).append(did)
        else:
            _touch(did.customer_id, OWN[Verb(did.verb)](did, now), now)
    for together in members.values():
        _own_members(together, now)


def _touch(customer_id: int, names: Iterable[str], now: dt.datetime, **values: int) -> None:
    Listing.objects.filter(customer_id=customer_id, name__in=names).update(touched_at=now, digest="", **values)


def _own_members(steps: Sequence[Step], now: dt.datetime) -> None:
    """What came into one group, or left it: many things at a time, for a move has hundreds."""
    did, ids = steps[0], {step.thing_id or 0 for step in steps}
    group = Group.objects.filter(customer_id=did.customer_id, flinkey_id=did.group_id or 0).first()
    if group is None or group.ended_at is not None:
        return  # nothing is in a group that has gone; should it be there again, its lists are read
    kind = Kind(did.kind)
    live = group.memberships.filter(kind=kind, ended_at=None)
    if did.verb == Verb.ADD:
        fresh = ids - set(live.filter(thing_id__in=ids).values_list("thing_id", flat=True))
        row = {"customer_id": did.customer_id, "group": group, "kind": kind, "seen_at": now}
        Membership.objects.bulk_create(
            [Membership(thing_id=thing_id, **row) for thing_id in fresh], ignore_conflicts=True
        )
    else:
        live.filter(thing_id__in=ids).update(ended_at=now)
    recount(did.customer, kind, ids)
    _touch(did.customer_id, [lists.members(group.flinkey_id, kind)], now, size=live.count())


def _own_group(did: Step, now: dt.datetime) -> list[str]:
    name = did.args["name"]
    values = {"name": name, "ended_at": None, **keys_of_one(records.Group(0, name))}
    Group.objects.update_or_create(
        customer_id=did.customer_id,
        flinkey_id=did.group_id or 0,
        defaults=values,
        create_defaults={**values, "seen_at": now},
    )
    if did.verb == Verb.CREATE_GROUP:
        # Nothing is in a group that has just been made: its lists are as good as read.
        fresh = [Listing(customer=did.customer, name=one, read_at=now) for one in lists.of_group(did.group_id or 0)]
        Listing.objects.bulk_create(fresh, ignore_conflicts=True)
    _count_groups(did)
    return [lists.GROUPS]


def _count_groups(did: Step) -> None:
    size = Group.objects.filter(customer_id=did.customer_id, ended_at=None).count()
    Listing.objects.filter(customer_id=did.customer_id, name=lists.GROUPS).update(size=size)


def _own_group_gone(did: Step, now: dt.datetime) -> list[str]:
    Group.objects.filter(customer_id=did.customer_id, flinkey_id=did.group_id or 0).update(ended_at=now)
    end_groups(did.customer, [did.group_id or 0], now)
    _count_groups(did)
    return [lists.GROUPS]


def _own_window(did: Step, now: dt.datetime) -> list[str]:
    row = Window.objects.filter(customer_id=did.customer_id, flinkey_id=did.window_id or 0).first()
    if did.verb == Verb.DELETE_WINDOW:
        if row is not None:
            row.ended_at = now
            row.save(update_fields=["ended_at"])
        return _lists_of(row, did)
    before = _lists_of(row, did)
    row = row or Window(customer_id=did.customer_id, flinkey_id=did.window_id or 0, seen_at=now)
    if row.pk is None:
        row.car_id, row.user_id = did.car_id, did.user_id
    row.ended_at = row.lifetime_read_at = None
    for name in ("start", "end"):
        if name in did.args:
            setattr(row, name, instant(did.args[name]) if did.args[name] else None)
    for name in ("car_id", "user_id", "lifetime", "renewable_after"):
        if name in did.args:
            setattr(row, name, did.args[name])
    if row.start is None:
        return before  # a change of a window that the copy has never seen: its car's list brings it
    row.save()
    return [*before, *_lists_of(row, did)]


def _lists_of(row: Window | None, did: Step) -> list[str]:
    """The lists that a window stands in."""
    cars = {number for number in (did.car_id, row.car_id if row else None) if number}
    users = {number for number in (did.user_id, row.user_id if row else None) if number}
    names = [*(lists.car_windows(number) for number in cars), *(lists.user_windows(number) for number in users)]
    return [*names, *([lists.window(did.window_id)] if did.window_id else [])]


OWN = {
    Verb.CREATE_GROUP: _own_group,
    Verb.RENAME_GROUP: _own_group,
    Verb.DELETE_GROUP: _own_group_gone,
    Verb.CREATE_WINDOW: _own_window,
    Verb.CHANGE_WINDOW: _own_window,
    Verb.DELETE_WINDOW: _own_window,
}
