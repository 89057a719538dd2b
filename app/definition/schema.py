"""The schema of a published checklist, validated once when a version is created.

A version stores `Definition.model_dump(mode="json", exclude_defaults=True)` as JSONB, and reports
refer to that version permanently. A change here must keep old versions readable: add optional
fields, never rename or retype.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from app.definition.logic.dependencies import find_problems
from app.definition.logic.tree import Node, Type


class Language(StrEnum):
    EN = "en"
    PT = "pt"


@dataclass(frozen=True, slots=True)
class Takes:
    """What a field of a type takes in addition to what every field takes.

    `limits`: its answers are readings, checked against limits; `cells`: it has rows and columns;
    `words` and `day`: which facts of the report can prefill it; `gives`: what its answer is in
    conditions and calculations.
    """

    answer: bool = True
    options: bool = False
    limits: bool = False
    cells: bool = False
    words: bool = False
    day: bool = False
    gives: Type = Type.NOTHING


class FieldType(StrEnum):
    """The field types by their stored name, each with what it takes.

    app/definition/fields has a module for each type, with its behaviour.
    """

    takes: Takes

    def __new__(cls, word: str, takes: Takes = Takes()) -> Self:
        one = str.__new__(cls, word)
        one._value_, one.takes = word, takes
        return one

    VERDICT = "verdict", Takes(gives=Type.CHOICE)
    SELECT_ONE = "select_one", Takes(options=True, gives=Type.CHOICE)
    SELECT_MANY = "select_many", Takes(options=True, gives=Type.CHOICES)
    TEXT = "text", Takes(words=True, gives=Type.TEXT)
    LONG_TEXT = "long_text", Takes(words=True, gives=Type.TEXT)
    NUMBER = "number", Takes(limits=True, gives=Type.NUMBER)
    DATE = "date", Takes(day=True, gives=Type.DATE)
    TIME = "time", Takes(gives=Type.TIME)
    TABLE = "table", Takes(limits=True, cells=True, gives=Type.CELLS)
    NOTE = "note", Takes(answer=False)


class Verdict(StrEnum):
    OK = "ok"
    NOT_OK = "not_ok"
    NA = "na"


class PhotoMode(StrEnum):
    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"
    REQUIRED_WHEN_NOT_OK = "required_when_not_ok"

    @property
    def asks(self) -> bool:
        """Whether it demands photos, at least with some answers."""
        return self in (PhotoMode.REQUIRED, PhotoMode.REQUIRED_WHEN_NOT_OK)


class CommentPolicy(StrEnum):
    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"
    REQUIRED_WHEN_NOT_OK = "required_when_not_ok"


class Prefill(StrEnum):
    """A fact that the report already has, so that a field with this setting need not ask for it."""

    CLIENT = "client"
    PROJECT = "project"
    ADDRESS = "address"
    TAG = "tag"
    EQUIPMENT = "equipment"
    TECHNICIAN = "technician"
    COMPANY = "company"
    REPORT_NUMBER = "report_number"
    START_DATE = "start_date"

    def fits(self, kind: FieldType) -> bool:
        """Whether this fact can prefill fields of this type."""
        return kind.takes.day if self is Prefill.START_DATE else kind.takes.words


class RolePrefill(StrEnum):
    """Whose name a signature form shows at first."""

    ME = "me"


class SignatureDue(StrEnum):
    """The step that asks for a signature. Approvals ask for those of the submit too."""

    SUBMIT = "submit"
    APPROVAL = "approval"


# Ids come from the workbook or from slugs; they are keys of answers and part of HTML ids and URLs.
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,79}$")]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
LongLabel = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
# How another program names it, character for character.
SourceName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Unit = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)]

MAX_FIELDS = 1_000
MAX_TABLE_CELLS = 1_500
MAX_PHOTOS_PER_FIELD = 50


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(Frozen):
    """Text in one or two languages; at least one is present."""

    en: LongLabel | None = None
    pt: LongLabel | None = None

    @model_validator(mode="after")
    def _has_text(self) -> Self:
        if not (self.en or self.pt):
            raise ValueError("a text needs words in at least one language")
        return self

    def first(self, languages: tuple[Language, ...]) -> str:
        """The text in the first of `languages` that has any, else in whichever language exists."""
        for language in languages:
            words = getattr(self, language)
            if words:
                return str(words)
        return self.en or self.pt or ""

    def second(self, languages: tuple[Language, ...]) -> str | None:
        """The text to show beside `first`, or None if it is missing or the same."""
        if len(languages) < 2:
            return None
        words = getattr(self, languages[1])
        return words if words and words != self.first(languages) else None


class Limits(Frozen):
    """Inclusive bounds of a measured value and its unit. Bounds are decimals, stored as strings."""

    unit: Unit | None = None
    min: Decimal | None = None
    max: Decimal | None = None

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        for bound in (self.min, self.max):
            if bound is not None and not bound.is_finite():
                raise ValueError("a limit must be a finite number")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"the minimum {self.min} is above the maximum {self.max}")
        return self

    def contains(self, value: Decimal) -> bool:
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)

    @property
    def bounded(self) -> bool:
        return self.min is not None or self.max is not None


class Option(Frozen):
    """`source_name` is the name of the choice in the form that it was imported from."""

    id: Id
    label: Text
    source_name: SourceName | None = None


class PhotoPolicy(Frozen):
    """`min` counts where photos are demanded: always, or with Not OK and out of limits."""

    mode: PhotoMode = PhotoMode.OPTIONAL
    min: int = 0
    max: int = 20
    gps_required: bool = False

    @model_validator(mode="after")
    def _counts_agree(self) -> Self:
        if self.mode.asks and self.min < 1:
            raise ValueError("required photos need a minimum of at least 1")
        if not self.mode.asks and self.min:
            raise ValueError("only required photos have a minimum")
        if not 0 <= self.min <= self.max <= MAX_PHOTOS_PER_FIELD:
            raise ValueError(f"photo counts run from 0 to {MAX_PHOTOS_PER_FIELD}, minimum first")
        return self

    @property
    def always(self) -> int:
        """The fewest photos whatever the answer is."""
        return self.min if self.mode is PhotoMode.REQUIRED else 0


class Field(Frozen):
    """One question. `id` is stable within the checklist and identifies answers, photos and rules.

    `prefill` names a fact of the report, which is the answer until somebody enters another one.
    `shown_when` to `calculation` are expressions (docs/logic.md): a hidden field keeps its answer,
    which counts nowhere; `required_when` replaces `required`; an answer that `fails_when` is Not
    OK; nobody types a calculated one. `source_name` is its name in the form it was imported from.
    """

    id: Id
    type: FieldType
    label: Text
    hint: Text | None = None
    required: bool = True
    photos: PhotoPolicy = PhotoPolicy()
    comment: CommentPolicy = CommentPolicy.OPTIONAL
    options: tuple[Option, ...] = ()
    limits: Limits | None = None
    rows: tuple[Option, ...] = ()
    columns: tuple[Option, ...] = ()
    prefill: Prefill | None = None
    shown_when: Node | None = None
    required_when: Node | None = None
    fails_when: Node | None = None
    calculation: Node | None = None
    source_name: SourceName | None = None

    @model_validator(mode="after")
    def _logic_fits_the_type(self) -> Self:
        rules = (self.required_when, self.fails_when, self.calculation)
        if any(rules) and not self.type.takes.answer:
            raise ValueError("a note has no answer, so it can only be shown or hidden")
        if self.calculation and (self.prefill or self.required_when):
            raise ValueError("a calculated field is neither prefilled nor required")
        return self

    @model_validator(mode="after")
    def _parts_fit_the_type(self) -> Self:
        takes = self.type.takes
        if takes.options != bool(self.options):
            raise ValueError("options belong to select fields, and select fields need them")
        if takes.options and len(self.options) < 2:
            raise ValueError("a select field needs at least two options")
        if takes.cells != bool(self.rows and self.columns):
            raise ValueError("rows and columns belong to tables, and tables need both")
        if len(self.rows) * len(self.columns) > MAX_TABLE_CELLS:
            raise ValueError(f"a table holds at most {MAX_TABLE_CELLS} cells")
        if self.limits is not None and not takes.limits:
            raise ValueError("limits belong to numbers and tables")
        if self.required and not takes.answer:
            raise ValueError("a note asks nothing, so it cannot be required")
        if self.prefill and not self.prefill.fits(self.type):
            raise ValueError("the start date fills date fields, all else text fields")
        for group in (self.options, self.rows, self.columns):
            _require_distinct(option.id for option in group)
        return self

    @property
    def is_question(self) -> bool:
        """Whether it asks for an answer; only notes do not."""
        return self.type.takes.answer

    @property
    def has_logic(self) -> bool:
        return bool(self.shown_when or self.required_when or self.fails_when or self.calculation)

    @property
    def unit(self) -> str | None:
        """The unit of its readings."""
        return self.limits.unit if self.limits else None

    def cells(self) -> Iterator[tuple[str, Option, Option]]:
        """The cells of a table as (key, row, column); the key is `row_id:column_id`."""
        for row in self.rows:
            for column in self.columns:
                yield f"{row.id}:{column.id}", row, column

    def option(self, option_id: str) -> Option | None:
        return next((option for option in self.options if option.id == option_id), None)


class Section(Frozen):
    """`shown_when` hides all of its fields (docs/logic.md); `source_name` is the name of the group
    in the form that it was imported from."""

    id: Id
    title: Text
    fields: tuple[Field, ...]
    shown_when: Node | None = None
    source_name: SourceName | None = None


class SignatureRole(Frozen):
    """`due` says which step asks for the signature; it may be given earlier."""

    id: Id
    label: Text
    required: bool = True
    prefill: RolePrefill | None = None
    due: SignatureDue = SignatureDue.SUBMIT

    @property
    def is_due_at_approval(self) -> bool:
        return self.due is SignatureDue.APPROVAL


class Header(Frozen):
    """`source_name` is the id of the form that the checklist was imported from."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9._-]{0,31}$")]
    title: Text
    category: Label | None = None
    reference_standards: tuple[Label, ...] = ()
    planning_requirements: tuple[Label, ...] = ()
    source_name: SourceName | None = None


class Definition(Frozen):
    """A complete checklist version. `languages` has one or two entries, the first shown larger."""

    languages: tuple[Language, ...]
    header: Header
    info_fields: tuple[Field, ...] = ()
    sections: tuple[Section, ...]
    signature_roles: tuple[SignatureRole, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if not 1 <= len(self.languages) <= 2:
            raise ValueError("a checklist has one or two languages")
        if not any(section.fields for section in self.sections):
            raise ValueError("a checklist needs at least one question")
        _require_distinct(field.id for field in self.all_fields())
        _require_distinct(section.id for section in self.sections)
        _require_distinct(role.id for role in self.signature_roles)
        if sum(1 for _ in self.all_fields()) > MAX_FIELDS:
            raise ValueError(f"a checklist holds at most {MAX_FIELDS} fields")
        for problem in find_problems(self):
            raise ValueError(str(problem))
        return self

    def all_fields(self) -> Iterator[Field]:
        """Info fields first, then the fields of each section, in order."""
        yield from self.info_fields
        for section in self.sections:
            yield from section.fields

    def field(self, field_id: str) -> Field | None:
        return next((field for field in self.all_fields() if field.id == field_id), None)

    @property
    def has_logic(self) -> bool:
        """Whether any field or section has an expression."""
        return any(section.shown_when for section in self.sections) or any(
            field.has_logic for field in self.all_fields()
        )

    @property
    def roles_at_submit(self) -> tuple[SignatureRole, ...]:
        return tuple(role for role in self.signature_roles if not role.is_due_at_approval)

    @property
    def roles_at_approval(self) -> tuple[SignatureRole, ...]:
        return tuple(role for role in self.signature_roles if role.is_due_at_approval)

    def role(self, role_id: str) -> SignatureRole | None:
        return next((role for role in self.signature_roles if role.id == role_id), None)


def _require_distinct(ids: Iterator[str]) -> None:
    twice = [one for one, count in Counter(ids).items() if count > 1]
    if twice:
        raise ValueError(f"the id {twice[0]!r} is used twice")
