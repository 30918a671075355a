"""The windows of those who leave a group, on what stays in it: groups open no doors, so nothing ends them by itself."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q
from django.utils import timezone

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import lists
from flinkey_admin.mirror.models import Membership
from flinkey_admin.mirror.queries import live, not_over, things, windows
from flinkey_admin.operations.endings import window_facts
from flinkey_admin.operations.journal import Planned
from flinkey_admin.operations.models import Step, Verb
from flinkey_admin.web.names import label_of

FEW = 16  # of so many, flinkey is asked for the windows; of more, the copy knows them
OTHER = {Kind.CARS: Kind.USERS, Kind.USERS: Kind.CARS}
WINDOWS = {Kind.CARS: lists.car_windows, Kind.USERS: lists.user_windows}


def lists_for(kind: Kind, ids: Sequence[int], leave: Iterable[int]) -> list[str]:
    """The lists of flinkey that say which windows these things have on what is in the groups that they leave."""
    leave = list(leave)
    if kind not in OTHER or not leave:
        return []
    of_each = [WINDOWS[kind](number) for number in ids] if len(ids) <= FEW else []
    return [*(lists.members(group, OTHER[kind]) for group in leave), *of_each]


def find(scope: Scope, steps: Sequence[Planned | Step]) -> list[dict[str, Any]]:
    """The windows that are not over, of each user who leaves a group, on cars of that very group; and of each car, of
    its people. Once each; none of two who go to the same group together. `after`: the place of the removal in the plan.
    """
    leaving: dict[tuple[str, int], dict[int, int]] = {}  # thing -> group that it leaves -> place of that step
    coming: dict[tuple[str, int], set[int]] = {}
    for place, step in enumerate(steps):
        if step.thing_id is None or step.group_id is None or step.kind not in OTHER:
            continue
        if step.verb == Verb.REMOVE:
            leaving.setdefault((step.kind, step.thing_id), {})[step.group_id] = place
        elif step.verb == Verb.ADD:
            coming.setdefault((step.kind, step.thing_id), set()).add(step.group_id)
    if not leaving:
        return []
    labels = {(step.kind, step.thing_id): step.label for step in steps if step.thing_id}
    inside = _inside(scope, {group for groups in leaving.values() for group in groups})
    found: dict[int, dict[str, Any]] = {}
    for row in _windows(scope, leaving):
        user, car = (str(Kind.USERS), row.user_id or 0), (str(Kind.CARS), row.car_id or 0)
        together = coming.get(user, set()) & coming.get(car, set())
        for mine, other in ((user, car), (car, user)) if not together else ():
            places = [place for group, place in leaving.get(mine, {}).items() if (group, *other) in inside]
            if places:
                sides = {"kind": mine[0], "thing": mine[1], "label": labels[mine], "other": other, "after": places[0]}
                found.setdefault(row.flinkey_id, {**sides, **window_facts(row)})
    return _named(scope, sorted(found.values(), key=lambda one: (one["kind"] != "users", one["after"], one["start"])))


def _inside(scope: Scope, groups: Iterable[int]) -> set[tuple[int, str, int]]:
    """What cars and users are in these groups: group, kind, id."""
    rows = live(Membership, scope).filter(kind__in=list(OTHER), group__flinkey_id__in=list(groups))
    return set(rows.values_list("group__flinkey_id", "kind", "thing_id"))


def _windows(scope: Scope, leaving: Iterable[tuple[str, int]]) -> Any:
    users = [number for kind, number in leaving if kind == Kind.USERS]
    cars = [number for kind, number in leaving if kind == Kind.CARS]
    mine = windows(scope).filter(Q(user_id__in=users) | Q(car_id__in=cars), not_over(timezone.now()))
    return mine.exclude(car_id=None).exclude(user_id=None)


def _named(scope: Scope, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With the name of the other side, and what the step will be called."""
    names: dict[tuple[str, int], str] = {}
    for kind in OTHER:
        ids = {one[f"{kind.singular}_id"] for one in found}
        names |= {(str(kind), row.flinkey_id): label_of(row.record()) for row in _things(scope, kind, ids)}
    for one in found:
        kind, number = one["other"]
        one["other"] = names.get((kind, number), str(number))
        sides = (one["label"], one["other"])
        one["access"] = " → ".join(sides if one["kind"] == "users" else reversed(sides))
    return found


def _things(scope: Scope, kind: Kind, ids: set[int]) -> Any:
    return things(kind, scope).filter(flinkey_id__in=ids) if ids else []
