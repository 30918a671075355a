"""Browsing: the lists of groups, members and everything else; search, sorting, paging, marks, names."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.fleet.reading import Reader, by_htmx, read

NASTY = """<script>alert("1")</script> & 'Söhne' """
TABS = ["/groups/1/cars/", "/groups/1/users/", "/groups/1/services/", "/groups/1/products/"]
NEXT = "whoever is next, at a time that depends on the day"


# The list of groups


def test_every_group_is_listed_with_how_much_is_in_it(coordinator: Person, flinkey: Remote) -> None:
    page = read(coordinator, "/groups/")
    assert (page.ids(), page.total()) == ([2, 1, 4, 3], 4)
    assert [page.row(group)[-4:] for group in (1, 2, 3, 4)] == [
        ["4", "3", "2", "2"],
        ["2", "1", "1", "1"],
        ["1", "1", "0", "0"],
        ["0", "0", "0", "0"],
    ]
    (named,) = page.tags("a", href="/groups/3/")
    assert named.text == 'Nachtschicht "Süd" & Co'


@pytest.mark.parametrize(
    ("query", "found"),
    [("ber", [2]), ("BERLIN", [2]), ("sued", [3]), ("sud", [3]), ("süd co", [3]), ("  ", [2, 1, 4, 3]), ("%", [])],
)
def test_a_group_is_found_by_any_part_of_its_name(
    coordinator: Person, flinkey: Remote, query: str, found: list[int]
) -> None:
    page = Reader(coordinator.get("/groups/", {"q": query}).content.decode())
    assert (page.ids(), page.total()) == (found, len(found))
    assert by_htmx(coordinator, "/groups/?q=berlin").ids() == [2]


def test_groups_sort_both_ways_as_people_do(coordinator: Person, flinkey: Remote) -> None:
    for name in ("Berlin 10", "Berlin 9", "äußere Stadt"):
        flinkey.change("create_group", name=name)
    assert read(coordinator, "/groups/").ids() == [7, 2, 6, 5, 1, 4, 3]
    assert read(coordinator, "/groups/?sort=-name").ids() == [3, 4, 1, 5, 6, 2, 7]


def test_many_groups_are_paged(coordinator: Person, flinkey: Remote) -> None:
    for number in range(50):
        flinkey.change("create_group", name=f"Zweigstelle {number}")
    first = read(coordinator, "/groups/?sort=name")
    assert (len(first.ids()), first.total()) == (50, 54)
    assert [link.marks["href"] for link in first.tags("a", rel="next")] == ["?sort=name&page=2"]
    second = read(coordinator, "/groups/?sort=name&page=2")
    assert (len(second.ids()), second.total()) == (4, 54)
    assert not set(first.ids()) & set(second.ids())


def test_no_groups_at_all_say_what_to_do(visitor: Person, flinkey: Remote) -> None:
    flinkey.reset("empty")
    visitor.sign_in("coordinator@nordwind.example")
    page = read(visitor, "/groups/")
    assert page.total() == 0
    assert "There are no groups yet." in page.tags("main")[0].text


# A group's page


def test_the_tabs_say_how_much_of_each_kind_there_is(coordinator: Person, flinkey: Remote) -> None:
    for kind in ("cars", "users", "services", "products"):
        page = read(coordinator, f"/groups/1/{kind}/")
        links = [link for link in page.tags("a") if link.marks.get("href") in TABS]
        assert [link.text.split() for link in links] == [
            ["Cars", "4"],
            ["Users", "3"],
            ["Services", "2"],
            ["Boxes", "2"],
        ]
        (current,) = [link for link in links if "aria-current" in link.marks]
        assert current.marks["href"] == f"/groups/1/{kind}/"
        assert page.total() == int(current.text.split()[1]) == len(page.ids())


@pytest.mark.parametrize(
    ("address", "thing", "cells"),
    [
        (
            "/groups/1/cars/",
            1,
            [
                *("", "Pool 1 VW ID.3", "HH-FK 1234", "WVWZZZE1ZMP012345", "Stellplatz 14, Ladekarte im Handschuhfach"),
                *("Now Jörg Müller open end", NEXT),
            ],
        ),
        ("/groups/2/cars/", 5, ["", "Geschäftsführung BMW i4", "no plate", "WBY31AW0X0FM12345", "", "", ""]),
        ("/groups/1/users/", 4, ["", "nachtwache@nordwind.example", "", "", ""]),
        ("/groups/1/products/", 1, ["", "C1-08-F0-94", "FB-100001", "4711001", "flinkey Box"]),
    ],
)
def test_a_row_shows_what_flinkey_knows(
    coordinator: Person, flinkey: Remote, address: str, thing: int, cells: list[str]
) -> None:
    row = read(coordinator, address).row(thing)[:-1]
    assert [cell for cell, wanted in zip(row, cells, strict=True) if wanted != NEXT] == [
        wanted for wanted in cells if wanted != NEXT
    ]


def test_a_terminated_service_says_since_when_and_why(coordinator: Person, flinkey: Remote) -> None:
    (service,) = [one for one in flinkey.state(1)["services"] if one["isTerminated"]]
    row = read(coordinator, "/groups/2/services/").row(3)
    assert row[1] == "Dienstleistungsvertrag 2021-0417"
    assert row[2].startswith("Terminated on ")
    ended = dt.datetime.fromisoformat(service["terminationDate"]).astimezone(ZoneInfo("Europe/Berlin"))
    assert str(ended.day) in row[2].split()
    assert row[3] == "Kündigung durch den Kunden"
    assert read(coordinator, "/groups/1/services/").row(1)[2:4] == ["Active", ""]


def test_a_car_in_several_groups_shows_all_of_them(coordinator: Person, flinkey: Remote) -> None:
    both = 'Hamburg, Nachtschicht "Süd" & Co'
    for group in (1, 3):  # a group that nobody has looked into is not known of
        read(coordinator, f"/groups/{group}/cars/")
    assert read(coordinator, "/groups/1/cars/").row(4)[-1] == both
    assert read(coordinator, "/groups/3/cars/").row(4)[-1] == both
    assert read(coordinator, "/groups/1/cars/").row(1)[-1] == "Hamburg"
    car = read(coordinator, "/cars/4/")
    homes = [link.text for link in car.tags("a") if link.marks.get("href", "").endswith("/cars/") and link.text in both]
    assert homes == ["Hamburg", 'Nachtschicht "Süd" & Co']
    # it would take a look into every group to say that a car is in none
    assert "not known yet" in read(coordinator, "/cars/7/").tags("dl")[0].text


# Sorting: the yard's things by each column, and the empty values at the end whichever way

LONG = 6  # the car with a very long name
ORDERS = [
    ("/cars/", "name", [5, 7, 1, 2, 3, 4, LONG], []),
    ("/cars/", "plate", [LONG, 1, 2, 3, 4], [5, 7]),
    ("/cars/", "vin", [3, 5, 1, 2], [7, 4, LONG]),
    ("/cars/", "description", [1], [5, 7, 2, 3, 4, LONG]),
    ("/users/", "name", [5, 1, 3, 2], [4]),
    ("/users/", "email", [2, 1, 4, 3, 5], []),
    ("/services/", "name", [3, 1, 2], []),
    ("/services/", "cause", [3], [1, 2]),
    ("/products/", "name", [1, 2, 3], []),
    ("/products/", "serial", [1, 2, 3], []),
    ("/products/", "sap", [1, 2, 3], []),
    ("/products/", "type", [1, 2, 3], []),
]


@pytest.mark.parametrize(("address", "key", "filled", "empty"), ORDERS, ids=[f"{a}{k}" for a, k, _f, _e in ORDERS])
def test_each_column_sorts_both_ways_with_empty_values_last(
    coordinator: Person, flinkey: Remote, address: str, key: str, filled: list[int], empty: list[int]
) -> None:
    upwards = read(coordinator, f"{address}?sort={key}")
    assert upwards.ids() == filled + empty
    marked = [(head.text.strip(), head.marks["aria-sort"]) for head in upwards.tags("th", aria_sort="")]
    assert [order for _text, order in marked].count("ascending") == 1
    downwards = read(coordinator, f"{address}?sort=-{key}")
    assert set(downwards.ids()[: len(filled)]) == set(filled)
    assert downwards.ids()[len(filled) :] == empty
    assert sorted(downwards.ids()) == sorted(filled + empty)
    assert [head.marks["aria-sort"] for head in downwards.tags("th", aria_sort="")].count("descending") == 1
    if key in {"name", "plate", "email", "serial"}:
        assert downwards.ids() == filled[::-1] + empty


def test_terminated_services_sort_by_their_state(coordinator: Person, flinkey: Remote) -> None:
    assert read(coordinator, "/services/?sort=state").ids() == [1, 2, 3]
    assert read(coordinator, "/services/?sort=-state").ids()[0] == 3


def test_numbers_in_names_sort_as_numbers(coordinator: Person, flinkey: Remote) -> None:
    flinkey.change("add_thing", kind="cars", name="Pool 10")
    assert read(coordinator, "/cars/?q=pool").ids() == [1, 2, 3, 4, 8]


def test_numbers_of_boxes_sort_as_the_hexadecimal_they_are(coordinator: Person, flinkey: Remote) -> None:
    for number in ("C1-08-F0-6F", "C1-08-F0-25", "C1-08-F0-B9"):
        flinkey.change("add_thing", kind="products", uniqueId=number, serialNumber="", sapNumber="", type="")
    # 08-F0-25, 08-F0-6F, 08-F0-94, 08-F0-95, 08-F0-B9, 0A-17-2B
    assert read(coordinator, "/products/").ids() == [5, 4, 1, 2, 6, 3]


@pytest.mark.parametrize("key", ["nonsense", "-", "--name", "name'--", "%00"])
def test_an_unknown_order_is_the_usual_one(coordinator: Person, flinkey: Remote, key: str) -> None:
    assert sorted(Reader(coordinator.get("/cars/", {"sort": key}).content.decode()).ids()) == [1, 2, 3, 4, 5, 6, 7]


# Searching


@pytest.mark.parametrize(
    ("address", "query", "found"),
    [
        ("/cars/", "HH-FK 1302", [2]),
        ("/cars/", "hhfk1302", [2]),
        ("/cars/", "hh fk 1302", [2]),
        ("/cars/", "hh-fk-1302", [2]),
        ("/cars/", "HHFK", [1, 2]),
        ("/cars/", "fk 13", [2]),
        ("/cars/", "b we 7", [6]),
        ("/cars/", "WVWZZZE1ZMP012345", [1]),
        ("/cars/", "012346", [2]),
        ("/cars/", "skoda", [3]),
        ("/cars/", "ŠKODA octavia", [3]),
        ("/cars/", "octavia pool", [3]),
        ("/cars/", "geschaeftsfuehrung", [5]),
        ("/cars/", "geschaftsfuhrung", [5]),
        ("/cars/", "Geschäftsführung", [5]),
        ("/cars/", "ladekarte", [1]),
        ("/users/", "joerg mueller", [1]),
        ("/users/", "jorg muller", [1]),
        ("/users/", "Müller", [1]),
        ("/users/", "MÜLLER Jörg", [1]),
        ("/users/", "oeztuerk", [2]),
        ("/users/", "ozturk ayse", [2]),
        ("/users/", "o'brien", [3]),
        ("/users/", "sean.obrien@nordwind.example", [3]),
        ("/users/", "nachtwache", [4]),
        ("/users/", "groß", [5]),
        ("/users/", "gross", [5]),
        ("/users/", "zoe", [5]),
        ("/services/", "kuendigung", [3]),
        ("/services/", "2024-0002", [2]),
        ("/products/", "c1 08 f0 95", [2]),
        ("/products/", "C108F095", [2]),
        ("/products/", "FQ-200001", [3]),
        ("/products/", "iq", [3]),
        ("/groups/1/cars/", "hhfk", [1, 2]),
        ("/groups/1/cars/", "geschaeft", []),
        ("/groups/1/users/", "sean", []),
        ("/groups/2/cars/add/", "pool", [1, 2, 3, 4]),
        ("/cars/", ".*", []),
        ("/cars/", "%", []),
        ("/cars/", "'; drop table", []),
    ],
)
def test_a_thing_is_found_by_whatever_people_know_of_it(
    coordinator: Person, flinkey: Remote, address: str, query: str, found: list[int]
) -> None:
    for headers in ({}, {"HX-Request": "true"}):
        page = Reader(coordinator.get(address, {"q": query}, headers=headers).content.decode())
        assert (page.ids(), page.total()) == (found, len(found))


def test_what_was_searched_stays_in_the_field_and_in_the_links(coordinator: Person, flinkey: Remote) -> None:
    page = Reader(coordinator.get("/cars/", {"q": '"a&b'}).content.decode())
    (field_,) = page.tags("input", name="q", maxlength="200", placeholder="Plate, name, VIN")
    assert field_.marks["value"] == '"a&b'
    sorted_ = read(coordinator, "/cars/?q=pool&sort=-plate")
    (plate,) = [link for link in sorted_.tags("a") if link.text.strip() == "Plate"]
    assert plate.marks["href"] == "?q=pool&sort=plate"
    (kept,) = sorted_.tags("input", name="sort")
    assert kept.marks["value"] == "-plate"


# Paging


def test_fifty_a_page(coordinator: Person, flinkey: Remote) -> None:
    for number in range(94):
        flinkey.change("add_thing", kind="cars", name=f"Zugang {number}")
    pages = [read(coordinator, f"/cars/?sort=name&page={number}") for number in (1, 2, 3)]
    assert [(len(page.ids()), page.total()) for page in pages] == [(50, 101), (50, 101), (1, 101)]
    assert sorted(id_ for page in pages for id_ in page.ids()) == list(range(1, 102))
    assert [link.marks["href"] for link in pages[1].tags("a", rel="next")] == ["?sort=name&page=3"]
    assert [link.marks["href"] for link in pages[1].tags("a", rel="prev")] == ["?sort=name&page=1"]
    assert "51 to 100 of 101" in " ".join(pages[1].tags("main")[0].text.split())
    for beyond in ("99", "-1", "x", "0"):
        assert read(coordinator, f"/cars/?page={beyond}").total() == 101


def test_exactly_fifty_need_no_second_page(coordinator: Person, flinkey: Remote) -> None:
    for number in range(43):
        flinkey.change("add_thing", kind="cars", name=f"Zugang {number}")
    page = read(coordinator, "/cars/")
    assert (len(page.ids()), page.tags("a", rel="next"), page.tags("a", rel="prev")) == (50, [], [])


# Marks and names


def test_the_part_for_htmx_is_the_very_part_of_the_page(coordinator: Person, flinkey: Remote) -> None:
    for address in ("/groups/", "/groups/1/cars/", "/groups/1/cars/add/", "/cars/"):
        whole = coordinator.get(address)
        part = coordinator.get(address, headers={"HX-Request": "true"})
        assert "HX-Request" in whole["Vary"]
        assert "HX-Request" in part["Vary"]
        inside, alone = Reader(whole.content.decode()), Reader(part.content.decode())
        assert (alone.tags("html"), alone.tags("main")) == ([], [])
        assert (alone.ids(), alone.total()) == (inside.ids(), inside.total())


def test_a_window_and_a_change_carry_their_state(coordinator: Person, flinkey: Remote) -> None:
    page = read(coordinator, "/cars/1/")
    windows = [(row.marks["data-id"], row.marks["data-state"]) for row in page.tags("tr", data_id="")]
    assert windows == [("1", "confirmed"), ("2", "confirmed")]
    assert page.total() == 2

    review = Reader(coordinator.post("/groups/1/cars/remove/", {"id": ["2", "1"]}, follow=True).content.decode())
    assert [(item.marks["data-id"], item.marks["data-state"]) for item in review.tags("li", data_id="")] == [
        ("2", "planned"),
        ("1", "planned"),
    ]
    assert review.total() == 2


def test_names_are_text_and_never_markup(coordinator: Person, flinkey: Remote) -> None:
    flinkey.change("rename_group", group=1, name=NASTY)
    flinkey.change("rename_car", car=1, name=NASTY)
    nasty = {"firstName": NASTY, "lastName": "</td>"}
    flinkey.change("add_thing", kind="users", emailAddress='"x"@nordwind.example', userData=nasty)
    newcomer = flinkey.state(1)["users"][-1]["id"]
    flinkey.change("add_member", kind="users", group=1, id=newcomer)
    name = " ".join(NASTY.split())
    for address in (
        *("/groups/", "/groups/1/cars/", "/groups/1/users/", "/groups/1/rename/", "/groups/1/delete/", "/cars/"),
        *("/groups/1/cars/add/", "/groups/2/cars/add/", "/cars/1/", "/users/", f"/users/{newcomer}/"),
        *("/assignments/new/?car=1&user=1", "/assignments/1/", "/assignments/1/delete/"),
    ):
        html = coordinator.get(address).content.decode()
        assert "<script>alert" not in html, address
        assert "&lt;script&gt;alert(" in html, address
        assert [
            script.marks.get("src", "") for script in Reader(html).tags("script") if not script.marks.get("src")
        ] == []
    assert read(coordinator, "/groups/1/cars/").row(1)[1] == f"{name} VW ID.3"
    assert read(coordinator, "/groups/1/users/").row(newcomer)[1] == f"{name} </td>"
    assert " ".join(read(coordinator, "/groups/1/").tags("h1")[0].text.split()) == name


def test_whatever_has_no_name_is_called_something(coordinator: Person, flinkey: Remote) -> None:
    flinkey.change("add_thing", kind="cars", name=None, licensePlate="HH-XX 1")
    flinkey.change("add_thing", kind="cars", name="", licensePlate=None)
    cars = read(coordinator, "/cars/")
    assert (cars.row(8)[1:3], cars.row(9)[1:3]) == (["without name (8)", "HH-XX 1"], ["without name (9)", "no plate"])
    assert read(coordinator, "/users/").row(4)[1:3] == ["nachtwache@nordwind.example", ""]
    assert read(coordinator, "/users/4/").tags("h1")[0].text.strip() == "nachtwache@nordwind.example"
