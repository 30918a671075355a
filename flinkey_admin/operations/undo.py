"""Takes a change back: the plan of what restores exactly what was, as far as nobody has touched it since."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from flinkey_admin import upstream
from flinkey_admin.accounts.scoping import Scope, require_client
from flinkey_admin.flinkey import Flinkey, records
from flinkey_admin.flinkey import Kind as Thing
from flinkey_admin.flinkey.fields import instant, written
from flinkey_admin.operations import journal, services, truth, windows
from flinkey_admin.operations.calls import WINDOW_VERBS
from flinkey_admin.operations.journal import Planned
from flinkey_admin.operations.models import PAIRS, Operation, State, Step, Verb
from flinkey_admin.operations.truth import MEMBERS, Inside

Kind = Operation.Kind
OPPOSITE = {
    Kind.MOVE: Kind.MOVE,
    Kind.ADD: Kind.REMOVE,
    Kind.REMOVE: Kind.ADD,
    Kind.EMPTY_GROUP: Kind.MOVE,  # as long as the group is there; then it is made again
    Kind.RESTORE_GROUP: Kind.EMPTY_GROUP,
    Kind.CREATE_GROUP: Kind.DELETE_GROUP,
    Kind.RENAME_GROUP: Kind.RENAME_GROUP,
    Kind.DELETE_GROUP: Kind.CREATE_GROUP,
    Kind.GIVE_ACCESS: Kind.END_ACCESS,
    Kind.CHANGE_ACCESS: Kind.CHANGE_ACCESS,
    Kind.END_ACCESS: Kind.GIVE_ACCESS,
}


@dataclass
class Back:
    """The steps that take a change back, and what stays as it is because somebody has touched it since."""

    steps: list[Planned] = field(default_factory=list)
    things: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    keys: list[tuple[int | None, dt.datetime]] = field(default_factory=list)  # a phone may hold: whose, until when
    windows: dict[int, records.Assignment | None] = field(default_factory=dict)  # as flinkey has them now
    cars: dict[int, list[records.Assignment]] = field(default_factory=dict)  # the windows of a car

    def leave(self, label: str, why: str) -> None:
        self.left_out.append(f"{label}: {why}")


class Overtaken(Exception):
    """Nothing of it can be taken back any more; `left_out` says why, thing by thing."""

    def __init__(self, left_out: list[str]) -> None:
        super().__init__()
        self.left_out = left_out


def can(operation: Operation) -> bool:
    """Whether something was done that can be taken back, and nobody has done so yet."""
    if services.is_running(operation) or services.may_come_true(operation) or services.has_undo(operation):
        return False
    return operation.kind in OPPOSITE and services.undoable(operation).exists()


@truth.asking()
def plan(scope: Scope, operation: Operation) -> Operation:
    """Plans what takes the done part of a change back, by what flinkey says now. The rest of it is closed at the yes.

    Raises Overtaken, WindowBusy, and the client's errors.
    """
    client, back = require_client(scope), Back()
    done = list(services.undoable(operation))
    members = [*(step for step in done if step.verb in MEMBERS), *_came_true(client, operation)]
    deleted = next((step for step in done if step.verb == Verb.DELETE_GROUP), None)
    restores = operation.kind == Kind.EMPTY_GROUP and deleted is not None
    if deleted and restores:
        _restore(client, deleted, members, back)
    elif members:
        _members(client, operation, members, back)
    _read_windows(client, done, back)
    others = [step for step in done if step.verb not in MEMBERS and not (restores and step == deleted)]
    _others(client, others, back)
    if not back.steps:
        raise Overtaken(back.left_out)
    journal.require_free(operation.customer_id, back.steps)
    kind = Kind.RESTORE_GROUP if restores else OPPOSITE[Kind(operation.kind)]
    if kind == Kind.MOVE and not operation.facts.get("to"):
        kind = Kind.ADD  # out of a group that was emptied, into nowhere
    facts = {**_facts(operation, back), "undoable": len(done)}
    return journal.plan(scope, kind, facts, back.steps, undoes=operation)


def _others(client: Flinkey, done: Sequence[Step], back: Back) -> None:
    """What is not about members. Of windows that came one after another, the last is taken back first."""
    places: dict[int | None, int] = {}
    of_windows = {step.pk for step in done if step.verb in WINDOW_VERBS}
    chained = any(step.after_id in of_windows for step in done)
    for step in reversed(done) if chained else done:
        place = len(back.steps)
        PLANS[Verb(step.verb)](client, step, back)
        if len(back.steps) > place and chained:
            back.steps[place] = replace(back.steps[place], after=places.get(step.pk))
            places[step.after_id] = place


def _facts(operation: Operation, back: Back) -> dict[str, Any]:
    facts = {**operation.facts}
    for one, other in (("from", "to"), ("from_many", "to_many")):
        facts |= {one: operation.facts.get(other), other: operation.facts.get(one)}
    if operation.kind in {Kind.MOVE, Kind.ADD, Kind.REMOVE}:
        facts["name"] = operation.facts.get("name") or operation.facts.get("from") or operation.facts.get("to")
    if operation.kind == Kind.RENAME_GROUP:
        facts = {**operation.facts, "from": operation.facts["name"], "name": operation.facts["from"]}
    if operation.kind in {Kind.MOVE, Kind.ADD, Kind.REMOVE, Kind.EMPTY_GROUP, Kind.RESTORE_GROUP}:
        count = len({(step.kind, step.thing_id) for step in back.steps if step.thing_id})
        facts |= {"count": count, "only": back.things[0] if count == 1 else None}
        facts |= _windows_facts(operation, back)
    if "series" in facts:
        facts |= {"count": len(back.steps), "notes": None, "clash": None, "met": None, "times": None}
    if operation.kind == Kind.RESTORE_GROUP:
        facts["from_id"] = operation.steps.filter(verb=Verb.CREATE_GROUP).values_list("group_id", flat=True).first()
    if facts.get("act") in PAIRS:
        facts |= {"notes": None, "back": None if facts.get("back") else True}
    elif "act" in facts:
        facts |= {"count": len(back.steps), "notes": None, "endings": None, "ends_at": None, "at_once": None}
        facts |= {"clash": None, "met": None}
    for step in back.steps if "count" not in facts else ():
        facts |= {name: step.args[name] for name in ("start", "end") if name in step.args}
    facts |= {"left_out": back.left_out, "key_until": None, "key_many": None}
    facts |= windows.key_facts(back.keys, timezone.now())
    return {key: value for key, value in facts.items() if value is not None}


def _windows_facts(operation: Operation, back: Back) -> dict[str, Any]:
    """How many accesses that were ended with a change of members are restored, or the other way round."""
    count = sum(step.verb.endswith("-window") for step in back.steps) or None
    was_ended = "ended" in operation.facts
    sides = {"ended": None if was_ended else count, "restored": count if was_ended else None}
    return {**sides, "endings": None, "ends_at": None, "key_until": None}


# Members ------------------------------------------------------------------------------------------------------------


def _members(client: Flinkey, operation: Operation, done: Sequence[Step], back: Back) -> None:
    """A thing is added to its old groups before it leaves the new one, whatever is known of how it left those."""
    removals: dict[int | None, list[Step]] = defaultdict(list)
    for step in operation.steps.filter(verb=Verb.REMOVE, after__isnull=False):
        removals[step.after_id].append(step)
    came = {step.pk for step in done if step.verb == Verb.ADD}
    inside = truth.inside(client, [*done, *(one for step in done for one in removals[step.pk])])
    for step in done:
        if step.after_id in came:
            continue  # comes with its addition
        now = inside[Thing(step.kind), step.group_id or 0]
        if step.verb == Verb.REMOVE:
            _bring(inside, [step], back)
        elif now is None or step.thing_id not in now:
            back.leave(step.label, _("it has left %(group)s since") % {"group": step.group_label})
        else:
            before = len(back.steps)
            homes = removals[step.pk]
            _bring(inside, homes, back)
            after = len(back.steps) - 1 if len(back.steps) > before else None
            if homes and after is None and not _is_in_any(inside, homes):
                continue  # its old groups have gone: it stays where it is
            back.steps.append(_opposite(step, after))
            back.things.append(step.label)


def _came_true(client: Flinkey, operation: Operation) -> list[Step]:
    """Of additions and removals whose answer is lost: those that are so in flinkey by now, and were not before.

    Also of those that a person has given up since.
    """
    unheard = Q(state=State.UNKNOWN) | Q(state=State.REFUSED, reason="given-up", attempts__gt=0)
    lost = list(operation.steps.filter(unheard, verb__in=MEMBERS, inverse__isnull=False))
    now = truth.inside(client, lost)
    groups = [now[Thing(step.kind), step.group_id or 0] for step in lost]
    return [
        step
        for step, group in zip(lost, groups, strict=True)
        if group is not None
        and (step.thing_id in group) is (step.verb == Verb.ADD)
        and not (step.verb == Verb.ADD and step.before.get("inside"))
    ]


def _bring(inside: Inside, removals: Sequence[Step], back: Back) -> None:
    """Into the groups that a thing was taken out of, as far as they are still there."""
    for step in removals:
        now = inside[Thing(step.kind), step.group_id or 0]
        if now is None:
            back.leave(step.label, _("the group %(group)s is no longer there") % {"group": step.group_label})
        else:
            # Also when it is in there already: should it leave meanwhile, it must not be lost.
            back.steps.append(_opposite(step, None, inside=step.thing_id in now))
            back.things.append(step.label)


def _is_in_any(inside: Inside, removals: Sequence[Step]) -> bool:
    return any(step.thing_id in (inside[Thing(step.kind), step.group_id or 0] or ()) for step in removals)


def _opposite(step: Step, after: int | None, *, inside: bool = False) -> Planned:
    return Planned(
        Verb.ADD if step.verb == Verb.REMOVE else Verb.REMOVE,
        step.label,
        kind=step.kind,
        thing_id=step.thing_id,
        group_id=step.group_id,
        group_label=step.group_label,
        after=after,
        before={"inside": True} if inside else {},
        inverse={"verb": step.verb, "kind": step.kind, "thing_id": step.thing_id, "group_id": step.group_id},
    )


# A group that was emptied and deleted ------------------------------------------------------------------------------


def _restore(client: Flinkey, deleted: Step, members: Sequence[Step], back: Back) -> None:
    """The group first, under a number that nobody knows yet; then what was in it, which leaves what it has come into.

    What has left that group since has been put elsewhere by somebody, and stays there.
    """
    _create_group(client, deleted, back)
    if not back.steps:
        raise Overtaken(back.left_out)
    came = {(step.kind, step.thing_id): step for step in members if step.verb == Verb.ADD}
    inside = truth.inside(client, came.values())
    for step in members:
        if step.verb != Verb.REMOVE:
            continue
        add = came.get((step.kind, step.thing_id))
        now = inside[Thing(add.kind), add.group_id or 0] if add else None
        if add and now is not None and step.thing_id not in now:
            back.leave(step.label, _("it has left %(group)s since") % {"group": add.group_label})
            continue
        place = len(back.steps)
        back.steps.append(replace(_opposite(step, 0), group_id=None))
        back.things.append(step.label)
        if add and now is not None:
            back.steps.append(_opposite(add, place))


# Groups -------------------------------------------------------------------------------------------------------------


def _group_now(client: Flinkey, group_id: int | None) -> records.Group | None:
    return next((group for group in client.groups.list() if group.id == group_id), None)


def _delete_group(client: Flinkey, step: Step, back: Back) -> None:
    group = _group_now(client, step.group_id)
    if group is None:
        back.leave(step.label, _("it is no longer there"))
        return
    name = {"name": group.name}
    inverse = {"verb": Verb.CREATE_GROUP, "args": name}
    ids: dict[str, Any] = {"group_id": group.id, "group_label": group.name}
    back.steps.append(Planned(Verb.DELETE_GROUP, group.name, before=name, inverse=inverse, **ids))


def _rename_back(client: Flinkey, step: Step, back: Back) -> None:
    group = _group_now(client, step.group_id)
    if group is None:
        back.leave(step.label, _("it is no longer there"))
    elif group.name != step.args["name"]:
        back.leave(group.name, _("it was renamed once more since"))
    else:
        name = step.before["name"]
        inverse = {"verb": Verb.RENAME_GROUP, "group_id": group.id, "args": {"name": group.name}}
        back.steps.append(
            Planned(
                Verb.RENAME_GROUP,
                group.name,
                group_id=group.id,
                group_label=group.name,
                args={"name": name},
                before={"name": group.name},
                inverse=inverse,
            )
        )


def _create_group(client: Flinkey, step: Step, back: Back) -> None:
    """The same name under a new number, and empty, as it was when it was deleted."""
    name = step.before.get("name", step.group_label)
    if any(group.name == name for group in client.groups.list()):
        back.leave(name, _("there is a group of this name again"))
    else:
        back.steps.append(Planned(Verb.CREATE_GROUP, name, args={"name": name}, inverse={"verb": Verb.DELETE_GROUP}))


# Windows ------------------------------------------------------------------------------------------------------------


def _read_windows(client: Flinkey, done: Sequence[Step], back: Back) -> None:
    """The windows that these steps have made or changed, and those of the cars that lost one, all asked at once."""
    numbers = {step.window_id or 0 for step in done if step.verb in {Verb.CREATE_WINDOW, Verb.CHANGE_WINDOW}}
    cars = {step.car_id or 0 for step in done if step.verb == Verb.DELETE_WINDOW}
    found = upstream.in_parallel([partial(truth.window_now, client, number) for number in numbers])
    back.windows = dict(zip(numbers, found, strict=True))
    lists = upstream.in_parallel([partial(client.cars.assignments, car) for car in cars])
    back.cars = dict(zip(cars, lists, strict=True))


def _window(step: Step, verb: Verb, **facts: Any) -> Planned:
    return Planned(verb, step.label, kind=step.kind, car_id=step.car_id, user_id=step.user_id, **facts)


def _as_kept(window: records.Assignment, names: Sequence[str]) -> dict[str, Any]:
    """The values of a window in the form in which the journal keeps them."""
    values = {name: getattr(window, name) for name in names}
    return {name: written(value) if isinstance(value, dt.datetime) else value for name, value in values.items()}


def _sendable(kept: dict[str, Any]) -> dict[str, Any]:
    """The values of a window as flinkey takes them: what it has by default is left to it."""
    lifetime, renewal = records.chosen_seconds(kept.get("lifetime"), kept.get("renewable_after"))
    return {**kept, "lifetime": lifetime, "renewable_after": renewal}


def _warn(window: records.Assignment, back: Back) -> None:
    """Taking access away does not reach a phone that is offline."""
    now = timezone.now()
    if window.end is None or window.end > now:
        back.keys.append((window.user_id, window.key_until(now)))


def _delete_window(_client: Flinkey, step: Step, back: Back) -> None:
    window = back.windows[step.window_id or 0]
    if window is None:
        back.leave(step.label, _("it is no longer there"))
        return
    before = _as_kept(window, ("start", "end", "lifetime", "renewable_after"))
    _warn(window, back)
    facts = {"window_id": window.id, "before": before, "inverse": {"verb": Verb.CREATE_WINDOW, "args": before}}
    back.steps.append(_window(step, Verb.DELETE_WINDOW, **facts))


def _change_back(_client: Flinkey, step: Step, back: Back) -> None:
    window = back.windows[step.window_id or 0]
    if window is None:
        back.leave(step.label, _("it is no longer there"))
        return
    now = _as_kept(window, list(step.args))
    if any(now[name] != value for name, value in step.args.items() if name in {"start", "end", "car_id", "user_id"}):
        back.leave(step.label, _("it was changed once more since"))
        return
    before = _sendable(step.before)
    args = {name: before[name] for name in step.args}
    inverse = {"verb": Verb.CHANGE_WINDOW, "args": now}
    facts = {"window_id": window.id, "args": args, "before": {**step.before, **now}, "inverse": inverse}
    back.steps.append(_window(step, Verb.CHANGE_WINDOW, **facts))


def _create_window(_client: Flinkey, step: Step, back: Back) -> None:
    """The same car, person and times, as a new window: flinkey gives it another number."""
    if step.user_id is None:
        back.leave(step.label, _("it was nobody's, and flinkey makes none without a person"))
        return
    before = _sendable(step.before)
    args = {name: before[name] for name in ("start", "end", "lifetime", "renewable_after") if name in before}
    there = back.cars[step.car_id or 0]
    end = instant(args["end"]) if args.get("end") else None
    if any((one.user_id, one.start, one.end) == (step.user_id, instant(args["start"]), end) for one in there):
        back.leave(step.label, _("the same access is there again"))
        return
    facts = {"args": args, "before": {"ids": [one.id for one in there]}, "inverse": {"verb": Verb.DELETE_WINDOW}}
    back.steps.append(_window(step, Verb.CREATE_WINDOW, **facts))


PLANS: dict[Verb, Callable[[Flinkey, Step, Back], None]] = {
    Verb.CREATE_GROUP: _delete_group,
    Verb.RENAME_GROUP: _rename_back,
    Verb.DELETE_GROUP: _create_group,
    Verb.CREATE_WINDOW: _delete_window,
    Verb.CHANGE_WINDOW: _change_back,
    Verb.DELETE_WINDOW: _create_window,
}
