"""What is over is over: cookies after the sign-out, 1,000 times; and passwords are not guessed, 2 x 500 times.

`make test` tries a tenth of it.
"""

from typing import Any

import pytest

from flinkey_admin.operations.models import Operation
from flinkey_admin.sandbox import Remote
from tests.accounts.stage import is_sign_in, operations
from tests.conftest import COORDINATOR, PASSWORD, Person
from tests.security.addresses import ADDRESSES, WITHOUT_TOKEN

SESSIONS, REPLAYS, GUESSES = 4, 250, 500
OPEN = {"accounts:sign_in", "accounts:sign_out", "accounts:preferences", "assignments:feed"}


def _is_open(address: str, name: str) -> bool:
    return name in OPEN or name.startswith(("node:", "components")) or address.startswith(WITHOUT_TOKEN)


CLOSED = [one for one, name in ADDRESSES.items() if not _is_open(one, name)]


def test_a_thousand_replays_of_cookies_after_the_sign_out(db: None, remote: Remote, part: int) -> None:
    """Whatever kept a copy of the cookies: the sign-out ends them on the server."""
    stolen = []
    for _one in range(SESSIONS):
        person = Person()
        person.sign_in(COORDINATOR)
        assert person.get("/groups/new/").status_code == 200
        stolen.append({name: cookie.value for name, cookie in person.cookies.items()})
        person.post("/sign-out/")
    before = Operation.objects.count()
    remote.clear_requests()
    let_in = []
    for number in range(SESSIONS * REPLAYS // part):
        thief = Person()
        for name, value in stolen[number % SESSIONS].items():
            thief.cookies[name] = value
        address = CLOSED[number % len(CLOSED)]
        answer = thief.get(address) if number % 2 else thief.post(address, {"id": "1", "to": "2", "name": "x"})
        if not is_sign_in(answer) or answer.content:
            let_in.append((address, answer.status_code))
    assert let_in == []
    assert remote.requests() == []
    assert Operation.objects.count() == before


@pytest.mark.sampled(1)
@pytest.mark.parametrize("proxies", [0, 1])
def test_a_thousand_guesses_with_a_changing_x_forwarded_for(
    visitor: Person, remote: Remote, settings: Any, proxies: int, part: int
) -> None:
    """Five of them reach flinkey. Behind one proxy the entry it has written counts, not those that the caller wrote."""
    settings.TRUSTED_PROXIES = proxies
    said = []
    for number in range(GUESSES // part):
        claimed = f"10.{number % 7}.{number % 251}.{number % 83}"
        header = f"{claimed}, 192.0.2.1" if proxies else claimed
        form = {"username": COORDINATOR, "password": f"guess {number}"}
        said.append(visitor.post("/sign-in/", form, headers={"X-Forwarded-For": header}).status_code)
    assert said == [422] * 4 + [429] * (GUESSES // part - 4)
    assert operations(remote).count("getToken") == 5
    header = "10.0.0.1, 192.0.2.1" if proxies else "10.0.0.1"
    right = {"username": COORDINATOR, "password": PASSWORD}
    assert visitor.post("/sign-in/", right, headers={"X-Forwarded-For": header}).status_code == 429
