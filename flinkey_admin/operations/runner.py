"""Runs an operation: adds first, a remove as soon as its add is done, up to 16 calls at a time."""

import datetime as dt
import itertools
import threading
import time
from collections import defaultdict, deque
from concurrent.futures import FIRST_COMPLETED, Future, wait

from django.utils import timezone

from flinkey_admin import upstream
from flinkey_admin.flinkey import Flinkey, errors
from flinkey_admin.operations import calls, confirmation, journal, signals, truth
from flinkey_admin.operations.journal import Outcome
from flinkey_admin.operations.models import Hold, Operation, State, Step, Verb
from flinkey_admin.web import logs

GATHER = 0.02  # seconds in which further results come along, while enough calls lie ready
SPARE = 4  # calls that the threads begin meanwhile
TELL = 0.3  # seconds between two looks at what has come true, and at what a person wishes
ALIVE = 4.0  # seconds after which the lease is renewed though nothing has happened
INTERVAL = dt.timedelta(seconds=15)  # so often a flinkey that is down is asked
SLACK = 0.95  # of the pace at which flinkey asked to wait
NEAR_END = upstream.AT_ONCE  # so few steps whose turn has not come
TRIES = 5  # after so many lost answers a person is asked
HOLDS = {
    "busy": Hold.BUSY,
    "unavailable": Hold.DOWN,
    "lost": Hold.DOWN,
    "api-key": Hold.KEY,
    "signed-out": Hold.SIGNED_OUT,
}


def run(operation: Operation, client: Flinkey) -> bool:
    """Does whatever of the operation is left to do and can be done. Safe to call again at any time.

    Only this thread touches the database; the calls run beside it. What a dead process left under way is taken up
    again where repeating is harmless; a window's change is read back instead and never sent twice.

    Returns whether it has just met a dead token; what an earlier run has met says nothing about today's.
    """
    with logs.about(operation.pk):
        return _run(operation, client)


def _run(operation: Operation, client: Flinkey) -> bool:
    if not journal.begin(operation):
        return False
    work = _Run(operation, client)
    try:
        work.work()
        work.ended = True
    except journal.LeaseLost:
        return False  # whoever has it reads back what is under way here
    finally:
        work.shut.set()
        work.tell()
        journal.release(operation, *work.hold())
        confirmation.watch_all(operation)
    if work.wish == "stop":
        journal.close(operation)
    return work.why == "signed-out"


class _Run:
    """One pass over the steps of an operation."""

    def __init__(self, operation: Operation, client: Flinkey) -> None:
        self.operation, self.client = operation, client
        operation.refresh_from_db()
        steps = list(operation.steps.all())
        self.done_before = {step.pk: step for step in steps if step.state == State.CONFIRMED}
        todo = [step for step in steps if _may_be_sent(step)]
        free = {None, *self.done_before}
        # Deleting a group waits for all that empties it.
        self.last = [step for step in todo if step.verb == Verb.DELETE_GROUP and step.position]
        first = [step for step in todo if step not in self.last]
        self.ready = deque(step for step in first if step.after_id in free)
        self.waiting: dict[int | None, list[Step]] = defaultdict(list)  # a thing may leave several groups for one
        for step in first:
            if step.after_id not in free:
                self.waiting[step.after_id].append(step)
        # A window comes true later, and no group waits for that.
        of_groups = [step for step in steps if step.verb not in calls.WINDOW_VERBS and step not in self.last]
        self.open = {step.pk for step in of_groups if step.state != State.CONFIRMED}
        self.announced: deque[Step] = deque()  # stored as sent; the next free place sends them
        self.under_way: dict[Future[Outcome | None], Step] = {}
        self.shut = threading.Event()  # no call may begin, though its thread is free
        self.confirmed: list[Step] = []  # not told yet
        self.began = self.told_at = time.monotonic()
        self._lease_renewed()
        self.sent = self.answered = 0
        self.careful = any(step.reason in HOLDS for step in todo)  # it was in trouble: one call first
        self.why, self.wish, self.ended = "", "", False
        self.until: dt.datetime | None = None

    @property
    def stopped(self) -> bool:
        """Whether no new call goes out."""
        return bool(self.why)

    def hold(self) -> tuple[str, dt.datetime | None]:
        """Why what is left does not go on at once, and when it is tried again."""
        if self.wish == "pause":
            return Hold.PAUSED, None
        if self.why:
            return HOLDS[self.why], self.until
        if not self.ended:
            return Hold.QUEUED, timezone.now() + INTERVAL
        lost = journal.to_send(self.operation).filter(state=State.UNKNOWN, attempts__lt=TRIES)
        return (Hold.DOWN, timezone.now() + INTERVAL) if lost.exists() else ("", None)

    def work(self) -> None:
        settled = self._look_again()
        while True:
            starting = self._next_steps()
            if settled or starting:
                journal.note(settled, starting, self.operation)
                self._lease_renewed()
            self.announced.extend(starting)
            self._fill()
            self.tell(soon=bool(self.under_way))
            if not self.under_way and not self.announced:
                return
            settled = self._wait()
            for step, outcome in settled:
                self._follow(step, outcome)
            self._fill()  # before the results are stored: a place waits for no disk

    def _wait(self) -> list[tuple[Step, Outcome]]:
        """The next results; none when it is time to send the next call or to say that we are alive."""
        has_place = self.announced and len(self.under_way) < self._room()
        patience = min(ALIVE, max(0.0, self._next_turn() - time.monotonic())) if has_place else ALIVE
        if not self.under_way:
            time.sleep(patience)
        wait(self.under_way, timeout=patience, return_when=FIRST_COMPLETED)
        if len(self.under_way) > self._places() + SPARE:
            time.sleep(GATHER)  # storing several results costs no more than storing one
        finished = [future for future in self.under_way if future.done()]
        if time.monotonic() - self.written_at > ALIVE:
            journal.renew(self.operation)
            self._lease_renewed()
        answers = [(self.under_way.pop(future), future.result()) for future in finished]
        unsent = [step for step, outcome in answers if outcome is None]
        journal.recall(self.operation, unsent)
        self.ready.extendleft(unsent)
        return [(step, outcome) for step, outcome in answers if outcome is not None]

    def tell(self, *, soon: bool = False) -> None:
        """Tells what has come true; while more is under way, a few times a second instead of at each answer."""
        if soon and time.monotonic() - self.told_at < TELL:
            return
        if self.confirmed:
            signals.confirmed.send(sender=None, steps=self.confirmed)
        self.confirmed, self.told_at = [], time.monotonic()
        if not self.wish and (wish := journal.wished(self.operation)):
            self.wish = wish
            # No thing is left half-way: what was added is still taken out of its old group.
            unsent = [future for future, step in self.under_way.items() if not step.after_id and future.cancel()]
            journal.recall(self.operation, (step for step in self.announced if not step.after_id))
            journal.recall(self.operation, [self.under_way.pop(future) for future in unsent])
            self.announced = deque(step for step in self.announced if step.after_id)

    def _fill(self) -> None:
        """Sends what is announced, as far as there is room. What a stop has overtaken was not sent after all."""
        if self.stopped:
            journal.recall(self.operation, self.announced)
            self.announced.clear()
        while self.announced and len(self.under_way) < self._room() and self._next_turn() <= time.monotonic():
            step = self.announced.popleft()
            self.sent += 1
            self.under_way[self._start(step)] = step

    def _places(self) -> int:
        return 1 if self.careful else upstream.AT_ONCE

    def _room(self) -> int:
        """As many again lie ready for the threads, which then wait for nobody; not where each call has its time."""
        return self._places() * (1 if self.careful or self.operation.pace else 2)

    def _next_turn(self) -> float:
        """When the next call may go out, at the pace that flinkey has taught us."""
        return self.began + self.sent / self.operation.pace if self.operation.pace else 0.0

    def _start(self, step: Step) -> "Future[Outcome | None]":
        return upstream.submit(self._perform, step)

    def _perform(self, step: Step) -> Outcome | None:
        """In a thread of its own. None: it was not sent, for another answer has said meanwhile that none may be.

        Nor once the lease has run out, while this process hung: by now the call may be somebody else's, and undone.
        """
        if self.shut.is_set() or self._has_hung():
            return None
        outcome = calls.perform(self.client, step)
        if outcome.stop:
            self.shut.set()
        return outcome

    def _lease_renewed(self) -> None:
        self.written_at, self.renewed_at = time.monotonic(), timezone.now()

    def _has_hung(self) -> bool:
        """Whether the lease has run out, by whichever clock: either may have been set, or have stood still."""
        passed = max(dt.timedelta(seconds=time.monotonic() - self.written_at), timezone.now() - self.renewed_at)
        return passed > journal.LEASE

    def _look_again(self) -> list[tuple[Step, Outcome]]:
        """The removals whose thing came into its new group in an earlier run: by who is in the groups now.

        Those that are still right wait their turn; the outcome of the others.
        """
        late = [step for step in self.ready if step.after_id in self.done_before and step.verb == Verb.REMOVE]
        if not late:
            return []
        pairs = [(step, self.done_before[step.after_id]) for step in late if step.after_id]
        try:
            inside = truth.inside(self.client, [step for pair in pairs for step in pair])
        except errors.FlinkeyError as error:
            self.ready.clear()
            stop = calls.not_sent(late[0], error)
            self._follow(late[0], stop)
            return [(late[0], stop)]
        judged = [(step, calls.settled_already(step, add, inside)) for step, add in pairs]
        found = [(step, outcome) for step, outcome in judged if outcome]
        over = {step.pk for step, _outcome in found}
        self.ready = deque(step for step in self.ready if step.pk not in over)
        for step, outcome in found:
            self._follow(step, outcome)
        return found

    def _next_steps(self) -> list[Step]:
        if self.stopped:
            return []
        if self.last and not self.open and not self.ready:
            self.ready.extend(self.last)
            self.last = []
        # What is harmless to repeat is announced ahead of time, for a crash makes it unknown whether it was sent.
        ahead = 0 if self.careful else upstream.AT_ONCE
        free = self._places() - len(self.under_way) - len(self.announced)
        starting: list[Step] = []
        while self.ready and len(starting) < free + ahead * (self.ready[0].verb not in calls.WINDOW_VERBS):
            step = self.ready.popleft()
            if not self.wish or step.after_id:
                starting.append(step)
        return starting

    def _follow(self, step: Step, outcome: Outcome) -> None:
        if outcome.stop or (self.careful and outcome.state == State.UNKNOWN):
            self._stop(outcome)
        else:
            self.answered += 1
            self.careful = False
        if outcome.state == State.CONFIRMED:
            self.confirmed.append(step)
            self.open.discard(step.pk)
            # Near the end the last adds go first: else places stand empty while the removals wait for them.
            queue = self.ready.extend if len(self.ready) <= NEAR_END else self.ready.extendleft
            queue(self._let_go(step, outcome))

    def _let_go(self, step: Step, outcome: Outcome) -> list[Step]:
        """What has waited for this step; all of it knows the new group by now, whatever waits for what."""
        if step.verb == Verb.CREATE_GROUP:
            for other in itertools.chain(*self.waiting.values()):
                other.group_id = other.group_id or outcome.result_id
        return self.waiting.pop(step.pk, [])

    def _stop(self, outcome: Outcome) -> None:
        if outcome.wait:
            signals.paused.send(sender=None, seconds=outcome.wait)
            # Fewer answers than places say nothing about what flinkey can do in a while.
            if not self.stopped and self.answered >= upstream.AT_ONCE:
                period = time.monotonic() - self.began + outcome.wait
                journal.set_pace(self.operation, SLACK * self.answered / period)
        self.why = self.why or outcome.reason
        until = timezone.now() + (dt.timedelta(seconds=outcome.wait) if outcome.wait else INTERVAL)
        self.until = max(self.until or until, until) if self.why != "signed-out" else None


def _may_be_sent(step: Step) -> bool:
    """Whether a call may go out: a step never sent, or one that is harmless to repeat."""
    if step.state == State.PLANNED:
        return True
    return step.state in {State.SENT, State.UNKNOWN} and step.verb not in calls.WINDOW_VERBS
