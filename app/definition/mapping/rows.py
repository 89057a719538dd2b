"""Reads the rows of a table as sections and questions."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from app.definition.mapping.context import Context
from app.definition.mapping.criterion import Criterion, parse_criterion
from app.definition.mapping.drafts import QuestionDraft, SheetDraft
from app.definition.mapping.guessed import FieldPlace, Kind, PartGuess, Role
from app.definition.mapping.heads import Block, Column
from app.definition.mapping.margins import is_margin_label
from app.definition.mapping.marks import marks_of
from app.definition.mapping.sections import Sections
from app.definition.mapping.view import View, ref
from app.definition.mapping.words import is_dash, unit_in, verdicts_in
from app.definition.measured import InvalidAnswer, parse_decimal
from app.definition.schema import FieldType
from app.definition.sentences import N_, say
from app.definition.workbook.ids import plain_words
from app.definition.workbook.problems import short

SPREAD = N_(
    'The limit between the readings of one row, "%(text)s", is not judged by the checklist. It '
    "stands in the hint of the question."
)
PARTLY = N_('Not all of "%(text)s" is a limit of a reading. It stands in the hint of the question.')
UNCLEAR = N_(
    '"%(text)s" can mean two numbers, so it is no limit yet. It stands in the hint of the question.'
    " Write the number without a thousands separator to make it a limit."
)
EXCLUDES = N_('"%(text)s" is read with its bound: a reading equal to it is within the limits.')
FORMULA_ROW = N_('The workbook computes this row ("%(text)s"), so it asks nothing.')
LEFT_OUT = N_('The column "%(text)s" is not asked for and stays as it is.')

_NUMBERED = re.compile(r"\s*(\d+(?:\.\d+){1,4})[.)]?\s+(?=\S)|\s*(\d{1,3})[.)]\s+(?=\S)")
_YES = frozenset(["yes", "sim", "y", "s", "x", "required", "obrigatoria", "obrigatorio", "true"])
_STRONG = re.compile(r"medi|leitura|reading|measur|lido|encontrad", re.IGNORECASE)
_KINDS = {
    Kind.VERDICT: FieldType.VERDICT,
    Kind.NUMBER: FieldType.NUMBER,
    Kind.TABLE: FieldType.TABLE,
    Kind.TEXT: FieldType.TEXT,
    Kind.LONG_TEXT: FieldType.LONG_TEXT,
    Kind.DATE: FieldType.DATE,
    Kind.NOTE: FieldType.NOTE,
}
_MISSED = (Role.DATE, Role.TEXT, Role.SIGNATURE, Role.LOCATION)


@dataclass(frozen=True, slots=True)
class Cells:
    """The free cells for readings of one row, each with the name of its column."""

    places: tuple[tuple[int, int], ...] = ()
    labels: tuple[str, ...] = ()
    group: str = ""


class RowReader:
    """Reads one table into a SheetDraft. `last` is the last row that belongs to it."""

    def __init__(self, view: View, block: Block, draft: SheetDraft, context: Context) -> None:
        self.view, self.block, self.draft, self.context = view, block, draft, context
        self.sections = Sections(view, block)
        self.question, self.number = self.sections.question, self.sections.number
        self.section = ""
        self.last = block.bottom

    def read(self) -> int:
        """Read all rows; returns the last row of the table."""
        self._tell_columns()
        gap = 0
        for row in self.block.rows:
            if not self.view.filled(row):
                gap += 1
                continue
            if self._ends_at(row, gap):
                break
            gap = 0
            self._read_row(row)
            self.last = row
        return self.last

    def _tell_columns(self) -> None:
        for one in self.block.of(Role.SKIP, *_MISSED):
            self.draft.tell(
                ref(self.block.bottom or 1, one.number), say(LEFT_OUT, text=short(one.label))
            )

    def _ends_at(self, row: int, gap: int) -> bool:
        """Whether the rows from here on are no questions: a conclusion, signatures, a summary."""
        if self.context.row(self.view.name, row, self.sections.label(row)):
            return False
        column = self.view.filled(row)[0]
        text = self.view.text(row, column)
        if self.number and self.view.text(row, self.number.number) and self.sections.label(row):
            return bool(gap) and not self._is_item(row) and is_margin_label(text)
        if is_margin_label(text):
            return True
        is_beside = text.rstrip().endswith(":") and self.view.is_free(
            row, self.view.right_of(row, column)
        )
        return bool(gap) and is_beside and not self.sections.is_section(row)

    def _is_item(self, row: int) -> bool:
        assert self.number is not None
        return bool(re.match(r"[\dA-Z]", self.view.text(row, self.number.number)))

    def _read_row(self, row: int) -> None:
        label = self.sections.label(row)
        choice = self.context.row(self.view.name, row, self.sections.any_label(row))
        if choice is Kind.SKIP:
            self._note(row, Kind.SKIP, self.sections.any_label(row))
            return
        if choice is Kind.SECTION or (choice is None and self.sections.is_section(row)):
            self.section = self.sections.title(row)
            self._note(row, Kind.SECTION, self.section)
            return
        if choice is None and self.sections.is_computed(row):
            self.draft.tell(ref(row, self.question.number), say(FORMULA_ROW, text=short(label)))
            self._note(row, Kind.SKIP, label)
            return
        if not label:
            label = self.sections.any_label(row)
            if not label or not self._has_answer(row):
                self._note(row, Kind.SKIP, label)
            return
        if (named := self._named_section(row)) is not None:
            self.section = named
        self._add_question(row, label, choice)

    def _note(self, row: int, kind: Kind, label: str, detail: str = "") -> None:
        column = self.question.number if self.view.text(row, self.question.number) else None
        column = column or (self.view.filled(row) or [self.question.number])[0]
        self.draft.parts.append(
            PartGuess(ref=ref(row, column), row=row, kind=kind, label=label, detail=detail)
        )

    def _has_answer(self, row: int) -> bool:
        columns = self.block.of(Role.READING, Role.OK, Role.VERDICT)
        return any(self.view.is_free(row, one.number) for one in columns)

    def _named_section(self, row: int) -> str | None:
        column = self.block.first(Role.SECTION)
        if column is None:
            return None
        shown = self.view.shown(row, column.number)
        return shown or None

    # Questions

    def _add_question(self, row: int, label: str, choice: Kind | None) -> None:
        criterion, text = self._criterion(row)
        cells = self._reading_cells(row)
        options = self._options(row)
        kind = self._type(row, choice, criterion, text, cells, options)
        made = QuestionDraft(
            section=self.section,
            label=_NUMBERED.sub("", " ".join(label.split()), count=1) if not self.number else label,
            type=kind,
            place=FieldPlace(
                sheet=self.view.name,
                marks=marks_of(self.view, self.block, row, self.context),
                comment=self._comment(row),
            ),
            ref=ref(row, self.question.number),
            translation=self._translation(row),
            required=kind not in (FieldType.NOTE, FieldType.LONG_TEXT),
            needs_photo=self._needs_photo(row),
        )
        if kind in (FieldType.NUMBER, FieldType.TABLE):
            self._measure(made, row, criterion, cells)
        elif kind is FieldType.SELECT_ONE:
            made.options = options
            made.place = made.place.model_copy(
                update={"marks": {}, "values": {"": self._verdict_ref(row)}}
            )
        elif kind not in (FieldType.VERDICT, FieldType.NOTE):
            place = ref(*cells.places[0]) if cells.places else self._verdict_ref(row)
            made.place = made.place.model_copy(
                update={"marks": {}, "values": {"": place} if place else {}}
            )
        if text and not (criterion.is_whole and made.type in (FieldType.NUMBER, FieldType.TABLE)):
            made.hint = f"{self.context.words('Criterion', 'Critério')}: {text}"
        self.draft.questions.append(made)
        self._note(row, Kind(_kind_of(kind)), label, _limits_in_words(made))

    def _type(
        self,
        row: int,
        choice: Kind | None,
        criterion: Criterion,
        text: str,
        cells: Cells,
        options: tuple[str, ...],
    ) -> FieldType:
        if choice in _KINDS:
            wanted = _KINDS[choice]
            return (
                FieldType.NUMBER if wanted is FieldType.TABLE and len(cells.places) < 2 else wanted
            )
        judged = bool(self.block.of(Role.OK, Role.NOT_OK, Role.VERDICT))
        plain_kind = FieldType.SELECT_ONE if options else FieldType.VERDICT
        if not cells.places:
            return plain_kind
        many = FieldType.TABLE if len(cells.places) > 1 else FieldType.NUMBER
        if criterion.is_measured or self._unit(row, criterion, cells):
            return many
        if text:
            if re.search(r"\d", text) and re.search(r"[±≥≤<>%]", text):
                return many
            return plain_kind if judged else FieldType.TEXT
        if many is FieldType.TABLE or _STRONG.search(cells.group):
            return many
        return FieldType.TEXT

    def _criterion(self, row: int) -> tuple[Criterion, str]:
        """The limits of the row from all its columns, and the text of the criterion."""
        texts = [self._shown(row, one) for one in self.block.of(Role.CRITERION)]
        text = " ".join(filter(None, texts))
        nominal, tolerance = (self._first(row, role) for role in (Role.NOMINAL, Role.TOLERANCE))
        if nominal:
            by = tolerance or (text if re.match(r"\s*(±|\+\s?/\s?-)", text) else "")
            by = by.lstrip("±+/-– ")
            text = f"{nominal} ± {by}" if by else f"{nominal} {text}".strip()
        text = "" if is_dash(text) else text
        criterion = parse_criterion(text, self.context.language)
        low, high = (self._bound(row, role) for role in (Role.MIN, Role.MAX))
        if low is None and high is None:
            return criterion, text
        low = low if low is not None else criterion.min
        high = high if high is not None else criterion.max
        if low is not None and high is not None and low > high:
            return criterion, text
        return replace(criterion, min=low, max=high), text

    def _first(self, row: int, role: Role) -> str:
        column = self.block.first(role)
        return self._shown(row, column) if column else ""

    def _shown(self, row: int, column: Column) -> str:
        """A cell, or the one merged down over it."""
        top, left = self.view.anchor(row, column.number)
        return " ".join(self.view.text(top, left).split()) if left == column.number else ""

    def _bound(self, row: int, role: Role) -> Decimal | None:
        column = self.block.first(role)
        text = self.view.exact(row, column.number).strip() if column else ""
        if column is None or not text or is_dash(text):
            return None
        text = re.sub(r"^[≥≤<>=]+\s*", "", text)
        try:
            read = parse_decimal(re.sub(r"\s*%$", "", text), unit=self._unit_cell(row) or None)
        except InvalidAnswer:
            self.draft.tell(ref(row, column.number), say(PARTLY, text=short(text)))
            return None
        if read.doubt is not None and not self.view.sheet.cell(row, column.number).is_number:
            self.draft.tell(ref(row, column.number), say(UNCLEAR, text=short(text)))
            return None
        return Decimal(read.decimal)

    def _unit_cell(self, row: int) -> str:
        text = self._first(row, Role.UNIT)
        return text if len(text) <= 20 and not is_dash(text) else ""

    def _unit(self, row: int, criterion: Criterion, cells: Cells) -> str | None:
        named = next(filter(None, map(unit_in, (*cells.labels, cells.group))), None)
        in_label = re.search(r"[\[(]([^()\[\]]{1,10})[\])]\s*$", self.sections.label(row))
        in_label_unit = unit_in(self.sections.label(row)) if in_label else None
        return self._unit_cell(row) or criterion.unit or named or in_label_unit

    def _reading_cells(self, row: int) -> Cells:
        places: dict[tuple[int, int], str] = {}
        group = ""
        for one in self.block.of(Role.READING):
            place = self.view.anchor(row, one.number)
            if place[0] != row or place[1] in self.sections.names:
                continue
            text = self.view.text(*place)
            is_open = self.view.is_free(*place) and not is_dash(text)
            is_sample = bool(re.fullmatch(r"[-+]?\d+(?:[.,]\d+)?", text))
            if not (is_open or is_sample) or self.view.is_formula(*place):
                continue
            places[place] = f"{places[place]}, {one.label}" if place in places else one.label
            group = one.group or group or one.label
        return Cells(tuple(places), tuple(places.values()), group)

    def _measure(self, made: QuestionDraft, row: int, criterion: Criterion, cells: Cells) -> None:
        made.unit, made.min, made.max = (
            self._unit(row, criterion, cells),
            criterion.min,
            criterion.max,
        )
        refs = tuple(ref(*place) for place in cells.places)
        if made.type is FieldType.TABLE:
            made.columns, made.cells = cells.labels, refs
            is_grouped = cells.group not in cells.labels
            words = cells.group if is_grouped else self.context.words("Reading", "Leitura")
            made.row_label = words.capitalize() if words.isupper() else words
        elif refs:
            made.place = made.place.model_copy(update={"values": {"": refs[0]}})
        where = self.block.first(Role.CRITERION)
        place = ref(row, where.number) if where else made.ref
        for sentence, clauses in (
            (SPREAD, criterion.spreads),
            (UNCLEAR, criterion.unclear),
            (PARTLY, criterion.rest),
        ):
            for clause in clauses:
                self.draft.tell(place, say(sentence, text=short(clause)))
        if criterion.excludes:
            self.draft.tell(place, say(EXCLUDES, text=short(self._first(row, Role.CRITERION))))

    def _translation(self, row: int) -> str:
        column = self.block.first(Role.TRANSLATION)
        return self.view.text(row, column.number) if column else ""

    def _comment(self, row: int) -> str:
        column = self.block.first(Role.COMMENT)
        is_open = column is not None and self.view.is_free(row, column.number)
        return ref(row, column.number) if column and is_open else ""

    def _needs_photo(self, row: int) -> bool:
        words = plain_words(self._first(row, Role.PHOTO))
        return bool(words) and (
            bool(set(words.split()) & _YES) or (words.isdigit() and words != "0")
        )

    def _options(self, row: int) -> tuple[str, ...]:
        """The words of a list that are no verdicts, in the column of results."""
        column = self.block.first(Role.VERDICT)
        words = self.view.choices(row, column.number) if column else ()
        is_select = len(words) >= 2 and not verdicts_in(words)
        return words if is_select and len(set(words)) == len(words) else ()

    def _verdict_ref(self, row: int) -> str:
        for one in self.block.of(Role.VERDICT, Role.READING, Role.TEXT):
            if self.view.is_free(row, one.number):
                return ref(row, one.number)
        return ""


def _kind_of(kind: FieldType) -> str:
    return Kind.SELECT.value if kind is FieldType.SELECT_ONE else kind.value


def _limits_in_words(made: QuestionDraft) -> str:
    bounds = []
    if made.min is not None:
        bounds.append(f"≥ {made.min.normalize():f}")
    if made.max is not None:
        bounds.append(f"≤ {made.max.normalize():f}")
    text = " · ".join([*bounds, *([made.unit] if made.unit else [])])
    return f"{text} ({', '.join(made.columns)})" if made.columns else text
