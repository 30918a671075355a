"""The help page: short sections, and every link of a page that leads into one finds it."""

import re

from tests.conftest import Person
from tests.operations.stage import page_of, visible
from tests.project.source import ROOT

LINK = re.compile(r"""{% url 'help' %}#(\w+)""")


def test_every_section_that_a_page_links_to_is_there(coordinator: Person) -> None:
    found = {
        anchor for path in (ROOT / "templates").rglob("*.html") for anchor in LINK.findall(path.read_text("utf-8"))
    }
    assert found >= {"groups", "keys", "undo", "waiting", "series"}
    assert found <= set(re.findall(r'<section class="sheet" id="(\w+)"', page_of(coordinator.get("/help/"))))


def test_it_says_where_flinkey_surprises(coordinator: Person) -> None:
    words = visible(coordinator.get("/help/"))
    for surprise in (
        "Access is always given to one person for one car.",
        "Accepted is not done.",
        "a phone that stays offline may open the car until its key runs out",
        "flinkey knows no “every Monday”.",
        "A removed access and a deleted group come back under a new number.",
    ):
        assert surprise in words


def test_it_is_in_the_menu_of_every_page(coordinator: Person) -> None:
    assert page_of(coordinator.get("/users/")).count('href="/help/"') == 2, "at the side, and on a phone under More"


def test_it_asks_for_a_sign_in(visitor: Person) -> None:
    assert visitor.get("/help/")["Location"].startswith("/sign-in/")
