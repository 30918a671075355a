"""Every page, met by following the links: quiet, well built, readable by everybody, and no wider than a phone."""

from collections.abc import Iterator
from typing import Any

from axe_core_python.base import AXE_SCRIPT
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Page

from flinkey_admin.sandbox import Remote
from tests.browser.conftest import Complaints, Open
from tests.browser.tour import shape, walk

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Only forms lead to these, or no person does.
NOT_LINKED = {
    *("accounts:sign_out", "accounts:customers", "accounts:sign_in", "live", "ready", "operations:webhook"),
    *("operations:run", "operations:check", "operations:close", "operations:back"),
    *("fleet:select_all", "fleet:also", "fleet:move", "fleet:remove"),
    *("fleet:select_all_of", "fleet:also_of", "fleet:move_of", "fleet:remove_of", "fleet:search"),
}

STRUCTURE = """() => ({
  h1: document.querySelectorAll('h1').length,
  title: document.title.replace(' · flinkey admin', '').trim() !== '',
  lang: document.documentElement.lang,
  main: document.querySelectorAll('main').length,
  twice: [...document.querySelectorAll('[id]')].map(one => one.getAttribute('id'))
    .filter((id, at, all) => all.indexOf(id) !== at),
})"""

# What sticks out to the right, also where a frame cuts it off. What scrolls inside its own frame is right.
STICKING_OUT = """() => {
  const scrolls = (box) => {
    for (let up = box; up && up !== document.body; up = up.parentElement)
      if (['auto', 'scroll'].includes(getComputedStyle(up).overflowX)) return true;
    return false;
  };
  const wide = document.documentElement.clientWidth;
  const out = [...document.body.querySelectorAll('*')].filter((box) => {
    const place = box.getBoundingClientRect();
    return place.width > 1 && place.right > wide + 1 && box.checkVisibility() && !scrolls(box);
  });
  const page = document.documentElement.scrollWidth > wide ? ['the page itself'] : [];
  return [...page, ...out.map((box) => `${box.tagName} ${box.className} ${box.textContent.trim().slice(0, 40)}`)];
}"""

# The axe at hand cannot read oklch(), so the browser mixes the colours itself: each text against what lies behind it.
CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const mixed = (colours) => {
    canvas.globalCompositeOperation = 'copy';
    canvas.fillStyle = '#fff';
    canvas.fillRect(0, 0, 1, 1);
    canvas.globalCompositeOperation = 'source-over';
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => {
    const [red, green, blue] = rgb.map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const faint = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const box = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !box.checkVisibility()) continue;
    if (box.closest('.hidden-text, datalist, svg')) continue;
    const behind = [];
    for (let up = box; up; up = up.parentElement) behind.unshift(getComputedStyle(up).backgroundColor);
    const style = getComputedStyle(box);
    const [ink, ground] = [light(mixed([...behind, style.color])), light(mixed(behind))];
    const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    const large = parseFloat(style.fontSize) >= 24;
    if (ratio < (large ? 3 : 4.5)) faint.push(`${ratio.toFixed(2)} ${texts.currentNode.data.trim().slice(0, 40)}`);
  }
  return faint;
}"""


def names(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    """The full names of all addresses."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern) and entry.name:
            yield f"{prefix}{entry.name}"
        elif isinstance(entry, URLResolver):
            yield from names(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)


def test_every_page_is_linked_quiet_and_well_built(page: Page, complaints: Complaints) -> None:
    complaints.expect(404, 422)
    wrong: dict[str, Any] = {}

    def look(page: Page, address: str) -> None:
        built = page.evaluate(STRUCTURE)
        if built != {"h1": 1, "title": True, "lang": "en", "main": 1, "twice": []}:
            wrong[address] = built

    seen = walk(page, look)
    assert wrong == {}
    met = {
        get_resolver().resolve(shown.partition("?")[0].replace("N", "1")).view_name for shown in seen if known(shown)
    }
    # a group is reached by its tabs, and the start leads on
    assert set(names(get_resolver())) - NOT_LINKED == met - {"fleet:search"}


def known(shown: str) -> bool:
    return not shown.startswith("/nowhere/")


def test_nothing_sticks_out_on_a_narrow_phone(page: Page, complaints: Complaints) -> None:
    complaints.expect(404, 422)
    page.set_viewport_size({"width": 360, "height": 740})
    wrong: dict[str, Any] = {}

    def look(page: Page, address: str) -> None:
        if out := page.evaluate(STICKING_OUT):
            wrong[address] = out[:5]

    walk(page, look)
    assert wrong == {}


def test_no_barrier_in_any_size_and_light(open_window: Open, live_server: Any, flinkey: Remote) -> None:
    flinkey.settings(delay=0.2)
    # axe comes from outside, which the page's own policy rightly refuses; motion would show colours on their way
    page = open_window(base_url=live_server.url, bypass_csp=True, reduced_motion="reduce").new_page()
    wrong: dict[str, Any] = {}

    def look(page: Page, address: str) -> None:
        page.evaluate(AXE_SCRIPT)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 844})
            rules = {"runOnly": WCAG, "resultTypes": ["violations"]}
            for found in page.evaluate("rules => axe.run(document, rules)", rules)["violations"]:
                where = [node["html"][:120] for node in found["nodes"][:3]]
                wrong[f"{address} {width}"] = (found["id"], where)
            for light in ("dark", "light"):
                page.emulate_media(color_scheme="dark" if light == "dark" else "light")
                if faint := page.evaluate(CONTRAST):
                    wrong[f"{address} {width} {light}"] = faint[:5]
        page.set_viewport_size({"width": 1280, "height": 800})

    walk(page, look)
    assert wrong == {}


def test_the_two_measures_can_fail(page: Page) -> None:
    page.goto("/sign-in/")
    assert (page.evaluate(CONTRAST), page.evaluate(STICKING_OUT)) == ([], [])
    page.evaluate("document.querySelector('h1').style.cssText = 'color: #aaa; margin-left: 2000px'")
    assert page.evaluate(CONTRAST) == ["2.32 Sign in"]
    assert page.evaluate(STICKING_OUT) == ["H1  Sign in"]


def test_a_shape_tells_kinds_of_pages_apart() -> None:
    assert shape("http://x/cars/12/?q=a&sort=name") == "/cars/N/?q&sort"
