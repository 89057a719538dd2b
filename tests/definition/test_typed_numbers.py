"""The assessed number is the one a reader sees: ambiguous texts, and units with prefixes."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.definition.assessment import AssessedField, assess
from app.definition.fields import kind_of
from app.definition.fields.kind import ONLY
from app.definition.judging import AnswerFacts, Judgement
from app.definition.measured import InvalidAnswer, parse_decimal, shown
from app.definition.missing import MissingKind
from app.definition.schema import Field, FieldType, Language, Verdict
from app.definition.units import suffixes
from tests.definition.builders import decide, definition, field, limits, parse, undecided

EN, PT = Language.EN, Language.PT
IN, OUT, NONE = Judgement.IN_LIMITS, Judgement.OUT_OF_LIMITS, Judgement.NONE
MILLIAMPERE, SPEED, INSULATION = (None, "5", "mA"), ("1000", "1500", "rpm"), ("1", None, "MΩ")
RESISTANCE, LENGTH, FREE = (None, "0.5", "Ω"), ("2", "3", "m"), (None, None, None)

# typed, language, (min, max, unit) -> decimal, doubt, judgement, the text for a reader of that
# language and the typed text shown with it (None: the text is enough).
CASES = [
    ("1,200", EN, MILLIAMPERE, "1.2", "1200", IN, "1.2", "1,200"),
    ("1,250", EN, SPEED, "1.25", "1250", OUT, "1.25", "1,250"),
    ("1.250", EN, SPEED, "1.25", None, OUT, "1.250", None),
    ("10.000", EN, SPEED, "10", None, OUT, "10.000", None),
    ("1,250", PT, SPEED, "1.25", None, OUT, "1,250", None),
    ("1.250", PT, SPEED, "1.25", "1250", OUT, "1,25", "1.250"),
    ("10.000", PT, SPEED, "10", "10000", OUT, "10", "10.000"),
    ("1,250", None, SPEED, "1.25", "1250", OUT, None, None),
    ("1.250", None, SPEED, "1.25", "1250", OUT, None, None),
    ("-1,200", EN, MILLIAMPERE, "-1.2", "-1200", IN, "−1.2", "-1,200"),
    (">1,200", EN, MILLIAMPERE, "1.2", "1200", IN, ">1.2", ">1,200"),
    ("1,200e3", EN, MILLIAMPERE, "1200", "1200000", OUT, "1200", "1,200e3"),
    ("1,200 mA", EN, MILLIAMPERE, "1.2", "1200", IN, "1.2", "1,200 mA"),
    ("999,999", EN, FREE, "999.999", "999999", NONE, "999.999", "999,999"),
    ("0,250", EN, MILLIAMPERE, "0.25", None, IN, "0,250", None),
    ("00,250", EN, MILLIAMPERE, "0.25", None, IN, "00,250", None),
    (",250", EN, MILLIAMPERE, "0.25", None, IN, ",250", None),
    ("1,20", EN, MILLIAMPERE, "1.2", None, IN, "1,20", None),
    ("1,2000", EN, MILLIAMPERE, "1.2", None, IN, "1,2000", None),
    ("1200,500", EN, MILLIAMPERE, "1200.5", None, OUT, "1200,500", None),
    ("1,200,300", EN, FREE, "1200300", None, NONE, "1,200,300", None),
    ("12,345.6", EN, FREE, "12345.6", None, NONE, "12,345.6", None),
    ("12.345,6", EN, FREE, "12345.6", None, NONE, "12.345,6", None),
    ("1'200", EN, SPEED, "1200", None, IN, "1'200", None),
    ("1\u2019200", EN, SPEED, "1200", None, IN, "1\u2019200", None),
    ("1 200", EN, SPEED, "1200", None, IN, "1 200", None),
    ("1\u00a0200", PT, SPEED, "1200", None, IN, "1 200", None),
    ("1\u202f200", PT, SPEED, "1200", None, IN, "1 200", None),
    ("1\u2009200", EN, SPEED, "1200", None, IN, "1 200", None),
    # The same base unit with another prefix.
    ("980 k", EN, INSULATION, "0.98", None, OUT, "0.98", "980 k"),
    ("980 kΩ", EN, INSULATION, "0.98", None, OUT, "0.98", "980 kΩ"),
    ("980 k\u2126", PT, INSULATION, "0.98", None, OUT, "0,98", "980 kΩ"),
    ("980 KOhm", EN, INSULATION, "0.98", None, OUT, "0.98", "980 KOhm"),
    ("2k2", EN, INSULATION, "0.0022", None, OUT, "0.0022", "2k2"),
    ("2M2", EN, INSULATION, "2.2", None, IN, "2.2", "2M2"),
    ("2M2 Ω", EN, INSULATION, "2.2", None, IN, "2.2", "2M2 Ω"),
    ("0,98 M", PT, INSULATION, "0.98", None, OUT, "0,98", "0,98 M"),
    ("0,98 M", EN, RESISTANCE, "980000", None, OUT, "980000", "0,98 M"),
    ("4R7", EN, RESISTANCE, "4.7", None, OUT, "4.7", "4R7"),
    ("0R47", EN, RESISTANCE, "0.47", None, IN, "0.47", "0R47"),
    ("500 mΩ", EN, RESISTANCE, "0.5", None, IN, "0.5", "500 mΩ"),
    ("500 mΩ", EN, INSULATION, "0.0000005", None, OUT, "0.0000005", "500 mΩ"),
    ("2 MΩ", EN, INSULATION, "2", None, IN, "2", None),
    ("2,5 m", EN, LENGTH, "2.5", None, IN, "2,5", None),
    ("2500 mm", EN, LENGTH, "2.5", None, IN, "2.5", "2500 mm"),
    ("2m50", PT, LENGTH, "2.5", None, IN, "2,5", "2m50"),
    ("1,200 k", EN, INSULATION, "0.0012", "1.2", OUT, "0.0012", "1,200 k"),
    ("> 1,200 kΩ", EN, INSULATION, "0.0012", "1.2", OUT, ">0.0012", "> 1,200 kΩ"),
    ("5 \u00b5A", EN, MILLIAMPERE, "0.005", None, IN, "0.005", "5 \u00b5A"),
    ("5 \u03bcA", EN, MILLIAMPERE, "0.005", None, IN, "0.005", "5 \u03bcA"),
    ("5 uA", EN, MILLIAMPERE, "0.005", None, IN, "0.005", "5 uA"),
]


def measured_field(low: str | None, high: str | None, unit: str | None) -> Field:
    return field("f", FieldType.NUMBER, limits=limits(low, high, unit))


@pytest.mark.parametrize(
    ("typed", "language", "bounds", "decimal", "doubt", "judgement", "words", "beside"), CASES
)
def test_typed(typed, language, bounds, decimal, doubt, judgement, words, beside) -> None:
    asked = measured_field(*bounds)
    value = parse(asked, typed, language)
    assert isinstance(value, dict)
    assert (value["decimal"], value.get("doubt")) == (decimal, doubt)
    assert AssessedField(asked, AnswerFacts(value)).judgements == {ONLY: judgement}
    assert bool(undecided(asked, value)) == (doubt is not None)
    if words is not None:
        seen = shown(value, bounds[2], language)
        assert (seen.text, seen.typed) == (words, beside)


@pytest.mark.parametrize(
    ("typed", "unit"),
    [
        ("5 kV", "MΩ"),
        ("5 V", "mA"),
        ("5 k", "rpm"),
        ("5 k", "%"),
        ("5 K", "°C"),
        ("5 m", "m²"),
        ("5 c", "m"),
        ("5 MS", "s"),
        ("5 min", "s"),
        ("2V2", "Ω"),
        ("2k2 V", "Ω"),
        ("5 kohm/m", "Ω"),
    ],
)
def test_another_unit_is_rejected_and_the_required_unit_named(typed: str, unit: str) -> None:
    with pytest.raises(InvalidAnswer) as refused:
        parse_decimal(typed, unit=unit)
    if not typed.startswith("2"):
        assert f"in {unit}," in str(refused.value.sentence)
        assert refused.value.sentence.params["text"] == typed


@pytest.mark.parametrize(
    ("typed", "unit", "decimal"), [("95 %", "%", "95"), ("21 °C", "°C", "21"), ("3 m2", "m²", "3")]
)
def test_units_without_prefixes_are_unchanged(typed: str, unit: str, decimal: str) -> None:
    read = parse_decimal(typed, unit=unit)
    assert (read.decimal, read.is_converted, read.doubt) == (decimal, False, None)
    assert not suffixes(unit)


def test_case_distinguishes_milli_from_mega_but_not_kilo() -> None:
    of = suffixes("Ω")
    assert (of["m"], of["M"], of["k"], of["K"], of["u"], of["μ"]) == (-3, 6, 3, 3, -6, -6)
    assert "g" not in of and "V" not in of
    assert suffixes("kg") and "G" not in suffixes("kg") and suffixes("MS") != suffixes("ms")


MARKED = st.from_regex(r"[1-9][0-9]{0,2}[.,][0-9]{3}", fullmatch=True)
LANGUAGES = st.sampled_from([EN, PT, None])
UNITS = st.sampled_from([None, "mA", "MΩ", "rpm", "m"])


@given(MARKED, LANGUAGES, st.sampled_from(["", "-", ">", "<="]), UNITS)
def test_an_ambiguous_number_is_never_assessed_silently(typed, language, start, unit) -> None:
    read = parse_decimal(start + typed, unit=unit, language=language)
    is_thousands = language is None or ("," in typed) == (language is EN)
    assert (read.doubt is not None) == is_thousands
    if read.doubt:
        assert Decimal(read.doubt) == Decimal(read.decimal) * 1000
        assert shown(read.to_json(), unit, language or EN).typed == start + typed


@given(st.text("0123456789.,' -<>kMmRΩ", max_size=12), LANGUAGES, UNITS)
def test_only_the_rule_causes_a_doubt_and_a_decision_removes_it(typed, language, unit) -> None:
    asked = measured_field(None, None, unit)
    try:
        value = parse(asked, typed, language)
    except InvalidAnswer:
        return
    for reading in undecided(asked, value).values():
        for number in (reading["decimal"], reading["doubt"]):
            decided = decide(asked, value, {ONLY: number})
            assert decided == {"text": reading["text"], "decimal": number}
            assert not undecided(asked, decided)
            assert parse(asked, decided, language) == decided
            assert kind_of(asked).keep_unchanged(asked, value, decided, {}) == decided
        assert decide(asked, value, {ONLY: "7"}) == value
    # A number in the user's own notation needs no decision.
    assert parse(asked, value, language) == value


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=5, min_value=-9999, max_value=9999),
    st.sampled_from([EN, PT]),
)
def test_what_is_shown_is_read_as_the_same_number(number: Decimal, language: Language) -> None:
    read = parse_decimal(f"{number:f}", language=language)
    seen = shown(read.to_json(), None, language)
    again = parse_decimal(seen.text, language=language)
    assert Decimal(again.decimal) == number and again.doubt is None


def test_a_choice_applies_only_to_its_own_text() -> None:
    asked = measured_field(*SPEED)
    value = parse(asked, "1,300", EN)
    assert decide(asked, value, {ONLY: "1250"}) == value
    assert decide(asked, parse(asked, "1300", EN), {ONLY: "1.3"}) == {
        "text": "1300",
        "decimal": "1300",
    }


def test_a_new_choice_replaces_an_earlier_one() -> None:
    asked = measured_field(*SPEED)
    typed = parse(asked, "1,250", PT)  # unambiguous in Portuguese
    mine = decide(asked, typed, {ONLY: "1250"})
    theirs = {"text": "1,250", "decimal": "1.25"}
    assert kind_of(asked).keep_unchanged(asked, mine, theirs, {ONLY: "1250"}) == {
        "text": "1,250",
        "decimal": "1250",
    }
    assert kind_of(asked).keep_unchanged(asked, parse(asked, "1,250", EN), theirs, {}) == theirs


def test_each_cell_of_a_table_is_decided_separately() -> None:
    table = field("t", FieldType.TABLE, limits=limits(None, "5", "mA"))
    value = parse(table, {"l1:v": "1,200", "l2:v": "1,300"}, EN)
    assert set(undecided(table, value)) == {"l1:v", "l2:v"}
    value = decide(table, value, {"l2:v": "1300"})
    assert set(undecided(table, value)) == {"l1:v"}
    assert AssessedField(table, AnswerFacts(value)).judgements["l2:v"] is OUT
    assert kind_of(table).without_doubts(table, value) == {
        "l1:v": {"text": "1,200", "decimal": "1.2"},
        "l2:v": {"text": "1,300", "decimal": "1300"},
    }


@pytest.mark.parametrize("required", [True, False])
def test_a_doubt_is_missing_until_it_is_decided(required: bool) -> None:
    number = field("n", FieldType.NUMBER, limits=limits(None, "5", "mA"), required=required)
    table = field("t", FieldType.TABLE, required=required)
    whole = definition(number, table)
    answers = {
        "n": AnswerFacts(parse(number, "1,200", EN)),
        "t": AnswerFacts(parse(table, {"l1:v": "1,200", "l2:v": "7"}, EN)),
    }
    missing = assess(whole, answers).missing
    assert [(item.field_id, item.kind) for item in missing] == [
        ("n", MissingKind.UNDECIDED),
        ("t", MissingKind.UNDECIDED),
    ]
    assert '"1,200"' in str(missing[0].sentence) and "1" in str(missing[1].sentence)
    # Meanwhile the decimal is assessed, which decides the colour.
    assert AssessedField(number, answers["n"]).verdict is Verdict.OK
    decided = {
        "n": AnswerFacts(decide(number, answers["n"].value, {ONLY: "1200"})),
        "t": AnswerFacts(decide(table, answers["t"].value, {"l1:v": "1.2"})),
    }
    assert assess(whole, decided).missing == []
    assert AssessedField(number, decided["n"]).verdict is Verdict.NOT_OK


@pytest.mark.parametrize(
    ("unit", "other"),
    list(product(["V", "kV", "mV"], ["V", "kV", "mV", "μV", "MV", "k", "m"])),
)
def test_prefixes_keep_the_quantity(unit: str, other: str) -> None:
    powers = {"V": 0, "kV": 3, "mV": -3, "μV": -6, "MV": 6, "k": 3, "m": -3}
    read = parse_decimal(f"1,5 {other}", unit=unit)
    assert Decimal(read.decimal).scaleb(powers[unit]) == Decimal("1.5").scaleb(powers[other])
