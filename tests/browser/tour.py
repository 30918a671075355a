"""Every page of the product, found by following its links: of each kind of page and filter the first one met.

A filter is met by itself: six of them together are sixty-four pages that are built of the same parts.
"""

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Page

from tests.browser.conftest import sign_in, tick
from tests.conftest import BOTH

Visit = Callable[[Page, str], None]

# Nobody links to these: an empty group, a car and a user without anything, two addresses that lead nowhere.
BESIDE = (
    "/groups/4/",
    "/groups/4/delete/",
    "/groups/?q=nothing+like+this",
    "/cars/?q=nothing+like+this",
    "/cars/7/",
    "/users/4/",
    "/users/5/",
    "/groups/999/",
    "/nowhere/",
    "/search/?q=pool",
    "/search/?q=nothing+like+this",
    "/search/",
)


def shape(address: str) -> str:
    """What makes a page another kind of page: its path without ids, and the names in its query."""
    parts = urlsplit(address)
    path = re.sub(r"\d+", "N", parts.path)
    return f"{path}?{'&'.join(sorted(name for name, _value in parse_qsl(parts.query)))}"


def walk(page: Page, visit: Visit, *, filters: bool = True) -> set[str]:
    """Signs in and calls `visit(page, address)` on each page; returns their shapes. Met: 404 and 422.

    Without `filters` no link with a query is followed.
    """
    page.goto("/sign-in/")
    visit(page, "/sign-in/")
    sign_in(page, BOTH)
    visit(page, "/customers/")
    page.get_by_role("button", name="Nordwind Flotte GmbH").click()
    leave_traces(page)
    seen: set[str] = set()
    queue = ["/", *BESIDE]
    known = {shape("/")}
    while queue:
        address = queue.pop(0)
        page.goto(address)
        seen.add(shape(page.url))
        visit(page, address)
        found = page.evaluate("[...document.querySelectorAll('a[href]:not([download])')].map(link => link.href)")
        for link in found:
            parts = urlsplit(link)
            if parts.query and (urlsplit(page.url).query or not filters):
                continue
            if parts.netloc == urlsplit(page.url).netloc and shape(link) not in known:
                known.add(shape(link))
                queue.append(f"{parts.path}?{parts.query}" if parts.query else parts.path)
    with_errors(page, visit)
    return seen


def leave_traces(page: Page) -> None:
    """A review, a receipt, a window under way and a series, so that their pages exist."""
    page.goto("/groups/1/cars/")
    tick(page, "Pool 1", "Pool 2")
    page.get_by_role("button", name="Also add to…").click()
    page.get_by_role("radio", name="Leer").check()
    page.get_by_role("button", name="Continue to the review").click()
    page.get_by_role("button", name="Add", exact=True).click()
    page.goto("/assignments/new/?car=4&user=2&next=/cars/4/")
    page.get_by_role("button", name="Give access").click()
    page.goto("/assignments/series/new/?car=6&user=3")
    page.locator("[name=begins]").fill("22:00")
    page.locator("[name=ends]").fill("06:00")
    page.get_by_role("button", name="Continue to the review").click()
    page.locator("main").get_by_role("button", name="Give", exact=False).click()


def with_errors(page: Page, look: Visit) -> None:
    """The pages that only a form leads to."""

    def visit(page: Page, address: str) -> None:
        page.wait_for_load_state()  # a click has been answered by the first byte of the next page
        look(page, address)

    page.goto("/groups/1/cars/")
    tick(page, "Pool 3")
    visit(page, "a ticked row")
    page.get_by_role("button", name="Move to…").click()
    visit(page, "the choice of a group")
    page.get_by_role("button", name="Continue to the review").click()
    visit(page, "the choice of a group, with an error")
    page.get_by_role("radio", name="Berlin").check()
    page.get_by_role("button", name="Continue to the review").click()
    visit(page, "a review")
    page.goto("/groups/new/")
    page.get_by_label("Name").fill("hamburg")
    page.get_by_role("button", name="Create").click()
    visit(page, "a group with an error")
    page.goto("/assignments/new/")
    page.get_by_label("User").fill("nordwind")
    page.get_by_label("Car").fill("a car that nobody has")
    page.get_by_label("Until").fill("2020-01-01T12:00")
    page.get_by_role("button", name="Give access").click()
    visit(page, "an access with errors")
    page.locator("summary", has_text="How long").click()
    visit(page, "an access with its keys")
