"""The filters of the lists: each leaves exactly the rows it names, they combine, and they live in the address."""

import pytest
from django.utils import timezone

from flinkey_admin.accounts.models import Customer
from flinkey_admin.fleet.filters import CHOICES
from flinkey_admin.fleet.models import Selection
from flinkey_admin.mirror import store
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.fleet.reading import Reader, read, reader
from tests.operations.stage import forget

ALL_CARS = [5, 7, 1, 2, 3, 4, 6]  # by name


@pytest.fixture
def known(coordinator: Person, flinkey: Remote) -> Person:
    """Every group and the windows of every car have been looked at, and the sweep says so."""
    for group in (1, 2, 3, 4):
        for kind in ("cars", "users", "services"):
            assert coordinator.get(f"/groups/{group}/{kind}/").status_code == 200
    read(coordinator, "/cars/")
    store.note_progress(Customer.objects.get(flinkey_id="1"), 28, 28, timezone.now())
    return coordinator


FOUND: list[tuple[str, list[int]]] = [
    ("/cars/?groups=none", [7]),
    ("/cars/?groups=several", [4]),
    ("/cars/?group=2", [5, 6]),
    ("/cars/?access=now", [1, 2, 3]),  # car 3 is open for nobody in particular
    ("/cars/?access=none", [5, 7, 4, 6]),
    ("/cars/?access=open", [1]),
    ("/cars/?access=nobody", [5, 7, 4, 6]),
    ("/cars/?plate=none", [5, 7]),
    ("/cars/?plate=none&groups=none", [7]),
    ("/cars/?access=now&q=1302", [2]),
    ("/cars/?group=1&access=none", [4]),
    ("/cars/?access=nonsense", ALL_CARS),
    ("/cars/?group=999", []),
    ("/users/?group=999&q=m", []),
    ("/cars/?group=x&groups=", ALL_CARS),
    ("/users/?groups=none", [5]),
    ("/users/?groups=several", [4]),
    ("/users/?access=now", [1, 3]),
    ("/users/?access=open", [1]),
    ("/users/?access=none", [5, 2, 4]),
    ("/users/?access=nobody", [5, 1, 3, 2, 4]),  # which is no filter of users
    ("/services/?state=terminated", [3]),
    ("/services/?groups=none", []),
    ("/products/?state=ends", [3]),
    ("/groups/1/cars/?access=now", [1, 2, 3]),
    ("/groups/1/cars/?groups=several", [4]),
]


def test_a_filter_leaves_what_it_names(known: Person) -> None:
    """All in one test: none changes anything, and reading the whole fleet takes longer than all of them."""
    wrong = []
    for address, found in FOUND:
        page = reader(known.get(address), address)
        if (page.ids(), page.total()) != (found, len(found)):
            wrong.append((address, page.ids(), page.total()))
    assert wrong == []


def test_a_group_is_read_by_the_first_who_filters_by_it(coordinator: Person, flinkey: Remote) -> None:
    page = reader(coordinator.get("/cars/?group=2"))
    assert (page.ids(), said(page)) == ([5, 6], "")
    assert chosen(page) == [("Berlin", "?")]
    assert coordinator.poll(coordinator.get("/cars/?group=2")).status_code in {200, 204}
    assert reader(coordinator.get("/cars/?group=2")).ids() == [5, 6]


def test_a_group_that_is_not_there_has_nothing_and_a_way_out(coordinator: Person, flinkey: Remote) -> None:
    """Cold, by a bookmark; then one that was deleted."""
    lost = "flinkey no longer knows this group. It may have been deleted elsewhere."
    for group in (999, 4):
        page = reader(coordinator.get(f"/cars/?group={group}"))
        if group == 4:
            flinkey.change("delete_group", group=4, force=True)
            page = read(coordinator, "/cars/?group=4")
        assert (page.ids(), said(page)) == ([], f"{lost} Show all"), group
        assert chosen(page) == [("Group", "?")]
        frozen = coordinator.post(f"/cars/select/?group={group}").headers["Location"]
        assert reader(coordinator.get(frozen)).tags("input", name="id") == []
        assert Selection.objects.latest("pk").ids == []
    flinkey.clear_requests()
    coordinator.get("/cars/?group=999")
    coordinator.get("/cars/?group=4")
    assert flinkey.requests() == [], "nobody asks again for what is known to be gone"


def test_before_all_is_read_nothing_is_claimed(coordinator: Person, flinkey: Remote) -> None:
    coordinator.get("/groups/1/")
    for denied in ("/cars/?groups=none", "/users/?access=none", "/cars/?access=nobody", "/groups/1/cars/?access=none"):
        page = reader(coordinator.get(denied))
        assert page.ids() == [], denied
        assert said(page) == "Not known yet: not all groups and accesses have been read. Show all", denied
    assert said(reader(coordinator.get("/cars/?access=now"))) == "Nothing so far. Not all has been read yet. Show all"
    coordinator.post("/cars/select/?groups=none")
    assert Selection.objects.latest("pk").ids == []
    read(coordinator, "/cars/1/")
    page = reader(coordinator.get("/cars/?access=now"))
    assert page.ids() == [1]
    assert "Not all has been read yet, so there may be more." in page.tags("div", id="list")[0].text
    assert said(reader(coordinator.get("/cars/?plate=none&q=nothing"))).startswith("Nothing fits this search.")


def said(page: Reader) -> str:
    """What a list without rows says, and where it leads."""
    return " ".join(" ".join(one.text.split()) for one in page.tags("div") if one.marks.get("class") == "empty")


def chosen(page: Reader) -> list[tuple[str, str]]:
    """The filters that are on, and where a click on each leads."""
    links = [link for link in page.tags("a", aria_current="true") if link.marks.get("class") == "chip"]
    return [(link.text, link.marks["href"]) for link in links]


def test_terminated_beside_cars_in_use_goes_by_groups(known: Person, flinkey: Remote) -> None:
    """Service 3 is terminated and stands in Berlin, whose cars 5 and 6 nobody may open."""
    assert reader(known.get("/services/?state=beside")).ids() == []
    flinkey.change("add_window", car=5, user=1, start="2030-01-01T08:00:00Z", end="2030-01-02T08:00:00Z")
    known.look("/cars/5/")
    assert reader(known.get("/services/?state=beside")).ids() == [3]


def test_a_chip_turns_its_filter_on_and_off_and_keeps_the_rest(known: Person) -> None:
    page = reader(known.get("/cars/?q=pool&access=now&sort=-plate&page=2"))
    chips = {chip.text: chip.marks for chip in page.tags("a") if chip.marks.get("class") == "chip"}
    assert [text for text, marks in chips.items() if "aria-current" in marks] == ["With access now"]
    assert chips["With access now"]["href"] == "?q=pool&sort=-plate"
    assert chips["Open end"]["href"] == "?q=pool&sort=-plate&access=open"
    assert chips["Without plate"]["href"] == "?q=pool&access=now&sort=-plate&plate=none"


def test_the_search_beside_a_filter_keeps_it(known: Person) -> None:
    page = reader(known.get("/cars/?access=now&groups=several&group=1"))
    kept = [
        (one.marks["name"], one.marks["value"])
        for one in page.tags("input", type="hidden", value="")
        if "form" not in one.marks
    ]
    assert [pair for pair in kept if pair[0] in {"access", "groups", "group"}] == [
        ("access", "now"),
        ("groups", "several"),
    ]
    assert [one.marks["value"] for one in page.tags("option", selected="")] == ["1"]
    assert [one.text for one in page.tags("option")] == [
        "All groups",
        "Berlin",
        "Hamburg",
        "Leer",
        'Nachtschicht "Süd" & Co',
    ]


def test_among_too_many_groups_nobody_chooses(known: Person, flinkey: Remote) -> None:
    for number in range(CHOICES):
        flinkey.change("create_group", name=f"Zweigstelle {number}")
    known.look("/groups/")
    assert reader(known.get("/cars/")).tags("select") == []
    page = reader(known.get("/cars/?group=2"))
    assert (
        page.ids(),
        [chip.text for chip in page.tags("a", class_="chip") or page.tags("a", aria_current="true")][-1],
    ) == (
        [5, 6],
        "Berlin",
    )


def test_a_filter_that_leaves_nothing_says_so_and_leads_back(known: Person) -> None:
    page = reader(known.get("/services/?groups=none"))
    assert "Nothing fits this search." in page.tags("main")[0].text
    assert [link.marks["href"] for link in page.tags("a") if link.text == "Show all"] == ["/services/"]


def test_columns_say_who_has_a_car_now_and_next(known: Person, flinkey: Remote) -> None:
    flinkey.change("add_window", car=2, user=2, start="2020-01-01T08:00:00Z", end=None)
    known.look("/cars/2/")
    page: Reader = reader(known.get("/cars/"))
    assert page.row(1)[5:7][0] == "Now Jörg Müller open end"
    assert page.row(1)[6].startswith("Ayşe Öztürk from ")
    assert page.row(2)[5].startswith("Now Ayşe Öztürk and 1 more open end")
    assert page.row(3)[5].startswith("Now unknown person until ")
    assert page.row(4)[5:7] == ["", ""], "nobody has it"
    people = reader(known.get("/users/"))
    assert people.row(1)[3].startswith("Now Pool 1 open end")


def test_of_a_car_that_nobody_has_looked_at_nobody_says_that_it_is_free(known: Person, flinkey: Remote) -> None:
    car = flinkey.change("add_thing", kind="cars", name="Neu")
    known.get("/cars/?fresh=1")
    store.note_progress(Customer.objects.get(flinkey_id="1"), 28, 29, None)
    assert reader(known.get("/cars/")).row(car)[5:7] == ["not known yet", "not known yet"]
    assert read(known, "/cars/").row(car)[5:7] == ["", ""]
    forget()
    known.get("/users/")
    assert reader(known.get("/users/")).row(5)[3:5] == ["not known yet", "not known yet"]
    known.look("/users/5/")
    assert reader(known.get("/users/")).row(5)[3:5] == ["", ""]
