"""What must be true after each step, and once everything has been worked off."""

from collections import Counter
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine, invariant

from flinkey_admin.operations import journal, upkeep
from flinkey_admin.operations import services as operations
from flinkey_admin.operations.models import Hold, Operation, State, Step
from tests.machine.signs import about, about_effect, is_window, opposite, rows, sign
from tests.machine.stage import PEOPLE, Stage
from tests.machine.wire import Signature, Wire, plain

MAY_LEAVE = {6, 7}  # of these cars some are in no group, and nobody minds
P, SENT, A, C, R, U = State.PLANNED, State.SENT, State.ACCEPTED, State.CONFIRMED, State.REFUSED, State.UNKNOWN
# How a step may go on. What was sent may become planned again: flinkey said that it has not done it, or it never left.
LEGAL = {
    *((P, after) for after in (SENT, C, R)),
    *((SENT, after) for after in (P, A, C, R, U)),
    *((A, after) for after in (C, R)),
    *((U, after) for after in (SENT, C, R)),
    (R, P),  # a person retries
}
ILLEGAL_FOR_WINDOWS = {(U, SENT), (R, P)}  # they are never sent twice


class Truths(RuleBasedStateMachine):
    """The state of an example, and what it must be like."""

    stage: ClassVar[Stage]
    counts: ClassVar[dict[str, int]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.stage.restore()
        self.post: list[dict[str, Any]] = []  # flinkey's messages, none of which has arrived by itself
        self.marks = 0  # so that no two windows are ever alike by chance
        self.paused: set[int] = set()
        self.wished: tuple[int, str] | None = None
        self.pictures: dict[int, tuple[dict[str, Any], int, int]] = {}  # flinkey when a change began
        self.undone: set[int] = set()
        self.turn = self.storm_left = 0
        self.looked_at: set[tuple[int, int]] = set()  # cars in the groups from which they are about to be taken on
        self.told = 0  # of the story, what was looked at
        self.effects_before = self.calls_before = 0

    @property
    def wire(self) -> Wire:
        return self.stage.wire

    def count(self, what: str) -> None:
        """For the summary."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def started(self, operation: Operation) -> None:
        """Keeps what flinkey is like as a change begins."""
        self.pictures.setdefault(operation.pk, (self.wire.picture(), len(self.wire.effects), self.told))

    def before(self) -> None:
        """Something is about to happen."""
        self.wished, self.wire.struck = None, 0
        self.effects_before, self.calls_before = len(self.wire.effects), len(self.wire.calls)
        self.pictures[0] = (self.wire.picture(), len(self.wire.effects), self.told)

    def after(self, *, calm: bool) -> None:
        """Something has happened: the story of the steps must be legal, and what it claims must be true."""
        story = rows("SELECT step, was, became, rivals, id FROM story WHERE id > %s ORDER BY id", self.told)
        steps = {
            one.pk: one for one in Step.objects.filter(pk__in={row[0] for row in story}).select_related("operation")
        }
        self.steps_go_on_legally(story, steps)
        self.told = max([self.told, *(row[4] for row in story)])
        for one in {step.operation_id: step.operation for step in steps.values()}.values():
            self.pictures.setdefault(one.pk, self.pictures[0])
        for step in steps.values():
            self.agrees(step, list(steps.values()))
        if calm and self.wished and not self.wire.struck:
            self.nothing_half_way(steps)
        self.undo_restores()
        self.calls_before = len(self.wire.calls)

    def steps_go_on_legally(self, story: list[tuple[Any, ...]], steps: dict[int, Step]) -> None:
        """No state came after one that it may not follow, and no two changes were at one thing."""
        for number, was, became, rivals, _id in story:
            step = steps.get(number)
            if step is None:
                continue
            legal = (was, became) in LEGAL and not (is_window(step) and (was, became) in ILLEGAL_FOR_WINDOWS)
            self.count(f"{step.verb} {was} {became}")
            assert legal, f"{step} went from {was} to {became}"
            assert not rivals, f"two changes are at one thing: {step}"

    # After each step ------------------------------------------------------------------------------------------------

    def agrees(self, step: Step, others: list[Step]) -> None:
        """What has just been said of a step is so in flinkey, unless something else came after it."""
        target = about(step)
        touched = any(
            about_effect(one.what) == target and not one.is_ours for one in self.wire.effects[self.effects_before :]
        )
        rivals = any(one.pk != step.pk and about(one) == target for one in others)
        if touched or rivals or step.state not in {C, P, R} or step.verb in {"create-group", "rename-group"}:
            return
        is_so = self.is_so(step)
        if step.state == C:
            assert is_so, f"false success: {step}"
        elif (
            not is_window(step)
            and step.reason not in {"given-up", "moved-on", "missing-group"}
            and not self.was_so(step)
        ):
            assert not is_so, f"done all the same: {step} {step.reason} {step.attempts}"

    def is_so(self, step: Step) -> bool:
        windows = self.wire.windows()
        if step.verb in {"add", "remove"}:
            return (step.thing_id in self.wire.members(step.kind, step.group_id)) is (step.verb == "add")
        if step.verb == "delete-group":
            return step.group_id not in [one.id for one in self.wire.groups()]
        if step.verb == "delete-window":
            return step.window_id not in windows
        window = windows.get(step.window_id or 0)
        if window is None:
            return False
        if step.verb == "create-window":
            wanted = (step.car_id, step.user_id, step.args["start"], step.args["end"])
            lifetime = step.args.get("lifetime") or 604_800
            return plain(window)[:5] == (*wanted, lifetime)
        names = {"car_id": 0, "user_id": 1, "start": 2, "end": 3, "lifetime": 4}
        now = plain(window)
        values = {key: value for key, value in step.args.items() if key in names}
        return all(
            now[names[key]] == (604_800 if key == "lifetime" and value is None else value)
            for key, value in values.items()
        )

    def was_so(self, step: Step) -> bool:
        """Whether it was so before anybody here did anything, or another change has done it since its review."""
        groups = self.pictures[step.operation_id][0]["members"]
        if step.verb == "delete-group":
            return step.group_id not in groups
        if (step.thing_id in groups.get(step.group_id, {}).get(step.kind, ())) is (step.verb == "add"):
            return True
        same = Step.objects.filter(verb=step.verb, kind=step.kind, thing_id=step.thing_id, group_id=step.group_id)
        return same.filter(state=C, already=False).exclude(pk=step.pk).exists()

    def nothing_half_way(self, steps: dict[int, Step]) -> None:
        """After *Pause* and *Stop* what has come into its new group has left the old one."""
        assert self.wished
        came = [
            one.pk
            for one in steps.values()
            if one.verb == "add" and one.state == C and one.operation_id == self.wished[0]
        ]
        half = Step.objects.filter(after__in=came, state__in=[P, R], reason__in=["", "given-up"])
        assert not half.exists(), f"left half-way by {self.wished}: {list(half)}"

    def undo_restores(self) -> None:
        """What took a change back has restored what was, where nobody else has touched it since."""
        done = (
            Operation.objects.filter(state=C, undoes__isnull=False).exclude(pk__in=self.undone).select_related("undoes")
        )
        for back in done:
            self.undone.add(back.pk)
            origin = back.undoes
            if back.facts.get("left_out") or origin is None or origin.pk not in self.pictures:
                continue
            then, effects, told = self.pictures[origin.pk]
            ours = {origin.pk, back.pk}
            found = rows(
                "SELECT s.id, s.operation_id FROM story t JOIN operations_step s ON s.id = t.step WHERE t.id > %s", told
            )
            others = {about(one) for one in Step.objects.filter(pk__in=[row[0] for row in found if row[1] not in ours])}
            others |= {about_effect(one.what) for one in self.wire.effects[effects:] if not one.is_ours}
            for step in origin.steps.all():
                if about(step) not in others:
                    self.count(f"restored {step.verb}")
                    self.restored(step, then)

    def restored(self, step: Step, then: dict[str, Any]) -> None:
        if step.verb in {"add", "remove"}:
            was = step.thing_id in then["members"].get(step.group_id, {}).get(step.kind, ())
            now = step.thing_id in self.wire.members(step.kind, step.group_id)
            assert was == now or step.group_id not in [one.id for one in self.wire.groups()], f"not as it was: {step}"
        elif step.verb == "create-window":
            assert step.window_id not in self.wire.windows(), f"still there: {step}"
        elif step.verb == "change-window":
            window = plain(self.wire.windows()[step.window_id or 0])
            assert window == then["windows"][step.window_id], f"not as it was: {step}"
        elif step.verb == "delete-window":
            was = then["windows"][step.window_id]
            assert was in [plain(one) for one in self.wire.windows().values()], f"not as it was: {step}"

    @invariant()
    def nothing_is_wrong_at_any_call(self) -> None:
        assert not self.wire.wrong, f"at a call: {self.wire.wrong}"

    @invariant()
    def a_car_that_moves_is_always_in_a_group(self) -> None:
        homeless = [one.what for one in self.wire.effects[self.effects_before :] if one.what[0] == "homeless"]
        for _what, kind, thing, group in homeless:
            if kind == "cars" and thing not in MAY_LEAVE:
                wish = Step.objects.filter(verb="remove", thing_id=thing, group_id=group, after=None, kind=kind)
                assert wish.exclude(sent_at=None).exists(), f"car {thing} is in no group"

    @invariant()
    def no_window_comes_twice(self) -> None:
        twins = Counter(plain(one)[:4] for one in self.wire.windows().values())
        assert max(twins.values(), default=0) <= 1, f"twins: {twins.most_common(1)}"
        asked = Counter(what for what in self.wire.calls if what[0] == "create-window")
        for what, times in asked.items():
            sent = Step.objects.filter(
                verb="create-window", car_id=what[1], user_id=what[2], args__start=what[3]
            ).exclude(sent_at=None)
            assert times <= sum(one.attempts for one in sent), f"sent {times} times: {what}"

    @invariant()
    def no_second_window_before_its_first(self) -> None:
        early = Step.objects.filter(after__verb__endswith="-window").exclude(sent_at=None).exclude(after__state=C)
        assert list(early) == []

    @invariant()
    def nobody_has_taken_a_lease_that_was_held(self) -> None:
        assert rows("SELECT operation FROM theft") == []

    @invariant()
    def what_is_paused_rests(self) -> None:
        for one in Operation.objects.filter(pk__in=self.paused):
            if one.hold != Hold.PAUSED:
                self.paused.discard(one.pk)

    @invariant()
    def no_number_of_a_window_is_claimed_twice(self) -> None:
        claimed = Counter(
            Step.objects.filter(verb="create-window").exclude(window_id=None).values_list("window_id", flat=True)
        )
        assert max(claimed.values(), default=0) <= 1

    def _may_leave(self, car: int, group: int) -> bool:
        """Whether a colleague may take a car out: it has another home, and did not come into this one just now.

        Between an addition, or the look at an earlier one, and its removal nobody can see that somebody else was
        quicker by a moment.
        """
        just_now = ("add", "cars", car, group) in self.wire.calls[self.calls_before :] or (car, group) in self.looked_at
        return car in MAY_LEAVE or (not just_now and len(self.wire.homes("cars", car) - {group}) > 0)

    # In the end -----------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """flinkey is well again: what waits comes to its end by itself, then people finish what they may finish."""
        self.wire.weather = None
        self.wire.calm()
        self.stage.sim.settings.fail_assignments = None
        self.before()
        self.stage.advance(61)
        for email in PEOPLE:
            if not self.stage.can_call(email):
                self.stage.sign_in(email)
        for rests in Operation.objects.exclude(hold=""):
            self.count(f"rested {rests.hold}")
        self.goes_on_by_itself()
        self.people_finish()
        self.after(calm=True)
        for one in (
            self.nothing_is_wrong_at_any_call,
            self.no_window_comes_twice,
            self.a_car_that_moves_is_always_in_a_group,
        ):
            one()
        self.books_balance()
        self.old_messages_change_nothing()

    def tick(self, seconds: float) -> None:
        self.stage.advance(seconds)
        upkeep.take_up()
        self.stage.work_off()

    def waiting(self) -> list[Operation]:
        """What should be under way by itself, and does not wait for a change that rests until a person says more."""
        found = Operation.objects.filter(hold__in=upkeep.BY_ITSELF, started_at__isnull=False, finished_at=None)
        return [one for one in found if not self.rests_before(one)]

    def rests_before(self, operation: Operation) -> bool:
        """Whether an older change that waits for a person has something left to do with one of its things."""
        things = operation.steps.filter(settled_at=None).exclude(thing_id=None).values("thing_id")
        left = Step.objects.filter(settled_at=None, thing_id__in=things).exclude(after__state=R)
        older = left.filter(operation__started_at__lte=operation.started_at, operation__finished_at=None)
        return older.exclude(operation=operation).exists()

    def goes_on_by_itself(self) -> None:
        for _round in range(12):
            self.tick(16)
            if not self.waiting() and not Operation.objects.exclude(lease_until=None).exists():
                break
        ready = Step.objects.filter(state=P, after__verb__endswith="-window", after__state=C, operation__hold="")
        assert list(ready) == [], "its window is confirmed, and nobody will ever send it"
        told = [(str(one), one.hold, [str(step) for step in one.steps.all()]) for one in self.waiting()]
        assert not told, f"it waits, and nobody will ever wake it: {told}"
        assert not Operation.objects.exclude(lease_until=None).exists(), "somebody holds a lease for ever"

    def people_finish(self) -> None:
        scope = self.stage.scope(PEOPLE[0])
        assert scope
        for _round in range(3):
            for one in Operation.objects.exclude(started_at=None).select_related("person", "customer").order_by("pk"):
                if operations.can_finish(one):
                    operations.finish(scope, one)
                    self.stage.work_off()
            self.tick(16)
        for seconds in (31, 31, 310):
            self.tick(seconds)
        lost = Step.objects.filter(state__in=[A, U], operation__started_at__isnull=False)
        for step in lost:
            assert is_window(step), f"never finished: {step} of {step.operation} {step.operation.hold}"
            assert not self.unnoticed(step), f"it has come true, and nobody has noticed: {step}"
        for step in Step.objects.filter(state=R, reason="told"):
            assert not self.unnoticed(step), f"refused, and yet it has come true: {step}"
        for one in Operation.objects.filter(finished_at=None).exclude(started_at=None):
            journal.close(one)
        left = Step.objects.exclude(state__in=journal.SETTLED).exclude(operation__started_at=None)
        told = [f"{step} of {step.operation}" for step in left.exclude(after__state=R).exclude(after__after__state=R)]
        assert not told, f"neither done nor left: {told}"

    def unnoticed(self, step: Step) -> bool:
        """Whether a change of a window is there to be seen, and nothing else explains that."""
        if step.verb == "create-window":
            known = set(Step.objects.exclude(window_id=None).values_list("window_id", flat=True))
            wanted = (step.car_id, step.user_id, step.args["start"], step.args["end"])
            return any(plain(one)[:4] == wanted for key, one in self.wire.windows().items() if key not in known)
        others = Step.objects.filter(window_id=step.window_id, pk__gt=step.pk).exclude(sent_at=None).exists()
        elsewhere = any(about_effect(one.what) == about(step) for one in self.wire.effects if not one.is_ours)
        return self.is_so(step) and not others and not elsewhere

    def books_balance(self) -> None:
        """Each thing that flinkey has done is told by just as many steps; nothing else has happened."""
        done = Counter(one.what for one in self.wire.effects if one.is_ours)
        elsewhere = Counter(one.what for one in self.wire.effects if not one.is_ours)
        steps: dict[Signature, list[Step]] = {}
        for step in Step.objects.exclude(sent_at=None).select_related("operation").order_by("settled_at"):
            steps.setdefault(sign(step), []).append(step)
        assert {what for what in done if what[0] != "homeless"} <= set(steps), "done, and no step says so"
        for what, found in steps.items():
            if what[0] not in {"add", "remove"}:
                continue
            claimed = [one for one in found if one.state == C and not one.already]
            vague = [one for one in found if one.state == R and (one.reason == "given-up" or one.attempts > 1)]
            undone = elsewhere[opposite(what)]
            assert done[what] <= len(claimed) + len(vague) + undone, (
                f"done {done[what]} times, told {len(claimed)}: {what}"
            )
            other = elsewhere[what] + (elsewhere["delete-group", what[-1]] if what[0] == "remove" else 0)
            # Of two changes that were planned before either was done, one whose answer was lost may claim what the
            # other has done: nobody can say whose doing it was.
            other += sum(
                any(two.settled_at and two.settled_at >= one.operation.created_at for two in claimed[:place])
                for place, one in enumerate(claimed)
            )
            assert len(claimed) <= done[what] + other, f"told {len(claimed)} times, done {done[what]}: {what}"
        for what, times in Counter(self.wire.calls).items():
            if what[0].endswith("-window"):
                sent = sum(one.attempts for one in steps.get(what, ()))
                assert times <= sent, f"called {times} times, noted {sent}: {what}"

    def old_messages_change_nothing(self) -> None:
        """Every message of flinkey once more, backwards."""
        before, calls = dict(Step.objects.values_list("pk", "state")), len(self.wire.calls)
        for message in reversed(list(self.stage.sim.deliveries)):
            self.deliver(message)
        self.stage.work_off()
        assert (dict(Step.objects.values_list("pk", "state")), len(self.wire.calls)) == (before, calls)

    def deliver(self, message: dict[str, Any]) -> None:
        raise NotImplementedError
