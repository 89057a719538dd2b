"""Messages of the workbook reader: problems, which stop the import, and notices, which do not.

All are collected, so that the author can correct the whole workbook at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.definition.sentences import N_, Sentence, say

T = TypeVar("T")

# A wrong file can have a problem in every row; a longer list helps nobody.
MAX_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """A message about one cell ("B7") of one sheet; both are empty for the whole file."""

    sheet: str
    cell: str
    sentence: Sentence

    def plain(self) -> dict[str, Any]:
        """The problem as plain JSON."""
        sentence = self.sentence
        return {
            "sheet": self.sheet,
            "cell": self.cell,
            "msgid": sentence.msgid,
            "params": dict(sentence.params),
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Problem:
        """The problem from plain JSON. Raises KeyError, TypeError for anything else."""
        return cls(plain["sheet"], plain["cell"], say(plain["msgid"], **plain["params"]))


class Unclear(ValueError):
    """The text of a cell cannot be parsed; `sentence` says what to write instead."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def short(text: str) -> str:
    """The text of a cell on one line, short enough to quote in a sentence."""
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
            more = say(N_("There are more problems. Fix these first."))
            self.problems.append(Problem(sheet, cell, more))

    def notice(self, sheet: str, cell: str, sentence: Sentence) -> None:
        self.notices.append(Problem(sheet, cell, sentence))

    def attempt(self, sheet: str, cell: str, parse: Callable[[], T], default: T) -> T:
        """The result of `parse`, or `default` after logging why the cell is unclear."""
        try:
            return parse()
        except Unclear as unclear:
            self.problem(sheet, cell, unclear.sentence)
            return default
