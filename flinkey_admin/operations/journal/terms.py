"""The words of the journal: what is planned, what becomes of it, and who stands in the way."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from flinkey_admin.operations.models import Operation, State, Verb

LEASE = dt.timedelta(seconds=20)  # whoever runs an operation renews it every few seconds
PATIENCE = dt.timedelta(minutes=5)  # so long a window waits for flinkey; then a person is asked, and we keep looking
SETTLED = (State.CONFIRMED, State.REFUSED)
REPEATABLE = (Verb.ADD, Verb.REMOVE, Verb.CREATE_GROUP, Verb.RENAME_GROUP, Verb.DELETE_GROUP)
# Of a change of windows that come one after another: flinkey has the one before, and it is not known to be so yet.
WAITS = Q(
    state=State.PLANNED,
    after__verb__endswith="-window",
    after__state__in=[State.SENT, State.ACCEPTED, State.UNKNOWN],
)


class LeaseLost(Exception):
    """Somebody else has taken over what this process was running: it must not touch it any more."""


class WindowBusy(Exception):
    """Another change of the same window is still open; `operation` is the one."""

    def __init__(self, operation: Operation) -> None:
        super().__init__(f"operation {operation.pk}")
        self.operation = operation


@dataclass(frozen=True)
class Planned:
    """A step to be: the arguments of one call, and what takes it back. `after` is the position of another step."""

    verb: Verb
    label: str
    kind: str = ""
    thing_id: int | None = None
    group_id: int | None = None
    group_label: str = ""
    car_id: int | None = None
    user_id: int | None = None
    window_id: int | None = None
    args: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    inverse: dict[str, Any] | None = None
    open_key: str | None = None
    after: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a call. `stop` asks the runner not to start another one."""

    state: State
    already: bool = False
    reason: str = ""
    detail: str = ""
    result_id: int | None = None
    wait: float = 0.0
    stop: bool = False
