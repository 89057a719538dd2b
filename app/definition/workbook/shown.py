"""What one cell shows: its text or number as a person sees it on the sheet.

A cell that cannot be read with certainty has a flaw; text that differs from the stored value, or
is struck out, has a remark. formats.py formats numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from xml.etree.ElementTree import Element

from app.definition.sentences import N_, Sentence, say
from app.definition.workbook.codes import Unsure
from app.definition.workbook.formats import ShownNumber, held_number, shown_number, shown_words
from app.definition.workbook.package import Package, Run, Runs, Style, local, runs
from app.definition.workbook.problems import short

MAX_CELL_TEXT = 5_000

NO_RESULT = N_(
    "The formula has no saved result. Replace it with its value, or save the workbook in Excel."
)
ERROR_VALUE = N_('The cell shows the error "%(text)s". Replace it with a value.')
LONG_CELL = N_("The cell has more than %(limit)s characters. Shorten it.")
UNKNOWN_FORMAT = N_(
    'It is not certain what the number format "%(format)s" shows here. '
    "Choose a simple format for the cell, or type as text what it should "
    "show."
)
ROUNDED = N_('The cell contains %(value)s but shows "%(text)s". It is read as shown.')
DEPENDS = N_(
    "What this cell shows depends on the settings of each computer. It was "
    'read as "%(text)s". To change that, type it as text.'
)
SHOWS_NOTHING = N_("The format of this cell hides its content, so it was skipped.")
STRUCK_CELL = N_('Struck out, so skipped: "%(text)s".')
STRUCK_PART = N_('The struck-out part was skipped: "%(text)s".')

# Arabic and Indic scripts need joiners; elsewhere they are remains of copying.
_IDLE_JOINER = re.compile(r"(?<![\u0600-\u109f])[\u200c\u200d]|[\u200c\u200d](?![\u0600-\u109f])")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MOST_DIGITS = 330
_DAY_ZERO = datetime(1899, 12, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ShownCell:
    """The shown text of a cell. `flaw` says why the text must not be used.

    `exact` is the text for number parsers; `struck` is its struck-out part.
    """

    text: str = ""
    exact: str = ""
    flaw: Sentence | None = None
    remarks: tuple[Sentence, ...] = ()
    struck: str = ""
    is_number: bool = False
    is_picture: bool = False

    @property
    def is_filled(self) -> bool:
        return bool(self.text or self.flaw or self.remarks)


_EMPTY = ShownCell()
_PLAIN = Style()


class Values:
    """Reads the cells of one workbook.

    `rich` names the content types of rich cells, by the number in the cell ("_localImage" for a
    picture).
    """

    def __init__(self, package: Package, rich: Mapping[str, str]) -> None:
        self._package = package
        self._rich = rich
        self._shared: dict[tuple[str, int], ShownCell] = {}

    def entry(self, cell: Element, *, shows_zeros: bool = True) -> ShownCell:
        value, formula, inline = _children(cell)
        kind = cell.get("t", "n")
        number = int(cell.get("s", 0))
        if kind == "s" and value is not None:
            key = (value.text or "", number)
            if key not in self._shared:
                self._shared[key] = self._words(self._package.words[int(key[0])], number)
            return self._shared[key]
        if inline is not None:
            return self._words(runs(inline), number)
        text = "" if value is None else value.text or ""
        if not text:
            is_result = formula is None or (kind == "str" and value is not None)
            return _EMPTY if is_result else ShownCell(flaw=say(NO_RESULT))
        if kind == "str":
            return self._words((Run(text),), number)
        if kind == "e" and "image" in self._rich.get(cell.get("vm", ""), "").lower():
            return ShownCell(is_picture=True)
        return self._value(text, kind, self._style(number), shows_zeros=shows_zeros)

    def _style(self, number: int) -> Style:
        styles = self._package.styles
        return styles[number] if number < len(styles) else _PLAIN

    def _words(self, words: Runs, number: int) -> ShownCell:
        style = self._style(number)
        kept = [run.text for run in words if not _is_struck(run, style)]
        gone = [run.text for run in words if _is_struck(run, style)]
        text, struck = (plain_text(_unescaped("".join(one))) for one in (kept, gone))
        code = style.format or "General"
        try:
            shown = plain_text(shown_words(text, code)) if text and _shapes_words(code) else text
        except Unsure:
            return ShownCell(flaw=say(UNKNOWN_FORMAT, format=short(code)))
        remarks = [say(SHOWS_NOTHING)] if text and not shown else []
        if struck:
            remarks.append(say(STRUCK_PART if text else STRUCK_CELL, text=short(struck)))
        if len(shown) > MAX_CELL_TEXT:
            return ShownCell(shown, shown, say(LONG_CELL, limit=MAX_CELL_TEXT))
        return ShownCell(shown, shown, None, tuple(remarks), struck)

    def _value(self, text: str, kind: str, style: Style, *, shows_zeros: bool) -> ShownCell:
        if kind == "e":
            return ShownCell(text, text, say(ERROR_VALUE, text=short(text)))
        if kind == "b":
            words = "FALSE" if text in ("0", "false") else "TRUE"
            return _struck_if(ShownCell(words, words), style)
        number = _serial(text, is_1904=self._package.is_1904) if kind == "d" else Decimal(text)
        if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
            return ShownCell(flaw=say(UNKNOWN_FORMAT, format=short(style.format or "")))
        if not number and not shows_zeros:
            return ShownCell(remarks=(say(SHOWS_NOTHING),), is_number=True)
        made = _number(number, style.format, self._package.is_1904)
        return _struck_if(made, style)


@lru_cache(maxsize=4_096)
def _number(number: Decimal, code: str | None, is_1904: bool) -> ShownCell:
    try:
        if code is None:
            raise Unsure
        shown = shown_number(number, code, is_1904=is_1904)
    except (Unsure, InvalidOperation):
        return ShownCell(flaw=say(UNKNOWN_FORMAT, format=short(code or "")))
    text = plain_text(shown.text)
    return ShownCell(
        text, plain_text(shown.exact), None, _remarks(shown, text, number, code), "", True
    )


def _remarks(shown: ShownNumber, text: str, number: Decimal, code: str) -> tuple[Sentence, ...]:
    if not text:
        return (say(SHOWS_NOTHING),)
    remarks = []
    if shown.is_other:
        remarks.append(say(ROUNDED, value=held_number(number, code), text=short(text)))
    if shown.depends:
        remarks.append(say(DEPENDS, text=short(text)))
    return tuple(remarks)


def _struck_if(entry: ShownCell, style: Style) -> ShownCell:
    if not style.is_struck or not entry.text:
        return entry
    remark = say(STRUCK_CELL, text=short(entry.text))
    return ShownCell(remarks=(remark,), struck=entry.text, is_number=entry.is_number)


def _is_struck(run: Run, style: Style) -> bool:
    return style.is_struck if run.is_struck is None else run.is_struck


def _children(cell: Element) -> Sequence[Element | None]:
    """The value, formula and inline text elements of a cell."""
    found: dict[str, Element] = {}
    for child in cell:
        found.setdefault(local(child.tag), child)
    return found.get("v"), found.get("f"), found.get("is")


def _serial(text: str, *, is_1904: bool) -> Decimal:
    """The number of days for an ISO 8601 date, as Strict Open XML may store it."""
    if re.fullmatch(r"T?[0-9]{2}:[0-9]{2}.*", text):
        text = f"1899-12-30T{text.removeprefix('T')}"
    moment = datetime.fromisoformat(text)
    since = moment.replace(tzinfo=UTC) - _DAY_ZERO
    days = since.days - (1_462 if is_1904 else 0)
    return days + (Decimal(since.seconds) + Decimal(since.microseconds) / 1_000_000) / 86_400


def _shapes_words(code: str) -> bool:
    """Whether a format has a section for texts."""
    return code != "@" and ("@" in code or code.count(";") > 2)


def _unescaped(text: str) -> str:
    """Decode characters that the file stores by number ("_x000D_")."""
    return _ESCAPED.sub(lambda one: chr(int(one[1], 16)), text) if "_x" in text else text


def plain_text(text: str) -> str:
    """A text in NFC without unusual spaces and control characters."""
    if text.isascii() and text.isprintable() and "  " not in text and len(text) <= MAX_CELL_TEXT:
        return text.strip()  # the usual case; the rest takes four times as long
    if len(text) > 2 * MAX_CELL_TEXT:
        text = text[: 2 * MAX_CELL_TEXT]  # still too long, so the caller still rejects it
    text = re.sub(r"[\x00-\x08\x0e-\x1f\x7f\ufeff\u200b\ud800-\udfff]", "", text)
    text = _IDLE_JOINER.sub("", text)
    text = re.sub(r"\r\n?|[\x85\u2028\u2029]", "\n", text)
    text = re.sub(r"[^\S\n]+", " ", unicodedata.normalize("NFC", text))
    return "\n".join(line.strip() for line in text.strip().split("\n"))
