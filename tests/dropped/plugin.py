"""In the copy: runs every test once to see which places it passes, then each place's tests with that place left out."""

import json
import os
import time
from collections import defaultdict
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from flinkey_admin import dropping  # type: ignore[attr-defined]
from tests.stages import Stages

TRIES = int(os.environ.get("TRIES", "10"))  # tests, the shortest first


def run(item: pytest.Item) -> bool:
    """Whether the test passes."""
    Stages.kept.clear()  # what was built with a place left out is no stage for anybody
    item._initrequest()  # type: ignore[attr-defined]
    return all(report.passed or report.skipped for report in runtestprotocol(item, log=False, nextitem=item))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Any:
    part, parts = (int(one) for one in os.environ.get("PART", "0/1").split("/"))
    passed: dict[str, list[tuple[float, pytest.Item]]] = defaultdict(list)
    broken = []
    for item in session.items:
        dropping.HIT.clear()
        began = time.perf_counter()
        if not run(item):
            broken.append(item.nodeid)
            continue
        for site in dropping.HIT:
            passed[site].append((time.perf_counter() - began, item))
    said: dict[str, str] = dict.fromkeys(broken, "fails as it is")
    for site in json.loads(os.environ["SITES"])[part::parts]:
        dropping.ACTIVE = site
        tried = sorted(passed[site], key=lambda pair: pair[0])[:TRIES]
        found = next((item.nodeid for _took, item in tried if not run(item)), "")
        dropping.ACTIVE = ""
        said[site] = found or (f"nothing in {len(tried)} tests" if tried else "no test passes here")
        print(f"{site}\n    {said[site]}", flush=True)
    with open(os.environ["FOUND"], "w") as file:  # noqa: PTH123
        json.dump(said, file)
    return True
