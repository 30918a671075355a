"""So many calls in so many seconds, as a gateway counts them: in windows that follow each other."""

import math
import time

from .settings import Settings


class Quota:
    """Counts the calls of the present window, by the machine's own clock."""

    def __init__(self) -> None:
        self._began = 0.0
        self._calls = 0

    def wait(self, settings: Settings) -> int:
        """0 for a call that may be done, else the whole seconds until the next window."""
        if not settings.quota:
            return 0
        now = time.monotonic()
        if now - self._began >= settings.quota_seconds:
            self._began, self._calls = now, 0
        self._calls += 1
        if self._calls <= settings.quota:
            return 0
        return max(1, math.ceil(self._began + settings.quota_seconds - now))
