"""One sandbox for all tests of this folder; each test begins with a fresh yard."""

from collections.abc import Iterator

import pytest

from flinkey_admin.sandbox import Remote, Sandbox

from .caller import Caller
from .receiver import Receiver


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("yard") as running:
        yield running


@pytest.fixture
def remote(sandbox: Sandbox) -> Remote:
    remote = Remote(sandbox.url)
    remote.reset()
    return remote


@pytest.fixture
def call(sandbox: Sandbox, remote: Remote) -> Caller:
    return Caller(sandbox.url)


@pytest.fixture
def strict(sandbox: Sandbox, remote: Remote) -> Caller:
    remote.settings(strict=True)
    return Caller(sandbox.url)


@pytest.fixture
def still(remote: Remote, sandbox: Sandbox) -> Caller:
    """A caller in a sandbox whose clock stands at eight o'clock."""
    remote.freeze("2026-11-22T08:00:00Z")
    return Caller(sandbox.url)


@pytest.fixture
def receiver(remote: Remote) -> Iterator[Receiver]:
    with Receiver() as running:
        remote.settings(webhook_url=running.url, webhook_secret="geheim")
        yield running
