"""A stage that is put back holds what it was built of, and nothing that another test did before it was built."""

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction

from flinkey_admin.sandbox import Remote
from tests.operations.stage import Clock
from tests.stages import Stages

pytestmark = pytest.mark.django_db(transaction=True)


def session(key: str) -> None:
    with transaction.atomic():
        Session.objects.create(session_key=key, session_data="", expire_date="2027-01-01T00:00:00Z")


def play(sandbox: Any, between: str = "") -> set[str]:
    """Two stages, and something between them."""
    Session.objects.all().delete()
    stages = Stages(sandbox)
    stages.set("first", lambda: session("first"))
    if between:
        session(between)
    stages.set("second", lambda: session("second"))
    return set(Session.objects.values_list("session_key", flat=True))


def test_what_happened_between_two_stages_stays_with_whoever_did_it(clock: Clock, sandbox: Any) -> None:
    assert play(sandbox, "between") == {"first", "between", "second"}
    assert play(sandbox) == {"first", "second"}
    assert play(sandbox, "between") == {"first", "between", "second"}


def test_what_it_changed_at_flinkey_is_put_back_too(clock: Clock, flinkey: Remote, sandbox: Any) -> None:
    built: list[int] = []
    before = flinkey.snapshot()
    for _time in range(2):
        flinkey.restore(before)
        Stages(sandbox).set("a group", lambda: built.append(flinkey.change("create_group", name="Kiel")))
        assert [one["id"] for one in flinkey.state(1)["groups"] if one["name"] == "Kiel"] == built
