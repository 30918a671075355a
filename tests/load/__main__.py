"""`make load`: a morning of a hundred managers on one node with two cores. Figures on the screen and in var/load.json.

One manager alone first, then as many visitors of a bare Django page as managers will come; then the hundred, for so
many seconds, and at last, while they go on, a flinkey that takes three seconds for each answer.
"""

import math
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flinkey_admin.sandbox import Remote
from tests.bench.rows import Row, keep, tell
from tests.load.drive import A_SECOND, Sample, driving, of_kind, percentile, read, within
from tests.load.stand import Web, bare, dashboard

CORES = 2
PACE = 20.0  # seconds after which the last of them thinks and clicks like the others
SLOW = 3.0  # seconds that flinkey takes when it is slow
CROWDED = 4.0  # p95 may be so many times that of one manager alone
FLAT, GROWN = (
    1.1,
    1.3,
)  # memory at the end, of what it was at the start; in a short morning it is still growing to its size
COPY = 1.5  # p95 while flinkey is slow, of the usual one
# p95 of a page, of that of a page that asks nothing, is told and no more: who needs a core for ten times as long waits
# for it more often, so it was 21 on a quiet machine, and 40 on one that did seven other things.
BARE = math.inf
# A shorter morning tells how long pages take beside others and judges it not: one p95 differs from the next by a half.
WHOLE = 300.0  # seconds
# In a short morning these last longer than their share: of fewer samples than that the 95th of a hundred is chance.
ENOUGH = 100
AT_LEAST = {"alone": 45.0, "quiet": 10.0, "crowd": 30.0, "slow": 45.0}  # seconds


@dataclass(frozen=True)
class Stretch:
    """A part of the morning: its requests, and what the web processes used in it.

    asked: how many calls flinkey was asked for.
    """

    samples: list[Sample]
    length: float  # seconds
    busy: float  # the processor's seconds
    memory: list[float]  # MB, at the start, on the way and at the end
    workers: list[float]  # the same of the three workers
    asked: int

    def facts(self) -> dict[str, float]:
        """What one node does, and how much of a core that takes."""
        dynamic = [one for one in self.samples if one.kind != "file"]
        return {
            "requests a second": len(dynamic) / self.length,
            "cores that the web processes used": self.busy / self.length,
            "processor's ms a request": 1000 * self.busy / len(dynamic),
            "MB at the start": self.memory[0],
            "MB at the end": self.memory[-1],
            "MB at most": max(self.memory),
            "MB of the workers at most": max(self.workers),
            "calls of flinkey": self.asked,
        }


def main(seconds: float, people: int) -> int:
    """Returns 1 when a figure is over its budget: in a short morning errors, and memory that grows."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    folder = Path(tempfile.mkdtemp(prefix="load-"))
    print(f"logs: {folder}")
    with dashboard(folder / "dashboard", people) as (web, remote), bare(folder) as beside:
        some = Some(folder, people)
        alone = some.one("Alone", web, max(seconds / 5, AT_LEAST["alone"]))
        quiet = some.one("Lonely", beside, max(seconds / 10, AT_LEAST["quiet"]))
        crowd = some.all("Visitor", beside, max(seconds / 5, AT_LEAST["crowd"]))
        log, coming, last = folder / "Manager.json", some.coming, max(seconds / 2, AT_LEAST["slow"])
        with driving("Manager", web.url, people, coming + seconds + last + 5, log, people):
            time.sleep(coming)
            usual = _stretch(web, remote, log, seconds)
            remote.settings(latency=SLOW)
            slow = _stretch(web, remote, log, last)
            remote.settings(latency=0)
    tables = {"one alone": alone, "a morning": usual.samples, "flinkey slow": slow.samples}
    facts = {"a morning": usual.facts(), "flinkey slow": slow.facts()}
    listed = {title: list(_table(samples)) for title, samples in tables.items()}
    _show(listed, facts)
    rows = tell(_rows(people, alone, quiet, crowd, usual, slow, judged=seconds >= WHOLE))
    keep("load", rows, facts=facts, tables=listed)
    return 0 if all(row.held for row in rows) else 1


@dataclass(frozen=True)
class Some:
    """Who comes for a while, and what they meet. people: how many managers the fleet has."""

    folder: Path
    people: int

    @property
    def coming(self) -> float:
        """Seconds in which all of them arrive and find their pace."""
        return self.people / A_SECOND + PACE

    def one(self, who: str, web: Web, seconds: float) -> list[Sample]:
        return self._met(who, web, 1, seconds, 0)

    def all(self, who: str, web: Web, seconds: float) -> list[Sample]:
        """Without the time in which they come."""
        return self._met(who, web, self.people, seconds, self.coming)

    def _met(self, who: str, web: Web, people: int, seconds: float, before: float) -> list[Sample]:
        log, began = self.folder / f"{who}.json", time.time() + before
        with driving(who, web.url, people, before + seconds, log, self.people):
            pass
        return within(read(log), began, time.time())


def _stretch(web: Web, remote: Remote, log: Path, seconds: float) -> Stretch:
    """So many seconds of what is under way."""
    remote.clear_requests()
    began, busy, memory, workers = time.time(), web.seconds, [web.memory], [web.workers]
    for _part in range(10):
        time.sleep(seconds / 10)
        memory.append(web.memory)
        workers.append(web.workers)
    ended = time.time()
    samples, asked = within(read(log), began, ended), len(remote.requests())
    return Stretch(samples, ended - began, web.seconds - busy, memory, workers, asked)


def _rows(
    people: int,
    alone: list[Sample],
    quiet: list[Sample],
    crowd: list[Sample],
    usual: Stretch,
    slow: Stretch,
    *,
    judged: bool,
) -> Iterator[Row]:
    pages, crowded, copy = of_kind(usual.samples, "page"), *((CROWDED, COPY) if judged else (math.inf, math.inf))
    flat = FLAT if judged else GROWN
    yield _beside(f"p95 of a page, {people} managers / one alone", pages, of_kind(alone, "page"), crowded)
    yield _beside(f"p95 of a bare page, {people} visitors / one alone", crowd, quiet, crowded)
    yield _beside(f"p95 of a page / of a bare page, {people} at each", pages, crowd, BARE)
    yield _beside("p95 of a page, flinkey slow / as usual", of_kind(slow.samples, "page"), pages, copy)
    yield Row("a slow flinkey that nobody asked for anything", str(slow.asked), str(usual.asked), not slow.asked, 0)
    yield _flat("memory of the web processes, end / start", usual.memory, slow.memory, flat)
    yield _flat("memory of the three workers, end / start", usual.workers, slow.workers, flat)
    faults = [one for one in [*alone, *quiet, *crowd, *usual.samples, *slow.samples] if one.fault]
    for one in faults[:20]:
        print(f"FAULT {one.name}: {one.fault}")
    yield Row("errors", str(len(faults)), f"{len(usual.samples)}", len(faults), 0)


def _flat(name: str, usual: list[float], slow: list[float], budget: float) -> Row:
    begun, ended = usual[0], max(usual[-1], slow[-1])
    return Row(name, f"{ended:.0f} MB", f"{begun:.0f} MB", ended / begun, budget)


def _beside(name: str, ours: list[Sample], others: list[Sample], budget: float) -> Row:
    """Over its budget as well when there are too few samples to say."""
    if (fewest := min(len(ours), len(others))) < ENOUGH:
        print(f"TOO FEW: {fewest} samples. Let it last longer.")
        return Row(name, str(len(ours)), str(len(others)), math.inf, budget)
    one, other = percentile(ours, 95), percentile(others, 95)
    return Row(name, f"{one:.0f} ms", f"{other:.0f} ms", one / other, budget)


def _table(samples: list[Sample]) -> Iterator[dict[str, Any]]:
    """For each kind of request, and for each page: how many, and their milliseconds."""
    groups: dict[str, list[Sample]] = defaultdict(list)
    for one in samples:
        groups[one.kind].append(one)
        groups[one.name].append(one)
    for name, found in sorted(groups.items()):
        if len(found) > 1:
            marks = {f"p{percent}": round(percentile(found, percent), 1) for percent in (50, 95, 99)}
            yield {"name": name, "count": len(found), **marks, "most": round(max(one.ms for one in found), 1)}


def _show(tables: dict[str, list[dict[str, Any]]], facts: dict[str, dict[str, float]]) -> None:
    for title, lines in tables.items():
        print(f"\n{title:<28} {'count':>7} {'p50':>9} {'p95':>9} {'p99':>9} {'most':>9}  ms")
        for line in lines:
            print("{name:<28} {count:>7} {p50:>9} {p95:>9} {p99:>9} {most:>9}".format(**line))
    for title, found in facts.items():
        print(f"\n{title}: " + ", ".join(f"{name} {value:.3g}" for name, value in found.items()))
    print()


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2])))
