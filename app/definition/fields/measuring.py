"""Behaviour shared by the types whose answers are readings.

app/definition/measured.py interprets the text of a reading. If a text may be two numbers, the
author decides; a limit must never decide which number was meant, so limits are not used for this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from random import Random

from app.definition.answers import AnswerValue, text_of
from app.definition.fields.kind import ONLY, FieldKind, Reader, Reading
from app.definition.measured import DisplayedReading, parse_decimal, shown
from app.definition.schema import Field, Language, Limits
from app.definition.sentences import N_, say

TYPED = N_("typed as %(text)s")


class MeasuringKind(FieldKind):
    def read(self, field: Field, value: AnswerValue, reader: Reader) -> str:
        """The assessed numbers, the unit once, and the typed text where it could be misread."""
        seen = [
            shown(one, field.unit, reader.language) for _key, one in self.readings(field, value)
        ]
        if len(seen) == 1:
            number = " ".join(part for part in (seen[0].text, field.unit) if part)
            return number + _typed(seen[0], reader)
        numbers = "; ".join(one.text + _typed(one, reader) for one in seen)
        return " ".join(part for part in (numbers, field.unit) if part)

    def print(self, field: Field, value: AnswerValue) -> tuple[()]:
        return ()

    def decide(self, field: Field, value: AnswerValue, chosen: Mapping[str, str]) -> AnswerValue:
        return self._changed(
            field, value, lambda key, reading: _decided(field, reading, chosen.get(key))
        )

    def keep_unchanged(
        self, field: Field, value: AnswerValue, standing: AnswerValue, chosen: Mapping[str, str]
    ) -> AnswerValue:
        before = dict(self.readings(field, standing))

        def keep(key: str, reading: Reading) -> Reading:
            old = before.get(key)
            is_chosen = key in chosen and chosen[key] == reading["decimal"]
            return old if old and old["text"] == reading["text"] and not is_chosen else reading

        return self._changed(field, value, keep)

    def without_doubts(self, field: Field, value: AnswerValue) -> AnswerValue:
        return self._changed(field, value, lambda _key, reading: _without_doubt(reading))

    def _changed(
        self, field: Field, value: AnswerValue, change: Callable[[str, Reading], Reading]
    ) -> AnswerValue:
        changed = {key: dict(change(key, reading)) for key, reading in self.readings(field, value)}
        return changed.get(ONLY, changed) if changed else value


def _without_doubt(reading: Reading) -> Reading:
    return {part: text for part, text in reading.items() if part != "doubt"}


def _decided(field: Field, reading: Reading, number: str | None) -> Reading:
    if number is None:
        return reading
    either = parse_decimal(reading["text"], unit=field.unit)
    if number not in (either.decimal, either.doubt):
        return reading
    return {"text": reading["text"], "decimal": number}


def _typed(one: DisplayedReading, reader: Reader) -> str:
    return f" ({reader.tell(say(TYPED, text=one.typed))})" if one.typed else ""


def parse_reading(field: Field, raw: object, language: Language | None) -> dict[str, str] | None:
    """A reading from its text, or from a canonical value, whose text is parsed again.

    If the text is ambiguous, the decision in a canonical value is kept. Raises InvalidAnswer.
    """
    decided = None
    if isinstance(raw, Mapping):
        decided = raw.get("decimal") if not raw.get("doubt") else None
        raw = raw.get("text")
    text = text_of(raw)
    if not text.strip():
        return None
    read = parse_decimal(text, unit=field.unit, language=None if decided else language)
    if decided and decided in (read.decimal, read.doubt):
        read = replace(read, decimal=str(decided), doubt=None)
    return read.to_json()


def example_reading(limits: Limits | None, chance: Random, *, wrong: bool) -> str:
    """A value as a meter shows it: within the limits, or just outside one of them."""
    low = limits.min if limits else None
    high = limits.max if limits else None
    if low is None and high is None:
        return str(chance.randint(1, 100))
    if low is None:
        assert high is not None
        low = high - abs(high)
    elif high is None:
        high = low + max(abs(low) * 100, Decimal(1))
    assert high is not None
    span = (high - low) or Decimal(1)
    step = Decimal(chance.randint(20, 80)) / 100
    if wrong:
        is_above = limits is not None and limits.max is not None
        value = high + span * step / 4 if is_above else low - abs(low or span) * step / 2
    else:
        value = low + span * step
    return _as_shown(value, limits)


def _as_shown(value: Decimal, limits: Limits | None) -> str:
    """Round to one decimal place more than the limits, so that the value stays on its side."""
    bounds = [bound for bound in (limits.min, limits.max) if bound is not None] if limits else []
    places = max((-int(bound.as_tuple().exponent) for bound in bounds), default=0) + 1
    return format(value.quantize(Decimal(1).scaleb(-max(places, 1))), "f")
