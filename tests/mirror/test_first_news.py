"""A page asks for news as soon as it is there: what has not changed since it was drawn is not drawn again."""

from typing import Any

import pytest

from flinkey_admin.operations.models import Operation
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.fleet.reading import Reader
from tests.mirror.stage import NEXT, asked, caught_up, fresh, watch_of
from tests.mirror.test_polls import OF_PAGE, parts
from tests.operations.stage import Clock, page_of
from tests.operations.windows import give

HTMX = {"HX-Request": "true"}


def of_a_minute_ago(person: Person, clock: Clock, address: str) -> Any:
    """A page from a copy that was read a minute before, and the next second has come."""
    caught_up(person, address)
    clock.advance(NEXT)
    caught_up(person, address)  # what has come for the first time is compared once more
    clock.advance(55)
    page = person.get(address)
    clock.advance(1)
    return page


def drawn(news: Any) -> set[str]:
    """The templates that an answer has used."""
    return {template.name for template in news.templates if template.name}


@pytest.mark.parametrize("address", OF_PAGE)
def test_what_is_the_same_is_asked_for_and_not_drawn(
    clock: Clock, coordinator: Person, flinkey: Remote, address: str
) -> None:
    page = of_a_minute_ago(coordinator, clock, address)
    flinkey.clear_requests()
    news = coordinator.poll(page)
    assert set(OF_PAGE[address]) <= set(asked(flinkey))
    assert parts(news) == ["age", "watch"], "it is as of now"
    assert drawn(news) <= {"mirror/_age.html", "mirror/_watch.html", "mirror/_news.html"}
    news = coordinator.poll(news)
    assert (news.status_code, drawn(news)) == (204, {"mirror/_age.html"}), "its mark is that of what it has now"


def test_after_some_seconds_all_is_drawn_and_compared(clock: Clock, coordinator: Person) -> None:
    """What stands in no list, such as the hour and changes under way, is seen then at the latest."""
    page = caught_up(coordinator, "/groups/1/")
    clock.advance(5)
    news = coordinator.poll(page)
    assert news.status_code == 204
    assert drawn(news) >= {"fleet/_group_title.html", "fleet/_tabs.html", "fleet/_list.html"}


def test_what_flinkey_has_changed_is_brought_at_once(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = of_a_minute_ago(coordinator, clock, "/groups/1/")
    flinkey.change("remove_member", kind="cars", group=1, id=4)
    news = coordinator.poll(page)
    assert parts(news) == ["tabs", "list", "age", "watch"]
    assert Reader(page_of(news)).ids() == [1, 2, 3]


def test_so_is_what_somebody_else_has_read_meanwhile(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = of_a_minute_ago(coordinator, clock, "/groups/1/")
    flinkey.change("remove_member", kind="cars", group=1, id=4)
    fresh(coordinator, "/groups/1/")
    flinkey.clear_requests()
    news = coordinator.poll(page)
    assert Reader(page_of(news)).ids() == [1, 2, 3]
    assert asked(flinkey) == [], "its lists were fresh"


def test_so_is_what_we_have_done_meanwhile(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = of_a_minute_ago(coordinator, clock, "/groups/2/users/")
    coordinator.post("/groups/2/users/add/", {"id": ["5"]})
    coordinator.post(f"/operations/{Operation.objects.latest('pk').pk}/run/")
    news = coordinator.poll(page)
    assert 5 in Reader(page_of(news)).ids()


def test_a_clock_that_is_set_back_hides_nothing(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """A page that was drawn in the future is not one that was drawn a moment ago."""
    caught_up(coordinator, "/groups/1/")
    clock.advance(NEXT)
    caught_up(coordinator, "/groups/1/")
    clock.advance(300)
    page = coordinator.get("/groups/1/")
    clock.advance(-200)
    flinkey.change("remove_member", kind="cars", group=1, id=4)
    assert Reader(page_of(coordinator.poll(page))).ids() == [1, 2, 3]


def test_what_was_written_while_it_was_drawn_is_brought(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """Its commit may come after the page has been found, and another node's clock may be behind."""
    page = of_a_minute_ago(coordinator, clock, "/groups/1/")
    clock.advance(-4)
    flinkey.change("remove_member", kind="cars", group=1, id=4)
    fresh(coordinator, "/groups/1/")
    clock.advance(4)
    assert Reader(page_of(coordinator.poll(page))).ids() == [1, 2, 3]


def test_a_page_that_has_got_its_new_age_is_told_of_changes_later(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    news = coordinator.poll(of_a_minute_ago(coordinator, clock, "/cars/1/"))
    assert parts(news) == ["age", "watch"]
    clock.advance(6)
    flinkey.change("rename_car", car=1, name="Pool 1b")
    again = coordinator.get(watch_of(news), headers=HTMX)
    assert "Pool 1b" in page_of(again)


def test_while_something_is_under_way_it_may_differ_at_any_moment(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    """What the journal says stands in no list, so such a page has no moment in which it is sure to be the same."""
    of_a_minute_ago(coordinator, clock, "/cars/2/")
    flinkey.settings(delay=30)
    give(coordinator, user="zoe.gross@nordwind.example")
    page = coordinator.get("/cars/2/")
    assert watch_of(page).endswith(".")
    clock.advance(1)
    assert "assignments/_windows.html" in drawn(coordinator.poll(page))
