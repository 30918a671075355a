"""Signing in: each reason why it did not work has words of its own, and the session starts afresh."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from flinkey_admin.accounts.models import Manager, Reach, SignIn
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.accounts.stage import is_sign_in, operations, said, session_row, stored
from tests.conftest import BOTH, COORDINATOR, NOBODY, PASSWORD, SOUTHERNER, Person
from tests.project.source import ROOT


def test_a_manager_signs_in_and_sees_the_overview(visitor: Person, flinkey: Remote) -> None:
    answer = visitor.sign_in(COORDINATOR)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    page = visitor.get("/groups/").content.decode()
    assert [name in page for name in ("Hamburg", "Nordwind Flotte GmbH", COORDINATOR)] == [True] * 3
    assert [(one.email, one.password) for one in Manager.objects.all()] == [(COORDINATOR, "")]
    assert operations(flinkey)[:2] == ["getToken", "getCustomers"]


@pytest.mark.django_db(transaction=True)
def test_many_who_sign_in_at_once_queue_for_the_one_writer_of_sqlite_but_twice_each(visitor: Person) -> None:
    visitor.sign_in(COORDINATOR)
    visitor.post("/sign-out/")
    with CaptureQueriesContext(connection) as caught:
        assert visitor.sign_in(COORDINATOR).status_code == 302
    assert commits([one["sql"] for one in caught]) == 2  # the second is Django's own for the session, at the end


def commits(statements: list[str]) -> int:
    """How often the disk was waited for: at each COMMIT, and at each change outside of a transaction."""
    found, inside = 0, False
    for statement in statements:
        word = statement.split()[0]
        if word in {"BEGIN", "COMMIT"}:
            inside = word == "BEGIN"
            found += word == "COMMIT"
        elif word in {"INSERT", "UPDATE", "DELETE"} and not inside:
            found += 1
    return found


@pytest.mark.parametrize("typed", [COORDINATOR.upper(), f"  {COORDINATOR} ", "Coordinator@Nordwind.example"])
def test_one_person_is_one_manager_however_typed(visitor: Person, typed: str) -> None:
    visitor.sign_in(COORDINATOR)
    visitor.post("/sign-out/")
    visitor.sign_in(typed)
    assert [one.email for one in Manager.objects.all()] == [COORDINATOR]


def test_nobody_is_there_before_the_first_sign_in(visitor: Person) -> None:
    assert not Manager.objects.exists()
    assert visitor.sign_in("admin@nordwind.example", "admin").status_code == 422
    assert not Manager.objects.exists()


def test_each_session_has_a_number_of_its_own_by_chance(visitor: Person) -> None:
    """32 of 36 characters are 165 bits."""
    people = [visitor, Person(), Person()]
    assert [person.sign_in(COORDINATOR).status_code for person in people] == [302] * 3
    keys = {person.cookies["sessionid"].value for person in people}
    assert len(keys) == 3
    assert [key for key in keys if not re.fullmatch("[a-z0-9]{32}", key)] == []


@pytest.mark.sampled(1)
@pytest.mark.parametrize("typed", [f" {PASSWORD}", f"{PASSWORD} ", PASSWORD.upper(), PASSWORD.ljust(1000, "x")])
def test_the_password_goes_to_flinkey_as_it_was_typed(visitor: Person, remote: Remote, typed: str) -> None:
    """If a part of it were taken off, it would be the right one, or be refused before flinkey is asked."""
    assert visitor.sign_in(COORDINATOR, typed).status_code == 422
    assert operations(remote) == ["getToken"]
    assert visitor.sign_in(COORDINATOR).status_code == 302


def test_the_password_is_hidden_and_may_come_from_a_manager_of_passwords(visitor: Person) -> None:
    (field,) = re.findall('<input[^>]* name="password"[^>]*>', visitor.get("/sign-in/").content.decode())
    told = dict(re.findall(r'(\w+)="([^"]*)"', field))
    assert (told["type"], told["autocomplete"], told.get("maxlength")) == ("password", "current-password", None)
    scripts = "".join(path.read_text("utf-8") for path in (ROOT / "static/js").glob("*.js"))
    assert "addEventListener" in scripts
    assert re.findall("password|paste", scripts) == []


# What is wrong, what the page then says, its status.
REFUSALS: list[tuple[str, str, dict[str, Any], str, int]] = [
    ("wrong password", "", {}, str(sentences.WRONG_PASSWORD), 422),
    ("bad key", "bad-key", {}, str(sentences.BAD_API_KEY), 503),
    ("busy", "status", {"status": 429, "retry_after": 12}, sentences.busy(12), 503),
    ("500", "status", {"status": 500}, str(sentences.UNAVAILABLE), 503),
    ("html", "html", {"status": 502}, str(sentences.UNAVAILABLE), 503),
    ("broken", "broken-json", {}, str(sentences.UNAVAILABLE), 503),
    ("truncated", "truncated", {}, str(sentences.UNAVAILABLE), 503),
    ("reset", "reset-before", {}, str(sentences.UNAVAILABLE), 503),
    ("redirect", "redirect", {"location": "http://127.0.0.1:9/"}, str(sentences.UNAVAILABLE), 503),
]


@pytest.mark.parametrize(
    ("kind", "facts", "words", "status"), [one[1:] for one in REFUSALS], ids=[one[0] for one in REFUSALS]
)
def test_each_refusal_has_words_of_its_own(
    visitor: Person, remote: Remote, kind: str, facts: dict[str, Any], words: str, status: int
) -> None:
    if kind:
        remote.fault("getToken", kind, times=9, **facts)
    answer = visitor.sign_in(COORDINATOR, PASSWORD if kind else "wrong")
    assert (answer.status_code, said(answer)) == (status, words)
    page = answer.content.decode()
    assert f'value="{COORDINATOR}"' in page, "the address need not be typed again"
    assert [PASSWORD in page, 'value="wrong"' in page] == [False, False]
    assert is_sign_in(visitor.get("/groups/"))
    assert SignIn.objects.count() == 0


def test_flinkey_may_fail_on_the_second_question(visitor: Person, remote: Remote) -> None:
    remote.fault("getCustomers", "status", times=9, status=503)
    answer = visitor.sign_in(COORDINATOR)
    assert (answer.status_code, said(answer)) == (503, str(sentences.UNAVAILABLE))
    assert is_sign_in(visitor.get("/groups/"))


def test_flinkey_out_of_reach(visitor: Person, settings: Any) -> None:
    settings.FLINKEY_API_URL = "http://127.0.0.1:9/v3"
    answer = visitor.sign_in(COORDINATOR)
    assert (answer.status_code, said(answer)) == (503, str(sentences.UNAVAILABLE))


def test_a_slow_flinkey_is_not_waited_for_for_ever(visitor: Person, remote: Remote, settings: Any) -> None:
    settings.FLINKEY_TIMEOUT = 0.2
    remote.fault("getToken", "slow", seconds=1)
    answer = visitor.sign_in(COORDINATOR)
    assert (answer.status_code, said(answer)) == (503, str(sentences.UNAVAILABLE))


def test_a_manager_of_nobody_is_told_so(visitor: Person) -> None:
    answer = visitor.sign_in(NOBODY)
    assert (answer.status_code, said(answer)) == (422, str(sentences.NO_CUSTOMER))
    assert is_sign_in(visitor.get("/groups/"))
    assert Reach.objects.count() == 0


@pytest.mark.parametrize(
    ("username", "password", "errors"),
    [
        ("", "x", ["Type your e-mail address."]),
        (COORDINATOR, "", ["Type your password."]),
        ("no address", "x", ["Enter a valid email address."]),
        ("a" * 250 + "@x.example", "x", None),
        (COORDINATOR, "x" * 1001, None),
        ("a\x00b@x.example", "x", None),
    ],
    ids=["no address", "no password", "not an address", "long address", "long password", "null byte"],
)
def test_what_cannot_be_right_is_not_sent(
    visitor: Person, remote: Remote, username: str, password: str, errors: list[str] | None
) -> None:
    answer = visitor.sign_in(username, password)
    assert answer.status_code == 422
    found = [str(one) for each in answer.context["form"].errors.values() for one in each]
    assert found == errors if errors else len(found) >= 1
    assert remote.requests() == []


# The session --------------------------------------------------------------------------------------------------------


def test_the_session_starts_afresh_at_the_sign_in(visitor: Person) -> None:
    """Whoever planted a session in this browser beforehand gains nothing."""
    visitor.session["planted"] = "x"
    visitor.get("/groups/")
    session = visitor.session
    session["planted"] = "x"
    session.save()
    planted = str(session.session_key)
    visitor.cookies["sessionid"] = planted
    assert visitor.sign_in(COORDINATOR).status_code == 302
    assert visitor.cookies["sessionid"].value != planted
    thief = Person()
    thief.cookies["sessionid"] = planted
    assert is_sign_in(thief.get("/groups/"))


def test_signing_in_again_changes_the_session_too(coordinator: Person) -> None:
    before = coordinator.cookies["sessionid"].value
    other = Person()
    other.cookies["sessionid"] = before
    coordinator.sign_in(COORDINATOR)
    assert coordinator.cookies["sessionid"].value != before
    assert is_sign_in(other.get("/groups/"))


def test_somebody_else_at_the_same_browser_gets_nothing_of_the_first(coordinator: Person) -> None:
    session = coordinator.session
    session["mine"] = "x"
    session.save()
    assert coordinator.sign_in(SOUTHERNER).status_code == 302
    assert "mine" not in stored(coordinator)
    page = coordinator.get("/groups/").content.decode()
    assert ("Stuttgart" in page, "Hamburg" in page, COORDINATOR in page) == (True, False, False)


def test_a_sign_in_is_noted_until_its_token_ends(coordinator: Person, remote: Remote) -> None:
    row = SignIn.objects.get()
    assert (row.manager.email, row.session_key) == (COORDINATOR, session_row(coordinator).session_key)
    left = (row.expires_at - timezone.now()).total_seconds()
    assert 3500 < left <= 3600


def test_signed_in_already_the_sign_in_leads_on(coordinator: Person) -> None:
    assert coordinator.get("/sign-in/").headers["Location"] == "/"
    assert coordinator.get("/sign-in/?next=/cars/%3Fq%3Dx").headers["Location"] == "/cars/?q=x"


def test_two_browsers_of_one_manager_know_nothing_of_each_other(coordinator: Person) -> None:
    second = Person()
    second.sign_in(COORDINATOR)
    second.post("/sign-out/")
    assert coordinator.get("/groups/").status_code == 200
    assert [row.session_key for row in SignIn.objects.all()] == [coordinator.cookies["sessionid"].value]


# Signing out --------------------------------------------------------------------------------------------------------


def test_signing_out_ends_the_session_on_the_server(coordinator: Person) -> None:
    copied = coordinator.cookies["sessionid"].value
    answer = coordinator.post("/sign-out/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    thief = Person()
    thief.cookies["sessionid"] = copied
    assert is_sign_in(thief.get("/groups/"))
    assert SignIn.objects.count() == 0


def test_signing_out_needs_a_form(coordinator: Person) -> None:
    """A picture on a foreign page must not sign anybody out."""
    assert coordinator.get("/sign-out/").status_code == 405
    assert coordinator.get("/groups/").status_code == 200


def test_signing_out_twice_is_harmless(coordinator: Person) -> None:
    assert [is_sign_in(coordinator.post("/sign-out/")) for _ in range(2)] == [True, True]


def test_both_has_to_choose_first(visitor: Person) -> None:
    visitor.sign_in(BOTH)
    answer = visitor.get("/groups/?q=x")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/customers/?next=%2Fgroups%2F%3Fq%3Dx")
