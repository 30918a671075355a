"""Where a person is signed in: listed with the device in words, ended one by one or all but this."""

import datetime as dt
import re
from html import unescape
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone

from flinkey_admin.accounts.devices import device_of, in_words
from flinkey_admin.accounts.models import SignIn
from flinkey_admin.sandbox import Remote
from tests.accounts.stage import is_sign_in, session_row
from tests.conftest import BOTH, COORDINATOR, PASSWORD, SOUTHERNER, Person

PAGE = "/settings/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0"
)
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Mobile/15E148 Safari/604.1"
)
AGENTS = {
    FIREFOX: "Firefox on Linux",
    EDGE: "Edge on Windows",
    PHONE: "Safari on iPhone",
    FIREFOX.replace("X11; Linux x86_64", "Macintosh; Intel Mac OS X 10.15"): "Firefox on macOS",
    EDGE.partition(" Edg")[0]: "Chrome on Windows",
    f"{EDGE.partition(' Edg')[0]} OPR/125.0.0.0": "Opera on Windows",
    EDGE.replace("Windows NT 10.0; Win64; x64", "Linux; Android 10; K").partition(" Edg")[0]: "Chrome on Android",
    EDGE.replace("Windows NT 10.0; Win64; x64", "X11; CrOS x86_64 14541.0.0").partition(" Edg")[
        0
    ]: "Chrome on ChromeOS",
    PHONE.replace("Version/18.6", "CriOS/141.0.1"): "Chrome on iPhone",
    PHONE.replace("iPhone; CPU iPhone OS", "iPad; CPU OS"): "Safari on iPad",
    "curl/8.15.0": "Another device",
    "<script>alert(1)</script> Linux": "Linux",
    "": "Another device",
}


def signed_in(email: str = COORDINATOR, agent: str = FIREFOX) -> Person:
    person = Person(headers={"User-Agent": agent})
    assert person.sign_in(email).status_code == 302
    return person


def shown(person: Person) -> list[tuple[str, bool]]:
    """The devices in the list, and which of them is this one."""
    text = person.get(PAGE).content.decode()
    rows = re.findall(r'<tr data-id="\d+"( aria-current="true")?>\s*<td><span class="name">([^<]*)', text)
    return [(unescape(device), bool(here)) for here, device in rows]


def number(person: Person) -> int:
    return SignIn.objects.get(session_key=person.cookies["sessionid"].value).pk


@pytest.fixture
def two(db: None, remote: Remote) -> list[Person]:
    """One person at two browsers."""
    return [signed_in(agent=FIREFOX), signed_in(agent=EDGE)]


def test_the_list_names_the_devices_and_marks_this_one(two: list[Person]) -> None:
    assert shown(two[0]) == [("Edge on Windows", False), ("Firefox on Linux", True)]
    assert shown(two[1]) == [("Edge on Windows", True), ("Firefox on Linux", False)]


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("agent", "words"), AGENTS.items())
def test_a_device_in_words(agent: str, words: str) -> None:
    assert in_words(device_of(agent)) == words


def test_nothing_but_these_words_is_kept_of_it(db: None, remote: Remote) -> None:
    person = signed_in(agent=EDGE)
    assert session_row(person).get_decoded()["device"] == ["Edge", "Windows"]
    assert "Win64" not in str(session_row(person).get_decoded())


def test_the_times_are_told(two: list[Person]) -> None:
    now = timezone.now()
    with time_machine.travel(now + dt.timedelta(minutes=30), tick=True):
        assert two[1].get("/groups/").status_code == 200
        rows = two[0].get(PAGE).content.decode().split("<tr data-id")[1:]
    times = [re.findall(r'datetime="([^"]+)"', row) for row in rows]
    began, used = times[0]
    between = dt.datetime.fromisoformat(used) - dt.datetime.fromisoformat(began)
    assert dt.timedelta(minutes=29) < between < dt.timedelta(minutes=31)


def test_one_is_ended_and_its_next_request_leads_to_the_sign_in(two: list[Person]) -> None:
    first, second = two
    assert second.get("/groups/").status_code == 200
    answer = first.post(PAGE, {"end": number(second), "password": PASSWORD}, follow=True)
    assert "1 other device is signed out." in answer.content.decode()
    assert is_sign_in(second.get("/groups/"))
    assert first.get("/groups/").status_code == 200
    assert shown(first) == [("Firefox on Linux", True)]
    kept = [row.session_key for row in Session.objects.all() if "flinkey_token" in row.get_decoded()]
    assert kept == [first.cookies["sessionid"].value], "the token went with it"


def test_all_others_are_ended_at_once(two: list[Person], remote: Remote) -> None:
    three = signed_in(agent=PHONE)
    answer = three.post(PAGE, {"others": "1", "password": PASSWORD}, follow=True)
    assert "2 other devices are signed out." in answer.content.decode()
    assert [is_sign_in(person.get("/groups/")) for person in (*two, three)] == [True, True, False]
    assert SignIn.objects.count() == 1


def test_nothing_sent_while_it_ends_brings_it_back(two: list[Person]) -> None:
    """A request that had read the session before writes it afterwards: that must not make it anew."""
    first, second = two
    session = second.session
    assert session["last_seen"], "read while it was there"
    first.post(PAGE, {"others": "1", "password": PASSWORD})
    session["last_seen"] = 0
    with pytest.raises(UpdateError):
        session.save()
    assert is_sign_in(second.get("/groups/"))


def test_nobody_ends_or_sees_another_persons(two: list[Person], remote: Remote) -> None:
    strangers = [signed_in(SOUTHERNER, PHONE), signed_in(BOTH, PHONE)]
    strangers[1].post("/customers/", {"customer": "1"})
    ids = [number(person) for person in two]
    for stranger in strangers:
        assert shown(stranger) == [("Safari on iPhone", True)]
        assert [stranger.post(PAGE, {"end": one, "password": PASSWORD}).status_code for one in ids] == [404, 404]
        assert stranger.post(PAGE, {"others": "1", "password": PASSWORD}).status_code == 302
    assert [person.get("/groups/").status_code for person in two] == [200, 200]


@pytest.mark.parametrize("sent", ["", "0", "-1", "x", "1e3", "999999999999999999", "9" * 40, "²", "1 OR 1=1"])
def test_what_is_no_number_of_ours_ends_nothing(two: list[Person], sent: str) -> None:
    assert two[0].post(PAGE, {"end": sent, "password": PASSWORD}).status_code == 404
    assert [person.get("/groups/").status_code for person in two] == [200, 200]


def test_this_one_is_ended_by_signing_out(two: list[Person]) -> None:
    assert two[0].post(PAGE, {"end": number(two[0]), "password": PASSWORD}).status_code == 404
    (form,) = re.findall(
        r'<form method="post" action="([^"]+)">\s*<input[^>]*>\s*<button class="button small"', page(two[0])
    )
    two[0].post(form)
    assert is_sign_in(two[0].get("/groups/"))
    assert two[1].get("/groups/").status_code == 200


def page(person: Person) -> str:
    return str(person.get(PAGE).content.decode())


def test_what_is_over_is_not_listed(two: list[Person], settings: Any) -> None:
    now = timezone.now()
    with time_machine.travel(now + dt.timedelta(minutes=40), tick=True):
        assert two[0].get("/groups/").status_code == 200
    with time_machine.travel(now + dt.timedelta(minutes=50), tick=True):
        assert shown(two[0]) == [("Firefox on Linux", True)]


def test_sessions_that_ran_out_are_deleted_with_the_next_sign_in(two: list[Person], settings: Any) -> None:
    with time_machine.travel(timezone.now() + dt.timedelta(hours=13), tick=True):
        late = signed_in(SOUTHERNER)
        assert [row.session_key for row in Session.objects.all()] == [late.cookies["sessionid"].value]


def test_the_settings_lead_there(two: list[Person]) -> None:
    assert f'href="{PAGE}"' in two[0].get("/settings/").content.decode()
    assert f'href="{PAGE}"' not in Person().get("/settings/").content.decode(), "nobody is signed in"


# The password once more ---------------------------------------------------------------------------------------------


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("password", "says"), [("", "Type your password."), ("wrong", "This is not your password of")])
def test_nothing_is_ended_without_the_password(two: list[Person], password: str, says: str) -> None:
    for what in ({"others": "1"}, {"end": number(two[1])}):
        answer = two[0].post(PAGE, {**what, "password": password})
        assert (answer.status_code, says in answer.content.decode()) == (422, True)
    assert [person.get("/groups/").status_code for person in two] == [200, 200]


def test_it_is_not_guessed_here_either(two: list[Person], remote: Remote) -> None:
    said = [two[0].post(PAGE, {"others": "1", "password": f"guess {number}"}).status_code for number in range(8)]
    assert said == [422] * 4 + [429] * 4
    answer = two[0].post(PAGE, {"others": "1", "password": PASSWORD})
    assert answer.status_code == 429
    assert "Too many wrong passwords" in answer.content.decode()
    assert [person.get("/groups/").status_code for person in two] == [200, 200], "who is signed in stays so"


def test_the_password_of_another_person_is_none(two: list[Person], remote: Remote) -> None:
    """Each of them has another one, as at the real flinkey."""
    answer = two[0].post(PAGE, {"others": "1", "password": PASSWORD, "username": BOTH})
    assert answer.status_code == 302, "the name in the form is not looked at"
    asked = [one for one in remote.requests() if one["operation"] == "getToken"]
    assert COORDINATOR in str(asked[-1])


def test_while_flinkey_is_away_nothing_is_ended(two: list[Person], remote: Remote) -> None:
    remote.fault("getToken", "status", status=500, times=9)
    assert two[0].post(PAGE, {"others": "1", "password": PASSWORD}).status_code == 503
    assert two[1].get("/groups/").status_code == 200
    assert PASSWORD not in str(session_row(two[0]).get_decoded())


# From the machine ---------------------------------------------------------------------------------------------------


def sign_out(*words: str) -> str:
    out = StringIO()
    call_command("sign_out", *words, stdout=out)
    return out.getvalue()


def test_an_administrator_signs_one_person_out(two: list[Person]) -> None:
    stranger = signed_in(SOUTHERNER)
    assert sign_out(COORDINATOR.upper()).startswith("Sessions ended: 2.")
    assert [is_sign_in(person.get("/groups/")) for person in (*two, stranger)] == [True, True, False]
    assert SignIn.objects.count() == 1, "and no job goes on with the others' tokens"
    kept = [row for row in Session.objects.all() if "flinkey_token" in row.get_decoded()]
    assert [row.session_key for row in kept] == [stranger.cookies["sessionid"].value]


def test_an_administrator_signs_everybody_out(two: list[Person]) -> None:
    people = [*two, signed_in(SOUTHERNER)]
    SignIn.objects.filter(session_key=two[0].cookies["sessionid"].value).delete()  # of no use to jobs, and still there
    assert sign_out("--all").startswith("Sessions ended: 3.")
    assert [is_sign_in(person.get("/groups/")) for person in people] == [True] * 3
    assert (
        SignIn.objects.count(),
        [row for row in Session.objects.all() if row.get_decoded().get("_auth_user_id")],
    ) == (
        0,
        [],
    )


@pytest.mark.sampled(1)
@pytest.mark.parametrize("words", [[], [COORDINATOR, "--all"], ["nobody-here@nordwind.example"]])
def test_it_must_be_said_who(two: list[Person], words: list[str]) -> None:
    with pytest.raises(CommandError):
        sign_out(*words)
    assert [person.get("/groups/").status_code for person in two] == [200, 200]
