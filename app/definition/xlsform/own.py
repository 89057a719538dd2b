"""The columns of our own in an exported XLSForm, which other programs ignore.

They carry what XLSForm has no word for, so that the export comes back as the same definition. The
writer and the reader share the names and the small grammars of this module.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.definition.logic.errors import Setting
from app.definition.logic.wording import text_of
from app.definition.schema import (
    CommentPolicy,
    Field,
    FieldType,
    Id,
    Limits,
    PhotoPolicy,
    Prefill,
    RolePrefill,
    Section,
    SignatureDue,
    Text,
)
from app.definition.sentences import N_, say
from app.definition.workbook.problems import Log, short
from app.definition.xlsform.choices import Lists
from app.definition.xlsform.columns import Part
from app.definition.xlsform.drafts import FieldDraft, PartDraft, RoleDraft, SectionDraft
from app.definition.xlsform.leftout import Construct
from app.definition.xlsform.logic import Rule
from app.definition.xlsform.rows import Row
from app.definition.xlsform.texts import Texts

ID = "laudo_id"
TYPE = "laudo_type"
# Where the column required has the condition of a field that is also required without it.
REQUIRED = "laudo_required"
PART = "laudo_part"
NAME = "laudo_name"
PHOTOS = "laudo_photos"
COMMENT = "laudo_comment"
UNIT = "laudo_unit"
MIN = "laudo_min"
MAX = "laudo_max"
PREFILL = "laudo_prefill"
DUE = "laudo_due"
OPTIONS = "laudo_options"
ROWS = "laudo_rows"
COLUMNS = "laudo_columns"
LOGIC = {
    "laudo_shown_when": Setting.SHOWN_WHEN,
    "laudo_required_when": Setting.REQUIRED_WHEN,
    "laudo_fails_when": Setting.FAILS_WHEN,
    "laudo_calculation": Setting.CALCULATION,
}
SURVEY_COLUMNS = (
    ID,
    TYPE,
    REQUIRED,
    PART,
    NAME,
    PHOTOS,
    COMMENT,
    UNIT,
    MIN,
    MAX,
    PREFILL,
    DUE,
    OPTIONS,
    ROWS,
    COLUMNS,
    *LOGIC,
)
_LISTED = {
    Setting.SHOWN_WHEN: Construct.RELEVANT,
    Setting.REQUIRED_WHEN: Construct.REQUIRED_WHEN,
    Setting.FAILS_WHEN: Construct.CONSTRAINT,
    Setting.CALCULATION: Construct.CALCULATION,
}
SHEET = "laudo"
# The unit of limits that state neither a unit nor a bound.
ANY = "(any)"
ROLE = "signature"

BAD_VALUE = N_('"%(text)s" cannot be used in the column %(column)s. Correct it or clear the cell.')
NO_OWN_LIST = N_('The sheet "choices" has no list "%(name)s", which the column %(column)s names.')

_ID = TypeAdapter(Id)


class Holder(StrEnum):
    """What a group of our own export is."""

    SECTION = "section"
    INFO = "info"
    SIGNATURES = "signatures"
    TABLE = "table"


def holder_of(row: Row) -> Holder | None:
    """What the group that this row begins holds; None for a group of another program."""
    word = row.own_text(TYPE)
    return Holder(word) if word in set(Holder) else None


def is_own(row: Row) -> bool:
    """Whether our own columns say all about this question."""
    return row.own_text(TYPE) in {*FieldType, ROLE}


class _BadCell(ValueError):
    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def read_item(row: Row, texts: Texts, lists: Lists, log: Log) -> FieldDraft | RoleDraft | None:
    """The question or signature of a row; None after logging what is wrong with it."""
    try:
        return _role(row, texts) if row.own_text(TYPE) == ROLE else _field(row, texts, lists)
    except _BadCell as bad:
        _log_bad(row, bad, log)
        return None


def read_section(row: Row, title: Text, log: Log) -> SectionDraft:
    """The section that a group of our own export begins."""
    try:
        given = _given(row)
    except _BadCell as bad:
        _log_bad(row, bad, log)
        given = ""
    source, rules = row.own_text(NAME) or None, list(_rules(row))
    return SectionDraft(row.text(Part.NAME), title, given=given, source=source, rules=rules)


def _rules(row: Row) -> Iterator[Rule]:
    for column, setting in LOGIC.items():
        if text := row.own_text(column):
            cell = row.own[column].ref
            name = row.text(Part.NAME)
            yield Rule(setting, text, _LISTED[setting], row.sheet, cell, name, is_ours=True)


def logic_cells(one: Field | Section) -> dict[str, str]:
    """The cells of the expressions of a field or a section."""
    nodes = {column: getattr(one, setting.value, None) for column, setting in LOGIC.items()}
    return {column: text_of(node) for column, node in nodes.items() if node}


def _log_bad(row: Row, bad: _BadCell, log: Log) -> None:
    text = short(row.own_text(bad.column))
    words = NO_OWN_LIST if bad.column in (OPTIONS, ROWS, COLUMNS) else BAD_VALUE
    sentence = (
        say(words, name=text, column=bad.column)
        if words is NO_OWN_LIST
        else say(words, text=text, column=bad.column)
    )
    cell = row.own.get(bad.column)
    log.problem(row.sheet, cell.ref if cell else row.ref(Part.TYPE), sentence)


def photos_text(photos: PhotoPolicy) -> str:
    """`required; min 1; max 20; gps`. Empty for the policy that fields have by default."""
    if photos == PhotoPolicy():
        return ""
    words = [photos.mode.value, f"min {photos.min}", f"max {photos.max}"]
    return "; ".join([*words, *(["gps"] if photos.gps_required else [])])


def _photos(text: str) -> PhotoPolicy:
    if not text:
        return PhotoPolicy()
    mode, *rest = [part.strip() for part in text.lower().split(";")]
    settings: dict[str, Any] = {"mode": mode}
    for part in rest:
        name, _, number = part.partition(" ")
        settings |= {"gps_required": True} if name == "gps" else {name: int(number)}
    return PhotoPolicy(**settings)


def _field(row: Row, texts: Texts, lists: Lists) -> FieldDraft:
    name = row.text(Part.NAME)
    settings: dict[str, Any] = {
        "type": FieldType(row.own_text(TYPE)),
        "label": label_of(row, texts),
        "hint": texts.own(row.words(Part.HINT)),
        "required": "yes" in (row.text(Part.REQUIRED).lower(), row.own_text(REQUIRED)),
        "photos": _parsed(row, PHOTOS, _photos) or PhotoPolicy(),
        "comment": _parsed(row, COMMENT, CommentPolicy) or CommentPolicy.OPTIONAL,
        "prefill": _parsed(row, PREFILL, Prefill),
        "limits": _limits(row),
    }
    return FieldDraft(
        name,
        settings,
        options=_list(row, OPTIONS, texts, lists),
        rows=_list(row, ROWS, texts, lists),
        columns=_list(row, COLUMNS, texts, lists),
        given=_given(row),
        source=row.own_text(NAME) or None,
        rules=list(_rules(row)),
    )


def _role(row: Row, texts: Texts) -> RoleDraft:
    settings = {
        "label": label_of(row, texts),
        "required": row.text(Part.REQUIRED).lower() == "yes",
        "prefill": _parsed(row, PREFILL, RolePrefill),
        "due": _parsed(row, DUE, SignatureDue) or SignatureDue.SUBMIT,
    }
    return RoleDraft(row.text(Part.NAME), settings, _given(row))


def label_of(row: Row, texts: Texts) -> Text:
    """The text of a row of our own export, else its name."""
    name = row.text(Part.NAME) or row.own_text(ID) or row.own_text(TYPE)
    return texts.own(row.words(Part.LABEL)) or texts.named(name, row.sheet, row.ref(Part.NAME))


def _given(row: Row) -> str:
    return _parsed(row, ID, _ID.validate_python) or ""


def _parsed(row: Row, column: str, parse: Any) -> Any:
    """The value of a filled cell, None for an empty one. Raises _BadCell."""
    text = row.own_text(column)
    if not text:
        return None
    try:
        return parse(text)
    except (ValueError, TypeError, ValidationError) as error:
        raise _BadCell(column) from error


def _limits(row: Row) -> Limits | None:
    """A field without unit and bounds has no limits."""
    unit = row.own_text(UNIT)
    low, high = _parsed(row, MIN, _decimal), _parsed(row, MAX, _decimal)
    if not unit and low is None and high is None:
        return None
    try:
        return Limits(unit=_unit(unit), min=low, max=high)
    except ValidationError as error:
        raise _BadCell(MIN if low is not None else UNIT) from error


def unit_text(limits: Limits) -> str:
    """The cell of a unit; limits that say nothing need a word, too."""
    if limits.unit is None:
        return "" if limits.bounded else ANY
    return f"\\{limits.unit}" if limits.unit == ANY or limits.unit.startswith("\\") else limits.unit


def _unit(text: str) -> str | None:
    return None if text == ANY else text.removeprefix("\\") or None


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(text) from error


def _list(row: Row, column: str, texts: Texts, lists: Lists) -> Sequence[PartDraft]:
    name = row.own_text(column)
    if not name:
        return []
    if lists.take(name) is None:
        raise _BadCell(column)
    return lists.options(name, texts)
