"""What browsing costs: the calls of flinkey that a page makes, and its statements to the database."""

from collections import Counter
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from flinkey_admin.sandbox import Remote
from tests.conftest import Person


def calls(remote: Remote) -> Counter[tuple[str, str]]:
    """What was asked of flinkey since the log was emptied: operation and path."""
    return Counter((call["operation"], call["path"].lstrip("/")) for call in remote.requests())


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("/cars/", [("getCars", "cars")]),
        ("/users/", [("getUsers", "users")]),
        ("/groups/", [("getGroups", "groups")]),
        (
            "/cars/1/",
            [
                ("getCar", "cars/1"),
                ("getAssignmentsOfCar", "cars/1/assignments"),
                ("getGroups", "groups"),
                ("getUsers", "users"),
            ],
        ),
        ("/services/", [("getServices", "services")]),
        ("/products/", [("getProducts", "products")]),
        (
            "/groups/1/users/",
            [
                ("getGroups", "groups"),
                ("getCarsOfGroup", "groups/1/cars"),
                ("getUsersOfGroup", "groups/1/users"),
                ("getServicesOfGroup", "groups/1/services"),
                ("getProductsOfGroup", "groups/1/products"),
            ],
        ),
        (
            "/groups/4/",
            [
                ("getGroups", "groups"),
                ("getCarsOfGroup", "groups/4/cars"),
                ("getUsersOfGroup", "groups/4/users"),
                ("getServicesOfGroup", "groups/4/services"),
                ("getProductsOfGroup", "groups/4/products"),
            ],
        ),
        (
            "/groups/2/cars/add/",
            [("getGroups", "groups"), ("getCarsOfGroup", "groups/2/cars"), ("getCars", "cars")],
        ),
        ("/operations/", []),
        ("/handover/", [("getCars", "cars"), ("getUsers", "users")]),
        ("/timeline/", [("getCars", "cars")]),
        ("/timeline/?rows=users", [("getUsers", "users")]),
    ],
)
def test_a_first_visit_asks_flinkey_for_the_least_that_makes_a_page(
    coordinator: Person, flinkey: Remote, address: str, wanted: list[tuple[str, str]]
) -> None:
    flinkey.clear_requests()
    assert coordinator.get(address).status_code == 200
    assert calls(flinkey) == Counter(wanted)
    flinkey.clear_requests()
    assert coordinator.get(address).status_code == 200
    assert calls(flinkey) == Counter(), "and the next one for nothing"


def queries(person: Person, address: str) -> list[str]:
    """The statements of one page, without their values."""
    with CaptureQueriesContext(connection) as caught:
        assert person.get(address).status_code == 200
    return [shape(one) for one in caught.captured_queries]


def shape(statement: dict[str, Any]) -> str:
    text: str = statement["sql"]
    return text.partition(" WHERE ")[0]
