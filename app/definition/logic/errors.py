"""What is wrong with an expression, as a sentence, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.definition.sentences import Sentence


class Setting(StrEnum):
    """The settings that hold an expression, by their name in the definition."""

    SHOWN_WHEN = "shown_when"
    REQUIRED_WHEN = "required_when"
    FAILS_WHEN = "fails_when"
    CALCULATION = "calculation"


class LogicError(ValueError):
    """A faulty expression. `at` is the index in its text where the fault is, None without text."""

    def __init__(self, sentence: Sentence, at: int | None = None) -> None:
        super().__init__(str(sentence))
        self.sentence, self.at = sentence, at


@dataclass(frozen=True, slots=True)
class LogicProblem:
    """A fault in a definition: the setting of a field, or of a section if `is_section`."""

    id: str
    setting: Setting
    sentence: Sentence
    is_section: bool = False

    def __str__(self) -> str:
        what = "section" if self.is_section else "field"
        return f"{self.setting.value} of the {what} {self.id!r}: {self.sentence}"
