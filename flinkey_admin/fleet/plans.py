"""What a change of members will do, worked out without asking anybody: the steps and what is left out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import Group
from flinkey_admin.operations.journal import Planned
from flinkey_admin.operations.models import Verb
from flinkey_admin.web.names import Thing, label_of


@dataclass
class Plan:
    """The steps of a change, and the labels of what stays out because it is already so."""

    steps: list[Planned] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    count: int = 0
    first: str = ""

    def take(self, label: str) -> None:
        self.count += 1
        self.first = self.first or label


def _step(verb: Verb, kind: Kind, thing: Thing, group: Group, after: int | None = None) -> Planned:
    opposite = Verb.REMOVE if verb == Verb.ADD else Verb.ADD
    return Planned(
        verb,
        label_of(thing),
        kind=kind,
        thing_id=thing.id,
        group_id=group.id,
        group_label=group.name,
        after=after,
        inverse={"verb": opposite, "kind": kind, "thing_id": thing.id, "group_id": group.id},
    )


def move(
    kind: Kind,
    ids: Sequence[int],
    members: Mapping[int, Thing],
    known: Mapping[int, Thing],
    come: Group,
    leave: Group,
) -> Plan:
    """From `leave` to `come`: each is added first and removed once that is done.

    What is no longer in `leave` stays out. What is in `come` already is added all the same: flinkey says that it was
    so, and should it have left meanwhile, the removal cannot lose it.
    """
    return _plan(
        ids,
        members,
        known,
        lambda thing, place: [
            _step(Verb.ADD, kind, thing, come),
            _step(Verb.REMOVE, kind, thing, leave, after=place),
        ],
    )


def add(kind: Kind, ids: Sequence[int], inside: Mapping[int, Thing], known: Mapping[int, Thing], group: Group) -> Plan:
    """Into `group`, staying wherever else they are. What is inside already stays out."""
    outside = {thing_id: thing for thing_id, thing in known.items() if thing_id not in inside}
    return _plan(ids, outside, known, lambda thing, _place: [_step(Verb.ADD, kind, thing, group)])


def remove(
    kind: Kind, ids: Sequence[int], members: Mapping[int, Thing], known: Mapping[int, Thing], group: Group
) -> Plan:
    """Out of `group`. What is not inside stays out of the plan."""
    return _plan(ids, members, known, lambda thing, _place: [_step(Verb.REMOVE, kind, thing, group)])


def _plan(
    ids: Sequence[int],
    fitting: Mapping[int, Thing],
    known: Mapping[int, Thing],
    steps: Callable[[Thing, int], list[Planned]],
) -> Plan:
    """The steps of each thing that fits; `steps` gets the thing and the position of its first step."""
    plan = Plan()
    for thing_id in ids:
        thing = fitting.get(thing_id)
        if thing is None:
            plan.left_out.append(label_of(known[thing_id]) if thing_id in known else str(thing_id))
            continue
        plan.take(label_of(thing))
        plan.steps += steps(thing, len(plan.steps))
    return plan
