"""`make screenshots`: the pictures of the README, in light and dark, taken of the real product on its sandbox."""

import datetime as dt
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

TARGET = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
COMPARED = ("group", "car", "phone")  # before-*.webp show the same as it looked in the first week
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"]


@contextmanager
def demo() -> Iterator[str]:
    """The address of `make demo` on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    process = subprocess.Popen([sys.executable, "-m", "flinkey_admin", "demo"], env={**os.environ, "PORT": port})
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def _wait(address: str) -> None:
    for _try in range(1500):
        try:
            urllib.request.urlopen(f"{address}/health/ready/", timeout=1)
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(address)


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/sign-in/")
    page.fill("[name=username]", "coordinator@nordwind.example")
    page.fill("[name=password]", "flinkey-demo")
    page.click("main button")


def shoot(page: Page, name: str) -> None:
    """Takes the page in light and in dark."""
    page.wait_for_load_state("networkidle")  # Chromium takes no picture while it leaves a page
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        path = TARGET / f"{name}-{scheme}.png"
        page.screenshot(path=path)
        # Flat colours and grey letters: nobody sees a difference, and everybody who clones has a third to fetch.
        few = Image.open(path).convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(path, optimize=True)


def main() -> None:
    TARGET.mkdir(exist_ok=True)
    with demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1200, "height": 720}, reduced_motion="reduce")
        sign_in(page, address)
        expect(page.locator("#age")).to_be_visible()
        expect(page.get_by_text("so far")).to_have_count(0, timeout=120_000)  # the sweep has read the fleet
        shoot(page, "overview")
        page.goto(f"{address}/timeline/?days=7")
        shoot(page, "timeline")
        page.goto(f"{address}/groups/")
        page.click("main >> text=Hamburg")
        for row in (1, 2, 3):
            page.locator("tbody input[name=id]").nth(row).check()
        shoot(page, "group")
        page.click("text=Move to…")
        page.get_by_label("Berlin").check()
        page.click("text=Continue to the review")
        page.click("main form button.main")
        expect(page.get_by_text("All 3 done.")).to_be_visible(timeout=60_000)
        shoot(page, "receipt")
        today = dt.datetime.now(ZoneInfo("Europe/Berlin")).date()
        friday = today + dt.timedelta(days=11 - today.weekday())  # of next week
        page.goto(f"{address}/assignments/new/?car=3&user=12&end={friday}T18:00")
        page.click("main form button.main")
        for question in page.get_by_role("checkbox").all():  # somebody else may have the car then
            question.check()
        if not page.locator("[data-dismiss]").count():
            page.click("main form button.main")
        page.click("[data-dismiss]")
        shoot(page, "car")
        phone = browser.new_page(viewport={"width": 390, "height": 720}, reduced_motion="reduce")
        sign_in(phone, address)
        phone.goto(f"{address}/cars/")
        shoot(phone, "phone")
        browser.close()
    for name in COMPARED:
        Image.open(TARGET / f"{name}-light.png").convert("RGB").save(
            TARGET / f"after-{name}.webp", quality=82, method=6
        )


if __name__ == "__main__":
    main()
