"""Turns one row of a sheet into the draft of a field; each problem names its cell.

A draft has no id yet: ids can only be assigned once all rows are read (see assemble.py).
"""

from __future__ import annotations

from collections.abc import Sequence
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
from app.definition.sentences import N_, Sentence, say
from app.definition.workbook import grammar
from app.definition.workbook.columns import Column, HeaderRow
from app.definition.workbook.ids import plain_words, slug
from app.definition.workbook.logic import LogicText, read_logic
from app.definition.workbook.options import is_verdict, split_options
from app.definition.workbook.prefills import read_prefill
from app.definition.workbook.problems import Log, Unclear, short
from app.definition.workbook.sheet import Cell, VisibleSheet

MAX_LABEL = 2_000

TYPE_MISSING = N_(
    "The type is missing. Write one of: verdict, select, select many, text, long text, number,"
    " date, time, table, note."
)
LABEL_LONG = N_("The text has more than %(limit)s characters. Shorten it.")
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
MISSING_EN = N_("The English text is missing, so the Portuguese is shown.")
MISSING_PT = N_("The Portuguese text is missing, so the English is shown.")
ID_CHANGED = N_('The id "%(given)s" was saved as "%(kept)s".')
ID_EMPTY = N_('"%(given)s" cannot be used as an id. Use letters and digits.')

# A merged cell in these columns applies to every row that it spans.
_CARRIED = frozenset(Column) - {Column.LABEL, Column.HINT, Column.PREFILL, Column.ID}


@dataclass(frozen=True, slots=True)
class Defaults:
    """The values that a kind of sheet assumes for empty cells."""

    type: FieldType | None = None
    photos: PhotoPolicy = field(default_factory=PhotoPolicy)
    comment: CommentPolicy = CommentPolicy.OPTIONAL


@dataclass(frozen=True, slots=True)
class FieldDraft:
    """A field without its id. `given_id` is the id in the workbook, at cell `id_ref`."""

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
    logic: tuple[LogicText, ...] = ()


@dataclass(slots=True)
class Row:
    """The cells of one row by column and language; reports each flawed cell once."""

    sheet: VisibleSheet
    header: HeaderRow
    number: int
    languages: tuple[Language, ...]
    log: Log
    _seen: dict[int, Cell] = field(default_factory=dict)

    def get(self, column: Column, language: Language | None = None) -> Cell | None:
        """The cell of a column, the first one unless a language is given; None if absent."""
        for place in self.header.of(column):
            if language is None or self.language_of(column, place.index) is language:
                return self._cell(place.index, column)
        return None

    def text(self, column: Column) -> str:
        cell = self.get(column)
        return cell.text if cell else ""

    def exact(self, column: Column) -> str:
        """The text of a column for parsing; for a number cell without thousands separators."""
        cell = self.get(column)
        return cell.exact if cell else ""

    def struck(self, column: Column) -> Cell | None:
        """The first non-empty cell of a column, if all its text is struck out."""
        cells = [self._raw(place.index, column) for place in self.header.of(column)]
        if any(cell.text or cell.flaw for cell in cells):
            return None
        return next((cell for cell in cells if cell.struck), None)

    def language_of(self, column: Column, index: int) -> Language:
        """The language of a column: explicit, else the language that its twin does not have."""
        places = self.header.of(column)
        names = {place.index: place.name for place in places}
        own = names[index]
        if len(places) == 1:
            is_told = own.language in self.languages and (own.is_explicit or column is Column.LABEL)
            return own.language if own.language and is_told else self.languages[0]
        twin = next(name for other, name in names.items() if other != index)
        if own.language and (own.is_explicit or not twin.is_explicit):
            return own.language
        return Language.PT if (twin.language or Language.PT) is Language.EN else Language.EN

    def problem(self, cell: Cell, sentence: Sentence) -> None:
        self.log.problem(self.sheet.name, cell.ref, sentence)

    def notice(self, cell: Cell, sentence: Sentence) -> None:
        self.log.notice(self.sheet.name, cell.ref, sentence)

    def texts(self, column: Column) -> Text | None:
        """The text of a column in its languages, or None if all are empty."""
        words: dict[str, str] = {}
        for language in self.languages:
            cell = self.get(column, language)
            line = " ".join(cell.text.split()) if cell else ""
            if cell and len(line) > MAX_LABEL:
                self.problem(cell, say(LABEL_LONG, limit=MAX_LABEL))
            if line:
                words[language] = line[:MAX_LABEL]
        if not words:
            return None
        self._note_missing(column, set(words))
        return Text(**words)

    def _note_missing(self, column: Column, present: set[str]) -> None:
        for language in self.languages:
            cell = self.get(column, language)
            if language not in present and cell and not cell.flaw:
                self.notice(cell, missing_words(language))

    def _cell(self, index: int, column: Column) -> Cell:
        if index not in self._seen:
            cell = self._raw(index, column)
            for remark in cell.remarks:
                self.notice(cell, remark)
            if cell.flaw:
                self.problem(cell, cell.flaw)
                cell = replace(cell, text="", exact="")
            self._seen[index] = cell
        return self._seen[index]

    def _raw(self, index: int, column: Column) -> Cell:
        return self.sheet.cell(self.number, index, through_merge=column in _CARRIED)


def missing_words(language: Language) -> Sentence:
    return say(MISSING_EN if language is Language.EN else MISSING_PT)


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
        logic=read_logic(row.sheet.name, row.get),
    )
    draft = _with_id(row, draft)
    if kind.takes.options:
        return replace(draft, options=_read_options(row, label_cell))
    if kind.takes.limits:
        return _with_measures(row, draft, label_cell)
    return draft


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
    if not kind.takes.answer:
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
    if needs_position and gps and policy.mode is PhotoMode.NONE:
        row.notice(gps, say(GPS_UNUSED))
        return policy
    return policy.model_copy(update={"gps_required": needs_position})


def _read_comment(row: Row, kind: FieldType, defaults: Defaults) -> CommentPolicy:
    cell = row.get(Column.COMMENT)
    if not kind.takes.answer:
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
    columns = (Column.LIMITS, Column.UNIT, Column.MIN, Column.MAX)
    text = grammar.joined_limits(first.text if first else "", *map(row.exact, columns))
    cell = first or row.get(Column.LIMITS) or row.get(Column.TYPE) or label_cell
    is_table = draft.type.takes.cells
    if cell.flaw:
        return draft
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
        limits=spec.limits,
        rows=_paired(row, (cell, spec.rows), (second, other.rows)),
        columns=_paired(row, (cell, spec.columns), (second, other.columns), says_missing=False),
    )


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
