"""The history: what was done here and elsewhere in one list, and every filter is the address."""

import re
from typing import Any

import pytest

from flinkey_admin.operations.models import Operation, Outside
from flinkey_admin.sandbox import Remote
from tests.conftest import BOTH, Person
from tests.operations.stage import Clock, page_of, press, receipt, visible

pytestmark = pytest.mark.django_db(transaction=True)


def titles(page: Any) -> list[str]:
    rows = re.sub(r'<span class="nowrap">([^<]*)</span>', r"\1", page_of(page).partition("<tbody>")[2])
    return re.findall(r'class="name"[^>]*>([^<]*)<', rows)


@pytest.fixture
def story(clock: Clock, coordinator: Person, flinkey: Remote) -> Person:
    """On Tuesday a move and a refusal in part; on Wednesday another person's group, and a car that moves elsewhere."""
    coordinator.get("/groups/1/cars/")
    coordinator.post("/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"})
    press(coordinator, receipt(coordinator), "run")
    flinkey.fault("assignCarToGroup", "status", status=400)
    coordinator.post("/groups/1/cars/move/", {"id": ["3", "4"], "to": "4"})
    press(coordinator, receipt(coordinator), "run")
    clock.advance(24 * 3600)
    other = Person()
    other.sign_in(BOTH)
    other.post("/customers/", {"customer": "1"})
    other.post("/groups/new/", {"name": "Nachtschicht"})
    clock.advance(60)
    flinkey.change("add_member", kind="cars", group=4, id=1)
    other.get("/groups/4/cars/")
    other.get("/groups/4/cars/?fresh=1")
    assert Outside.objects.count() == 1
    return other


MOVE, PART, GROUP = (
    "Move 2 cars from Hamburg to Berlin",
    "Move 2 cars from Hamburg to Leer",
    "Create the group Nachtschicht",
)
JOINED = "Pool 1 · HH-FK 1234 came into Leer"


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("", [JOINED, GROUP, PART, MOVE]),
        ("?what=members", [JOINED, PART, MOVE]),
        ("?what=groups", [GROUP]),
        ("?what=access", []),
        ("?state=done", [GROUP, MOVE]),
        ("?state=part", [PART]),
        ("?state=unfinished", [PART]),
        ("?who=outside", [JOINED]),
        ("?q=leer", [JOINED, PART]),
        ("?q=hh-fk", [JOINED, MOVE]),
        ("?from=2026-11-25", [JOINED, GROUP]),
        ("?until=2026-11-24", [PART, MOVE]),
        ("?from=2026-11-24&until=2026-11-24", [PART, MOVE]),
        ("?car=1", [JOINED, MOVE]),
        ("?group=4", [JOINED, PART]),
        ("?car=3&state=part&what=members", [PART]),
        ("?car=x&from=y&state=z&who=0&what=%00&page=-1", [JOINED, GROUP, PART, MOVE]),
        ("?until=9999-12-31", [JOINED, GROUP, PART, MOVE]),
    ],
)
def test_a_filter_is_the_address(story: Person, address: str, found: list[str]) -> None:
    page = story.get(f"/operations/{address}")
    assert page.status_code == 200
    assert titles(page) == found
    assert f'data-total="{len(found)}"' in page_of(page)


def test_by_person(story: Person) -> None:
    first = Operation.objects.earliest("pk").person_id
    assert titles(story.get(f"/operations/?who={first}")) == [PART, MOVE]


def test_what_was_done_elsewhere_says_so(story: Person) -> None:
    assert "outside this dashboard" in visible(story.get("/operations/?who=outside"))


def test_what_fits_nothing_leads_back(story: Person) -> None:
    assert "Nothing fits these filters." in visible(story.get("/operations/?q=nothing"))


def test_that_nothing_failed_is_good_news(clock: Clock, coordinator: Person) -> None:
    good = "All is well: nothing is unfinished, and nothing failed."
    assert good in visible(coordinator.get("/operations/?state=open"))
    assert good not in visible(coordinator.get("/operations/?state=open&q=pool")), "something else may have failed"


def test_it_costs_the_same_for_few_and_for_many(story: Person, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(12) as few:
        story.get("/operations/")
    one = Outside.objects.get()
    Outside.objects.bulk_create(
        Outside(customer=one.customer, seen_at=one.seen_at, what="joined", kind="cars", thing_id=1, label="x")
        for _number in range(120)
    )
    with django_assert_max_num_queries(len(few)):
        page = story.get("/operations/?page=2")
    assert "51 to 100 of 124" in visible(page)
