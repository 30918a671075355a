"""One running sandbox without its server: world, clock, knobs, faults, log and pending work."""

import base64
import json
import secrets
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from . import scenarios, webhooks, world
from .clock import Clock, written
from .faults import Faults
from .quota import Quota
from .settings import Settings
from .work import Job, carry_out
from .world import World

Log = deque[dict[str, Any]]
LONGEST_LOG = 10_000


class Simulation:
    """Everything that changes. Hold `lock` while reading or changing it."""

    def __init__(self, scenario: str, settings: dict[str, Any], start: datetime | None = None) -> None:
        self.lock = threading.RLock()
        self.clock = Clock(start)
        self.wake = threading.Event()
        self.requests: Log = deque(maxlen=LONGEST_LOG)
        self.departures: Log = deque(maxlen=LONGEST_LOG)
        self.deliveries: Log = deque(maxlen=LONGEST_LOG)
        self._first_settings = settings
        self._first_scenario = scenario
        self._running = threading.Lock()
        self.reset()

    def reset(self, scenario: str | None = None) -> None:
        """Everything back to the start, with the scenario it was started with or another one."""
        with self.lock:
            self.clock.reset()
            self.settings = Settings()
            self.settings.change(**self._first_settings)
            self.faults = Faults()
            self.quota = Quota()
            self.tokens: dict[str, tuple[str, datetime]] = {}
            self.creates: dict[str, datetime] = {}
            self.jobs: list[Job] = []
            self.world: World = scenarios.build(scenario or self._first_scenario, self.clock.now())
            for log in (self.requests, self.departures, self.deliveries):
                log.clear()

    def snapshot(self) -> dict[str, Any]:
        """World, knobs, clock and pending work as JSON. Tokens, faults and logs are left out."""
        with self.lock:
            return {
                "world": world.save(self.world),
                "settings": self.settings.save(),
                "clock": self.clock.save(),
                "jobs": [job.save() for job in self.jobs],
            }

    def restore(self, saved: dict[str, Any]) -> None:
        """Back to a snapshot. Tokens given out since then stay good."""
        with self.lock:
            self.world = world.load(saved["world"])
            self.settings.change(**saved["settings"])
            self.clock.load(saved["clock"])
            self.jobs = [Job.load(job) for job in saved["jobs"]]
        self.wake.set()

    def new_token(self, email: str) -> str:
        """A token that looks like a JWT and is good for `token_seconds`."""
        ends = self.clock.now() + timedelta(seconds=self.settings.token_seconds)
        claims = {"exp": int(ends.timestamp()), "oid": secrets.token_hex(8), "aud": "flinkey-sandbox"}
        parts = [_base64({"typ": "JWT", "alg": "RS256"}), _base64(claims), secrets.token_urlsafe(64)]
        token = ".".join(parts)
        self.tokens[token] = (email, ends)
        return token

    def manager_of(self, token: str) -> str | None:
        """The manager whose token it is, or None when it is unknown or has ended."""
        email, ends = self.tokens.get(token, ("", None))
        return email if ends and ends > self.clock.now() else None

    def plan(self, kind: str, **facts: Any) -> None:
        """Let asynchronous work come due after the configured delay."""
        due = self.clock.now() + timedelta(seconds=self.settings.delay)
        self._add(Job(due, kind, facts))

    def _add(self, job: Job) -> None:
        self.jobs.append(job)
        self.wake.set()

    def advance(self, seconds: float) -> None:
        """Move time, doing on the way all that comes due, in order; returns when it is done."""
        with self._running:
            target = self.clock.now() + timedelta(seconds=seconds)
            self._run_until(lambda: target, moving=True)
            self.clock.move_to(target)
        self.wake.set()

    def run_due(self) -> None:
        """Do what has come due by now."""
        with self._running:
            self._run_until(self.clock.now)

    def seconds_to_next(self) -> float | None:
        """How long until work comes due; None when nothing is pending."""
        with self.lock:
            dues = [job.due for job in self.jobs]
        return (min(dues) - self.clock.now()).total_seconds() if dues else None

    def _run_until(self, limit: Callable[[], datetime], *, moving: bool = False) -> None:
        while job := self._take(limit()):
            if moving and job.due > self.clock.now():
                self.clock.move_to(job.due)
            self._run(job)

    def _take(self, limit: datetime) -> Job | None:
        with self.lock:
            due = min(self.jobs, key=lambda job: job.due, default=None)
            if due is None or due.due > limit:
                return None
            self.jobs.remove(due)
            return due

    def _run(self, job: Job) -> None:
        if job.kind == "webhook":
            # Without the lock: the receiver may well call the sandbox before it answers.
            self.deliveries.append({"at": self.now(), **webhooks.send(job.facts)})
            return
        with self.lock:
            customer = self.world.customers.get(job.facts["customer"])
            if customer is None:  # another scenario was loaded meanwhile
                return
            body = carry_out(job, customer, self.settings.fail_assignments)
            for due, facts in webhooks.plan(job, body, self.settings):
                self._add(Job(due, "webhook", facts))

    def now(self) -> str:
        """The present moment in the API's form."""
        return written(self.clock.now())


def _base64(value: dict[str, Any]) -> str:
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")
