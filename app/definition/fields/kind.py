"""The base class of field types, with the behaviour that most types share.

Each type's module overrides what differs. This module names no type and knows nothing of
reports, pages or the interface language.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from random import Random
from typing import ClassVar

from app.definition.answers import AnswerValue
from app.definition.judging import AnswerFacts, Judgement, against, has_text, worst
from app.definition.schema import Field, FieldType, Language, Text, Verdict
from app.definition.sentences import Sentence

# The key of a number's only reading; the readings of a table use the keys of the cells.
ONLY = ""

Reading = Mapping[str, str]
# The value of a spreadsheet cell, and what the PDF prints: the PDF formats dates and bilingual
# texts itself.
CellValue = str | date | time
Printed = str | date | Text


@dataclass(frozen=True, slots=True)
class Reader:
    """The languages of the person who will read an answer.

    `languages` are the checklist's languages, `language` is the interface language; `tell`
    translates a sentence into it, `verdict` gives the words of a verdict and `day` those of a day
    ("2026-03-31").
    """

    languages: tuple[Language, ...]
    language: Language
    tell: Callable[[Sentence], str]
    verdict: Callable[[str], str]
    day: Callable[[str], str] = str


class FieldKind(ABC):
    """One field type. `workbook_words` has its names in a workbook, divided by bars, main first;
    `name` is what people call it, to be translated."""

    type: ClassVar[FieldType]
    name: ClassVar[str]
    workbook_words: ClassVar[str]
    # Whether the answer itself is OK, Not OK or N.A.
    is_verdict_type: ClassVar[bool] = False
    # Whether an answer is required where the workbook does not say.
    is_required_by_default: ClassVar[bool] = True
    # Whether answers are paragraphs rather than short texts.
    is_long: ClassVar[bool] = False

    def parse(self, field: Field, raw: object, language: Language | None = None) -> AnswerValue:
        """The canonical value of input from a form or a client, or None when blank.

        `raw` is a string, a list of strings (select many) or a mapping from cell key to text
        (tables). Canonical values are accepted unchanged. `language` is that of the person who
        typed and decides the thousands separator; None if unknown. Raises InvalidAnswer.
        """
        if raw is None or raw == "" or raw == [] or raw == {}:
            return None
        return self._parse(field, raw, language)

    @abstractmethod
    def _parse(self, field: Field, raw: object, language: Language | None) -> AnswerValue:
        """The canonical value of input that is not blank. Raises InvalidAnswer."""

    def from_form(self, texts: Sequence[object]) -> object:
        """The input for `parse`, from the texts that a form sends for the answer."""
        return texts[-1] if texts else None

    def as_typed(self, text: object) -> object:
        """A rejected text in the shape of a stored answer, so that the form can show it again."""
        return text

    def readings(self, field: Field, value: object) -> Iterator[tuple[str, Reading]]:
        """The measured readings with their keys, in the order of the form."""
        return iter(())

    def undecided(self, field: Field, value: object) -> dict[str, Reading]:
        """The readings that may be two numbers and that nobody has decided yet, by key."""
        return {key: one for key, one in self.readings(field, value) if "doubt" in one}

    def decide(self, field: Field, value: AnswerValue, chosen: Mapping[str, str]) -> AnswerValue:
        """`value` with the chosen numbers; a choice applies only if the text allows it."""
        return value

    def keep_unchanged(
        self, field: Field, value: AnswerValue, standing: AnswerValue, chosen: Mapping[str, str]
    ) -> AnswerValue:
        """`value`, but with the stored reading where the text is unchanged and no choice was
        made."""
        return value

    def without_doubts(self, field: Field, value: AnswerValue) -> AnswerValue:
        """`value` without doubts, so that it does not depend on who typed it."""
        return value

    def open_cells(self, field: Field, value: AnswerValue) -> list[str]:
        """The keys of the table cells without a reading, in order."""
        return []

    def judge(self, field: Field, value: object) -> dict[str, Judgement]:
        """The judgement of each reading by its key."""
        return {key: against(field.limits, one) for key, one in self.readings(field, value)}

    def has_value(self, field: Field, facts: AnswerFacts) -> bool:
        """Whether there is any answer; one cell of a table is enough."""
        return bool(facts.value)

    def is_na(self, field: Field, facts: AnswerFacts) -> bool:
        """Whether the field is marked as not applicable; a value takes precedence over a reason."""
        return not facts.value and has_text(facts.na_reason)

    def is_answered(self, field: Field, facts: AnswerFacts) -> bool:
        """Whether the answer is complete: a value (for a table, in every cell) or an N.A."""
        if self.is_na(field, facts):
            return True
        return self.has_value(field, facts) and not self.open_cells(field, facts.value)

    def verdict(self, field: Field, facts: AnswerFacts) -> Verdict | None:
        """The verdict on an answer, or None if it is neutral or incomplete.

        Readings with limits are Not OK as soon as one is out, and OK once all are there and within.
        """
        if self.is_na(field, facts):
            return Verdict.NA
        judgement = worst(self.judge(field, facts.value).values())
        if judgement is Judgement.OUT_OF_LIMITS:
            return Verdict.NOT_OK
        if judgement is Judgement.IN_LIMITS and self.is_answered(field, facts):
            return Verdict.OK
        return None

    def read(self, field: Field, value: AnswerValue, reader: Reader) -> str:
        """A non-blank value as text on one line."""
        return str(value)

    def cell(self, field: Field, value: AnswerValue, reader: Reader) -> CellValue:
        """A non-blank value for a spreadsheet cell."""
        return self.read(field, value, reader)

    def print(self, field: Field, value: AnswerValue) -> tuple[Printed, ...]:
        """The lines that the PDF prints for a non-blank value.

        Verdicts and readings are printed separately.
        """
        return (str(value),)

    @abstractmethod
    def example(self, field: Field, chance: Random, today: date, *, wrong: bool) -> object:
        """A plausible answer for demonstrations, in the form that `parse` takes, or one that fails.

        None if the answer depends on the text of the question.
        """
