"""Builds small definitions and workbooks for the tests in this folder."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from app.definition.answers import AnswerValue
from app.definition.fields import kind_of
from app.definition.fields.kind import Reading
from app.definition.schema import (
    Definition,
    Field,
    FieldType,
    Header,
    Language,
    Limits,
    Option,
    Section,
    SignatureRole,
    Text,
)
from app.definition.workbook import WorkbookReading, read_workbook

Rows = Sequence[Sequence[object]]

RICH_HEADER = (
    "Section",
    "Question (EN)",
    "Pergunta (PT)",
    "Type",
    "Options / limits",
    "Opções (PT)",
    "Required",
    "Photos",
    "GPS",
    "Comment required",
    "Hint (EN)",
    "Dica (PT)",
    "Field id",
)
FOUR_HEADER = ("Section", "Script Step", "Result Type", "Step Result Values")


def option(one: str) -> Option:
    return Option(id=one, label=Text(en=one.upper()))


def field(one: str, kind: FieldType = FieldType.VERDICT, **settings: object) -> Field:
    """A field of any type, with the parts that its type requires."""
    parts: dict[str, object] = {"required": kind is not FieldType.NOTE}
    if kind in (FieldType.SELECT_ONE, FieldType.SELECT_MANY):
        parts["options"] = tuple(map(option, "abc"))
    if kind is FieldType.TABLE:
        parts |= {"rows": tuple(map(option, ("l1", "l2"))), "columns": (option("v"),)}
    basics = {"id": one, "type": kind, "label": Text(en=one)}
    return Field.model_validate(basics | parts | settings)


def limits(low: str | None = None, high: str | None = None, unit: str | None = None) -> Limits:
    return Limits(unit=unit, min=Decimal(low) if low else None, max=Decimal(high) if high else None)


def definition(
    *fields: Field, info: Sequence[Field] = (), roles: Sequence[SignatureRole] = ()
) -> Definition:
    return Definition(
        languages=(Language.EN,),
        header=Header(code="T-1", title=Text(en="Test")),
        info_fields=tuple(info),
        sections=(Section(id="s1", title=Text(en="One"), fields=fields),),
        signature_roles=tuple(roles),
    )


def reading(text: str, decimal: str) -> dict[str, str]:
    return {"text": text, "decimal": decimal}


def workbook(
    sheets: Mapping[str, Rows], change: Callable[[Workbook], object] = lambda book: None
) -> bytes:
    """An .xlsx of these sheets; `change` can merge, hide or style before saving."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def read(sheets: Mapping[str, Rows], **settings: object) -> WorkbookReading:
    settings = {"filename_stem": "panel_check"} | settings
    change = settings.pop("change", lambda book: None)
    return read_workbook(workbook(sheets, change), **settings)  # type: ignore[arg-type]


def read_rich(*rows: Sequence[object], **more: Rows) -> WorkbookReading:
    """The rich form: each row is Section, Question (EN), Pergunta (PT), Type, ..."""
    extra = {name.replace("_", " "): sheet for name, sheet in more.items()}
    return read({"Checklist": [RICH_HEADER, *rows], **extra})


def read_field(*cells: object) -> Field:
    """The single field of a rich workbook whose row has these cells from Type on."""
    result = read_rich(("A / B", "Question", "Pergunta", *cells))
    assert result.definition, result.problems
    return result.definition.sections[0].fields[0]


def problems_of(result: WorkbookReading) -> list[tuple[str, str]]:
    """(cell, English sentence) of each problem; asserts that there is no definition."""
    assert result.definition is None
    return [(problem.cell, str(problem.sentence)) for problem in result.problems]


def repacked(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The same zip, with each part replaced by `change(name, bytes)`."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            new.writestr(entry.filename, change(entry.filename, old.read(entry)))
    return stream.getvalue()


GOOD = workbook({"S": [FOUR_HEADER, ("A", "q", "Text", None)]})
SHEET = "xl/worksheets/sheet1.xml"


def with_more(name: str, before: bytes, more: Iterable[bytes]) -> bytes:
    """A good workbook with extra content in one of its parts."""

    def change(one: str, part: bytes) -> bytes:
        if one != name:
            return part
        assert before in part
        return part.replace(before, b"".join(more) + before, 1)

    return repacked(GOOD, change)


def rows_of_cells(rows: int, columns: int = 50, prefix: bytes = b"") -> Iterator[bytes]:
    """Rows with a different number in each cell, so that they do not compress to nothing."""
    for row in range(3, 3 + rows):
        cells = (
            b'<%sc r="%s%d"><%sv>%d</%sv></%sc>'
            % (prefix, get_column_letter(n).encode(), row, prefix, row * 7919 * n, prefix, prefix)
            for n in range(1, columns + 1)
        )
        yield b'<%srow r="%d">%s</%srow>' % (prefix, row, b"".join(cells), prefix)


def parse(field: Field, raw: object, language: Language | None = None) -> AnswerValue:
    return kind_of(field).parse(field, raw, language)


def decide(field: Field, value: AnswerValue, chosen: Mapping[str, str]) -> AnswerValue:
    return kind_of(field).decide(field, value, chosen)


def undecided(field: Field, value: AnswerValue) -> dict[str, Reading]:
    return kind_of(field).undecided(field, value)
