"""What a device asks for: more contrast, its own few colours, less motion."""

from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

PAGES = ("/", "/cars/?tick=1", "/timeline/", "/assignments/new/", "/operations/")
SEVEN_TO_ONE = {"runOnly": ["color-contrast-enhanced"], "resultTypes": ["violations"]}
# Of everything on the page, before and after it, what moves: name, milliseconds, how often.
MOTION = """() => document.getAnimations().map(one => {
  const {duration, iterations} = one.effect.getComputedTiming();
  return [one.animationName ?? one.transitionProperty, duration, iterations];
})"""
TRANSITIONS = """() => [...document.querySelectorAll('*')].flatMap(box => ['', '::before', '::after'].map(
  part => getComputedStyle(box, part).transitionDuration)).filter(time => time !== '0s')"""
EDGES = "boxes => boxes.map(box => getComputedStyle(box).borderTopWidth + ' ' + getComputedStyle(box).borderTopStyle)"
OUTLINE = "box => getComputedStyle(box).outlineStyle"


def faint(page: Page) -> list[Any]:
    """The words with less than 7:1."""
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate("rules => axe.run(document, rules)", SEVEN_TO_ONE)["violations"]
    return [node["html"][:120] for one in found for node in one["nodes"]]


def test_more_contrast_is_seven_to_one_in_both_schemes(desk: Page) -> None:
    desk.emulate_media(reduced_motion="reduce")
    assert faint(desk), "without the wish there is less, or this would show nothing"
    wrong = {}
    for path in PAGES:
        desk.goto(path)
        for scheme in ("light", "dark"):
            desk.emulate_media(contrast="more", color_scheme=scheme)
            if found := faint(desk):
                wrong[path, scheme] = found
    assert wrong == {}


def test_without_colours_what_is_on_is_framed_and_a_state_has_an_edge(desk: Page) -> None:
    desk.emulate_media(forced_colors="active")
    desk.goto("/timeline/")
    links = desk.locator(".switch a")
    assert {link.get_attribute("aria-current"): link.evaluate(OUTLINE) for link in links.all()} == {
        None: "none",
        "true": "solid",
    }
    now = desk.locator(".line").evaluate("line => getComputedStyle(line).backgroundColor")
    assert now != desk.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    desk.goto("/cars/?tick=1")
    expect(desk.locator(".state:not(.none)").first).to_be_visible()
    assert set(desk.locator(".state:not(.none)").evaluate_all(EDGES)) == {"1px solid"}


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_whoever_wants_no_motion_sees_none(desk: Page, motion: Any) -> None:
    desk.emulate_media(reduced_motion=motion)
    desk.goto("/cars/")
    expect(desk.locator("#age")).to_be_visible()
    desk.evaluate("document.body.dataset.busy = ''; document.querySelector('.age a').classList.add('htmx-request')")
    moves = desk.evaluate(MOTION)
    if motion == "reduce":
        assert desk.evaluate(TRANSITIONS) == []
        assert [one for one in moves if one[1] > 1 or one[2] != 1] == []
    else:
        assert {one[0] for one in moves} >= {"turn", "pass"}
        assert desk.evaluate(TRANSITIONS)
