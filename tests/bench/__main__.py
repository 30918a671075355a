"""`make bench`: the budgets of the product, measured. The table goes to the screen, the numbers to var/bench.json.

Ratios are taken turn by turn in one run, so a noisy machine hits both sides.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.bench import stage  # first: it makes Django ready

from tests.bench import first_visit, moves, pages, receipts, scale, scripts, statements, sweeping, timelines  # isort: skip


def main() -> None:
    rows: list[stage.Row] = []
    sys.stdout.write(f"{'':<66} {'ours':>12} {'beside':>12} {'value':>9} of budget\n")
    for part in (pages, sweeping, scripts, moves, receipts, statements, scale, timelines, first_visit):
        for row in part.measure():
            rows.append(row)
            mark = "ok" if row.held else "OVER"
            sys.stdout.write(
                f"{row.name:<66} {row.ours:>12} {row.beside:>12} {row.value:9.3f} of {row.budget:<8g} {mark}\n"
            )
            sys.stdout.flush()
    over = sum(not row.held for row in rows)
    sys.stdout.write(f"{len(rows)} figures, {over} over budget\n")
    target = Path("var/bench.json")
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps([asdict(row) | {"held": row.held} for row in rows], indent=2))


if __name__ == "__main__":
    main()
