"""Runs the machine on each planted bug: `python -m tests.planted [WORDS OF A NAME]`. Fails when one is not found."""

import os
import re
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.machine.__main__ import run
from tests.planted.bugs import BUGS, Bug

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("flinkey_admin", "tests", "templates", "static", "manage.py", "pyproject.toml")
SEEDS = range(1, 5)
NOTHING = Bug("nothing is planted", ())
SIZE = (60, 40)  # examples and steps for each seed
RAISED = re.compile(r'tests/machine/\w+\.py(?::\d+: in |", line \d+, in )(\w+)')
SAID = re.compile(r"(\w+Error: .*)")


@dataclass(frozen=True)
class Found:
    """By which invariant a bug was found, what that said, after how many seconds of CPU; nothing when it was not."""

    invariant: str = ""
    said: str = ""
    seconds: int = 0


def plant(bug: Bug, root: Path) -> None:
    """A copy of the source with the bug in it. Raises ValueError when a text is not there exactly once."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / part)
    for file, old, new in bug.swaps:
        text = (root / file).read_text()
        if text.count(old) != 1:
            raise ValueError(f"{bug.name}: {file} has it {text.count(old)} times: {old}")
        (root / file).write_text(text.replace(old, new))


def find(bug: Bug) -> Found:
    """Lets the machine look for a bug, with one seed after the other."""
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        plant(bug, Path(folder))
        passed = 0
        for seed in SEEDS:
            done = run(seed, *SIZE, Path(folder))
            passed += done.counts["seconds"]
            if not done.is_good:
                return Found((RAISED.findall(done.said) or ["?"])[-1], (SAID.findall(done.said) or ["?"])[0], passed)
    return Found(seconds=passed)


def main(words: str) -> int:
    """Looks for those bugs whose names have these words, and for one in the source as it is, which must have none."""
    bugs = [NOTHING, *(bug for bug in BUGS if words in bug.name)]
    wrong = 0
    print("| bug | found by | seconds |\n|---|---|---|", flush=True)
    with ThreadPoolExecutor(max(1, os.cpu_count() or 1)) as several:
        for bug, found in zip(bugs, several.map(find, bugs), strict=True):
            wrong += bool(found.invariant) is (bug is NOTHING)
            print(
                f"| {bug.name} | {f'`{found.invariant}`' if found.invariant else 'nothing'} | {found.seconds} |",
                flush=True,
            )
            print(f"    {found.said[:150]}", file=sys.stderr, flush=True)
    print(f"\n{wrong or 'none'} of {len(bugs)} not as it should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
