"""Makes the filled copy of a workbook: the changed parts are patched, all others keep their bytes.

Runs in the sandbox's child, on a workbook that has passed the guard.
"""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from app.definition.copying.cells import NewCell, Place, SheetPart, Unpatchable, place_of
from app.definition.copying.drawings import Parts, lay_over
from app.definition.copying.wanted import CellValue, Wanted
from app.definition.measured import plain
from app.definition.workbook.package import Package
from app.definition.workbook.sheet import open_book

_DAY_ZERO = date(1899, 12, 30)
_DAYS_1904 = 1_462


def fill_copy(data: bytes, wanted: Wanted) -> bytes:
    """The copy. Raises Unpatchable, KeyError for an unknown sheet, and others on damaged files."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = {name.lower(): name for name in archive.namelist()}
        package = Package(archive)
        sheets = {tab.title: names[tab.part.lower()] for tab in package.tabs if tab.part}
        parts = Parts(
            lambda name: archive.read(names[name.lower()]) if name.lower() in names else None
        )
        by_sheet: dict[str, list[CellValue]] = defaultdict(list)
        for one in wanted.cells:
            by_sheet[one.sheet].append(one)
        for title, cells in by_sheet.items():
            _fill_sheet(parts, sheets[title], cells, package)
        for drawn in wanted.drawings:
            png = base64.b64decode(drawn.png)
            lay_over(parts, sheets[drawn.sheet], place_of(drawn.cell), png)
        _ask_for_results(parts, names.get(package.book.lower(), package.book), sheets.values())
        copy = _written(archive, parts.changed)
    _check(copy, wanted)
    return copy


def _fill_sheet(parts: Parts, name: str, cells: list[CellValue], package: Package) -> None:
    body = parts.get(name)
    if body is None:
        raise Unpatchable
    part = SheetPart(body)
    new: dict[Place, NewCell] = {}
    for one in cells:
        place = place_of(one.cell)
        style = part.style(*place)
        code = package.styles[style].format if style < len(package.styles) else "General"
        new[place] = _new_cell(one, code or "General", is_1904=package.is_1904)
    parts.changed[name] = part.fill(new)


def _new_cell(one: CellValue, code: str, *, is_1904: bool) -> NewCell:
    """The value as the cell's number format expects it."""
    bare = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", code)
    if one.kind == "number":
        number = Decimal(one.value)
        return NewCell(plain(number / 100 if "%" in bare and one.unit == "%" else number), True)
    if one.kind == "date":
        if re.search(r"[dy]", bare, re.IGNORECASE) and bare != "General":
            days = (date.fromisoformat(one.value) - _DAY_ZERO).days
            return NewCell(str(days - (_DAYS_1904 if is_1904 else 0)), True)
        return NewCell(one.shown or one.value)
    return NewCell(one.value)


def _ask_for_results(parts: Parts, book: str, sheets: Iterable[str]) -> None:
    """Let the spreadsheet program compute formulas when it opens the copy, if there are any."""
    found = [parts.get(name) or b"" for name in sheets]
    body = parts.get(book)
    if body is None or not any(re.search(rb"<(?:[\w.-]+:)?f[\s>/]", one) for one in found):
        return
    match = re.search(rb"<(?P<tag>(?:[\w.-]+:)?calcPr)\b(?P<head>[^>]*?)/?>", body)
    if match and re.search(rb"""fullCalcOnLoad\s*=\s*["'](?:1|true)["']""", match["head"]):
        return
    if match:
        head = re.sub(rb"""\s*fullCalcOnLoad\s*=\s*["'][^"']*["']""", b"", match["head"])
        at, end = match.end("tag"), match.end("head")
        parts.changed[book] = body[:at] + b' fullCalcOnLoad="1"' + head + body[end:]


def _written(archive: zipfile.ZipFile, changed: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    rest = dict(changed)
    with zipfile.ZipFile(target, "w") as copy:
        for entry in archive.infolist():
            name = next((one for one in rest if one.lower() == entry.filename.lower()), None)
            body = rest.pop(name) if name else archive.read(entry)
            kept = zipfile.ZipInfo(entry.filename, entry.date_time)
            kept.compress_type, kept.external_attr = entry.compress_type, entry.external_attr
            copy.writestr(kept, body)
        for name, body in rest.items():
            added = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            added.compress_type = zipfile.ZIP_DEFLATED
            copy.writestr(added, body)
    return target.getvalue()


def _check(copy: bytes, wanted: Wanted) -> None:
    """Read the copy as any workbook: each visible text must be where it was asked for."""
    sheets = {sheet.name: sheet for sheet in open_book(copy).sheets}
    for one in wanted.cells:
        sheet = sheets.get(one.sheet)
        row, column = place_of(one.cell)
        if sheet is None or one.kind != "text" or (row, column) not in sheet.entries:
            continue
        seen = "".join(sheet.entries[row, column].text.split())
        if seen[:20] != "".join(one.value.split())[:20]:
            raise Unpatchable
