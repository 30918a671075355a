"""Whatever order of moves, additions, removals, windows, faults and finishing: nothing is lost, nothing comes twice."""

import datetime as dt
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.assignments import changing as windows
from flinkey_admin.assignments.questions import Asks
from flinkey_admin.fleet import services as fleet
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.errors import FlinkeyError
from flinkey_admin.operations import confirmation, journal, undo, upkeep
from flinkey_admin.operations import services as operations
from flinkey_admin.operations.models import Operation, State, Step
from flinkey_admin.sandbox import Remote
from tests.conftest import work_off
from tests.operations.stage import NOW, Clock, assert_true, forget, members, took_effect

CARS, GROUPS = range(1, 8), range(1, 5)
MAY_LEAVE = {6, 7}  # of these cars some are in no group, and nobody minds
LOSING = ("reset-before", "reset-after", "truncated", "html")
STOPPING = ("status", "dead-token", "bad-key")
ADD, REMOVE, GROUP, WINDOW = "assignCarToGroup", "removeCarFromGroup", "createGroup", "createAssignment"

group = st.sampled_from(GROUPS)


def trouble(*operations: str) -> st.SearchStrategy[Any]:
    """Nothing, or a fault: what it strikes, its kind, how many calls it lets pass, how many it strikes."""
    kinds = st.sampled_from(LOSING * 2 + STOPPING)
    return st.none() | st.tuples(st.sampled_from(operations), kinds, st.sampled_from([0, 0, 1]), st.integers(1, 3))


class Fleet(RuleBasedStateMachine):
    """A coordinator at work while flinkey misbehaves."""

    scope: Scope
    remote: Remote
    clock: Clock
    world: dict[str, Any]

    def __init__(self) -> None:
        super().__init__()
        self.remote.clear_faults()
        self.remote.clear_requests()
        self.clock.traveller.move_to(NOW)
        self.remote.restore(self.world)
        Step.objects.update(after=None)
        Operation.objects.all().delete()
        forget()
        self.wanted_windows: set[tuple[int, int, str]] = set()
        self.names: set[str] = set()

    # What a person does ---------------------------------------------------------------------------------------------

    @rule(leave=group, come=group, many=st.integers(1, 3), trouble=trouble(ADD, REMOVE))
    def move(self, leave: int, come: int, many: int, trouble: Any) -> None:
        if leave != come:
            cars = self._cars_of(leave)[:many]
            self._run(lambda: fleet.plan_move(self.scope, Kind.CARS, cars, leave, come), trouble)

    @rule(cars=st.lists(st.sampled_from(CARS), min_size=1, max_size=3, unique=True), come=group, trouble=trouble(ADD))
    def add(self, cars: list[int], come: int, trouble: Any) -> None:
        self._run(lambda: fleet.plan_add(self.scope, Kind.CARS, cars, come), trouble)

    @rule(leave=group, trouble=trouble(REMOVE))
    def remove(self, leave: int, trouble: Any) -> None:
        cars = [car for car in self._cars_of(leave) if car in MAY_LEAVE]
        self._run(lambda: fleet.plan_remove(self.scope, Kind.CARS, cars, [leave]), trouble)

    def _cars_of(self, number: int) -> list[int]:
        return members(self.remote, "cars", number)

    @rule(name=st.sampled_from(["Köln", "Ulm", "Trier"]), trouble=trouble(GROUP))
    def create_group(self, name: str, trouble: Any) -> None:
        self.names.add(name)
        self._run(lambda: fleet.create_group(self.scope, name, uuid.uuid4()), trouble, run=False)

    @rule(
        car=st.sampled_from([1, 2]), user=st.sampled_from([4, 5]), hour=st.sampled_from([8, 9]), trouble=trouble(WINDOW)
    )
    def give_access(self, car: int, user: int, hour: int, trouble: Any) -> None:
        start = NOW.replace(hour=hour) + dt.timedelta(days=3)
        data = {"car": car, "user": user, "start": start, "end": None, "lifetime": None, "renewable_after": None}
        called = {"car": f"car {car}", "user": f"user {user}", "email": ""}
        self.wanted_windows.add((car, user, start.strftime("%Y-%m-%dT%H:%M:%SZ")))
        self._run(lambda: self._agree(data, called), trouble, run=False)

    def _agree(self, data: dict[str, Any], called: dict[str, str]) -> Operation:
        """Gives the access, with a yes to whatever is asked."""
        try:
            return windows.give_access(self.scope, data, called, uuid.uuid4())
        except Asks as asks:
            marks = [question.mark for question in asks.questions]
            return windows.give_access(self.scope, data, called, uuid.uuid4(), marks)

    @rule()
    def heal(self) -> None:
        self.remote.clear_faults()

    @rule(seconds=st.sampled_from([1, 3, 40]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self._look()

    @rule(which=st.integers(0, 9), trouble=trouble(ADD, REMOVE, GROUP, WINDOW))
    def finish(self, which: int, trouble: Any) -> None:
        """Pressed on whatever has been started, also where the page would not offer it."""
        started = list(Operation.objects.exclude(started_at=None).order_by("pk"))
        if started:
            self._run(partial(operations.finish, self.scope, started[which % len(started)]), trouble, run=False)

    @rule(which=st.integers(0, 9), trouble=trouble(ADD, REMOVE))
    def put_back(self, which: int, trouble: Any) -> None:
        stopped = [one for one in Operation.objects.order_by("pk") if undo.can(one)]
        if stopped and not MAY_LEAVE & set(stopped[which % len(stopped)].steps.values_list("thing_id", flat=True)):
            self._run(partial(undo.plan, self.scope, stopped[which % len(stopped)]), trouble)

    @rule(which=st.integers(0, 9), what=st.sampled_from(["pause", "stop"]))
    def wish(self, which: int, what: str) -> None:
        """*Pause* and *Stop* on whatever waits."""
        waiting = [one for one in Operation.objects.order_by("pk") if operations.is_on_its_way(one)]
        if waiting:
            journal.wish(waiting[which % len(waiting)], what)

    @rule(trouble=trouble(ADD, REMOVE, GROUP, WINDOW))
    def worker(self, trouble: Any) -> None:
        """It takes up what waits."""

        def take_up() -> Operation:
            upkeep.take_up()
            work_off()
            raise fleet.NothingToDo([])

        self._run(take_up, trouble)

    def teardown(self) -> None:
        """In the end flinkey is well, and all that can be finished gets to its end: what waits by itself."""
        self.remote.clear_faults()
        for _round in range(len(Operation.objects.all()) + 2):
            self.clock.advance(40)
            self._look()
            for operation in Operation.objects.exclude(started_at=None).order_by("pk"):
                if operations.can_finish(operation) and operation.hold not in upkeep.BY_ITSELF:
                    self._run(partial(operations.finish, self.scope, operation), run=False)
            upkeep.take_up()
            work_off()
        left = Step.objects.exclude(state__in=[State.CONFIRMED, State.REFUSED]).exclude(operation__started_at=None)
        assert [step for step in left if step.verb != "create-window"] == []
        for step in left:
            assert step.state == State.UNKNOWN, "only a window whose answer was lost stays open"
            assert not self._like(step), "and only when it is not there"
        self.every_car_has_a_home()
        self.no_window_comes_twice()
        self.no_group_comes_twice()

    # What must be true ----------------------------------------------------------------------------------------------

    def _run(self, ask: Callable[[], Operation], trouble: Any = None, *, run: bool = True) -> None:
        """Does one thing, in trouble or not; the journal of what it touched must be true right afterwards."""
        if trouble:
            operation, kind, skip, times = trouble
            self.remote.fault(operation, kind, skip=skip, times=times)
        before = dict(Step.objects.values_list("pk", "state"))
        inside = {one["id"]: one["cars"] for one in self.remote.state(1)["groups"]}
        with suppress(FlinkeyError, fleet.NothingToDo, windows.Twin, journal.WindowBusy):
            operation = ask()
            if run:
                operations.run(self.scope, operation)
        changed = [step for step in Step.objects.all() if before.get(step.pk) != step.state]
        # What was so before may stay planned or be refused and still be so.
        told = [step for step in changed if step.state == State.CONFIRMED or not _was_so(inside, step)]
        assert_true(self.remote, lost=True, steps=told)

    def _look(self) -> None:
        steps = confirmation.open_steps(self.scope)
        with suppress(FlinkeyError):
            confirmation.check_overdue(self.scope, steps)

    def _like(self, step: Step) -> list[Any]:
        found = self.remote.state(1)["windows"]
        wanted = (step.car_id, step.user_id, step.args["start"], step.args["end"])
        return [one for one in found if (one["carId"], one["userId"], one["start"], one["end"]) == wanted]

    @invariant()
    def every_car_has_a_home(self) -> None:
        homes = {car for one in self.remote.state(1)["groups"] for car in one["cars"]}
        assert set(CARS) - MAY_LEAVE <= homes

    @invariant()
    def no_window_comes_twice(self) -> None:
        found = [(one["carId"], one["userId"], one["start"]) for one in self.remote.state(1)["windows"]]
        assert all(found.count(one) <= 1 for one in self.wanted_windows)
        asked_for = Step.objects.filter(verb="create-window").count()
        assert took_effect(self.remote, "createAssignment") <= asked_for

    @invariant()
    def no_group_comes_twice(self) -> None:
        names = [one["name"] for one in self.remote.state(1)["groups"]]
        assert len(names) == len(set(names))
        assert took_effect(self.remote, "createGroup") <= len(self.names)

    @invariant()
    def nothing_is_green_that_is_not_there(self) -> None:
        taken_back = Step.objects.filter(verb="delete-window").values("window_id")
        given = Step.objects.filter(verb="create-window", state=State.CONFIRMED)
        for step in given.exclude(window_id__in=taken_back):
            assert len(self._like(step)) == 1

    @invariant()
    def nobody_holds_a_lease(self) -> None:
        assert not Operation.objects.exclude(lease_until=None).exists()


def _was_so(inside: dict[int | None, list[int]], step: Step) -> bool:
    is_member = step.thing_id in inside.get(step.group_id, [])
    return (step.verb, is_member) in {("add", True), ("remove", False)}


@pytest.mark.sampled
def test_a_coordinator_at_work(request: pytest.FixtureRequest, clock: Clock, scope: Scope, remote: Remote) -> None:
    class Yard(Fleet):
        pass

    remote.settings(strict=False)  # which would refuse a twin by itself
    Yard.scope, Yard.remote, Yard.clock, Yard.world = scope, remote, clock, remote.snapshot()
    limits = settings(
        max_examples=60 if request.config.getoption("--thorough") else 8,
        stateful_step_count=20,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],  # shrinking takes minutes: add Phase.shrink where a failure is hard to read
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Yard, settings=limits)
