"""Lets locust play the people of `morning.py` in a process of its own, and reads what it has noted."""

import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.browser.standing import ROOT

PEOPLE = ROOT / "tests" / "load" / "morning.py"
A_SECOND = 4  # so many people come in a second


@dataclass(frozen=True)
class Sample:
    """One request. at: its start, in seconds since 1970. fault: what was wrong with the answer, if anything was."""

    at: float
    ms: float
    name: str
    fault: str

    @property
    def kind(self) -> str:
        """page, news, search, write, sign-in, file, or person for a fault of the script itself."""
        return self.name.partition(" ")[0]


@contextmanager
def driving(who: str, url: str, people: int, seconds: float, log: Path, managers: int) -> Iterator[None]:
    """So many people of a class of `morning.py` are busy meanwhile; afterwards it waits until the seconds are over.

    managers: how many the fleet has.
    """
    command = [sys.executable, "-m", "locust", "--locustfile", str(PEOPLE), who, "--headless", "--host", url]
    command += ["--users", str(people), "--spawn-rate", str(A_SECOND), "--run-time", f"{seconds:.0f}s"]
    command += ["--only-summary", "--loglevel", "ERROR", "--exit-code-on-error", "0"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "LOAD_LOG": str(log), "LOAD_PEOPLE": str(managers)}
    with log.with_suffix(".out").open("wb") as out:
        running = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out)
        try:
            yield
            ended = running.wait(timeout=seconds + 60)
        finally:
            running.kill()
            running.wait()
    assert ended == 0, log.with_suffix(".out").read_text()


def read(log: Path) -> list[Sample]:
    return [Sample(**json.loads(line)) for line in log.read_text(encoding="utf-8").splitlines()]


def within(samples: Iterable[Sample], began: float, ended: float) -> list[Sample]:
    return [one for one in samples if began <= one.at < ended]


def of_kind(samples: Iterable[Sample], kind: str) -> list[Sample]:
    return [one for one in samples if one.kind == kind]


def percentile(samples: Sequence[Sample], percent: int) -> float:
    """The milliseconds within which so many of a hundred were answered; no number when there are hardly any."""
    if len(samples) < 2:
        return math.nan
    return statistics.quantiles((one.ms for one in samples), n=100, method="inclusive")[percent - 1]
