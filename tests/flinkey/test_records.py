"""Reading answers: lenient where the pages disagree, never guessing an id or a time."""

from datetime import UTC, datetime

import pytest

from flinkey_admin.flinkey import Odata, errors, fields, odata_string, records
from flinkey_admin.flinkey.fields import ShapeError, integer, optional_instant, written
from flinkey_admin.flinkey.records import Assignment, Car, Customer, Group, Kind, Product, Service, User

AT = datetime(2031, 11, 22, 8, 0, 5, tzinfo=UTC)
TEXT = "2031-11-22T08:00:05Z"

RECORDS = [
    Customer("17", "Nordwind"),
    Group(1, 'Nachtschicht "Süd" & Co'),
    Car(1, "Pool 1", None, "WVWZZZE1ZMP000001", "HH-FK 1234", "VW", "ID.3"),
    User(1, "joerg@nordwind.example", "Jörg", None),
    Service(3, "flinkey Go", is_terminated=True, termination_date=AT, termination_cause="sold", product_id=4),
    Product(1, "C1-08-F0-94", "S1", "SAP", "flinkey Box", AT),
    Assignment(1, 2, 3, AT, None, 864000, 432000),
    Assignment(1, None, None, AT, AT),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_survives_a_snapshot(record: records.Assignment) -> None:
    assert type(record).parse(record.to_json()) == record
    assert type(record).parse(record.to_json() | {"unknown": [1]}) == record


@pytest.mark.parametrize("kind", [Customer, Group, Car, User, Service, Product])
def test_only_the_id_must_be_there(kind: type[Car]) -> None:
    assert int(kind.parse({"id": "5"}).id) == int(kind.parse({"id": 5.0, "userData": None}).id) == 5
    values: list[object] = [
        {},
        {"id": None},
        {"id": ""},
        {"id": "x"},
        {"id": 1.5},
        {"id": True},
        [],
        None,
        "5",
    ]
    for value in values:
        with pytest.raises(ShapeError):
            kind.parse(value)


def test_a_list_gets_the_id_that_its_address_names() -> None:
    item = {"id": 1, "start": TEXT}

    assert Assignment.parse({**item, "userId": None}, car_id=7) == Assignment(1, 7, None, AT)
    assert Assignment.parse({**item, "carId": 4}, user_id=8) == Assignment(1, 4, 8, AT)
    with pytest.raises(ShapeError):
        Assignment.parse({"id": 1})


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "2031-11-22T08:00:05",
        "2031-11-22 08:00:05z",
        "2031-11-22T08:00:05.1Z",
        "2031-11-22T08:00:05.1234567Z",
        "2031-11-22T08:00:05.123456789+00:00",
        "2031-11-22T09:00:05,5+01:00",
        "2031-11-22T02:30:05-0530",
    ],
)
def test_times_in_any_spelling(text: str) -> None:
    moment = optional_instant(text)

    assert moment == AT
    assert moment is not None
    assert written(moment) == TEXT


@pytest.mark.parametrize("value", ["", "soon", 5, True, {}, "2031-13-01T00:00:00Z", "0001-01-01T00:00:00+01:00"])
def test_what_is_no_time_is_no_shape(value: object) -> None:
    with pytest.raises(ShapeError):
        optional_instant(value)


@pytest.mark.parametrize("value", ["\u0665", "5 ", "5.5", "1e3", float("inf"), float("nan"), "9" * 5000])
def test_what_is_no_whole_number_is_no_id(value: object) -> None:
    with pytest.raises(ShapeError):
        integer(value)


@pytest.mark.parametrize(
    ("came", "kept"),
    [
        ("a\0b", "a\ufffdb"),
        ("\ud83d", "\ufffd"),
        ("\x01\x0b\x1f\x7f\x85\ufffe", "\ufffd" * 6),
        ("Ayşe\t1\r\n2 😀\u202e", "Ayşe\t1\r\n2 😀\u202e"),
    ],
)
def test_what_no_page_and_no_database_can_hold_is_replaced(came: str, kept: str) -> None:
    assert fields.text(came) == kept


def test_kinds_are_the_words_of_the_addresses() -> None:
    assert [f"{kind}" for kind in Kind] == ["cars", "users", "services", "products"]
    assert [kind.singular for kind in Kind] == ["car", "user", "service", "product"]


def test_query_options() -> None:
    assert Odata().params() == {}
    assert Odata("a eq 1", "name desc", 0, 5, "name, id,vin").params() == {
        "$filter": "a eq 1",
        "$orderby": "name desc",
        "$top": "0",
        "$skip": "5",
        "$select": "id,name,vin",
    }
    assert odata_string("O'Brien's") == "'O''Brien''s'"
    with pytest.raises(errors.Invalid):
        Odata(top=-1)
