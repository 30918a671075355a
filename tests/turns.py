"""A fair cut through a matrix whose rows are one piece of code."""

import itertools
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def in_turn(row: Sequence[str], columns: Sequence[T]) -> Iterator[tuple[str, T]]:
    """The first of a row with every column, the others with the columns in turn, so that each comes once more.

    For cars, users, services and products, which differ in a name alone: nothing that a fault meets knows the kind.
    """
    first, *others = row
    yield from itertools.product([first], columns)
    if others:
        yield from zip(itertools.cycle(others), columns, strict=False)


def matrix(rows: Sequence[Sequence[str]], columns: Sequence[T]) -> list[tuple[str, T]]:
    """`in_turn` for several rows."""
    return [pair for row in rows for pair in in_turn(row, columns)]
