"""Every page, met by following the links: quiet, well built, readable by everybody, and no wider than any screen."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints
from tests.browser.tour import shape, walk

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Of what is right nothing is told, and no stylesheet is fetched again: only a rule that is an experiment would need it.
BRIEF = {"resultTypes": ["violations"], "preload": False}
ALL_RULES = BRIEF | {"runOnly": WCAG}
COLOURS = BRIEF | {"runOnly": ["color-contrast"]}  # all that the dark scheme changes
Views = tuple[tuple[int, Literal["dark", "light"]], ...]
FILTERED: Views = ((390, "light"),)  # a filter shows the same parts again
ALL_WAYS: Views = ((1280, "dark"), (1280, "light"), (390, "light"), (390, "dark"))
WIDTHS = (360, 390, 768, 1280, 2560)  # from the smallest phone to the widest screen
# Only forms lead to these, or no person does.
NOT_LINKED = {
    *("assignments:end_car", "assignments:end_user", "assignments:several_cars", "assignments:several_users"),
    *(
        "accounts:sign_out",
        "accounts:customers",
        "accounts:sign_in",
        "node:live",
        "node:ready",
        "node:metrics",
        "operations:webhook",
    ),
    "components",
    *("operations:run", "operations:check", "operations:close", "operations:back"),
    *(
        "operations:pause",
        "operations:stop",
        "operations:csv",
        "fleet:group_empty",
        "assignments:access_csv",
        "assignments:mismatches_csv",
        "assignments:feed",
    ),
    *("assignments:window_check", "assignments:window_find"),
    *("fleet:select_all", "fleet:also", "fleet:move", "fleet:remove"),
    *("fleet:select_all_of", "fleet:also_of", "fleet:move_of", "fleet:remove_of", "fleet:search", "fleet:targets"),
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


def names(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    """The full names of all addresses."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern) and entry.name:
            yield f"{prefix}{entry.name}"
        elif isinstance(entry, URLResolver):
            yield from names(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)


def measure(page: Page, views: Views = ALL_WAYS) -> dict[str, Any]:
    """What is wrong with the page at hand, by what is wrong: empty if nothing is. Views: in which sizes and schemes."""
    wrong: dict[str, Any] = {}
    built = page.evaluate(STRUCTURE)
    if built != {"h1": 1, "title": True, "lang": "en", "main": 1, "twice": []}:
        wrong["built"] = built
    page.evaluate(AXE_SCRIPT)
    page.emulate_media(reduced_motion="reduce")  # motion would show colours on their way
    shown = (0, "")
    for width, scheme in views:
        if width != shown[0]:
            page.set_viewport_size({"width": width, "height": 844})
            # As tall as the page: what lies beneath the bar of a phone can be scrolled to.
            tall = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": width, "height": max(844, tall)})
        if scheme != shown[1]:
            page.emulate_media(color_scheme=scheme)
        shown = (width, scheme)
        rules = COLOURS if scheme == "dark" else ALL_RULES
        for found in page.evaluate("rules => axe.run(document, rules)", rules)["violations"]:
            wrong[f"{found['id']} {width} {scheme}"] = [node["html"][:120] for node in found["nodes"][:3]]
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        if out := page.evaluate(STICKING_OUT):
            wrong[f"sticks out at {width}"] = out[:5]
    page.set_viewport_size({"width": 1280, "height": 800})
    return wrong


@pytest.mark.first
@pytest.mark.sampled
def test_every_page_is_linked_quiet_well_built_open_to_all_and_no_wider_than_a_phone(
    page: Page, complaints: Complaints, request: pytest.FixtureRequest
) -> None:
    complaints.expect(404, 422)
    thorough = request.config.getoption("--thorough")
    wrong: dict[str, Any] = {}

    def look(page: Page, address: str) -> None:
        if found := measure(page, FILTERED if "?" in address else ALL_WAYS):
            wrong[address] = found

    seen = walk(page, look, filters=thorough)
    assert wrong == {}
    met = {
        get_resolver().resolve(shown.partition("?")[0].replace("N", "1")).view_name for shown in seen if known(shown)
    }
    # a group is reached by its tabs, and the start leads on
    assert set(names(get_resolver())) - NOT_LINKED == met - {"fleet:search"}


def known(shown: str) -> bool:
    return not shown.startswith("/nowhere/")


def test_the_banner_of_the_demo_is_as_well_built(page: Page, settings: Any) -> None:
    settings.DEMO_SIGN_IN = "coordinator@nordwind.example flinkey-demo"
    page.goto("/sign-in/")
    expect(page.locator(".banner")).to_be_visible()
    assert measure(page) == {}


def test_the_measures_can_fail(page: Page) -> None:
    page.goto("/sign-in/")
    assert measure(page) == {}
    page.evaluate("""() => {
      document.querySelector('h1').style.cssText = 'color: oklch(0.74 0 0); margin-left: 3000px';
      document.querySelector('input[type=password]').id = 'nothing-leads-here';
    }""")
    wrong = measure(page)
    assert [wrong.pop(f"sticks out at {width}")[0] for width in WIDTHS] == ["H1  Sign in"] * 5
    assert {name.partition(" ")[0] for name in wrong} == {"color-contrast", "label"}


def test_a_shape_tells_kinds_of_pages_apart() -> None:
    assert shape("http://x/cars/12/?q=a&sort=name") == "/cars/N/?q&sort"
