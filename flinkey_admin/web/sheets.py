"""Tables for spreadsheets."""

import csv
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


def _plain(cell: object) -> object:
    """A text that a spreadsheet would take for a formula gets a quotation mark in front."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
