"""Puts beside each thing of a page what people want to know: its groups, who has it now and next, what is open."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.fleet.rows import Access, Row
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import Car, Group, User
from flinkey_admin.mirror import lists
from flinkey_admin.mirror.models import THINGS, Membership
from flinkey_admin.mirror.queries import live, not_over, windows
from flinkey_admin.mirror.reading import Copy, sizes
from flinkey_admin.operations.confirmation import arrived, open_changes
from flinkey_admin.operations.models import State, Step, Verb
from flinkey_admin.web.names import Thing, name_of

SIDES = {Kind.CARS: ("car_id", "user_id", Kind.USERS), Kind.USERS: ("user_id", "car_id", Kind.CARS)}


def rows(scope: Scope, kind: Kind, things: Sequence[Thing], copy: Copy) -> list[Row]:
    """The rows of one page: three statements once all is read, however many rows there are."""
    ids = [thing.id for thing in things]
    groups = _groups(scope, kind, ids)
    opened = open_changes(scope)
    states = {step.thing_id: str(step.state) for step in opened if step.kind == kind and step.state != State.PLANNED}
    windows_of = _windows(scope, kind, ids, opened) if kind in SIDES else {}
    read = _read(kind, ids, copy)
    return [
        _row(thing, groups[thing.id], windows_of.get(thing.id, []), states.get(thing.id, ""), is_read=thing.id in read)
        for thing in things
    ]


def _read(kind: Kind, ids: Sequence[int], copy: Copy) -> Collection[int]:
    """Those of which it is known who has them: users stand in the lists of all cars, and a car may have come since."""
    if kind not in SIDES or copy.has_all or (copy.is_complete and kind == Kind.USERS):
        return ids
    own = {(lists.car_windows if kind == Kind.CARS else lists.user_windows)(number): number for number in ids}
    return {own[name] for name in sizes(copy.customer, list(own))}


def _row(thing: Thing, groups: list[Group], accesses: list[Access], state: str, *, is_read: bool) -> Row:
    now = timezone.now()
    current = [one for one in accesses if one.start <= now]
    coming = [one for one in accesses if one.start > now]
    return Row(
        thing,
        tuple(groups),
        now=current[0] if current else None,
        next=coming[0] if coming else None,
        more=max(0, len(current) - 1),
        state=state,
        is_read=is_read,
    )


def _groups(scope: Scope, kind: Kind, ids: Sequence[int]) -> dict[int, list[Group]]:
    found: dict[int, list[Group]] = defaultdict(list)
    inside = live(Membership, scope).filter(kind=kind, thing_id__in=ids).select_related("group")
    for row in inside.order_by("group__sort_name"):
        found[row.thing_id].append(row.group.record())
    return found


def _windows(scope: Scope, kind: Kind, ids: Sequence[int], opened: Sequence[Step]) -> dict[int, list[Access]]:
    """The windows of these things that are not over, from the earliest on, each with the name of its other side."""
    mine, others, other_kind = SIDES[kind]
    other: Any = THINGS[other_kind]._default_manager.filter(customer=OuterRef("customer"), flinkey_id=OuterRef(others))
    columns = ("first_name", "last_name", "email") if other_kind == Kind.USERS else ("name",)
    found = windows(scope).filter(not_over(timezone.now()), Q(**{f"{mine}__in": ids})).order_by("start", "flinkey_id")
    named = found.annotate(**{f"other_{column}": Subquery(other.values(column)) for column in columns})
    rows = list(
        named.values("flinkey_id", "start", "end", *(f"other_{one}" for one in columns), me=F(mine), it=F(others))
    )
    sides = ("me", "it") if kind == Kind.CARS else ("it", "me")
    coming = arrived(opened, ((*(row[one] for one in ("flinkey_id", *sides, "start", "end")),) for row in rows))
    changing = {step.window_id for step in opened if step.window_id} | coming.keys()
    result: dict[int, list[Access]] = defaultdict(list)
    for row in rows:
        label = _label(other_kind, row) if row["it"] else ""
        is_open = row["flinkey_id"] in changing
        result[row["me"]].append(Access(label, row["it"], row["start"], row["end"], is_open))
    for step in opened:
        if step.verb == Verb.CREATE_WINDOW and getattr(step, mine) in set(ids) and step not in coming.values():
            result[getattr(step, mine)].extend(_asked_for(step, mine))
    return {thing: sorted(accesses, key=lambda one: one.start) for thing, accesses in result.items()}


def _label(kind: Kind, row: dict[str, Any]) -> str:
    if kind == Kind.CARS:
        return name_of(Car(row["it"], row["other_name"] or ""))
    return name_of(User(row["it"], row["other_email"] or "", row["other_first_name"], row["other_last_name"]))


def _asked_for(step: Step, mine: str) -> list[Access]:
    """A window that was asked for and is not there yet: it looks open, in both senses."""
    from_to = step.times()
    if from_to[1] and from_to[1] <= timezone.now():
        return []
    person, _arrow, car = step.label.partition(" → ")
    other = step.user_id if mine == "car_id" else step.car_id
    return [Access(person if mine == "car_id" else car, other, *from_to, is_open=True)]


def homes(scope: Scope, kind: Kind, thing_id: int) -> list[Group]:
    """The groups that one thing is in."""
    return _groups(scope, kind, [thing_id])[thing_id]
