"""What two coordinators do with members, groups and windows, one rule each."""

import datetime as dt
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.assignments import changing, passing
from flinkey_admin.assignments import services as windows
from flinkey_admin.assignments.questions import Asks
from flinkey_admin.fleet import services as fleet
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.records import chosen_seconds
from flinkey_admin.operations import confirmation, endings, truth
from flinkey_admin.operations import services as operations
from flinkey_admin.operations.models import Operation
from tests.machine.troubles import CARS, NAMES, Troubled, a_group, a_person, any_of, kinds, troubles
from tests.machine.truths import MAY_LEAVE
from tests.operations.stage import NOW


class People(Troubled):
    """Coordinators at work."""

    # Members --------------------------------------------------------------------------------------------------------

    @rule(
        who=a_person,
        kind=kinds,
        leave=a_group,
        come=a_group,
        many=st.integers(1, 4),
        yes=st.sampled_from([1, 1, 1, 0]),
        trouble=troubles,
    )
    def move(self, who: str, kind: Kind, leave: int, come: int, many: int, yes: int, trouble: Any) -> None:
        leave, come = self.group(leave), self.group(come)
        if leave != come:
            ids = sorted(self.wire.members(kind, leave))[:many]
            self.change(who, lambda scope: fleet.plan_move(scope, kind, ids, leave, come), yes, trouble)

    @rule(
        who=a_person,
        things=st.lists(st.sampled_from(CARS), min_size=1, max_size=3, unique=True),
        come=a_group,
        trouble=troubles,
    )
    def gather(self, who: str, things: list[int], come: int, trouble: Any) -> None:
        target = self.group(come)
        self.change(who, lambda scope: fleet.plan_gather(scope, Kind.CARS, things, target), 1, trouble)

    @rule(
        who=a_person,
        things=st.lists(st.sampled_from(CARS), min_size=1, max_size=4, unique=True),
        come=a_group,
        yes=st.sampled_from([1, 1, 0]),
        trouble=troubles,
    )
    def add(self, who: str, things: list[int], come: int, yes: int, trouble: Any) -> None:
        target = self.group(come)
        self.change(who, lambda scope: fleet.plan_add(scope, Kind.CARS, things, target), yes, trouble)

    @rule(who=a_person, leave=a_group, trouble=troubles)
    def remove(self, who: str, leave: int, trouble: Any) -> None:
        leave = self.group(leave)
        ids = sorted(self.wire.members("cars", leave) & MAY_LEAVE)
        self.change(who, lambda scope: fleet.plan_remove(scope, Kind.CARS, ids, [leave]), 1, trouble)

    def group(self, which: int) -> int:
        """One of the groups that are there."""
        there: list[int] = sorted(one.id for one in self.wire.groups())
        return there[which % len(there)]

    def change(self, who: str, plan: Callable[[Scope], Operation | None], yes: int, trouble: Any) -> None:
        """Plans in peace; the yes may meet trouble, or come later."""
        planned = self.act(who, plan)
        if planned is not None and yes:
            self.act(who, lambda scope: self.press(scope, planned), trouble)

    def press(self, scope: Scope, operation: Operation) -> Operation | None:
        """The button of a review or a receipt, as its page would take it."""
        confirmation.recover(scope)
        operation = Operation.objects.select_related("person", "customer").filter(pk=operation.pk).first() or operation
        if not operation.pk or operations.must_wait(operation):
            return None
        if operation.started_at is not None:
            return operations.finish(scope, operation) if operations.can_finish(operation) else None
        if operation.person_id != scope.person.pk:
            return None
        # Now and then all access that a move would leave behind ends with it; whatever has changed gets its yes.
        chosen = endings.choose(scope, operation, {endings.ALL: endings.TODAY} if self.turn % 3 == 0 else {})
        truth.changes(scope, operation)
        self.started(operation)
        try:
            return operations.start(scope, operation, chosen)
        except operations.WentOn:
            return None  # the page shows what there is to undo by now

    # Groups ---------------------------------------------------------------------------------------------------------

    @rule(who=a_person, name=st.sampled_from(NAMES), trouble=troubles)
    def create_group(self, who: str, name: str, trouble: Any) -> None:
        def create(scope: Scope) -> Operation | None:
            groups = fleet.groups_now(scope)
            return None if fleet.same_name(groups, name) else fleet.create_group(scope, name, uuid.uuid4())

        self.act(who, create, trouble)

    @rule(who=a_person, number=a_group, name=st.sampled_from(NAMES), trouble=troubles)
    def rename_group(self, who: str, number: int, name: str, trouble: Any) -> None:
        number = self.group(number)

        def rename(scope: Scope) -> Operation | None:
            groups, group = fleet.groups_now(scope), fleet.get_group(scope, number)
            if fleet.same_name(groups, name):
                return None
            return fleet.rename_group(scope, group, name, uuid.uuid4())

        self.act(who, rename, trouble)

    @rule(who=a_person, number=a_group, trouble=troubles)
    def delete_group(self, who: str, number: int, trouble: Any) -> None:
        number = self.group(number)

        def delete(scope: Scope) -> Operation | None:
            fleet.read_groups_now(scope, number)
            return fleet.delete_group(scope, fleet.get_group(scope, number), uuid.uuid4())

        if not any(self.wire.members(kind, number) for kind in Kind):
            self.act(who, delete, trouble)

    @rule(who=a_person, number=a_group, come=a_group, out=st.booleans(), trouble=troubles)
    def empty_group(self, who: str, number: int, come: int, out: bool, trouble: Any) -> None:
        number, come = self.group(number), self.group(come)
        if out and not self.wire.members("cars", number) <= MAY_LEAVE:
            return  # nobody wishes that

        def empty(scope: Scope) -> Operation:
            fleet.read_groups_now(scope, number, *([] if out else [come]))
            target = None if out else fleet.get_group(scope, come)
            return fleet.plan_empty(scope, fleet.get_group(scope, number), target)

        if number != come and len(list(self.wire.groups())) > 2:
            self.change(who, empty, 1, trouble)

    # Windows --------------------------------------------------------------------------------------------------------

    @rule(
        who=a_person,
        car=st.sampled_from([1, 2, 3]),
        user=st.sampled_from([4, 5]),
        hour=st.sampled_from([8, 9]),
        long=st.sampled_from([None, None, 700_000]),
        trouble=troubles,
    )
    def give(self, who: str, car: int, user: int, hour: int, long: int | None, trouble: Any) -> None:
        start = NOW.replace(hour=hour) + dt.timedelta(days=3)
        data: dict[str, Any] = {"car": car, "user": user, "start": start, "end": None}
        data |= {"lifetime": long, "renewable_after": long and 1000}
        self.act(
            who,
            lambda scope: self._agree(lambda yes: changing.give_access(scope, data, _called(), uuid.uuid4(), yes)),
            trouble,
        )

    @rule(
        who=a_person,
        which=any_of,
        how=st.sampled_from(["end", "end", "open", "user", "start", "lifetime", "car", "default"]),
        trouble=troubles,
    )
    def change_window(self, who: str, which: int, how: str, trouble: Any) -> None:
        number = self._window(which)
        self.marks += 1
        mark = dt.timedelta(minutes=self.marks)
        wanted: dict[str, dict[str, Any]] = {
            "end": {"end": NOW + dt.timedelta(days=5) + mark},
            "open": {"end": None},
            "user": {"user": which % 5 + 1},
            "car": {"car": which % 3 + 1},
            "start": {"start": NOW + dt.timedelta(days=2) + mark},
            "lifetime": {"lifetime": 800_000 + self.marks, "renewable_after": 5000},
            "default": {"lifetime": None, "renewable_after": None},
        }

        def modify(scope: Scope) -> Operation | None:
            window = windows.read_window(scope, number, now=True)
            lifetime, renewal = chosen_seconds(window.lifetime, window.renewable_after)
            data: dict[str, Any] = {
                "car": window.car_id,
                "user": window.user_id,
                "start": window.start,
                "end": window.end,
            }
            data |= {"lifetime": lifetime, "renewable_after": renewal} | wanted[how]
            changed = changing.differences(window, data)
            if not changed or (data["end"] and data["start"] >= data["end"]):
                return None
            return self._agree(lambda yes: changing.change_access(scope, window, changed, _called(), uuid.uuid4(), yes))

        if number:
            self.act(who, modify, trouble)

    @rule(who=a_person, which=any_of, trouble=troubles)
    def end_window(self, who: str, which: int, trouble: Any) -> None:
        number = self._window(which)

        def end(scope: Scope) -> Operation:
            return changing.end_access(scope, windows.read_window(scope, number, now=True), _called(), uuid.uuid4())

        if number:
            self.act(who, end, trouble)

    @rule(who=a_person, which=any_of, to=st.integers(1, 5), is_swap=st.booleans(), trouble=troubles)
    def hand_over_or_swap(self, who: str, which: int, to: int, is_swap: bool, trouble: Any) -> None:
        """The second of the two is sent only once the first is confirmed, whatever happens."""
        number = self._window(which)
        self.marks += 1
        at = NOW + dt.timedelta(days=1, minutes=self.marks)

        def plan(scope: Scope) -> Operation | None:
            window = windows.read_window(scope, number, now=True)
            same = window.car_id == to % 3 + 1 if is_swap else window.user_id == to
            if same or window.car_id is None or window.user_id is None or (window.end and window.end <= at):
                return None

            def send(yes: list[str]) -> Operation:
                wish = passing.Wish(uuid.uuid4(), yes)
                if is_swap:
                    return passing.swap(scope, window, to % 3 + 1, wish)
                return passing.hand_over(scope, window, to, at, wish)

            with suppress(changing.Twin):
                return self._agree(send)
            return None

        if number:
            self.change(who, plan, 1, trouble)

    def _window(self, which: int) -> int:
        known = sorted(self.wire.windows())
        return known[which % len(known)] if known else 0

    def _agree(self, send: Callable[[list[str]], Operation]) -> Operation:
        """With a yes to whatever is asked."""
        try:
            return send([])
        except Asks as asks:
            return send([question.mark for question in asks.questions])


def _called() -> dict[str, str]:
    return {"car": "a car", "user": "somebody", "email": ""}
