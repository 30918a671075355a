"""The log: every line is JSON with who wrote it and what it belongs to, and no line names anybody."""

import copy
import io
import json
import logging
import logging.config
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.conf import settings as django_settings

from flinkey_admin.operations.models import Operation, Step
from flinkey_admin.sandbox import API_KEY, Remote, Sandbox
from flinkey_admin.web import logs
from tests.conftest import BOTH, COORDINATOR, PASSWORD, Person
from tests.mirror.stage import caught_up
from tests.operations.windows import created, give, remove, send


def test_it_is_written_to_standard_error_alone() -> None:
    config: dict[str, Any] = django_settings.LOGGING
    assert [(one["class"], one.get("stream", "")) for one in config["handlers"].values()] == [
        ("logging.StreamHandler", "")
    ]


@contextmanager
def written(form: str) -> Iterator[io.StringIO]:
    """All that the product would write, by its own filters and formatter, as this LOG_FORMAT does."""
    config: dict[str, Any] = copy.deepcopy(django_settings.LOGGING)
    parts = logging.config.DictConfigurator(config)
    handler = logging.StreamHandler(stream := io.StringIO())
    handler.setFormatter(parts.configure_formatter(config["formatters"][form]))
    for name in config["handlers"]["console"]["filters"]:
        handler.addFilter(parts.configure_filter(config["filters"][name]))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield stream
    finally:
        root.removeHandler(handler)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    with written("json") as stream:
        yield stream


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def a_day(person: Person, remote: Remote) -> None:
    """Signing in, rightly and wrongly, searching, moving, giving and ending access; much of it goes wrong."""
    Person().post("/sign-in/", {"username": BOTH, "password": "a wrong password"})
    for path in (
        "/search/?q=Müller",
        "/users/?q=joerg.mueller%40nordwind.example",
        "/cars/?q=HH-FK 1234",
        "/users/99/",
        "/x/",
    ):
        person.get(path)
    person.post("/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"})
    remote.fault("assignCarToGroup", "status", status=500, times=1)
    person.post(f"/operations/{Operation.objects.latest('pk').pk}/run/")
    give(person)
    remote.fault(
        "createAssignment", "status", status=400, body="User joerg.mueller@nordwind.example has no box", times=1
    )
    give(person, start="2026-12-01T08:00", end="2026-12-01T09:00")
    remote.fault("deleteAssignment", "reset-after", times=1)
    remove(person)
    remote.fault("getUsers", "status", status=400, body="ayse.oeztuerk@nordwind.example is not known", times=9)
    caught_up(person, "/users/")
    send(created(userId=1, errorMessage="joerg.mueller@nordwind.example"))
    send({"odd": "joerg.mueller@nordwind.example"})
    person.get("/calendar/a-secret-of-somebody.ics")
    person.get("/groups/", headers={"host": "joerg.mueller@nordwind.example"})
    person.post("/sign-out/")


def test_no_line_names_anybody(
    log: io.StringIO, coordinator: Person, remote: Remote, sandbox: Sandbox, settings: Any
) -> None:
    a_day(coordinator, remote)
    try:
        int("a fault of ours: ayse.oeztuerk@nordwind.example, Bearer abc.def")
    except ValueError:
        logging.getLogger("flinkey_admin").exception("unexpected")
    assert "a fault of ours" in log.getvalue()
    text = log.getvalue()
    assert len(lines(log)) > 30, "a day has much to say"
    state = remote.state(1)
    words = [PASSWORD, "a wrong password", API_KEY, settings.SECRET_KEY, *settings.TOKEN_KEYS, "test-secret"]
    words += ["a-secret-of-somebody", "abc.def", COORDINATOR, BOTH, *sandbox.sim.tokens]
    for user in state["users"]:
        words += [user["emailAddress"], *(name for name in (user["userData"] or {}).values() if name)]
    words += [plate for car in state["cars"] if (plate := car["licensePlate"])] + ["Nordwind", "Müller", "M%C3%BCller"]
    found = {word for word in words if word.casefold() in text.casefold() or json.dumps(word)[1:-1] in text}
    assert found == set()


def test_every_line_says_who_and_what_it_belongs_to(log: io.StringIO, coordinator: Person, remote: Remote) -> None:
    a_day(coordinator, remote)
    for line in lines(log):
        assert {"time", "level", "logger", "message", "reference", "manager", "operation", "node", "role"} <= set(line)
        assert line["time"].endswith("+00:00")
    moves = [one for one in lines(log) if one["message"].startswith("assignCarToGroup")]
    move = Step.objects.filter(verb="add").latest("pk").operation_id
    assert {one["operation"] for one in moves} == {move}
    asked = [one for one in lines(log) if one["message"].startswith("createAssignment")]
    assert {one["operation"] for one in asked} <= set(Operation.objects.values_list("pk", flat=True))
    assert all(len(one["reference"]) == 8 for one in asked), "the number that the person saw"
    assert {one["operation"] for one in lines(log) if one["message"].startswith("getToken")} == {None}


# As it is read by people ---------------------------------------------------------------------------------------------

FORGED = "x\n2026-11-27T08:00:00.000Z INFO flinkey_admin.security [0A1B2C3D] [1] signed in: manager 1"
BEGINS = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?:INFO|WARNING|ERROR) [\w.]+ \[(?:[0-9A-F]{8}|-)\] \[(?:\d+|None)\] "
)


def test_nobody_forges_a_line_or_moves_a_terminal_s_cursor(
    coordinator: Person, remote: Remote, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    with written("line") as stream:
        for words in (FORGED, FORGED.replace("\n", "\r\n"), FORGED.replace("\n", "\u2028"), "\x1b[2J\x9b2J\u202e"):
            coordinator.get(f"/cars/{quote(words)}/")
            coordinator.get("/cars/", {"q": words})
            coordinator.get("/groups/", headers={"host": words})
            coordinator.get("/groups/", headers={"x-forwarded-for": words, "user-agent": words})
            Person().post("/sign-in/", {"username": words, "password": words})
            remote.fault("getCars", "status", status=400, body=words, times=9)
            coordinator.get("/cars/?fresh=1")
            coordinator.post("/groups/new/", {"name": words})
            logging.getLogger("flinkey_admin").warning("words of others: %s", words)
            try:
                int(words)
            except ValueError:
                logging.getLogger("flinkey_admin").exception("unexpected")
    text = stream.getvalue()
    begun = [line for line in text.split("\n") if line and not line.startswith("    ")]
    assert len(begun) == len(caplog.records) > 20
    assert [line for line in begun if not BEGINS.match(line)] == []
    assert set(re.findall(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", text)) == {"\n"}
    assert "signed in: manager 1" in text, "it stands there, and not as a line of its own"


def test_the_time_is_that_of_the_world(settings: Any) -> None:
    with written("line") as stream, time_machine.travel("2026-07-01T12:00:00+02:00", tick=False):
        logging.getLogger("flinkey_admin").warning("noon in Berlin")
    assert stream.getvalue().startswith("2026-07-01T10:00:00.000Z WARNING flinkey_admin [-] [None] noon")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/usr/bin/gunicorn", "--bind", "x", "flinkey_admin.wsgi"], "web"),
        (["/x/gunicorn/__main__.py", "flinkey_admin.wsgi"], "web"),
        (["manage.py", "work", "--interval", "1"], "worker runs"),
        (["manage.py", "db_worker", "--queue-name", "sweep"], "worker sweep"),
        (["manage.py", "backup", "x.zip"], "backup"),
        (["/usr/bin/flinkey-admin", "work", "--queue-name", "default"], "worker default"),
        ([""], "web"),
    ],
)
def test_the_role_is_read_off_the_command(words: list[str], said: str) -> None:
    assert logs.role(words) == said
