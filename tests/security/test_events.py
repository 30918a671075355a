"""The log of what tells of an attack: who came and went, who was refused what, with the number of the person."""

import datetime as dt
import io
from typing import Any

import time_machine
from axes.models import AccessFailureLog, AccessLog
from django.test import Client
from django.utils import timezone

from flinkey_admin.accounts.models import Manager
from flinkey_admin.operations.models import Operation
from flinkey_admin.sandbox import Remote
from tests.conftest import BOTH, COORDINATOR, NOBODY, PASSWORD, Person
from tests.node.test_logs import lines, log

__all__ = ["log"]


def said(log: io.StringIO) -> list[dict[str, Any]]:
    """What the log says of security; afterwards it is empty."""
    found = [line for line in lines(log) if line["logger"] == "flinkey_admin.security"]
    log.truncate(0)
    log.seek(0)
    return found


def events(log: io.StringIO) -> list[tuple[str, str]]:
    return [(line["level"], line["message"]) for line in said(log)]


def by(log: io.StringIO) -> list[tuple[str, int | None]]:
    """With the number of who asked."""
    return [(line["message"], line["manager"]) for line in said(log)]


def number(email: str) -> int:
    return Manager.objects.get(email=email).pk


def test_who_came_and_went(visitor: Person, log: io.StringIO) -> None:
    visitor.sign_in(COORDINATOR, "wrong")
    visitor.sign_in(COORDINATOR)
    me = number(COORDINATOR)
    visitor.sign_in("stranger@elsewhere.example", "wrong")
    visitor.post("/sign-out/")
    visitor.sign_in(COORDINATOR, "wrong")
    visitor.sign_in(NOBODY)
    assert events(log) == [
        ("WARNING", "sign-in refused, wrong password: nobody known here"),
        ("INFO", f"signed in: manager {me}"),
        ("WARNING", "sign-in refused, wrong password: nobody known here"),
        ("INFO", f"signed out, by the person: manager {me}"),
        ("WARNING", f"sign-in refused, wrong password: manager {me}"),
        ("WARNING", f"sign-in refused, no customer: manager {number(NOBODY)}"),
    ]


def test_a_lock(coordinator: Person, log: io.StringIO) -> None:
    me = number(COORDINATOR)
    for _try in range(6):
        Person().sign_in(COORDINATOR, "wrong")
    wrong, locked = (f"sign-in refused, {why}: manager {me}" for why in ("wrong password", "locked"))
    assert [message for _level, message in events(log)] == [wrong] * 4 + [locked] * 2


def test_a_session_that_is_over_or_is_ended(coordinator: Person, remote: Remote, log: io.StringIO) -> None:
    me, other = number(COORDINATOR), Person()
    other.sign_in(COORDINATOR)
    said(log)
    coordinator.post("/settings/sessions/", {"others": "1", "password": PASSWORD})
    assert by(log) == [(f"signed out elsewhere, by the person: manager {me}, 1 sessions", me)]
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=50), tick=True):
        coordinator.get("/groups/")
    assert by(log) == [(f"signed out, the session was over: manager {me}", me)]


def test_failures_stay_after_a_success(visitor: Person) -> None:
    for password in ("wrong", "wrong too"):
        visitor.sign_in(COORDINATOR, password)
    visitor.sign_in(COORDINATOR)
    assert list(AccessFailureLog.objects.values_list("username", "ip_address")) == [(COORDINATOR, "127.0.0.1")] * 2
    assert AccessLog.objects.count() == 1


def test_who_was_refused_what(coordinator: Person, southerner: Person, log: io.StringIO) -> None:
    me, stranger = number(COORDINATOR), number("sued@suedstern.example")
    coordinator.post("/groups/1/cars/move/", {"id": ["1"], "to": "2"})
    change = Operation.objects.latest("pk").pk
    said(log)
    southerner.get(f"/operations/{change}/")
    southerner.post(f"/operations/{change}/run/")
    coordinator.get("/cars/999/")
    coordinator.post("/customers/", {"customer": "2"})
    assert by(log) == [
        (f"refused, not there for this person: operations:detail {change}", stranger),
        (f"refused, not there for this person: operations:run {change}", stranger),
        ("refused, not there for this person: fleet:car_detail 999", me),
        ("refused, not a customer of this person", me),
    ]


def test_who_acts_for_whom(visitor: Person, log: io.StringIO) -> None:
    visitor.sign_in(BOTH)
    said(log)
    visitor.post("/customers/", {"customer": "2"})
    assert by(log) == [("acts for customer 2", number(BOTH))]


def test_tries_to_get_round_something(db: None, remote: Remote, settings: Any, log: io.StringIO) -> None:
    settings.METRICS_TOKEN = "m" * 20
    stranger = Client(enforce_csrf_checks=True)
    stranger.post("/sign-in/", {}, headers={"Origin": "https://evil.example"})
    stranger.post("/webhooks/flinkey/assignments/", "{}", content_type="application/json", headers={"secret": "x"})
    stranger.get("/metrics", headers={"Authorization": "Bearer x"})
    for guess in range(21):
        stranger.get(f"/calendar/guess-{guess}.ics")
    assert events(log) == [
        ("WARNING", "refused, a form of another site or of another time"),
        ("WARNING", "refused, a message with a wrong secret"),
        ("WARNING", "refused, figures without the right token"),
        *[("WARNING", "refused, an unknown calendar")] * 20,
        ("WARNING", "locked, calendars were guessed at: 20 times within 600 s"),
    ]
