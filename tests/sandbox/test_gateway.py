"""Keys, tokens, customers, media types and paths: all that is checked before an operation."""

import socket
from http.client import HTTPConnection

import pytest

from flinkey_admin.sandbox import API_KEY, Remote, Sandbox

from .caller import BOTH, NOBODY, Caller, send, sign_in

NO_KEY = (
    "Access denied due to missing subscription key. "
    "Make sure to include subscription key when making requests to an API."
)
BAD_KEY = "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription."
BAD_TOKEN = "Unauthorized. Access token is missing or invalid."
NO_MANAGER = "Unable to find a manager for the given OAuth ID claim data."


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, NO_KEY),
        ({"flinkey-API-Key": "guess"}, BAD_KEY),
        ({"flinkey-API-Key": "guess", "Authorization": "Bearer x"}, BAD_KEY),
        ({"flinkey-API-Key": API_KEY}, BAD_TOKEN),
        ({"flinkey-API-Key": API_KEY, "Authorization": "Bearer undefined"}, BAD_TOKEN),
        ({"flinkey-API-Key": API_KEY, "Authorization": "Basic eDp5"}, BAD_TOKEN),
    ],
)
def test_key_is_checked_before_token(call: Caller, headers: dict[str, str], message: str) -> None:
    reply = send("GET", f"{call.url}/groups", headers)
    assert (reply.status, reply.json) == (401, {"statusCode": 401, "message": message})


def test_token_has_three_strings_and_looks_like_a_jwt(call: Caller) -> None:
    token = sign_in(call.url, call.email).json
    assert sorted(token) == ["access_token", "expires_in", "token_type"]
    assert (token["token_type"], token["expires_in"]) == ("Bearer", "3600")
    assert token["access_token"].startswith("eyJ0eXAiOiJ")
    assert token["access_token"].count(".") == 2


@pytest.mark.parametrize(("email", "password"), [(BOTH, "wrong"), ("x@nordwind.example", "flinkey-demo")])
def test_wrong_credentials(call: Caller, email: str, password: str) -> None:
    reply = sign_in(call.url, email, password)
    assert (reply.status, reply.json["error"]) == (400, "invalid_grant")


def test_token_request_takes_a_form_only(call: Caller) -> None:
    reply = call("POST", "/oauth2/token", {"username": BOTH})
    assert (reply.status, reply.json["title"]) == (415, "Unsupported Media Type")


def test_token_ends(still: Caller, remote: Remote) -> None:
    remote.advance(3599)
    assert still("GET", "/groups").status == 200
    remote.advance(1)
    assert still("GET", "/groups").json["message"] == BAD_TOKEN


def test_tokens_expire_on_order(call: Caller, remote: Remote) -> None:
    remote.expire_tokens()
    assert call("GET", "/groups").json["message"] == BAD_TOKEN


def test_managers_have_different_customers(call: Caller, sandbox: Sandbox) -> None:
    nordwind = {"id": 1, "name": "Nordwind Flotte GmbH"}
    suedstern = {"id": 2, "name": "Südstern Carsharing AG"}
    assert call("GET", "/customers").json == [nordwind]
    assert Caller(sandbox.url, BOTH)("GET", "/customers").json == [nordwind, suedstern]
    nobody = Caller(sandbox.url, NOBODY)
    assert (nobody("GET", "/customers").status, nobody("GET", "/customers").text) == (404, NO_MANAGER)


@pytest.mark.parametrize("customer", ["2", "3", "-1", "99999999999999"])
def test_another_customer_is_refused(call: Caller, customer: str) -> None:
    call.headers["Customer-ID"] = customer
    reply = call("GET", "/groups")
    assert (reply.status, reply.text) == (404, NO_MANAGER)


def test_the_same_id_is_another_thing_for_another_customer(sandbox: Sandbox, remote: Remote) -> None:
    names = [Caller(sandbox.url, BOTH, customer)("GET", "/cars/1", select="name").json for customer in ("1", "2")]
    assert names == [{"name": "Pool 1"}, {"name": "Stern 1"}]


def test_customer_id_must_be_a_number(call: Caller) -> None:
    call.headers["Customer-ID"] = "one"
    assert call("GET", "/cars").json["status"] == "400"
    assert call("GET", "/groups").text == NO_MANAGER  # whose page knows no 400


def test_wrong_content_type(call: Caller) -> None:
    for content_type in ({}, {"Content-Type": "text/plain"}):
        reply = send("PUT", f"{call.url}/groups", call.headers | content_type, b'{"name":"x"}')
        body = reply.json
        assert body.pop("traceId")
        assert reply.status == 415
        assert reply.headers["content-type"] == "application/problem+json; charset=utf-8"
        assert body == {
            "type": "https://tools.ietf.org/html/rfc7231#section-6.5.13",
            "title": "Unsupported Media Type",
            "status": "415",
        }


@pytest.mark.parametrize("body", [b"", b"{", b"[NaN]", b'"\\ud800"', b"\xff", b"[" * 100_000, b"9" * 10_000])
def test_malformed_json(call: Caller, body: bytes) -> None:
    headers = call.headers | {"Content-Type": "application/json"}
    reply = send("PUT", f"{call.url}/groups", headers, body)
    assert (reply.status, reply.json["status"]) == (400, "400")


def test_unknown_path_and_method(call: Caller) -> None:
    missing = call("GET", "/keys")
    assert (missing.status, missing.json) == (404, {"statusCode": 404, "message": "Resource not found"})
    wrong = call("POST", "/groups", {})
    assert (wrong.status, wrong.headers["allow"]) == (405, "GET, PUT")


def test_errors_may_come_as_json_strings(call: Caller, remote: Remote) -> None:
    remote.settings(error_shape="json-string")
    assert call("GET", "/groups/99/cars").json == "Could not find the group with the given Id."


def test_connections_are_kept_alive(call: Caller) -> None:
    connection = HTTPConnection(call.url.split("/")[2], timeout=10)
    sockets = []
    for method, path in (("GET", "/groups"), ("DELETE", "/groups/4"), ("GET", "/groups/99/cars")):
        connection.request(method, f"/v3{path}", headers=call.headers)
        connection.getresponse().read()
        sockets.append(connection.sock)
    connection.close()
    assert sockets[0] is not None
    assert sockets == [sockets[0]] * 3


def test_half_a_request_is_none(call: Caller, remote: Remote) -> None:
    host, port = call.url.split("/")[2].split(":")
    with socket.create_connection((host, int(port)), timeout=10) as half:
        half.sendall(b"POST /_sandbox/change HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{}")
        half.shutdown(socket.SHUT_WR)
        assert half.recv(100) == b""
