"""The tree of an expression as a definition stores it.

schema.py uses it for its settings, so this module imports nothing of the definition.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, field_validator

MAX_NODES = 300
MAX_DEPTH = 30
MAX_NUMBER_DIGITS = 28


class Type(StrEnum):
    """What an expression gives. CELLS are the readings of a table or of a part of it."""

    BOOLEAN = "boolean"
    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    TIME = "time"
    CHOICE = "choice"
    CHOICES = "choices"
    CELLS = "cells"
    NOTHING = "nothing"


class Op(StrEnum):
    """The operators by their stored name, which is also how they are written."""

    AND = "and"
    OR = "or"
    NOT = "not"
    EQUAL = "="
    UNEQUAL = "!="
    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="
    PLUS = "+"
    MINUS = "-"
    TIMES = "*"
    BY = "/"
    NEGATIVE = "negative"
    # Leaves: `value` holds the id, "field:row:column" (* for all), the digits, or the text.
    FIELD = "field"
    CELL = "cell"
    SECTION = "section"
    NUMBER = "number"
    TEXT = "text"
    # Functions.
    ANSWERED = "answered"
    IS_NA = "is_na"
    NOT_OK = "not_ok"
    SELECTED = "selected"
    ANY_NOT_OK = "any_not_ok"
    COUNT_NOT_OK = "count_not_ok"
    ALL_ANSWERED = "all_answered"
    IF = "if"
    DEFAULT = "default"
    ROUND = "round"
    ABS = "abs"
    SQRT = "sqrt"
    SUM = "sum"
    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    COUNT = "count"
    DAYS = "days"


LEAVES = frozenset({Op.FIELD, Op.CELL, Op.SECTION, Op.NUMBER, Op.TEXT})
FUNCTIONS = frozenset(list(Op)[list(Op).index(Op.ANSWERED) :])
ORDERINGS = frozenset({Op.BELOW, Op.AT_MOST, Op.ABOVE, Op.AT_LEAST})
COMPARISONS = ORDERINGS | {Op.EQUAL, Op.UNEQUAL}
ARITHMETIC = frozenset({Op.PLUS, Op.MINUS, Op.TIMES, Op.BY})


class Node(BaseModel):
    """One operator with its arguments, or a leaf with its value."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    op: Op
    args: tuple[Node, ...] = ()
    value: str | None = None

    @field_validator("value")
    @classmethod
    def _is_short(cls, value: str | None) -> str | None:
        if value is not None and len(value) > 500:
            raise ValueError("a part of an expression is longer than 500 characters")
        return value

    def nodes(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for arg in self.args:
            yield from arg.nodes()

    @property
    def depth(self) -> int:
        return 1 + max((arg.depth for arg in self.args), default=0)

    @property
    def parts(self) -> tuple[str, str, str]:
        """The field, row and column of a cell."""
        field, row, column = str(self.value).split(":")
        return field, row, column
