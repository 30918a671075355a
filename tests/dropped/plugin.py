"""In the copy, in two rounds: which places each test passes, and then each place's tests with that place left out."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from flinkey_admin import dropping  # type: ignore[attr-defined]
from tests.room import roomy
from tests.stages import Stages


class Nothing:
    """The test after each: it shares the session alone, so all else is torn down, and what that finds is found."""

    def __init__(self, session: pytest.Session) -> None:
        self.session = session

    def listchain(self) -> list[Any]:
        return [self.session]


def run(item: pytest.Item) -> bool:
    """Whether the test passes."""
    item._initrequest()  # type: ignore[attr-defined]
    reports = roomy(runtestprotocol, item, False, Nothing(item.session))
    return all(report.passed or report.skipped for report in reports)


def passed_by(items: list[pytest.Item]) -> dict[str, Any]:
    """For each test its seconds and the places that it passes; None for one that fails as it is."""
    found: dict[str, Any] = {}
    for item in items:
        dropping.HIT.clear()
        began = time.perf_counter()
        good = run(item)
        found[item.nodeid] = [time.perf_counter() - began, sorted(dropping.HIT)] if good else None
    return found


def noticed_by(tries: dict[str, list[str]], items: dict[str, pytest.Item]) -> dict[str, str]:
    """For each place the first of its tests that fails without it and passes with it; "" for none."""
    found = {}
    for site, names in tries.items():
        found[site] = next((name for name in names if _notices(items[name], site)), "")
        print(f"{site}\n    {found[site] or 'NOTHING'}", flush=True)
    return found


def _notices(item: pytest.Item, site: str) -> bool:
    dropping.ACTIVE = site
    Stages.kept.clear()
    passes = run(item)
    dropping.ACTIVE = ""
    Stages.kept.clear()  # what was built with a place left out is no stage for anybody
    return not passes and run(item)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    part, parts = (int(one) for one in os.environ["PART"].split("/"))
    if tries := json.loads(Path(os.environ["TRIES"]).read_text()):
        mine = {site: tries[site] for site in sorted(tries)[part::parts]}
        found: Any = noticed_by(mine, {item.nodeid: item for item in session.items})
    else:
        found = passed_by(session.items[part::parts])
    Path(os.environ["FOUND"]).write_text(json.dumps(found))
    return True
