"""The figures of a measurement: rows of a table on the screen and of a file of JSON."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Row:
    """One figure: ours beside what it is compared with, and what it may be at most."""

    name: str
    ours: str
    beside: str
    value: float
    budget: float

    @property
    def held(self) -> bool:
        return self.value <= self.budget


def tell(rows: Iterable[Row]) -> list[Row]:
    """Writes each row as soon as it is known; returns them all."""
    told = []
    sys.stdout.write(f"{'':<66} {'ours':>12} {'beside':>12} {'value':>9} of budget\n")
    for row in rows:
        mark = "ok" if row.held else "OVER"
        sys.stdout.write(
            f"{row.name:<66} {row.ours:>12} {row.beside:>12} {row.value:9.3f} of {row.budget:<8g} {mark}\n"
        )
        sys.stdout.flush()
        told.append(row)
    sys.stdout.write(f"{len(told)} figures, {sum(not row.held for row in told)} over budget\n")
    return told


def keep(name: str, rows: Iterable[Row], **more: Any) -> None:
    """Puts the rows into var/NAME.json, as a list, or as `rows` beside more facts."""
    listed = [asdict(row) | {"held": row.held} for row in rows]
    target = Path("var") / f"{name}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps({"rows": listed, **more} if more else listed, indent=2))
