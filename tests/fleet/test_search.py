"""One search for everything, and the pages of one car and one user: what happened to them."""

import hashlib
from urllib.parse import quote

import pytest

from flinkey_admin.mirror import lists
from flinkey_admin.sandbox import Remote
from flinkey_admin.web.sentences import TROUBLE
from tests.conftest import Person
from tests.fleet.reading import Reader, by_htmx, read, reader
from tests.fleet.test_browse_costs import queries
from tests.mirror.stage import listing
from tests.mirror.test_costs import AT_MOST, grow
from tests.operations.stage import Clock, visible
from tests.operations.windows import give


def hits(page: Reader) -> list[str]:
    links = page.tags("a")
    return [
        " ".join(link.text.split()) for link in links if link.marks.get("href", "").startswith(STARTS) and link.text
    ]


STARTS = ("/cars/", "/users/", "/groups/", "/services/?", "/products/?")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("hh-nw", ["Cars", "Pool 3 HH-NW 88 Škoda Octavia", "Pool 4 HH-NW 91 Ford Transit"]),
        ("hhnw88", ["Cars", "Pool 3 HH-NW 88 Škoda Octavia"]),
        ("hh nw 88", ["Cars", "Pool 3 HH-NW 88 Škoda Octavia"]),
        ("ford hh-nw", ["Cars", "Pool 4 HH-NW 91 Ford Transit"]),
        ("hh - 88", ["Cars", "Pool 3 HH-NW 88 Škoda Octavia"]),
        ("hh\u2011nw\u00a088", ["Cars", "Pool 3 HH-NW 88 Škoda Octavia"]),  # as out of a letter
        ("hh \u2013 nw\u00ad88", ["Cars", "Pool 3 HH-NW 88 Škoda Octavia"]),
        ("3hh", ["Cars", "Pool 3 HH-NW 88 Škoda Octavia"]),
        ("octavia 3hh", []),
        ("%25", []),
        ("müller", ["Users", "Jörg Müller joerg.mueller@nordwind.example"]),
        ("c108f095", ["Boxes", "C1-08-F0-95 FB-100002"]),
        ("hamb", ["Groups", "Hamburg"]),
        ("2021-0417", ["Services", "Dienstleistungsvertrag 2021-0417 Terminated"]),
        ("nowhere", []),
    ],
)
def test_it_finds_things_of_every_kind(coordinator: Person, flinkey: Remote, query: str, found: list[str]) -> None:
    assert hits(by_htmx(coordinator, f"/search/?q={query}")) == found


def test_signs_that_mean_something_in_a_pattern_are_letters(coordinator: Person, flinkey: Remote) -> None:
    flinkey.change("add_thing", kind="cars", name="Zuwachs [5]*? %")
    read(coordinator, "/cars/")
    for query in ("[5]", "5]*", "*?", "zuwachs [5", "? %"):
        assert len(hits(by_htmx(coordinator, f"/search/?q={quote(query)}"))) == 2, query
    for query in ("[45]", "zuw*5", "zuwach?", "zuwachs%5"):
        assert hits(by_htmx(coordinator, f"/search/?q={quote(query)}")) == [], query


def test_the_only_hit_is_shown_at_once(coordinator: Person, flinkey: Remote) -> None:
    assert coordinator.get("/search/", {"q": "HHFK1302"}).headers["Location"] == "/cars/2/"
    assert coordinator.get("/search/", {"q": "leer"}).headers["Location"] == "/groups/4/"
    page = coordinator.get("/search/", {"q": "pool"})
    assert page.status_code == 200
    assert "Found for “pool”" in visible(page)


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("services", {"name": "", "terminationCause": "Totalschaden"}),
        ("products", {"uniqueId": "", "serialNumber": "FB-900900"}),
    ],
)
def test_what_has_no_name_is_found_and_shown(
    coordinator: Person, flinkey: Remote, kind: str, facts: dict[str, str]
) -> None:
    flinkey.change("add_thing", kind=kind, **facts)
    read(coordinator, f"/{kind}/")
    (query,) = filter(None, facts.values())
    (number,) = reader(coordinator.get(coordinator.get("/search/", {"q": query}).headers["Location"])).ids()
    assert f"without name ({number})" in hits(by_htmx(coordinator, f"/search/?q={query}"))[1]


def test_a_name_as_long_as_a_letter_is_kept_and_found(coordinator: Person, flinkey: Remote) -> None:
    """PostgreSQL takes no more than 2,700 bytes into an index, of what cannot be made shorter."""
    name = "".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(100))
    flinkey.change("rename_car", car=2, name=name)
    read(coordinator, "/cars/?sort=-name")
    assert coordinator.get("/search/", {"q": name[-30:]}).headers["Location"] == "/cars/2/"


def test_its_page_says_how_old_it_is_and_hears_news(coordinator: Person, flinkey: Remote) -> None:
    page = coordinator.get("/search/", {"q": "pool"})
    (age,) = reader(page).tags("p", id="age")
    assert (age.marks["data-state"], age.text.split()[:2]) == ("fresh", ["as", "of"])
    assert listing(lists.EVERYTHING).lease_until, "the sweep reads ahead for whoever searches"
    flinkey.change("rename_car", car=2, name="Pool Zwei")
    assert coordinator.get("/search/?q=pool&fresh=1").headers["Location"] == "/search/?q=pool"
    news = coordinator.poll(page)
    assert any("Pool Zwei" in hit for hit in hits(reader(news)))
    assert coordinator.poll(coordinator.get("/search/", {"q": "pool"})).status_code == 204
    for number in (1, 3, 4):
        flinkey.change("rename_car", car=number, name="Anders")
    coordinator.get("/search/?q=pool&fresh=1")
    assert len(hits(reader(coordinator.poll(page)))) == 2, "an open page stays, though a single car fits by now"


def test_it_tells_of_trouble(coordinator: Person, flinkey: Remote) -> None:
    coordinator.get("/search/", {"q": "pool"})
    flinkey.fault("*", "status", times=-1, status=503)
    coordinator.get("/search/?q=pool&fresh=1")
    page = reader(coordinator.get("/search/", {"q": "pool"}))
    assert [one.text for one in page.tags("span", role="status")] == [str(TROUBLE["down"])]
    assert "Cars" in hits(page), "what was read can be found all the same"


def test_the_rest_of_many_is_a_list(coordinator: Person, flinkey: Remote) -> None:
    for number in range(9):
        flinkey.change("add_thing", kind="cars", name=f"Zuwachs {number}")
    page = reader(coordinator.get("/search/", {"q": "zuwachs"}))
    (rest,) = [link for link in page.tags("a") if link.text.startswith("Show all")]
    assert (rest.text, rest.marks["href"]) == ("Show all 9", "/cars/?q=zuwachs")
    assert read(coordinator, rest.marks["href"]).total() == 9


def test_namesakes_are_counted_once_each(coordinator: Person, flinkey: Remote) -> None:
    for _number in range(9):
        flinkey.change("add_thing", kind="cars", name="Zuwachs")
    read(coordinator, "/cars/")
    assert "Show all 9" in visible(coordinator.get("/search/", {"q": "zuwachs"}))


def test_what_fits_things_of_every_kind_costs_no_more_than_a_page(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    grow(flinkey)
    for address in ("/cars/", "/users/", "/groups/", "/services/", "/products/"):
        read(coordinator, address)
    coordinator.get("/search/?q=1")
    assert len(reader(coordinator.get("/search/?q=1")).tags("h2")) == 5
    assert len(queries(coordinator, "/search/?q=1")) <= AT_MOST


def test_of_another_customer_nothing_is_found(coordinator: Person, southerner: Person, flinkey: Remote) -> None:
    read(southerner, "/cars/")
    assert hits(by_htmx(coordinator, "/search/?q=stern")) == []
    assert len(hits(by_htmx(southerner, "/search/?q=stern"))) == 7


def test_a_car_tells_what_was_done_here_and_elsewhere(coordinator: Person, flinkey: Remote) -> None:
    read(coordinator, "/cars/2/")
    give(coordinator)
    flinkey.change("rename_car", car=2, name="Pool Zwei")
    flinkey.change("delete_window", window=3)
    page = coordinator.look("/cars/2/")
    told = " ".join(reader(page).tags("section", id="story")[0].text.split())
    assert "Give Zoë Groß access to Pool 2 · HH-FK 1302 coordinator@nordwind.example" in told
    assert "Pool Zwei · HH-FK 1302 was changed changed outside this dashboard, seen" in told
    assert "Name Pool 2 → Name Pool Zwei" in told
    assert "Access removed: Jörg Müller" in told
    assert "outside" not in " ".join(reader(coordinator.look("/users/5/")).tags("section", id="story")[0].text.split())


def test_a_car_that_has_gone_keeps_its_page(coordinator: Person, flinkey: Remote) -> None:
    read(coordinator, "/cars/3/")
    flinkey.change("delete_car", car=3)
    page = coordinator.look("/cars/3/")
    assert page.status_code == 200
    assert "flinkey no longer knows this car." in visible(page)
    assert "Give access" not in visible(page)
    assert 3 not in read(coordinator, "/cars/").ids()
    assert coordinator.get("/cars/999/").status_code == 404
