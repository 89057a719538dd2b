"""XLSForms made for tests."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from openpyxl import Workbook

Rows = Sequence[Sequence[object]]


def a_form(**sheets: Rows) -> bytes:
    """A workbook with these sheets: `a_form(survey=..., choices=..., settings=...)`."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    book.save(stream := BytesIO())
    return stream.getvalue()
