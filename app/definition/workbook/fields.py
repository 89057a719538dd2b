"""Turns one row of a sheet into the draft of a field; each problem names its cell.

A draft has no id yet: ids can only be assigned once all rows are read (see assemble.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.definition.fields import KINDS
from app.definition.schema import (
    CommentPolicy,
    FieldType,
    Language,
    Limits,
    PhotoMode,
    PhotoPolicy,
    Prefill,
    Text,
)
from app.definition.sentences import N_, say
from app.definition.workbook import grammar
from app.definition.workbook.columns import Column
from app.definition.workbook.exact import (
    ENTRY_PARTS,
    ID,
    Entry,
    exact_limits,
)
from app.definition.workbook.ids import plain_words, slug
from app.definition.workbook.logic import LogicText, read_logic
from app.definition.workbook.options import is_verdict, split_options
from app.definition.workbook.prefills import read_prefill
from app.definition.workbook.problems import Unclear, short
from app.definition.workbook.row import LABEL_LONG, MAX_LABEL, Row, missing_words
from app.definition.workbook.sheet import Cell

TYPE_MISSING = N_(
    "The type is missing. Write one of: verdict, select, select many, text, long text, number,"
    " date, time, table, note."
)
TWO_OPTIONS = N_("Give at least two answers to choose from, separated by a vertical bar: A | B.")
OPTION_TWICE = N_('"%(text)s" appears twice. Keep one.')
OPTION_COUNT = N_(
    "Entries in this language: %(second)s; in the other language: %(first)s. "
    "Use the same number in both."
)
NOT_VERDICT = N_(
    'The answers of a verdict are OK, Not OK and N.A. For other answers, use the type "select".'
)
READS_AS_OK = N_("A verdict is always shown as OK, Not OK and N.A.")
LIKE_VERDICT = N_('Answers like these never fail a report. If they should, use the type "verdict".')
OPTIONS_UNUSED = N_("This type has no options or limits, so they were ignored.")
NOTE_REQUIRED = N_("A note has no answer, so it cannot be required.")
GPS_UNUSED = N_("GPS has no effect when there are no photos.")
ID_CHANGED = N_('The id "%(given)s" was saved as "%(kept)s".')
ID_EMPTY = N_('"%(given)s" cannot be used as an id. Use letters and digits.')


@dataclass(frozen=True, slots=True)
class Defaults:
    """The values that a kind of sheet assumes for empty cells."""

    type: FieldType | None = None
    photos: PhotoPolicy = field(default_factory=PhotoPolicy)
    comment: CommentPolicy = CommentPolicy.OPTIONAL


@dataclass(frozen=True, slots=True)
class FieldDraft:
    """A field without its id. `given_id` is the id in the workbook, at cell `id_ref`.

    `entry_ids` are those in the workbook for "options", "rows" and "columns", and `entry_sources`
    their names in the form that they were imported from.
    """

    sheet: str
    ref: str
    type: FieldType
    label: Text
    required: bool
    photos: PhotoPolicy
    comment: CommentPolicy
    hint: Text | None = None
    options: tuple[Text, ...] = ()
    limits: Limits | None = None
    rows: tuple[Text, ...] = ()
    columns: tuple[Text, ...] = ()
    prefill: Prefill | None = None
    given_id: str | None = None
    id_ref: str = ""
    entry_ids: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    logic: tuple[LogicText, ...] = ()
    source: str | None = None
    entry_sources: Mapping[str, Sequence[str | None]] = field(default_factory=dict)


def read_field(row: Row, label: Text, label_cell: Cell, defaults: Defaults) -> FieldDraft | None:
    """The draft of a row, or None after logging why there is none."""
    kind = _read_type(row, label_cell, defaults)
    if kind is None:
        return None
    draft = FieldDraft(
        sheet=row.sheet.name,
        ref=label_cell.ref,
        type=kind,
        label=label,
        required=_read_required(row, kind),
        photos=_read_photos(row, kind, defaults),
        comment=_read_comment(row, kind, defaults),
        hint=row.texts(Column.HINT),
        prefill=read_prefill(row.log, row.sheet, row.get(Column.PREFILL), label_cell, label, kind),
        logic=read_logic(row),
        source=row.source(Column.SOURCE),
    )
    draft = _with_id(row, draft)
    if entries := row.form.entries.get(draft.given_id or ""):
        draft = _with_entries(draft, entries)
    if kind.takes.options and draft.options:
        return draft
    if kind.takes.options:
        return replace(draft, options=_read_options(row, label_cell))
    if kind.takes.limits:
        return _with_measures(row, draft, label_cell)
    return draft


def _with_entries(draft: FieldDraft, entries: Mapping[str, Sequence[Entry]]) -> FieldDraft:
    """The draft with the answers, rows and columns that stand in a sheet of their own."""
    labels = {part: tuple(one.label for one in entries.get(part, ())) for part in ENTRY_PARTS}
    ids = {part: tuple(one.id for one in given) for part, given in entries.items()}
    sources = {part: tuple(one.source for one in given) for part, given in entries.items()}
    options, rows, columns = (labels[part] for part in ENTRY_PARTS)
    return replace(
        draft,
        entry_ids=ids,
        entry_sources=sources,
        options=options,
        rows=rows,
        columns=columns,
    )


def _read_type(row: Row, label_cell: Cell, defaults: Defaults) -> FieldType | None:
    cell = row.get(Column.TYPE) or label_cell
    text, options = row.text(Column.TYPE), row.get(Column.OPTIONS)
    if not text:
        if defaults.type is None and not cell.flaw:
            row.problem(cell, say(TYPE_MISSING))
        return defaults.type
    kind = row.log.attempt(row.sheet.name, cell.ref, lambda: grammar.parse_type(text), None)
    listed = options.text if options else ""
    if options and kind is FieldType.SELECT_ONE and is_verdict(listed):
        return FieldType.VERDICT
    if options and listed:
        _remark_on_options(row, kind, options)
    return kind


def _remark_on_options(row: Row, kind: FieldType | None, options: Cell) -> None:
    is_nothing = not plain_words(options.text) or plain_words(options.text) in ("n a", "na")
    if kind is None:
        return
    if KINDS[kind].is_verdict_type:
        if is_verdict(options.text, widely=True) and not is_verdict(options.text):
            row.notice(options, say(READS_AS_OK))
        elif not is_nothing and not is_verdict(options.text):
            row.problem(options, say(NOT_VERDICT))
    elif kind is FieldType.SELECT_ONE and is_verdict(options.text, widely=True):
        row.notice(options, say(LIKE_VERDICT))
    elif not (kind.takes.options or kind.takes.limits or is_nothing):
        row.notice(options, say(OPTIONS_UNUSED))


def _read_required(row: Row, kind: FieldType) -> bool:
    cell = row.get(Column.REQUIRED)
    default = KINDS[kind].is_required_by_default
    if cell is None:
        return default
    required = row.log.attempt(
        row.sheet.name, cell.ref, lambda: grammar.parse_yes_no(cell.text, default), default
    )
    if required and not kind.takes.answer:
        row.notice(cell, say(NOTE_REQUIRED))
        return False
    return required


def _read_photos(row: Row, kind: FieldType, defaults: Defaults) -> PhotoPolicy:
    if not kind.takes.answer and not row.form.is_exact:
        return PhotoPolicy(mode=PhotoMode.NONE)
    photos, gps = row.get(Column.PHOTOS), row.get(Column.GPS)
    policy = defaults.photos
    if photos and photos.text:
        policy = row.log.attempt(
            row.sheet.name, photos.ref, lambda: grammar.parse_photos(photos.text), policy
        )
    needs_position = gps is not None and row.log.attempt(
        row.sheet.name, gps.ref, lambda: grammar.parse_yes_no(gps.text, default=False), False
    )
    if needs_position and gps and policy.mode is PhotoMode.NONE and not row.form.is_exact:
        row.notice(gps, say(GPS_UNUSED))
        return policy
    return policy.model_copy(update={"gps_required": needs_position})


def _read_comment(row: Row, kind: FieldType, defaults: Defaults) -> CommentPolicy:
    cell = row.get(Column.COMMENT)
    if not kind.takes.answer and not row.form.is_exact:
        return CommentPolicy.OFF
    if cell is None or not cell.text:
        return defaults.comment
    return row.log.attempt(
        row.sheet.name, cell.ref, lambda: grammar.parse_comment(cell.text), defaults.comment
    )


def _with_id(row: Row, draft: FieldDraft) -> FieldDraft:
    cell = row.get(Column.ID)
    if cell is None or not cell.text:
        return draft
    if row.form.is_exact and ID.fullmatch(cell.text):
        return replace(draft, given_id=cell.text, id_ref=cell.ref)
    kept = slug(cell.text)
    if not plain_words(cell.text).isascii() or not plain_words(cell.text):
        row.problem(cell, say(ID_EMPTY, given=cell.text[:60]))
        return draft
    if kept != cell.text:
        row.notice(cell, say(ID_CHANGED, given=cell.text[:80], kept=kept))
    return replace(draft, given_id=kept, id_ref=cell.ref)


def _read_options(row: Row, label_cell: Cell) -> tuple[Text, ...]:
    cell, second = _option_cells(row)
    if cell is None or not cell.text:
        if grammar.is_yes_no_type(row.text(Column.TYPE)):
            return (Text(en="Yes", pt="Sim"), Text(en="No", pt="Não"))
        if cell is None or not cell.flaw:
            row.problem(cell or row.get(Column.TYPE) or label_cell, say(TWO_OPTIONS))
        return ()
    names = [" ".join(name.split()) for name in split_options(cell.text)]
    if len(names) < 2:
        row.problem(cell, say(TWO_OPTIONS))
    others = split_options(second.text) if second else []
    return _paired(row, (cell, names), (second, others))


def _with_measures(row: Row, draft: FieldDraft, label_cell: Cell) -> FieldDraft:
    first, second = _option_cells(row)
    columns = (Column.UNIT, Column.MIN, Column.MAX)
    is_exact, limits = _exact_limits(row) if row.form.is_exact else (False, None)
    cells = ("", "", "") if is_exact else tuple(map(row.exact, columns))
    text = grammar.joined_limits(first.text if first else "", row.exact(Column.LIMITS), *cells)
    cell = first or row.get(Column.LIMITS) or row.get(Column.TYPE) or label_cell
    is_table = draft.type.takes.cells
    if cell.flaw:
        return draft
    if draft.rows and draft.columns:  # in a sheet of their own
        return replace(draft, limits=limits)
    try:
        spec = grammar.parse_measured(text, is_table=is_table)
    except Unclear as unclear:
        row.problem(_unclear_cell(row, unclear, cell), unclear.sentence)
        spec = grammar.MeasuredSpec()
    other = grammar.MeasuredSpec()
    if second and second.text and is_table:
        other = row.log.attempt(
            row.sheet.name,
            second.ref,
            lambda: grammar.parse_measured(second.text, is_table=True, is_translation=True),
            other,
        )
    return replace(
        draft,
        limits=limits if is_exact else spec.limits,
        rows=_paired(row, (cell, spec.rows), (second, other.rows)),
        columns=_paired(row, (cell, spec.columns), (second, other.columns), says_missing=False),
    )


def _exact_limits(row: Row) -> tuple[bool, Limits | None]:
    """Whether unit and bounds are as Laudo writes them, and then the limits."""
    try:
        cells = map(row.text, (Column.UNIT, Column.MIN, Column.MAX))
        return True, exact_limits(*cells)
    except ValueError:
        return False, None


def _unclear_cell(row: Row, unclear: Unclear, cell: Cell) -> Cell:
    """The minimum or maximum cell that holds the unclear text, else `cell`."""
    text = unclear.sentence.params.get("text")
    own = (row.get(Column.MIN), row.get(Column.MAX))
    return next(
        (one for one in own if one and text and text in (short(one.text), short(one.exact))), cell
    )


def _option_cells(row: Row) -> tuple[Cell | None, Cell | None]:
    """The options in the first and in the second language; a single cell comes first."""
    first = row.get(Column.OPTIONS)
    if len(row.header.of(Column.OPTIONS)) < 2:
        return first, None
    cells = [row.get(Column.OPTIONS, language) for language in (Language.EN, Language.PT)]
    used = [cell for lang, cell in zip(Language, cells, strict=True) if lang in row.languages]
    if len(used) == 1:
        return (used[0] if used[0] and used[0].text else first), None
    return used[0], used[1]


def _paired(
    row: Row,
    first: tuple[Cell, Sequence[str]],
    second: tuple[Cell | None, Sequence[str]],
    *,
    says_missing: bool = True,
) -> tuple[Text, ...]:
    """Labels in one or both languages; logs repeats and different counts."""
    (cell, names), (other_cell, others) = first, second
    _reject_repeats(row, cell, names)
    if others and len(others) != len(names) and other_cell:
        row.problem(other_cell, say(OPTION_COUNT, first=len(names), second=len(others)))
        others = []
    own = row.languages[0]
    if len(row.header.of(Column.OPTIONS)) == 1:
        own = row.language_of(Column.OPTIONS, row.header.of(Column.OPTIONS)[0].index)
    if len(row.languages) == 1 or not others:
        if len(row.languages) == 2 and names and other_cell and says_missing:
            row.notice(other_cell, missing_words(row.languages[1]))
        return tuple(Text(**{own: name[:MAX_LABEL]}) for name in names)
    return tuple(
        Text(en=name[:MAX_LABEL], pt=" ".join(other.split())[:MAX_LABEL])
        for name, other in zip(names, others, strict=True)
    )


def _reject_repeats(row: Row, cell: Cell, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            row.problem(cell, say(OPTION_TWICE, text=name[:60]))
        if len(name) > MAX_LABEL:
            row.problem(cell, say(LABEL_LONG, limit=MAX_LABEL))
        seen.add(name.casefold())
