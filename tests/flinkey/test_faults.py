"""Faults times operations: what the sandbox does to a call, and the error that comes of it.

Where four operations differ in the kind alone, cars meet every fault and the other kinds share them out.
"""

from typing import Any

import pytest

from flinkey_admin.flinkey import OPERATIONS, Flinkey, errors
from flinkey_admin.sandbox import Remote
from tests.turns import matrix

from .test_operations import CALLS

READS = [name for name, _ in OPERATIONS if name.startswith("get") and name != "getToken"]
WRITES = [name for name, _ in OPERATIONS if not name.startswith("get")]
TWICE = {"createGroup", "createAssignment"}

# fault, its facts -> error of a read, error of a write, did the write take effect
FAULTS: dict[str, tuple[str, dict[str, Any], str, str, bool]] = {
    "500": ("status", {"status": 500}, "Unavailable", "OutcomeUnknown", False),
    "503": ("status", {"status": 503, "retry_after": 7}, "Unavailable", "OutcomeUnknown", False),
    "429": ("status", {"status": 429, "retry_after": 7}, "RateLimited", "RateLimited", False),
    "429 without header": (
        "status",
        {"status": 429, "retry_after": 7, "header": False},
        "RateLimited",
        "RateLimited",
        False,
    ),
    "reset before": ("reset-before", {}, "Unavailable", "OutcomeUnknown", False),
    "reset after": ("reset-after", {}, "Unavailable", "OutcomeUnknown", True),
    "slow": ("slow", {"seconds": 3}, "Unavailable", "OutcomeUnknown", True),
    "page 502": ("html", {}, "Unavailable", "OutcomeUnknown", False),
    "page 200": ("html", {"status": 200}, "Unavailable", "OutcomeUnknown", False),
    "page 200 done": ("html", {"status": 200, "done": True}, "Unavailable", "OutcomeUnknown", True),
    "truncated": ("truncated", {}, "Unavailable", "OutcomeUnknown", True),
    "dead token": ("dead-token", {}, "Unauthorized", "Unauthorized", False),
    "bad key": ("bad-key", {}, "BadApiKey", "BadApiKey", False),
    "redirect": ("redirect", {"location": "http://127.0.0.1:9/"}, "Unavailable", "OutcomeUnknown", False),
}
# A slow answer takes its time, so only some operations wait for it.
SLOW = ("getGroups", "getAssignmentsOfCar", "createAssignment", "removeCarFromGroup")
KINDS = ("Car", "User", "Service", "Product")
ALIKE = [
    [form.format(kind) for kind in KINDS]
    for form in ("get{}s", "get{}sOfGroup", "assign{}ToGroup", "remove{}FromGroup")
]
ROWS = [*ALIKE, *([name] for name in READS + WRITES if not any(name in row for row in ALIKE))]
CASES = [
    *((fault, name) for name, fault in matrix(ROWS, [fault for fault in FAULTS if fault != "slow"])),
    *(("slow", name) for name in SLOW),
]


def test_every_operation_meets_a_fault() -> None:
    assert {operation for _fault, operation in CASES} == {*READS, *WRITES}


@pytest.mark.sampled
@pytest.mark.parametrize(("fault", "operation"), CASES)
def test_a_fault_becomes_its_error(flinkey: Flinkey, remote: Remote, fault: str, operation: str) -> None:
    kind, facts, read, write, done = FAULTS[fault]
    remote.fault(operation, kind, times=2, **facts)
    remote.clear_requests()

    with pytest.raises(errors.FlinkeyError) as caught:
        CALLS[operation](flinkey)

    error, requests = caught.value, remote.requests()
    assert type(error).__name__ == (read if operation in READS else write)
    assert error.operation == operation
    # Only a read whose connection broke without a word is sent again.
    assert len(requests) == (2 if operation in READS and kind.startswith("reset") else 1)
    if operation in WRITES:
        assert [request["took_effect"] for request in requests] == [done]
    repeatable = isinstance(error, (errors.Unavailable, errors.RateLimited))
    unknown = isinstance(error, errors.OutcomeUnknown) and operation not in TWICE
    assert error.repeatable == (repeatable or unknown)
    assert getattr(error, "retry_after", 7) == 7


@pytest.mark.parametrize("operation", READS)
def test_a_read_survives_one_dead_connection(flinkey: Flinkey, remote: Remote, operation: str) -> None:
    remote.fault(operation, "reset-before")

    CALLS[operation](flinkey)


@pytest.mark.parametrize("operation", [*READS, "createGroup"])
def test_broken_json_is_no_result(flinkey: Flinkey, remote: Remote, operation: str) -> None:
    remote.fault(operation, "broken-json")

    with pytest.raises((errors.Unavailable, errors.OutcomeUnknown)):
        CALLS[operation](flinkey)


@pytest.mark.parametrize("operation", ["getGroups", "createAssignment", "removeUserFromGroup"])
def test_an_expired_token_is_told(flinkey: Flinkey, remote: Remote, operation: str) -> None:
    remote.expire_tokens()

    with pytest.raises(errors.Unauthorized):
        CALLS[operation](flinkey)
