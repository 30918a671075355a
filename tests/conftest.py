"""The stage of every test: the sandbox as flinkey on a real port, and a cast with known rights.

The wire is swapped and nothing else: the dashboard's own client talks HTTP to the sandbox.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from flinkey_admin import upstream
from flinkey_admin.sandbox import Remote, Sandbox

PASSWORD = "flinkey-demo"
COORDINATOR = "coordinator@nordwind.example"  # manages customer 1
BOTH = "both@nordwind.example"  # manages customers 1 and 2
SOUTHERNER = "sued@suedstern.example"  # manages customer 2
NOBODY = "nobody@nordwind.example"  # a right password, but no customer


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


@pytest.fixture
def visitor(db: None, remote: Remote) -> Person:
    """Nobody yet."""
    return Person()


@pytest.fixture
def coordinator(visitor: Person) -> Person:
    """Signed in, for customer 1."""
    assert visitor.sign_in(COORDINATOR).status_code == 302
    return visitor


@pytest.fixture
def southerner(db: None, remote: Remote) -> Person:
    """Signed in, for customer 2, whose ids are the same as those of customer 1."""
    person = Person()
    assert person.sign_in(SOUTHERNER).status_code == 302
    return person
