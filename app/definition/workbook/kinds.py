"""Recognises what was uploaded instead of a plain .xlsx workbook, and says what to do about it.

One table by first bytes, one by the parts of a zip. Nothing is opened or parsed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from app.definition.sentences import N_, Sentence, say

OLD_EXCEL = N_("This is an old Excel file (.xls). Save it as .xlsx and upload that.")
PASSWORD = N_("The workbook is password-protected. Save it without a password and upload that.")
NOT_EXCEL = N_("This is not an Excel workbook. Save the checklist as .xlsx and upload that.")
OTHER_FORMAT = N_("This is a %(format)s file. Save it as .xlsx and upload that.")
NUMBERS = N_(
    "This is an Apple Numbers file. Export it from Numbers to Excel (.xlsx) and upload that."
)
TEXT = N_(
    "This is a text file (%(format)s). Open it in a spreadsheet, save it as .xlsx and upload that."
)
GOOGLE = N_(
    "This is only a link to a Google Sheets file. Download the file there as "
    "Microsoft Excel (.xlsx) and upload that."
)
NOT_A_TABLE = N_("This is a %(format)s file, not a workbook. Upload the workbook as .xlsx.")
PACKED = N_(
    "This is a compressed file (%(format)s). Extract it and upload the .xlsx workbook inside."
)
MACROS = N_(
    "The workbook contains macros (.xlsm). Save it as .xlsx, without macros, and upload that."
)
TEMPLATE = N_("This is an Excel template (%(format)s). Open it, save it as .xlsx and upload that.")

Mark = TypeVar("Mark", str, bytes)

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TEXT_STARTS = 4_096


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file. `matches` checks its bytes, or its part names in lower case."""

    sentence: str
    format: str
    matches: Callable[[bytes], bool]

    def message(self) -> Sentence:
        return say(self.sentence, format=self.format) if self.format else say(self.sentence)


def _starts(*starts: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(starts)


def _ole(*words: str) -> Callable[[bytes], bool]:
    marks = [word.encode("utf-16-le") for word in words]
    return lambda data: data.startswith(_OLE) and any(mark in data for mark in marks)


def _begins(pattern: str) -> Callable[[bytes], bool]:
    """Match the beginning of a text in any encoding."""
    compiled = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    return lambda data: compiled.match(_text(data)) is not None


def _text(data: bytes) -> str:
    """The beginning of a text file; empty for other files."""
    start = data[:_TEXT_STARTS]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return start[: len(start) // 2 * 2].decode("utf-16", "replace")
    if re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", start):
        return ""
    return start.decode("utf-8-sig", "replace").lstrip()


# The first match wins.
FILES = (
    Kind(PASSWORD, "", _ole("EncryptedPackage")),
    Kind(NOT_A_TABLE, "Word (.doc)", _ole("WordDocument")),
    Kind(NOT_A_TABLE, "PowerPoint (.ppt)", _ole("PowerPoint Document")),
    Kind(OLD_EXCEL, "", _starts(_OLE, b"\x09\x08", b"\x09\x04", b"\x09\x02")),
    Kind(NOT_A_TABLE, "PDF", _starts(b"%PDF")),
    Kind(NOT_A_TABLE, "JPEG", _starts(b"\xff\xd8\xff")),
    Kind(NOT_A_TABLE, "PNG", _starts(b"\x89PNG")),
    Kind(NOT_A_TABLE, "RTF", _starts(b"{\\rtf")),
    Kind(PACKED, ".7z", _starts(b"7z\xbc\xaf\x27\x1c")),
    Kind(PACKED, ".rar", _starts(b"Rar!")),
    Kind(PACKED, ".gz", _starts(b"\x1f\x8b")),
    Kind(GOOGLE, "", _begins(r"\s*(\{|\[InternetShortcut\]).*(docs\.google\.com|\"doc_id\")")),
    Kind(OTHER_FORMAT, "XML", _begins(r"(<\?xml|<Workbook\b)")),
    Kind(OTHER_FORMAT, "HTML", _begins(r"<(!doctype html|html|head|body|table|meta|style)\b")),
    Kind(OTHER_FORMAT, "SYLK (.slk)", _begins(r"ID;P")),
    Kind(NOT_A_TABLE, "JSON", _begins(r"[\[{]\s*[\"\[{]")),
    Kind(TEXT, ".csv", _begins(r"[^\n]*[;,\t|][^\n]*")),
)


def kind_of_file(data: bytes) -> Sentence | None:
    """What a file other than a zip is; None for a zip."""
    if data.startswith(b"PK"):
        return None
    return next((kind.message() for kind in FILES if kind.matches(data)), say(NOT_EXCEL))


# By the names of the parts, in lower case.
_ENDS = (
    (".iwa", NUMBERS, ""),
    ("index.zip", NUMBERS, ""),
    ("workbook.bin", OTHER_FORMAT, ".xlsb"),
    ("vbaproject.bin", MACROS, ""),
    ("word/document.xml", NOT_A_TABLE, "Word (.docx)"),
    ("ppt/presentation.xml", NOT_A_TABLE, "PowerPoint (.pptx)"),
)
# By the type that [Content_Types].xml gives the workbook.
_TYPES = (
    (b"ms-excel.sheet.macroenabled", MACROS, ""),
    (b"ms-excel.template.macroenabled", TEMPLATE, ".xltm"),
    (b"spreadsheetml.template.main", TEMPLATE, ".xltx"),
    (b"ms-excel.addin.macroenabled", NOT_A_TABLE, ".xlam"),
)
_OPEN_DOCUMENTS = (
    (b"spreadsheet", OTHER_FORMAT, "OpenDocument (.ods)"),
    (b"text", NOT_A_TABLE, "OpenDocument (.odt)"),
    (b"presentation", NOT_A_TABLE, "OpenDocument (.odp)"),
)


def kind_of_zip(names: Collection[str], read: Callable[[str], bytes]) -> Sentence | None:
    """What a zip with these parts is; None for a plain workbook."""
    if "mimetype" in names or "content.xml" in names:
        kind = read("mimetype") if "mimetype" in names else b""
        return _first_match(_OPEN_DOCUMENTS, lambda mark: mark in kind) or say(
            OTHER_FORMAT, format="OpenDocument (.ods)"
        )
    ends = _first_match(_ENDS, lambda end: any(name.endswith(end) for name in names))
    if ends is not None:
        return ends
    if "[content_types].xml" not in names:
        inside = any(name.endswith((".xlsx", ".xlsm", ".xls")) for name in names)
        return say(PACKED, format=".zip") if inside else say(NOT_EXCEL)
    if not any(name.endswith("workbook.xml") for name in names):
        return say(NOT_EXCEL)
    types = read("[content_types].xml").lower()
    return _first_match(_TYPES, lambda mark: mark in types)


def _first_match(
    table: tuple[tuple[Mark, str, str], ...], matches: Callable[[Mark], bool]
) -> Sentence | None:
    for mark, sentence, name in table:
        if matches(mark):
            return say(sentence, format=name) if name else say(sentence)
    return None
