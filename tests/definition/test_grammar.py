"""Each small grammar of a cell: what is accepted, and what is rejected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.definition.schema import CommentPolicy, FieldType, PhotoMode
from app.definition.workbook.grammar import (
    parse_comment,
    parse_measured,
    parse_photos,
    parse_type,
    parse_yes_no,
)
from app.definition.workbook.ids import IdRequest, assign, slug
from app.definition.workbook.languages import guess_language
from app.definition.workbook.options import is_verdict, split_options
from app.definition.workbook.problems import Unclear


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("OK/Not OK/N.A.", ["OK", "Not OK", "N.A."]),
        ("OK/Not OK/N/A", ["OK", "Not OK", "N/A"]),
        ("N/A/OK / Not OK", ["N/A", "OK", "Not OK"]),
        ("OK, Not OK, N/A", ["OK", "Not OK", "N/A"]),
        ("OK | Not OK | n/a", ["OK", "Not OK", "n/a"]),
        ("OK\nNot OK\nN/A", ["OK", "Not OK", "N/A"]),
        ("OK /\nNot OK /\nN/A", ["OK", "Not OK", "N/A"]),
        ("Open, Closed, Racked out", ["Open", "Closed", "Racked out"]),
        ("Open; Closed", ["Open", "Closed"]),
        ("0/1 | 1/1", ["0/1", "1/1"]),
        ("0,5 A, 1,0 A", ["0,5 A", "1,0 A"]),
        ("1,2,3", ["1", "2", "3"]),
        ("L1-L2-L3, L3-L2-L1", ["L1-L2-L3", "L3-L2-L1"]),
        ("Manual/Automatic", ["Manual", "Automatic"]),
        ("Open | | Closed |", ["Open", "Closed"]),
        ("N/A", ["N/A"]),
        ("", []),
    ],
)
def test_options(text: str, expected: list[str]) -> None:
    assert split_options(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "OK/Not OK/N.A.",
        "ok, NOT OK, na",
        "Não OK | OK | N/A",
        "OK/Nao OK",
        "OK/NOK/NA",
        "OK | Not OK | Not applicable",
        "OK/Não OK\nN.A.",
        "Ok; Não Ok; Não se aplica",
    ],
)
def test_verdicts(text: str) -> None:
    assert is_verdict(text)


@pytest.mark.parametrize(
    "text", ["OK", "OK | N.A.", "Yes/No", "OK/Not OK/Maybe", "OK/OK/Not OK", "", "Pass/Fail"]
)
def test_not_verdicts(text: str) -> None:
    assert not is_verdict(text)


def test_wider_verdicts() -> None:
    for text in ("Pass/Fail/N/A", "Conforme | Não conforme", "C/NC/NA", "Sim/Não/N.A."):
        assert is_verdict(text, widely=True)


@pytest.mark.parametrize(
    ("text", "mode", "fewest", "most"),
    [
        ("", "optional", 0, 20),
        ("optional", "optional", 0, 20),
        ("none", "none", 0, 20),
        ("Nenhuma", "none", 0, 20),
        ("0", "none", 0, 20),
        ("0 photos", "none", 0, 20),
        ("0 fotos", "none", 0, 20),
        ("min 2", "required", 2, 20),
        ("MIN: 2", "required", 2, 20),
        ("mín. 2; máx. 5", "required", 2, 5),
        ("min 1;max 1", "required", 1, 1),
        ("max 3", "optional", 0, 3),
        ("min 0; max 3", "optional", 0, 3),
        ("mínimo de 3 fotos", "required", 3, 20),
        ("2", "required", 2, 20),
        ("yes", "required", 1, 20),
        ("min 30", "required", 30, 30),
    ],
)
def test_photos(text: str, mode: str, fewest: int, most: int) -> None:
    policy = parse_photos(text)
    assert (policy.mode, policy.min, policy.max) == (PhotoMode(mode), fewest, most)


@pytest.mark.parametrize(
    "text",
    [
        "many",
        "min",
        "min two",
        "min 5; max 2",
        "min 51",
        "min 1; min 2",
        "2-5",
        "min -1",
        "min 1.5",
        "max 60",
        "2,5",
    ],
)
def test_unclear_photos(text: str) -> None:
    with pytest.raises(Unclear):
        parse_photos(text)


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("", "optional"),
        ("no", "optional"),
        ("yes", "required"),
        ("Sim", "required"),
        ("sempre", "required"),
        ("when Not OK", "required_when_not_ok"),
        ("WHEN NOT-OK", "required_when_not_ok"),
        ("quando Não OK", "required_when_not_ok"),
        ("se não ok", "required_when_not_ok"),
        ("none", "off"),
    ],
)
def test_comments(text: str, policy: str) -> None:
    assert parse_comment(text) is CommentPolicy(policy)


def test_unclear_comments_and_yes_or_no() -> None:
    for parse in (parse_comment, lambda text: parse_yes_no(text, True), parse_type):
        with pytest.raises(Unclear):
            parse("perhaps")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("yes", True),
        ("SIM", True),
        ("x", True),
        ("no", False),
        ("Não", False),
        ("-", False),
        ("0", False),
        ("1", True),
        ("✓", True),
    ],
)
def test_yes_or_no(text: str, expected: bool) -> None:
    assert parse_yes_no(text, True) is expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Verdict", "verdict"),
        ("Drop Down", "select_one"),
        ("drop-down", "select_one"),
        ("SELECT MANY", "select_many"),
        ("Múltipla escolha", "select_many"),
        ("Texto longo", "long_text"),
        ("Número", "number"),
        ("data", "date"),
        ("Hora", "time"),
        ("tabela", "table"),
        ("nota", "note"),
    ],
)
def test_types(text: str, kind: str) -> None:
    assert parse_type(text) is FieldType(kind)


@pytest.mark.parametrize(
    ("text", "unit", "low", "high"),
    [
        ("", None, None, None),
        ("N/A", None, None, None),
        ("-", None, None, None),
        ("unit Ω; max 0.1", "Ω", None, "0.1"),
        ("Unidade: Ω ;  MÁX = 0,1", "Ω", None, "0.1"),
        ("unit Hz; min 59.9; max 60.1", "Hz", "59.9", "60.1"),
        ("unit V, min 361, max 418", "V", "361", "418"),
        ("unit V min 361 max 418", "V", "361", "418"),
        ("min. 361 V; max. 418 V; unit V", "V", "361", "418"),
        ("unit m³/h | min -5", "m³/h", "-5", None),
        ("mínimo 1\nmáximo 2", None, "1", "2"),
        ("≤ 0,1 Ω", "Ω", None, "0.1"),
        ("59.9..60.1 Hz", "Hz", "59.9", "60.1"),
        ("°C", "°C", None, None),
        ("unit kV", "kV", None, None),
    ],
)
def test_number_limits(text: str, unit: str | None, low: str | None, high: str | None) -> None:
    limits = parse_measured(text, is_table=False).limits
    found = (limits.unit, limits.min, limits.max) if limits else (None, None, None)
    assert tuple(str(part) if part is not None else None for part in found) == (unit, low, high)


@pytest.mark.parametrize(
    "text",
    [
        "rows A; column B",
        "min 5; max 2",
        "min 1; min 2",
        "min x",
        "maxx 3",
        "unit " + "V" * 21,
        "> 5",
        "min >5",
        "max 1e999999",
        "between 1 and 2",
        "min",
        "min 1 2",
    ],
)
def test_unclear_number_limits(text: str) -> None:
    with pytest.raises(Unclear):
        parse_measured(text, is_table=False)


def test_table_grammar() -> None:
    for text in (
        "rows L1-L2, L2-L3; column Measured; unit V; min 1; max 2,5",
        "Linhas: L1-L2 , L2-L3\nColuna: Measured\nunidade V\nmín 1\nmáx 2.5",
        "unit V; min 1; max 2.5; columns Measured; rows L1-L2|L2-L3",
    ):
        spec = parse_measured(text, is_table=True)
        assert (spec.rows, spec.columns) == (("L1-L2", "L2-L3"), ("Measured",))
        assert spec.limits and (spec.limits.unit, str(spec.limits.max)) == ("V", "2.5")
    spec = parse_measured("rows 0,5 A, 1,5 A; columns Min, Max", is_table=True)
    assert (spec.rows, spec.columns) == (("0,5 A", "1,5 A"), ("Min", "Max"))
    assert parse_measured("linhas A", is_table=True, is_translation=True).rows == ("A",)
    for text in ("", "rows A", "column B", "unit V", "rows ; column B"):
        with pytest.raises(Unclear):
            parse_measured(text, is_table=True)


@given(st.text(alphabet="minax unt;,|.=:rowsclh0123456789Ω≤-\n", max_size=60), st.booleans())
def test_any_text_is_limits_or_unclear(text: str, is_table: bool) -> None:
    for parse in (lambda: parse_measured(text, is_table=is_table), lambda: parse_photos(text)):
        try:
            parse()
        except Unclear as unclear:
            assert str(unclear.sentence)


def test_slugs() -> None:
    assert slug("Seção 1: Condição Ω_final") == "secao_1_condicao_final"
    assert slug("1. Tests", prefix="s") == "s_1_tests"
    assert slug("检查", prefix="f").startswith("f_")
    assert slug("检查") != slug("测试")
    long = [slug("word " * 30 + end) for end in "ab"]
    assert long[0] != long[1] and all(len(one) <= 80 for one in long)


@given(st.text(max_size=200), st.sampled_from(["", "f"]))
def test_any_text_makes_a_valid_id(text: str, prefix: str) -> None:
    one = slug(text, prefix=prefix)
    assert 1 <= len(one) <= 80 and one[0] in "abcdefghijklmnopqrstuvwxyz0123456789"
    assert set(one) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")


def test_ids_are_given_then_known_then_numbered() -> None:
    requests = [
        IdRequest(("a",)),
        IdRequest(("b",), given="a"),
        IdRequest(("a",)),
        IdRequest(("c", "k")),
    ]
    assert assign(requests, {"k": ["old"]}) == ["a_2", "a", "a_3", "old"]
    assert assign([IdRequest(("a",))], {"other": ["a"]}) == ["a_2"]


def test_language_of_words() -> None:
    assert guess_language(["Verificação do torque dos terminais"]) == "pt"
    assert guess_language(["Torque of the terminals"]) == "en"
    assert guess_language([]) == "en"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("min 1,000; max 1,500", ("1,000", "1000", "1,0")),
        ("min 1.000; max 1.500", ("1.000", "1000", "1.0")),
        ("unit rpm; max 1,234", ("1,234", "1234", "1,2340")),
        ("min 900; max 1,100", ("1,100", "1100", "1,1")),
        ("min 1.000; max 1,500", ("1.000", "1000", "1.0")),
        ("1,000..1,500 V", ("1,000", "1000", "1,0")),
        ("≤ 1,500 V", ("1,500", "1500", "1,5")),
        ("min -1,500 V; unit V", ("-1,500 V", "-1500 V", "-1,5 V")),
    ],
)
def test_an_ambiguous_bound_is_reported(text: str, named: tuple[str, ...]) -> None:
    with pytest.raises(Unclear) as unclear:
        parse_measured(text, is_table=False)
    params = unclear.value.sentence.params
    assert (params["text"], params["large"], params["small"]) == named
    for written in named[1:]:  # each suggestion is accepted
        assert parse_measured(f"unit V; min {written}", is_table=False).limits


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("min 1,000.5; max 1,500", "1000.5", "1500"),
        ("min 0,5; max 1,500", "0.5", "1.5"),
        ("min 0.5; max 1,500", "0.5", "1500"),
        ("min 1,500; max 1,000,000", "1500", "1000000"),
        ("min 1.500; max 2.000,5", "1500", "2000.5"),
        ("min 1000; max 1500", "1000", "1500"),
        ("min 0,5; max 1.25", "0.5", "1.25"),
        ("min 1 000; max 1 500", "1000", "1500"),
    ],
)
def test_the_other_bound_decides_what_a_mark_means(text: str, low: str, high: str) -> None:
    limits = parse_measured(text, is_table=False).limits
    assert limits is not None and (str(limits.min), str(limits.max)) == (low, high)
