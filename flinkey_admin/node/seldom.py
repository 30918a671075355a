"""What the worker's look does not do each time: it comes every other second."""

import time
from collections.abc import Callable


class Seldom:
    """A function that does nothing until so many seconds have passed since it last did something, in this process.

    So not each look asks the database. seconds: by the clock that nobody sets.
    """

    def __init__(self, function: Callable[[], None], seconds: float) -> None:
        self.function, self.seconds = function, seconds
        self.next_at = 0.0

    def __call__(self, **_kwargs: object) -> None:
        if time.monotonic() >= self.next_at:
            self.next_at = time.monotonic() + self.seconds
            self.function()


def seldom(seconds: float) -> Callable[[Callable[[], None]], Seldom]:
    """Makes a receiver of the signal `looked` that works at most once in so many seconds."""
    return lambda function: Seldom(function, seconds)
