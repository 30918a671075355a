"""`make dropped`: takes the customer out of one query or key after the other. Fails when no test notices one."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.dropped.sites import switch_all
from tests.planted.__main__ import plant
from tests.planted.bugs import Bug

# Where leaving it out changes nothing, and why.
SAME: dict[str, str] = {}
TESTS = ["tests/accounts/test_scoping.py", "tests/mirror", "tests/operations", "tests/fleet", "tests/assignments"]


def main(tests: list[str]) -> int:
    """Runs these tests on a copy whose places have switches, in as many processes as there are cores."""
    parts = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="dropped-") as folder:
        plant(Bug("switches", ()), Path(folder))
        sites = switch_all(Path(folder))
        running = [_start(Path(folder), sites, tests, f"{part}/{parts}") for part in range(parts)]
        for one in running:
            one.wait()
        found: dict[str, str] = {}
        for part in range(parts):
            found |= json.loads(Path(folder, f"found-{part}.json").read_text())
    missed = {site: said for site, said in found.items() if not said.startswith("tests/")}
    wrong = {site: said for site, said in missed.items() if not any(site.startswith(one) for one in SAME)}
    print(f"\n{len(sites)} places, {len(sites) - len(missed)} noticed, {len(missed) - len(wrong)} of no effect")
    print("\n".join(f"NOT NOTICED {site}: {said}" for site, said in wrong.items()))
    return 1 if wrong else 0


def _start(root: Path, sites: list[str], tests: list[str], part: str) -> "subprocess.Popen[bytes]":
    env = os.environ | {
        "PYTHONPATH": str(root),
        "SITES": json.dumps(sites),
        "PART": part,
        "FOUND": str(root / f"found-{part.partition('/')[0]}.json"),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-p", "tests.dropped.plugin"]
    return subprocess.Popen([*command, *tests], cwd=root, env=env)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or TESTS))
