"""The stage of the changes: a clock that stands until a test moves it."""

from collections.abc import Iterator

import pytest
import time_machine

from flinkey_admin.accounts.models import Manager
from flinkey_admin.accounts.scoping import Scope, scope_for
from flinkey_admin.sandbox import Remote
from tests.conftest import COORDINATOR, Person
from tests.operations.stage import NOW, Clock


@pytest.fixture
def clock(remote: Remote) -> Iterator[Clock]:
    """There before anybody signs in, since a sign-in belongs to its time."""
    with time_machine.travel(NOW, tick=False) as traveller:
        remote.reset("yard")
        remote.settings(strict=True)
        yield Clock(traveller, remote)
        remote.reset("yard")


@pytest.fixture
def scope(coordinator: Person) -> Scope:
    """The coordinator for customer 1, as services take it."""
    found = scope_for(Manager.objects.get(email=COORDINATOR), "1")
    assert found
    return found
