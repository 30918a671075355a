"""The same answers as a script gets them today: plain `requests`, one call after the other."""

from collections.abc import Iterator
from typing import Any

import requests
from django.conf import settings

from flinkey_admin.accounts.scoping import require_client
from flinkey_admin.sandbox import API_KEY
from tests.bench.stage import LATENCY, ROUNDS, Row, browser, fill, ratio, sandbox, scope_of, timed


def measure() -> Iterator[Row]:
    with sandbox("medium") as remote:
        person = browser()
        fill(scope_of(person))
        token = require_client(scope_of(person))._token
        headers = {"flinkey-API-Key": API_KEY, "Authorization": f"Bearer {token}", "Customer-ID": "1"}

        def ask(path: str) -> Any:
            return requests.get(f"{settings.FLINKEY_API_URL}/{path}", headers=headers, timeout=30).json()

        def one_group() -> None:
            ask("groups")
            for kind in ("cars", "users", "services", "products"):
                ask(f"groups/1/{kind}")

        def where_is_it() -> None:
            """In which groups is a car, and who has it now: nobody can be asked but every group."""
            (car,) = [one for one in ask("cars") if one["id"] == 7]
            for group in ask("groups"):
                ask(f"groups/{group['id']}/cars")
            ask(f"cars/{car['id']}/assignments")

        for path in ("/groups/1/", "/search/?q=pool", "/cars/7/", "/"):
            person.get(path)
        remote.settings(latency=LATENCY)
        for name, path, script, rounds in (
            ("a group's page, warm / a script's 5 calls", "/groups/1/", one_group, ROUNDS),
            ("where is this car, who has it: warm / a script's 53 calls", "/cars/7/", where_is_it, 2),
        ):
            ours, theirs = [], []
            for _round in range(rounds):
                theirs.append(timed(script))
                ours.append(timed(lambda: person.get(path)))  # noqa: B023 - called at once
            yield ratio(name, ours, theirs, 0.5)
