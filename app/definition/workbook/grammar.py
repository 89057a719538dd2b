"""The small grammars of single cells: yes or no, types, photos, comments, options, limits.

Each function parses text into a value or raises Unclear with a hint on what to write instead.
Rows, columns and ids belong to the readers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.definition.fields import KINDS
from app.definition.schema import (
    MAX_PHOTOS_PER_FIELD,
    CommentPolicy,
    FieldType,
    Limits,
    PhotoMode,
    PhotoPolicy,
    SignatureDue,
)
from app.definition.sentences import N_, say
from app.definition.workbook.bounds import read_bounds
from app.definition.workbook.ids import name_set, plain_words
from app.definition.workbook.problems import Unclear, short

MAX_UNIT = 20

_YES = name_set("yes|y|sim|s|true|verdadeiro|x|1|required|mandatory|obrigatorio|obrigatoria")
_NO = name_set("no|n|nao|false|falso|0|optional|opcional")
# plain_words turns "-" and similar signs into an empty string.
_NOTHING = frozenset(("", "n a", "na"))

# The steps that ask for a signature; the sample offers the first name of each.
_DUE = {
    SignatureDue.SUBMIT: "submit|on submit|at submit|submission|envio|no envio|ao enviar",
    SignatureDue.APPROVAL: "approval|on approval|at approval|aprovacao|na aprovacao|ao aprovar",
}
_DUE_OF = {name: due for due, names in _DUE.items() for name in names.split("|")}
DUE_NAMES = tuple(names.split("|")[0] for names in _DUE.values())


def due_name(due: SignatureDue) -> str:
    """The name of a step in a workbook."""
    return _DUE[due].split("|")[0]


_TYPE_OF = {name: kind.type for kind in KINDS.values() for name in kind.workbook_words.split("|")}
TYPE_NAMES = ", ".join(kind.workbook_words.split("|")[0] for kind in KINDS.values())

UNKNOWN_TYPE = N_(
    '"%(text)s" is not a type. Write one of: verdict, select, select many, text, long text, number,'
    " date, time, table, note."
)
YES_OR_NO = N_('"%(text)s" is neither yes nor no. Write yes or no, or leave the cell empty.')
UNCLEAR_DUE = N_(
    '"%(text)s" is not a step of a report. Write submit or approval, or leave the cell empty.'
)
UNCLEAR_PHOTOS = N_(
    '"%(text)s" is not a photo rule. Write none, min 1, min 1; max 5, or min 1 when Not '
    "OK. Empty means optional."
)
PHOTO_RANGE = N_(
    '"%(text)s": photo counts must be between 0 and %(limit)s, and min cannot be above max.'
)
UNCLEAR_COMMENT = N_(
    '"%(text)s" is not a comment rule. Write yes or when Not OK, or leave the cell empty.'
)
UNCLEAR_LIMITS = N_('"%(text)s" was not understood. Example: unit MΩ; min 1; max 10.')
LIMIT_TWICE = N_('"%(text)s" appears twice. Keep one.')
LIMITS_CROSSED = N_("The minimum %(min)s is above the maximum %(max)s.")
LONG_UNIT = N_('The unit "%(text)s" is longer than %(limit)s characters.')
TABLE_PARTS = N_("A table needs rows and columns. Example: rows L1, L2; column Measured; unit V.")


@dataclass(frozen=True, slots=True)
class MeasuredSpec:
    """The parsed `Options / limits` of a number (no rows and columns) or of a table."""

    limits: Limits | None = None
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


def parse_yes_no(text: str, default: bool) -> bool:
    """Yes or no in English or Portuguese, or a tick; `default` for an empty cell."""
    if not text:
        return default
    words = plain_words(text)
    if words in _YES or text.strip() in "✓✔☑":
        return True
    if words in _NO or not words or words in _NOTHING:
        return False
    raise Unclear(say(YES_OR_NO, text=short(text)))


def parse_due(text: str) -> SignatureDue:
    """The step that asks for a signature; the submit for an empty cell."""
    words = plain_words(text)
    if words in _NOTHING:
        return SignatureDue.SUBMIT
    due = _DUE_OF.get(words)
    if due is None:
        raise Unclear(say(UNCLEAR_DUE, text=short(text)))
    return due


def parse_type(text: str) -> FieldType:
    kind = _TYPE_OF.get(plain_words(text))
    if kind is None:
        raise Unclear(say(UNKNOWN_TYPE, text=short(text)))
    return kind


def is_yes_no_type(text: str) -> bool:
    """Whether the type itself names its two options, as in "Yes/No"."""
    return plain_words(text).startswith(("yes no", "sim nao"))


_PHOTO_COUNT = re.compile(
    r"(?P<word>min|max|minimo|maximo|minimum|maximum|at least|at most|up to"
    r"|pelo menos|no minimo|no maximo|ate)\s*(?:of|de)?\s*(?P<count>[0-9]{1,4})"
    r"(?:\s*(?:photos?|fotos?))?"
)
_NO_PHOTOS = name_set("none|no|n|nao|nenhum|nenhuma|0|n a|na|off|sem fotos|sem foto")
# "none; max 5" keeps a maximum that counts when photos are allowed again.
_MODE = re.compile(r"(?P<mode>optional|opcional|none|nenhuma|required|obrigatoria) (?=m[ai])")
_MAX_WORDS = name_set("max|maximo|maximum|at most|up to|no maximo|ate")


def parse_photos(text: str) -> PhotoPolicy:
    """Empty is optional; `none`; `min N`; `min N; max M`; a number alone is a minimum. With `when
    Not OK`, alone or after the counts, they are demanded only then.

    `none; max N` and `optional; max N` are as they say.
    """
    words = plain_words(text)
    if condition := _ASKED_WHEN_BAD.search(text):
        return _photos_when_bad(text, text[: condition.start()].rstrip(" ;,:-"))
    if said := _MODE.match(words):
        return _with_mode(text, said["mode"], words[said.end() :])
    if words in ("", "optional", "opcional"):
        return PhotoPolicy()
    if words in _NO_PHOTOS:
        return PhotoPolicy(mode=PhotoMode.NONE)
    if words in _YES:
        return PhotoPolicy(mode=PhotoMode.REQUIRED, min=1)
    counts = _photo_counts(text, words)
    fewest, most = counts.get("min", 0), counts.get("max", max(20, counts.get("min", 0)))
    if not fewest <= most <= MAX_PHOTOS_PER_FIELD:
        raise Unclear(say(PHOTO_RANGE, text=short(text), limit=MAX_PHOTOS_PER_FIELD))
    if most == 0:
        return PhotoPolicy(mode=PhotoMode.NONE)
    mode = PhotoMode.REQUIRED if fewest else PhotoMode.OPTIONAL
    return PhotoPolicy(mode=mode, min=fewest, max=most)


def _with_mode(text: str, mode: str, words: str) -> PhotoPolicy:
    counts = _photo_counts(text, words)
    fewest, most = counts.get("min", 0), counts.get("max", 20)
    is_required = mode.startswith(("r", "ob"))
    if not fewest <= most <= MAX_PHOTOS_PER_FIELD or is_required != bool(fewest):
        raise Unclear(say(PHOTO_RANGE, text=short(text), limit=MAX_PHOTOS_PER_FIELD))
    if mode in _NO_PHOTOS:
        return PhotoPolicy(mode=PhotoMode.NONE, max=most)
    return PhotoPolicy(
        mode=PhotoMode.REQUIRED if is_required else PhotoMode.OPTIONAL, min=fewest, max=most
    )


def _photos_when_bad(text: str, counts: str) -> PhotoPolicy:
    policy = parse_photos(counts.strip() or "yes")
    if policy.mode is not PhotoMode.REQUIRED:
        raise Unclear(say(UNCLEAR_PHOTOS, text=short(text)))
    return policy.model_copy(update={"mode": PhotoMode.REQUIRED_WHEN_NOT_OK})


def _photo_counts(text: str, words: str) -> dict[str, int]:
    bare = re.fullmatch(r"([0-9]{1,4})(?: (?:photos?|fotos?))?", words)
    if bare and not re.search(r"[-+.,][0-9]", text):
        count = int(bare[1])
        return {"min": count} if count else {"max": 0}
    counts: dict[str, int] = {}
    for match in _PHOTO_COUNT.finditer(words):
        counts.setdefault("max" if match["word"] in _MAX_WORDS else "min", int(match["count"]))
    rest = re.sub(r"\b(?:and|e)\b", "", _PHOTO_COUNT.sub("", words)).strip()
    repeated = len(counts) != len(_PHOTO_COUNT.findall(words))
    if not counts or rest or repeated or re.search(r"[-.,][0-9]", text):
        raise Unclear(say(UNCLEAR_PHOTOS, text=short(text)))
    return counts


# As at the end of "min 1 when Not OK", "obrigatória se Não OK" or alone.
_ASKED_WHEN_BAD = re.compile(
    r"(?:\b(?:required|obrigat[oó]ri[ao]s?)\s+)?\b(?:when|if|quando|se|caso)\s+"
    r"(?:(?:not|nao|não|no)\s*-?\s*ok|nok)\s*\.?\s*$",
    re.IGNORECASE,
)
_WHEN_BAD = re.compile(
    r"(?:(?:required )?(?:when|if|quando|se|caso) )?(?:for )?(?:(?:not|nao|no) ?ok|nok)"
)


def parse_comment(text: str) -> CommentPolicy:
    """Empty or no is optional; `yes`; `when Not OK`; `none` allows no comment."""
    words = plain_words(text)
    if words in ("none", "off", "nenhum", "sem comentario"):
        return CommentPolicy.OFF
    if words in ("always", "sempre"):
        return CommentPolicy.REQUIRED
    if _WHEN_BAD.fullmatch(words):
        return CommentPolicy.REQUIRED_WHEN_NOT_OK
    try:
        yes = parse_yes_no(text, default=False)
    except Unclear:
        raise Unclear(say(UNCLEAR_COMMENT, text=short(text))) from None
    return CommentPolicy.REQUIRED if yes else CommentPolicy.OPTIONAL


_KEYWORDS = {
    "unit": "units|unit|unidades|unidade",
    "min": "minimum|minimo|mínimo|mín|min",
    "max": "maximum|maximo|máximo|máx|max",
    "rows": "rows|row|lines|line|linhas|linha",
    "columns": "columns|column|cols|col|colunas|coluna",
}
_KEYWORD_OF = {word: key for key, words in _KEYWORDS.items() for word in words.split("|")}
_SEGMENT = re.compile(
    rf"(?P<word>{'|'.join(_KEYWORD_OF)})(?![^\W\d_])\.?\s*[:=]?\s*(?P<value>.*)",
    re.IGNORECASE | re.DOTALL,
)
# "unit V, min 361 max 418" on one line: a bound keyword counts only before a number.
_NEXT_BOUND = re.compile(
    r"(?:\s*,\s*|\s+)(?=(?:min|max|mín|máx)\w*\.?\s*[:=]?\s*[-+−]?[.,]?[0-9])", re.IGNORECASE
)
_NUMBER = r"[-+−]?[0-9][0-9.,]*"
_COMPARED = re.compile(rf"(?P<sign><=|>=|=<|=>|≤|≥)\s*(?P<number>{_NUMBER})\s*(?P<unit>\D*)")
_RANGE = re.compile(
    rf"(?P<min>{_NUMBER})\s*(?:\.\.+|…|–|—| - |\bto\b|\ba\b|até)"
    rf"\s*(?P<max>{_NUMBER})\s*(?P<unit>\D*)"
)


def parse_measured(text: str, *, is_table: bool, is_translation: bool = False) -> MeasuredSpec:
    """`unit X; min N; max N`, and for tables `rows A, B; column C, D` before or after.

    Separators are semicolons or new lines, for numbers also bars. Keywords may be English or
    Portuguese; "≤ 0,1 Ω", "59.9..60.1 Hz" and a unit alone are accepted too. With
    `is_translation`, parts that need no translation may be left out.
    """
    parts: dict[str, str] = {}
    for segment in _segments(text, is_table):
        for key, value in _read_segment(segment).items():
            if key in parts:
                raise Unclear(say(LIMIT_TWICE, text=key))
            parts[key] = value
    limits = _limits(parts)
    if not is_table:
        if "rows" in parts or "columns" in parts:
            raise Unclear(say(UNCLEAR_LIMITS, text=short(text)))
        return MeasuredSpec(limits)
    rows, columns = (_names(parts.get(key, "")) for key in ("rows", "columns"))
    if not is_translation and not (rows and columns):
        raise Unclear(say(TABLE_PARTS))
    return MeasuredSpec(limits, rows, columns)


def joined_limits(options: str, limits: str, unit: str, low: str, high: str) -> str:
    """Separate columns for limits, unit, minimum and maximum, joined in this grammar."""
    parts = [options, limits]
    for key, value in (("unit", unit), ("min", low), ("max", high)):
        if plain_words(value) not in _NOTHING or (key == "unit" and value.strip(" -–")):
            parts.append(f"{key} {value}")
    return "; ".join(part for part in parts if part)


def _segments(text: str, is_table: bool) -> list[str]:
    text = re.sub(r",[ ]*\n", ", ", text)
    pieces = re.split(r"[;\n]" if is_table else r"[;\n|]", text)
    segments: list[str] = []
    for piece in (piece.strip().strip(",").strip() for piece in pieces):
        match = _SEGMENT.fullmatch(piece)
        if match and _KEYWORD_OF[match["word"].lower()] in ("unit", "min", "max"):
            segments += _NEXT_BOUND.split(piece)
        elif piece and plain_words(piece) not in _NOTHING - {""}:
            segments.append(piece)
    return [segment for segment in segments if segment.strip(" -–—.")]


def _read_segment(segment: str) -> dict[str, str]:
    match = _SEGMENT.fullmatch(segment)
    if match and match["value"].strip():
        return {_KEYWORD_OF[match["word"].lower()]: match["value"].strip()}
    if compared := _COMPARED.fullmatch(segment):
        key = "max" if compared["sign"] in ("<=", "=<", "≤") else "min"
        return _with_unit({key: compared["number"]}, compared["unit"])
    if spread := _RANGE.fullmatch(segment):
        return _with_unit({"min": spread["min"], "max": spread["max"]}, spread["unit"])
    if not match and len(segment) <= 8 and not re.search(r"[0-9\s,]", segment):
        return {"unit": segment}
    raise Unclear(say(UNCLEAR_LIMITS, text=short(segment)))


def _with_unit(parts: dict[str, str], unit: str) -> dict[str, str]:
    return {**parts, "unit": unit.strip()} if unit.strip() else parts


def _limits(parts: dict[str, str]) -> Limits | None:
    unit = parts.get("unit")
    if unit and len(unit) > MAX_UNIT:
        raise Unclear(say(LONG_UNIT, text=short(unit), limit=MAX_UNIT))
    low, high = read_bounds(parts.get("min"), parts.get("max"), unit)
    if low is not None and high is not None and low > high:
        raise Unclear(say(LIMITS_CROSSED, min=str(low), max=str(high)))
    if unit is None and low is None and high is None:
        return None
    return Limits(unit=unit, min=low, max=high)


def _names(text: str) -> tuple[str, ...]:
    mark = r"\|" if "|" in text else r"(?<![0-9]),|,(?![0-9])"
    return tuple(name.strip() for name in re.split(mark, text) if name.strip())
