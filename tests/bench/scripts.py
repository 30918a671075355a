"""The same answers as a script gets them today: plain `requests`, one call after the other."""

from collections.abc import Iterator
from typing import Any

import requests
from django.conf import settings
from django.test import Client

from flinkey_admin.accounts.scoping import require_client
from flinkey_admin.flinkey import Kind
from flinkey_admin.sandbox import API_KEY
from tests.bench.rows import Row
from tests.bench.stage import LATENCY, ROUNDS, browser, fill, ratio, sandbox, scope_of, timed

CAR = 7


class Script:
    """What people write for themselves."""

    def __init__(self, token: str | None) -> None:
        self.headers = {"flinkey-API-Key": API_KEY, "Authorization": f"Bearer {token}", "Customer-ID": "1"}

    def ask(self, path: str) -> Any:
        return requests.get(f"{settings.FLINKEY_API_URL}/{path}", headers=self.headers, timeout=30).json()

    def one_group(self) -> None:
        self.ask("groups")
        for kind in Kind:
            self.ask(f"groups/1/{kind}")

    def where_is_it(self) -> None:
        """In which groups is a car, and who has it now: nobody can be asked but every group."""
        (car,) = [one for one in self.ask("cars") if one["id"] == CAR]
        for group in self.ask("groups"):
            self.ask(f"groups/{group['id']}/cars")
        self.ask(f"cars/{car['id']}/assignments")

    def who_has_them(self) -> None:
        """Who has which of 150 cars when: the list of each car."""
        for car in self.ask("cars")[:150]:
            self.ask(f"cars/{car['id']}/assignments")


def measure() -> Iterator[Row]:
    with sandbox("medium") as remote:
        person = browser()
        fill(scope_of(person))
        script = Script(require_client(scope_of(person))._token)
        lists = [f"/cars/?page={number}" for number in (1, 2, 3)]
        for path in ("/groups/1/", f"/cars/{CAR}/", *lists):
            person.get(path)
        remote.settings(latency=LATENCY)
        for name, paths, ask, rounds in (
            ("a group's page, warm / a script's 5 calls", ["/groups/1/"], script.one_group, ROUNDS),
            ("where is this car, who has it: warm / 53 calls", [f"/cars/{CAR}/"], script.where_is_it, 2),
            ("who has 150 cars: 3 warm pages / 151 calls", lists, script.who_has_them, 1),
        ):
            theirs, ours = [], []
            for _round in range(rounds):
                theirs.append(timed(ask))
                ours.append(timed(lambda: _open(person, paths)))  # noqa: B023 - called at once
            yield ratio(name, ours, theirs, 0.5)


def _open(person: Client, paths: list[str]) -> None:
    for path in paths:
        assert person.get(path).status_code == 200
