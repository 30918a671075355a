"""10,000 cars against the few that a page shows: what the page weighs, how long the server takes, how much memory.

Both sides show the same rows: the small fleet is the large one without whatever no page shows. So all that may differ
is what the size of the fleet costs.
"""

import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import requests
from django.conf import settings

from flinkey_admin import launch
from flinkey_admin.sandbox import Remote
from tests.bench.pages import forget
from tests.bench.rows import Row
from tests.bench.stage import EMAIL, LATENCY, PASSWORD, ROOT, browser, count, patient, sandbox, timed

PAGES = (
    *(
        "/",
        "/groups/",
        "/groups/?page=2",
        "/groups/?q=ort+1",
        "/groups/?sort=-name",
        "/groups/1/",
        "/groups/1/?access=none",
    ),
    *("/groups/1/users/", "/groups/1/services/", "/groups/1/products/", "/groups/1/cars/add/"),
    *("/cars/", "/cars/?q=pool", "/cars/?q=hh", "/cars/?sort=-name", "/cars/?sort=-plate", "/cars/?sort=vin"),
    *("/cars/?sort=-description", "/cars/?page=2", "/cars/?group=1", "/cars/?groups=none", "/cars/?groups=several"),
    *(f"/cars/?access={value}" for value in ("none", "now", "open", "nobody", "starts", "ends", "week")),
    *(
        "/cars/?plate=none",
        "/users/",
        "/users/?q=m%C3%BCller",
        "/users/?sort=email",
        "/users/?sort=-name",
        "/users/?page=2",
    ),
    *("/users/?group=1", "/users/?groups=none", "/users/?groups=several", "/users/?access=none", "/users/?access=now"),
    *("/users/?access=week", "/services/", "/services/?state=terminated", "/services/?state=beside"),
    *("/services/?q=vertrag+2024", "/services/?sort=-state", "/services/?sort=cause", "/services/?group=1"),
    *(
        "/products/",
        "/products/?state=beside",
        "/products/?state=ends",
        "/products/?q=fb-10",
        "/products/?sort=-serial",
    ),
    *("/products/?sort=type", "/products/?group=1", "/search/?q=pool", "/search/?q=pool&acts=1"),
    *("/cars/1/", "/users/1/", "/timeline/", "/timeline/?rows=users", "/timeline/?q=pool&days=31"),
)
# What somebody may open first in a fleet of which nothing has been read yet.
FIRST = ("/", "/cars/", "/users/", "/groups/", "/groups/1/cars/", "/search/?q=pool", "/assignments/new/")
AT_ONCE = 1000  # ms: a wait that is longer would have to show how far it is
ROUNDS = 15
RSS = re.compile(r"VmRSS:\s+(\d+) kB")
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def measure() -> Iterator[Row]:
    with ExitStack() as stack:
        yield from _first(stack.enter_context(sandbox("huge")))
        big = Path(tempfile.mkdtemp(prefix="flinkey-bench-"))
        _probe("fill", big)
        small = Path(tempfile.mkdtemp(prefix="flinkey-bench-")) / "var"
        shutil.copytree(big, small)
        cars = int(_probe("prune", small, *PAGES))
        few, many = Probe(small, stack), Probe(big, stack)
        for path in PAGES:
            yield from _compare(path, [(many.ask(path), few.ask(path)) for _round in range(ROUNDS)], cars)
        yield count("memory of a web process after browsing 10,000 cars, MB", round(_memory(big, stack)), 200)


def _first(remote: Remote) -> Iterator[Row]:
    """The first look at 10,000 cars, 5,000 users and 500 groups of which nothing has been read yet."""
    person = browser()
    for path in FIRST:
        looks = []
        for _round in range(3):
            remote.settings(latency=0)
            forget()
            remote.settings(latency=LATENCY)
            looks.append(timed(lambda: person.get(path)))  # noqa: B023 - called at once
        yield count(f"{path} first look at a fleet of 10,000 cars, ms", round(statistics.median(looks) * 1000), AT_ONCE)
    remote.settings(latency=0)


def _compare(path: str, pairs: list[tuple[dict[str, Any], dict[str, Any]]], cars: int) -> Iterator[Row]:
    heavy, light = pairs[-1]
    beside = f"10,000 / {cars} cars"
    for what in ("bytes", "nodes"):
        yield Row(f"{path} {what}: {beside}", f"{heavy[what]}", f"{light[what]}", heavy[what] / light[what], 1.05)
    value = statistics.median(one["seconds"] / other["seconds"] for one, other in pairs)
    slow, quick = (statistics.median(pair[side]["seconds"] for pair in pairs) * 1000 for side in (0, 1))
    yield Row(f"{path} server time: {beside}", f"{slow:.1f} ms", f"{quick:.1f} ms", value, 1.25)
    yield count(f"{path} SQL statements", heavy["sql"], 12, str(light["sql"]))


def _environment(var: Path) -> dict[str, str]:
    return {**os.environ, "BENCH_URL": settings.FLINKEY_API_URL, "BENCH_VAR": str(var), "VAR_DIR": str(var)}


def _probe(does: str, var: Path, *more: str) -> str:
    command = [sys.executable, "-m", "tests.bench.probe", does, *more]
    done = subprocess.run(command, env=_environment(var), cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


class Probe:
    """A dashboard in a process of its own."""

    def __init__(self, var: Path, stack: ExitStack) -> None:
        command = [sys.executable, "-m", "tests.bench.probe", "serve"]
        self.process = stack.enter_context(
            subprocess.Popen(
                command,
                env=_environment(var),
                cwd=ROOT,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        )
        stack.callback(self.process.terminate)

    def ask(self, path: str) -> dict[str, Any]:
        """What the page costs."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(path + "\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found


def _memory(var: Path, stack: ExitStack) -> float:
    """The memory of the very process that `make run` starts, in MB, after each page was opened and refreshed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {**_environment(var), "FLINKEY_API_URL": settings.FLINKEY_API_URL}
    serving = stack.enter_context(subprocess.Popen(launch._web(f"127.0.0.1:{port}", {}), env=env, cwd=ROOT))
    stack.callback(serving.terminate)
    base, person = f"http://127.0.0.1:{port}", requests.Session()
    page = patient(lambda: person.get(f"{base}/sign-in/", timeout=60))
    form = {"username": EMAIL, "password": PASSWORD, "csrfmiddlewaretoken": TOKEN.findall(page.text)[0]}
    assert person.post(f"{base}/sign-in/", form, timeout=60).url == f"{base}/"
    for path in PAGES:
        mark = "&" if "?" in path else "?"
        for address in (path, f"{path}{mark}fresh=1"):
            assert person.get(base + address, timeout=60).status_code == 200, address
    (worker,) = Path(f"/proc/{serving.pid}/task/{serving.pid}/children").read_text(encoding="ascii").split()
    found = RSS.search(Path(f"/proc/{worker}/status").read_text(encoding="ascii"))
    assert found
    return int(found[1]) / 1024
