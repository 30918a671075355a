"""Creating, renaming and deleting groups: every refusal in words, nothing twice."""

import re
import uuid
from typing import Any

import pytest

from flinkey_admin.operations.models import Operation, State
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.conftest import COORDINATOR, Person
from tests.operations.stage import assert_plain, count, page_of, press, receipt, says, took_effect, visible

TAKEN = sentences.CONFLICT["name"]
EMOJI = "🚗" * 10_000


def names(remote: Remote) -> list[str]:
    return [one["name"] for one in remote.state(1)["groups"]]


def create(person: Person, name: str, nonce: str = "", **more: Any) -> Any:
    return person.post("/groups/new/", {"name": name, "nonce": nonce or str(uuid.uuid4())}, **more)


def rename(person: Person, group: int, name: str) -> Any:
    return person.post(f"/groups/{group}/rename/", {"name": name})


# Creating -----------------------------------------------------------------------------------------------------------


def test_a_new_group_opens(coordinator: Person, flinkey: Remote) -> None:
    page = create(coordinator, "  Köln & Bonn  ", follow=True)
    assert page.redirect_chain == [("/groups/5/", 302)]
    assert says(page, "The group Köln & Bonn is there.")
    assert names(flinkey)[-1] == "Köln & Bonn"
    assert flinkey.requests("createGroup")[0]["body"] == {"name": "Köln & Bonn"}


@pytest.mark.parametrize("name", ["", " ", "\t\n", "\u00a0", "x" * 251, "ü" * 251, EMOJI])
def test_names_that_flinkey_would_refuse_are_not_sent(coordinator: Person, flinkey: Remote, name: str) -> None:
    page = create(coordinator, name)
    assert page.status_code == 422
    words = "Type a name for the group." if not name.strip() else f"this name has {len(name.strip())}"
    assert words in visible(page)
    assert count(flinkey, "createGroup") == 0
    assert Operation.objects.count() == 0


@pytest.mark.parametrize(
    "name", ["x" * 250, "🚗" * 100, "<script>alert(1)</script>", "' OR 1=1 --", '"', "a/b?c=d&e", "0"]
)
def test_names_that_flinkey_takes(coordinator: Person, flinkey: Remote, name: str) -> None:
    page = create(coordinator, name, follow=True)
    assert names(flinkey)[-1] == name
    assert "<script>alert" not in page_of(page)
    assert says(page, name)


@pytest.mark.parametrize("name", ["Hamburg", "hamburg", "HAMBURG", " Hamburg ", 'nachtschicht  "süd"  & co'])
def test_a_name_that_is_taken(coordinator: Person, flinkey: Remote, name: str) -> None:
    page = create(coordinator, name)
    assert page.status_code == 422
    assert says(page, TAKEN)
    assert count(flinkey, "createGroup") == 0


def test_a_name_that_is_taken_meanwhile(coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("createGroup", "status", status=409)
    page = create(coordinator, "Köln")
    assert page.status_code == 422
    assert says(page, TAKEN)
    assert_plain(page)
    assert 'value="Köln"' in page_of(page)


def test_a_double_click_creates_once(coordinator: Person, flinkey: Remote) -> None:
    mark = re.search(r'name="nonce" value="([^"]+)"', page_of(coordinator.get("/groups/new/")))
    assert mark
    answers = [create(coordinator, "Köln", mark[1])["Location"] for _ in range(3)]
    assert answers == ["/groups/5/"] * 3
    assert count(flinkey, "createGroup") == 1
    assert Operation.objects.count() == 1


def test_the_same_form_with_another_name_is_another_group(coordinator: Person, flinkey: Remote) -> None:
    mark = str(uuid.uuid4())
    assert [create(coordinator, name, mark)["Location"] for name in ("Köln", "Bonn")] == ["/groups/5/", "/groups/6/"]


def test_a_refused_form_can_be_sent_again(coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("createGroup", "status", status=400)
    mark = str(uuid.uuid4())
    assert create(coordinator, "Köln", mark).status_code == 422
    assert create(coordinator, "Köln", mark)["Location"] == "/groups/5/"


def test_a_name_taken_by_somebody_else_while_waiting_is_not_ours(coordinator: Person, flinkey: Remote) -> None:
    """Nothing of ours was done before, so the other group is not taken for the one that was wanted."""
    flinkey.fault("createGroup", "bad-key")
    create(coordinator, "Köln")
    assert Operation.objects.get().state == State.PLANNED
    flinkey.change("create_group", name="Köln")
    page = press(coordinator, receipt(coordinator), "run")
    assert Operation.objects.get().state == State.REFUSED
    assert says(page, TAKEN)
    assert took_effect(flinkey, "createGroup") == 0


def test_a_lost_group_is_found_by_its_name(coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("createGroup", "reset-after")
    assert create(coordinator, "Köln")["Location"] == "/groups/5/"
    assert names(flinkey).count("Köln") == 1


def test_a_dead_token_keeps_the_name(coordinator: Person, flinkey: Remote) -> None:
    flinkey.expire_tokens()
    assert create(coordinator, "Köln")["Location"] == "/sign-in/?next=%2Fgroups%2Fnew%2F"
    coordinator.sign_in(COORDINATOR)
    assert 'value="Köln"' in page_of(coordinator.get("/groups/new/"))
    assert 'value="Köln"' not in page_of(coordinator.get("/groups/new/")), "handed out once"
    assert count(flinkey, "createGroup") == 0


# Renaming -----------------------------------------------------------------------------------------------------------


def test_rename(coordinator: Person, flinkey: Remote) -> None:
    assert 'value="Leer"' in page_of(coordinator.get("/groups/4/rename/"))
    page = coordinator.post("/groups/4/rename/", {"name": " Leipzig "}, follow=True)
    assert says(page, "Leer is now called Leipzig.")
    assert names(flinkey)[3] == "Leipzig"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "Type a name"),
        ("  ", "Type a name"),
        ("x" * 251, "this name has 251"),
        ("berlin", str(TAKEN)),
        (EMOJI, "10000"),
    ],
)
def test_new_names_that_are_refused(coordinator: Person, flinkey: Remote, name: str, words: str) -> None:
    page = rename(coordinator, 4, name)
    assert page.status_code == 422
    assert words in visible(page)
    assert count(flinkey, "updateGroup") == 0


def test_a_group_may_keep_its_name_in_other_letters(coordinator: Person, flinkey: Remote) -> None:
    assert rename(coordinator, 4, "LEER").status_code == 302
    assert names(flinkey)[3] == "LEER"


def test_the_same_name_again_sends_nothing(coordinator: Person, flinkey: Remote) -> None:
    assert rename(coordinator, 4, "Leer")["Location"] == "/groups/4/"
    assert count(flinkey, "updateGroup") == 0
    assert Operation.objects.count() == 0


# Deleting -----------------------------------------------------------------------------------------------------------


def test_delete_an_empty_group(coordinator: Person, flinkey: Remote) -> None:
    page = coordinator.get("/groups/4/delete/")
    assert "The group is empty." in visible(page)
    assert count(flinkey, "deleteGroup") == 0
    page = coordinator.post("/groups/4/delete/", follow=True)
    assert page.redirect_chain == [("/groups/", 302)]
    assert says(page, "The group Leer is deleted.")
    assert names(flinkey) == ["Hamburg", "Berlin", 'Nachtschicht "Süd" & Co']


def test_a_group_with_members_says_what_is_in_it_and_leads_there(coordinator: Person, flinkey: Remote) -> None:
    page = coordinator.get("/groups/1/delete/")
    inside = re.findall(r'<a class="name" href="(/groups/1/\w+/)">([^<]+)</a>', page_of(page))
    assert [(url, " ".join(text.split())) for url, text in inside] == [
        ("/groups/1/cars/", "Cars (4)"),
        ("/groups/1/users/", "Users (3)"),
        ("/groups/1/services/", "Services (2)"),
        ("/groups/1/products/", "Boxes (2)"),
    ]
    assert 'method="post" class="actions"' not in page_of(page), "there is no button that could only fail"


def test_a_group_that_is_no_longer_empty(coordinator: Person, flinkey: Remote) -> None:
    coordinator.get("/groups/4/delete/")
    flinkey.change("add_member", kind="cars", group=4, id=7)
    page = coordinator.post("/groups/4/delete/")
    assert page.status_code == 409
    assert says(page, sentences.CONFLICT["relations"])
    assert 'href="/groups/4/cars/"' in page_of(page)
    assert_plain(page)
    assert "Leer" in names(flinkey)


def test_a_group_that_was_deleted_meanwhile(coordinator: Person, flinkey: Remote) -> None:
    page = coordinator.get("/groups/4/delete/")
    nonce = re.search(r'name="nonce" value="([^"]+)"', page_of(page))
    assert nonce
    flinkey.change("delete_group", group=4)
    page = coordinator.post("/groups/4/delete/", {"nonce": nonce[1]})
    assert page.status_code == 404
    assert says(page, sentences.MISSING["group"])


def test_a_group_deleted_between_the_look_and_the_call_is_already_gone(coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("deleteGroup", "status", status=404, body="Could not find group with the given Id.")
    page = coordinator.post("/groups/4/delete/", follow=True)
    assert says(page, "The group Leer is deleted.")
    assert "Already gone" in visible(receipt(coordinator))


def test_a_double_click_deletes_once(coordinator: Person, flinkey: Remote) -> None:
    nonce = {"nonce": str(uuid.uuid4())}
    answers = [coordinator.post("/groups/4/delete/", nonce)["Location"] for _ in range(2)]
    assert answers == ["/groups/", "/groups/"]
    assert count(flinkey, "deleteGroup") == 1


@pytest.mark.parametrize(
    "path", ["/groups/999/", "/groups/999/rename/", "/groups/999/delete/", "/groups/999/cars/move/"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_group_that_is_not_there(coordinator: Person, flinkey: Remote, path: str, method: str) -> None:
    if path == "/groups/999/":
        method = "get"
    page = getattr(coordinator, method)(path, {"id": "1", "to": "2", "name": "x"}, follow=True)
    assert page.status_code == 404
    assert says(page, sentences.MISSING["group"])
    assert_plain(page)


@pytest.mark.parametrize("number", ["0", "007", "99999999999999999999", "9" * 4000, "-1", "1.0", "²"])
def test_ids_that_cannot_be(coordinator: Person, flinkey: Remote, number: str) -> None:
    for what in ("groups", "cars", "users"):
        page = coordinator.get(f"/{what}/{number}/")
        assert page.status_code == 404
        assert_plain(page)
