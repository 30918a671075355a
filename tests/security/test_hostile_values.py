"""Values that one of the two databases refuses, or no column holds, in every address, filter and form of ours.

PostgreSQL takes no NUL in a text and no number of more than eight bytes; so this runs on both (`make pg`). `make test`
has a NUL in a few of the fields; with `--thorough` each field has one of the values, in turn, each filter all of them.
"""

import copy
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.operations.stage import Clock
from tests.security.addresses import ADDRESSES, WITHOUT_TOKEN, about
from tests.security.test_foreign_forms import FORM
from tests.security.things import Ids, furnish

VALUES = ["a\0b", "9" * 30, "\ud800", "9" * 18, "-1", "1e999", "NaN", "x" * 3000, "\u0663", "9999-12-31T23:59"]
# What an address may say behind its "?".
FILTERS = (
    *(
        "q",
        "page",
        "sort",
        "group",
        "from",
        "until",
        "days",
        "selection",
        "seen",
        "tick",
        "next",
        "show",
        "past",
        "not",
    ),
    *(
        "use",
        "copy",
        "car",
        "user",
        "at",
        "start",
        "end",
        "rows",
        "access",
        "groups",
        "state",
        "plate",
        "what",
        "person",
    ),
)
FIELDS = (
    *FORM,
    *(
        "reason",
        "selection",
        "quick",
        "nonce",
        "was",
        "lifetime",
        "renewable_after",
        "start_fold",
        "end_fold",
        "at_fold",
    ),
    *("warned", "seen", "next", "user_group", "car_group", "but"),
)
FORMS = "application/x-www-form-urlencoded"


def sent(form: Mapping[str, Any]) -> str:
    """As a browser would send it, though it could not: with halves of signs."""
    pairs = [(name, one) for name, value in form.items() for one in (value if isinstance(value, list) else [value])]
    return "&".join(f"{name}={quote_from_bytes(one.encode('utf-8', 'surrogatepass'))}" for name, one in pairs)


@pytest.fixture
def ids(clock: Clock, coordinator: Person, remote: Remote) -> Ids:
    """Something to do for every form."""
    return furnish(clock, coordinator, remote)


def test_no_filter_is_too_much(coordinator: Person, part: int) -> None:
    wrong, coordinator.raise_request_exception = [], False
    for value in VALUES if part == 1 else VALUES[:2]:
        cache.clear()  # nobody has asked for too much
        for address in ADDRESSES:
            answer = coordinator.get(f"{address}?{sent(dict.fromkeys(FILTERS, value))}")
            if answer.status_code >= 500:
                wrong.append((address, value, answer.status_code))
    assert wrong == []


def test_no_number_in_an_address_is_too_large(coordinator: Person) -> None:
    names = (
        "group_id",
        "car_id",
        "user_id",
        "thing_id",
        "window_id",
        "series_id",
        "operation_id",
        "part",
        "secret",
        "kind",
    )
    for number in ("9" * 18, "9" * 30, "%00"):
        for address, _name in about({name: [number] for name in names}):
            if number in address:
                assert coordinator.get(address).status_code in {302, 404, 405}, address


@pytest.mark.sampled(12)
@pytest.mark.parametrize("field", FIELDS)
def test_no_field_is_too_much(ids: Ids, coordinator: Person, remote: Remote, field: str, part: int) -> None:
    """One value for each field, in turn; in `make test` a NUL."""
    state, wrong = remote.snapshot(), []
    value = VALUES[FIELDS.index(field) % len(VALUES) if part == 1 else 0]
    for address, _name in about(ids):
        browser = Client(raise_request_exception=False)
        browser.cookies = copy.deepcopy(coordinator.cookies)
        cache.clear()
        with transaction.atomic():
            answer = browser.post(address, sent({**FORM, field: value}), content_type=FORMS)
            transaction.set_rollback(True)
        if answer.status_code >= 500:
            wrong.append((address, answer.status_code))
        if remote.requests() and not address.startswith(WITHOUT_TOKEN):
            remote.restore(state)
    assert wrong == []
