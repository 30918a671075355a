"""So many calls in a window are done; the rest gets a 429 that says how long to wait, and does nothing."""

import time

from flinkey_admin.flinkey import Flinkey, errors
from flinkey_admin.sandbox import Remote


def test_a_window_of_calls(flinkey: Flinkey, remote: Remote) -> None:
    remote.settings(quota=3, quota_seconds=1.0)
    told = [_name(flinkey, f"G{number}") for number in range(5)]
    assert told == [0, 0, 0, 1, 1]
    assert [call["took_effect"] for call in remote.requests("createGroup")] == [True] * 3 + [False] * 2
    time.sleep(1.05)
    assert _name(flinkey, "G6") == 0
    remote.settings(quota=0)
    assert [_name(flinkey, f"H{number}") for number in range(5)] == [0] * 5


def _name(flinkey: Flinkey, name: str) -> float:
    """The seconds that flinkey asks to wait, 0 when the group was made."""
    try:
        flinkey.groups.create(name)
    except errors.RateLimited as limited:
        return limited.retry_after
    return 0
