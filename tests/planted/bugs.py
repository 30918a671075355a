"""The planted bugs: what each does wrong, and which text of which file it replaces."""

from dataclasses import dataclass

OPERATIONS = "flinkey_admin/operations"


@dataclass(frozen=True)
class Bug:
    """`swaps`: file, text, and what stands there instead. Each text must be in its file exactly once."""

    name: str
    swaps: tuple[tuple[str, str, str], ...]


def bug(name: str, *swaps: tuple[str, str, str]) -> Bug:
    """A bug in the package of the changes."""
    return Bug(name, tuple((f"{OPERATIONS}/{file}", old, new) for file, old, new in swaps))


BUGS = [
    bug(
        "the second window is sent as soon as the first is accepted",
        (
            "runner.py",
            "        if outcome.state == State.CONFIRMED:\n",
            "        if outcome.state in {State.CONFIRMED, State.ACCEPTED}:\n",
        ),
    ),
    bug(
        "what waits for a window is forgotten once that is confirmed",
        (
            "journal/leases.py",
            "    if ready.exists() and row.update(hold=Hold.QUEUED, next_try_at=None):\n",
            "    if False:\n",
        ),
    ),
    bug(
        "a car leaves before it has come",
        (
            "runner.py",
            "self.ready = deque(step for step in first if step.after_id in free)",
            "self.ready = deque(reversed(first))",
        ),
        ("runner.py", "            if step.after_id not in free:\n", "            if False:\n"),
    ),
    bug(
        "an assignment is sent again when its answer is lost",
        ("calls.py", "        if step.verb in WINDOW_VERBS:\n", "        if False:\n"),
    ),
    bug(
        "an assignment that is not known yet is sent again by the next run",
        (
            "runner.py",
            "return step.state in {State.SENT, State.UNKNOWN} and step.verb not in calls.WINDOW_VERBS",
            "return step.state in {State.SENT, State.UNKNOWN}",
        ),
        (
            "services.py",
            "LEFT = Q(state=State.PLANNED) | Q(state__in=[State.UNKNOWN, State.REFUSED], verb__in=journal.REPEATABLE)",
            "LEFT = Q(state__in=[State.PLANNED, State.UNKNOWN])",
        ),
    ),
    bug(
        "Finish sends what flinkey has accepted",
        (
            "runner.py",
            "    if step.state == State.PLANNED:\n",
            "    if step.state in {State.PLANNED, State.ACCEPTED}:\n",
        ),
        ("services.py", "LEFT = Q(state=State.PLANNED) |", "LEFT = Q(state__in=[State.PLANNED, State.ACCEPTED]) |"),
    ),
    bug(
        "a lease keeps nobody out",
        (
            "journal/leases.py",
            "filter(Q(lease_until=None) | Q(lease_until__lt=now), pk=operation.pk, finished_at=None)",
            "filter(pk=operation.pk, finished_at=None)",
        ),
    ),
    bug(
        "whoever has lost the lease writes on",
        (
            "journal/leases.py",
            "    if not mine.update(lease_until=now + LEASE, active_at=now):\n",
            "    if mine.update(lease_until=now + LEASE, active_at=now) > 1:\n",
        ),
    ),
    bug(
        "a pause that flinkey asked for is not kept",
        ("runner.py", "dt.timedelta(seconds=outcome.wait) if outcome.wait else INTERVAL", "dt.timedelta(0)"),
        ("upkeep.py", "    if seconds := signals.seconds_left():\n", "    if seconds := 0:\n"),
    ),
    bug(
        "a dead token parks a change for ever",
        (
            "upkeep.py",
            "elif operation.hold != Hold.SIGNED_OUT or live_scope(operation.person, operation.customer):",
            "elif operation.hold != Hold.SIGNED_OUT:",
        ),
    ),
    bug(
        "a message is taken at its word",
        (
            "confirmation.py",
            "    if found is not None:\n        return",
            '    if step.hint and step.hint.get("succeeded"):\n        found = step.window_id or 1\n'
            "    if found is not None:\n        return",
        ),
    ),
    bug(
        "any new window of the car confirms",
        ("confirmation.py", "if w.id not in known and (w.user_id, w.start, w.end) == wanted]", "if w.id not in known]"),
    ),
    bug(
        "a change of a window counts as soon as the window is there",
        ("confirmation.py", "return window.id if matches(step, window) else None", "return window.id"),
    ),
    bug(
        "accepted is confirmed",
        ("calls.py", "State.ACCEPTED if step.verb in WINDOW_VERBS else State.CONFIRMED", "State.CONFIRMED"),
    ),
    bug(
        "a lost answer counts as done",
        (
            "calls.py",
            'return Outcome(State.UNKNOWN, reason="lost", detail=str(lost), stop=lost.status is None)',
            "return Outcome(State.CONFIRMED)",
        ),
    ),
    bug(
        "a lost answer counts as not sent",
        ("calls.py", "state = State.UNKNOWN if repeated else State.PLANNED", "state = State.PLANNED"),
    ),
    bug(
        "what a dead process had under way is taken for never sent",
        (
            "journal/leases.py",
            'state=State.SENT).update(state=State.UNKNOWN, reason="lost")',
            "state=State.SENT).update(state=State.PLANNED)",
        ),
    ),
    bug(
        "what a dead process has left stays where it is",
        (
            "journal/leases.py",
            "dead = Operation.objects.filter(lease_until__lt=timezone.now())",
            "dead = Operation.objects.none()",
        ),
    ),
    bug(
        "what a repeated call finds done was done by somebody else",
        ("calls.py", 'already=not repeated or bool(step.before.get("inside"))', "already=True"),
    ),
    bug(
        "two changes may be at one thing",
        ("journal/leases.py", "        if in_the_way(operation):\n", "        if False:\n"),
    ),
    bug(
        "Stop leaves a thing in both groups",
        ("runner.py", "            if not self.wish or step.after_id:\n", "            if not self.wish:\n"),
    ),
    bug(
        "undo forgets all groups but the first",
        ("undo.py", "    for step in removals:\n        now =", "    for step in removals[:1]:\n        now ="),
    ),
    bug(
        "undo forgets how long a key lives",
        (
            "undo.py",
            'for name in ("start", "end", "lifetime", "renewable_after") if name in before}',
            'for name in ("start", "end")}',
        ),
    ),
    bug(
        "nobody looks whether a car is still in its new group",
        ("runner.py", "        if not late:\n", "        if late is not None:\n"),
    ),
]
