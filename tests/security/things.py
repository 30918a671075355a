"""Something of each kind that an address may be about, so that whatever reaches it could change something."""

from typing import Any

from django.test import Client

from flinkey_admin.accounts.models import Manager
from flinkey_admin.accounts.scoping import Scope, scope_for
from flinkey_admin.assignments.feeds import switch_on
from flinkey_admin.assignments.models import Feed
from flinkey_admin.operations.models import Hold, Operation
from flinkey_admin.sandbox import Remote
from tests.assignments.test_series_pages import given
from tests.conftest import COORDINATOR, Person
from tests.operations.stage import Clock, press
from tests.operations.windows import give

Ids = dict[str, list[Any]]


def furnish(clock: Clock, person: Person, remote: Remote) -> Ids:
    """All of it made by using the product. The ids, by the names that the parts of addresses have."""
    Person().sign_in(COORDINATOR)  # the same person, elsewhere
    person.post("/handover/", {"text": "The van is at the garage."})
    person.post("/groups/1/cars/select/")
    person.post("/groups/new/", {"name": "Lübeck"})
    done = Operation.objects.latest("pk")
    series = given(clock, person)
    remote.fault("assignCarToGroup", "status", status=400, times=1)
    press(person, _plan(person, "cars"), "run")
    half = Operation.objects.latest("pk")
    remote.settings(delay=1000)
    waiting = give(person).operation
    _plan(person, "cars")
    plan = Operation.objects.latest("pk")
    queued = _queued(person)
    secret = switch_on(_scope(), Feed.Kind.CARS, 1)
    person.get(f"/calendar/{secret}.ics")  # to the minute it is noted when that was last done
    return {
        "operation_id": [one.pk for one in (plan, half, queued, waiting, done)],
        "series_id": [series.pk],
        "secret": [secret],
    }


def _scope() -> Scope:
    found = scope_for(Manager.objects.get(email=COORDINATOR), "1")
    assert found
    return found


def _plan(person: Person, kind: str) -> Any:
    return person.post(f"/groups/1/{kind}/move/", {"id": ["1", "2"], "to": "2"})


def _queued(person: Person) -> Operation:
    """A change that has its yes, while the worker has not come to it."""
    _plan(person, "users")
    operation = Operation.objects.latest("pk")
    hasty = Client()
    hasty.cookies = person.cookies
    hasty.post(f"/operations/{operation.pk}/run/")
    operation.refresh_from_db()
    assert operation.hold == Hold.QUEUED
    return operation
