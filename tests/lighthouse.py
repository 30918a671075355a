"""`make lighthouse`: Lighthouse on every main page of the product as it runs in production, with 50 rows.

Three runs of each page, on a desktop and on a phone; the median counts. Fails when a page is below its mark.
DETAILS=1 tells what of a page could be better and what a phone does for it; PAGES="/cars/ /users/" takes only those.
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from playwright.sync_api import sync_playwright

from tests.bench.served import fill_lists, served

PROGRAM = Path(os.environ.get("LIGHTHOUSE", "var/lighthouse/node_modules/.bin/lighthouse"))
MAIN = ("/", "/timeline/", "/groups/", "/groups/1/cars/", "/cars/", "/cars/1/", "/users/", "/operations/")
WITHOUT_SESSION = "/sign-in/"
PAGES = os.environ.get("PAGES", "").split() or (WITHOUT_SESSION, *MAIN)
MARKS = {
    "desktop": {"performance": 100, "accessibility": 100, "best-practices": 100},
    "phone": {"performance": 99, "accessibility": 100, "best-practices": 100},
}
# Lighthouse slows a phone's processor to a quarter of the host's, and warns of a host of less than 1,000 points that it
# is half of what that is meant for. So a slower host is slowed down less, and the phone stays the same one.
HOST, SLOWDOWN = 2000.0, 4.0
RUNS, TRIES = 3, 4  # one run in twelve dies without having seen a page


def main() -> int:
    wrong = 0
    with served("medium") as (base, cookies):
        fill_lists(base, cookies)
        print(f"{'':<10}{'':<20}" + "".join(f"{name:>18}" for name in (*MARKS["desktop"], "slowed down")))
        for page in PAGES:
            slowdown = SLOWDOWN  # the desktop, which is not slowed down, says how quick this host is just now
            for device, marks in MARKS.items():
                found, host = _median(base + page, device, {} if page == WITHOUT_SESSION else cookies, slowdown)
                wrong += any(found[name] < least for name, least in marks.items())
                print(f"{device:<10}{page:<20}" + "".join(f"{found[name]:>18}" for name in marks), end="")
                print(f"{slowdown:>18.1f}" if device == "phone" else "", flush=True)
                slowdown = min(SLOWDOWN, SLOWDOWN * host / HOST)
    print(f"{wrong or 'no'} page below its mark")
    return 1 if wrong else 0


def _median(address: str, device: str, cookies: dict[str, str], slowdown: float) -> tuple[dict[str, int], float]:
    """The scores of a page, of 100, and how many points the host has at this moment."""
    runs = [_run(address, device, cookies, slowdown) for _one in range(RUNS)]
    scores = {name: round(100 * statistics.median(run[name] for run, _host in runs)) for name in runs[0][0]}
    return scores, statistics.median(host for _run, host in runs)


def _run(address: str, device: str, cookies: dict[str, str], slowdown: float) -> tuple[dict[str, float], float]:
    """The scores of one run, and the host's points. Raises RuntimeError when no try has seen the page."""
    said = ""
    for report in _tries(address, device, cookies, slowdown):
        if report["finalDisplayedUrl"] != address:
            said = f"led to {report['finalDisplayedUrl']}"
        elif not (said := report.get("runtimeError", {}).get("message", "")):
            if os.environ.get("DETAILS"):
                _tell(report["audits"])
            scores = {name: one["score"] for name, one in report["categories"].items()}
            return scores, report["environment"]["benchmarkIndex"]
    raise RuntimeError(said)


def _tell(audits: dict[str, Any]) -> None:
    """What of a page could be better, and what the device did for it: counts are the same on a noisy machine."""
    missed = [one for one in audits.values() if one["score"] not in {None, 1}]
    print(*(f"    {one['id']}: {one.get('displayValue', one['title'])}" for one in missed), sep="\n")
    parts = audits.get("mainthread-work-breakdown", {}).get("details", {}).get("items", [])
    print("    " + ", ".join(f"{one['groupLabel']} {one['duration']:.0f} ms" for one in parts))


def _tries(address: str, device: str, cookies: dict[str, str], slowdown: float) -> Iterator[dict[str, Any]]:
    """The reports of one try after the other, each with a Chromium that has seen nothing but the session's cookies."""
    for _try in range(TRIES):
        with sync_playwright() as playwright, tempfile.TemporaryDirectory(prefix="lighthouse-") as folder:
            report, port = Path(folder, "report.json"), _free_port()
            context = playwright.chromium.launch_persistent_context(
                f"{folder}/profile",
                executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
                args=[f"--remote-debugging-port={port}", "--no-sandbox", "--disable-gpu"],
            )
            context.add_cookies(
                [
                    {
                        "name": one,
                        "value": cookies[one],
                        "url": urljoin(address.replace("http:", "https:"), "/"),
                        "secure": True,
                    }
                    for one in cookies
                ]
            )
            command = [
                *(str(PROGRAM.resolve()), address, f"--port={port}", "--disable-storage-reset", "--quiet"),
                *("--output=json", f"--output-path={report}", "--max-wait-for-load=45000"),
                "--only-categories=performance,accessibility,best-practices",
                "--preset=desktop" if device == "desktop" else f"--throttling.cpuSlowdownMultiplier={slowdown:.1f}",
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            context.close()
            if report.exists():
                yield json.loads(report.read_text())
    raise RuntimeError(done.stderr)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
