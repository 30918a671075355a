"""500 messages that are not flinkey's, or not about what is open: the journal stays as it is."""

import json
from typing import Any

import pytest
from django.test import Client

from flinkey_admin.operations.models import Operation, Step, Webhook
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.operations.stage import Clock
from tests.operations.windows import SECRET, SHARED, created, give, send, told

EVENTS = ["", "created", "updated", "deleted"]
NOT_OURS = [None, "", SECRET.upper(), SECRET[:-1], f"{SECRET}x", f" {SECRET}x", "Bearer x", "x" * 10_000, "ß€", "0"]
ODD: list[bytes] = [
    *(b"", b"null", b"[]", b"0", b'"x"', b"{", b"{}", b"\xff\xfe{}", b"\0" * 100, b"[" * 50_000, b'{"a":' * 10_000),
    *(b"NaN", b"Infinity", b"1e999", b'{"customerId": NaN}', b"\xef\xbb\xbf{}", b"true", b"<xml/>", b"a=b&c=d"),
]
IDS: list[Any] = [2, "2", 99, "99", None, "", [], {}, True, 1.5, -1, 10**30, "1 OR 1=1", "1\0", "x" * 3000]


@pytest.fixture
def journal(clock: Clock, coordinator: Person, flinkey: Remote) -> list[Any]:
    """A window that waits to be confirmed, and the journal as it stands."""
    flinkey.settings(delay=1000)
    give(coordinator)
    return rows()


def rows() -> list[Any]:
    return [list(model._default_manager.order_by("pk").values()) for model in (Operation, Step)]


def test_three_hundred_with_a_wrong_secret_are_not_even_kept(journal: list[Any]) -> None:
    bodies = [created(), created(operationSucceeded=False), told(1), told(2), told(None), {"carId": 2}, {}, []]
    answers = [send(body, event, secret) for body in bodies for event in EVENTS for secret in NOT_OURS]
    assert len(answers) == 320
    assert {answer.status_code for answer in answers} == {403}
    assert Webhook.objects.count() == 0
    assert rows() == journal


def test_thirty_by_other_methods(journal: list[Any]) -> None:
    browser, body = Client(), json.dumps(created())
    for event in EVENTS:
        address = f"{SHARED}{event}/" if event else SHARED
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
            answer = browser.generic(method, address, body, headers={"secret": SECRET})
            assert answer.status_code == 405, (method, address)
    assert Webhook.objects.count() == 0
    assert rows() == journal


def test_too_large_ones(journal: list[Any]) -> None:
    large = [json.dumps(created(more="x" * size)).encode() for size in (66_000, 200_000, 2_000_000)]
    assert [send(body, event).status_code for body in large for event in EVENTS] == [413] * 12
    assert Webhook.objects.count() == 0
    assert rows() == journal


def test_a_hundred_and_fifty_of_odd_shape_about_others_or_sent_again(journal: list[Any]) -> None:
    """With the right secret: what somebody could send who has it. Only what is open here for customer 1 is changed."""
    bodies: list[Any] = [*ODD, *(created(customerId=one) for one in IDS), *(told(1, customerId=one) for one in IDS)]
    bodies += [
        created(carId="2\0"),
        created(userId=None),
        created(start="never"),
        created(start=[1], end={}),
        told(None, assignmentId={}),
    ]
    answers = [send(body, event) for body in bodies for event in EVENTS[:3]]
    answers += [send(body) for body in bodies[:20]]
    assert len(answers) >= 150
    assert {answer.status_code for answer in answers} == {204}
    assert rows() == journal
    assert Webhook.objects.filter(step__isnull=False).count() == 0


def test_the_same_message_unforged_does_count(journal: list[Any]) -> None:
    """So that the tests above are about something."""
    assert send(created()).status_code == 204
    assert rows() != journal
