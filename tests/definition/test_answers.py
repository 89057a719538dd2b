"""Parses input from forms and clients into canonical values, or rejects it with a sentence."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.definition.answers import InvalidAnswer, clean_text, parse_comment, parse_reason
from app.definition.measured import parse_decimal
from app.definition.schema import FieldType
from tests.definition.builders import field, limits, parse, reading

T = FieldType


@pytest.mark.parametrize(
    ("typed", "decimal"),
    [
        ("0,08", "0.08"),
        ("0.080", "0.08"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1,234", "1.234"),
        ("1.234.567", "1234567"),
        ("12 500", "12500"),
        ("12\u00a0500,5", "12500.5"),
        ("1'000'000", "1000000"),
        ("+3", "3"),
        ("\u22123", "-3"),
        ("-0", "0"),
        (",5", "0.5"),
        ("5.", "5"),
        (">200", "200"),
        ("> 550", "550"),
        ("<0.5", "0.5"),
        ("≥ 1", "1"),
        ("1.5e-6", "0.0000015"),
        ("2E3", "2000"),
        (" 7 ", "7"),
    ],
)
def test_numbers_as_people_write_them(typed: str, decimal: str) -> None:
    assert parse_decimal(typed).decimal == decimal


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "NaN",
        "inf",
        "-inf",
        "1e999999",
        "1e31",
        "12 34",
        "1.2.3",
        "1,2,3",
        "abc",
        "5 kV",
        "--1",
        "1-",
        "0x10",
        "１２",
        "٣",
        "1e",
        ".",
        ",",
        "9" * 31,
        "1" * 65,
        "1.234,567.8",
        "5e5e5",
    ],
)
def test_not_numbers(typed: str) -> None:
    with pytest.raises(InvalidAnswer):
        parse_decimal(typed)


def test_the_text_stays_as_typed_and_the_unit_may_follow() -> None:
    assert parse_decimal("> 550 M\u2126", unit="M\u03a9").to_json() == reading("> 550 MΩ", "550")
    with pytest.raises(InvalidAnswer):
        parse_decimal("5 kA", unit="V")


@given(st.text(max_size=80))
def test_any_text_is_a_finite_number_or_rejected(typed: str) -> None:
    try:
        measured = parse_decimal(typed)
    except InvalidAnswer as refused:
        assert str(refused.sentence)
    else:
        assert Decimal(measured.decimal).is_finite()
        assert parse_decimal(measured.text) == measured


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9
    )
)
def test_plain_decimals_survive(number: Decimal) -> None:
    for typed in (f"{number:f}", f"{number:f}".replace(".", ",")):
        assert Decimal(parse_decimal(typed).decimal) == number


def test_clean_text() -> None:
    assert clean_text("a\x00b\ud800c\r\nd\re", 20) == "abc\nd\ne"
    assert clean_text("e\u0301", 1) == "é"
    with pytest.raises(InvalidAnswer, match="limit is 3"):
        clean_text("abcd", 3)


def test_stacked_accents_are_rejected_quickly() -> None:
    start = time.process_time()
    with pytest.raises(InvalidAnswer):
        clean_text("a" + "\u0315\u0300\u0327" * 6000, 20_000)
    assert time.process_time() - start < 1


@given(st.text(max_size=300))
def test_clean_text_is_stable_and_storable(text: str) -> None:
    clean = clean_text(text, 1000)
    assert clean_text(clean, 1000) == clean
    clean.encode()
    assert "\x00" not in clean


@pytest.mark.parametrize(("kind", "limit"), [(T.TEXT, 2_000), (T.LONG_TEXT, 20_000)])
def test_length_limits_of_answers(kind: T, limit: int) -> None:
    assert parse(field("f", kind), "x" * limit) == "x" * limit
    with pytest.raises(InvalidAnswer, match=f"limit is {limit:,}"):
        parse(field("f", kind), "x" * (limit + 1))


def test_length_limits_of_comments_and_reasons() -> None:
    assert parse_comment(" ") is None
    assert parse_reason(None) is None
    assert parse_comment("x" * 5_000) and parse_reason("x" * 1_000)
    for read, limit in ((parse_comment, 5_000), (parse_reason, 1_000)):
        with pytest.raises(InvalidAnswer, match=f"limit is {limit:,}"):
            read("x" * (limit + 1))


GOOD = [
    (T.VERDICT, "not_ok", "not_ok"),
    (T.SELECT_ONE, "b", "b"),
    (T.SELECT_MANY, ["c", "a", "", "a"], ["a", "c"]),
    (T.SELECT_MANY, "b", ["b"]),
    (T.TEXT, " words ", "words"),
    (T.LONG_TEXT, "a\r\nb", "a\nb"),
    (T.NUMBER, "0,08", reading("0,08", "0.08")),
    (T.DATE, "2024-02-29", "2024-02-29"),
    (T.TIME, "9:05", "09:05"),
    (T.TIME, "23:59:00", "23:59"),
    (T.TABLE, {"l1:v": "1,0", "l2:v": " "}, {"l1:v": reading("1,0", "1")}),
]


@pytest.mark.parametrize(("kind", "raw", "value"), GOOD)
def test_values(kind: T, raw: object, value: object) -> None:
    assert parse(field("f", kind), raw) == value
    assert parse(field("f", kind), value) == value


@pytest.mark.parametrize("kind", list(T))
@pytest.mark.parametrize("blank", [None, "", [], {}])
def test_blank_is_unanswered(kind: T, blank: object) -> None:
    assert parse(field("f", kind), blank) is None


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (T.VERDICT, "OK!"),
        (T.SELECT_ONE, "z"),
        (T.SELECT_ONE, ["a"]),
        (T.SELECT_MANY, ["a", "z"]),
        (T.SELECT_MANY, 3),
        (T.SELECT_MANY, [["a"]]),
        (T.TEXT, 3),
        (T.TEXT, {"text": "x"}),
        (T.NUMBER, 3.5),
        (T.NUMBER, {"text": 3}),
        (T.DATE, "2023-02-29"),
        (T.DATE, "1899-12-31"),
        (T.DATE, "2101-01-01"),
        (T.DATE, "31/12/2024"),
        (T.TIME, "24:00"),
        (T.TIME, "12:60"),
        (T.TABLE, {"l9:v": "1"}),
        (T.TABLE, {3: "1"}),
        (T.TABLE, "1"),
        (T.TABLE, ["1"]),
        (T.NOTE, "x"),
    ],
)
def test_rejected(kind: T, raw: object) -> None:
    with pytest.raises(InvalidAnswer) as refused:
        parse(field("f", kind), raw)
    assert str(refused.value.sentence)


def test_a_bad_cell_is_named() -> None:
    with pytest.raises(InvalidAnswer) as refused:
        parse(field("f", T.TABLE), {"l1:v": "1", "l2:v": "x"})
    assert refused.value.cell == "l2:v"
    assert refused.value.sentence.params == {"text": "x"}


def test_the_unit_of_the_field_may_be_typed() -> None:
    value = parse(field("f", T.NUMBER, limits=limits(unit="V")), "400 V")
    assert value == reading("400 V", "400")


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.sampled_from(list(T)), json_like)
def test_any_input_is_a_value_or_rejected(kind: T, raw: object) -> None:
    one = field("f", kind)
    try:
        value = parse(one, raw)
    except InvalidAnswer:
        return
    assert parse(one, value) == value
