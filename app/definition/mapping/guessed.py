"""What a mapping says of a workbook, as plain validated data.

The sandboxed child makes it, the page shows it, and a filled copy finds its cells by it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field as Described
from pydantic import StringConstraints

from app.definition.schema import Definition, Frozen, Language

# "C14"; in a matrix also "C" or "14": the other half is that of the device.
Ref = Annotated[str, StringConstraints(pattern=r"^(?:[A-Z]{1,3})?(?:[0-9]{1,7})?$")]
Words = Annotated[str, StringConstraints(max_length=5_000)]


class SheetKind(StrEnum):
    """How a sheet is read. A matrix has a device in each row or column, and one report each."""

    FORM = "form"
    MATRIX = "matrix"
    RULES = "rules"
    SKIP = "skip"


class Role(StrEnum):
    """What a column holds."""

    NUMBER = "number"
    SECTION = "section"
    QUESTION = "question"
    TRANSLATION = "translation"
    CRITERION = "criterion"
    UNIT = "unit"
    MIN = "min"
    MAX = "max"
    NOMINAL = "nominal"
    TOLERANCE = "tolerance"
    READING = "reading"
    VERDICT = "verdict"
    OK = "ok"
    NOT_OK = "not_ok"
    NA = "na"
    COMMENT = "comment"
    TEXT = "text"
    DATE = "date"
    PHOTO = "photo"
    DEVICE = "device"
    LOCATION = "location"
    CHECK = "check"
    SIGNATURE = "signature"
    SKIP = "skip"


class Kind(StrEnum):
    """What a row asks for, or what a label beside an empty cell asks for."""

    SECTION = "section"
    VERDICT = "verdict"
    NUMBER = "number"
    TABLE = "table"
    TEXT = "text"
    DATE = "date"
    SELECT = "select"
    NOTE = "note"
    INFO = "info"
    LONG_TEXT = "long_text"
    SIGNATURE = "signature"
    SKIP = "skip"


class Target(StrEnum):
    """What a correction is about."""

    SHEET = "sheet"
    COLUMN = "column"
    ROW = "row"
    CELL = "cell"


class Correction(Frozen):
    """One click: what this sheet, column, row or label is. `words` are those of its label, by which
    it is found again in the next workbook of the same shape."""

    target: Target
    sheet: Words = ""
    at: Ref = ""
    words: Words = ""
    choice: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,20}$")]


class ColumnGuess(Frozen):
    """A column of a table. `group` is the heading above its own, if there are two."""

    column: int
    label: Words
    role: Role
    group: Words = ""


class BlockGuess(Frozen):
    """A table of a sheet: its head from row `top` to `bottom`, and its rows to `last`."""

    top: int
    bottom: int
    last: int
    columns: tuple[ColumnGuess, ...]


class PartGuess(Frozen):
    """A row of a table, or a label outside of tables: what it became. `ref` is its label's cell."""

    ref: Ref
    row: int
    kind: Kind
    label: Words
    detail: Words = ""
    is_row: bool = True


class SheetGuess(Frozen):
    """How one sheet is read, and its cells as the page shows them."""

    name: Words
    kind: SheetKind
    blocks: tuple[BlockGuess, ...] = ()
    parts: tuple[PartGuess, ...] = ()
    cells: tuple[tuple[Words, ...], ...] = ()
    is_cut: bool = False


class Mark(Frozen):
    """A cell, and what is written there for one verdict."""

    cell: Ref
    text: Annotated[str, StringConstraints(max_length=200)]


class FieldPlace(Frozen):
    """Where the answers of a field go. `sheet` is empty for that of the device.

    `values` has the cells by key: "" for the only value, else that of the table's cell.
    """

    sheet: Words = ""
    values: dict[str, Ref] = {}
    marks: dict[str, Mark] = {}
    comment: Ref = ""


class RolePlace(Frozen):
    """Where a signature goes: the name, the drawing and the date, as far as there are cells."""

    sheet: Words = ""
    name: Ref = ""
    drawing: Ref = ""
    date: Ref = ""


class Device(Frozen):
    """A row, a column or a sheet of its own: one report fills it."""

    tag: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    type: Words = ""
    location: Words = ""
    sheet: Words
    row: int | None = None
    column: int | None = None


class Places(Frozen):
    """The cells of every field and signature role by id, and the devices of a matrix."""

    fields: dict[str, FieldPlace] = {}
    roles: dict[str, RolePlace] = {}
    devices: tuple[Device, ...] = ()


class MappedChecklist(Frozen):
    """One checklist of the workbook; a workbook with matrices of several shapes has several."""

    sheets: tuple[Words, ...]
    definition: Definition
    places: Places


class Told(Frozen):
    """A remark on a cell: what was left out or assumed."""

    sheet: Words
    cell: str
    msgid: str
    params: dict[str, str | int] = Described(default_factory=dict)


class Mapping(Frozen):
    """A workbook of no known form, as it is understood. `shape` is a digest of its table heads."""

    shape: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    language: Language
    sheets: tuple[SheetGuess, ...]
    checklists: tuple[MappedChecklist, ...]
    told: tuple[Told, ...] = ()
