"""The canonical value of an answer, and the cleaning of text from forms and clients.

The values: verdict "ok" | "not_ok" | "na"; select_one an option id; select_many option ids
in the definition's order; text and long_text a string; number {"text", "decimal"}, plus "doubt"
while two numbers are possible and nobody has chosen (see fields/measuring.py); date
"YYYY-MM-DD"; time "HH:MM"; table {"row_id:column_id": {"text", "decimal"}}; None for no answer.
The modules in fields/ parse each type.
"""

from __future__ import annotations

import re
import unicodedata

from app.definition.measured import InvalidAnswer
from app.definition.sentences import N_, say

__all__ = [
    "AnswerValue",
    "InvalidAnswer",
    "clean_text",
    "excerpt",
    "not_an_option",
    "not_understood",
    "parse_comment",
    "parse_reason",
    "text_of",
    "word_of",
]

AnswerValue = str | list[str] | dict[str, str] | dict[str, dict[str, str]] | None

MAX_WORD = 2_000
MAX_COMMENT = 5_000
MAX_REASON = 1_000

# Sorting a long run of combining marks takes quadratic time in unicodedata; real words have
# only a few, and Unicode's own stream-safe limit is 30.
_MAX_MARKS = 30
_HIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_LINE_END = re.compile(r"\r\n|[\r\x85\u2028\u2029]")

TOO_LONG = N_("The text has %(length)s characters; the limit is %(limit)s.")
TOO_MANY_MARKS = N_("The text has too many accents on one letter. Type it again without them.")
NOT_UNDERSTOOD = N_("The answer is in a format that this question does not accept.")
NOT_AN_OPTION = N_('"%(text)s" is not one of the answers to this question.')


def clean_text(text: str, max_length: int) -> str:
    """Return `text` in NFC, without characters that storage cannot hold, with line feeds only.

    Text longer than `max_length` characters is rejected, never cut. Raises InvalidAnswer.
    """
    if len(text) > 2 * max_length:  # NFC never halves the length of real text
        raise InvalidAnswer(say(TOO_LONG, length=len(text), limit=max_length))
    text = _HIDDEN.sub("", _LINE_END.sub("\n", text))
    if not text.isascii():
        _reject_stacked_marks(text)
        text = unicodedata.normalize("NFC", text)
    text = text.strip()
    if len(text) > max_length:
        raise InvalidAnswer(say(TOO_LONG, length=len(text), limit=max_length))
    return text


def parse_comment(raw: str | None) -> str | None:
    """The cleaned comment, or None when blank. Raises InvalidAnswer."""
    return clean_text(raw or "", MAX_COMMENT) or None


def parse_reason(raw: str | None) -> str | None:
    """The cleaned reason for an N.A., a quarantined photo or a revision, or None when blank."""
    return clean_text(raw or "", MAX_REASON) or None


def text_of(raw: object) -> str:
    """`raw` unchanged if it is text, "" for None. Raises InvalidAnswer."""
    if raw is None:
        return ""
    if not isinstance(raw, str):
        raise not_understood()
    return raw


def word_of(raw: object) -> str:
    """`raw` cleaned, for short answers such as a word or a date. Raises InvalidAnswer."""
    return clean_text(text_of(raw), MAX_WORD)


def not_understood() -> InvalidAnswer:
    return InvalidAnswer(say(NOT_UNDERSTOOD))


def not_an_option(word: str) -> InvalidAnswer:
    return InvalidAnswer(say(NOT_AN_OPTION, text=excerpt(word)))


def excerpt(text: str) -> str:
    """The start of a text, short enough to quote in a message."""
    printable = _HIDDEN.sub("", text)
    return printable if len(printable) <= 40 else f"{printable[:40]}…"


def _reject_stacked_marks(text: str) -> None:
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run > _MAX_MARKS:
            raise InvalidAnswer(say(TOO_MANY_MARKS))
