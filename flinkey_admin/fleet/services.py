"""The fleet as the copy has it, and what a person wants of it as an operation of the journal."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import Http404
from django.utils import timezone

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.fleet import endings, filters, plans
from flinkey_admin.fleet.models import Selection
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import Group
from flinkey_admin.mirror import lists, reading
from flinkey_admin.mirror.models import Group as GroupRow
from flinkey_admin.mirror.models import Membership
from flinkey_admin.mirror.queries import live, things
from flinkey_admin.operations import journal
from flinkey_admin.operations import services as operations
from flinkey_admin.operations.endings import facts as found_endings
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.web.sentences import MISSING

SELECTION_LIFE = dt.timedelta(days=1)


# Reading ------------------------------------------------------------------------------------------------------------


def list_groups(scope: Scope) -> list[Group]:
    """Every group of the customer, by name. Reads them from flinkey if nobody ever has."""
    reading.open_copy(scope, reading.Wanted([lists.GROUPS]))
    return [row.record() for row in live(GroupRow, scope).order_by("sort_name", "flinkey_id")]


def get_group(scope: Scope, group_id: int) -> Group:
    """The group with this id. Raises Http404 with words for a person."""
    row = live(GroupRow, scope).filter(flinkey_id=group_id).first()
    if row is None:
        raise Http404(str(MISSING["group"]))
    return row.record()


def member_counts(scope: Scope, group_ids: Sequence[int]) -> dict[int, dict[Kind, int | None]]:
    """How many of each kind are in these groups, by the group's id; None where nobody has looked yet."""
    known = reading.sizes(scope.customer, [name for group_id in group_ids for name in lists.of_group(group_id)])
    return {group_id: {kind: known.get(lists.members(group_id, kind)) for kind in Kind} for group_id in group_ids}


def one(scope: Scope, kind: Kind, thing_id: int) -> Any:
    """The copy's row of a car or a user, also of one that has gone. Raises Http404 with words for a person."""
    row = scoped(things(kind, scope).model._default_manager.all(), scope).filter(flinkey_id=thing_id).first()
    if row is None:
        raise Http404(str(MISSING[kind.singular]))
    return row


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
    scope: Scope, kind: Kind, ids: Sequence[int], group_ids: Sequence[int], leave: Sequence[int] = ()
) -> plans.Facts:
    """What flinkey says now of these groups, and what the copy knows of the things. Raises Http404 for a group gone.

    leave: the groups that some of the things leave; the review names the windows that outlive that.
    """
    names = [lists.GROUPS, *(lists.members(group_id, kind) for group_id in group_ids)]
    names += endings.lists_for(kind, ids, leave)
    if things(kind, scope).filter(flinkey_id__in=ids).count() < len(set(ids)):
        names.append(lists.CATALOG[kind])  # something that the copy has never heard of
    reading.read_now(scope, names)
    return _facts(scope, kind, ids, group_ids)


def _facts(scope: Scope, kind: Kind, ids: Sequence[int], group_ids: Sequence[int]) -> plans.Facts:
    """What the copy says of these things and groups. Raises Http404 for a group that is gone."""
    groups = {group_id: get_group(scope, group_id) for group_id in group_ids}
    known = {row.flinkey_id: row.record() for row in things(kind, scope).filter(flinkey_id__in=ids)}
    inside = live(Membership, scope).filter(kind=kind, group__flinkey_id__in=group_ids, thing_id__in=ids)
    members: dict[int, set[int]] = {group_id: set() for group_id in group_ids}
    for group_id, thing_id in inside.values_list("group__flinkey_id", "thing_id"):
        members[group_id].add(thing_id)
    return plans.Facts(kind, ids, groups, members, known)


def groups_of(scope: Scope, kind: Kind, ids: Sequence[int]) -> list[int]:
    """The ids of all groups that any of these things is in. A group that nobody has looked into yet is read first."""
    reading.open_copy(scope, reading.Wanted([lists.members(group.id, kind) for group in list_groups(scope)]))
    inside = live(Membership, scope).filter(kind=kind, thing_id__in=ids)
    return list(inside.order_by("group__sort_name").values_list("group__flinkey_id", flat=True).distinct())


def plan_move(scope: Scope, kind: Kind, ids: Sequence[int], leave_id: int, come_id: int) -> Operation:
    """Plans a move. Raises NothingToDo, Http404 for a group that is gone."""
    facts = _read_for_plan(scope, kind, ids, [leave_id, come_id], [leave_id])
    leave, come = facts.groups[leave_id], facts.groups[come_id]
    plan = plans.move(facts, [leave], come)
    return _store(scope, Operation.Kind.MOVE, kind, plan, {"from": leave.name, "to": come.name, "from_id": leave.id})


def plan_gather(scope: Scope, kind: Kind, ids: Sequence[int], come_id: int) -> Operation:
    """Plans a move out of whatever groups the things are in. Raises NothingToDo, Http404 for a group that is gone."""
    others = [group_id for group_id in groups_of(scope, kind, ids) if group_id != come_id]
    facts = _read_for_plan(scope, kind, ids, [come_id, *others], others)
    leave, come = [facts.groups[group_id] for group_id in others], facts.groups[come_id]
    plan = plans.move(facts, leave, come, strays=True)
    names = ", ".join(group.name for group in leave)
    if not leave:
        return _store(scope, Operation.Kind.ADD, kind, plan, {"to": come.name, "name": come.name, "from_id": come.id})
    return _store(
        scope,
        Operation.Kind.MOVE,
        kind,
        plan,
        {"from": names, "from_many": len(leave), "to": come.name, "name": come.name, "from_id": come.id},
    )


def plan_add(scope: Scope, kind: Kind, ids: Sequence[int], group_id: int) -> Operation:
    """Plans to add to a group. Raises NothingToDo, Http404 for a group that is gone."""
    facts = _read_for_plan(scope, kind, ids, [group_id])
    group = facts.groups[group_id]
    plan = plans.add(facts, group)
    return _store(scope, Operation.Kind.ADD, kind, plan, {"to": group.name, "from_id": group.id})


def plan_remove(scope: Scope, kind: Kind, ids: Sequence[int], group_ids: Sequence[int]) -> Operation:
    """Plans to remove from groups. Raises NothingToDo, Http404 for a group that is gone."""
    facts = _read_for_plan(scope, kind, ids, group_ids, group_ids)
    leave = list(facts.groups.values())
    plan = plans.remove(facts, leave)
    names: dict[str, Any] = {"from": ", ".join(group.name for group in leave), "from_many": len(leave)}
    return _store(scope, Operation.Kind.REMOVE, kind, plan, names | ({"from_id": leave[0].id} if leave else {}))


def _store(scope: Scope, change: Operation.Kind, kind: Kind, plan: plans.Plan, names: dict[str, Any]) -> Operation:
    if not plan.steps:
        raise NothingToDo(plan.left_out)
    facts = names | {"kind": str(kind), "count": plan.count, "left_out": plan.left_out}
    if plan.count == 1:
        facts["only"] = plan.first
    return journal.plan(scope, change, facts | found_endings(endings.find(scope, plan.steps)), plan.steps)


# Changing groups ----------------------------------------------------------------------------------------------------


def same_name(groups: Sequence[Group], name: str, but: int | None = None) -> bool:
    """Whether another group has this name, whatever its capitals and spaces."""
    wanted = " ".join(name.split()).casefold()
    return any(" ".join(group.name.split()).casefold() == wanted for group in groups if group.id != but)


def groups_now(scope: Scope) -> list[Group]:
    """Every group of the customer as flinkey says it now, for whoever is about to give one a name."""
    reading.read_now(scope, [lists.GROUPS])
    return list_groups(scope)


def read_groups_now(scope: Scope, *group_ids: int) -> None:
    """What is in these groups as flinkey says it now, for whoever is about to delete one."""
    reading.read_now(scope, [lists.GROUPS, *(name for group_id in group_ids for name in lists.of_group(group_id))])


def create_group(scope: Scope, name: str, nonce: uuid.UUID) -> Operation:
    """Creates a group. The same nonce again finds the group that the first call has made."""
    steps = [journal.Planned(Verb.CREATE_GROUP, name, args={"name": name}, inverse={"verb": Verb.DELETE_GROUP})]
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
    facts = {"name": group.name}
    operation = journal.plan(scope, Operation.Kind.DELETE_GROUP, facts, [plans.delete(group)], nonce=nonce)
    return operations.run_form(scope, operation)


def plan_empty(scope: Scope, group: Group, come: Group | None) -> Operation:
    """Plans to move all that is in a group into `come`, or just out of it, and to delete the group last.

    What is in both groups was asked of flinkey just before, by `read_groups_now`. Raises NothingToDo for an empty one.
    """
    groups = [group.id, come.id] if come else [group.id]
    inside = {kind: _inside(scope, kind, group.id) for kind in Kind}
    plan = plans.empty((_facts(scope, kind, ids, groups) for kind, ids in inside.items()), group, come)
    if not plan.steps:
        raise NothingToDo(plan.left_out)
    facts: dict[str, Any] = {"name": group.name, "from": group.name, "from_id": group.id}
    facts |= {"to": come.name} if come else {"alone": _only_in(scope, group.id, inside)}
    facts |= {"count": plan.count, "left_out": plan.left_out}
    if not come:
        reading.read_now(scope, endings.lists_for(Kind.USERS, inside[Kind.USERS], [group.id]))
    facts |= found_endings(endings.find(scope, plan.steps))
    return journal.plan(scope, Operation.Kind.EMPTY_GROUP, facts, plan.steps)


def _inside(scope: Scope, kind: Kind, group_id: int) -> list[int]:
    """The ids of what is in a group, by name."""
    rows = filters.in_group(things(kind, scope), scope, kind, group_id)
    return list(rows.order_by("sort_name", "sort_second", "flinkey_id").values_list("flinkey_id", flat=True))


def _only_in(scope: Scope, group_id: int, inside: Mapping[Kind, Sequence[int]]) -> int:
    """How many things of a group are in no other one. The groups that share some with it are read again first."""
    others = {kind: [one for one in groups_of(scope, kind, ids) if one != group_id] for kind, ids in inside.items()}
    reading.read_now(scope, [lists.members(one, kind) for kind, found in others.items() for one in found])
    elsewhere = live(Membership, scope).exclude(group__flinkey_id=group_id)
    shared = [
        elsewhere.filter(kind=kind, thing_id__in=ids).values("thing_id").distinct() for kind, ids in inside.items()
    ]
    return sum(map(len, inside.values())) - sum(rows.count() for rows in shared)


def last_done(scope: Scope, verb: Verb, group: Group) -> Step | None:
    """When somebody here did this to a group the last time, as far as the journal knows."""
    done = scoped(Step.objects.filter(verb=verb, group_id=group.id, state=State.CONFIRMED, already=False), scope)
    return done.select_related("operation__person").order_by("-settled_at").first()


def is_inside(scope: Scope, step: Step) -> bool:
    """Whether what a step has put into a group is in it now, as far as the copy knows."""
    there = live(Membership, scope).filter(kind=step.kind, thing_id=step.thing_id or 0)
    return there.filter(group__flinkey_id=step.group_id or 0).exists()
