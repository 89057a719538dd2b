"""One question of an XLSForm -> the fields of a checklist that ask the same."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from app.definition.logic.errors import Setting
from app.definition.schema import (
    FieldType,
    Language,
    Limits,
    PhotoMode,
    PhotoPolicy,
    Text,
)
from app.definition.sentences import N_, say
from app.definition.workbook.problems import Log
from app.definition.xlsform.choices import MAX_CHOICES, Lists
from app.definition.xlsform.columns import Part
from app.definition.xlsform.drafts import FieldDraft, PartDraft, RoleDraft, source_name
from app.definition.xlsform.expression import NotUnderstood, bounds_of, parse
from app.definition.xlsform.kinds import SELECTS, Kind, RowType, row_type
from app.definition.xlsform.leftout import Construct, Listing
from app.definition.xlsform.logic import Rule
from app.definition.xlsform.rows import Row
from app.definition.xlsform.texts import Texts, joined

# All options of a checklist together: a list of the form is copied into each of its questions.
MAX_OPTIONS = 20_000

NO_LIST = N_('The sheet "choices" has no list "%(name)s". Add it, or correct the type.')
LIST_MISSING = N_("The type names no list of choices. Write it after the type: select_one colours.")

YES = frozenset(("yes", "true", "true()", "1"))
NO = frozenset(("no", "false", "false()", "0", ""))
_TYPES = {
    Kind.TEXT: FieldType.TEXT,
    Kind.INTEGER: FieldType.NUMBER,
    Kind.DECIMAL: FieldType.NUMBER,
    Kind.RANGE: FieldType.NUMBER,
    Kind.DATE: FieldType.DATE,
    Kind.TIME: FieldType.TIME,
    Kind.NOTE: FieldType.NOTE,
    Kind.BARCODE: FieldType.TEXT,
    Kind.ACKNOWLEDGE: FieldType.VERDICT,
    Kind.SELECT_ONE: FieldType.SELECT_ONE,
    Kind.SELECT_MANY: FieldType.SELECT_MANY,
}
_CHANGED = {
    Kind.INTEGER: Construct.WHOLE_NUMBER,
    Kind.BARCODE: Construct.BARCODE,
    Kind.ACKNOWLEDGE: Construct.ACKNOWLEDGE,
    Kind.DATE_TIME: Construct.DATE_AND_TIME,
    Kind.IMAGE: Construct.PHOTO,
}
# Columns of a question without a counterpart, each listed where it is filled in.
_LISTED = {
    Part.REQUIRED_MESSAGE: Construct.MESSAGE,
    Part.CONSTRAINT_MESSAGE: Construct.MESSAGE,
    Part.DEFAULT: Construct.DEFAULT,
    Part.CHOICE_FILTER: Construct.CHOICE_FILTER,
    Part.REPEAT_COUNT: Construct.REPEAT_COUNT,
    Part.APPEARANCE: Construct.APPEARANCE,
    Part.PICTURE: Construct.PICTURE,
}
_DATE = Text(en="date", pt="data")
_TIME = Text(en="time", pt="hora")
_OTHER = Text(en="Other", pt="Outro")
_WHICH = Text(en="Other: which?", pt="Outro: qual?")
_PARAMETER = re.compile(r"([\w-]+)\s*=\s*([^\s,;]+)")


# The columns of a row with an expression.
_RULES = {
    Part.CALCULATION: (Setting.CALCULATION, Construct.CALCULATION),
    Part.RELEVANT: (Setting.SHOWN_WHEN, Construct.RELEVANT),
    Part.REQUIRED: (Setting.REQUIRED_WHEN, Construct.REQUIRED_WHEN),
    Part.CONSTRAINT: (Setting.FAILS_WHEN, Construct.CONSTRAINT),
}


def rule_of(row: Row, part: Part) -> Rule | None:
    """The expression in a column; None if it is empty."""
    text = row.text(part)
    setting, construct = _RULES[part]
    name, cell = row.text(Part.NAME), row.ref(part)
    return Rule(setting, text, construct, row.sheet, cell, name) if text else None


def _bounds(row: Row) -> tuple[Decimal | None, Decimal | None] | None:
    """What a constraint sets as minimum and maximum; None if it says anything else."""
    text, kind = row.text(Part.CONSTRAINT), row_type(row.text(Part.TYPE)).kind
    try:
        return bounds_of(parse(text), is_whole=kind is Kind.INTEGER) if text else None
    except NotUnderstood:
        return None


class Questions:
    """Makes fields and signature roles of rows, and lists what they lose."""

    def __init__(self, texts: Texts, lists: Lists, listing: Listing, log: Log) -> None:
        self._texts = texts
        self._lists = lists
        self._listing = listing
        self._log = log
        self._options = 0

    def make(self, row: Row, kind: RowType) -> list[FieldDraft | RoleDraft]:
        """What the row becomes; empty if it was left out."""
        made = self._make(row, kind)
        found = [rule for part in _RULES if (rule := rule_of(row, part))]
        rules = [rule for rule in found if not self._is_taken(row, rule)]
        fields: list[FieldDraft | RoleDraft] = []
        for place, one in enumerate(made):
            if isinstance(one, RoleDraft):
                for rule in rules:
                    self._list_rule(rule)
                fields.append(one)
            else:
                # All but `relevant` are about the first of the questions that a row becomes.
                mine = [rule for rule in rules if not place or rule.setting is Setting.SHOWN_WHEN]
                fields.append(replace(one, rules=mine))
        return fields

    def make_calculated(self, row: Row) -> FieldDraft:
        """A row that is nothing but a calculation; its type is found with it (logic.py)."""
        name = row.text(Part.NAME)
        label = self._texts.of_row(row, Part.LABEL, name=name)
        label = label or self._texts.named(name, row.sheet, row.ref(Part.NAME))
        calculation, relevant = rule_of(row, Part.CALCULATION), rule_of(row, Part.RELEVANT)
        assert calculation is not None
        whole = replace(calculation, construct=Construct.CALCULATED)
        settings = {"type": FieldType.NUMBER, "label": label, "required": False}
        rules = [whole, *([relevant] if relevant else [])]
        return FieldDraft(name, settings, source=source_name(name), rules=rules)

    def _is_taken(self, row: Row, rule: Rule) -> bool:
        """Whether the column says something that is no expression."""
        if rule.setting is Setting.REQUIRED_WHEN:
            return rule.text.strip().lower() in (*YES, *NO)
        is_number = row_type(row.text(Part.TYPE)).kind in (Kind.INTEGER, Kind.DECIMAL)
        return rule.setting is Setting.FAILS_WHEN and is_number and _bounds(row) is not None

    def _list_rule(self, rule: Rule) -> None:
        self._listing.add(rule.construct, rule.sheet, rule.cell, rule.name, rule.text)

    def _make(self, row: Row, kind: RowType) -> list[FieldDraft | RoleDraft]:
        name = row.text(Part.NAME)
        assert kind.kind is not None
        options: Sequence[PartDraft] | None
        if kind.kind in SELECTS:
            options = self._choices(row, kind)
            if options is None:
                return []
        else:
            options = ()
        self._list_columns(row, kind.kind)
        if construct := _CHANGED.get(kind.kind):
            self._listing.add(construct, row.sheet, row.ref(Part.TYPE), name)
        label = self._texts.of_row(row, Part.LABEL, name=name)
        hint = self._hint(row)
        if label is None and hint is not None:
            label, hint = hint, None
        label = label or self._texts.named(name, row.sheet, row.ref(Part.NAME))
        settings = {"label": label, "hint": hint, "required": self._is_required(row)}
        if kind.kind is Kind.DATE_TIME:
            return self._date_and_time(name, settings)
        if kind.kind is Kind.IMAGE:
            return [self._picture(row, settings)]
        settings |= self._of_kind(row, kind.kind)
        field = FieldDraft(name, settings, options, source=source_name(name))
        return [field, *self._other(row, kind, settings)]

    def list_left_out(self, row: Row, construct: Construct) -> None:
        """List a question that is left out, by the reason."""
        words = row.words(Part.LABEL)
        text = f"{row.text(Part.TYPE)}: {next(iter(words.values()), '')}".removesuffix(": ")
        self._listing.add(construct, row.sheet, row.ref(Part.TYPE), row.text(Part.NAME), text)

    def list_columns_of_group(self, row: Row) -> None:
        self._list_parts(row, (Part.REPEAT_COUNT, Part.APPEARANCE, Part.PICTURE))

    def _choices(self, row: Row, kind: RowType) -> Sequence[PartDraft] | None:
        """The options of a select with enough of them; None after listing it as left out."""
        ref = row.ref(Part.TYPE)
        if not kind.list_name:
            self._log.problem(row.sheet, ref, say(LIST_MISSING))
            return None
        choices = self._lists.take(kind.list_name)
        if choices is None:
            self._log.problem(row.sheet, ref, say(NO_LIST, name=kind.list_name[:60]))
            return None
        count = len(choices) + kind.has_other
        if count < 2:
            self.list_left_out(row, Construct.FEW_CHOICES)
            return None
        if count > MAX_CHOICES or self._options + count > MAX_OPTIONS:
            self.list_left_out(row, Construct.MANY_CHOICES)
            return None
        self._options += count
        options = self._lists.options(kind.list_name, self._texts)
        return [*options, PartDraft("other", self._words(_OTHER))] if kind.has_other else options

    def _list_columns(self, row: Row, kind: Kind) -> None:
        self._list_parts(row, tuple(_LISTED))
        name = row.text(Part.NAME)
        if row.text(Part.READ_ONLY).lower() not in NO and kind is not Kind.NOTE:
            cell = row.ref(Part.READ_ONLY)
            self._listing.add(Construct.READ_ONLY, row.sheet, cell, name)
        if (parameters := row.text(Part.PARAMETERS)) and kind is not Kind.RANGE:
            cell = row.ref(Part.PARAMETERS)
            self._listing.add(Construct.PARAMETERS, row.sheet, cell, name, parameters)

    def _list_parts(self, row: Row, parts: Sequence[Part]) -> None:
        listed: set[Part] = set()
        for (part, _), cell in row.cells.items():
            # A message in nine languages is one message; pictures are different files.
            if part in parts and (part not in listed or part is Part.PICTURE):
                listed.add(part)
                name = row.text(Part.NAME)
                self._listing.add(_LISTED[part], row.sheet, cell.ref, name, cell.text)

    def _hint(self, row: Row) -> Text | None:
        name = row.text(Part.NAME)
        guidance = self._texts.of_row(row, Part.GUIDANCE, name=name)
        if guidance is not None:
            self._listing.add(Construct.GUIDANCE, row.sheet, row.ref(Part.GUIDANCE), name)
        return joined(self._texts.of_row(row, Part.HINT, name=name), guidance)

    def _is_required(self, row: Row) -> bool:
        return row.text(Part.REQUIRED).strip().lower() in YES

    def _of_kind(self, row: Row, kind: Kind) -> dict[str, Any]:
        if kind is Kind.NOTE:
            return {"type": FieldType.NOTE, "required": False}
        if kind is Kind.TEXT and "multiline" in row.text(Part.APPEARANCE):
            return {"type": FieldType.LONG_TEXT}
        return {"type": _TYPES[kind], "limits": self._limits(row, kind)}

    def _limits(self, row: Row, kind: Kind) -> Limits | None:
        if kind is Kind.RANGE:
            return self._range(row)
        bounds = _bounds(row) if kind in (Kind.INTEGER, Kind.DECIMAL) else None
        if bounds is None:
            return None
        rule = rule_of(row, Part.CONSTRAINT)
        assert rule is not None
        self._list_rule(replace(rule, construct=Construct.LIMITS))
        return Limits(min=bounds[0], max=bounds[1])

    def _range(self, row: Row) -> Limits | None:
        given = dict(_PARAMETER.findall(row.text(Part.PARAMETERS)))
        ref, name = row.ref(Part.PARAMETERS), row.text(Part.NAME)
        try:
            low, high = Decimal(given.pop("start", "0")), Decimal(given.pop("end", "10"))
        except InvalidOperation:
            low = high = Decimal("NaN")
        if not (low.is_finite() and high.is_finite()):
            self._listing.add(Construct.PARAMETERS, row.sheet, ref, name, row.text(Part.PARAMETERS))
            return None
        self._listing.add(Construct.LIMITS, row.sheet, ref, name, f"{low}–{high}")
        if given:
            rest = " ".join(f"{key}={value}" for key, value in given.items())
            self._listing.add(Construct.PARAMETERS, row.sheet, ref, name, rest)
        return Limits(min=min(low, high), max=max(low, high))

    def _date_and_time(
        self, name: str, settings: Mapping[str, Any]
    ) -> list[FieldDraft | RoleDraft]:
        return [
            FieldDraft(
                f"{name}{suffix}",
                {**settings, "type": kind, "label": self._with(settings["label"], what)},
                source=source_name(name),
            )
            for suffix, kind, what in (
                ("", FieldType.DATE, _DATE),
                ("_time", FieldType.TIME, _TIME),
            )
        ]

    def _picture(self, row: Row, settings: dict[str, Any]) -> FieldDraft | RoleDraft:
        name, is_required = row.text(Part.NAME), settings["required"]
        if "signature" in row.text(Part.APPEARANCE):
            return RoleDraft(name, {"label": settings["label"], "required": is_required})
        photos = PhotoPolicy(mode=PhotoMode.REQUIRED, min=1) if is_required else PhotoPolicy()
        picture = {"type": FieldType.TEXT, "required": False, "photos": photos}
        return FieldDraft(name, settings | picture, source=source_name(name))

    def _other(self, row: Row, kind: RowType, settings: Mapping[str, Any]) -> list[FieldDraft]:
        if not kind.has_other:
            return []
        name = row.text(Part.NAME)
        self._listing.add(Construct.OTHER_CHOICE, row.sheet, row.ref(Part.TYPE), name)
        label = self._with(settings["label"], self._words(_WHICH))
        text = {"type": FieldType.TEXT, "label": label, "required": False}
        return [FieldDraft(f"{name}_other", text)]

    def _words(self, fixed: Text) -> Text:
        """A fixed text in the languages of the checklist."""
        return Text(**{one.value: getattr(fixed, one) for one in self._texts.languages})

    def _with(self, label: Text, what: Text) -> Text:
        """`Label (what)` in each language that the label has."""
        words = {}
        for language in Language:
            if text := getattr(label, language):
                more = getattr(what, language) or what.first(())
                words[language.value] = f"{text[:1_900]} ({more})"
        return Text(**words)
