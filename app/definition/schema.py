"""The shape of a published checklist, validated once when a version is made.

A version stores `Definition.model_dump(mode="json", exclude_defaults=True)` as JSONB and a
report points at that version for ever, so a change here must keep old versions readable:
add optional fields, never rename or retype.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator


class Language(StrEnum):
    EN = "en"
    PT = "pt"


class FieldType(StrEnum):
    VERDICT = "verdict"
    SELECT_ONE = "select_one"
    SELECT_MANY = "select_many"
    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    TABLE = "table"
    NOTE = "note"


class Verdict(StrEnum):
    OK = "ok"
    NOT_OK = "not_ok"
    NA = "na"


class PhotoMode(StrEnum):
    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class CommentPolicy(StrEnum):
    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"
    REQUIRED_WHEN_NOT_OK = "required_when_not_ok"


class Prefill(StrEnum):
    """What a report knows of itself, so that a field with this setting need not ask for it."""

    CLIENT = "client"
    PROJECT = "project"
    ADDRESS = "address"
    TAG = "tag"
    EQUIPMENT = "equipment"
    TECHNICIAN = "technician"
    COMPANY = "company"
    REPORT_NUMBER = "report_number"
    START_DATE = "start_date"


class RolePrefill(StrEnum):
    """Whose name stands in a signature's form before anybody types."""

    ME = "me"


# Ids come from the workbook or from slugs; they key answers and stand in HTML ids and URLs.
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,79}$")]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
LongLabel = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Unit = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)]

MAX_FIELDS = 1_000
MAX_TABLE_CELLS = 1_500
MAX_PHOTOS_PER_FIELD = 50

OPTION_TYPES = frozenset({FieldType.SELECT_ONE, FieldType.SELECT_MANY})
MEASURED_TYPES = frozenset({FieldType.NUMBER, FieldType.TABLE})
WRITTEN_TYPES = frozenset({FieldType.TEXT, FieldType.LONG_TEXT})


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(Frozen):
    """Words in one or two languages; at least one is present."""

    en: LongLabel | None = None
    pt: LongLabel | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.en or self.pt):
            raise ValueError("a text needs words in at least one language")
        return self

    def first(self, languages: tuple[Language, ...]) -> str:
        """The words in the first of `languages` that has any, else in whichever exists."""
        for language in languages:
            words = getattr(self, language)
            if words:
                return str(words)
        return self.en or self.pt or ""

    def second(self, languages: tuple[Language, ...]) -> str | None:
        """The words to show beside `first`, or None where they are missing or the same."""
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
    id: Id
    label: Text


class PhotoPolicy(Frozen):
    mode: PhotoMode = PhotoMode.OPTIONAL
    min: int = 0
    max: int = 20
    gps_required: bool = False

    @model_validator(mode="after")
    def _counts_agree(self) -> Self:
        if self.mode is PhotoMode.REQUIRED and self.min < 1:
            raise ValueError("required photos need a minimum of at least 1")
        if self.mode is not PhotoMode.REQUIRED and self.min:
            raise ValueError("only required photos have a minimum")
        if not 0 <= self.min <= self.max <= MAX_PHOTOS_PER_FIELD:
            raise ValueError(f"photo counts run from 0 to {MAX_PHOTOS_PER_FIELD}, minimum first")
        return self


class Field(Frozen):
    """One question. `id` is stable inside the checklist and keys answers, photos and rules.

    `prefill` names what the report itself knows; it is the answer until somebody gives another.
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

    @model_validator(mode="after")
    def _parts_fit_the_type(self) -> Self:
        if (self.type in OPTION_TYPES) != bool(self.options):
            raise ValueError("options belong to select fields, and select fields need them")
        if self.type in OPTION_TYPES and len(self.options) < 2:
            raise ValueError("a select field needs at least two options")
        if (self.type is FieldType.TABLE) != bool(self.rows and self.columns):
            raise ValueError("rows and columns belong to tables, and tables need both")
        if len(self.rows) * len(self.columns) > MAX_TABLE_CELLS:
            raise ValueError(f"a table holds at most {MAX_TABLE_CELLS} cells")
        if self.limits is not None and self.type not in MEASURED_TYPES:
            raise ValueError("limits belong to numbers and tables")
        if self.type is FieldType.NOTE and self.required:
            raise ValueError("a note asks nothing, so it cannot be required")
        if self.prefill and self.type not in types_of(self.prefill):
            raise ValueError("the start date fills date fields, all else text fields")
        for group in (self.options, self.rows, self.columns):
            _refuse_repeated(option.id for option in group)
        return self

    def cells(self) -> Iterator[tuple[str, Option, Option]]:
        """Each cell of a table as (key, row, column); the key is `row_id:column_id`."""
        for row in self.rows:
            for column in self.columns:
                yield f"{row.id}:{column.id}", row, column

    def option(self, option_id: str) -> Option | None:
        return next((option for option in self.options if option.id == option_id), None)


class Section(Frozen):
    id: Id
    title: Text
    fields: tuple[Field, ...]


class SignatureRole(Frozen):
    id: Id
    label: Text
    required: bool = True
    prefill: RolePrefill | None = None


class Header(Frozen):
    code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9._-]{0,31}$")]
    title: Text
    category: Label | None = None
    reference_standards: tuple[Label, ...] = ()
    planning_requirements: tuple[Label, ...] = ()


class Definition(Frozen):
    """A whole checklist version. `languages` has one or two entries, the first shown larger."""

    languages: tuple[Language, ...]
    header: Header
    info_fields: tuple[Field, ...] = ()
    sections: tuple[Section, ...]
    signature_roles: tuple[SignatureRole, ...] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if not 1 <= len(self.languages) <= 2:
            raise ValueError("a checklist has one or two languages")
        if not any(section.fields for section in self.sections):
            raise ValueError("a checklist needs at least one question")
        _refuse_repeated(field.id for field in self.all_fields())
        _refuse_repeated(section.id for section in self.sections)
        _refuse_repeated(role.id for role in self.signature_roles)
        if sum(1 for _ in self.all_fields()) > MAX_FIELDS:
            raise ValueError(f"a checklist holds at most {MAX_FIELDS} fields")
        return self

    def all_fields(self) -> Iterator[Field]:
        """Info fields first, then the fields of each section, in order."""
        yield from self.info_fields
        for section in self.sections:
            yield from section.fields

    def field(self, field_id: str) -> Field | None:
        return next((field for field in self.all_fields() if field.id == field_id), None)

    def role(self, role_id: str) -> SignatureRole | None:
        return next((role for role in self.signature_roles if role.id == role_id), None)


def types_of(prefill: Prefill) -> frozenset[FieldType]:
    """The types of field that can hold what the report knows."""
    return frozenset({FieldType.DATE}) if prefill is Prefill.START_DATE else WRITTEN_TYPES


def _refuse_repeated(ids: Iterator[str]) -> None:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise ValueError(f"the id {one!r} is used twice")
        seen.add(one)
