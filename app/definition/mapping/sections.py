"""Tells the rows of a table that are titles of sections from its questions."""

from __future__ import annotations

import re
from functools import cached_property

from app.definition.mapping.guessed import Role
from app.definition.mapping.heads import Block
from app.definition.mapping.view import View

_TOP = re.compile(r"\s*(?:\d{1,2}|[A-Z]|[IVX]{1,4})(?:\.0)?[.)]?\s*[-–—]?\s*")
_DEEP = re.compile(r"\d+\.\d+")


class Sections:
    """The rows of one table, without reading their questions."""

    def __init__(self, view: View, block: Block) -> None:
        self.view, self.block = view, block
        self.question = block.first(Role.QUESTION) or block.columns[0]
        self.number = block.first(Role.NUMBER)
        self._is_numbered = self._numbered_share() > 0.5
        self._has_deep = self._count_deep() > 0

    def label(self, row: int) -> str:
        text = self.view.text(row, self.question.number)
        if not text:
            top, column = self.view.anchor(row, self.question.number)
            text = self.view.text(top, column) if column == self.question.number else ""
        return text

    def any_label(self, row: int) -> str:
        filled = self.view.filled(row)
        return self.label(row) or (self.view.text(row, filled[0]) if filled else "")

    def _numbered_share(self) -> float:
        if self.number is None:
            return 0.0
        rows = [row for row in self.block.rows if self.view.text(row, self.question.number)]
        numbered = [row for row in rows if self.view.text(row, self.number.number)]
        return len(numbered) / len(rows) if rows else 0.0

    def _count_deep(self) -> int:
        column = self.number.number if self.number else self.question.number
        return sum(bool(_DEEP.match(self.view.text(row, column))) for row in self.block.rows)

    def is_section(self, row: int) -> bool:
        filled = self.view.filled(row)
        if not filled or self.is_computed(row):
            return False
        first = filled[0]
        if len(self.view.text(row, first)) > 150:
            return False
        if len(filled) == 1 and self._is_wide(row, first):
            return True
        own = self.view.text(row, self.question.number)
        number = self.view.text(row, self.number.number) if self.number else ""
        if number and not own:
            return len(filled) == 1 and bool(re.search(r"[^\W\d_]{3}", number))
        if any(column not in self.names for column in filled):
            return False
        if self._is_numbered and own and not number:
            return True
        if self._has_deep and (top := number or own):
            is_top = (
                not _DEEP.match(top) and bool(_TOP.match(top)) and (not number or len(number) < 5)
            )
            return is_top and (bool(number) or bool(re.match(r"\s*\d", own)))
        is_alone = len(filled) == 1 and not number
        return (
            is_alone
            and ((own.isupper() and len(own) <= 80) or own.endswith(":"))
            and not self._all_upper
        )

    @cached_property
    def names(self) -> set[int]:
        return {one.number for one in self.block.of(Role.NUMBER, Role.QUESTION, Role.SECTION)}

    @cached_property
    def _all_upper(self) -> bool:
        labels = [
            text for row in self.block.rows if (text := self.view.text(row, self.question.number))
        ]
        return sum(label.isupper() for label in labels) > 0.6 * len(labels)

    def _is_wide(self, row: int, column: int) -> bool:
        """Whether a cell lies over the columns of answers."""
        last = self.view.end(row, column)[1]
        answers = self.block.of(Role.READING, Role.OK, Role.VERDICT, Role.COMMENT, Role.CRITERION)
        return any(column < one.number <= last for one in answers) and last > column

    def title(self, row: int) -> str:
        texts = [
            self.view.text(row, column) for column in self.view.filled(row) if column in self.names
        ]
        texts = texts or [self.any_label(row)]
        if len(texts) > 1 and re.fullmatch(r"[\dA-Z]{1,4}", texts[0]):
            texts[0] += "."
        return " ".join(" ".join(texts).split())

    def is_computed(self, row: int) -> bool:
        asking = self.block.of(Role.QUESTION, Role.UNIT, Role.CRITERION, Role.COMMENT, Role.SECTION)
        return any(self.view.is_formula(row, one.number) for one in asking)
