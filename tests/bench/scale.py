"""10,000 cars against 100: what a page weighs, how long the server takes, how many statements, how much memory."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from django.conf import settings

from tests.bench.stage import ROOT, Row, count, sandbox

# Each page of the large fleet with one of the small fleet that shows as many rows: a full page.
PAGES = {
    **{path: path for path in ("/", "/groups/", "/cars/", "/users/", "/services/", "/products/", "/cars/?sort=-plate")},
    **{path: path for path in ("/cars/?sort=vin", "/cars/?access=none", "/users/?sort=email", "/search/?q=pool")},
    "/groups/?q=ort": "/groups/",
    **dict.fromkeys(("/cars/?q=pool", "/cars/?q=hh", "/cars/?q=wvw zzz", "/cars/?page=150"), "/cars/"),
    **dict.fromkeys(("/cars/?access=now", "/cars/?access=open", "/cars/?plate=none"), "/cars/"),
    "/users/?q=mueller": "/users/",
    "/services/?state=terminated": "/services/",
}
ROUNDS = 15


class Probe:
    """A dashboard over the whole fleet of one scenario."""

    def __init__(self, scenario: str, stack: ExitStack) -> None:
        stack.enter_context(sandbox(scenario))
        env = {
            **os.environ,
            "BENCH_URL": settings.FLINKEY_API_URL,
            "BENCH_VAR": tempfile.mkdtemp(prefix="flinkey-bench-"),
        }
        command = [sys.executable, "-m", "tests.bench.probe"]
        subprocess.run([*command, "fill"], env=env, cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
        self.process = subprocess.Popen(
            [*command, "serve"],
            env=env,
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(self.process.terminate)

    def ask(self, path: str) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(path + "\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found


def measure() -> Iterator[Row]:
    with ExitStack() as stack:
        few, many = Probe("small", stack), Probe("huge", stack)
        most = 0.0
        for path, beside in PAGES.items():
            pairs = [(many.ask(path), few.ask(beside)) for _round in range(ROUNDS)][3:]
            heavy, light = pairs[-1]
            for what, budget in (("bytes", 1.05), ("nodes", 1.05)):
                yield Row(
                    f"{path} {what}: 10,000 / 100 cars",
                    f"{heavy[what]}",
                    f"{light[what]}",
                    heavy[what] / light[what],
                    budget,
                )
            value = statistics.median(one["seconds"] / other["seconds"] for one, other in pairs)
            slow, quick = (statistics.median(pair[side]["seconds"] for pair in pairs) * 1000 for side in (0, 1))
            yield Row(f"{path} server time: 10,000 / 100 cars", f"{slow:.1f} ms", f"{quick:.1f} ms", value, 1.25)
            yield count(f"{path} SQL statements (100 cars: {light['sql']})", heavy["sql"], 12, str(light["sql"]))
            most = max(most, heavy["rss"])
        yield count("memory of a web process with 10,000 cars, MB", round(most), 200)
