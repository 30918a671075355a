"""Four tasks of a coordinator on a phone, tap by tap, from the overview: `python -m tests.browser.thumb ADDRESS`.

Against the demo each tap waits as long as a person looks before it, and each letter takes as long as a thumb needs.
"""

import dataclasses
import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, ViewportSize, expect, sync_playwright

LOOK, LETTER = 1200, 250  # milliseconds for a tap with the finding of its place, and for a letter
PHONE: ViewportSize = {"width": 390, "height": 844}


@dataclass
class Thumb:
    """Counts what it does. look, letter: milliseconds that it takes."""

    page: Page
    look: int = 0
    letter: int = 0
    taps: int = 0
    letters: int = 0

    def tap(self, place: Locator) -> None:
        expect(place).to_be_visible()
        self.page.wait_for_load_state()
        self.page.wait_for_timeout(self.look)
        place.tap()
        self.taps += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text, delay=self.letter)
        self.letters += len(text)


@dataclass(frozen=True)
class Things:
    """What the tasks are about: how a car and a person are called and typed, and a group."""

    car: str
    plate: str
    person: str
    name: str
    group: str


def give(thumb: Thumb, things: Things) -> None:
    """A person gets a car until this evening, which the form offers by itself."""
    page = thumb.page
    thumb.tap(page.locator(".head").get_by_role("link", name="Give access"))
    for field, text, hit in (("user", things.name, things.person), ("car", things.plate, things.car)):
        thumb.tap(page.locator(f"[name={field}]"))
        thumb.type(text)
        thumb.tap(page.locator(".pick .hits button", has_text=hit).first)
    thumb.tap(page.locator("main form").get_by_role("button", name="Give access"))
    expect(page.locator(".toast").first).to_be_visible()


def extend(thumb: Thumb, things: Things) -> None:
    """The access that runs lasts an hour longer."""
    _press(thumb, things, "1 hour more")


def end(thumb: Thumb, things: Things) -> None:
    """The access that runs ends now."""
    _press(thumb, things, "End now")


def move(thumb: Thumb, things: Things) -> None:
    """The car goes into another group."""
    page = thumb.page
    thumb.tap(page.get_by_role("navigation", name="Main").get_by_role("link", name="Cars").first)
    thumb.tap(page.get_by_role("searchbox", name="Search this list"))
    thumb.type(things.plate)
    expect(page.locator("tbody tr")).to_have_count(1)
    thumb.tap(page.get_by_role("checkbox", name=f"Tick {things.car}"))
    thumb.tap(page.get_by_role("button", name="Move to…"))
    thumb.tap(page.get_by_role("radio", name=things.group))
    thumb.tap(page.get_by_role("button", name="Continue to the review"))
    thumb.tap(page.get_by_role("button", name="Move", exact=True))
    expect(page.locator("#receipt")).to_be_visible()


def _press(thumb: Thumb, things: Things, act: str) -> None:
    """Finds the car and presses a button of its access that runs."""
    page = thumb.page
    thumb.tap(page.get_by_role("searchbox", name="Search the whole fleet"))
    thumb.type(things.plate)
    thumb.tap(page.locator("#found a", has_text=things.car).first)
    access = page.locator("#windows tr[data-phase=running]").first
    thumb.tap(access.locator("summary"))
    thumb.tap(access.get_by_role("button", name=act))
    expect(page.locator(".toast").first).to_be_visible()


TASKS: dict[str, Callable[[Thumb, Things], None]] = {"give": give, "extend": extend, "end": end, "move": move}


def from_overview(thumb: Thumb, things: Things, task: str) -> tuple[Thumb, float]:
    """Does one task from the overview: the thumb that did it, and how many seconds it took."""
    one = dataclasses.replace(thumb, taps=0, letters=0)
    one.page.goto("/")
    began = time.monotonic()
    TASKS[task](one, things)
    return one, time.monotonic() - began


def main(address: str, things: Things) -> None:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(
            base_url=address,
            viewport=PHONE,
            has_touch=True,
            is_mobile=True,
            locale="en-GB",
            timezone_id="Europe/Berlin",
        )
        page = context.new_page()
        page.goto("/sign-in/")
        page.fill("[name=username]", "coordinator@nordwind.example")
        page.fill("[name=password]", "flinkey-demo")
        page.click("main button")
        for task in TASKS:
            done, seconds = from_overview(Thumb(page, LOOK, LETTER), things, task)
            print(f"{task:<8}{done.taps:>3} taps{done.letters:>4} letters{seconds:>7.1f} s", flush=True)
            page.wait_for_timeout(6000)  # until flinkey has confirmed it: one change of an access at a time
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1], Things(*sys.argv[2:]))
