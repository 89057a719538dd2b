"""Template filters for the sentences and decimal numbers of app.definition.

Times and days are in locale.py. No feature's texts belong here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from babel.numbers import get_decimal_symbol
from flask import Flask
from flask_babel import (
    format_date,
    format_decimal,
    format_percent,
    format_timedelta,
    get_locale,
    ngettext,
)
from flask_babel import gettext as _

from app.definition.logic.tree import Node
from app.definition.logic.wording import LogicReader, words_of
from app.definition.measured import DisplayedReading, shown
from app.definition.schema import Definition, Limits
from app.definition.sentences import Sentence
from app.definition.units import suffixes
from app.distances import distance_words
from app.web.locale import reader_language, reading_order
from app.words import VERDICTS


def decimal_text(number: Decimal | str) -> str:
    """A decimal in plain notation with the reader's decimal mark; keeps all digits."""
    plain = format(Decimal(number), "f")
    return plain.replace(".", get_decimal_symbol(get_locale())).replace("-", "−")


def shown_reading(reading: Mapping[str, str], limits: Limits | None) -> DisplayedReading:
    """A stored reading for display: the number without unit, and the input if it differs."""
    return shown(reading, limits.unit if limits else None, reader_language())


def unit_suffixes(unit: str) -> str:
    """The unit suffixes that measure.js accepts, with exponents: "kΩ:-3 k:-3 Ω:-6"."""
    return " ".join(f"{name}:{power}" for name, power in suffixes(unit).items())


def sentence_text(sentence: Sentence) -> str:
    """A sentence of app.definition in the reader's language."""
    if sentence.plural:
        one, many, _by = sentence.plural
        return str(ngettext(one, many, sentence.number, **sentence.params))
    return str(_(sentence.msgid, **sentence.params))


def logic_words(node: Node, definition: Definition) -> str:
    """A condition or a calculation as a sentence in the reader's language."""
    languages = reading_order(definition.languages)
    reader = LogicReader(definition, languages, reader_language(), sentence_text, VERDICTS.word)
    return words_of(node, reader)


def calendar_day(day: str) -> str:
    """A date answer ("2026-03-31") in the reader's format; no time zone applies."""
    return str(format_date(date.fromisoformat(day), "d MMM y", rebase=False))


def month_name(first: date) -> str:
    """The month that begins on this day, abbreviated, with its year."""
    return str(format_date(first, "MMM y", rebase=False))


def amount(number: Decimal | int) -> str:
    """A number with thousands separators and at most two decimals."""
    return str(format_decimal(number, "#,##0.##"))


def percent(number: int) -> str:
    """A whole number of per cent in the reader's format: "27%"."""
    return str(format_percent(number / 100, "#,##0%"))


def distance(metres: float) -> str:
    """A distance in the reader's format: "120 m", "3.2 km", "9,545 km"."""
    return distance_words(metres, reader_language().value)


def file_size(size: int) -> str:
    """A size in bytes as "12 kB" or "1.2 MB", with the reader's decimal mark."""
    if size < 1_000_000:
        return f"{format_decimal(max(size / 1000, 1), '#,##0')} kB"
    return f"{format_decimal(size / 1_000_000, '#,##0.#')} MB"


def age(moment: datetime) -> str:
    """How long ago it was, as one amount: "5 minutes", "3 days"."""
    passed = max(datetime.now(UTC) - moment, timedelta(minutes=1))
    return str(format_timedelta(passed, granularity="minute"))


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(
        logic_words=logic_words,
        age=age,
        amount=amount,
        calendar_day=calendar_day,
        decimal_text=decimal_text,
        distance=distance,
        file_size=file_size,
        month_name=month_name,
        percent=percent,
        sentence=sentence_text,
        shown=shown_reading,
        unit_suffixes=unit_suffixes,
    )
