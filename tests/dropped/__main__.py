"""`make dropped`: takes the customer out of one query or key after the other. Fails when no test notices one."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.dropped.sites import switch_all
from tests.planted.__main__ import plant
from tests.planted.bugs import Bug

# Where leaving it out changes nothing, by file and text, and why.
OF_OURS = "the rows are found by keys that were read of this customer alone"
SAME: dict[str, str] = {
    "flinkey_admin/operations/history.py: scoped(Outside.objects.all(), scope)": OF_OURS,
    "flinkey_admin/operations/history.py: scoped(Operation.objects.select_related('person'), scope)": OF_OURS,
    "flinkey_admin/operations/hooks.py: Q(customer=None)": "asked where there is no other customer",
}
TESTS = [
    *("tests/accounts", "tests/mirror", "tests/operations", "tests/fleet", "tests/assignments"),
    *("tests/node/test_checkup.py", "tests/node/test_forget_person.py"),
]
# They start processes, in which no place is left out, or read the source.
BESIDE = (
    *(f"operations/test_{name}" for name in ("kill", "kill_pairs", "lost_answers", "machine", "two_workers")),
    "mirror/test_copy_writes",
)
# With two customers that have the same ids, besides those that have "apart" in their name.
TWO = ("test_scoping", "test_customers", "test_stash", "test_again", "test_feeds", "test_webhooks")
SHORTEST, TRIED = 6, 150  # tests that are tried of a place's: so many by their seconds, then those with two customers


def main(tests: list[str]) -> int:
    """Runs these tests on a copy whose places have switches, in as many processes as there are cores."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="dropped-") as folder:
        root = Path(folder)
        plant(Bug("switches", ()), root)
        sites = switch_all(root)
        passed = _run(root, tests, {})
        tries = {site: _order(site, passed) for site in sites}
        told = _run(root, tests, {site: names for site, names in tries.items() if names})
    failing = [name for name, facts in passed.items() if facts is None]
    missed = [site for site in sites if not told.get(site)]
    wrong = [site for site in missed if _place(site) not in SAME]
    noticed = len(sites) - len(missed)
    print(f"\n{len(sites)} places, {noticed} noticed, {len(missed) - len(wrong)} of no effect, ", end="")
    print(f"{len(passed)} tests, {time.monotonic() - began:.0f} s")
    print("\n".join(f"FAILS AS IT IS {name}" for name in failing))
    print("\n".join(f"NOT NOTICED {site} by {len(tries[site])} tests" for site in wrong))
    return 1 if wrong or failing else 0


def _place(site: str) -> str:
    """A place without the number of its line, which moves."""
    return re.sub(r":\d+:", ":", site, count=1)


def _order(site: str, passed: dict[str, Any]) -> list[str]:
    """The tests that pass a place, those first that will tell soonest."""
    fitting = {name: facts[0] for name, facts in passed.items() if facts and site in facts[1]}
    quick = sorted(fitting, key=lambda name: fitting[name])
    rest = sorted(quick[SHORTEST:], key=lambda name: ("apart" not in name, not any(word in name for word in TWO)))
    return [*quick[:SHORTEST], *rest][:TRIED]


def _run(root: Path, tests: list[str], tries: dict[str, list[str]]) -> dict[str, Any]:
    """One round in all processes; what they have found."""
    parts = os.cpu_count() or 1
    (root / "tries.json").write_text(json.dumps(tries))
    running = [_start(root, tests, f"{part}/{parts}") for part in range(parts)]
    found: dict[str, Any] = {}
    for part, one in enumerate(running):
        one.wait()
        found |= json.loads((root / f"found-{part}.json").read_text())
        (root / f"found-{part}.json").unlink()
    return found


def _start(root: Path, tests: list[str], part: str) -> "subprocess.Popen[bytes]":
    env = os.environ | {
        "PYTHONPATH": str(root),
        "TRIES": str(root / "tries.json"),
        "PART": part,
        "FOUND": str(root / f"found-{part.partition('/')[0]}.json"),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-p", "tests.dropped.plugin"]
    left = [f"--ignore=tests/{name}.py" for name in BESIDE]
    return subprocess.Popen([*command, *left, *tests], cwd=root, env=env)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or TESTS))
