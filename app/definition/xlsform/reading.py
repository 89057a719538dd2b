"""The result of reading an XLSForm, and the same as plain JSON for the child process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.definition.workbook.reader import WorkbookReading
from app.definition.xlsform.languages import FormLanguage
from app.definition.xlsform.leftout import LeftOut


@dataclass(frozen=True, slots=True)
class FormFacts:
    """What a form has besides the definition. `chosen` are keys of `languages`."""

    languages: tuple[FormLanguage, ...]
    chosen: tuple[str, ...]
    left_out: tuple[LeftOut, ...]

    def plain(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "languages": [one.plain() for one in self.languages],
            "chosen": list(self.chosen),
            "left_out": [one.plain() for one in self.left_out],
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> FormFacts:
        """From plain JSON. Raises KeyError, TypeError, ValueError."""
        return cls(
            tuple(map(FormLanguage.of, plain["languages"])),
            tuple(plain["chosen"]),
            tuple(map(LeftOut.of, plain["left_out"])),
        )


@dataclass(frozen=True, slots=True)
class FormReading(WorkbookReading):
    """A reading of an XLSForm; of another workbook, `form` is None."""

    form: FormFacts | None = None
