"""Reading single values out of JSON: lenient on the spelling, strict on the meaning."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

T = TypeVar("T")

_WHOLE = re.compile(r"-?[0-9]{1,18}(\.0+)?")
_FRACTION = re.compile(r"[.,][0-9]+")
# What no page of HTML and no PostgreSQL may hold: signs that control, halves of signs, and what is none.
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


class ShapeError(ValueError):
    """The answer does not have the shape that its page promises."""


def mapping(value: object) -> Mapping[str, object]:
    """A JSON object. Raises ShapeError."""
    if not isinstance(value, dict):
        raise ShapeError("an object was expected")
    return value


def many(read: Callable[[object], T]) -> Callable[[object], list[T]]:
    """A reader for a JSON array of what `read` reads. One unusable item makes the list unusable."""

    def read_all(value: object) -> list[T]:
        if not isinstance(value, list):
            raise ShapeError("an array was expected")
        return [read(item) for item in value]

    return read_all


def nothing(value: object) -> None:
    """The reader for answers that carry nothing (204)."""


def integer(value: object) -> int:
    """An id or a number of seconds: 5, 5.0, "5" or "5.0". Raises ShapeError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value.partition(".")[0])
    raise ShapeError("a whole number was expected")


def optional_integer(value: object) -> int | None:
    """The same, or None for null and for a missing field."""
    return None if value is None else integer(value)


def text(value: object) -> str | None:
    """A string or None; a number is taken as its digits. What cannot be shown becomes U+FFFD. Raises ShapeError."""
    if isinstance(value, str):
        return fit(value)
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise ShapeError("a text was expected")


def fit(value: str) -> str:
    """The string with U+FFFD for what cannot be kept and shown."""
    return value if value.isprintable() else _UNFIT.sub("\ufffd", value)


def flag(value: object) -> bool:
    """True or False; null and a missing field count as False. Raises ShapeError."""
    if value is None or isinstance(value, bool):
        return bool(value)
    raise ShapeError("true or false was expected")


def optional_instant(value: object) -> datetime | None:
    """A time as UTC in whole seconds; without a zone it counts as UTC. Raises ShapeError.

    flinkey's own format has no fraction, so one is dropped: two readings of one time then compare equal.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise ShapeError("a time was expected")
    try:
        moment = datetime.fromisoformat(_FRACTION.sub("", value.strip().upper()))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ShapeError("a time was expected") from None


def instant(value: object) -> datetime:
    """The same for a time that must be there."""
    moment = optional_instant(value)
    if moment is None:
        raise ShapeError("a time is missing")
    return moment


def written(moment: datetime) -> str:
    """An aware time exactly as the page wants it: yyyy-MM-ddTHH:mm:ssZ."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def optional_written(moment: datetime | None) -> str | None:
    """The same, or None."""
    return None if moment is None else written(moment)
