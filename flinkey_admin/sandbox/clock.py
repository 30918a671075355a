"""The sandbox's own time: the real one, unless told otherwise."""

import re
from datetime import UTC, datetime, timedelta

EXACT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def written(instant: datetime) -> str:
    """An instant as the API writes it: yyyy-MM-ddTHH:mm:ssZ."""
    return instant.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def parsed(text: str) -> datetime:
    """Read an instant leniently (fractions, offsets, no zone means UTC); ValueError if it is none."""
    instant = datetime.fromisoformat(text)
    if len(text) < len("2026-11-22T08:00"):
        raise ValueError(text)
    if instant.tzinfo is None:
        return instant.replace(tzinfo=UTC)
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error


def is_exact(text: str) -> bool:
    """Whether the text has exactly the documented form and names a real moment."""
    if not EXACT.fullmatch(text):
        return False
    try:
        parsed(text)
    except ValueError:
        return False
    return True


class Clock:
    """Real time plus an offset, or one frozen instant."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start
        self._offset = timedelta(0)
        self._frozen: datetime | None = None
        self.reset()

    def reset(self) -> None:
        """Back to how the sandbox was started."""
        self._frozen = None
        self._offset = self._start - datetime.now(UTC) if self._start else timedelta(0)

    def now(self) -> datetime:
        """The sandbox's present moment, aware, in UTC."""
        return self._frozen or datetime.now(UTC) + self._offset

    def freeze(self, instant: datetime | None = None) -> None:
        """Stop at the instant, or at the present second."""
        self._frozen = instant or self.now().replace(microsecond=0)

    def thaw(self) -> None:
        """Back to real time."""
        self._frozen = None
        self._offset = timedelta(0)

    def move_to(self, instant: datetime) -> None:
        """Jump to the instant; a frozen clock stays frozen, a running one runs on from there."""
        if self._frozen:
            self._frozen = instant
        else:
            self._offset = instant - datetime.now(UTC)

    def save(self) -> dict[str, str | float | None]:
        """For a snapshot."""
        frozen = self._frozen.isoformat() if self._frozen else None
        return {"frozen": frozen, "offset": self._offset.total_seconds()}

    def load(self, saved: dict[str, str | float | None]) -> None:
        """From a snapshot."""
        frozen = saved["frozen"]
        self._frozen = datetime.fromisoformat(str(frozen)) if frozen else None
        self._offset = timedelta(seconds=float(saved["offset"] or 0))
