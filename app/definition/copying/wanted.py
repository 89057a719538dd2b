"""What is to stand in a copy of a workbook, as plain data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints

from app.definition.schema import Frozen

Address = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,3}[1-9][0-9]{0,6}$")]


class CellValue(Frozen):
    """A value for one cell. A number is a plain decimal, with its `unit`, since a cell may show per
    cent; a date is YYYY-MM-DD, and `shown` is how it is written where the cell shows texts."""

    sheet: str
    cell: Address
    kind: Literal["text", "number", "date"] = "text"
    value: str
    unit: str | None = None
    shown: str = ""


class Drawn(Frozen):
    """A picture (PNG, base64) to lay over one cell."""

    sheet: str
    cell: Address
    png: str


class Wanted(Frozen):
    cells: tuple[CellValue, ...] = ()
    drawings: tuple[Drawn, ...] = ()
