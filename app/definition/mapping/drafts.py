"""Questions between cells and definition, with the cells that their answers return to."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from app.definition.mapping.guessed import Device, FieldPlace, PartGuess, RolePlace
from app.definition.schema import FieldType, Prefill
from app.definition.sentences import Sentence


@dataclass(slots=True)
class QuestionDraft:
    """One field. `columns` are the labels of a table's columns, in the order of `place`'s cells,
    which are in `cells`; `translation` is the label in the second language."""

    section: str
    label: str
    type: FieldType
    place: FieldPlace
    ref: str
    translation: str = ""
    hint: str = ""
    unit: str | None = None
    min: Decimal | None = None
    max: Decimal | None = None
    columns: tuple[str, ...] = ()
    row_label: str = ""
    cells: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    required: bool = True
    needs_photo: bool = False
    has_comment: bool = True
    prefill: Prefill | None = None

    @property
    def signature(self) -> tuple[str, str, str]:
        """What makes it the same question on another sheet."""
        return self.section, self.label, self.type.value


@dataclass(slots=True)
class RoleDraft:
    label: str
    place: RolePlace
    ref: str


@dataclass(slots=True)
class SheetDraft:
    """Everything that one sheet asks for. `devices` are those of a matrix."""

    name: str
    info: list[QuestionDraft] = field(default_factory=list)
    questions: list[QuestionDraft] = field(default_factory=list)
    roles: list[RoleDraft] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    parts: list[PartGuess] = field(default_factory=list)
    told: list[tuple[str, Sentence]] = field(default_factory=list)
    is_matrix: bool = False

    def tell(self, ref: str, sentence: Sentence) -> None:
        self.told.append((ref, sentence))
