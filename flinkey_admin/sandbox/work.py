"""The asynchronous work behind assignments: what a request changes, and what the webhook then says.

The vendor documents neither the rules nor the sentences of a failure: both are guesses, listed in the README.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from . import texts
from .clock import parsed
from .world import DEFAULT_LIFETIME, Customer, Record

LONGEST = 2_419_200


@dataclass
class Job:
    """Something due at a moment: `create`, `update` or `delete` an assignment, or send a `webhook`."""

    due: datetime
    kind: str
    facts: dict[str, Any] = field(default_factory=dict)

    def save(self) -> dict[str, Any]:
        """For a snapshot."""
        return {"due": self.due.isoformat(), "kind": self.kind, "facts": self.facts}

    @staticmethod
    def load(saved: dict[str, Any]) -> "Job":
        """From a snapshot."""
        return Job(datetime.fromisoformat(saved["due"]), saved["kind"], saved["facts"])


def carry_out(job: Job, customer: Customer, failure: str | None) -> Record:
    """Let a job take effect, or fail, and return the body of its webhook."""
    facts = job.facts
    if job.kind == "create":
        return _create(facts, customer, failure)
    window = customer.windows.get(facts["id"])
    error = failure or (None if window else texts.NO_ASSIGNMENT)
    if window and not error and job.kind == "update":
        error = _update(window, facts["changes"], customer)
    if window and not error and job.kind == "delete":
        del customer.windows[window["id"]]
    return {
        "checksum": facts["checksum"],
        "assignmentId": facts["id"],
        "customerId": customer.id,
        "operationSucceeded": error is None,
        "errorMessage": error,
    }


def _create(facts: dict[str, Any], customer: Customer, failure: str | None) -> Record:
    window = facts["window"]
    error = failure or why_not(window, customer)
    number = None
    if not error:
        number = customer.add_window(
            window["carId"],
            window["userId"],
            window["start"],
            window["end"],
            lifetime=window["lifetime"],
            renewable_after=window["renewableAfter"],
        )
    return {
        "checksum": facts["checksum"],
        "assignmentId": number,
        "carId": window["carId"],
        "userId": window["userId"],
        "start": window["start"],
        "end": window["end"],
        "customerId": customer.id,
        "operationSucceeded": error is None,
        "errorMessage": error,
        "lifetime": window["lifetime"],
        "renewableAfter": window["renewableAfter"],
    }


def _update(window: Record, changes: Record, customer: Customer) -> str | None:
    after = window | changes
    error = why_not(after, customer, nobody_allowed=after["userId"] is None)
    if not error:
        window.update(changes)
    return error


def why_not(window: Record, customer: Customer, *, nobody_allowed: bool = False) -> str | None:
    """The reason why this assignment cannot be, or None."""
    car, user = window["carId"], window["userId"]
    if car is None or window["start"] is None:
        return texts.NEEDS_CAR_AND_START
    if car not in customer.things["cars"]:
        return texts.NO_CAR
    if not nobody_allowed and user not in customer.things["users"]:
        return texts.NO_USER
    if car in customer.boxless:
        return texts.NO_BOX
    if window["end"] is not None and parsed(window["end"]) <= parsed(window["start"]):
        return texts.END_BEFORE_START
    return why_not_validity(window["lifetime"], window["renewableAfter"])


def why_not_validity(lifetime: int | None, renewable_after: int | None) -> str | None:
    """The reason why a phone's key cannot live that long, or None; bounds are never allowed."""
    if lifetime is not None and not DEFAULT_LIFETIME < lifetime < LONGEST:
        return texts.LIFETIME_OUTSIDE
    if renewable_after is not None and not 0 < renewable_after < (lifetime or DEFAULT_LIFETIME):
        return texts.RENEWAL_TOO_LATE
    return None
