"""Whatever order of changes, faults, deaths and finishing: nothing is lost, nothing comes twice."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from flinkey_admin import upstream
from flinkey_admin.operations import runner
from flinkey_admin.sandbox import Remote, Sandbox
from tests.machine.fleet import Fleet
from tests.machine.stage import Stage
from tests.operations.stage import NOW

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stage(remote: Remote, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(runner, "TELL", 0.0)  # wishes are looked for at each answer
    monkeypatch.setattr(upstream, "AT_ONCE", upstream.AT_ONCE)
    monkeypatch.setattr(runner, "SLACK", 1e6)  # nobody waits for a pace in real time
    with time_machine.travel(NOW, tick=False) as traveller:
        remote.reset("yard")
        log = sandbox.sim.requests  # the machine puts a shorter one there, which listens
        yield Stage(sandbox, traveller)
        sandbox.sim.requests = log
        remote.reset("yard")


@pytest.mark.sampled
def test_a_fleet_at_work(request: pytest.FixtureRequest, stage: Stage) -> None:
    """`make machine` asks for more by MACHINE=EXAMPLESxSTEPS, and tells each process its MACHINE_SEED."""
    usual = "80x50" if request.config.getoption("--thorough") else "6x25"
    examples, _x, steps = os.environ.get("MACHINE", usual).partition("x")
    number = int(os.environ.get("MACHINE_SEED", "0"))

    class Yard(Fleet):
        pass

    Yard.stage = stage
    limits = settings(
        max_examples=int(examples),
        stateful_step_count=int(steps),
        deadline=None,
        database=None,
        derandomize=not number,
        phases=[Phase.generate],  # shrinking takes minutes: add Phase.shrink where a failure is hard to read
        suppress_health_check=list(HealthCheck),
    )
    began = time.process_time()
    try:
        run_state_machine_as_test(seed(number)(Yard) if number else Yard, settings=limits)
    finally:
        if told := os.environ.get("MACHINE_TELLS"):
            Path(told).write_text(json.dumps({**Fleet.counts, "seconds": round(time.process_time() - began)}))
