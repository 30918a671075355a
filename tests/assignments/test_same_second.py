"""Two managers give the same car in the same second: flinkey takes both, so whoever comes second is asked first."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from flinkey_admin.operations.models import Operation, Step
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.operations.windows import MARK

GIVE = {"car": "2", "user": "5", "start": "2030-02-01T08:00", "end": "2030-02-01T18:00"}
CHANGE = {"car": "2", "user": "2", "start": "2030-02-01T09:00", "end": "2030-02-01T20:00"}


class Together:
    """Holds each of two up for a moment where it stores its plan: both have looked before either has planned."""

    def __init__(self) -> None:
        self.gate = threading.Barrier(2)

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith('INSERT INTO "operations_operation"'):
            with suppress(threading.BrokenBarrierError):
                self.gate.wait(1)
        return execute(sql, *rest)

    def post(self, person: Person, path: str, form: dict[str, str]) -> Any:
        browser = Client()  # without the worker of a Person, of which two would take each other's work
        browser.cookies = person.cookies
        try:
            with connection.execute_wrapper(self):
                return browser.post(path, form)
        finally:
            connection.close()


@pytest.mark.sampled(1)
@pytest.mark.parametrize("second", ["gives", "changes", "gives to another time"])
@pytest.mark.django_db(transaction=True)
def test_who_comes_second_is_asked_first(coordinator: Person, anna: Person, flinkey: Remote, second: str) -> None:
    path, form = {
        "gives": ("/assignments/new/", GIVE | {"user": "2"}),
        "changes": ("/assignments/2/", CHANGE),
        "gives to another time": (
            "/assignments/new/",
            GIVE | {"user": "2", "start": "2030-02-02T08:00", "end": "2030-02-02T18:00"},
        ),
    }[second]
    together = Together()
    flinkey.settings(latency=0.3)  # who comes second asks before flinkey has answered the first
    with ThreadPoolExecutor(2) as pool:
        sent = [
            pool.submit(together.post, coordinator, "/assignments/new/", GIVE),
            pool.submit(together.post, anna, path, form),
        ]
        answers = [one.result(30) for one in sent]
    told = [one for one in answers if one.status_code == 422]
    if second == "gives to another time":
        assert told == [], "these two have nothing to do with each other"
        return
    (asked,) = told
    text = asked.content.decode()
    assert "At the same time this car may already be opened by:" in text
    assert MARK.findall(text)
    assert Operation.objects.count() == Step.objects.count() == 1
