"""Room for the frames of a test."""

from typing import Any


def roomy(call: Any, *args: Any) -> Any:
    return call(*args)


# Python (until 3.14) keeps the frames of a thread in pieces of 16 KB and gives a piece back to the system when it is
# empty: a loop that calls at the edge of one maps and unmaps memory at each turn, which took a third of the time of a
# run. A frame that claims half a megabyte gets a piece with as much again behind it, so no test comes to an edge.
roomy.__code__ = roomy.__code__.replace(co_stacksize=1 << 16)
