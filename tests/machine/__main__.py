"""Runs the machine in as many processes as there are cores: `python -m tests.machine [EXAMPLESxSTEPS] [SEED]`.

Prints what happened how often. Fails when something was not true, and says with which seed.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEST = "tests/operations/test_machine.py"
AT_ONCE = 100  # examples of one process


@dataclass(frozen=True)
class Run:
    """One process: its seed, whether all was true, what it said, and what happened how often."""

    seed: int
    is_good: bool
    said: str
    counts: dict[str, int]


def run(seed: int, examples: int, steps: int, root: Path = ROOT) -> Run:
    """Runs the machine of a source tree. Raises RuntimeError when it could not even start."""
    with tempfile.TemporaryDirectory(prefix="machine-") as folder:
        tells = Path(folder, "tells.json")
        wanted = {"MACHINE": f"{examples}x{steps}", "MACHINE_SEED": str(seed), "MACHINE_TELLS": str(tells)}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", TEST],
            cwd=root,
            env={**os.environ, **wanted, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if not tells.exists():
            raise RuntimeError(f"the machine did not start\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return Run(seed, done.returncode == 0, done.stdout, json.loads(tells.read_text()))


def main(size: str, first: int) -> int:
    """Shares the examples out, and sums up."""
    examples, steps = map(int, size.split("x"))
    shares = [min(AT_ONCE, examples - before) for before in range(0, examples, AT_ONCE)]
    total: Counter[str] = Counter()
    bad = 0
    with ThreadPoolExecutor(max(1, os.cpu_count() or 1)) as several:
        for one in several.map(lambda n: run(first + n, shares[n], steps), range(len(shares))):
            total.update(one.counts)
            bad += not one.is_good
            print(f"seed {one.seed}: {'all true' if one.is_good else one.said}", flush=True)
    seconds = total.pop("seconds")
    for what, times in sorted(total.items()):
        print(f"{times:8} {what}")
    print(f"{examples} examples of {steps} steps in {seconds} s of CPU: {bad or 'no'} violations")
    return 1 if bad else 0


if __name__ == "__main__":
    words = dict(enumerate(sys.argv[1:]))
    sys.exit(main(words.get(0, "2000x50"), int(words.get(1, "1"))))
