"""What number formats show, compared with what LibreOffice 7.4 shows for the same cells.

number_formats.csv holds its texts, without the spaces that only align. Cases where Excel is known
to show something else are listed here.
"""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.definition.workbook.codes import BUILT_IN, Unsure, format_of
from app.definition.workbook.formats import shown_number, shown_words
from app.definition.workbook.shown import plain_text

with (Path(__file__).parent / "number_formats.csv").open(encoding="utf-8", newline="") as file:
    TABLE = [(row["format"], row["value"], row["shown"]) for row in csv.DictReader(file)]


def shown(code: str, value: str) -> str:
    return plain_text(shown_number(Decimal(value), code).text)


def test_the_table_has_every_kind() -> None:
    codes = {code for code, _, _ in TABLE}
    assert len(TABLE) > 500 and len(codes) > 120


@pytest.mark.parametrize("code", sorted({code for code, _, _ in TABLE}))
def test_numbers_show_as_in_a_spreadsheet(code: str) -> None:
    rows = [(value, text) for one, value, text in TABLE if one == code]
    assert [(value, shown(code, value)) for value, _ in rows] == rows


@pytest.mark.parametrize(
    ("code", "value", "text"),
    [
        ("#.##", "5", "5."),  # LibreOffice drops the point
        ("0%", "1.005", "101%"),  # LibreOffice shows the end of a binary fraction
        ("# ?/?", "-0.5", "-1/2"),  # LibreOffice leaves a gap for the whole number
        ("[$-en-US]d-mmm-yy", "46356", "30-Nov-26"),  # not supported by LibreOffice 7.4
        ("[$-pt-BR]d-mmm-yy", "46356", "30-nov-26"),
        ("General", "1E+30", "1E+30"),
        ("General", "0.30000000000000004", "0.3"),
        ("General", "-0", "0"),
    ],
)
def test_numbers_show_as_in_excel(code: str, value: str, text: str) -> None:
    assert shown(code, value) == text


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("yyyy-mm-dd", "0.5"),  # before the first day that all programs support
        ("yyyy-mm-dd", "60"),
        ("yyyy-mm-dd", "-1"),
        ("yyyy-mm-dd", "2958466"),
        ("h:mm:ss", "46356.99999"),  # some programs round to 24:00:00, others truncate
        ("[>100]0", "5"),
        ("[>100]0.0;0", "-5"),
        ("0;", "-5"),
        ("# ?/2", "1.25"),
        ("[$-411]ddd", "46356"),  # a language whose names we do not have
        ("[$-2D000409]0", "5"),
        ("[DBNum1]0", "5"),
        ("e", "46356"),
        ("0.0.0", "5"),
        ('"open', "5"),
        ("0;0;0;0;0", "5"),
        ("[Red]", "5"),
        ("0" * 256, "5"),
    ],
)
def test_an_uncertain_format_is_not_written(code: str, value: str) -> None:
    with pytest.raises(Unsure):
        shown_number(Decimal(value), code)


@pytest.mark.parametrize(
    ("code", "value", "exact"),
    [
        ("#,##0.00", "1234567.891", "1234567.89"),
        ("0.000", "1.125", "1.1250"),
        ("0.0###", "1.125", "1.1250"),
        ("General", "1.125", "1.1250"),
        ('General" V"', "1.125", "1.1250 V"),
        ("#,##0.00_);(#,##0.00)", "-5", "-5.00"),
        ("0.0-;0.0-", "-5", "-5.0"),
        ("0.000E+00", "1125", "1.1250E+03"),
        ("# ?/?", "1.125", "1.1250"),
    ],
)
def test_the_text_for_parsers_is_one_number(code: str, value: str, exact: str) -> None:
    assert shown_number(Decimal(value), code).exact.strip() == exact


@pytest.mark.parametrize(
    ("code", "value", "is_other"),
    [
        ("0.00", "1.1", False),
        ("0%", "0.95", False),
        ("0%", "0.955", True),
        ("0,", "1500", True),
        ("0,", "1000", True),
        ("0.0E+0", "1500", False),
        ("0E+0", "1500", True),
        ("# ?/?", "0.3333", True),
        ('"none"', "5", True),
        ("0.00", "1.1000000000000001", False),
    ],
)
def test_a_number_that_differs_from_the_stored_one_is_detected(
    code: str, value: str, is_other: bool
) -> None:
    assert shown_number(Decimal(value), code).is_other is is_other


@pytest.mark.parametrize("number", BUILT_IN)
def test_formats_known_by_number_can_all_be_read(number: int) -> None:
    code = format_of(number, {})
    assert code
    assert shown(code, "46356.5") if code != "@" else shown_words("x", code) == "x"


def test_formats_of_other_languages_are_known_by_their_codes_only() -> None:
    assert format_of(57, {}) is None
    assert format_of(57, {57: "0.0"}) == "0.0"


PIECES = [
    "0",
    "#",
    "?",
    ".",
    ",",
    "%",
    "E+",
    ";",
    "/",
    "@",
    "m",
    "d",
    "yy",
    "h",
    "ss",
    "[h]",
    "AM/PM",
    '"x"',
    "\\x",
    "_x",
    "* ",
    "[>1]",
    "[Red]",
    "[$-416]",
    "General",
    " ",
    "-",
    "(",
]


@given(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15),
)
def test_any_format_is_written_or_rejected(code: str, value: Decimal) -> None:
    try:
        made = shown_number(value, code)
    except Unsure:
        return
    assert len(made.text) < 1_000
    assert shown_number(value, code) == made
