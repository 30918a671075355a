"""What may go wrong while somebody does something, and the frame in which it is done."""

from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Any

from django.db import connection
from django.http import Http404
from hypothesis import strategies as st
from hypothesis.stateful import initialize

from flinkey_admin import upstream
from flinkey_admin.accounts import services as accounts
from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.assignments import changing
from flinkey_admin.assignments.questions import Asks
from flinkey_admin.fleet import services as fleet
from flinkey_admin.flinkey import Kind, errors
from flinkey_admin.operations import journal, signals, undo, upkeep
from flinkey_admin.operations import services as operations
from flinkey_admin.operations.models import Operation, State, Step
from tests.machine.stage import PEOPLE
from tests.machine.truths import Truths

CARS = range(1, 8)
GAPS = (0, 2, 0, 16)  # seconds that pass before each thing that somebody does
NAMES = ["Köln", "Ulm", "Trier"]
WRITES = {
    Kind.CARS: ["assignCarToGroup", "removeCarFromGroup"],
    Kind.USERS: ["assignUserToGroup", "removeUserFromGroup"],
    "group": ["createGroup", "updateGroup", "deleteGroup"],
    "window": ["createAssignment", "updateAssignment", "deleteAssignment"],
}
READS = ["getCarsOfGroup", "getUsersOfGroup", "getGroups", "getAssignment", "getAssignmentsOfCar"]
FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("status", {"status": 500}),
    ("status", {"status": 500, "done": True}),
    ("status", {"status": 503}),
    ("status", {"status": 400}),
    ("status", {"status": 429, "retry_after": 1}),
    ("status", {"status": 429, "retry_after": 7}),
    ("status", {"status": 429, "retry_after": 45}),
    ("dead-token", {}),
    ("bad-key", {}),
    ("reset-before", {}),
    ("reset-before", {}),
    ("reset-after", {}),
    ("reset-after", {}),
    ("truncated", {}),
    ("broken-json", {}),
    ("html", {"status": 200}),
    ("html", {"status": 200, "done": True}),
    ("html", {"status": 502}),
]
ALL_WRITES = [name for names in WRITES.values() for name in names]

a_group, a_person, any_of = st.integers(0, 11), st.sampled_from(PEOPLE), st.integers(0, 20)
kinds = st.sampled_from([Kind.CARS, Kind.CARS, Kind.CARS, Kind.USERS])
faults = st.tuples(
    st.just("fault"),
    st.sampled_from(["write"] * 12 + ["read"] * 3 + ["*"] * 3 + ALL_WRITES + READS),
    st.sampled_from(FAULTS),
    st.sampled_from([0, 0, 1, 2, 3]),
    st.integers(1, 4),
)
LOST = [
    (kind, more) for kind, more in FAULTS if kind in {"reset-after", "reset-before", "truncated"} or more.get("done")
]
losses = st.tuples(st.just("fault"), st.just("write"), st.sampled_from(LOST), st.just(0), st.integers(1, 3))
STOPS = [(kind, more) for kind, more in FAULTS if kind in {"dead-token", "bad-key"} or more.get("status") == 429]
REFUSED = ("status", {"status": 400})
doubles = st.tuples(st.just("double"), st.sampled_from(LOST), st.sampled_from([*STOPS, REFUSED]), st.integers(0, 2))
stops = st.tuples(st.just("fault"), st.just("write"), st.sampled_from(STOPS), st.integers(0, 3), st.just(3))
deaths = st.tuples(
    st.just("death"),
    st.sampled_from(["call", "commit"]),
    st.integers(1, 9),
    st.sampled_from(["before", "after"]),
)
meanwhile = st.tuples(st.just("meanwhile"), st.sampled_from(["pause", "stop", "press", "hang"]))
others = st.tuples(st.just("other"), st.integers(1, 6), st.sampled_from(["come", "leave"]), any_of, a_group)
CALM = ("calm",)
calm = st.just(CALM)
mail = st.just(("mail",))
troubles = st.one_of(calm, mail, faults, losses, stops, doubles, deaths, meanwhile, others)


class Troubled(Truths):
    """The frame of all that happens."""

    @initialize(at_once=st.sampled_from([2, 16]), delay=st.sampled_from([0.5, 1.5, 9.0]))
    def begin(self, at_once: int, delay: float) -> None:
        """How many calls go out at a time; with two of them others are stored as sent and wait for their place."""
        upstream.AT_ONCE = at_once
        self.stage.sim.settings.delay = delay

    def colleague_moves(self, way: str, which: int, group: int) -> None:
        """A rule, which may also strike in the middle of something."""
        raise NotImplementedError

    def mail_comes(self) -> None:
        """flinkey's messages about earlier changes come at once."""
        raise NotImplementedError

    def sign_in(self, who: str) -> None:
        """A rule, which those follow who have been signed out."""
        raise NotImplementedError

    # The frame of all that somebody does ----------------------------------------------------------------------------

    def act(self, who: str, do: Callable[[Scope], Operation | None], trouble: Any = CALM) -> Operation | None:
        """Somebody does something, in trouble or not; whoever is signed out cannot."""
        self.turn += 1
        self.stage.advance(GAPS[self.turn % len(GAPS)])
        scope = self.stage.scope(who)
        if scope is None and self.turn % 2:
            self.sign_in(who)  # whoever has lost the way in soon signs in again
            scope = self.stage.scope(who)
        if scope is None:
            return None
        self.count("acts")
        found: list[Operation | None] = []

        def within() -> None:
            try:
                found.append(do(scope))
            except errors.Unauthorized:
                accounts.forget_sign_ins(scope.person)

        self.in_trouble(within, trouble)
        return found[0] if found else None

    def in_trouble(self, do: Callable[[], None], trouble: Any) -> None:
        """Does it while this happens: a fault, the death of the process, a wish, a colleague who is quicker."""
        kind, *facts = trouble
        self.count(kind)
        self.storm_ends()
        if kind == "fault":
            operation, (fault, more), skip, times = facts
            self.wire.add(operation, fault, times, skip, **more)
            self.count(f"fault {fault} {more.get('status', '')}".strip())
        elif kind == "double":
            (lost, more), (stop, rest), skip = facts
            self.wire.add("write", lost, 1, skip, **more)  # the answer is lost, and the second try meets something else
            self.wire.add("write", stop, 1, 0, **rest)
        elif kind == "death":
            where, at, moment = facts
            self.count(f"death {moment} a {where}")
            if where == "call":
                self.wire.die(at, f"reset-{moment}")
            else:
                self.stage.die_at_commit(at, moment)
        elif kind == "other":
            at, way, which, group = facts
            half = Step.objects.filter(after__state=State.CONFIRMED, after__verb="add", settled_at=None, kind="cars")
            self.looked_at = {(step.thing_id or 0, step.after.group_id or 0) for step in half if step.after}
            self.wire.meanwhile(at, lambda: self.colleague_moves(way, which, group))
        self.before()
        with self.stage.mortal(), self.interrupted(facts[0] if kind == "meanwhile" else ""):
            with suppress(
                errors.FlinkeyError,
                fleet.NothingToDo,
                changing.Twin,
                changing.CarGone,
                journal.WindowBusy,
                undo.Overtaken,
                Http404,
                Asks,
            ):
                do()
            if kind == "mail":
                self.mail_comes()
            self.stage.work_off()
        self.looked_at = set()
        self.after(calm=kind in {"calm", "meanwhile"})

    def storm_ends(self) -> None:
        self.storm_left -= 1
        if self.storm_left == 0:
            self.wire.weather = None

    def interrupted(self, how: str) -> Any:
        """At the first thing that comes true: a wish, a second press, or a process that hangs for too long."""
        return _Interrupt(self, how) if how else nullcontext()


class _Interrupt:
    """What happens at the first thing that comes true in a run."""

    def __init__(self, machine: Troubled, how: str) -> None:
        self.machine, self.how, self.done = machine, how, False

    def __enter__(self) -> None:
        signals.confirmed.connect(self.receive)

    def __exit__(self, *_: object) -> None:
        signals.confirmed.disconnect(self.receive)

    def receive(self, **_kwargs: Any) -> None:
        running = Operation.objects.exclude(lease_until=None).first()
        if self.done or running is None or connection.in_atomic_block:
            return
        self.done = True
        self.machine.count(f"meanwhile {self.how}")
        if self.how == "hang":
            self.machine.stage.advance(25)
            upkeep.take_up()
            self.machine.stage.work_off()
        elif self.how == "press":
            journal.queue(running)
            upkeep.ask_worker(running)
            self.machine.stage.work_off()
            scope = self.machine.stage.scope(PEOPLE[0])
            if scope:
                operations.run(scope, running)
        else:
            self.machine.wished = (running.pk, self.how)
            journal.wish(running, self.how)
