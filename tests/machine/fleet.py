"""The buttons of receipts, a colleague in flinkey, the network and the time, one rule each."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from flinkey_admin.accounts.scoping import Scope, client_for
from flinkey_admin.flinkey import Kind
from flinkey_admin.operations import confirmation, journal, receipts, undo, upkeep
from flinkey_admin.operations import services as operations
from flinkey_admin.operations.models import Operation, State, Step
from flinkey_admin.sandbox.changes import change
from flinkey_admin.sandbox.faults import Fault
from tests.machine.people import People
from tests.machine.stage import PEOPLE
from tests.machine.troubles import CALM, CARS, FAULTS, a_group, a_person, any_of, calm, deaths, faults, troubles
from tests.operations.stage import NOW
from tests.operations.windows import send


class Fleet(People):
    """All that may happen."""

    # Receipts -------------------------------------------------------------------------------------------------------

    def _pick(self, which: int, keep: Callable[[Operation], object]) -> Operation | None:
        """One of the changes on which a page offers this button."""
        found = [
            one for one in Operation.objects.select_related("person", "customer").order_by("-pk")[:12] if keep(one)
        ]
        return found[which % len(found)] if found else None

    @rule(who=a_person, which=any_of, trouble=troubles)
    def finish(self, who: str, which: int, trouble: Any) -> None:
        """*Go on*, *Finish*, *Retry*, and the yes to a review that lies open."""
        found = self._pick(which, lambda one: not one.finished_at or one.state == State.REFUSED)
        if found:
            self.act(who, lambda scope: self.press(scope, found), trouble)

    @rule(who=a_person, which=st.sampled_from([0, 0, 1, 2, 3]), yes=st.sampled_from([1, 1, 1, 0]), trouble=troubles)
    def put_back(self, who: str, which: int, yes: int, trouble: Any) -> None:
        """*Undo*, of a whole change and of a part."""
        found = self._pick(which, undo.can)
        if found:
            self.change(who, lambda scope: undo.plan(scope, found), yes, trouble)

    @rule(who=a_person, things=st.lists(st.sampled_from(CARS), min_size=1, max_size=3, unique=True), come=a_group)
    def gather_and_put_back(self, who: str, things: list[int], come: int) -> None:
        """Cars, some of them in several groups, come into one and go back at once."""
        self.gather(who, things, come, CALM)
        self.regret(who)

    @rule(who=a_person, which=any_of)
    def end_and_put_back(self, who: str, which: int) -> None:
        """An access whose key lives for so long and no other time ends, and is given again."""
        self.change_window(who, which, "lifetime", CALM)
        self.goes_on()
        self.end_window(who, which, CALM)
        self.goes_on()
        self.regret(who)

    def regret(self, who: str) -> None:
        """*Undo*, of what was done last."""
        last = Operation.objects.select_related("person", "customer").last()
        if last and undo.can(last):
            self.change(who, lambda scope: undo.plan(scope, last), 1, CALM)

    def goes_on(self) -> None:
        """After a while the worker has seen what has come true."""
        self.stage.advance(31)
        self.worker(CALM)
        self.stage.advance(1)  # nobody reads in the very microsecond in which it has come true

    @rule(who=a_person, which=any_of, what=st.sampled_from(["pause", "stop"]))
    def wish(self, who: str, which: int, what: str) -> None:
        """*Pause* and *Stop* on what waits."""
        found = self._pick(which, lambda one: one.started_at and operations.is_on_its_way(one))

        def ask(_scope: Scope) -> None:
            assert found
            journal.wish(found, what)
            if what == "pause" and not Operation.objects.filter(pk=found.pk, lease_until__gt=self.stage.now()).exists():
                self.paused.add(found.pk)

        if found:
            self.act(who, ask)

    @rule(who=a_person, which=any_of)
    def leave_as_it_is(self, who: str, which: int) -> None:
        def keep(one: Operation) -> bool:
            late = any(confirmation.is_late(step) for step in one.steps.all())
            return bool(one.started_at and receipts.can_close(one, list(operations.lost_windows(one)), late=late))

        found = self._pick(which, keep)
        if found and found.lease_until is None:
            self.act(who, lambda _scope: journal.close(found))

    @rule(who=a_person, trouble=st.one_of(calm, faults, deaths))
    def look(self, who: str, trouble: Any) -> None:
        """Pages with windows that wait are open."""

        def open_pages(scope: Scope) -> None:
            confirmation.check_overdue(scope, confirmation.window_steps(scope))

        self.act(who, open_pages, trouble)

    @rule(who=a_person, trouble=st.one_of(calm, faults))
    def check_now(self, who: str, trouble: Any) -> None:
        def check(scope: Scope) -> None:
            client = client_for(scope)
            assert client
            for step in Step.objects.filter(state__in=confirmation.OPEN, verb__endswith="-window"):
                confirmation.check_now(step, client)

        self.act(who, check, trouble)

    @rule(trouble=troubles)
    def worker(self, trouble: Any) -> None:
        """It looks at what has stopped."""
        self.in_trouble(upkeep.take_up, trouble)

    # The colleague in flinkey, the network, the time ----------------------------------------------------------------

    @rule(way=st.sampled_from(["come", "leave"]), which=any_of, group=a_group)
    def colleague_moves(self, way: str, which: int, group: int) -> None:
        """Somebody changes a group in flinkey itself. A car that has no other one stays."""
        with self.stage.sim.lock:
            group = self.group(group)
            car = CARS[which % len(CARS)]
            inside = car in self.wire.members("cars", group)
            if way == "come" and not inside:
                change(self.stage.sim, "add_member", kind="cars", group=group, id=car)
                self.wire.did(("add", "cars", car, group))
            elif way == "leave" and inside and self._may_leave(car, group):
                change(self.stage.sim, "remove_member", kind="cars", group=group, id=car)
                self.wire.did(("remove", "cars", car, group))

    @rule(which=any_of)
    def colleague_takes_back(self, which: int) -> None:
        """Somebody takes a car out of its new group while the change that brought it there rests; it goes on."""
        half = Step.objects.filter(after__state=State.CONFIRMED, after__verb="add", settled_at=None, kind="cars")
        pairs = [
            (step.after.thing_id or 0, step.after.group_id or 0) for step in half.select_related("after") if step.after
        ]
        if pairs:
            car, group = pairs[which % len(pairs)]
            with self.stage.sim.lock:
                if car in self.wire.members("cars", group) and self._may_leave(car, group):
                    self.count("taken back half-way")
                    change(self.stage.sim, "remove_member", kind="cars", group=group, id=car)
                    self.wire.did(("remove", "cars", car, group))
            for who in PEOPLE:
                self.sign_in(who)
            self.goes_on()

    @rule(number=a_group, what=st.sampled_from(["rename", "delete", "create"]))
    def colleague_changes_groups(self, number: int, what: str) -> None:
        sim, there = self.stage.sim, [one.id for one in self.wire.groups()]
        number = self.group(number)
        with sim.lock:
            if what == "create" and len(there) < 6:
                change(sim, "create_group", name=f"Kollege {self.marks}")
                self.marks += 1
            elif what == "rename":
                change(sim, "rename_group", group=number, name=f"Umbenannt {number} {self.marks}")
                self.wire.did(("rename-group", number))
                self.marks += 1
            elif what == "delete" and not any(self.wire.members(kind, number) for kind in Kind) and len(there) > 2:
                change(sim, "delete_group", group=number)
                self.wire.did(("delete-group", number))

    @rule(which=any_of, what=st.sampled_from(["end", "delete", "add"]))
    def colleague_changes_windows(self, which: int, what: str) -> None:
        number, sim = self._window(which), self.stage.sim
        self.marks += 1
        with sim.lock:
            if what == "add":
                start = NOW + dt.timedelta(days=6, minutes=self.marks)
                change(sim, "add_window", car=which % 3 + 1, user=which % 5 + 1, start=start.isoformat())
            elif number and what == "end":
                end = NOW + dt.timedelta(days=7, minutes=self.marks)
                change(sim, "end_window", window=number, end=end.isoformat())
                self.wire.did(("change-window", number))
            elif number:
                change(sim, "delete_window", window=number)
                self.wire.did(("delete-window", number))

    @rule(which=st.lists(any_of, min_size=1, max_size=4), trouble=st.one_of(calm, faults, deaths))
    def webhooks(self, which: list[int], trouble: Any) -> None:
        """flinkey's messages arrive, some late, some twice, in any order; others never do."""

        late = self.late_messages()

        def arrive() -> None:
            for number in which:
                messages = late if late and number % 2 else self.post
                self.deliver(messages[number % len(messages)])

        if self.post:
            self.count("webhooks")
            self.in_trouble(arrive, trouble)

    def late_messages(self) -> list[dict[str, Any]]:
        """The messages about windows that an open change is at; mostly they are of earlier ones."""
        self.post += [one for one in self.stage.sim.deliveries if one not in self.post]
        waiting = set(Step.objects.filter(settled_at=None).exclude(window_id=None).values_list("window_id", flat=True))
        return [one for one in self.post if one["body"]["assignmentId"] in waiting]

    def mail_comes(self) -> None:
        for message in self.late_messages()[:3]:
            self.deliver(message)

    def deliver(self, message: dict[str, Any]) -> None:
        event = message["url"].rstrip("/").rpartition("/")[2]
        assert send(message["body"], event).status_code == 204

    @rule(kind=st.sampled_from(FAULTS))
    def storm(self, kind: tuple[str, dict[str, Any]]) -> None:
        """flinkey is out of order for a while."""
        if kind[1].get("status") not in {400, 429}:
            self.wire.weather, self.storm_left = Fault("*", kind[0], -1, 0, kind[1]), 4

    @rule(why=st.sampled_from(["Das Fahrzeug hat keine Box.", None]), delay=st.sampled_from([0.5, 1.5, 1.5, 9.0]))
    def temper(self, why: str | None, delay: float) -> None:
        """flinkey is well again: how long it takes for a window from now on, and whether it does it after all."""
        self.wire.weather = None
        self.stage.sim.settings.fail_assignments, self.stage.sim.settings.delay = why, delay

    @rule(seconds=st.sampled_from([1, 2, 5, 21, 40, 40, 400]), tokens_die=st.sampled_from([0, 0, 0, 1]))
    def wait(self, seconds: int, tokens_die: int) -> None:
        self.stage.advance(seconds)
        if tokens_die:
            with self.stage.sim.lock:
                self.stage.sim.tokens.clear()

    @rule(who=a_person)
    def sign_in(self, who: str) -> None:
        if self.stage.can_call(who):
            return
        self.wire.calm()
        weather, self.wire.weather = self.wire.weather, None
        self.before()
        self.stage.sign_in(who)
        self.wire.weather = weather
        self.after(calm=False)
