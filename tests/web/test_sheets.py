"""No cell of an export begins a formula, however a spreadsheet parts the line: 8 beginnings in 6 places."""

import csv
import io
import re

import pytest

from flinkey_admin.web.sheets import csv_file

BEGINNINGS = ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
PLACES = ["", "Pool 1;", "Pool 1\t", "Pool 1\r", "Pool 1\n", "x;;"]


def cells_of(text: str) -> list[str]:
    """The second line's cells, parted at commas as we write them, and at semicolons as others read them."""
    answer = csv_file("x.csv", ["name"], [[text, 1, None]]).content.decode()
    by_comma = list(csv.reader(io.StringIO(answer, newline="")))[1]
    return [*by_comma, *re.split(r"[;\t\r\n]", by_comma[0])]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_no_cell_begins_a_formula(beginning: str) -> None:
    for place in PLACES:
        cells = cells_of(f"{place}{beginning}HYPERLINK(1)")
        assert [cell for cell in cells if cell.startswith(tuple(BEGINNINGS))] == [], place


def test_what_begins_none_stays_as_it_is() -> None:
    for text in ("HH-FK 1234", "a=b", "O'Brien; Ayşe", "10:00-12:00", "x@example.org", ""):
        assert cells_of(text)[:3] == [text, "1", ""]
