"""What a spreadsheet shows for a number: the number formats of Open XML (ECMA-376, 18.8.31).

Only what all spreadsheet programs show alike is produced; everything else raises Unsure, so that
a cell never counts as a different number than its author sees. moments.py handles dates and times.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

from app.definition.workbook.codes import FormatSection, Token, Unsure, choose_section, sections_of
from app.definition.workbook.moments import is_moment, shown_moment

# Spreadsheets calculate with and show at most 15 digits.
_DIGITS = Context(prec=15, rounding=ROUND_HALF_UP)
_WIDE = Context(prec=700, rounding=ROUND_HALF_UP)
# Smaller and larger numbers would be plain text with too many zeros to count.
_LONGEST_PLAIN = 21

_FRACTION = re.compile(
    r"(?:(?P<whole>[#0?]+) +)?(?P<above>[#?]+)/(?:(?P<below>[#?]+)|(?P<fixed>[1-9][0-9]{0,3}))"
)
_BESIDE_NUMBER = re.compile(r"[()\-−+]")


@dataclass(frozen=True, slots=True)
class ShownNumber:
    """The text that a cell shows.

    `exact` is the same number for parsers: no thousands separators, a minus sign for parentheses,
    and never three digits after the point, which could be thousands. `is_other`: the shown number
    differs from the stored one, by rounding or scaling; `depends`: other computers show it
    differently.
    """

    text: str
    exact: str
    is_other: bool = False
    depends: bool = False


def shown_number(value: Decimal, code: str, *, is_1904: bool = False) -> ShownNumber:
    """The text that the format shows for a number. Raises Unsure."""
    if code == "General":
        text = _general(value)
        return ShownNumber(text, _unambiguous(text))
    sections = sections_of(code)
    value = _DIGITS.plus(value)
    section, drops_sign = choose_section(sections, value)
    if is_moment(section.tokens):
        text, depends = shown_moment(section.tokens, value, section.language, is_1904=is_1904)
        return ShownNumber(text, text, depends=depends)
    made = _shown(section, abs(value))
    if value < 0:
        is_zero = not re.search("[1-9]", made.text)
        made = _negative(made, drops_sign=drops_sign or is_zero)
    return replace(made, depends=any(one.language == "local" for one in sections))


def shown_words(words: str, code: str) -> str:
    """The text that the format shows for a text. Raises Unsure."""
    if code in ("General", "@"):
        return words
    sections = sections_of(code)
    if len(sections) >= 4:
        section = sections[3]
    elif sections[-1].has("text"):
        section = sections[-1]
    else:
        return words
    if not section.has("text", "general") and section.tokens:
        return "".join(_literal(token) for token in section.tokens)
    return "".join(
        words if one.kind in ("text", "general") else _literal(one) for one in section.tokens
    )


def _negative(made: ShownNumber, *, drops_sign: bool) -> ShownNumber:
    exact = f"-{_BESIDE_NUMBER.sub('', made.exact).strip()}" if made.exact.strip() else ""
    return replace(made, text=made.text if drops_sign else f"-{made.text}", exact=exact)


def _shown(section: FormatSection, value: Decimal) -> ShownNumber:
    if section.has("general"):
        text = _general(value)
        return _joined(section, (text, text))
    if not section.has("digit"):
        text = "".join(_literal(token) for token in section.tokens)
        return ShownNumber(text, text.strip(), is_other=True)
    if fraction := _fraction_of(section):
        return _as_fraction(fraction, value)
    if section.has("power"):
        return _as_power(section, value)
    return _as_decimal(section, value)


def _joined(section: FormatSection, number: tuple[str, str]) -> ShownNumber:
    text, exact = (
        "".join(one if token.kind == "general" else _literal(token) for token in section.tokens)
        for one in (number[0], _unambiguous(number[1]))
    )
    return ShownNumber(text, exact)


def _literal(token: Token) -> str:
    if token.kind in ("quoted", "escaped", "literal", "percent"):
        return token.text
    if token.kind == "space":
        return " "
    if token.kind == "fill":
        return ""
    if token.kind in ("comma", "point"):
        return token.text
    raise Unsure


def _general(value: Decimal) -> str:
    """All digits of the number, as in the edit line."""
    value = _DIGITS.plus(value)
    text = format(value, "f")
    if len(text) > _LONGEST_PLAIN + 2:
        return f"{value.normalize(_WIDE):E}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _unambiguous(number: str) -> str:
    return f"{number}0" if re.search(r"\.[0-9]{3}$", number) else number


def _as_decimal(section: FormatSection, value: Decimal) -> ShownNumber:
    before, after, scale = _split_at_point(section.tokens)
    places = sum(token.kind == "digit" for token in after)
    held = value.scaleb(2 * section.count("percent") - 3 * scale, _WIDE)
    number = _rounded(held, places)
    is_other = number != held or scale > 0
    return replace(_written(before, after, number, places), is_other=is_other)


def _rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), context=_WIDE)


def _split_at_point(tokens: Sequence[Token]) -> tuple[list[Token], list[Token], int]:
    """The tokens before and after the point without commas, and the number of divisions by 1,000.

    A first token "group" means that thousands are separated.
    """
    points = [at for at, token in enumerate(tokens) if token.kind == "point"]
    if len(points) > 1:
        raise Unsure
    point = points[0] if points else len(tokens)
    digits = [at for at, token in enumerate(tokens) if token.kind == "digit"]
    scale, is_grouped = 0, False
    for at, token in enumerate(tokens):
        if token.kind == "comma":
            is_inside = any(one < at for one in digits) and any(at < one < point for one in digits)
            is_last = tokens[at - 1].kind in ("digit", "comma") and not any(
                one > at for one in digits
            )
            if not is_inside and not (is_last or _ends_whole(tokens, at, point)):
                raise Unsure
            is_grouped |= is_inside
            scale += not is_inside
    before = [one for one in tokens[:point] if one.kind != "comma"]
    after = [one for one in tokens[point:] if one.kind != "comma"]
    return ([Token("group", "")] if is_grouped else []) + before, after, scale


def _ends_whole(tokens: Sequence[Token], at: int, point: int) -> bool:
    return (
        at < point
        and all(one.kind == "comma" for one in tokens[at:point])
        and (at > 0 and tokens[at - 1].kind in ("digit", "comma"))
    )


def _written(
    before: Sequence[Token], after: Sequence[Token], number: Decimal, places: int
) -> ShownNumber:
    digits = format(number, "f")
    whole, _, part = digits.partition(".")
    left = _whole(before, "" if whole == "0" else whole)
    right = _part(after, part)
    exact_part = _part(after, part, is_exact=True)
    return ShownNumber(left.replace("\0", ",") + right, left.replace("\0", "") + exact_part)


def _whole(tokens: Sequence[Token], digits: str) -> str:
    """The digits before the point, with NUL for each thousands separator."""
    is_grouped = bool(tokens) and tokens[0].kind == "group"
    places = [token for token in tokens if token.kind != "group"]
    first = next((at for at, token in enumerate(places) if token.kind == "digit"), None)
    if first is None:
        return "".join(map(_literal, places)) + digits
    written: list[str] = []
    count = 0
    for at in range(len(places) - 1, -1, -1):
        token = places[at]
        if token.kind != "digit":
            written.append(_literal(token))
            continue
        taken = digits if at == first else digits[-1:]
        digits = "" if at == first else digits[:-1]
        for one in reversed(taken or {"0": "0", "#": "", "?": " "}[token.text]):
            if is_grouped and count and count % 3 == 0 and one != " ":
                written.append("\0")
            written.append(one)
            count += one != " "
    return "".join(reversed(written))


def _part(tokens: Sequence[Token], digits: str, *, is_exact: bool = False) -> str:
    """The point and the digits after it."""
    written: list[str] = []
    places: list[int] = []
    for token in tokens:
        if token.kind != "digit":
            written.append(_literal(token))
            continue
        one, digits = digits[:1], digits[1:]
        if token.text == "0" or (one + digits).strip("0"):
            places.append(len(written))
            written.append(one)
        else:
            written.append({"#": "", "?": " "}[token.text])
    if is_exact and len(places) == 3:
        written[places[-1]] += "0"
    return "".join(written)


def _as_power(section: FormatSection, value: Decimal) -> ShownNumber:
    """Scientific notation; several places before the point make the power a multiple of them."""
    at = next(at for at, token in enumerate(section.tokens) if token.kind == "power")
    if section.has("percent", "comma") or section.count("power") > 1:
        raise Unsure
    before, after, _ = _split_at_point(section.tokens[:at])
    tail = section.tokens[at + 1 :]
    step = sum(token.kind == "digit" for token in before)
    places = sum(token.kind == "digit" for token in after)
    if not step or any(token.kind == "digit" and token.text == "0" for token in before[:-1]):
        raise Unsure
    power = 0
    if value:
        power = step * int((Decimal(value.adjusted()) / step).to_integral_value(ROUND_FLOOR))
    number = _rounded(value.scaleb(-power, _WIDE), places)
    if number >= 10**step:
        power += step
        number = _rounded(value.scaleb(-power, _WIDE), places)
    made = _written(before, after, number, places)
    sign = "-" if power < 0 else section.tokens[at].text[1].replace("-", "")
    count = sum(token.kind == "digit" for token in tail)
    letter = section.tokens[at].text[0]
    suffix = f"{letter}{sign}{abs(power):0{count}d}" + "".join(
        _literal(token) for token in tail if token.kind != "digit"
    )
    is_other = number.scaleb(power, _WIDE) != value
    return ShownNumber(made.text + suffix, made.exact + suffix, is_other=is_other)


@dataclass(frozen=True, slots=True)
class _FractionFormat:
    whole: str
    most: int
    fixed: int | None
    before: str
    after: str


def _fraction_of(section: FormatSection) -> _FractionFormat | None:
    """The parts of a format such as `# ?/?`; None for other formats."""
    slash = next(
        (at for at, one in enumerate(section.tokens) if (one.kind, one.text) == ("literal", "/")),
        None,
    )
    if slash is None or not slash or section.tokens[slash - 1].kind != "digit":
        return None
    middle = [at for at, one in enumerate(section.tokens) if one.kind == "digit" or at == slash]
    last = slash + 1
    while last < len(section.tokens) and section.tokens[last].text in [*"0123456789#?"]:
        last += 1
    inner = section.tokens[middle[0] : last]
    match = _FRACTION.fullmatch("".join(" " if one.kind == "space" else one.text for one in inner))
    if match is None:
        raise Unsure
    outer = (section.tokens[: middle[0]], section.tokens[last:])
    before, after = ("".join(map(_literal, one)) for one in outer)
    fixed = int(match["fixed"]) if match["fixed"] else None
    return _FractionFormat(
        match["whole"] or "", 10 ** len(match["below"] or "") - 1, fixed, before, after
    )


def _as_fraction(form: _FractionFormat, value: Decimal) -> ShownNumber:
    whole, rest = (int(value), value - int(value)) if form.whole else (0, value)
    if form.fixed:
        if rest * form.fixed % 1 == Decimal("0.5"):
            raise Unsure  # some programs round half up, others to even
        above = int((rest * form.fixed).to_integral_value(ROUND_HALF_UP))
        below = form.fixed
    else:
        near = Fraction(rest).limit_denominator(form.most)
        above, below = near.numerator, near.denominator
    if form.whole and above == below:
        whole, above = whole + 1, 0
    is_other = Fraction(whole * below + above, below) != Fraction(value)
    lead = str(whole) if whole or "0" in form.whole or (form.whole and not above) else ""
    number = f"{lead} {above}/{below}" if above or not form.whole else lead
    text = f"{form.before}{number.strip()}{form.after}"
    exact = text if is_other else f"{form.before}{_unambiguous(_general(value))}{form.after}"
    return ShownNumber(text, exact, is_other=is_other)


def held_number(value: Decimal, code: str) -> str:
    """The stored number of a cell, in per cent if its format is."""
    is_percent = any(section.has("percent") for section in sections_of(code))
    return f"{_general(value.scaleb(2, _WIDE))} %" if is_percent else _general(value)
