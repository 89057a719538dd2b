"""Plausible answers to any checklist, as a browser would send them. Seeded; knows no database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random

from app.definition.schema import CommentPolicy, Definition, Field, FieldType, Limits, Verdict

WRONG_SHARE = 10
NA_SHARE = 20
REMARKS = (
    "Seen and corrected on site; second check planned for the next visit.",
    "Deviation shown to the shift lead, who agreed to the repair.",
    "Label renewed, photo taken before and after.",
    "Reading repeated twice with the same instrument.",
)
NA_REASON = "This equipment has no such part."
LONG_TEXT = (
    "The board was energized without incident. Torque marks, labels and covers were checked"
    " once more after 30 minutes under load."
)

WORDS = (
    (r"\bserial|\bsérie", "SN-48{n}"),
    (r"\btag\b", "QGBT-0{d}"),
    (r"\bclient\b|\bcliente\b", "Northwind Data Centers"),
    (r"\bsite\b|\blocal\b", "Hall B, first floor"),
    (r"\bdrawing|\bdesenho", "E-{n} rev. C"),
    (r"resistance|resistência", "> {n} MΩ"),
    (r"continuity|continuidade", "0.0{d} Ω"),
    (r"voltage|tensão", "40{d} V"),
    (r"frequency|frequência", "60.0{d} Hz"),
    (r"temperature|temperatura", "1{d} K"),
    (r"\bdate\b|\bdata\b", "22 Nov 2026"),
    (r"\btime\b|\bhora\b", "14:3{d}"),
    (r"remark|observaç", LONG_TEXT),
    (r"equipment worn|proteção", "Helmet, face shield, gloves, arc-rated suit"),
)


@dataclass(frozen=True, slots=True)
class Filled:
    """What the form of one field sends: `raw` in the shape of `parse_answer`, and its words."""

    raw: object
    comment: str = ""
    na_reason: str = ""


def fill_all(
    definition: Definition, rng: Random, today: date, *, flawless: bool = False
) -> dict[str, Filled]:
    """An answer for every field but notes and what the report knows of itself; about one in ten
    that can be wrong is wrong.

    `flawless` leaves out everything that a reader would remark on.
    """
    fields = [
        field
        for field in definition.all_fields()
        if field.type is not FieldType.NOTE and field.prefill is None
    ]
    fallible = [field.id for field in fields if _can_be_wrong(field)]
    wrong = set(rng.sample(fallible, 0 if flawless else round(len(fallible) / WRONG_SHARE)))
    filled = {field.id: _fill(field, rng, today, wrong=field.id in wrong) for field in fields}
    if flawless:
        good = Filled(Verdict.OK.value)
        filled = {name: good if one.na_reason else one for name, one in filled.items()}
    return filled


def _can_be_wrong(field: Field) -> bool:
    return field.type is FieldType.VERDICT or bool(field.limits and field.limits.bounded)


def _fill(field: Field, rng: Random, today: date, *, wrong: bool) -> Filled:
    if field.type is FieldType.VERDICT:
        return _verdict(field, rng, wrong=wrong)
    raw = _raw(field, rng, today, wrong=wrong)
    return Filled(raw, comment=_comment(field, rng, wrong=wrong))


def _verdict(field: Field, rng: Random, *, wrong: bool) -> Filled:
    if wrong:
        return Filled(Verdict.NOT_OK.value, comment=_comment(field, rng, wrong=True))
    if not field.photos.min and rng.randrange(NA_SHARE) == 0:
        return Filled(Verdict.NA.value, na_reason=NA_REASON)
    return Filled(Verdict.OK.value, comment=_comment(field, rng, wrong=False))


def _comment(field: Field, rng: Random, *, wrong: bool) -> str:
    if field.comment is CommentPolicy.OFF:
        return ""
    return rng.choice(REMARKS) if wrong or field.comment is CommentPolicy.REQUIRED else ""


def _raw(field: Field, rng: Random, today: date, *, wrong: bool) -> object:
    match field.type:
        case FieldType.SELECT_ONE:
            return rng.choice(field.options).id
        case FieldType.SELECT_MANY:
            count = rng.randint(1, len(field.options))
            return [option.id for option in rng.sample(field.options, count)]
        case FieldType.NUMBER:
            return _measure(field.limits, rng, wrong=wrong)
        case FieldType.TABLE:
            return _table(field, rng, wrong=wrong)
        case FieldType.DATE:
            return today.isoformat()
        case FieldType.TIME:
            return f"{rng.randint(7, 17):02d}:{rng.randrange(0, 60, 5):02d}"
        case FieldType.LONG_TEXT:
            return LONG_TEXT
        case _:
            return _words(field, rng)


def _table(field: Field, rng: Random, *, wrong: bool) -> dict[str, str]:
    cells = {key: _measure(field.limits, rng, wrong=False) for key, _row, _column in field.cells()}
    if wrong:
        cells[rng.choice(list(cells))] = _measure(field.limits, rng, wrong=True)
    return cells


def _measure(limits: Limits | None, rng: Random, *, wrong: bool) -> str:
    """A value as a meter shows it: inside the limits, or just outside one of them."""
    low = limits.min if limits else None
    high = limits.max if limits else None
    if low is None and high is None:
        return str(rng.randint(1, 100))
    if low is None:
        assert high is not None
        low = high - abs(high)
    elif high is None:
        high = low + max(abs(low) * 100, Decimal(1))
    assert high is not None
    span = (high - low) or Decimal(1)
    step = Decimal(rng.randint(20, 80)) / 100
    if wrong:
        is_above = limits is not None and limits.max is not None
        value = high + span * step / 4 if is_above else low - abs(low or span) * step / 2
    else:
        value = low + span * step
    return _as_shown(value, limits)


def _as_shown(value: Decimal, limits: Limits | None) -> str:
    """Round to one place more than the limits have, so that the value stays on its side."""
    bounds = [bound for bound in (limits.min, limits.max) if bound is not None] if limits else []
    places = max((-int(bound.as_tuple().exponent) for bound in bounds), default=0) + 1
    return format(value.quantize(Decimal(1).scaleb(-max(places, 1))), "f")


def _words(field: Field, rng: Random) -> str:
    """A text that fits the question's words; the first pattern found decides."""
    label = (field.label.en or field.label.pt or "").lower()
    for pattern, words in WORDS:
        if re.search(pattern, label):
            return words.format(n=rng.randint(100, 999), d=rng.randint(1, 9))
    return rng.choice(("As designed", "Checked on site", "As shown on the drawing"))
