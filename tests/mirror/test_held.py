"""The page of a car or a user that nobody has opened yet comes at once, where other lists have said all of it."""

import pytest

from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.mirror.stage import asked, watch_of
from tests.mirror.worker import work
from tests.operations.stage import page_of

pytestmark = pytest.mark.django_db(transaction=True)
HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("address", "says", "news"),
    [
        ("/cars/1/", ["Pool 1", "HH-FK 1234", "Müller", "as of"], "/cars/1"),
        ("/users/2/", ["Öztürk", "Pool 1", "as of"], "/users/2/assignments"),
    ],
)
def test_after_the_sweep_a_first_visit_asks_nobody(
    coordinator: Person, flinkey: Remote, address: str, says: list[str], news: str
) -> None:
    coordinator.get("/groups/")
    work()
    flinkey.clear_requests()
    page = coordinator.get(address)
    assert asked(flinkey) == []
    assert [word for word in says if word not in page_of(page)] == []
    coordinator.poll(page)
    assert news in asked(flinkey), "behind the reader's back"


def test_a_car_that_has_come_since_is_asked_for(coordinator: Person, flinkey: Remote) -> None:
    coordinator.get("/groups/")
    work()
    car = flinkey.change("add_thing", kind="cars", name="Nagelneu")
    page = coordinator.get(f"/cars/{car}/")
    assert (page.status_code, "Nagelneu" in page_of(page)) == (200, True)


def test_what_was_renamed_since_is_brought_by_the_first_news(coordinator: Person, flinkey: Remote) -> None:
    coordinator.get("/groups/")
    work()
    flinkey.change("rename_car", car=1, name="Pool Eins")
    page = coordinator.get("/cars/1/")
    assert "Pool Eins" not in page_of(page)
    assert "Pool Eins" in page_of(coordinator.get(watch_of(page), headers=HTMX))


def test_before_all_is_read_it_waits_for_what_nobody_has_said(coordinator: Person, flinkey: Remote) -> None:
    """The list of users says who there is, but not which cars they may open."""
    coordinator.get("/users/")
    flinkey.clear_requests()
    coordinator.get("/users/2/")
    assert "/users/2/assignments" in asked(flinkey)
