"""From what a form or a JSON client sends to the one canonical value of an answer.

The values: verdict "ok" | "not_ok" | "na"; select_one an option id; select_many option ids
in the definition's order; text and long_text words; number {"text", "decimal"}, and "doubt"
while it is not decided which of two numbers the text means (see doubts.py); date
"YYYY-MM-DD"; time "HH:MM"; table {"row_id:column_id": {"text", "decimal"}}; None where
nothing is answered. Whether an answer is needed or within limits is for rules.py.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from app.definition.measured import InvalidAnswer, Measured, parse_decimal
from app.definition.schema import Field, FieldType, Language, Verdict
from app.definition.sentences import N_, say

__all__ = [
    "AnswerValue",
    "InvalidAnswer",
    "Measured",
    "clean_text",
    "parse_answer",
    "parse_comment",
    "parse_decimal",
    "parse_reason",
]

AnswerValue = str | list[str] | dict[str, str] | dict[str, dict[str, str]] | None

MAX_TEXT = 2_000
MAX_LONG_TEXT = 20_000
MAX_COMMENT = 5_000
MAX_REASON = 1_000
FIRST_YEAR, LAST_YEAR = 1900, 2100

# Sorting a long run of combining marks is quadratic in unicodedata; real words never have
# more than a few, and Unicode's own stream-safe limit is 30.
_MAX_MARKS = 30
_HIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_LINE_END = re.compile(r"\r\n|[\r\x85\u2028\u2029]")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::00(?:\.0+)?)?")

TOO_LONG = N_("The text has %(length)s characters; at most %(limit)s fit here.")
TOO_MANY_MARKS = N_("The text carries too many accents on one letter. Type it again without them.")
NOT_UNDERSTOOD = N_("The answer came in a form that this question does not take.")
NOT_AN_OPTION = N_('"%(text)s" is not among the answers of this question.')
NOT_A_CELL = N_('"%(key)s" is not a cell of this table.')
NOT_A_DATE = N_('"%(text)s" is not a date. Write it as year-month-day, for example 2026-03-31.')
FAR_DATE = N_("The year must lie between %(first)s and %(last)s.")
NOT_A_TIME = N_(
    '"%(text)s" is not a time of day. Write it as hours and minutes, for example 14:05.'
)
NO_ANSWER_HERE = N_("This is a note and takes no answer.")


def clean_text(text: str, max_length: int) -> str:
    """`text` in NFC without characters that break storage, lines ended by a line feed.

    Refused, never cut, when longer than `max_length` characters (InvalidAnswer).
    """
    if len(text) > 2 * max_length:  # no normal form shrinks honest words to half
        raise InvalidAnswer(say(TOO_LONG, length=len(text), limit=max_length))
    text = _HIDDEN.sub("", _LINE_END.sub("\n", text))
    if not text.isascii():
        _refuse_stacked_marks(text)
        text = unicodedata.normalize("NFC", text)
    text = text.strip()
    if len(text) > max_length:
        raise InvalidAnswer(say(TOO_LONG, length=len(text), limit=max_length))
    return text


def parse_comment(raw: str | None) -> str | None:
    """A comment, or None when blank. Raises InvalidAnswer."""
    return clean_text(raw or "", MAX_COMMENT) or None


def parse_reason(raw: str | None) -> str | None:
    """The reason of an N.A., a quarantined photo or a revision, or None when blank."""
    return clean_text(raw or "", MAX_REASON) or None


def parse_answer(field: Field, raw: object, language: Language | None = None) -> AnswerValue:
    """The canonical value of `raw` for `field`, or None when blank.

    `raw` is a string, a list of strings (select many) or a mapping from cell key to text
    (tables). Canonical values are accepted as they are. `language` is that of whoever typed,
    by which thousands are parted; None where nobody knows it. Raises InvalidAnswer.
    """
    if raw is None or raw == "" or raw == [] or raw == {}:
        return None
    if field.type is FieldType.NUMBER:
        return _measured(field, raw, language)
    if field.type is FieldType.TABLE:
        return _parse_table(field, raw, language)
    return _PARSERS[field.type](field, raw)


def _parse_verdict(field: Field, raw: object) -> str | None:
    word = _word(raw)
    if word and word not in set(Verdict):
        raise InvalidAnswer(say(NOT_AN_OPTION, text=_excerpt(word)))
    return word or None


def _parse_select_one(field: Field, raw: object) -> str | None:
    word = _word(raw)
    if word and field.option(word) is None:
        raise InvalidAnswer(say(NOT_AN_OPTION, text=_excerpt(word)))
    return word or None


def _parse_select_many(field: Field, raw: object) -> list[str] | None:
    items = [raw] if isinstance(raw, str) else raw
    if not isinstance(items, Sequence):
        raise InvalidAnswer(say(NOT_UNDERSTOOD))
    chosen = {word for word in map(_word, items) if word}
    unknown = sorted(chosen - {option.id for option in field.options})
    if unknown:
        raise InvalidAnswer(say(NOT_AN_OPTION, text=_excerpt(unknown[0])))
    return [option.id for option in field.options if option.id in chosen] or None


def _parse_text(field: Field, raw: object) -> str | None:
    return clean_text(_string(raw), MAX_TEXT) or None


def _parse_long_text(field: Field, raw: object) -> str | None:
    return clean_text(_string(raw), MAX_LONG_TEXT) or None


def _parse_date(field: Field, raw: object) -> str | None:
    word = _word(raw)
    if not word:
        return None
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", word):
        raise InvalidAnswer(say(NOT_A_DATE, text=_excerpt(word)))
    try:
        day = date.fromisoformat(word)
    except ValueError:
        raise InvalidAnswer(say(NOT_A_DATE, text=_excerpt(word))) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InvalidAnswer(say(FAR_DATE, first=str(FIRST_YEAR), last=str(LAST_YEAR)))
    return word


def _parse_time(field: Field, raw: object) -> str | None:
    word = _word(raw)
    if not word:
        return None
    match = _TIME.fullmatch(word)
    if not match:
        raise InvalidAnswer(say(NOT_A_TIME, text=_excerpt(word)))
    return f"{match[1]:0>2}:{match[2]}"


def _parse_table(
    field: Field, raw: object, language: Language | None
) -> dict[str, dict[str, str]] | None:
    if not isinstance(raw, Mapping):
        raise InvalidAnswer(say(NOT_UNDERSTOOD))
    keys = [key for key, _, _ in field.cells()]
    unknown = [key for key in raw if key not in set(keys)]
    if unknown:
        raise InvalidAnswer(say(NOT_A_CELL, key=_excerpt(str(unknown[0]))))
    cells: dict[str, dict[str, str]] = {}
    for key in keys:
        try:
            reading = _measured(field, raw.get(key), language)
        except InvalidAnswer as error:
            raise InvalidAnswer(error.sentence, cell=key) from None
        if reading:
            cells[key] = reading
    return cells or None


def _parse_note(field: Field, raw: object) -> None:
    raise InvalidAnswer(say(NO_ANSWER_HERE))


def _measured(field: Field, raw: object, language: Language | None) -> dict[str, str] | None:
    """A reading from its text, or from the canonical value, whose text is read anew.

    Of two numbers that its text may mean, a canonical value's own decision stands.
    """
    decided = None
    if isinstance(raw, Mapping):
        decided = raw.get("decimal") if not raw.get("doubt") else None
        raw = raw.get("text")
    text = _string(raw)
    if not text.strip():
        return None
    unit = field.limits.unit if field.limits else None
    read = parse_decimal(text, unit=unit, language=None if decided else language)
    if decided and decided in (read.decimal, read.doubt):
        read = replace(read, decimal=str(decided), doubt=None)
    return read.to_json()


def _string(raw: object) -> str:
    if raw is None:
        return ""
    if not isinstance(raw, str):
        raise InvalidAnswer(say(NOT_UNDERSTOOD))
    return raw


def _word(raw: object) -> str:
    return clean_text(_string(raw), MAX_TEXT)


def _excerpt(text: str) -> str:
    printable = _HIDDEN.sub("", text)
    return printable if len(printable) <= 40 else f"{printable[:40]}…"


def _refuse_stacked_marks(text: str) -> None:
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run > _MAX_MARKS:
            raise InvalidAnswer(say(TOO_MANY_MARKS))


_PARSERS: Mapping[FieldType, Callable[[Field, object], AnswerValue]] = {
    FieldType.VERDICT: _parse_verdict,
    FieldType.SELECT_ONE: _parse_select_one,
    FieldType.SELECT_MANY: _parse_select_many,
    FieldType.TEXT: _parse_text,
    FieldType.LONG_TEXT: _parse_long_text,
    FieldType.DATE: _parse_date,
    FieldType.TIME: _parse_time,
    FieldType.NOTE: _parse_note,
}
