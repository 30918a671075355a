"""The stage of every test: the sandbox as flinkey on a real port, and a cast with known rights.

The wire is swapped and nothing else: the dashboard's own client talks HTTP to the sandbox.
"""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from flinkey_admin import upstream
from flinkey_admin.sandbox import Remote, Sandbox
from tests.stages import Stages

PASSWORD = "flinkey-demo"
HEADERS = re.compile(r"hx-headers:inherited='([^']*)'")
WATCH = re.compile(r'<div id="watch"[^>]* hx-get="([^"]*)"')
COORDINATOR = "coordinator@nordwind.example"  # manages customer 1
BOTH = "both@nordwind.example"  # manages customers 1 and 2
SOUTHERNER = "sued@suedstern.example"  # manages customer 2
NOBODY = "nobody@nordwind.example"  # a right password, but no customer


def _roomy(call: Any, *args: Any) -> Any:
    return call(*args)


# Python (until 3.14) keeps the frames of a thread in pieces of 16 KB and gives a piece back to the system when it is
# empty: a loop that calls at the edge of one maps and unmaps memory at each turn, which took a third of the time of a
# run. A frame that claims half a megabyte gets a piece with as much again behind it, so no test comes to an edge.
_roomy.__code__ = _roomy.__code__.replace(co_stacksize=1 << 16)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Any:
    """Runs a test as pytest does, with room for its frames."""
    return _roomy(item.config.pluginmanager.getplugin("runner").pytest_runtest_protocol, item, nextitem)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    running = Sandbox(scenario="yard", port=0, strict=True)
    running.start()
    yield running
    upstream.transport().close()
    running.stop()


@pytest.fixture
def remote(sandbox: Sandbox, settings: Any) -> Remote:
    """The sandbox's remote control; the sandbox is as new, strict."""
    settings.FLINKEY_API_URL = sandbox.url
    control = Remote(sandbox.url)
    control.reset("yard")
    control.settings(strict=True)
    return control


@pytest.fixture
def flinkey(remote: Remote) -> Iterator[Remote]:
    """The sandbox, and the promise that nothing in the test departed from flinkey's pages."""
    yield remote
    assert remote.departures() == []


class Person(Client):
    """A browser without scripts, and who sits at it."""

    def sign_in(self, email: str, password: str = PASSWORD) -> Any:
        return self.post("/sign-in/", {"username": email, "password": password})

    def poll(self, page: Any) -> Any:
        """What an open page asks for while it is open: its news, or 204."""
        (address,) = WATCH.findall(page.content.decode())
        carried = json.loads((HEADERS.findall(page.content.decode()) or ["{}"])[0])
        return self.get(html.unescape(address), headers={"HX-Request": "true", **carried})

    def look(self, address: str) -> Any:
        """The page once it has caught up with flinkey, as somebody with scripts sees it after a moment."""
        path, _mark, query = address.partition("?")
        page = self.get(f"{path}?{query}&fresh=1" if query else f"{path}?fresh=1", follow=True)
        while page.status_code == 200 and self.poll(page).headers.get("HX-Trigger") == "again":
            page = self.get(address)
        return self.get(address)


@pytest.fixture
def visitor(db: None, remote: Remote) -> Person:
    """Nobody yet."""
    return Person()


@pytest.fixture
def stages(db: None, remote: Remote, sandbox: Sandbox) -> Stages:
    """The stages of the test."""
    return Stages(sandbox)


@pytest.fixture
def coordinator(visitor: Person, stages: Stages) -> Person:
    """Signed in, for customer 1."""
    stages.set(COORDINATOR, lambda: _signed_in(visitor, COORDINATOR), visitor)
    return visitor


@pytest.fixture
def southerner(stages: Stages) -> Person:
    """Signed in, for customer 2, whose ids are the same as those of customer 1."""
    person = Person()
    stages.set(SOUTHERNER, lambda: _signed_in(person, SOUTHERNER), person)
    return person


def _signed_in(person: Person, email: str) -> None:
    assert person.sign_in(email).status_code == 302
