"""What is sent to create or change an assignment, checked before anything leaves.

The rules are those of the page: lifetime strictly between 7 and 28 days, renewableAfter less than lifetime.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Final, Literal

from .errors import Invalid
from .fields import optional_written, written

SHORTEST: Final = 604_800  # 7 days; the default, and yet not allowed to be sent
LONGEST: Final = 2_419_200  # 28 days


class Unset(Enum):
    """The mark of a field that was not given; None has a meaning of its own."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
_Unset = Literal[Unset.UNSET]


@dataclass(frozen=True, slots=True)
class NewAssignment:
    """An assignment to create. Raises errors.Invalid.

    start, end: aware times, kept as UTC in whole seconds; end None: without end.
    lifetime: seconds, more than 604,800 and less than 2,419,200; None: flinkey's default of 604,800.
    renewable_after: seconds, more than 0 and less than lifetime; None: half of a given lifetime, else left to
    flinkey.
    """

    car_id: int
    user_id: int
    start: datetime
    end: datetime | None = None
    lifetime: int | None = None
    renewable_after: int | None = None

    def __post_init__(self) -> None:
        _check_ids(self.car_id, self.user_id)
        object.__setattr__(self, "start", _whole(self.start))
        object.__setattr__(self, "end", None if self.end is None else _whole(self.end))
        _check_window(self.start, self.end)
        _check_key(self.lifetime, self.renewable_after)
        if self.lifetime is not None and self.renewable_after is None:
            object.__setattr__(self, "renewable_after", self.lifetime // 2)

    def body(self) -> dict[str, object]:
        """The JSON of PUT /assignments.

        end is always sent; the seconds only when given, for the default lifetime lies outside its own bounds.
        """
        seconds = {"lifetime": self.lifetime, "renewableAfter": self.renewable_after}
        return {
            "carId": self.car_id,
            "userId": self.user_id,
            "start": written(self.start),
            "end": optional_written(self.end),
            **{name: value for name, value in seconds.items() if value is not None},
        }


@dataclass(frozen=True, slots=True)
class AssignmentChange:
    """A change of an assignment: only what is given is sent. Raises errors.Invalid.

    end None: without end. lifetime, renewable_after None: back to flinkey's default. Limits as in
    NewAssignment; what is left out is not known here, so a lifetime shortened below the stored renewableAfter
    needs a new renewable_after too.
    """

    car_id: int | _Unset = UNSET
    user_id: int | _Unset = UNSET
    start: datetime | _Unset = UNSET
    end: datetime | _Unset | None = UNSET
    lifetime: int | _Unset | None = UNSET
    renewable_after: int | _Unset | None = UNSET

    def __post_init__(self) -> None:
        _check_ids(*(value for value in (self.car_id, self.user_id) if value is not UNSET))
        if isinstance(self.start, datetime):
            object.__setattr__(self, "start", _whole(self.start))
        if isinstance(self.end, datetime):
            object.__setattr__(self, "end", _whole(self.end))
        if isinstance(self.start, datetime) and isinstance(self.end, datetime):
            _check_window(self.start, self.end)
        self._check_seconds()
        if not self.patch():
            raise Invalid("nothing to change")

    def _check_seconds(self) -> None:
        """A lifetime that stays as it is may be anything up to the longest."""
        lifetime = LONGEST - 1 if self.lifetime is UNSET else self.lifetime
        _check_key(lifetime, None if self.renewable_after is UNSET else self.renewable_after)

    def patch(self) -> list[dict[str, str | None]]:
        """The JSON Patch of PATCH /assignments/{id}: values are strings or null, numbers too."""
        given = {
            "/carId": self.car_id,
            "/userId": self.user_id,
            "/start": self.start,
            "/end": self.end,
            "/lifetime": self.lifetime,
            "/renewableAfter": self.renewable_after,
        }
        return [_step(path, value) for path, value in given.items() if not isinstance(value, Unset)]


def _step(path: str, value: int | datetime | None) -> dict[str, str | None]:
    if value is None:
        back_to_default = path in ("/lifetime", "/renewableAfter")
        return {"op": "remove", "path": path} if back_to_default else {"op": "replace", "path": path, "value": None}
    return {
        "op": "replace",
        "path": path,
        "value": written(value) if isinstance(value, datetime) else str(value),
    }


def _whole(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise Invalid("a time needs its zone")
    return moment.astimezone(UTC).replace(microsecond=0)


def _check_ids(*ids: object) -> None:
    if not all(isinstance(value, int) and not isinstance(value, bool) for value in ids):
        raise Invalid("an id is a whole number")


def _check_window(start: datetime, end: datetime | None) -> None:
    if end is not None and end <= start:
        raise Invalid("the end must lie after the start")


def _check_key(lifetime: int | None, renewable_after: int | None) -> None:
    if lifetime is not None and not SHORTEST < lifetime < LONGEST:
        raise Invalid("lifetime must be more than 604800 and less than 2419200 seconds")
    if renewable_after is not None and not 0 < renewable_after < (lifetime or SHORTEST):
        raise Invalid("renewable_after must be more than 0 seconds and less than lifetime")
