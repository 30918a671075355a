"""What keyboard and mouse ask for beside the pages: shortcuts, the palette's choices, groups to drop rows on."""

from django.urls import resolve

from flinkey_admin.fleet import hands
from flinkey_admin.sandbox import Remote
from tests.conftest import SOUTHERNER, Person
from tests.fleet.reading import reader

HTMX = {"HX-Request": "true"}


def options(person: Person, query: str) -> dict[str, str]:
    """The palette's choices for what was typed: where each leads, by its words."""
    page = reader(person.get("/search/", {"q": query, "acts": "1"}, headers=HTMX))
    return {
        " ".join(one.text.split()): one.marks.get("href") or one.marks["formaction"] for one in page.tags(role="option")
    }


def test_every_shortcut_leads_to_a_page_and_no_two_share_a_key(coordinator: Person, flinkey: Remote) -> None:
    for headers in ({}, HTMX):  # a page for everybody, a dialog for scripts
        links = reader(coordinator.get("/keys/", headers=headers)).tags("a", data_key="")
        keys = [link.marks["data-key"] for link in links]
        assert "".join(sorted(keys)) == "bcefghnoqrstu"
        assert {resolve(link.marks["href"]).view_name for link in links} >= {"fleet:group_list", "assignments:timeline"}
        assert {coordinator.get(link.marks["href"]).status_code for link in links} == {200}


def test_no_place_is_named_twice(coordinator: Person, flinkey: Remote) -> None:
    places = [place.name for place in (*hands.PLACES, *hands.ACTS)]
    assert sorted(places) == sorted(set(places))
    assert len(reader(coordinator.get("/help/")).tags("a", href="/keys/")) == 1


def test_the_palette_offers_what_can_be_done_with_the_first_hit(coordinator: Person, flinkey: Remote) -> None:
    assert options(coordinator, "hhnw88") == {
        "Pool 3 HH-NW 88 Škoda Octavia": "/cars/3/",
        "Give access to Pool 3": "/assignments/new/?car=3",
        "Who could open Pool 3?": "/access/?car=3",
        "New series with Pool 3": "/assignments/series/new/?car=3",
        "End all access to Pool 3…": "/cars/3/end/",
    }
    assert options(coordinator, "müller")["End all access of Jörg Müller…"] == "/users/1/end/"
    assert options(coordinator, "hamb") == {
        "Hamburg": "/groups/1/",
        "Timeline of Hamburg": "/timeline/?group=1",
        "Free cars of Hamburg": "/cars/free/?group=1",
        "Add cars to Hamburg": "/groups/1/cars/add/",
        "Add users to Hamburg": "/groups/1/users/add/",
    }
    assert list(options(coordinator, "c108f095")) == ["C1-08-F0-95 FB-100002"]
    assert options(coordinator, "nowhere") == {}


def test_it_offers_nothing_with_the_first_of_many(coordinator: Person, flinkey: Remote) -> None:
    for number in range(7):
        flinkey.change("add_thing", kind="cars", name=f"Zuwachs {number}")
    found = options(coordinator, "zuwachs")
    assert list(found) == [*(f"Zuwachs {number}" for number in range(6)), "Show all"]
    assert found["Show all"] == "/cars/?q=zuwachs"
    page = coordinator.get("/search/?acts=1&q=zuwachs")  # where a sign-in in between leads
    assert "Show all 7" in page.content.decode()


def test_what_the_palette_offers_is_there(coordinator: Person, flinkey: Remote) -> None:
    for query in ("hhnw88", "müller", "hamb"):
        for words, address in options(coordinator, query).items():
            answer = coordinator.post(address) if words.startswith("End ") else coordinator.get(address)
            assert answer.status_code == 200 or answer.headers["Location"] == address.removesuffix("end/"), words


def test_rows_are_dropped_on_one_s_own_groups_but_not_where_they_are(coordinator: Person, flinkey: Remote) -> None:
    def targets(person: Person, query: str = "") -> list[str]:
        return [one.text for one in reader(person.get(f"/keys/groups/{query}", headers=HTMX)).tags(data_group="")]

    everything = targets(coordinator)
    assert everything == [group["name"] for group in sorted(flinkey.state(1)["groups"], key=lambda one: one["name"])]
    assert targets(coordinator, "?not=1") == [name for name in everything if name != "Hamburg"]
    other = Person()
    other.sign_in(SOUTHERNER)
    assert targets(other)
    assert not {*targets(other)} & {*everything}
    assert coordinator.get("/keys/groups/").headers["Location"] == "/groups/"
