"""What a reader of workbooks has to say: problems that stop the import, notices that do not.

Everything is collected, so that the author corrects the whole workbook in one go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.definition.sentences import N_, Sentence, say

T = TypeVar("T")

# A wrong file can be wrong in every row; past this the list helps nobody.
MAX_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence about one cell ("B7") of one sheet; both are empty for the whole file."""

    sheet: str
    cell: str
    sentence: Sentence

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        sentence = self.sentence
        return {
            "sheet": self.sheet,
            "cell": self.cell,
            "msgid": sentence.msgid,
            "params": dict(sentence.params),
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Problem:
        """Raises KeyError, TypeError for what is none."""
        return cls(plain["sheet"], plain["cell"], say(plain["msgid"], **plain["params"]))


class Unclear(ValueError):
    """A cell's text that no grammar accepts; `sentence` says what to write instead."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def short(text: str) -> str:
    """A cell's text on one line, in the length that a sentence can quote."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:60]}…"


@dataclass(slots=True)
class Log:
    """Collects problems and notices in reading order."""

    problems: list[Problem] = field(default_factory=list)
    notices: list[Problem] = field(default_factory=list)

    def problem(self, sheet: str, cell: str, sentence: Sentence) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(sheet, cell, sentence))
        elif len(self.problems) == MAX_PROBLEMS:
            more = say(N_("There are more problems; correct these first."))
            self.problems.append(Problem(sheet, cell, more))

    def notice(self, sheet: str, cell: str, sentence: Sentence) -> None:
        self.notices.append(Problem(sheet, cell, sentence))

    def attempt(self, sheet: str, cell: str, parse: Callable[[], T], default: T) -> T:
        """What `parse` returns, or `default` after noting why it found the cell unclear."""
        try:
            return parse()
        except Unclear as unclear:
            self.problem(sheet, cell, unclear.sentence)
            return default
