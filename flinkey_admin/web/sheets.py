"""Tables for spreadsheets."""

import csv
import re
from collections.abc import Iterable, Sequence

from django.http import HttpResponse


def csv_file(name: str, head: Sequence[object], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """The answer that downloads a table: UTF-8 with a mark, so that umlauts arrive. `name`: of the file."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8", headers=headers)
    table = csv.writer(response)
    table.writerow(head)
    for row in rows:
        table.writerow([_plain(cell) for cell in row])
    return response


# Some spreadsheets part a line at semicolons, whatever the file says, so a formula may begin after one as well.
FORMULA = re.compile(r"(^|[;\t\r\n])(?=[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")


def _plain(cell: object) -> object:
    """A text that a spreadsheet would take for a formula gets a quotation mark in front of that."""
    return FORMULA.sub(r"\1'", cell) if isinstance(cell, str) else cell
