"""`make bench`: the budgets of the product, measured. The table goes to the screen, the numbers to var/bench.json.

Ratios are taken turn by turn in one run, so a noisy machine hits both sides.
"""

from itertools import chain

from tests.bench import stage  # first: it makes Django ready # noqa: F401

from tests.bench import first_visit, moves, pages, receipts, scale, scripts, statements, sweeping, timelines  # isort: skip
from tests.bench.rows import keep, tell


def main() -> None:
    parts = (pages, sweeping, scripts, moves, receipts, statements, scale, timelines, first_visit)
    keep("bench", tell(chain.from_iterable(part.measure() for part in parts)))


if __name__ == "__main__":
    main()
