"""What a change of members will do, worked out without asking anybody: the steps and what is left out."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import Group
from flinkey_admin.operations.journal import Planned
from flinkey_admin.operations.models import Verb
from flinkey_admin.web.names import Thing, label_of

GROUP_GOES = {"group_goes": True}  # of a removal: all the same whether the group itself has gone


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

    def join(self, other: "Plan") -> None:
        """The steps of another plan, behind those of this one."""
        place = len(self.steps)
        self.steps += [step if step.after is None else replace(step, after=step.after + place) for step in other.steps]
        self.left_out += other.left_out
        self.count += other.count
        self.first = self.first or other.first


def _step(
    verb: Verb, kind: Kind, thing: Thing, group: Group, after: int | None = None, *, inside: bool = False
) -> Planned:
    """`inside`: the thing is in the group already; said so that a later look at the plan finds no change in it."""
    opposite = Verb.REMOVE if verb == Verb.ADD else Verb.ADD
    return Planned(
        verb,
        label_of(thing),
        kind=kind,
        thing_id=thing.id,
        group_id=group.id,
        group_label=group.name,
        after=after,
        before={"inside": True} if inside else {},
        inverse={"verb": opposite, "kind": kind, "thing_id": thing.id, "group_id": group.id},
    )


@dataclass(frozen=True)
class Facts:
    """What a plan rests on: the things meant, the groups concerned, which of the things are in them, and their data."""

    kind: Kind
    ids: Sequence[int]
    groups: Mapping[int, Group]
    members: Mapping[int, Set[int]]
    known: Mapping[int, Thing]


def move(facts: Facts, leave: Sequence[Group], come: Group, *, strays: bool = False) -> Plan:
    """From the groups of `leave` to `come`: each is added first, and removed from the others once that is done.

    What is in none of `leave` stays out; `strays`: it is added. What is in `come` already is added all the same:
    flinkey says that it was so, and should it have left meanwhile, the removal cannot lose it.
    """

    def steps(thing: Thing, place: int) -> list[Planned]:
        homes = [group for group in leave if thing.id in facts.members[group.id]]
        if not homes and (not strays or thing.id in facts.members[come.id]):
            return []
        removals = [_step(Verb.REMOVE, facts.kind, thing, group, after=place) for group in homes]
        inside = thing.id in facts.members[come.id]
        return [_step(Verb.ADD, facts.kind, thing, come, inside=inside), *removals]

    return _plan(facts, steps)


def add(facts: Facts, group: Group) -> Plan:
    """Into `group`, staying wherever else they are. What is inside already stays out."""
    return _plan(
        facts,
        lambda thing, _place: (
            [] if thing.id in facts.members[group.id] else [_step(Verb.ADD, facts.kind, thing, group)]
        ),
    )


def remove(facts: Facts, leave: Sequence[Group]) -> Plan:
    """Out of these groups. What is in none of them stays out of the plan."""
    return _plan(
        facts,
        lambda thing, _place: [
            _step(Verb.REMOVE, facts.kind, thing, group) for group in leave if thing.id in facts.members[group.id]
        ],
    )


def empty(of_kinds: Iterable[Facts], group: Group, come: Group | None) -> Plan:
    """All that is in `group` into `come`, or just out of it; the last step deletes the group."""
    plan = Plan()
    for facts in of_kinds:
        plan.join(move(facts, [group], come) if come else remove(facts, [group]))
    plan.steps = [replace(step, args=GROUP_GOES) if step.verb == Verb.REMOVE else step for step in plan.steps]
    if plan.steps:
        plan.take(group.name)
        plan.steps.append(delete(group))
    return plan


def delete(group: Group) -> Planned:
    """Deletes a group. flinkey refuses it while something is inside."""
    return Planned(
        Verb.DELETE_GROUP,
        group.name,
        group_id=group.id,
        group_label=group.name,
        before={"name": group.name},
        inverse={"verb": Verb.CREATE_GROUP, "args": {"name": group.name}},
    )


def _plan(facts: Facts, steps: Callable[[Thing, int], list[Planned]]) -> Plan:
    """The steps of each thing that has some; `steps` gets the thing and the position of its first step."""
    plan = Plan()
    for thing_id in facts.ids:
        thing = facts.known.get(thing_id)
        found = steps(thing, len(plan.steps)) if thing else []
        if thing is None or not found:
            plan.left_out.append(label_of(thing) if thing else str(thing_id))
            continue
        plan.take(label_of(thing))
        plan.steps += found
    return plan
