"""Messages with values that one of the two databases refuses or no column holds: each is kept, none stops us.

PostgreSQL takes no NUL, no half of a sign and no NaN in JSON, SQLite does; so this runs on both (`make pg`).
"""

from typing import Any

import pytest

from flinkey_admin.operations.models import State, Step, Webhook
from flinkey_admin.sandbox import Remote
from tests.conftest import Person, work_off
from tests.operations.stage import Clock
from tests.operations.windows import created, give, remove, send, told

TEXTS = ["1\0", "\0", "\ud800", "1\udfff", "\uffff", "\x01", "x" * 3000, "9" * 30, "-1", "1e999", "NaN", "\u0661"]
NUMBERS = [10**30, -(10**30), 2**63, 0, -1, 1.5, float("nan"), float("inf"), float("-inf")]
OTHERS: list[Any] = [None, True, [], {}, ["\0"], {"\0": "\0"}, [[[float("nan")]]]]
NAMES = ["customerId", "carId", "userId", "assignmentId", "start", "end", "operationSucceeded", "errorMessage", "\0"]


@pytest.fixture
def waiting(clock: Clock, coordinator: Person, flinkey: Remote) -> list[Step]:
    """A window that was given and one that was taken away; neither has come true yet."""
    flinkey.settings(delay=1000)
    return [give(coordinator), remove(coordinator)]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", NAMES)
def test_a_message_with_a_hostile_value_is_kept(waiting: list[Step], name: str) -> None:
    values = [*TEXTS, *NUMBERS, *OTHERS]
    for value in values:
        assert send({**created(), name: value}).status_code == 204, value
        assert send({**told(2), name: value}, "deleted").status_code == 204, value
    work_off("runs", "sweep")
    assert Webhook.objects.count() == 2 * len(values)
    assert {step.state for step in Step.objects.all()} == {State.ACCEPTED}, "none is more than a hint"


def test_what_is_no_yes_and_no_no_is_a_hint_all_the_same(waiting: list[Step]) -> None:
    for said in ("\0", "no", 0, float("nan"), None):
        Step.objects.update(hint=None)
        send(told(2, operationSucceeded=said), "deleted")
        assert [step.hint for step in Step.objects.order_by("pk")] == [None, {"succeeded": None, "message": ""}]
