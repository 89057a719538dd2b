"""Rejects files that are not a plain .xlsx workbook or are built to do harm, before opening them.

Works on the bytes and the zip directory only; the reader interprets the cells.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter

from app.definition.sentences import N_, Sentence, say
from app.definition.workbook.kinds import PASSWORD, kind_of_file, kind_of_zip

MEGABYTE = 1024 * 1024
MAX_FILE = 10 * MEGABYTE
MAX_ENTRIES = 1_000
MAX_UNPACKED = 50 * MEGABYTE
MAX_RATIO = 100
# A parsed part takes about 20 times its size in memory; this size is parsed within two seconds.
# A full sheet of 1,000 rows and 50 columns takes a quarter of it.
MAX_XML_PART = 8 * MEGABYTE
# A whole row is held in memory; Excel itself allows 16,384 columns.
MAX_CELLS_IN_ROW = 16_384
# For all sheets and shared texts together: two full sheets of 1,000 rows and 50 columns, read in
# about two seconds of processor time. Twenty times as many would fit into the sizes above.
MAX_CELLS = 100_000
# Each sheet is opened and scanned, even if empty.
MAX_SHEETS = 100
# Formats, names, merged ranges and similar elements: each is processed once.
MAX_EXTRAS = 20_000
# Small parts are so repetitive that their ratio means nothing.
_RATIO_COUNTS_FROM = MEGABYTE

# The parts scanned here; the reader opens no others.
XML_NAMES = (".xml", ".rels", ".vml")
_FORBIDDEN = tuple(
    word.encode(encoding)
    for word in ("<!DOCTYPE", "<!ENTITY")
    for encoding in ("ascii", "utf-16-le", "utf-16-be")
)
_ROW = re.compile(rb"<(?:\w+:)?row\b")
# In the accepted encodings, every element starts with the byte "<".
_COUNTED = re.compile(
    rb"<(?:[^\s<>/:]+:)?(?:(?P<cells>c|si)|(?P<sheets>sheet)|(?P<extras>r|rPh|mergeCell|definedName"
    rb"|xf|font|fill|border|numFmt|cellStyle|dxf|col|conditionalFormatting|cfRule|dataValidation"
    rb"|hyperlink|Relationship|Override|Default))[\s/>]"
)
_ENCODING = re.compile(rb"""^(?:\xef\xbb\xbf)?<\?xml[^>]*?\bencoding\s*=\s*["']([^"'>]*)""")
_PLAIN_ENCODINGS = (b"utf-8", b"utf8", b"us-ascii", b"ascii", b"iso-8859-1", b"windows-1252")

EMPTY = N_("The file is empty. Choose the workbook again.")
TOO_BIG = N_("The file is larger than %(limit)s MB. Remove pictures and unused sheets.")
DAMAGED = N_("The workbook is damaged. Open it in Excel, save it as .xlsx and upload that.")
TOO_MANY_PARTS = N_("The workbook has more than %(limit)s parts. Copy the sheets to a new one.")
TOO_MUCH_INSIDE = N_(
    "Unpacked, the workbook or one of its sheets is larger than Laudo "
    "accepts (%(total)s MB in total, %(part)s MB per sheet). Copy only the "
    "filled cells to a new one."
)
TOO_MANY_CELLS = N_(
    "The workbook has more than %(limit)s cells, including empty cells with "
    "a format. Copy only the filled cells of the checklist to a new one."
)
TOO_MANY_SHEETS = N_(
    "The workbook has more than %(limit)s sheets. Copy those of the checklist to a new one."
)
TOO_MANY_EXTRAS = N_(
    "The workbook contains more than %(limit)s formats, merged cells and "
    "names. Copy only the filled cells of the checklist, as values, to a new "
    "one."
)
UNSAFE_XML = N_(
    "The workbook contains XML declarations that Excel never writes, so it was not opened."
)


_LIMITS = {
    "cells": (MAX_CELLS, TOO_MANY_CELLS),
    "sheets": (MAX_SHEETS, TOO_MANY_SHEETS),
    "extras": (MAX_EXTRAS, TOO_MANY_EXTRAS),
}


def check_file(data: bytes) -> Sentence | None:
    """Why `data` must not be opened as a workbook, or None. Never raises."""
    return check_outside(data) or _check_inside(data)


def check_outside(data: bytes) -> Sentence | None:
    """Check size and first bytes: cheap enough for the web process itself."""
    if not data:
        return say(EMPTY)
    if len(data) > MAX_FILE:
        return say(TOO_BIG, limit=MAX_FILE // MEGABYTE)
    return kind_of_file(data)


def _check_inside(data: bytes) -> Sentence | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _check_directory(archive) or _check_parts(archive)
    except Exception:  # zipfile and zlib raise many types on hostile bytes; all mean damage
        return say(DAMAGED)


def _check_directory(archive: zipfile.ZipFile) -> Sentence | None:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        return say(TOO_MANY_PARTS, limit=MAX_ENTRIES)
    total = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if total > MAX_UNPACKED or (total > _RATIO_COUNTS_FROM and total > MAX_RATIO * max(packed, 1)):
        return _too_much_inside()
    if any(_is_oversized(entry) for entry in entries):
        return _too_much_inside()
    if any(entry.flag_bits & 0x1 for entry in entries):
        return say(PASSWORD)
    if any(entry.compress_type not in _PLAIN_COMPRESSION for entry in entries):
        return say(DAMAGED)
    return _check_format(archive)


def _too_much_inside() -> Sentence:
    most, part = MAX_UNPACKED // MEGABYTE, MAX_XML_PART // MEGABYTE
    return say(TOO_MUCH_INSIDE, total=most, part=part)


_PLAIN_COMPRESSION = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def _is_oversized(entry: zipfile.ZipInfo) -> bool:
    if entry.file_size <= _RATIO_COUNTS_FROM:
        return False
    if entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        return True
    return entry.filename.lower().endswith(XML_NAMES) and entry.file_size > MAX_XML_PART


def _check_format(archive: zipfile.ZipFile) -> Sentence | None:
    names = {name.lower(): name for name in archive.namelist()}
    return kind_of_zip(names.keys(), lambda name: archive.read(names[name]))


def _check_parts(archive: zipfile.ZipFile) -> Sentence | None:
    """Read each XML part once; the size declared in the zip directory bounds each read."""
    counts: Counter[str] = Counter()
    for entry in archive.infolist():
        if not entry.filename.lower().endswith(XML_NAMES):
            continue
        part = archive.read(entry)
        if any(word in part for word in _FORBIDDEN) or not _is_plain(part):
            return say(UNSAFE_XML)
        if len(part) > _RATIO_COUNTS_FROM and _longest_row(part) > MAX_CELLS_IN_ROW:
            return _too_much_inside()
        if sentence := _count(part, counts):
            return sentence
    return None


def _is_plain(part: bytes) -> bool:
    """Whether ASCII bytes mean ASCII characters; otherwise our searches would find nothing."""
    declared = _ENCODING.match(part)
    return b"\0" not in part and (not declared or declared[1].lower() in _PLAIN_ENCODINGS)


def _count(part: bytes, counts: Counter[str]) -> Sentence | None:
    """Add the counts of a part; returns the message for the first limit exceeded."""
    for found in _COUNTED.finditer(part):
        kind = str(found.lastgroup)
        counts[kind] += 1
        limit, sentence = _LIMITS[kind]
        if counts[kind] > limit:
            return say(sentence, limit=limit)
    return None


def _longest_row(part: bytes) -> int:
    return max(row.count(b"<c") + row.count(b":c") for row in _ROW.split(part))
