"""A dashboard in a process of its own, asked for pages over its standard input: `python -m tests.bench.probe serve`.

`fill` reads the whole fleet of the sandbox at BENCH_URL into the database in BENCH_VAR and ends. `serve` opens that
database as a web process does, and answers each path with what the page costs.
"""

import json
import re
import sys
import time
from pathlib import Path

from tests.bench import stage  # first: it makes Django ready

from django.db import connection  # isort: skip
from django.test.utils import CaptureQueriesContext  # isort: skip

TAG = re.compile(rb"<[a-zA-Z]")
RSS = re.compile(r"VmRSS:\s+(\d+) kB")


def serve() -> None:
    """For each line a path: its bytes, its elements, its seconds, its statements, and the memory of this process."""
    person = stage.browser()
    for line in sys.stdin:
        path = line.strip()
        began = time.perf_counter()
        answer = person.get(path)
        took = time.perf_counter() - began
        assert answer.status_code == 200, path
        with CaptureQueriesContext(connection) as caught:
            person.get(path)
        found = RSS.search(Path("/proc/self/status").read_text(encoding="ascii"))
        told = {
            "bytes": len(answer.content),
            "nodes": len(TAG.findall(answer.content)),
            "seconds": took,
            "sql": len(caught),
            "rss": int(found[1]) / 1024 if found else 0,
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        stage.fill(stage.scope_of(stage.browser()))
    else:
        serve()
