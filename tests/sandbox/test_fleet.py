"""Reading cars, users, services and products, and OData over them."""

from typing import Any

import pytest

from flinkey_admin.sandbox import Remote

from .caller import Caller

NO_CAR = "Unable to find a car for the given carId which is assigned to the given customerId."
BAD_FILTERS = [
    *("", "id", "id eq", "eq 1", "id eq 'x'", "id eq 1.5", "nope eq 1", "userData eq null", "name like 'x'"),
    *("id eq 1)", "(id eq 1", "id in ()", "contains(name)", "contains(id,'1')", "length(name) eq 1", "'x"),
    *("id eq 1 id", "not id", "id and id", "start eq 2026-13-45", "(" * 500, "not " * 500 + "true"),
]
NO_USER = "Unable to find an user for the given userId which is assigned to the given customerId."


def ids(call: Caller, path: str, **query: Any) -> list[int]:
    return [row["id"] for row in call("GET", path, **query).json]


def test_single_things(call: Caller) -> None:
    assert call("GET", "/cars/5").json == {
        "id": 5,
        "name": "Geschäftsführung",
        "description": None,
        "vin": "WBY31AW0X0FM12345",
        "licensePlate": None,
        "brand": "BMW",
        "model": "i4",
    }
    assert call("GET", "/users/3").json == {
        "id": 3,
        "emailAddress": "sean.obrien@nordwind.example",
        "userData": {"firstName": "Seán", "lastName": "O'Brien"},
    }


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/cars/99", NO_CAR),
        ("/cars/x", NO_CAR),
        ("/cars/99/assignments", NO_CAR),
        ("/users/99", NO_USER),
        ("/users/99/assignments", NO_USER),
    ],
)
def test_unknown_things(call: Caller, path: str, text: str) -> None:
    reply = call("GET", path)
    assert (reply.status, reply.text) == (404, text)


def test_both_generations_of_fields(call: Caller, remote: Remote) -> None:
    assert "productId" not in call("GET", "/services").json[0]
    assert "dongleTerminationTimeStamp" in call("GET", "/groups/2/products").json[0]
    remote.settings(service_shape="new", product_shape="new", customer_ids="string")
    assert call("GET", "/services").json[0]["productId"] == 1
    assert "dongleTerminationTimeStamp" not in call("GET", "/groups/2/products").json[0]
    assert call("GET", "/customers").json[0]["id"] == "1"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("id eq 3", [3]),
        ("id ne 3 and id lt 5", [1, 2, 4]),
        ("id ge 6 or id le 1", [1, 6, 7]),
        ("id gt 1 and (id lt 3 or id eq 7)", [2, 7]),
        ("id in (1, 2,99)", [1, 2]),
        ("not (id in (1,2,3))", [4, 5, 6, 7]),
        ("contains(name,'Pool') and not endswith(name,'1')", [2, 3, 4]),
        ("startswith(tolower(name), 'geschäft')", [5]),
        ("licensePlate eq null", [5, 7]),
        ("licensePlate ne null and brand eq 'VW'", [1, 2]),
        ("contains(licensePlate,'HH-FK')", [1, 2]),
        ("name gt 'Pool 3'", [4, 6]),
        ("true", [1, 2, 3, 4, 5, 6, 7]),
        ("(id in (1,2)) eq false", [3, 4, 5, 6, 7]),
    ],
)
def test_filter_of_cars(call: Caller, text: str, found: list[int]) -> None:
    assert ids(call, "/cars", filter=text) == found


def test_filter_elsewhere(call: Caller) -> None:
    assert ids(call, "/users", filter="userData/lastName eq 'O''Brien'") == [3]
    assert ids(call, "/users", filter="userData/firstName eq null") == [4]
    assert ids(call, "/services", filter="isTerminated eq true") == [3]
    assert ids(call, "/services", filter="isTerminated") == [3]
    assert ids(call, "/services", filter="terminationDate lt 2999-01-01") == [3]
    assert ids(call, "/cars/1/assignments", filter="start gt 2000-01-01T00:00:00Z and end ne null") == [2]
    assert ids(call, "/customers", filter="name eq 'Nordwind Flotte GmbH'") == [1]


def test_order_and_pages(call: Caller) -> None:
    assert ids(call, "/cars", orderby="licensePlate") == [5, 7, 6, 1, 2, 3, 4]
    assert ids(call, "/cars", orderby="licensePlate desc", top=2) == [4, 3]
    assert ids(call, "/cars", orderby="brand asc, id desc", skip=1, top=3) == [5, 4, 6]
    assert ids(call, "/users", orderby="userData/lastName desc") == [2, 3, 1, 5, 4]
    assert ids(call, "/cars", top=0) == []
    assert ids(call, "/cars", skip=6) == [7]


def test_select(call: Caller) -> None:
    assert call("GET", "/products", select="uniqueId, id", top=1).json == [{"uniqueId": "C1-08-F0-94", "id": 1}]
    assert call("GET", "/users/1", select="userData/lastName").json == {"userData": {"lastName": "Müller"}}
    assert call("GET", "/users/1", select="id", expand="userData").json == {"id": 1}
    assert call("GET", "/cars/1", select="*").json == call("GET", "/cars/1").json


@pytest.mark.parametrize(
    "query",
    [{"filter": text} for text in BAD_FILTERS]
    + [{"orderby": text} for text in ("", "nope", "userData", "id up", "id asc asc")]
    + [{"top": text} for text in ("", "-1", "x", "1.0", "٣")]
    + [{"skip": "-1"}, {"select": "nope"}, {"select": ""}, {"expand": "nope"}, {"count": "true"}],
)
def test_malformed_queries(call: Caller, query: dict[str, str]) -> None:
    reply = call("GET", "/users", **query)
    assert (reply.status, reply.json["title"]) == (400, "One or more validation errors occurred.")


def test_long_filters_are_no_trouble(call: Caller) -> None:
    text = " or ".join(f"id eq {number}" for number in range(2_000))
    assert len(ids(call, "/cars", filter=text)) == 7


def test_options_given_twice_or_foreign(call: Caller) -> None:
    assert call("GET", "/cars?$top=1&$top=2").status == 400
    assert call("GET", "/cars?foo=1").status == 200
    assert len(call("GET", "/groups", top=1).json) == 4  # no OData tip on that page


def test_names_may_be_encoded_in_any_way(call: Caller) -> None:
    assert call("GET", "/cars?%24select=id%2C+name&%24top=1").json == [{"id": 1, "name": "Pool 1"}]
