"""What a spreadsheet shows for a date, a time or a duration, stored as a number of days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from app.definition.workbook.codes import Token, Unsure

DATE_TOKENS = frozenset({"year", "month", "day"})
_TIME_TOKENS = frozenset({"hour", "second", "elapsed", "half"})
_DAY_SECONDS = 86_400
# Spreadsheets disagree on days before 1 March 1900; the last year is 9999.
_FIRST_DAY, _LAST_DAY = 61, 2_958_465
_DAYS_TO_1904 = 1_462
_DAY_ZERO = date(1899, 12, 30)

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "pt": "janeiro fevereiro março abril maio junho julho"
    " agosto setembro outubro novembro dezembro",
}
_WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "pt": "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
}


@dataclass(frozen=True, slots=True)
class _Moment:
    day: date | None
    days: int
    seconds: Decimal
    language: str


def is_moment(tokens: Sequence[Token]) -> bool:
    return any(token.kind in DATE_TOKENS | _TIME_TOKENS for token in tokens)


def shown_moment(
    tokens: Sequence[Token], serial: Decimal, language: str | None, *, is_1904: bool
) -> tuple[str, bool]:
    """The text, and whether other computers show it in other words or order. Raises Unsure."""
    if serial < 0:
        raise Unsure
    kinds = _kinds(tokens)
    serial += _DAYS_TO_1904 if is_1904 and any(kind in DATE_TOKENS for kind in kinds) else 0
    places = _places(tokens, kinds)
    moment = _moment(serial, places, kinds, language)
    is_half = "half" in kinds
    written: list[str] = []
    for at, (token, kind) in enumerate(zip(tokens, kinds, strict=True)):
        if kind == "digit" or (kind == "point" and _is_second_part(kinds, at)):
            written.append(_second_part(moment, places, tokens, kinds, at))
        else:
            written.append(_piece(token, kind, moment, is_half=is_half))
    has_names = any(
        kind in ("month", "day") and len(token.text) > 2
        for token, kind in zip(tokens, kinds, strict=True)
    )
    return "".join(written), language == "local" or (has_names and language is None)


def _kinds(tokens: Sequence[Token]) -> list[str]:
    """The kinds of the tokens; months that mean minutes are renamed."""
    kinds = [token.kind for token in tokens]
    named = [at for at, kind in enumerate(kinds) if kind in DATE_TOKENS | _TIME_TOKENS - {"half"}]
    for place, at in enumerate(named):
        if kinds[at] != "month" or len(tokens[at].text) > 2:
            continue
        earlier = named[place - 1] if place else None
        later = named[place + 1] if place + 1 < len(named) else None
        follows = earlier is not None and (
            kinds[earlier] == "hour" or tokens[earlier].text.startswith("h")
        )
        precedes = later is not None and (
            kinds[later] == "second" or tokens[later].text.startswith("s")
        )
        if follows or precedes:
            kinds[at] = "minute"
    return kinds


def _is_second_part(kinds: Sequence[str], at: int) -> bool:
    return 0 < at < len(kinds) - 1 and kinds[at + 1] == "digit"


def _places(tokens: Sequence[Token], kinds: Sequence[str]) -> int:
    """The number of decimal places of the seconds."""
    digits = [at for at, kind in enumerate(kinds) if kind == "digit"]
    if not digits:
        return 0
    first = digits[0]
    is_run = digits == list(range(first, first + len(digits)))
    is_after = first >= 2 and kinds[first - 1] == "point"
    if not is_run or not is_after or any(tokens[at].text != "0" for at in digits):
        raise Unsure
    if kinds[first - 2] != "second" and not tokens[first - 2].text.startswith("s"):
        raise Unsure
    return len(digits)


def _moment(serial: Decimal, places: int, kinds: Sequence[str], language: str | None) -> _Moment:
    days = int(serial)
    exact = (serial - days) * _DAY_SECONDS
    # A number of days is precise to about a millisecond.
    seconds = exact.quantize(Decimal("0.001"), ROUND_HALF_UP)
    last = seconds.quantize(Decimal(1).scaleb(-min(places, 3)), ROUND_HALF_UP)
    if seconds != last and ("second" in kinds or "elapsed" in kinds):
        raise Unsure  # some programs round, others truncate
    if seconds >= _DAY_SECONDS:
        days, seconds = days + 1, Decimal(0)
    day = None
    if any(kind in DATE_TOKENS for kind in kinds):
        if not _FIRST_DAY <= days <= _LAST_DAY:
            raise Unsure
        day = _DAY_ZERO + timedelta(days=days)
    spoken = "en" if language in (None, "local") else str(language)
    return _Moment(day, days, seconds, spoken)


def _piece(token: Token, kind: str, moment: _Moment, *, is_half: bool) -> str:
    if kind in DATE_TOKENS and moment.day:
        return _date_piece(kind, len(token.text), moment.day, moment.language)
    hours, rest = divmod(int(moment.seconds.to_integral_value(ROUND_FLOOR)), 3_600)
    minutes, seconds = divmod(rest, 60)
    if kind == "hour":
        hours = (hours + 11) % 12 + 1 if is_half else hours
    if kind in ("hour", "minute", "second"):
        if len(token.text) > 2:
            raise Unsure
        number = {"hour": hours, "minute": minutes, "second": seconds}[kind]
        return f"{number:0{len(token.text)}d}"
    if kind == "half":
        name = "AM" if hours < 12 else "PM"
        return name if len(token.text) == 5 else name[0]
    if kind == "elapsed":
        return _elapsed(token.text, moment)
    return _words(token, kind)


def _words(token: Token, kind: str) -> str:
    if kind in ("quoted", "escaped", "literal", "comma", "point"):
        return token.text
    if kind == "space":
        return " "
    if kind in ("fill", "text"):  # programs leave an "@" here, for texts in the same format
        return ""
    raise Unsure


def _elapsed(words: str, moment: _Moment) -> str:
    total = moment.days * _DAY_SECONDS + int(moment.seconds)
    return f"{total // {'h': 3_600, 'm': 60, 's': 1}[words[0]]:0{len(words)}d}"


def _date_piece(kind: str, width: int, day: date, language: str) -> str:
    if kind == "year":
        return f"{day.year % 100:02d}" if width <= 2 else f"{day.year:04d}"
    number = day.month if kind == "month" else day.day
    if width <= 2:
        return f"{number:0{width}d}"
    if kind == "month":
        name = _name(_MONTHS, language, day.month - 1)
        return {3: name[:3], 4: name, 5: name[:1]}.get(width, name)
    name = _name(_WEEKDAYS, language, day.weekday())
    return name[:3] if width == 3 else name


def _name(names: dict[str, str], language: str, number: int) -> str:
    if language not in names:
        raise Unsure
    return names[language].split()[number]


def _second_part(
    moment: _Moment, places: int, tokens: Sequence[Token], kinds: Sequence[str], at: int
) -> str:
    if kinds[at] == "point":
        return "."
    first = next(one for one, kind in enumerate(kinds) if kind == "digit")
    part = moment.seconds % 1
    digits = f"{part:.{max(places, 3)}f}".partition(".")[2]
    return digits[at - first]
