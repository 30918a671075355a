"""Every operation once against the strict sandbox, which must record no departure from the pages."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from pathlib import Path

import pytest

import flinkey_admin.sandbox
from flinkey_admin.flinkey import (
    OPERATIONS,
    AssignmentChange,
    Flinkey,
    Kind,
    NewAssignment,
    Odata,
    Token,
    Transport,
    errors,
    odata_string,
)
from flinkey_admin.sandbox import Remote

from .conftest import PASSWORD, USERNAME

START = datetime(2031, 3, 30, 0, 59, 59, tzinfo=UTC)
END = START + timedelta(days=2)


def new() -> NewAssignment:
    """A window that breaks no rule."""
    return NewAssignment(2, 1, START, END, lifetime=864000)


# operationId -> a call that works in the scenario "yard".
CALLS: dict[str, Callable[[Flinkey], object]] = {
    "getToken": lambda f: f.auth.token(USERNAME, PASSWORD),
    "getCustomers": lambda f: f.customers.list(Odata(orderby="id desc")),
    "getGroups": lambda f: f.groups.list(),
    "createGroup": lambda f: f.groups.create('Köln "Süd"'),
    "updateGroup": lambda f: f.groups.rename(4, "Leerer"),
    "deleteGroup": lambda f: f.groups.delete(4),
    "getCarsOfGroup": lambda f: f.groups.cars(1),
    "getUsersOfGroup": lambda f: f.groups.users(1),
    "getServicesOfGroup": lambda f: f.groups.services(1),
    "getProductsOfGroup": lambda f: f.groups.products(1),
    "assignCarToGroup": lambda f: f.groups.assign_car(4, 1),
    "assignUserToGroup": lambda f: f.groups.assign_user(4, 1),
    "assignServiceToGroup": lambda f: f.groups.assign_service(4, 1),
    "assignProductToGroup": lambda f: f.groups.assign_product(4, 1),
    "removeCarFromGroup": lambda f: f.groups.remove_car(1, 1),
    "removeUserFromGroup": lambda f: f.groups.remove_user(1, 1),
    "removeServiceFromGroup": lambda f: f.groups.remove_service(1, 1),
    "removeProductFromGroup": lambda f: f.groups.remove_product(1, 1),
    "getAssignment": lambda f: f.assignments.get(4, Odata(select="start")),
    "createAssignment": lambda f: f.assignments.create(new()),
    "updateAssignment": lambda f: f.assignments.update(4, AssignmentChange(end=None, lifetime=None, car_id=3)),
    "deleteAssignment": lambda f: f.assignments.delete(4),
    "getAssignmentsOfCar": lambda f: f.cars.assignments(1, Odata(orderby="start")),
    "getAssignmentsOfUser": lambda f: f.users.assignments(1, Odata(top=5, skip=0)),
    "getCars": lambda f: f.cars.list(Odata(filter="name eq " + odata_string("O'Brien"), top=3)),
    "getCar": lambda f: f.cars.get(1),
    "getUsers": lambda f: f.users.list(Odata(filter="contains(emailAddress,'ö & +')")),
    "getUser": lambda f: f.users.get(1),
    "getServices": lambda f: f.catalog.services(Odata(filter="isTerminated eq true")),
    "getProducts": lambda f: f.catalog.products(Odata(select=["uniqueId", "type"])),
}


@pytest.mark.parametrize("operation", CALLS)
def test_the_call_follows_its_page(flinkey: Flinkey, remote: Remote, operation: str) -> None:
    remote.clear_requests()

    CALLS[operation](flinkey)

    assert [(r["operation"], r["status"] // 100) for r in remote.requests()] == [(operation, 2)]
    assert remote.departures() == []


def test_no_operation_of_the_contract_is_missing(flinkey: Flinkey) -> None:
    contract = Path(flinkey_admin.sandbox.__file__).with_name("openapi.yaml").read_text(encoding="utf-8")
    operations = re.findall(r"operationId: (\w+)", contract)

    assert len(operations) == 30
    assert sorted(operations) == sorted(name for name, _ in OPERATIONS) == sorted(CALLS)


@pytest.mark.parametrize(("operation", "method"), OPERATIONS)
def test_every_named_method_exists_and_tells_its_page(flinkey: Flinkey, operation: str, method: str) -> None:
    assert "Page" in attrgetter(method)(flinkey).__doc__
    assert method.rpartition(".")[2] in CALLS[operation].__code__.co_names


@pytest.mark.parametrize("kind", Kind)
def test_members_assign_and_remove_go_by_kind(flinkey: Flinkey, remote: Remote, kind: Kind) -> None:
    flinkey.groups.assign(kind, 4, 2)

    assert [item.id for item in flinkey.groups.members(kind, 4)] == [2]
    assert flinkey.groups.members(kind, 4) == [item for item in flinkey.catalog.list(kind) if item.id == 2]

    flinkey.groups.remove(kind, 4, 2)

    assert flinkey.groups.members(kind, 4) == []
    assert remote.departures() == []


def test_a_new_group_has_the_id_that_was_given(flinkey: Flinkey) -> None:
    name = "  Spät & früh <b>'1'</b>"
    group_id = flinkey.groups.create(name)

    assert {group.id: group.name for group in flinkey.groups.list()}[group_id].strip() == name.strip()


def test_umlauts_quotes_and_missing_names_arrive_whole(flinkey: Flinkey) -> None:
    assert [(u.first_name, u.last_name) for u in flinkey.users.list(Odata(filter="id in (1,3,4)", orderby="id"))] == [
        ("Jörg", "Müller"),
        ("Seán", "O'Brien"),
        (None, None),
    ]
    assert [c.id for c in flinkey.cars.list(Odata(filter="licensePlate eq null", orderby="id"))] == [5, 7]


def test_a_window_is_made_changed_and_ended(flinkey: Flinkey, remote: Remote) -> None:
    flinkey.assignments.create(new())
    remote.advance(2)
    made = next(a for a in flinkey.cars.assignments(2) if (a.user_id, a.start) == (1, START))

    assert (made.car_id, made.end, made.lifetime) == (2, END, None)
    whole = flinkey.assignments.get(made.id)
    assert (whole.lifetime, whole.renewable_after) == (864000, 432000)

    change = AssignmentChange(user_id=2, end=None, lifetime=None, renewable_after=1000)
    flinkey.assignments.update(made.id, change)
    remote.advance(2)

    changed = flinkey.assignments.get(made.id)
    assert (changed.user_id, changed.end, changed.renewable_after) == (2, None, 1000)
    assert changed.id in [a.id for a in flinkey.users.assignments(2) if a.user_id == 2]

    flinkey.assignments.delete(made.id)
    remote.advance(2)
    with pytest.raises(errors.NotFound) as caught:
        flinkey.assignments.get(made.id)
    assert caught.value.missing == "assignment"
    assert remote.departures() == []


@pytest.mark.parametrize("spelling", ["integer", "string"])
def test_a_customer_id_is_text_in_either_spelling(flinkey: Flinkey, remote: Remote, spelling: str) -> None:
    remote.settings(customer_ids=spelling)

    assert [c.id for c in flinkey.customers.list()] == ["1"]


def test_a_customer_id_goes_out_as_a_plain_number(transport: Transport, token: Token, remote: Remote) -> None:
    assert Flinkey(transport, token.value, "1").groups.list() == Flinkey(transport, token, 1).groups.list()
    assert [r["headers"]["customer-id"] for r in remote.requests("getGroups")] == ["1", "1"]


@pytest.mark.parametrize("customer_id", ["", "x", "1 ", "1\r\nX: y", "1.5", True])
def test_a_customer_id_that_is_no_number_is_refused(transport: Transport, customer_id: str) -> None:
    with pytest.raises(ValueError, match="whole number"):
        Flinkey(transport, "t", customer_id)


def test_a_client_without_token_or_customer_says_so(transport: Transport, token: Token, remote: Remote) -> None:
    with pytest.raises(ValueError, match="needs a token"):
        Flinkey(transport).customers.list()
    with pytest.raises(ValueError, match="needs a customer"):
        Flinkey(transport, token).groups.list()
    assert remote.requests("getGroups") == remote.requests("getCustomers") == []


def test_an_id_that_is_no_number_never_becomes_part_of_an_address(flinkey: Flinkey) -> None:
    with pytest.raises(ValueError, match="format"):
        flinkey.cars.get("1/../2")  # type: ignore[arg-type]
