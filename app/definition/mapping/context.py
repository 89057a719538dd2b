"""What the readers of a workbook's sheets share: its language, its rules, what was corrected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.definition.mapping.guessed import Correction, Kind, Target
from app.definition.mapping.rules import Rules
from app.definition.schema import Language
from app.definition.workbook.addresses import address
from app.definition.workbook.ids import plain_words


@dataclass(slots=True)
class Context:
    language: Language
    rules: Rules
    corrections: Sequence[Correction] = ()
    _choices: Mapping[tuple[str, str, str], str] = field(default_factory=dict)

    def words(self, english: str, portuguese: str) -> str:
        """A fixed word in the language of the workbook."""
        return portuguese if self.language is Language.PT else english

    def row(self, sheet: str, row: int, label: str) -> Kind | None:
        return self._choice(Target.ROW, sheet, str(row), label)

    def cell(self, sheet: str, row: int, column: int, label: str) -> Kind | None:
        return self._choice(Target.CELL, sheet, address(row, column), label)

    def sheet(self, name: str) -> str | None:
        """The last choice for the sheet of this name."""
        chosen = [one.choice for one in self.corrections if one.target is Target.SHEET]
        named = [
            one for one in self.corrections if one.target is Target.SHEET and one.sheet == name
        ]
        return named[-1].choice if chosen and named else None

    def _choice(self, target: Target, sheet: str, at: str, label: str) -> Kind | None:
        """The correction of this very place, else the one of this label elsewhere: the next
        workbook of the shape has its rows in other places."""
        words = plain_words(label)
        same = [one for one in self.corrections if one.target is target and one.words == words]
        here = [one for one in same if (one.sheet, one.at) == (sheet, at)]
        found = (here or same)[-1:]
        return Kind(found[0].choice) if found and found[0].choice in set(Kind) else None
