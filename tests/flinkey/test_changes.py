"""What may be sent about an assignment, and exactly how it is written."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from flinkey_admin.flinkey import AssignmentChange, NewAssignment, errors

START = datetime(2031, 11, 22, 9, 0, 0, 999_999, timezone(timedelta(hours=1)))
END = datetime(2031, 11, 22, 16, tzinfo=UTC)


def test_a_new_assignment_without_end_sends_null_and_no_seconds() -> None:
    assert NewAssignment(1, 2, START).body() == {
        "carId": 1,
        "userId": 2,
        "start": "2031-11-22T08:00:00Z",
        "end": None,
    }


@pytest.mark.parametrize(
    ("lifetime", "renewable_after", "sent"),
    [
        (604_801, None, {"lifetime": 604_801, "renewableAfter": 302_400}),
        (2_419_199, 2_419_198, {"lifetime": 2_419_199, "renewableAfter": 2_419_198}),
        (None, 604_799, {"renewableAfter": 604_799}),
    ],
)
def test_seconds_within_their_bounds(lifetime: int | None, renewable_after: int | None, sent: dict[str, int]) -> None:
    body = NewAssignment(1, 2, START, END, lifetime, renewable_after).body()

    assert {name: body[name] for name in body if name not in ("carId", "userId", "start", "end")} == sent


GOOD: dict[str, Any] = {"car_id": 1, "user_id": 2, "start": START}
BAD: list[dict[str, Any]] = [
    {"lifetime": 604_800},
    {"lifetime": 2_419_200},
    {"lifetime": 0},
    {"renewable_after": 0},
    {"lifetime": 700_000, "renewable_after": 700_000},
    {"start": END, "end": END},
    {"start": END, "end": END - timedelta(seconds=1)},
    {"start": END, "end": END + timedelta(microseconds=9)},
    {"start": END.replace(tzinfo=None)},
    {"end": END.replace(tzinfo=None)},
    {"car_id": "1"},
    {"user_id": True},
]


@pytest.mark.parametrize("values", BAD)
def test_what_breaks_a_rule_is_refused_before_it_is_sent(values: dict[str, Any]) -> None:
    with pytest.raises(errors.Invalid):
        NewAssignment(**{**GOOD, **values})
    with pytest.raises(errors.Invalid):
        AssignmentChange(**values)


def test_the_default_lifetime_limits_the_renewal() -> None:
    with pytest.raises(errors.Invalid):
        NewAssignment(1, 2, START, renewable_after=604_800)
    with pytest.raises(errors.Invalid):
        AssignmentChange(lifetime=None, renewable_after=604_800)
    assert AssignmentChange(renewable_after=604_800).patch()[0]["value"] == "604800"


def test_a_change_sends_only_what_is_given_as_strings_or_null() -> None:
    change = AssignmentChange(car_id=1, user_id=2, start=START, end=END, lifetime=864_000, renewable_after=5)

    assert change.patch() == [
        {"op": "replace", "path": "/carId", "value": "1"},
        {"op": "replace", "path": "/userId", "value": "2"},
        {"op": "replace", "path": "/start", "value": "2031-11-22T08:00:00Z"},
        {"op": "replace", "path": "/end", "value": "2031-11-22T16:00:00Z"},
        {"op": "replace", "path": "/lifetime", "value": "864000"},
        {"op": "replace", "path": "/renewableAfter", "value": "5"},
    ]
    assert AssignmentChange(end=None).patch() == [{"op": "replace", "path": "/end", "value": None}]
    assert AssignmentChange(lifetime=None).patch() == [{"op": "remove", "path": "/lifetime"}]
    assert AssignmentChange(renewable_after=None).patch() == [{"op": "remove", "path": "/renewableAfter"}]


def test_a_change_of_nothing_is_refused() -> None:
    with pytest.raises(errors.Invalid):
        AssignmentChange()
