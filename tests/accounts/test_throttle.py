"""Guessing passwords: five wrong ones lock this address from this place, for a quarter of an hour.

Fifty lock it everywhere, or the place for all addresses; never a browser in which the person has signed in before.
"""

import datetime as dt
from typing import Any

import pytest
import time_machine

from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.accounts.stage import operations, said
from tests.conftest import BOTH, COORDINATOR, PASSWORD, Person

LOCKED = "Too many wrong passwords for this address. For its safety it is locked for 15 minutes; then try again."
LOCKED_WIDELY = (
    "Too many wrong passwords for this address, or from your network. Try again in 15 minutes, "
    "or now in a browser in which you have signed in before."
)


def try_in(person: Person, email: str = COORDINATOR, password: str = "wrong", **where: str) -> tuple[int, str]:
    answer = person.post("/sign-in/", {"username": email, "password": password}, **where)  # type: ignore[arg-type]
    return answer.status_code, "" if answer.status_code == 302 else said(answer)


def lock(person: Person, **where: str) -> list[int]:
    return [try_in(person, **where)[0] for _ in range(5)]


def test_five_wrong_passwords_lock_the_address(visitor: Person, remote: Remote) -> None:
    assert lock(visitor) == [422, 422, 422, 422, 429]
    asked = len(operations(remote))
    assert try_in(visitor, password=PASSWORD) == (429, LOCKED), "even the right one"
    assert len(operations(remote)) == asked, "flinkey is not asked any more"


def test_the_lock_opens_after_a_quarter_of_an_hour(visitor: Person, remote: Remote) -> None:
    lock(visitor)
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=14), tick=True):
        assert try_in(visitor, password=PASSWORD) == (429, LOCKED)
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=16), tick=True):
        assert try_in(visitor, password=PASSWORD) == (302, ""), "as the sentence says, whatever was tried meanwhile"


def test_a_right_password_in_between_starts_the_count_again(visitor: Person) -> None:
    for _ in range(2):
        assert [try_in(visitor)[0] for _ in range(4)] == [422] * 4
        assert try_in(visitor, password=PASSWORD)[0] == 302


def test_others_are_not_locked_out(visitor: Person) -> None:
    """Neither a colleague in the same office, nor the same person at another place, nor anybody else."""
    lock(visitor)
    assert try_in(Person(), BOTH, PASSWORD) == (302, "")
    assert try_in(Person(), COORDINATOR, PASSWORD, REMOTE_ADDR="10.9.8.7") == (302, "")
    assert try_in(Person(), BOTH, PASSWORD, REMOTE_ADDR="10.9.8.7") == (302, "")
    assert try_in(Person(), COORDINATOR, PASSWORD) == (429, LOCKED)


@pytest.mark.parametrize("spelling", ["upper", "space", "mixed"])
def test_another_spelling_of_the_address_is_the_same_address(visitor: Person, spelling: str) -> None:
    lock(visitor)
    typed = {"upper": COORDINATOR.upper(), "space": f" {COORDINATOR} ", "mixed": COORDINATOR.title()}[spelling]
    assert try_in(visitor, typed, PASSWORD) == (429, LOCKED)


def test_spellings_count_together(visitor: Person) -> None:
    spellings = [COORDINATOR, COORDINATOR.upper(), COORDINATOR.title(), COORDINATOR.capitalize(), f" {COORDINATOR}"]
    assert [try_in(visitor, typed)[0] for typed in spellings] == [422, 422, 422, 422, 429]


def test_a_new_browser_is_no_way_round(visitor: Person) -> None:
    assert [try_in(Person())[0] for _ in range(5)] == [422, 422, 422, 422, 429]


@pytest.mark.parametrize(
    ("kind", "facts"),
    [("bad-key", {}), ("status", {"status": 429}), ("status", {"status": 500}), ("reset-before", {}), ("html", {})],
    ids=["bad key", "429", "500", "reset", "html"],
)
def test_flinkey_s_faults_do_not_count_against_the_person(
    visitor: Person, remote: Remote, kind: str, facts: dict[str, Any]
) -> None:
    remote.fault("getToken", kind, times=99, **facts)
    assert [try_in(visitor, password=PASSWORD)[0] for _ in range(7)] == [503] * 7
    remote.clear_faults()
    assert try_in(visitor, password=PASSWORD) == (302, "")


def test_nor_does_an_empty_form(visitor: Person) -> None:
    assert [visitor.sign_in(COORDINATOR, "").status_code for _ in range(6)] == [422] * 6
    assert try_in(visitor) == (422, str(sentences.WRONG_PASSWORD))


# Many accounts, many places -----------------------------------------------------------------------------------------


@pytest.fixture
def most(settings: Any, request: pytest.FixtureRequest, db: None, remote: Remote) -> int:
    """After how many wrong passwords an account, or a place, is locked: fifty, of which `make test` tries a fifth."""
    if not request.config.getoption("--thorough"):
        settings.WIDE_FAILURE_LIMIT //= 5
    return int(settings.WIDE_FAILURE_LIMIT)


def try_others(times: int) -> list[int]:
    return [try_in(Person(), f"person{number}@nordwind.example")[0] for number in range(times)]


def lock_everywhere(places: int) -> None:
    said = [try_in(Person(), REMOTE_ADDR=f"10.0.{place}.1")[0] for place in range(places) for _try in range(5)]
    assert said == ([422] * 4 + [429]) * places


def test_one_place_tries_a_password_on_many_accounts(most: int, remote: Remote) -> None:
    assert try_others(most) == [422] * (most - 1) + [429]
    asked = len(operations(remote))
    assert try_in(Person(), "another@nordwind.example") == (429, LOCKED_WIDELY)
    assert try_in(Person(), COORDINATOR, PASSWORD) == (429, LOCKED_WIDELY)
    assert len(operations(remote)) == asked
    assert try_in(Person(), COORDINATOR, PASSWORD, REMOTE_ADDR="10.9.8.7") == (302, "")


def test_a_right_password_of_one_s_own_takes_back_no_other_guess(most: int) -> None:
    try_others(most - 1)
    assert try_in(Person(), BOTH, PASSWORD) == (302, "")
    assert try_in(Person(), "another@nordwind.example")[0] == 429


def test_many_places_try_passwords_on_one_account(most: int) -> None:
    lock_everywhere(most // 5)
    assert try_in(Person(), COORDINATOR, PASSWORD, REMOTE_ADDR="10.9.8.7") == (429, LOCKED_WIDELY)
    assert try_in(Person(), BOTH, PASSWORD, REMOTE_ADDR="10.9.8.7") == (302, "")
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=16), tick=True):
        assert try_in(Person(), COORDINATOR, PASSWORD, REMOTE_ADDR="10.9.8.7") == (302, "")


def test_one_place_alone_locks_an_account_nowhere_else(most: int) -> None:
    for _try in range(most + 5):
        try_in(Person())
    assert try_in(Person(), COORDINATOR, PASSWORD, REMOTE_ADDR="10.9.8.7") == (302, "")
    assert try_in(Person(), BOTH, PASSWORD) == (302, ""), "nor a colleague who has never signed in here"


def test_nobody_is_locked_out_of_the_browser_they_work_with(visitor: Person, most: int) -> None:
    """Not by somebody at the next desk, not by a network of machines."""
    assert try_in(visitor, password=PASSWORD) == (302, "")
    visitor.post("/sign-out/")
    lock(Person())
    lock_everywhere(most // 5 - 1)
    try_others(most)
    assert try_in(Person(), COORDINATOR, PASSWORD)[0] == 429
    assert try_in(visitor, password=PASSWORD) == (302, "")


def test_a_browser_that_is_known_has_five_tries_too(visitor: Person) -> None:
    try_in(visitor, password=PASSWORD)
    visitor.post("/sign-out/")
    assert lock(visitor) == [422, 422, 422, 422, 429]
    assert try_in(visitor, password=PASSWORD) == (429, LOCKED)
    for place in range(3):
        assert try_in(visitor, password=PASSWORD, REMOTE_ADDR=f"10.9.8.{place}") == (429, LOCKED)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("claim", ["another person's", "forged", "a name"])
def test_a_browser_is_not_known_because_it_says_so(visitor: Person, claim: str) -> None:
    thief = Person()
    if claim == "another person's":
        try_in(thief, BOTH, PASSWORD)
    elif claim == "forged":
        try_in(visitor, password=PASSWORD)
        thief.cookies["known"] = visitor.cookies["known"].value.replace("known", "knowm")
    agents = [{"HTTP_USER_AGENT": f"known browser {number}"} if claim == "a name" else {} for number in range(5)]
    assert [try_in(thief, **agent)[0] for agent in agents] == [422, 422, 422, 422, 429]
    assert try_in(Person(), COORDINATOR, PASSWORD) == (429, LOCKED), "so these tries were those of any browser"


def test_a_network_of_ipv6_is_one_place(visitor: Person) -> None:
    said = [try_in(Person(), REMOTE_ADDR=f"2001:db8:1:2::{number}")[0] for number in range(5)]
    assert said == [422, 422, 422, 422, 429]
    assert try_in(visitor, COORDINATOR, PASSWORD, REMOTE_ADDR="2001:db8:1:3::1") == (302, "")


# Behind reverse proxies ---------------------------------------------------------------------------------------------


def test_without_a_proxy_nobody_claims_another_address(visitor: Person, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 0
    answers = [try_in(visitor, HTTP_X_FORWARDED_FOR=f"10.0.0.{number}")[0] for number in range(5)]
    assert answers == [422, 422, 422, 422, 429]


def test_behind_one_proxy_the_last_entry_counts(visitor: Person, settings: Any) -> None:
    """The entries before it are the caller's own claim."""
    settings.TRUSTED_PROXIES = 1
    forged = [try_in(visitor, HTTP_X_FORWARDED_FOR=f"10.0.0.{number}, 192.0.2.1")[0] for number in range(5)]
    assert forged == [422, 422, 422, 422, 429]
    assert try_in(visitor, password=PASSWORD, HTTP_X_FORWARDED_FOR="10.0.0.1, 192.0.2.2") == (302, "")


def test_behind_two_proxies_the_last_but_one_counts(visitor: Person, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 2
    forged = [try_in(visitor, HTTP_X_FORWARDED_FOR=f"10.0.0.{n}, 192.0.2.1, 10.1.1.{n}")[0] for n in range(5)]
    assert forged == [422, 422, 422, 422, 429]
    assert try_in(visitor, password=PASSWORD, HTTP_X_FORWARDED_FOR="192.0.2.2, 10.1.1.1") == (302, "")
