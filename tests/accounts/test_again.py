"""A session that ends in the middle: the sign-in, the same page again, and what was typed is still there."""

import copy
import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from django.utils import timezone

from flinkey_admin.operations.models import Operation
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.accounts.stage import Answer, is_sign_in, operations, said, stored
from tests.conftest import BOTH, COORDINATOR, PASSWORD, SOUTHERNER, Person

HTMX = {"HX-Request": "true"}
Ending = Callable[[Person, Remote, Any], None]


def dead_at_flinkey(_person: Person, remote: Remote, _settings: Any) -> None:
    remote.expire_tokens()


def idle(person: Person, _remote: Remote, _settings: Any) -> None:
    session = person.session
    session["last_seen"] = timezone.now().timestamp() - 46 * 60
    session.save()


def too_old(person: Person, _remote: Remote, _settings: Any) -> None:
    session = person.session
    session["started"] = timezone.now().timestamp() - 13 * 3600
    session.save()


def key_taken_away(_person: Person, _remote: Remote, settings: Any) -> None:
    settings.TOKEN_KEYS = ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]


ENDINGS = [dead_at_flinkey, idle, too_old, key_taken_away]
every_ending = pytest.mark.parametrize("end", ENDINGS, ids=[ending.__name__ for ending in ENDINGS])


def next_of(answer: Answer) -> str:
    """Where the sign-in, to which this answer leads, will go on to."""
    to = str(answer.headers.get("HX-Redirect") or answer.headers["Location"])
    assert urlsplit(to).path == "/sign-in/"
    return parse_qs(urlsplit(to).query)["next"][0]


def sign_in_at(person: Person, answer: Answer, email: str = COORDINATOR) -> Answer:
    """Follows to the sign-in page and sends its form as a browser does, the hidden field included."""
    page = person.get(answer.headers.get("HX-Redirect") or answer.headers["Location"])
    hidden = re.search(r'name="next" value="([^"]*)"', page.content.decode())
    form = {"username": email, "password": PASSWORD}
    return person.post("/sign-in/", form | ({"next": hidden[1].replace("&amp;", "&")} if hidden else {}))


# Reading ------------------------------------------------------------------------------------------------------------

PAGES = [
    "/groups/?q=ham&sort=-name",
    "/groups/1/users/?q=m%C3%BCller",
    "/cars/?q=HH-FK+1234&page=1",
    "/users/1/",
    "/assignments/new/?car=1&user=2",
    "/assignments/2/",
    "/groups/1/cars/add/?q=%26x%3D1",
]


@every_ending
@pytest.mark.parametrize("path", PAGES)
def test_the_same_page_again(coordinator: Person, remote: Remote, settings: Any, end: Ending, path: str) -> None:
    end(coordinator, remote, settings)
    answer = coordinator.get(path)
    assert is_sign_in(answer)
    assert next_of(answer) == path
    page = coordinator.get(answer.headers["Location"])
    assert said(page) == str(sentences.SIGNED_OUT)
    assert f'value="{COORDINATOR}"' in page.content.decode(), "who it was is filled in"
    back = sign_in_at(coordinator, answer)
    assert (back.status_code, back.headers["Location"]) == (302, path)
    assert coordinator.get(path).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_the_operation_s_own_session_is_gone(coordinator: Person, remote: Remote, path: str) -> None:
    """The ended session is not just hidden: its copy elsewhere is over too."""
    copied = Person()
    copied.cookies["sessionid"] = coordinator.cookies["sessionid"].value
    remote.expire_tokens()
    assert is_sign_in(coordinator.get(path))
    assert is_sign_in(copied.get("/operations/"))


@every_ending
def test_htmx_leaves_the_whole_page(coordinator: Person, remote: Remote, settings: Any, end: Ending) -> None:
    end(coordinator, remote, settings)
    here = "http://testserver/groups/?q=ham&sort=-name"
    answer = coordinator.get("/groups/?q=ham&sort=-name&seen=1.2", headers=HTMX | {"HX-Current-URL": here})
    assert (answer.status_code, answer.content, answer.has_header("Location")) == (200, b"", False)
    assert next_of(answer) == "/groups/?q=ham&sort=-name", (
        "the page in the address bar, not the part that was asked for"
    )
    assert sign_in_at(coordinator, answer).headers["Location"] == "/groups/?q=ham&sort=-name"


@pytest.mark.parametrize("search", ["/groups/?sort=-name&q=hamb", "/search/?q=hamb", "/search/?acts=1&q=hamb"])
def test_what_was_typed_in_a_search_is_not_lost(
    coordinator: Person, remote: Remote, settings: Any, search: str
) -> None:
    idle(coordinator, remote, settings)
    answer = coordinator.get(search, headers=HTMX | {"HX-Current-URL": "http://testserver/groups/?sort=-name"})
    assert next_of(answer) == search
    back = coordinator.get(sign_in_at(coordinator, answer).headers["Location"], follow=True)
    assert "Hamburg" in back.content.decode()


@pytest.mark.parametrize("current", ["https://evil.example/groups/", "//evil.example", "", "nonsense"])
def test_htmx_is_not_believed_about_foreign_pages(coordinator: Person, remote: Remote, current: str) -> None:
    remote.expire_tokens()
    answer = coordinator.get("/groups/", headers=HTMX | {"HX-Current-URL": current})
    assert answer.headers["HX-Redirect"] == "/sign-in/"


def test_nobody_is_led_to_the_page_asked_for_first(visitor: Person) -> None:
    answer = visitor.get("/cars/1/?x=1")
    assert answer.headers["Location"] == f"/sign-in/?next={quote('/cars/1/?x=1', safe='')}"
    page = visitor.get(answer.headers["Location"]).content.decode()
    assert str(sentences.SIGNED_OUT) not in page, "nobody was signed in before"
    assert sign_in_at(visitor, answer).headers["Location"] == "/cars/1/?x=1"


# Typing -------------------------------------------------------------------------------------------------------------

ACCESS = {
    "car": "Pool 3",
    "user": "Zoë Groß",
    "start": "2031-05-02T08:15",
    "end": "2031-05-09T18:00",
}
FORMS: list[tuple[str, dict[str, str]]] = [
    ("/groups/new/", {"name": 'Nacht & "Nebel" <b>'}),
    ("/groups/2/rename/", {"name": "Berlin Mitte"}),
    ("/assignments/new/", ACCESS),
    ("/assignments/2/", ACCESS),
]
every_form = pytest.mark.parametrize(("path", "typed"), FORMS, ids=[path for path, _typed in FORMS])


def world(remote: Remote) -> dict[str, Any]:
    return remote.state(1)


def values(page: Answer, names: dict[str, str]) -> dict[str, str]:
    """What stands in the form's fields."""
    form = page.context["form"]
    return {name: str(form[name].value()) for name in names}


@every_ending
@every_form
def test_what_was_typed_is_still_there(
    coordinator: Person, remote: Remote, settings: Any, end: Ending, path: str, typed: dict[str, str]
) -> None:
    before = world(remote)
    form = typed | {"csrfmiddlewaretoken": "secret-of-the-form"}
    end(coordinator, remote, settings)
    answer = coordinator.post(path, form)
    assert next_of(answer) == path
    assert "secret-of-the-form" not in str(stored(coordinator))
    back = sign_in_at(coordinator, answer)
    assert back.headers["Location"] == path
    remote.clear_requests()
    page = coordinator.get(path)
    assert (page.status_code, values(page, typed)) == (200, typed)
    shown = html.unescape(page.content.decode())
    assert [one for one in typed.values() if one not in shown] == []
    assert all(call["method"] == "GET" for call in remote.requests()), "nothing is sent by itself"
    assert world(remote) == before
    assert Operation.objects.count() == 0


@every_form
def test_it_is_shown_once(coordinator: Person, remote: Remote, path: str, typed: dict[str, str]) -> None:
    remote.expire_tokens()
    sign_in_at(coordinator, coordinator.post(path, typed))
    coordinator.get(path)
    assert values(coordinator.get(path), typed) != typed
    assert "stash" not in stored(coordinator)


@every_form
def test_somebody_else_does_not_see_it(coordinator: Person, remote: Remote, path: str, typed: dict[str, str]) -> None:
    remote.expire_tokens()
    answer = coordinator.post(path, typed)
    assert sign_in_at(coordinator, answer, SOUTHERNER).status_code == 302
    assert "stash" not in stored(coordinator), "nor carries it along"
    shown = html.unescape(coordinator.get(path).content.decode())
    assert [one for one in typed.values() if one in shown] == []
    coordinator.post("/sign-out/")
    coordinator.sign_in(COORDINATOR)
    assert values(coordinator.get(path), typed) != typed, "and it is not kept for later"


@every_form
def test_a_form_kept_for_another_is_never_filled_in(coordinator: Person, path: str, typed: dict[str, str]) -> None:
    """Even if it should ever get into the session of somebody else."""
    for email, filled_in in ((SOUTHERNER, False), (COORDINATOR, True)):
        session = coordinator.session
        session["stash"] = {"path": path, "data": urlencode(typed), "email": email, "customer": "1"}
        session.save()
        assert (values(coordinator.get(path), typed) == typed) == filled_in


def test_nor_does_whoever_opens_the_browser_before_the_sign_in(coordinator: Person, remote: Remote) -> None:
    remote.expire_tokens()
    answer = coordinator.post("/assignments/new/", ACCESS)
    page = html.unescape(coordinator.get(answer.headers["Location"]).content.decode())
    assert [one for one in ACCESS.values() if one in page] == []
    assert is_sign_in(coordinator.get("/assignments/new/"))


def test_the_form_can_then_be_sent(coordinator: Person, flinkey: Remote) -> None:
    flinkey.expire_tokens()
    sign_in_at(coordinator, coordinator.post("/groups/new/", {"name": "Neu"}))
    page = coordinator.get("/groups/new/")
    nonce = re.search(r'name="nonce" value="([^"]+)"', page.content.decode())
    assert nonce
    answer = coordinator.post("/groups/new/", {**values(page, {"name": ""}), "nonce": nonce[1]})
    assert (answer.status_code, operations(flinkey).count("createGroup")) == (302, 1)
    assert [group["name"] for group in world(flinkey)["groups"]][-1] == "Neu"


def test_ticks_lead_to_the_same_review(coordinator: Person, remote: Remote) -> None:
    before = world(remote)
    remote.expire_tokens()
    answer = coordinator.post("/groups/1/cars/move/", {"id": ["1", "3"], "to": "2"})
    assert next_of(answer) == "/groups/1/cars/move/"
    sign_in_at(coordinator, answer)
    review = coordinator.get("/groups/1/cars/move/").content.decode()
    assert "Move 2 cars from Hamburg to Berlin?" in review
    assert re.findall(r'<li data-id="(\d+)"', review) == ["1", "3"]
    assert world(remote) == before


# Addresses that only forms are sent to; where one is after signing in again.
POSTED = [
    ("/groups/1/cars/select/?q=pool", "1", "/groups/1/cars/?q=pool"),
    ("/groups/1/cars/add/", "7", None),
    ("/groups/1/cars/also/", "1", None),
    ("/cars/remove/", "1", None),
    ("/groups/1/cars/remove/", "1", None),
    ("/groups/4/delete/", "", None),
    ("/assignments/2/delete/", "", None),
]


@pytest.mark.parametrize(("path", "ticked", "then"), POSTED, ids=[one[0] for one in POSTED])
def test_no_form_ends_on_a_blank_page(
    coordinator: Person, remote: Remote, path: str, ticked: str, then: str | None
) -> None:
    before = world(remote)
    remote.expire_tokens()
    answer = coordinator.post(path, {"id": ticked})
    assert next_of(answer) == path
    assert sign_in_at(coordinator, answer).headers["Location"] == path
    page = coordinator.get(path)
    if then:
        assert (page.status_code, page.headers["Location"]) == (302, then)
    else:
        assert (page.status_code, "<h1>" in page.content.decode()) == (200, True)
    assert world(remote) == before


def test_a_change_under_way_waits_for_the_sign_in(coordinator: Person, remote: Remote) -> None:
    review = coordinator.post("/groups/1/cars/move/", {"id": ["1"], "to": "2"}).content.decode()
    run = re.search(r'action="(/operations/\d+/run/)"', review)
    assert run
    remote.expire_tokens()
    answer = coordinator.post(run[1])
    sign_in_at(coordinator, answer)
    receipt = coordinator.get(next_of(answer), follow=True)
    assert Operation.objects.get().state == "planned"
    assert "HH-FK 1234" in receipt.content.decode()
    coordinator.post(run[1])
    assert Operation.objects.get().state == "confirmed"


# Several customers --------------------------------------------------------------------------------------------------


@every_ending
def test_whoever_acted_for_one_of_several_still_does(
    visitor: Person, remote: Remote, settings: Any, end: Ending
) -> None:
    """The ids on the page are those of that customer: nobody is asked, and nobody lands at the other one."""
    visitor.sign_in(BOTH)
    visitor.post("/customers/", {"customer": "2"})
    end(visitor, remote, settings)
    answer = visitor.get("/groups/1/?q=x")
    assert sign_in_at(visitor, answer, BOTH).headers["Location"] == "/groups/1/?q=x"
    page = visitor.get("/groups/1/")
    assert (page.status_code, "Stuttgart" in page.content.decode()) == (200, True)


def test_somebody_else_chooses_for_himself(visitor: Person, remote: Remote) -> None:
    visitor.sign_in(SOUTHERNER)
    remote.expire_tokens()
    answer = visitor.get("/groups/1/")
    sign_in_at(visitor, answer, BOTH)
    assert visitor.get("/groups/1/").headers["Location"] == f"/customers/?next={quote('/groups/1/', safe='')}"


# What a page asks while somebody types -------------------------------------------------------------------------------

ON_FORM = {"HX-Request": "true", "HX-Current-URL": "http://testserver/assignments/new/?car=4"}


def test_what_a_page_has_sent_by_itself_is_kept_for_that_page(coordinator: Person, flinkey: Remote) -> None:
    """The questions of a form come by themselves; when the sign-in has run out, all of the form comes with them."""
    coordinator.get("/assignments/new/")
    flinkey.expire_tokens()
    answer = coordinator.post("/assignments/check/", ACCESS | {"car": "4"}, headers=ON_FORM)
    assert answer.headers["HX-Redirect"] == "/sign-in/?next=%2Fassignments%2Fnew%2F%3Fcar%3D4"
    coordinator.sign_in(COORDINATOR)
    page = coordinator.get("/assignments/new/?car=4").content.decode()
    assert f'value="{ACCESS["end"]}"' in page
    assert flinkey.requests("createAssignment") == []


def test_an_answer_that_comes_too_late_leaves_the_new_session_alone(coordinator: Person, flinkey: Remote) -> None:
    """It was asked with the cookie of the session that the form has ended meanwhile."""
    old = copy.deepcopy(coordinator.cookies)
    flinkey.expire_tokens()
    assert coordinator.post("/assignments/new/", ACCESS).status_code == 302
    late = Person()
    late.cookies = old
    answer = late.post("/assignments/check/", ACCESS, headers=ON_FORM)
    assert answer.headers["HX-Redirect"].startswith("/sign-in/")
    assert "sessionid" not in answer.cookies
    coordinator.sign_in(COORDINATOR)
    assert f'value="{ACCESS["end"]}"' in coordinator.get("/assignments/new/").content.decode()
