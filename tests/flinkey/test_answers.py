"""Every status and sentence of the pages, and what proxies put in their place, as named errors."""

import json
import logging
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from urllib.parse import quote, quote_plus

import pytest

from flinkey_admin.flinkey import Flinkey, Transport, errors

from .wires import Wire, answer

KEY, TOKEN, PASSWORD = "the-api-key", "the-token", 'p&ss "wörd" <1>'
HTML = b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"
KEY_TEXT = "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription."
TOKEN_TEXT = "Unauthorized. Access token is missing or invalid."
PROBLEM = {
    "type": "https://tools.ietf.org/html/rfc7231#section-6.5.13",
    "title": "Unsupported Media Type",
    "status": "415",
    "traceId": "x",
}


@contextmanager
def answered(status: int, body: object = b"", **headers: str) -> Iterator[Flinkey]:
    """A client whose every call gets this answer."""
    with Wire(answer(status, body, **headers)) as wire:
        door = Transport(wire.url, KEY)
        yield Flinkey(door, TOKEN, 1)
        door.close()


def read_error(status: int, body: object = b"", **headers: str) -> errors.FlinkeyError:
    with answered(status, body, **headers) as flinkey, pytest.raises(errors.FlinkeyError) as caught:
        flinkey.groups.list()
    return caught.value


def write_error(status: int, body: object = b"", **headers: str) -> errors.FlinkeyError:
    with answered(status, body, **headers) as flinkey, pytest.raises(errors.FlinkeyError) as caught:
        flinkey.groups.assign_car(1, 2)
    return caught.value


def sign_in_error(status: int, body: object = b"", **headers: str) -> errors.FlinkeyError:
    with answered(status, body, **headers) as flinkey, pytest.raises(errors.FlinkeyError) as caught:
        flinkey.auth.token("jörg@nordwind.example", PASSWORD)
    return caught.value


NOT_FOUND = {
    "Unable to find a manager for the given OAuth ID claim data.": "manager",
    "Could not find the group with the given Id.": "group",
    "Could not find group with the given Id.": "group",
    "No group can be found for this groupId that is assigned to this customerId.": "group",
    "Could not find car with the given Id.": "car",
    "Could not find user with the given Id.": "user",
    "Could not find service with the given Id.": "service",
    "Could not find product with the given Id.": "product",
    "The car with the given Id is not assigned to the group with the given Id.": "member",
    "The user with the given Id is not assigned to the group with the given Id.": "member",
    "The service with the given Id is not assigned to the group with the given Id.": "member",
    "The product with the given Id is not assigned to the group with the given Id.": "member",
    "Unable to find an assignment for the given assignmentId.": "assignment",
    "Unable to find a car for the given carId which is assigned to the given customerId.": "car",
    "Unable to find an user for the given userId which is assigned to the given customerId.": "user",
    "Resource not found": "unknown",
    "": "unknown",
}
RELATIONS = (
    "Could not delete group because of existing relations. Please delete all relations to the group and try again."
)
CONFLICTS = {
    "A group with the same name already exists.": "name",
    RELATIONS: "relations",
    "The car with the given Id is already assigned to the group with the given Id.": "member",
    "The user with the given Id is already assigned to the group with the given Id.": "member",
    "The servie with the given Id is already assigned to the group with the given Id.": "member",
    "The product with the given Id is already assigned to the group with the given Id.": "member",
    "Something else.": "unknown",
}


def shapes(text: str) -> list[object]:
    return [
        text.encode(),
        text,
        {"message": text},
        {"statusCode": 404, "title": text},
        f" {text}\r\n".encode(),
    ]


@pytest.mark.parametrize(("text", "missing"), NOT_FOUND.items())
@pytest.mark.parametrize("shape", range(5))
def test_what_is_missing(text: str, missing: str, shape: int) -> None:
    error = write_error(404, shapes(text)[shape])

    assert isinstance(error, errors.NotFound)
    assert (error.missing, error.status, error.repeatable) == (missing, 404, False)


@pytest.mark.parametrize(("text", "reason"), CONFLICTS.items())
@pytest.mark.parametrize("shape", range(5))
def test_why_there_is_a_conflict(text: str, reason: str, shape: int) -> None:
    error = write_error(409, shapes(text)[shape])

    assert isinstance(error, errors.Conflict)
    assert (error.reason, error.operation, error.method, error.path) == (
        reason,
        "assignCarToGroup",
        "PUT",
        "/groups/1/cars",
    )


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"statusCode": 401, "message": KEY_TEXT}, "BadApiKey"),
        ({"message": "Access denied due to missing subscription key. Make sure to …"}, "BadApiKey"),
        (KEY_TEXT, "BadApiKey"),
        ({"statusCode": 401, "message": TOKEN_TEXT}, "Unauthorized"),
        ({"error": "nothing known"}, "Unauthorized"),
        (b"", "Unauthorized"),
        (b"{", "Unauthorized"),
        ([["deep"]], "Unauthorized"),
    ],
)
def test_a_bad_key_and_a_dead_token_are_two_things(body: object, name: str) -> None:
    signed_in = "SignInRefused" if name == "Unauthorized" else name

    assert [type(read_error(401, body)).__name__, type(write_error(401, body)).__name__] == [name, name]
    assert type(sign_in_error(401, body)).__name__ == signed_in


@pytest.mark.parametrize(
    ("status", "body", "read", "write", "sign_in"),
    [
        (400, b"Could not create group. No group name given.", "Rejected", "Rejected", "SignInRefused"),
        (400, {"error": "invalid_grant"}, "Rejected", "Rejected", "SignInRefused"),
        (403, b"", "Rejected", "Rejected", "Rejected"),
        (415, PROBLEM, "Rejected", "Rejected", "Rejected"),
        (418, {"title": "Teapot"}, "Rejected", "Rejected", "Rejected"),
        (429, {"status": "429", "message": "x"}, "RateLimited", "RateLimited", "RateLimited"),
        (429, HTML, "RateLimited", "RateLimited", "RateLimited"),
        (500, b"Internal server error.", "Unavailable", "OutcomeUnknown", "Unavailable"),
        (502, HTML, "Unavailable", "OutcomeUnknown", "Unavailable"),
        (503, b"", "Unavailable", "OutcomeUnknown", "Unavailable"),
        (403, HTML, "Unavailable", "OutcomeUnknown", "Unavailable"),
        (404, HTML, "Unavailable", "OutcomeUnknown", "Unavailable"),
        (302, b"", "Unavailable", "OutcomeUnknown", "Unavailable"),
        (200, HTML, "Unavailable", "OutcomeUnknown", "Unavailable"),
        (200, b'[{"id": 1', "Unavailable", "OutcomeUnknown", "Unavailable"),
        (200, b"[" * 200_000, "Unavailable", "OutcomeUnknown", "Unavailable"),
        (200, b"\xff\xfe\xff", "Unavailable", "OutcomeUnknown", "Unavailable"),
    ],
)
def test_each_status_for_a_read_a_write_and_a_sign_in(
    status: int, body: object, read: str, write: str, sign_in: str
) -> None:
    caught = [read_error(status, body), write_error(status, body), sign_in_error(status, body)]

    assert [type(error).__name__ for error in caught] == [read, write, sign_in]
    assert [error.status for error in caught] == [status] * 3


@pytest.mark.parametrize("body", [b"", {"value": []}, [1], [{"name": "no id"}], [{"id": "x"}], [{"id": True}], "x"])
def test_a_list_of_another_shape_is_never_an_empty_list(body: object) -> None:
    assert isinstance(read_error(200, body), errors.Unavailable)


@pytest.mark.parametrize("body", [b"", {}, [], {"id": None}, {"id": 1.5}, {"id": float("nan")}])
def test_a_created_group_without_an_id_is_an_unknown_outcome(body: object) -> None:
    with answered(201, body) as flinkey, pytest.raises(errors.OutcomeUnknown) as caught:
        flinkey.groups.create("Bremen")

    assert caught.value.repeatable is False


@pytest.mark.parametrize(("body", "group_id"), [({"id": 5}, 5), ({"id": 5.0}, 5), ({"id": "5", "more": 1}, 5)])
def test_ids_come_in_three_spellings(body: object, group_id: int) -> None:
    with answered(201, body) as flinkey:
        assert flinkey.groups.create("Bremen") == group_id


def text_429(message: str) -> dict[str, str]:
    return {"status": "429", "message": message}


@pytest.mark.parametrize(
    ("header", "message", "low", "high"),
    [
        ("7", "Rate limit is exceeded. Try again in 9 seconds.", 7, 7),
        (None, "Rate limit is exceeded. Try again in 9 seconds.", 9, 9),
        (None, "Rate limit is exceeded. Try again in 1 second.", 1, 1),
        (None, "Rate limit is exceeded. Try again in x seconds.", 30, 30),
        ("soon", "no number", 30, 30),
        ("", "", 30, 30),
        ("0", "", 1, 1),
        ("-5", "", 30, 30),
        ("2.5", "", 2.5, 2.5),
        ("999999", "", 3600, 3600),
        ("Wed, 21 Oct 2015 07:28:00 GMT", "", 1, 1),
        ("Wed, 21 Oct 9999 07:28:00 -0000", "", 3600, 3600),
    ],
)
def test_how_long_to_wait(header: str | None, message: str, low: float, high: float) -> None:
    error = write_error(429, text_429(message), **({} if header is None else {"Retry_After": header}))

    assert isinstance(error, errors.RateLimited)
    assert low <= error.retry_after <= high
    assert error.repeatable is True


def test_how_long_to_wait_until_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    error = write_error(429, text_429(""), Retry_After=soon)
    assert isinstance(error, errors.RateLimited)
    assert 60 <= error.retry_after <= 90


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 409, 415, 429, 500])
def test_an_echo_shows_no_secret(status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    spellings = [
        PASSWORD,
        json.dumps(PASSWORD),
        quote_plus(PASSWORD),
        quote(PASSWORD, safe=""),
        escape(PASSWORD),
    ]
    body = "<p>You sent " + " ".join([*spellings, KEY, "jörg@nordwind.example"])
    error = sign_in_error(status, body.encode())

    assert error.detail == '<p>You sent *** "***" *** *** *** *** ***'
    assert str(error) == f"getToken: {status}: {error.detail}"
    assert not [secret for secret in (*spellings, KEY, "jörg") if secret in repr(error) + caplog.text]


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 409, 415, 429, 500])
def test_an_echo_shows_no_token(status: int) -> None:
    error = write_error(status, f"<p>Bearer {TOKEN}, key {KEY}, eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.abc-_".encode())

    assert error.detail == "<p>Bearer ***, key ***, ***"


def test_a_secret_on_the_edge_of_the_detail_is_masked_first() -> None:
    error = read_error(500, b"x" * 1995 + KEY.encode())

    assert error.detail == "x" * 1995 + "***"
    assert len(read_error(500, b"x" * 5000).detail) == 2000


def test_a_token_in_an_unusable_answer_is_not_quoted() -> None:
    for body in (b'{"access_token": "opaque-tok', {"access_token": "opaque-tok", "expires_in": "soon"}):
        error = sign_in_error(200, body)
        assert isinstance(error, errors.Unavailable)
        assert "opaque" not in f"{error!r} {error.detail}"


def test_people_in_an_unusable_answer_are_not_quoted() -> None:
    error = read_error(200, [{"id": 1, "name": "Jörg"}, {"name": "Ayşe"}])

    assert str(error) == "getGroups: 200: unusable answer of 55 bytes: a whole number was expected"


def test_an_answer_cannot_forge_a_line_of_the_log() -> None:
    assert str(read_error(500, b"a\r\nERROR\x1b[31m b")) == "getGroups: 500: a  ERROR\ufffd[31m b"


def test_errors_survive_a_journey_between_processes() -> None:
    error = write_error(429, text_429("Try again in 9 seconds."))
    copy = pickle.loads(pickle.dumps(error))

    assert (type(copy), vars(copy), str(copy)) == (type(error), vars(error), str(error))


def test_what_no_database_can_hold_is_in_no_error() -> None:
    assert read_error(400, b"a\0b\x1b[31m\xff").detail == "a\ufffdb\ufffd[31m\ufffd"
