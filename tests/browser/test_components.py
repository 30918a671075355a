"""The page of components: there for developers alone, readable for everybody, and as it was when somebody last looked.

The pictures in pictures/ were looked at by a person. `make pictures` makes them anew; look at the difference then.
"""

import io
import os
import re
import time
from pathlib import Path
from typing import Any, Literal

import pytest
from django.test import Client
from PIL import Image, ImageChops
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as TooLate

from flinkey_admin.places import STATIC
from flinkey_admin.web.components import PARTS, TOKENS
from tests.browser import blocks
from tests.browser.conftest import Open
from tests.browser.test_every_page import ALL_WAYS, measure
from tests.browser.test_preferred import faint

KEPT = Path(__file__).parent / "pictures"
NEW = os.environ.get("PICTURES") == "new"
TALL = 3000  # pixels; the last of fifty rows shows nothing that the first ones do not
SHADE = 6  # levels of 255 that one Chromium may draw differently from another
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SPECKS = 300  # pixels at round corners that may differ by more


pytestmark = pytest.mark.own_browser  # time stands still in it


@pytest.fixture
def window(open_window: Open, live_server: Any) -> Page:
    """A window that draws blocks for signs, and in which no toast goes by itself; nobody has signed in."""
    page = open_window(base_url=live_server.url, bypass_csp=True, reduced_motion="reduce").new_page()
    page.clock.install()
    page.clock.pause_at(time.time() + 60)
    return page


def show(page: Page, part: str) -> None:
    """Opens a part, its menu too. Without the policy, Chromium now and then waits for ever for a picture: once more."""
    for left in (2, 1, 0):
        try:
            page.goto(f"/components/{part}/", timeout=15_000)
            break
        except TooLate:
            if not left:
                raise
    page.add_style_tag(content=blocks.style())
    page.evaluate("document.querySelectorAll('#tray details').forEach(menu => menu.open = true)")
    page.evaluate("document.fonts.load('16px Blocks')")


def shoot(page: Page, width: int = 1280, scheme: Any = "light") -> Image.Image:
    """The picture of the part that is open, as it is now."""
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.evaluate("scrollTo(0, 0)")
    tall = min(TALL, page.evaluate("document.documentElement.scrollHeight"))
    data = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": width, "height": tall})
    return Image.open(io.BytesIO(data)).convert("RGB")


def difference(one: Image.Image, other: Image.Image) -> int:
    """How many pixels differ to the eye; all of them if the sizes do."""
    if one.size != other.size:
        return one.width * one.height
    levels = ImageChops.difference(one, other).split()
    most = ImageChops.lighter(ImageChops.lighter(levels[0], levels[1]), levels[2])
    return sum(most.histogram()[SHADE + 1 :])


def test_they_look_as_when_somebody_looked_at_them(window: Page, tmp_path: Path) -> None:
    wrong = {}
    for part in PARTS:
        show(window, part)
        for width, scheme in ALL_WAYS:
            name = f"{part}-{width}-{scheme}.png"
            seen = shoot(window, width, scheme)
            if NEW:
                seen.save(KEPT / name, optimize=True)
                continue
            kept = Image.open(KEPT / name).convert("RGB")
            for _look in range(4):  # how tall a part is that lies below, the browser knows once it has drawn it
                if (far := difference(seen, kept)) <= SPECKS:
                    break
                window.wait_for_timeout(500)
                seen = shoot(window, width, scheme)
            else:
                seen.save(tmp_path / name)
                wrong[name] = far
    assert wrong == {}, f"Pixels that differ. Look at {tmp_path}; if it is meant so, run: make pictures"


@pytest.mark.parametrize(
    "change",
    [
        ":root { --good: light-dark(oklch(49% 0.12 155), #fff) }",
        ":root { --s3: 0.8rem }",
        ".button { border-radius: 0 }",
    ],
    ids=["a colour", "a distance", "a corner"],
)
def test_a_changed_stylesheet_is_seen(window: Page, change: str) -> None:
    show(window, "basics")
    before = shoot(window)
    show(window, "basics")
    assert difference(before, shoot(window)) == 0
    window.route("**/css/tokens.css", lambda route: route.fulfill(body=f"{tokens()}{change}", content_type="text/css"))
    show(window, "basics")
    assert difference(before, shoot(window)) > SPECKS


def tokens() -> str:
    return (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")


def test_they_are_readable_for_everybody(page: Page) -> None:
    wrong: dict[str, Any] = {}
    for part in PARTS:
        page.goto(f"/components/{part}/")
        if found := measure(page):
            wrong[part] = found
        for scheme in SCHEMES:
            page.emulate_media(contrast="more", color_scheme=scheme)
            if dull := faint(page):
                wrong[f"{part}, {scheme}, more contrast"] = dull
        page.emulate_media(contrast="no-preference")
    assert wrong == {}


def test_every_colour_is_shown(client: Client, db: None) -> None:
    text = client.get("/components/basics/").content.decode()
    assert sorted(re.findall(r'fill="var\(--([\w-]+)\)"', text)) == sorted(set(TOKENS.findall(tokens())))


def test_nobody_finds_them_in_production(client: Client, db: None, settings: Any) -> None:
    paths = ["/components/", *(f"/components/{part}/" for part in PARTS)]
    assert [client.get(path).status_code for path in [*paths, "/components/other/"]] == [200, 200, 200, 200, 404]
    settings.LOOPBACK = False
    assert {client.get(path).status_code for path in paths} == {404}
