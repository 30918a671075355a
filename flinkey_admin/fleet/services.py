"""Reads the fleet from flinkey, and turns what a person wants into an operation of the journal."""

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.utils import timezone

from flinkey_admin.accounts.scoping import Scope, require_client, scoped
from flinkey_admin.fleet import plans
from flinkey_admin.fleet.models import Selection
from flinkey_admin.fleet.rows import Row
from flinkey_admin.flinkey import Flinkey, Kind
from flinkey_admin.flinkey.errors import NotFound
from flinkey_admin.flinkey.records import Car, Group, User
from flinkey_admin.operations import journal
from flinkey_admin.operations import services as operations
from flinkey_admin.operations.models import Operation, Verb
from flinkey_admin.upstream import in_parallel
from flinkey_admin.web.names import Thing
from flinkey_admin.web.sentences import MISSING

Reads = Callable[[], Any]
SELECTION_LIFE = dt.timedelta(days=1)


# Reading ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GroupPage:
    """A group with the members of one kind, the numbers of all four, and every group of the customer."""

    group: Group
    groups: list[Group]
    counts: dict[Kind, int]
    rows: list[Row]


def list_groups(scope: Scope) -> list[Group]:
    """Every group of the customer."""
    return require_client(scope).groups.list()


def member_counts(scope: Scope, groups: Sequence[Group]) -> dict[int, dict[Kind, int]]:
    """How many of each kind are in these groups, by the group's id. A group deleted meanwhile counts nothing."""
    flinkey = require_client(scope)
    pairs = [(group.id, kind) for group in groups for kind in Kind]
    numbers = in_parallel([_reader(_members, flinkey, kind, group_id) for group_id, kind in pairs])
    counts: dict[int, dict[Kind, int]] = {group.id: {} for group in groups}
    for (group_id, kind), members in zip(pairs, numbers, strict=True):
        counts[group_id][kind] = len(members)
    return counts


def get_group(groups: Sequence[Group], group_id: int) -> Group:
    """The group with this id. Raises Http404 with words for a person."""
    for group in groups:
        if group.id == group_id:
            return group
    raise Http404(str(MISSING["group"]))


def read_group(scope: Scope, group_id: int, kind: Kind) -> GroupPage:
    """What a group's page shows, in two waves: the group itself, then what its members are in besides.

    Raises Http404 when flinkey has no such group.
    """
    flinkey = require_client(scope)
    reads: list[Reads] = [flinkey.groups.list, *(_reader(_members, flinkey, one, group_id) for one in Kind)]
    groups, *members = in_parallel(reads)
    group = get_group(groups, group_id)
    by_kind = dict(zip(Kind, members, strict=True))
    others = [other for other in groups if other.id != group_id] if by_kind[kind] else []
    elsewhere = in_parallel([_reader(_members, flinkey, kind, other.id) for other in others])
    inside = dict(zip([other.id for other in others], elsewhere, strict=True)) | {group_id: by_kind[kind]}
    return GroupPage(
        group, groups, {one: len(by_kind[one]) for one in Kind}, with_groups(by_kind[kind], groups, inside)
    )


def with_groups(things: Sequence[Thing], groups: Sequence[Group], inside: dict[int, list[Thing]]) -> list[Row]:
    """The things as rows, each with all the groups it is in."""
    homes: dict[int, list[Group]] = {}
    for group in sorted(groups, key=lambda one: one.name.casefold()):
        for member in inside.get(group.id, []):
            homes.setdefault(member.id, []).append(group)
    return [Row(thing, tuple(homes.get(thing.id, []))) for thing in things]


def _reader(read: Callable[..., Any], *args: Any) -> Reads:
    return lambda: read(*args)


def _members(flinkey: Flinkey, kind: Kind, group_id: int) -> list[Thing]:
    """A group's members; none when the group has gone, which its page says once the list of groups is there."""
    try:
        return list(flinkey.groups.members(kind, group_id))
    except NotFound as error:
        if error.missing == "manager":
            raise
        return []


def read_catalog(scope: Scope, kind: Kind) -> list[Thing]:
    """Everything of one kind that the customer has."""
    return list(require_client(scope).catalog.list(kind))


def read_picker(scope: Scope, group_id: int, kind: Kind) -> tuple[Group, list[Row]]:
    """A group, and all that is not in it yet."""
    flinkey = require_client(scope)
    groups, members, things = in_parallel(
        [flinkey.groups.list, _reader(_members, flinkey, kind, group_id), _reader(flinkey.catalog.list, kind)]
    )
    inside = {member.id for member in members}
    return get_group(groups, group_id), [Row(thing) for thing in things if thing.id not in inside]


def read_car(scope: Scope, car_id: int) -> tuple[Car, list[Group]]:
    """A car and its groups. Raises NotFound."""
    car, homes = _read_one(scope, Kind.CARS, car_id)
    assert isinstance(car, Car)  # noqa: S101 - of this kind
    return car, homes


def read_user(scope: Scope, user_id: int) -> tuple[User, list[Group]]:
    """A user and the groups the person is in. Raises NotFound."""
    user, homes = _read_one(scope, Kind.USERS, user_id)
    assert isinstance(user, User)  # noqa: S101 - of this kind
    return user, homes


def _read_one(scope: Scope, kind: Kind, thing_id: int) -> tuple[Thing, list[Group]]:
    flinkey = require_client(scope)
    get: Callable[[int], Thing] = flinkey.cars.get if kind == Kind.CARS else flinkey.users.get
    thing, groups = in_parallel([_reader(get, thing_id), flinkey.groups.list])
    members = in_parallel([_reader(_members, flinkey, kind, group.id) for group in groups])
    homes = [group for group, inside in zip(groups, members, strict=True) if any(one.id == thing_id for one in inside)]
    return thing, sorted(homes, key=lambda group: group.name.casefold())


# Selecting ----------------------------------------------------------------------------------------------------------


def freeze(scope: Scope, kind: Kind, ids: Sequence[int]) -> Selection:
    """Keeps exactly these ids as the selection of this person."""
    Selection.objects.filter(created_at__lt=timezone.now() - SELECTION_LIFE).delete()
    return Selection.objects.create(customer=scope.customer, manager=scope.person, kind=kind, ids=list(ids))


def frozen(scope: Scope, kind: Kind, key: str) -> list[int]:
    """The ids of a frozen selection of this person; none for a key that is not one."""
    try:
        known = scoped(Selection.objects.all(), scope).filter(pk=uuid.UUID(key), manager=scope.person, kind=kind)
    except ValueError:
        return []
    found = known.first()
    return list(found.ids) if found else []


# Changing members ---------------------------------------------------------------------------------------------------


class NothingToDo(Exception):
    """Everything that was chosen is already so; `left_out` are its names."""

    def __init__(self, left_out: list[str]) -> None:
        super().__init__()
        self.left_out = left_out


def _read_for_plan(
    scope: Scope, kind: Kind, group_ids: Sequence[int]
) -> tuple[list[Group], list[dict[int, Thing]], dict[int, Thing]]:
    flinkey = require_client(scope)
    reads: list[Reads] = [flinkey.groups.list, _reader(flinkey.catalog.list, kind)]
    reads += [_reader(_members, flinkey, kind, group_id) for group_id in group_ids]
    groups, known, *members = in_parallel(reads)
    chosen = [get_group(groups, group_id) for group_id in group_ids]
    return chosen, [by_id(one) for one in members], by_id(known)


def by_id(things: Sequence[Thing]) -> dict[int, Thing]:
    return {thing.id: thing for thing in things}


def plan_move(scope: Scope, kind: Kind, ids: Sequence[int], leave_id: int, come_id: int) -> Operation:
    """Plans a move. Raises NothingToDo, Http404 for a group that is gone."""
    (leave, come), (members, _inside), known = _read_for_plan(scope, kind, [leave_id, come_id])
    plan = plans.move(kind, ids, members, known, come, leave)
    return _store(scope, Operation.Kind.MOVE, kind, plan, {"from": leave.name, "to": come.name, "from_id": leave.id})


def plan_add(scope: Scope, kind: Kind, ids: Sequence[int], group_id: int) -> Operation:
    """Plans to add to a group. Raises NothingToDo, Http404 for a group that is gone."""
    (group,), (inside,), known = _read_for_plan(scope, kind, [group_id])
    plan = plans.add(kind, ids, inside, known, group)
    return _store(scope, Operation.Kind.ADD, kind, plan, {"to": group.name, "from_id": group.id})


def plan_remove(scope: Scope, kind: Kind, ids: Sequence[int], group_id: int) -> Operation:
    """Plans to remove from a group. Raises NothingToDo, Http404 for a group that is gone."""
    (group,), (members,), known = _read_for_plan(scope, kind, [group_id])
    plan = plans.remove(kind, ids, members, known, group)
    return _store(scope, Operation.Kind.REMOVE, kind, plan, {"from": group.name, "from_id": group.id})


def _store(scope: Scope, change: Operation.Kind, kind: Kind, plan: plans.Plan, names: dict[str, Any]) -> Operation:
    if not plan.steps:
        raise NothingToDo(plan.left_out)
    facts = names | {"kind": str(kind), "count": plan.count, "left_out": plan.left_out}
    if plan.count == 1:
        facts["only"] = plan.first
    return journal.plan(scope, change, facts, plan.steps)


# Changing groups ----------------------------------------------------------------------------------------------------


def same_name(groups: Sequence[Group], name: str, but: int | None = None) -> bool:
    """Whether another group has this name, whatever its capitals and spaces."""
    wanted = " ".join(name.split()).casefold()
    return any(" ".join(group.name.split()).casefold() == wanted for group in groups if group.id != but)


def create_group(scope: Scope, name: str, nonce: uuid.UUID) -> Operation:
    """Creates a group. The same nonce again finds the group that the first call has made."""
    steps = [journal.Planned(Verb.CREATE_GROUP, name, args={"name": name})]
    operation = journal.plan(scope, Operation.Kind.CREATE_GROUP, {"name": name}, steps, nonce=nonce)
    return operations.run_form(scope, operation)


def rename_group(scope: Scope, group: Group, name: str, nonce: uuid.UUID) -> Operation:
    """Renames a group."""
    step = journal.Planned(
        Verb.RENAME_GROUP,
        group.name,
        group_id=group.id,
        group_label=group.name,
        args={"name": name},
        before={"name": group.name},
        inverse={"verb": Verb.RENAME_GROUP, "group_id": group.id, "args": {"name": group.name}},
    )
    facts = {"from": group.name, "name": name, "from_id": group.id}
    operation = journal.plan(scope, Operation.Kind.RENAME_GROUP, facts, [step], nonce=nonce)
    return operations.run_form(scope, operation)


def delete_group(scope: Scope, group: Group, nonce: uuid.UUID) -> Operation:
    """Deletes an empty group."""
    step = journal.Planned(
        Verb.DELETE_GROUP,
        group.name,
        group_id=group.id,
        group_label=group.name,
        before={"name": group.name},
        inverse={"verb": Verb.CREATE_GROUP, "args": {"name": group.name}},
    )
    operation = journal.plan(scope, Operation.Kind.DELETE_GROUP, {"name": group.name}, [step], nonce=nonce)
    return operations.run_form(scope, operation)
