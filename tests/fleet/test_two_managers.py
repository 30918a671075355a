"""Two managers at the same group: the second one is told what the first one did, and may go on knowingly."""

import re
from typing import Any

from flinkey_admin.operations.models import Operation
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.conftest import BOTH, COORDINATOR, Person
from tests.operations.stage import assert_plain, count, members, page_of, press, says, visible

AGAIN = "To give it your name all the same, press Rename once more."


def form_of(page: Any) -> dict[str, str]:
    """What the browser would send of a form as it is."""
    found = re.findall(r'<input type="(?:hidden|text)" name="(was|name|nonce)"[^>]*? ?value="([^"]*)"', page_of(page))
    return dict(found)


def rename(person: Person, page: Any, name: str, group: int = 4) -> Any:
    return person.post(f"/groups/{group}/rename/", form_of(page) | {"name": name})


def name_of(remote: Remote, group: int = 4) -> str:
    names: dict[int, str] = {one["id"]: one["name"] for one in remote.state(1)["groups"]}
    return names[group]


# Renaming -----------------------------------------------------------------------------------------------------------


def test_the_form_knows_the_name_it_was_made_with(coordinator: Person, flinkey: Remote) -> None:
    assert form_of(coordinator.get("/groups/3/rename/"))["was"] == "Nachtschicht &quot;Süd&quot; &amp; Co"
    assert "was" not in form_of(coordinator.get("/groups/new/"))


def test_renamed_by_a_colleague_meanwhile(coordinator: Person, anna: Person, flinkey: Remote) -> None:
    page = coordinator.get("/groups/4/rename/")
    rename(anna, anna.get("/groups/4/rename/"), "Leipzig")
    answer = rename(coordinator, page, "Lübeck")
    assert answer.status_code == 422
    assert re.search(rf"Meanwhile {BOTH} renamed it to Leipzig \(\d\d:\d\d\)\. {AGAIN}", visible(answer))
    assert_plain(answer)
    assert name_of(flinkey) == "Leipzig", "nothing was overwritten unknowingly"
    assert form_of(answer)["was"] == "Leipzig"
    assert form_of(answer)["name"] == "Lübeck", "what was typed is kept"

    again = rename(coordinator, answer, "Lübeck")
    assert again.status_code == 302
    assert name_of(flinkey) == "Lübeck"
    assert Operation.objects.latest("pk").facts["from"] == "Leipzig"


def test_renamed_once_more_while_reading_that(coordinator: Person, anna: Person, flinkey: Remote) -> None:
    page = coordinator.get("/groups/4/rename/")
    for name in ("Leipzig", "Lüneburg"):
        rename(anna, anna.get("/groups/4/rename/"), name)
        page = rename(coordinator, page, "Lübeck")
        assert says(page, f"renamed it to {name} (")
    assert name_of(flinkey) == "Lüneburg"


def test_renamed_elsewhere_meanwhile(coordinator: Person, anna: Person, flinkey: Remote) -> None:
    """The journal knows of an older name only, so it names nobody."""
    rename(anna, anna.get("/groups/4/rename/"), "Leipzig")
    page = coordinator.get("/groups/4/rename/")
    flinkey.change("rename_group", group=4, name="Lüneburg")
    answer = rename(coordinator, page, "Lübeck")
    assert answer.status_code == 422
    assert says(answer, f"Meanwhile it was renamed to Lüneburg. {AGAIN}")
    assert BOTH not in visible(answer)


def test_both_want_the_same_name(coordinator: Person, anna: Person, flinkey: Remote) -> None:
    page = coordinator.get("/groups/4/rename/")
    rename(anna, anna.get("/groups/4/rename/"), "Leipzig")
    assert rename(coordinator, page, " Leipzig ")["Location"] == "/groups/4/"
    assert count(flinkey, "updateGroup") == 1


def test_a_wrong_name_and_renamed_meanwhile(coordinator: Person, flinkey: Remote) -> None:
    page = coordinator.get("/groups/4/rename/")
    flinkey.change("rename_group", group=4, name="Leipzig")
    answer = rename(coordinator, page, "Berlin")
    assert answer.status_code == 422
    assert says(answer, sentences.CONFLICT["name"])
    assert says(answer, "Meanwhile it was renamed to Leipzig.")


def test_only_the_capitals_were_changed_meanwhile(coordinator: Person, flinkey: Remote) -> None:
    page = coordinator.get("/groups/4/rename/")
    flinkey.change("rename_group", group=4, name="LEER")
    assert rename(coordinator, page, "Lübeck").status_code == 422


def test_a_double_click_meets_no_conflict_with_itself(coordinator: Person, flinkey: Remote) -> None:
    page = coordinator.get("/groups/4/rename/")
    answers = [rename(coordinator, page, "Lübeck")["Location"] for _ in range(2)]
    assert answers == ["/groups/4/", "/groups/4/"]
    assert count(flinkey, "updateGroup") == 1


def test_a_form_without_the_old_name_renames(coordinator: Person, flinkey: Remote) -> None:
    """It is no promise of the address that the field is there."""
    flinkey.change("rename_group", group=4, name="Leipzig")
    assert coordinator.post("/groups/4/rename/", {"name": "Lübeck"}).status_code == 302
    assert name_of(flinkey) == "Lübeck"


def test_renamed_while_signed_out(coordinator: Person, anna: Person, flinkey: Remote) -> None:
    page = coordinator.get("/groups/4/rename/")
    rename(anna, anna.get("/groups/4/rename/"), "Leipzig")
    flinkey.expire_tokens()
    assert "/sign-in/" in rename(coordinator, page, "Lübeck")["Location"]
    coordinator.sign_in(COORDINATOR)
    page = coordinator.get("/groups/4/rename/")
    assert says(page, f"Meanwhile {BOTH} renamed it to Leipzig (")
    assert form_of(page)["name"] == "Lübeck"
    assert rename(coordinator, page, "Lübeck").status_code == 302


def test_who_renamed_is_of_one_s_own_customer(coordinator: Person, southerner: Person, flinkey: Remote) -> None:
    """Another customer's group with the same id got the same name: nobody hears of that."""
    page = coordinator.get("/groups/1/rename/")
    rename(southerner, southerner.get("/groups/1/rename/"), "Kiel", group=1)
    flinkey.change("rename_group", group=1, name="Kiel")
    answer = rename(coordinator, page, "Lübeck", group=1)
    assert says(answer, "Meanwhile it was renamed to Kiel.")
    assert "suedstern" not in page_of(answer)


# Deleting -----------------------------------------------------------------------------------------------------------


def test_a_colleague_puts_something_in_before_the_deletion(coordinator: Person, anna: Person, flinkey: Remote) -> None:
    coordinator.get("/groups/4/delete/")
    press(anna, anna.post("/groups/4/cars/add/", {"id": "7"}), "run")
    page = coordinator.post("/groups/4/delete/")
    assert page.status_code == 409
    assert re.search(rf"Meanwhile {BOTH} put Neuzugang into this group \(\d\d:\d\d\)\.", visible(page))
    assert says(page, sentences.CONFLICT["relations"])
    assert "Cars (1)" in visible(page)
    assert 'action="/groups/4/empty/"' in page_of(page), "from here on it is the way of a group with members"
    assert_plain(page)
    assert members(flinkey, "cars", 4) == [7]


def test_something_is_put_in_elsewhere_before_the_deletion(coordinator: Person, anna: Person, flinkey: Remote) -> None:
    """What a colleague put in here has left again, so it is not blamed."""
    press(anna, anna.post("/groups/4/cars/add/", {"id": "7"}), "run")
    flinkey.change("remove_member", kind="cars", group=4, id=7)
    coordinator.get("/groups/4/delete/")
    flinkey.change("add_member", kind="users", group=4, id=5)
    page = coordinator.post("/groups/4/delete/")
    assert page.status_code == 409
    assert says(page, "Meanwhile something was put into this group.")
    assert BOTH not in visible(page)


def test_flinkey_knows_of_something_that_nobody_sees(coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("deleteGroup", "status", status=409, body="There are relations to this group.")
    page = coordinator.post("/groups/4/delete/")
    assert page.status_code == 409
    assert "Meanwhile" not in visible(page)
