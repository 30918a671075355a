"""How long a phone may still open a car after access was taken away, without a network. An estimate, on the safe side.

The boxes are offline: a phone keeps the key it has until that runs out or until it next goes online.
"""

import datetime as dt

from flinkey_admin.flinkey.records import DEFAULT_LIFETIME

LONGEST = dt.timedelta(days=28)  # no key lives longer


def until(end: dt.datetime | None, removed_at: dt.datetime, lifetime: int | None) -> dt.datetime | None:
    """The last moment of a key of a window that would have ended at `end` (None: never) and was removed before.

    lifetime: seconds; None for flinkey's default. None is returned for a window that was over when it was removed.
    """
    # In UTC: Python adds to a local time by the clock on the wall, which may show an hour more or less by then.
    removed_at, end = removed_at.astimezone(dt.UTC), end.astimezone(dt.UTC) if end else None
    if end is not None and end <= removed_at:
        return None
    runs_out = removed_at + dt.timedelta(seconds=lifetime or DEFAULT_LIFETIME)
    return runs_out if end is None else min(end, runs_out)


def covers(start: dt.datetime, end: dt.datetime | None, now: dt.datetime, moment: dt.datetime) -> bool:
    """Whether a window lets somebody open the car from now until that moment anyhow."""
    return start <= now and (end is None or end >= moment)
