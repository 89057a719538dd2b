"""Writes a definition as an XLSForm that other programs open and our reader turns back into it.

What XLSForm has a word for stands in its columns, the rest in ours (own.py) and in the sheet
`laudo`. Cells of a table, required photos and required comments are questions of their own for
other programs; our reader skips them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from app.definition.logic.tree import Node
from app.definition.schema import (
    CommentPolicy,
    Definition,
    Field,
    FieldType,
    Language,
    Option,
    PhotoMode,
    SignatureRole,
    Text,
)
from app.definition.xlsform import own
from app.definition.xlsform.exact import exact_rows, shown
from app.definition.xlsform.names import Names
from app.definition.xlsform.xpath import WrittenNames, to_xpath
from app.slow_work import slow_work

LANGUAGES = {Language.EN: "English (en)", Language.PT: "Português (pt)"}
# More cells than this in all tables together make a form that no program opens in time.
MAX_CELLS = 2_000

_VERDICTS = (("ok", "OK", "OK"), ("not_ok", "Not OK", "Não OK"), ("na", "N.A.", "N.A."))
_VERDICT_LIST = "laudo_verdict"
_TYPES = {
    FieldType.TEXT: "text",
    FieldType.LONG_TEXT: "text",
    FieldType.NUMBER: "decimal",
    FieldType.DATE: "date",
    FieldType.TIME: "time",
    FieldType.NOTE: "note",
    FieldType.VERDICT: f"select_one {_VERDICT_LIST}",
}
_INFORMATION = Text(en="Information", pt="Informações")
_SIGNATURES = Text(en="Signatures", pt="Assinaturas")
_PHOTO = Text(en="Photo", pt="Foto")
_COMMENT = Text(en="Comment", pt="Comentário")
_OWN_COLUMNS = ("key", "value", "value_2", "value_3")
_EXPRESSIONS = ("relevant", "required", "calculation")
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")

Cells = Mapping[str, str]


@slow_work
def write_form(definition: Definition) -> bytes:
    """The workbook (.xlsx) with the sheets survey, choices, settings and laudo."""
    # Expressions name questions that come later, so the names are found by writing once before.
    first = _Writer(definition, WrittenNames())
    first.write_rows()
    return _Writer(definition, first.written).write()


class _Writer:
    """`names` are those that expressions use, `written` those that were given."""

    def __init__(self, definition: Definition, names: WrittenNames) -> None:
        self._definition = definition
        self._expressions, self.written = names, WrittenNames()
        self._by_id = {one.id: one for one in definition.all_fields()}
        self._languages = _languages_of(definition)
        self._names = Names()
        self._survey: list[Cells] = []
        self._choices: list[Cells] = []
        self._exact: dict[tuple[str, str], str] = {}
        cells = sum(len(one.rows) * len(one.columns) for one in definition.all_fields())
        self._has_cells = cells <= MAX_CELLS

    def write(self) -> bytes:
        self.write_rows()
        return self._workbook()

    def write_rows(self) -> None:
        definition = self._definition
        has_verdicts = any(one.type is FieldType.VERDICT for one in definition.all_fields())
        for id_, english, portuguese in _VERDICTS if has_verdicts else ():
            label = Text(en=english, pt=portuguese)
            self._choices.append({"list_name": _VERDICT_LIST, "name": id_, **self._words(label)})
        if definition.info_fields:
            self._group("laudo_info", _INFORMATION, own.Holder.INFO)
            self._fields(definition.info_fields)
            self._survey.append({"type": "end_group"})
        for section in definition.sections:
            more = {own.ID: section.id, own.NAME: section.source_name or ""}
            more |= own.logic_cells(section)
            more["relevant"] = self._expression(section.shown_when)
            name = section.source_name or section.id
            self._group(name, section.title, own.Holder.SECTION, more)
            self._fields(section.fields)
            self._survey.append({"type": "end_group"})
        if definition.signature_roles:
            self._group("laudo_signatures", _SIGNATURES, own.Holder.SIGNATURES)
            self._survey.extend(map(self._role, definition.signature_roles))
            self._survey.append({"type": "end_group"})

    def _fields(self, fields: Iterable[Field]) -> None:
        for field in fields:
            name = self.written.fields[field.id] = self._names.new(field.source_name or field.id)
            if field.type is FieldType.TABLE:
                self._table(field, name)
            else:
                self._survey.append(self._question(field, name))
            self._companions(field, name)

    def _question(self, field: Field, name: str) -> Cells:
        row = {**self._about(field, name), "type": _TYPES.get(field.type, "")}
        if field.options:
            what = "select_one" if field.type is FieldType.SELECT_ONE else "select_multiple"
            row["type"] = f"{what} {row[own.OPTIONS]}"
        if field.type is FieldType.LONG_TEXT:
            row["appearance"] = "multiline"
        if (limits := field.limits) and (limits.unit or limits.bounded):
            row["guidance_hint"] = _limits_words(field)
        return row

    def _table(self, field: Field, name: str) -> None:
        about = self._about(field, name)
        self._survey.append({**about, "type": "begin_group", "appearance": "field-list"})
        what = {own.PART: field.id, "required": about["required"]}
        if self._has_cells:
            for key, row, column in field.cells():
                cell = self._names.new(f"{name}__{key.replace(':', '__')}")
                words = self._words(_pair(row.label, column.label))
                self._survey.append({"type": "decimal", "name": cell, **words, **what})
        else:
            cell = self._names.new(f"{name}__readings")
            words = {"appearance": "multiline", **self._words(field.label)}
            self._survey.append({"type": "text", "name": cell, **words, **what})
        self._survey.append({"type": "end_group"})

    def _about(self, field: Field, name: str) -> dict[str, str]:
        """The cells that all questions have, but their type."""
        limits = field.limits
        return {
            "name": name,
            **self._words(field.label),
            **self._words(field.hint, "hint"),
            "required": "yes" if field.required else "no",
            **self._logic(field),
            own.ID: field.id,
            own.TYPE: field.type.value,
            own.NAME: field.source_name or "",
            own.PHOTOS: own.photos_text(field.photos),
            own.COMMENT: "" if field.comment is CommentPolicy.OPTIONAL else field.comment.value,
            own.UNIT: own.unit_text(limits) if limits else "",
            own.MIN: "" if limits is None or limits.min is None else str(limits.min),
            own.MAX: "" if limits is None or limits.max is None else str(limits.max),
            own.PREFILL: field.prefill.value if field.prefill else "",
            own.OPTIONS: self._list(field.id, "options", field.options),
            own.ROWS: self._list(field.id, "rows", field.rows),
            own.COLUMNS: self._list(field.id, "columns", field.columns),
            **own.logic_cells(field),
        }

    def _logic(self, field: Field) -> Cells:
        cells = {
            "relevant": self._expression(field.shown_when),
            "required": (rule := self._expression(field.required_when)),
            own.REQUIRED: "yes" if rule and field.required else "",
            "calculation": self._expression(field.calculation),
            "readonly": "yes" if field.calculation else "",
        }
        return {name: text for name, text in cells.items() if text}

    def _expression(self, node: Node | None) -> str:
        return to_xpath(node, self._by_id, self._expressions)

    def _companions(self, field: Field, name: str) -> None:
        """The questions by which other programs ask for a required photo and comment."""
        part = {own.PART: field.id}
        if field.photos.mode is PhotoMode.REQUIRED and field.is_question:
            photo = {"type": "image", "name": self._names.new(f"{name}__photo"), "required": "yes"}
            self._survey.append({**photo, **self._words(_pair(field.label, _PHOTO)), **part})
        is_always = field.comment is CommentPolicy.REQUIRED
        is_bad = field.comment is CommentPolicy.REQUIRED_WHEN_NOT_OK
        if field.is_question and (is_always or (is_bad and field.type is FieldType.VERDICT)):
            row = {"type": "text", "name": self._names.new(f"{name}__comment"), "required": "yes"}
            when = {"relevant": f"${{{name}}} = 'not_ok'"} if is_bad else {}
            self._survey.append(
                {**row, **when, **self._words(_pair(field.label, _COMMENT)), **part}
            )

    def _role(self, role: SignatureRole) -> Cells:
        return {
            "type": "image",
            "appearance": "signature",
            "name": self._names.new(role.id),
            **self._words(role.label),
            "required": "yes" if role.required else "no",
            own.ID: role.id,
            own.TYPE: own.ROLE,
            own.PREFILL: role.prefill.value if role.prefill else "",
            own.DUE: role.due.value,
        }

    def _group(self, name: str, title: Text, holder: own.Holder, more: Cells | None = None) -> None:
        row = {"type": "begin_group", "name": self._names.new(name), **self._words(title)}
        self._survey.append({**row, own.TYPE: holder.value, **(more or {})})

    def _list(self, field_id: str, part: str, options: Sequence[Option]) -> str:
        """Add a list of choices; returns its name, empty for none."""
        list_name, names = f"{field_id}_{part}", Names(is_choice=True)
        for option in options:
            name = names.new(option.source_name or option.id)
            self.written.choices[field_id, option.id] = name
            row = {"list_name": list_name, "name": name}
            source = option.source_name or ""
            self._choices.append(
                {**row, **self._words(option.label), own.ID: option.id, own.NAME: source}
            )
        return list_name if options else ""

    def _words(self, text: Text | None, what: str = "label") -> dict[str, str]:
        found = {one: getattr(text, one) if text else None for one in self._languages}
        return {f"{what}::{LANGUAGES[one]}": words for one, words in found.items() if words}

    def _workbook(self) -> bytes:
        book = Workbook(write_only=True)
        labels, hints = (
            [f"{what}::{LANGUAGES[one]}" for one in self._languages] for what in ("label", "hint")
        )
        usual = ("required", "relevant", "calculation", "readonly", "appearance", "guidance_hint")
        survey = ("type", "name", *labels, *hints, *usual, *own.SURVEY_COLUMNS)
        self._sheet(book, "survey", survey, self._survey)
        choices = ("list_name", "name", *labels, own.ID, own.NAME)
        self._sheet(book, "choices", choices, self._choices)
        header = self._definition.header
        settings = {
            "form_title": header.title.first(self._definition.languages),
            "form_id": _form_id(header.source_name or header.code),
            "default_language": LANGUAGES[self._definition.languages[0]],
        }
        self._sheet(book, "settings", tuple(settings), [settings])
        rows = [dict(zip(_OWN_COLUMNS, row, strict=False)) for row in self._own_rows()]
        self._sheet(book, own.SHEET, _OWN_COLUMNS, rows)
        for row in exact_rows(self._exact):
            book[own.SHEET].append(["exact", *row])
        book.save(stream := io.BytesIO())
        return stream.getvalue()

    def _own_rows(self) -> list[tuple[str, ...]]:
        header = self._definition.header
        rows: list[tuple[str, ...]] = [("languages", *self._definition.languages)]
        rows += [(f"title_{one}", getattr(header.title, one) or "") for one in Language]
        rows += [("code", header.code), ("category", header.category or "")]
        rows += [("source_name", header.source_name or "")]
        rows += [("standard", one) for one in header.reference_standards]
        rows += [("planning", one) for one in header.planning_requirements]
        return [row for row in rows if any(row[1:])]

    def _sheet(
        self, book: Workbook, title: str, columns: Sequence[str], rows: Sequence[Cells]
    ) -> None:
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        bold = []
        for column in columns:
            head = WriteOnlyCell(sheet, value=column)
            head.font = Font(bold=True)
            bold.append(head)
        sheet.append(bold)
        for number, row in enumerate(rows, 2):
            cells = []
            for index, column in enumerate(columns, 1):
                text = row.get(column, "")
                cell_text = shown(text)
                if cell_text != text:
                    self._exact[title, f"{get_column_letter(index)}{number}"] = text
                written = _escaped(cell_text, is_expression=column in _EXPRESSIONS)
                cell = WriteOnlyCell(sheet, value=written or None)
                if cell_text:
                    cell.data_type = "s"  # a text that begins with "=" is no formula
                cells.append(cell)
            sheet.append(cells)


def _escaped(text: str, *, is_expression: bool) -> str:
    """The text as a cell holds it: `${x}` is an answer only in expressions, `_x0041_` no
    character."""
    return _ESCAPED.sub("_x005F_", text if is_expression else text.replace("${", "$\u200b{"))


def _languages_of(definition: Definition) -> tuple[Language, ...]:
    """The languages of the checklist, then others in which any text has words."""
    used = [
        one
        for one in Language
        if one not in definition.languages
        and any(getattr(text, one) for text in _texts_of(definition))
    ]
    return (*definition.languages, *used)


def _texts_of(definition: Definition) -> Iterable[Text]:
    for section in definition.sections:
        yield section.title
    for role in definition.signature_roles:
        yield role.label
    for field in definition.all_fields():
        yield field.label
        if field.hint:
            yield field.hint
        for option in (*field.options, *field.rows, *field.columns):
            yield option.label


def _pair(first: Text, second: Text) -> Text:
    """`first – second` in each language that the first has."""
    words = {}
    for one in Language:
        if text := getattr(first, one):
            more = getattr(second, one) or second.first((one,))
            words[one.value] = f"{text[:900]} – {more[:900]}"
    return Text(**words)


def _limits_words(field: Field) -> str:
    limits = field.limits
    assert limits is not None
    bounds = [
        f"{sign} {bound}"
        for sign, bound in (("≥", limits.min), ("≤", limits.max))
        if bound is not None
    ]
    return " ".join(filter(None, [", ".join(bounds), limits.unit]))


def _form_id(name: str) -> str:
    """Other programs take the id of a form as a name in XML."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)
