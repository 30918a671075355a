"""What does not fit together: each kind with its number, the first few, all of them, and as a table."""

import csv
import html
import io
import re
from typing import Any

import pytest

from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.fleet.test_browse_costs import queries
from tests.fleet.test_overview import read_all
from tests.mirror.stage import asked
from tests.operations.stage import Clock, page_of, visible
from tests.stages import Stages

REPORT = "/reports/mismatches/"
SECTION = re.compile(r'<section class="sheet" id="(\w+)".*?</section>', re.DOTALL)
ROW = re.compile(r"<tr[^>]*>\s*(<td.*?)</tr>", re.DOTALL)


def words(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def sections(page: Any) -> dict[str, list[str]]:
    """The lines of each kind."""
    assert page.status_code == 200, visible(page)
    return {found[1]: [words(row) for row in ROW.findall(found[0])] for found in SECTION.finditer(page_of(page))}


def numbers(page: Any) -> dict[str, str]:
    found = re.findall(r'<a class="number[^"]*" href="\?show=(\w+)">(.*?)</a>', page_of(page), re.DOTALL)
    return {key: words(text).split()[-1] for key, text in found}


@pytest.fixture
def known(clock: Clock, coordinator: Person, flinkey: Remote, stages: Stages) -> Person:
    """24 November 2026, 10:00 in Berlin; everything has been read."""
    stages.look(coordinator, "/cars/")
    stages.set("read all", read_all)
    return coordinator


def test_each_kind_with_what_it_is_about(known: Person) -> None:
    page = known.get(REPORT)
    assert numbers(page) == {
        "outside": "1",  # Seán of Berlin may open Pool 2 of Hamburg
        "members": "3",
        "open": "1",
        "nobody": "1",
        "services": "0",
        "products": "0",
    }
    found = sections(page)
    assert found["outside"] == [
        "Seán O'Brien sean.obrien@nordwind.example Pool 2 HH-FK 1302 "
        "Tue 24 Nov, 08:00 \u2013 13:00 Change Seán O'Brien, Pool 2"
    ]
    assert [row.startswith("Jörg Müller") for row in found["open"]] == [True]
    assert [row.startswith("unknown person Pool 3") for row in found["nobody"]] == [True]
    assert (found["services"], found["products"]) == ([], [])


def test_members_without_access(clock: Clock, known: Person, flinkey: Remote) -> None:
    members = [row.partition(" Give access")[0] for row in sections(known.get(REPORT))["members"]]
    assert members == [
        "Seán O'Brien sean.obrien@nordwind.example Berlin",
        "nachtwache@nordwind.example Hamburg",
        'nachtwache@nordwind.example Nachtschicht "Süd" & Co',
    ]
    # Access to one car of the group is enough, and so is one that is to come.
    flinkey.change("add_window", car=4, user=4, start="2026-12-24T08:00:00Z", end="2026-12-24T10:00:00Z")
    clock.advance(60)
    known.look("/cars/4/")
    assert numbers(known.get(REPORT))["members"] == "1"


def test_somebody_who_has_left_is_nobody(clock: Clock, known: Person, flinkey: Remote) -> None:
    flinkey.change("delete_user", user=1)
    clock.advance(60)
    known.look("/users/")
    page = known.get(REPORT)
    assert numbers(page)["nobody"] == "2"
    assert numbers(page)["outside"] == "1", "whoever is nobody is in no wrong group"


def test_what_is_over_fits_and_what_is_moved_out_does_not(clock: Clock, known: Person, flinkey: Remote) -> None:
    flinkey.change("remove_member", kind="users", group=1, id=2)
    clock.advance(60)
    known.look("/groups/1/users/")
    assert numbers(known.get(REPORT))["outside"] == "2", "Ayşe may open Pool 1 tomorrow"
    clock.advance(3 * 3600)
    known.sign_in("coordinator@nordwind.example")
    assert numbers(known.get(REPORT))["outside"] == "1", "that of Seán is over"


def test_terminated_services_and_boxes(clock: Clock, known: Person, flinkey: Remote) -> None:
    flinkey.change("add_window", car=5, user=3, start="2026-11-24T08:00:00Z", end="2026-12-24T10:00:00Z")
    clock.advance(60)
    known.look("/cars/5/")
    page = known.get(REPORT)
    found = sections(page)
    assert (len(found["services"]), len(found["products"])) == (1, 1)
    assert found["services"][0].startswith("Dienstleistungsvertrag 2021-0417 Terminated on")
    assert found["products"][0].startswith("C1-0A-17-2B Terminated on")
    for link, name in (("/services/?state=beside", "2021-0417"), ("/products/?state=beside", "C1-0A-17-2B")):
        assert f'href="{link}"' in page_of(page)
        rows = known.get(link)
        assert 'data-total="1"' in page_of(rows)
        assert name in visible(rows)


def test_before_all_is_read_nobody_says_what_may_only_seem_so(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    coordinator.get("/cars/2/")
    page = coordinator.get(REPORT)
    assert numbers(page)["outside"] == numbers(page)["members"] == "yet", "not known yet"
    assert sections(page)["outside"] == []
    assert "Not known yet: not all groups and accesses have been read." in visible(page)
    assert numbers(page)["nobody"] == "far", "0 so far"


def test_a_kind_alone_has_pages(clock: Clock, known: Person, flinkey: Remote) -> None:
    for number in range(60):
        flinkey.change("add_window", car=1, user=1, start=f"2026-11-24T09:{number:02}:00Z", end=None)
    clock.advance(60)
    known.look("/cars/1/")
    page = known.get(REPORT)
    assert len(sections(page)["open"]) == 10
    assert "51 more" in visible(page)
    alone = known.get(f"{REPORT}?show=open")
    assert {key: len(rows) for key, rows in sections(alone).items()} == {"open": 50}
    assert "Page 1 of 2" in visible(alone)
    assert len(sections(known.get(f"{REPORT}?show=open&page=2"))["open"]) == 11
    for kind in ("outside", "members", "nobody", "services", "products"):
        assert list(sections(known.get(f"{REPORT}?show={kind}"))) == [kind]
    assert len(sections(known.get(f"{REPORT}?show=nothing"))) == 6


def test_as_a_table(known: Person) -> None:
    answer = known.get(f"{REPORT}csv/")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode().removeprefix("\ufeff"))))
    assert [row["What"] for row in rows] == [
        "Access to cars outside the person's groups",
        *["Members without access"] * 3,
        "Access without end",
        "Access without a person",
    ]
    assert (rows[0]["User"], rows[0]["Car"], rows[0]["Until"]) == (
        "Seán O'Brien",
        "Pool 2",
        "2026-11-24T13:00:00+01:00",
    )
    only = list(csv.DictReader(io.StringIO(known.get(f"{REPORT}csv/?show=open").content.decode())))
    assert len(only) == 1


def test_the_overview_leads_to_it(known: Person) -> None:
    assert f'href="{REPORT}"' in page_of(known.get("/"))


def test_it_costs_the_same_for_much(clock: Clock, known: Person, flinkey: Remote) -> None:
    def warm(address: str) -> list[str]:
        known.look(address)
        known.get(address)
        return queries(known, address)

    addresses = [REPORT, f"{REPORT}?show=open", f"{REPORT}?show=members"]
    few = [len(warm(address)) for address in addresses]
    for number in range(30):
        user = flinkey.change("add_thing", kind="users", emailAddress=f"z{number}@nordwind.example")
        flinkey.change("add_member", kind="users", group=2, id=user)
        flinkey.change("add_window", car=number % 4 + 1, user=user, start="2026-11-24T08:00:00Z", end=None)
    clock.advance(61)
    read_all()
    many = [warm(address) for address in addresses]
    assert [len(one) for one in many] == few, "\n".join(many[0])
    assert max(few) <= 12, "\n".join(many[0])
    flinkey.clear_requests()
    for address in addresses:
        known.get(address)
    assert asked(flinkey) == []


def test_another_customer_has_other_mismatches(known: Person, southerner: Person) -> None:
    found = sections(southerner.get(REPORT))
    assert not any("nordwind" in row for rows in found.values() for row in rows)
