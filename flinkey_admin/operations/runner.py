"""Runs an operation: adds first, a remove as soon as its add is done, up to 16 calls at a time."""

import time
from collections import defaultdict, deque
from concurrent.futures import FIRST_COMPLETED, Future, wait

from flinkey_admin import upstream
from flinkey_admin.flinkey import Flinkey
from flinkey_admin.operations import calls, confirmation, journal, signals
from flinkey_admin.operations.journal import Outcome
from flinkey_admin.operations.models import Operation, State, Step

TELL = 0.3  # seconds


def run(operation: Operation, client: Flinkey) -> None:
    """Does whatever of the operation is left to do and can be done. Safe to call again at any time.

    Only this thread touches the database; the calls run beside it. What a dead process left under way is taken up
    again where repeating is harmless; a window's change is read back instead and never sent twice.
    """
    if not journal.begin(operation):
        return
    work = _Run(operation, client)
    try:
        work.work()
    finally:
        work.tell()
        journal.release(operation)
        confirmation.watch_all(operation)


class _Run:
    """One pass over the steps of an operation."""

    def __init__(self, operation: Operation, client: Flinkey) -> None:
        self.client = client
        steps = list(operation.steps.all())
        self.done_before = {step.pk: step for step in steps if step.state == State.CONFIRMED}
        todo = [step for step in steps if _may_be_sent(step)]
        free = {None, *self.done_before}
        self.ready = deque(step for step in todo if step.after_id in free)
        self.waiting: dict[int | None, list[Step]] = defaultdict(list)  # a thing may leave several groups for one
        for step in todo:
            if step.after_id not in free:
                self.waiting[step.after_id].append(step)
        self.announced: deque[Step] = deque()  # stored as sent; the next free place sends them
        self.under_way: dict[Future[Outcome], Step] = {}
        self.confirmed: list[Step] = []  # not told yet
        self.told_at = time.monotonic()
        self.stopped = False

    def work(self) -> None:
        settled: list[tuple[Step, Outcome]] = []
        while True:
            starting = self._next_steps()
            journal.note(settled, starting)
            self.announced.extend(starting)
            self._fill()
            self.tell(soon=bool(self.under_way))
            if not self.under_way:
                return
            finished, _pending = wait(self.under_way, return_when=FIRST_COMPLETED)
            settled = [(self.under_way.pop(future), future.result()) for future in finished]
            for step, outcome in settled:
                self._follow(step, outcome)
            self._fill()  # before the results are stored: a place waits for no disk

    def tell(self, *, soon: bool = False) -> None:
        """Tells what has come true; while more is under way, a few times a second instead of at each answer."""
        if not self.confirmed or (soon and time.monotonic() - self.told_at < TELL):
            return
        signals.confirmed.send(sender=None, steps=self.confirmed)
        self.confirmed, self.told_at = [], time.monotonic()

    def _fill(self) -> None:
        """Sends what is announced, as far as there is room. What a stop has overtaken was not sent after all."""
        if self.stopped:
            journal.recall(self.announced)
            self.announced.clear()
        while self.announced and len(self.under_way) < upstream.AT_ONCE:
            step = self.announced.popleft()
            self.under_way[self._start(step)] = step

    def _start(self, step: Step) -> Future[Outcome]:
        if step.after_id in self.done_before:
            return upstream.submit(calls.perform_late, self.client, step, self.done_before[step.after_id])
        return upstream.submit(calls.perform, self.client, step)

    def _next_steps(self) -> list[Step]:
        if self.stopped:
            return []
        # What is harmless to repeat is announced ahead of time, for a crash makes it unknown whether it was sent.
        ahead = upstream.AT_ONCE if self.ready and self.ready[0].verb not in calls.WINDOW_VERBS else 0
        room = upstream.AT_ONCE + ahead - len(self.under_way) - len(self.announced)
        return [self.ready.popleft() for _ in range(min(max(0, room), len(self.ready)))]

    def _follow(self, step: Step, outcome: Outcome) -> None:
        self.stopped = self.stopped or outcome.stop
        if outcome.wait:
            signals.paused.send(sender=None, seconds=outcome.wait)
        if outcome.state == State.CONFIRMED:
            self.confirmed.append(step)
            self.ready.extendleft(self.waiting.pop(step.pk, []))


def _may_be_sent(step: Step) -> bool:
    """Whether a call may go out: a step never sent, or one that is harmless to repeat."""
    if step.state == State.PLANNED:
        return True
    return step.state in {State.SENT, State.UNKNOWN} and step.verb not in calls.WINDOW_VERBS
