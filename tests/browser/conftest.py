"""The stage of the browser tests: a real Chromium before the dashboard's live server, the sandbox behind it.

Whatever the browser complains about on its console fails the test: errors of scripts, violations of the content
security policy (Chromium reports each of them there), warnings of htmx. An answer that is meant to be an error is named
beforehand with `complaints.expect`.
"""

import os
import re
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.contrib.staticfiles.views import serve
from django.core.signals import request_finished, request_started
from django.db import connections, transaction
from django.http import HttpRequest
from django_tasks.signals import task_enqueued
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Playwright,
    expect,
    sync_playwright,
)
from playwright.sync_api import Error as BrowserError

from flinkey_admin.mirror.models import Upstream
from flinkey_admin.operations import upkeep
from flinkey_admin.sandbox import Remote
from tests.browser.standing import Standing, standing
from tests.conftest import COORDINATOR, PASSWORD, Person, work_off

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 45_000  # milliseconds; several windows may be at work at once on a small machine
ARRIVAL = 45_000  # milliseconds for a page with all its files: Chromium waits up to 20 s for what it is loading already
LOOK = 0.3  # seconds between two looks of the worker for what waits; what it is asked for it does at once
expect.set_options(timeout=PATIENCE)
BAD_ANSWER = re.compile(r"^Failed to load resource: the server responded with a status of (\d+)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the browser."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@dataclass
class Complaints:
    """What the browser wrote on its console, and which bad answers the test has asked for."""

    seen: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)
    forgiven: str = ""  # a complaint with these words is meant

    def expect(self, *statuses: int) -> None:
        """The test will meet answers with these statuses."""
        self.expected.update(statuses)

    def listen(self, page: Page) -> None:
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.seen.append(f"uncaught: {error}"))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        if answer := BAD_ANSWER.match(message.text):
            self.statuses.append(int(answer[1]))
        elif not self.forgiven or self.forgiven not in message.text:
            self.seen.append(f"{message.type}: {message.text}")


@pytest.fixture(scope="session", autouse=True)
def files_are_kept() -> Iterator[None]:
    """A browser asks once for each file, as in production. Else it asks for each of them on every page again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StaticFilesHandler, "serve", _serve)
        yield


def _serve(handler: StaticFilesHandler, request: HttpRequest) -> Any:
    response = serve(request, handler.file_path(request.path), insecure=True)
    response.headers["Cache-Control"] = "max-age=3600"
    return response


@pytest.fixture(scope="session", autouse=True)
def a_click_waits_for_the_page_it_leads_to() -> Iterator[None]:
    """Playwright goes on as soon as that begins to come, without styles and scripts; a person sees it first."""
    click = Locator.click

    def click_and_see(place: Locator, **options: Any) -> None:
        click(place, **options)
        place.page.wait_for_load_state()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Locator, "click", click_and_see)
        yield


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    # Playwright keeps an event loop in this thread, in which Django would refuse to speak to its database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as running:
        yield running
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The system's Chromium; the variable CHROMIUM may name another one."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
    try:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
    except BrowserError as error:
        pytest.fail(f"No Chromium: install it, or name its path in CHROMIUM. {error}")
    yield running
    running.close()


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    kept = Complaints()
    yield kept
    assert kept.seen == []
    assert set(kept.statuses) == kept.expected


Open = Callable[..., BrowserContext]


Idle = dict[str, list[BrowserContext]]


@pytest.fixture(scope="session")
def idle() -> Idle:
    """Browsers that have forgotten whom they served, by their options; our styles and scripts they still know."""
    return defaultdict(list)


@pytest.fixture(scope="session")
def under_way() -> Iterator[set[int]]:
    """The threads of the live server that answer a request just now."""
    threads: set[int] = set()

    def begin(**_facts: Any) -> None:
        threads.add(threading.get_ident())

    def end(**_facts: Any) -> None:
        threads.discard(threading.get_ident())

    request_started.connect(begin)
    request_finished.connect(end)
    yield threads
    request_started.disconnect(begin)
    request_finished.disconnect(end)


@pytest.fixture
def open_window(
    request: pytest.FixtureRequest, browser: Browser, idle: Idle, under_way: set[int], settings: Any
) -> Iterator[Open]:
    """Opens a browser with a memory of its own; the options are those of Playwright's new_context.

    A test that does to it what nothing undoes (another clock, no network) is marked `own_browser`. What its pages ask
    for is answered before the settings and the rows of the test go, else it would tell the next one that flinkey is
    down.
    """
    alone = request.node.get_closest_marker("own_browser") is not None
    opened: list[tuple[str, BrowserContext]] = []

    def open_one(**options: Any) -> BrowserContext:
        wanted = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", "timezone_id": "Europe/Berlin"}
        kind = repr(sorted(options.items()))
        known = idle[kind] and not alone
        context = idle[kind].pop() if known else browser.new_context(**(wanted | options))
        context.set_default_timeout(PATIENCE)
        context.set_default_navigation_timeout(ARRIVAL)
        opened.append((kind, context))
        return context

    yield open_one
    for kind, context in opened:
        if alone or "storage_state" in kind:
            context.close()
        else:
            forget(context)
            idle[kind].append(context)
    until = time.monotonic() + ARRIVAL / 1000
    while under_way - {threading.get_ident()} and time.monotonic() < until:
        time.sleep(0.02)


def forget(context: BrowserContext) -> None:
    """Leaves nothing in it of what a page keeps: cookies and what scripts store; what a tab holds goes with it."""
    for page in context.pages:
        if page.url.startswith("http"):
            page.evaluate("localStorage.clear()")
        page.close()
    context.clear_cookies()


@pytest.fixture
def worker(live_server: Any) -> Iterator[None]:
    """The worker that runs changes, beside the live server."""
    over, asked = threading.Event(), threading.Event()

    def hear(**_facts: Any) -> None:
        transaction.on_commit(asked.set)

    def work() -> None:
        while not over.is_set():
            upkeep.take_up()
            work_off()
            asked.wait(LOOK)
            asked.clear()
        connections.close_all()

    task_enqueued.connect(hear)
    thread = threading.Thread(target=work)
    thread.start()
    yield
    task_enqueued.disconnect(hear)
    over.set()
    asked.set()
    thread.join()


@pytest.fixture
def page(open_window: Open, complaints: Complaints, live_server: Any, flinkey: Remote, worker: None) -> Page:
    """A window before the dashboard, nobody signed in. The fleet is `yard`, and flinkey is quick."""
    flinkey.settings(delay=0.2)
    Upstream.objects.all().delete()  # what the last page of the last test may have met after its end
    opened = open_window(base_url=live_server.url).new_page()
    complaints.listen(opened)
    return opened


@pytest.fixture(scope="session")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """The product as `make run` starts it, with the fleet `depot`. Tests share it, so each has things of its own."""
    with standing(tmp_path_factory.mktemp("run"), "depot") as running:
        yield running


@pytest.fixture
def desk(page: Page, live_server: Any) -> Page:
    """The coordinator has signed in, without a window, and sees the groups."""
    person = Person()
    person.sign_in(COORDINATOR)
    kept = [(one.key, one.value) for one in person.cookies.values()]
    page.context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in kept])
    page.goto("/groups/")
    return page


# In the page, for a page whose requests Playwright has in its hand now and then waits for ever for one of its files.
HOLD = """pattern => {
  const fetch = window.fetch, late = [];
  window.held = 0;
  window.fetch = async (address, options) => {
    const answer = await fetch(address, options);
    if (new RegExp(pattern).test(address)) {
      window.held++;
      await new Promise((go) => late.push(go));
    }
    return answer;
  };
  window.letGo = () => {
    window.fetch = fetch;
    for (const go of late) go();
  };
}"""


class Held:
    """Answers to the page at hand that are on their way until they are let go."""

    def __init__(self, page: Page, address: str) -> None:
        """address: a pattern of the addresses that they answer."""
        self.page = page
        page.evaluate(HOLD, address)

    def wait(self) -> None:
        """Until there is one."""
        while not self.page.evaluate("window.held"):
            self.page.wait_for_timeout(20)

    def let_go(self) -> None:
        """They arrive, and what becomes of them is done."""
        self.page.evaluate("window.letGo()")
        self.page.wait_for_timeout(500)


def sign_in(page: Page, email: str = COORDINATOR, *, at: str = "/sign-in/") -> None:
    """Signs in by typing, from the page at hand or from `at`."""
    if "/sign-in/" not in page.url:
        page.goto(at)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()


def members(remote: Remote, group_id: int, kind: str = "cars", customer: int = 1) -> list[int]:
    """What flinkey itself says is in a group."""
    groups = remote.state(customer)["groups"]
    found: list[int] = next(group for group in groups if group["id"] == group_id)[kind]
    return found


def tick(page: Page, *names: str) -> None:
    """Ticks the rows with these names."""
    for name in names:
        page.get_by_role("checkbox", name=f"Tick {name}", exact=True).check()
