"""A verdict: OK, Not OK or N.A."""

from __future__ import annotations

from datetime import date
from random import Random

from app.definition.answers import AnswerValue, not_an_option, word_of
from app.definition.fields.kind import FieldKind, Reader
from app.definition.judging import AnswerFacts
from app.definition.schema import Field, FieldType, Language, Verdict
from app.definition.sentences import N_


class VerdictKind(FieldKind):
    type = FieldType.VERDICT
    name = N_("OK, Not OK, N.A.")
    workbook_words = (
        "verdict|veredito|ok not ok|ok not ok n a|ok not ok na|ok nao ok"
        "|ok nao ok n a|pass fail|pass fail n a|conforme nao conforme|conformidade|resultado"
    )
    is_verdict_type = True

    def _parse(self, field: Field, raw: object, language: Language | None) -> str | None:
        word = word_of(raw)
        if word and word not in set(Verdict):
            raise not_an_option(word)
        return word or None

    def is_na(self, field: Field, facts: AnswerFacts) -> bool:
        """Whether the answer itself is N.A.; a reason without it does not count."""
        return facts.value == Verdict.NA

    def verdict(self, field: Field, facts: AnswerFacts) -> Verdict | None:
        return Verdict(str(facts.value)) if facts.value else None

    def read(self, field: Field, value: AnswerValue, reader: Reader) -> str:
        return reader.verdict(str(value))

    def print(self, field: Field, value: AnswerValue) -> tuple[()]:
        return ()

    def example(self, field: Field, chance: Random, today: date, *, wrong: bool) -> str:
        return (Verdict.NOT_OK if wrong else Verdict.OK).value
