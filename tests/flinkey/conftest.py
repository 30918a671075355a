"""A strict sandbox for the whole run, started anew for each test, and clients for its manager."""

from collections.abc import Iterator

import pytest

from flinkey_admin.flinkey import Flinkey, Token, Transport
from flinkey_admin.sandbox import API_KEY, Remote, Sandbox

USERNAME, PASSWORD = "coordinator@nordwind.example", "flinkey-demo"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The server."""
    sandbox = Sandbox(scenario="yard", port=0, strict=True)
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def remote(sandbox: Sandbox) -> Remote:
    """Its remote control, everything back at the start, strict."""
    remote = Remote(sandbox.url)
    remote.reset()
    remote.settings(strict=True)
    remote.freeze()
    return remote


@pytest.fixture
def transport(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Transport]:
    """A transport to it, with a short patience where the answer is slow."""
    is_slow = hasattr(request.node, "callspec") and request.node.callspec.params.get("fault") == "slow"
    transport = Transport(sandbox.url, API_KEY, timeout=1.0 if is_slow else 30.0)
    yield transport
    transport.close()


@pytest.fixture
def token(remote: Remote, transport: Transport) -> Token:
    """Signed in as the manager of customer 1."""
    return Flinkey(transport).auth.token(USERNAME, PASSWORD)


@pytest.fixture
def flinkey(transport: Transport, token: Token) -> Flinkey:
    """The client of the manager of customer 1."""
    return Flinkey(transport, token, 1)
