"""What is written into which cell for each verdict."""

from __future__ import annotations

from app.definition.mapping.context import Context
from app.definition.mapping.guessed import Mark, Role
from app.definition.mapping.heads import Block, Column, verdict_words
from app.definition.mapping.view import View, ref
from app.definition.mapping.words import verdict_of, verdicts_in
from app.definition.schema import Verdict


def marks_of(view: View, block: Block, row: int, context: Context) -> dict[str, Mark]:
    crosses = {Role.OK: Verdict.OK, Role.NOT_OK: Verdict.NOT_OK, Role.NA: Verdict.NA}
    marks = {
        crosses[one.role].value: Mark(cell=ref(row, one.number), text=context.rules.cross)
        for one in block.of(*crosses)
        if view.is_free(row, one.number)
    }
    column = block.first(Role.VERDICT)
    if marks or column is None or not view.is_free(row, column.number):
        return marks
    words = marks_in_words(view, row, column, context)
    return {one.value: Mark(cell=ref(row, column.number), text=text) for one, text in words.items()}


def marks_in_words(view: View, row: int, column: Column, context: Context) -> dict[Verdict, str]:
    """What is written for each verdict in a column with one cell for all of them."""
    found = verdicts_in(view.choices(row, column.number))
    found = found or verdict_words(column.label) or context.rules.marks
    usual = {
        Verdict.OK: "OK",
        Verdict.NOT_OK: context.words("Not OK", "Não OK"),
        Verdict.NA: "N/A",
    }
    if verdict_of(column.label) is Verdict.OK:
        usual[Verdict.OK] = context.rules.cross
    return {**usual, **found}
