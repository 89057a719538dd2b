"""Plausible answers to any checklist, as a browser would send them. Seeded; uses no database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from random import Random

from app.definition.fields import kind_of
from app.definition.fields.long_text import EXAMPLE
from app.definition.schema import CommentPolicy, Definition, Field, Verdict

WRONG_SHARE = 10
NA_SHARE = 20
REMARKS = (
    "Seen and corrected on site; second check planned for the next visit.",
    "Deviation shown to the shift lead, who agreed to the repair.",
    "Label renewed, photo taken before and after.",
    "Reading repeated twice with the same instrument.",
)
NA_REASON = "This equipment has no such part."

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
    (r"remark|observaç", EXAMPLE),
    (r"equipment worn|proteção", "Helmet, face shield, gloves, arc-rated suit"),
)


@dataclass(frozen=True, slots=True)
class Filled:
    """What the form of one field sends: `raw` as `FieldKind.parse` expects it, and the comment."""

    raw: object
    comment: str = ""
    na_reason: str = ""


def fill_all(
    definition: Definition, rng: Random, today: date, *, flawless: bool = False
) -> dict[str, Filled]:
    """An answer for every field except notes and fields that the report fills in itself. Of the
    answers that can be wrong, about one in ten is.

    `flawless` leaves out all exceptions.
    """
    fields = [
        field for field in definition.all_fields() if field.is_question and field.prefill is None
    ]
    fallible = [field.id for field in fields if _can_be_wrong(field)]
    wrong = set(rng.sample(fallible, 0 if flawless else round(len(fallible) / WRONG_SHARE)))
    filled = {field.id: _fill(field, rng, today, wrong=field.id in wrong) for field in fields}
    if flawless:
        good = Filled(Verdict.OK.value)
        filled = {name: good if one.na_reason else one for name, one in filled.items()}
    return filled


def _can_be_wrong(field: Field) -> bool:
    return kind_of(field).is_verdict_type or bool(field.limits and field.limits.bounded)


def _fill(field: Field, rng: Random, today: date, *, wrong: bool) -> Filled:
    kind = kind_of(field)
    can_be_na = kind.is_verdict_type and not wrong and not field.photos.min
    if can_be_na and rng.randrange(NA_SHARE) == 0:
        return Filled(Verdict.NA.value, na_reason=NA_REASON)
    raw = kind.example(field, rng, today, wrong=wrong)
    if raw is None:
        raw = _words(field, rng)
    return Filled(raw, comment=_comment(field, rng, wrong=wrong))


def _comment(field: Field, rng: Random, *, wrong: bool) -> str:
    if field.comment is CommentPolicy.OFF:
        return ""
    return rng.choice(REMARKS) if wrong or field.comment is CommentPolicy.REQUIRED else ""


def _words(field: Field, rng: Random) -> str:
    """A text that fits the wording of the question. The first matching pattern decides."""
    label = (field.label.en or field.label.pt or "").lower()
    for pattern, words in WORDS:
        if re.search(pattern, label):
            return words.format(n=rng.randint(100, 999), d=rng.randint(1, 9))
    return rng.choice(("As designed", "Checked on site", "As shown on the drawing"))
