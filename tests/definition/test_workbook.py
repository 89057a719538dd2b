"""Workbooks of both forms become definitions, or a list of all problems with their cells."""

from __future__ import annotations

import pytest
from openpyxl import Workbook

from app.definition.schema import CommentPolicy, FieldType, Language, PhotoMode, Text
from app.definition.workbook import read_workbook, sample_workbook
from tests.definition.builders import (
    FOUR_HEADER,
    RICH_HEADER,
    problems_of,
    read,
    read_field,
    read_rich,
)

T = FieldType


def test_four_columns() -> None:
    rows = [
        FOUR_HEADER,
        ("1. Start", "Permit is displayed", "Drop Down", "OK/Not OK/N/A"),
        ("1. Start", "Breaker", "Drop Down", "Open, Closed | Racked out"),
        (None, None, None, None),
        ("2. End", "Position", "Drop Down", "Open\nClosed"),
        ("1. Start", "Serial number", "Text", None),
    ]
    result = read({"Sheet": rows})
    assert result.problems == result.notices == ()
    assert result.code == "PANEL_CHECK"
    checklist = result.definition
    assert checklist and checklist.languages == (Language.EN,)
    assert checklist.header.title == Text(en="Panel check")
    assert [section.id for section in checklist.sections] == ["s_1_start", "s_2_end"]
    start, end = checklist.sections
    assert [field.type for field in start.fields] == [T.VERDICT, T.SELECT_ONE, T.TEXT]
    assert [one.id for one in start.fields[1].options] == ["open_closed", "racked_out"]
    assert [one.id for one in end.fields[0].options] == ["open", "closed"]
    assert start.fields[2].id == "f_1_start_serial_number"


def test_four_columns_in_portuguese_in_any_order_below_a_title() -> None:
    rows = [
        ("Relatório de comissionamento", None, None, None, None),
        (),
        ("Nº", "TIPO DE  RESULTADO", "seção", "Questão", "Opções"),
        (1, "Lista suspensa", "1. Início", "Desenhos no local", "OK/Não OK/N.A."),
        (2, "Texto", None, "Número de série", None),
    ]
    result = read({"Plan1": rows})
    assert result.definition, result.problems
    assert result.definition.languages == (Language.PT,)
    fields = result.definition.sections[0].fields
    assert [field.type for field in fields] == [T.VERDICT, T.TEXT]
    assert fields[0].label == Text(pt="Desenhos no local")
    assert [(note.cell, str(note.sentence)) for note in result.notices] == [
        ("A3", 'The column "Nº" is not recognised, so it was skipped.')
    ]


def test_english_headers_over_portuguese_words() -> None:
    rows = [FOUR_HEADER, ("1. Início", "Verificação do torque dos terminais", "Text", None)]
    result = read({"Sheet1": rows})
    assert result.definition and result.definition.languages == (Language.PT,)


def test_item_is_the_question_only_without_a_better_name() -> None:
    body = ("A", "1.1", "Is it clean?", "Text")
    for name in ("Question", "Description"):
        result = read({"S": [("Section", "Item", name, "Type"), body]})
        assert result.definition
        assert result.definition.sections[0].fields[0].label.en == "Is it clean?"
    result = read({"S": [("Section", "Item", "Type"), ("A", "Is it clean?", "Text")]})
    assert result.definition


def test_every_column_of_the_rich_form() -> None:
    field = read_field(
        "select",
        "Open | Closed",
        "Aberto | Fechado",
        "no",
        "min 2; max 4",
        "yes",
        "when Not OK",
        "Look up",
        "Olhe para cima",
        "breaker",
    )
    assert field.id == "breaker"
    assert field.label == Text(en="Question", pt="Pergunta")
    assert field.options[1].label == Text(en="Closed", pt="Fechado")
    assert not field.required
    assert (field.photos.mode, field.photos.min, field.photos.max) == (PhotoMode.REQUIRED, 2, 4)
    assert field.photos.gps_required
    assert field.comment is CommentPolicy.REQUIRED_WHEN_NOT_OK
    assert field.hint == Text(en="Look up", pt="Olhe para cima")


@pytest.mark.parametrize(
    ("kind", "required"),
    [("verdict", True), ("text", True), ("long text", False), ("note", False), ("date", True)],
)
def test_required_by_default(kind: str, required: bool) -> None:
    field = read_field(kind)
    assert field.required is required
    if kind == "note":
        assert (field.photos.mode, field.comment) == (PhotoMode.NONE, CommentPolicy.OFF)


def test_tables_in_two_languages() -> None:
    field = read_field(
        "table", "rows A, B; column Measured; unit V; min 1", "linhas C, D; coluna Medido"
    )
    assert [row.label for row in field.rows] == [Text(en="A", pt="C"), Text(en="B", pt="D")]
    assert field.columns[0].label == Text(en="Measured", pt="Medido")
    assert [key for key, _, _ in field.cells()] == ["a:measured", "b:measured"]


def test_separate_columns_for_unit_and_limits() -> None:
    header = ("Seção", "Pergunta", "Tipo", "Unidade", "Mínimo", "Máximo")
    rows = [header, ("A", "Frequência", "número", "Hz", 59.9, 60.1), ("A", "Nome", "texto")]
    result = read({"Checklist": rows})
    assert result.definition, result.problems
    limits = result.definition.sections[0].fields[0].limits
    assert limits and (limits.unit, str(limits.min), str(limits.max)) == ("Hz", "59.9", "60.1")


def test_a_missing_translation_is_listed_and_shows_the_other() -> None:
    result = read_rich(
        ("A / B", "One", "Um", "text"),
        ("Only English", "Two", None, "select", "X | Y", None),
        (None, None, "Três", "text"),
    )
    assert result.definition, result.problems
    assert [(note.cell, str(note.sentence)[:22]) for note in result.notices] == [
        ("A3", "The Portuguese text is"),
        ("C3", "The Portuguese text is"),
        ("F3", "The Portuguese text is"),
        ("B4", "The English text is mi"),
    ]
    field = result.definition.sections[1].fields[1]
    assert field.label.first(result.definition.languages) == "Três"


def test_sections_merge_split_and_carry_down() -> None:
    def change(book: Workbook) -> None:
        book["Checklist"].merge_cells("A2:A4")
        book["Checklist"].merge_cells("D3:D4")

    rows = [
        RICH_HEADER,
        ("Power / Energia", "One", "Um", "text"),
        (None, "Two", "Dois", "date"),
        (None, "Three", "Três", None),
        ("Lock/tag", None, None, None),
        (None, "Four", "Quatro", "text"),
        ("POWER / Energia", "Five", "Cinco", "text"),
    ]
    result = read({"Checklist": rows}, change=change)
    assert result.definition, result.problems
    power, lock = result.definition.sections
    assert power.title == Text(en="Power", pt="Energia")
    assert lock.title == Text(en="Lock/tag")
    assert [field.type for field in power.fields] == [T.TEXT, T.DATE, T.DATE, T.TEXT]
    assert [field.label.en for field in lock.fields] == ["Four"]


def test_other_sheets_in_either_language() -> None:
    result = read(
        {
            "Checklist": [RICH_HEADER, ("A / B", "One", "Um", "text")],
            "Campos de informação": [
                ("Label (EN)", "Label (PT)", "Type", "Options", "Required"),
                ("Client", "Cliente", None, None, "no"),
                ("Kind", "Tipo", "select", "UPS | PDU", None),
            ],
            "ASSINATURAS": [
                ("Função (EN)", "Função (PT)", "Obrigatório"),
                ("Tech", "Técnico", "não"),
            ],
            "Cabeçalho": [
                ("Código", "com 001"),
                ("Title (EN)", "Energized"),
                ("Título (PT)", "Energizado"),
                ("Categoria", "Commissioning"),
                ("Normas", "IEC 61439-1; NBR 5410", "NETA ATS"),
                (None, "IEC 60364"),
                ("Colour", "red"),
            ],
        }
    )
    checklist = result.definition
    assert checklist, result.problems
    assert [(field.id, field.required) for field in checklist.info_fields] == [
        ("info_client", False),
        ("info_kind", True),
    ]
    assert checklist.info_fields[0].photos.mode is PhotoMode.NONE
    assert [(role.id, role.required) for role in checklist.signature_roles] == [("tech", False)]
    assert (result.code, checklist.header.code) == ("COM-001", "COM-001")
    assert checklist.header.title == Text(en="Energized", pt="Energizado")
    assert checklist.header.reference_standards == (
        "IEC 61439-1",
        "NBR 5410",
        "NETA ATS",
        "IEC 60364",
    )
    # Client and technician can be filled in; A7 and B1 are not known.
    assert [note.cell for note in result.notices] == ["A2", "A2", "A7", "B1"]


@pytest.mark.parametrize("length", [2_001, 5_000])
def test_a_long_title_in_one_of_two_section_columns(length: int) -> None:
    header = ("Section (EN)", "Section (PT)", "Question (EN)", "Question (PT)", "Type")
    row = ("One", "U" * length, "First", "Primeira", "text")
    assert problems_of(read({"Checklist": [header, row]})) == [
        ("B2", "The text has more than 2,000 characters. Shorten it."),
    ]


def test_a_repeated_role_id_is_a_problem() -> None:
    header = ("Role (EN)", "Role (PT)", "Required", "Id")
    result = read_rich(
        ("A / B", "One", "Um", "text"),
        Signatures=[header, ("Tech", "Técnico", "yes", "tech"), ("Boss", "Chefe", "yes", "tech")],
    )
    assert problems_of(result) == [
        ("D3", 'The id "tech" is already used in Signatures, cell D2. Choose another one.'),
    ]


def test_all_problems_at_once_each_with_its_cell() -> None:
    result = read_rich(
        (None, "No section", "Sem seção", "text"),
        ("A / B", None, None, "text", None, None, None, None, None, None, "hint"),
        ("A / B", "q1", "p1", None),
        ("A / B", "q2", "p2", "riddle"),
        ("A / B", "q3", "p3", "select", "alone"),
        ("A / B", "q4", "p4", "select", "X | Y", "X"),
        ("A / B", "q5", "p5", "select", "X | x"),
        ("A / B", "q6", "p6", "number", "min 5; max 2"),
        ("A / B", "q7", "p7", "table", "rows A"),
        ("A / B", "q8", "p8", "text", None, None, "perhaps", "lots", "perhaps", "perhaps"),
        ("A / B", "q9", "p9", "text", *[None] * 8, "same"),
        ("A / B", "qa", "pa", "text", *[None] * 8, "same"),
        ("A / B", "qb", "pb", "verdict", "Red | Green"),
        ("A / B", "qc", "pc", "text", *[None] * 8, "///"),
        ("A / B", "#REF!", "pd", "text"),
    )
    cells = [cell for cell, _ in problems_of(result)]
    assert cells == (
        [
            "A2",
            "B3",
            "D4",
            "D5",
            "E6",
            "F7",
            "E8",
            "E9",
            "E10",
            "G11",
            "H11",
            "I11",
            "J11",
            "E14",
            "M15",
            "B16",
            "M13",
        ]
    )
    assert "Checklist, cell M12" in problems_of(result)[-1][1]


def test_rows_with_settings_only_are_left_out() -> None:
    result = read_rich(("A / B", "q", "p", "text"), (None, None, None, "verdict"))
    assert result.definition
    assert [note.cell for note in result.notices] == ["B3"]


def test_a_header_repeated_for_printing_is_skipped() -> None:
    rows = [FOUR_HEADER, ("A", "q1", "Text", None), FOUR_HEADER, ("A", "q2", "Text", None)]
    result = read({"S": rows})
    assert result.definition and len(result.definition.sections[0].fields) == 2


@pytest.mark.parametrize(
    ("sheets", "expected"),
    [
        ({"S": [("Name", "Value"), ("a", "b")]}, "No header row"),
        ({"S": []}, "no visible sheet"),
        ({"S": [("Section", "Question"), ("a", "b")]}, 'has no column "Type". Add it'),
        ({"S": [("Question", "Type"), ("a", "text")]}, 'has no column "Section". Add it'),
        ({"S": [FOUR_HEADER]}, "There are no questions"),
        ({"S": [*[("x",)] * 15, FOUR_HEADER, ("A", "q", "Text")]}, "No header row"),
    ],
)
def test_sheets_that_are_no_checklist(sheets: dict[str, list[tuple[str]]], expected: str) -> None:
    assert problems_of(read(sheets))[0][1].find(expected) >= 0


def test_hidden_sheets_are_ignored_and_second_checklists_mentioned() -> None:
    rows = [FOUR_HEADER, ("A", "q", "Text", None)]
    other = [FOUR_HEADER, ("A", "other", "Text", None)]

    def hide(book: Workbook) -> None:
        book["Old"].sheet_state = "hidden"

    result = read({"Old": other, "New": rows, "Newer": other}, change=hide)
    assert result.definition
    assert result.definition.sections[0].fields[0].label.en == "q"
    assert [note.sheet for note in result.notices] == ["", "Newer"]
    assert "Old" in str(result.notices[0].sentence)


def test_formulas_need_a_saved_result() -> None:
    result = read({"S": [FOUR_HEADER, ("A", '=CONCATENATE("a","b")', "Text", None)]})
    [(cell, sentence)] = problems_of(result)
    assert cell == "B2" and "formula" in sentence


def test_long_texts_and_too_many_rows() -> None:
    [(cell, sentence)] = problems_of(read_rich(("A / B", "x" * 2_001, "p", "text")))
    assert cell == "B2" and "2,000" in sentence
    [(cell, sentence)] = problems_of(read_rich(("A / B", "x" * 6_000, "p", "text")))
    assert cell == "B2" and "5,000" in sentence
    many = [FOUR_HEADER, *[("A", f"q{n}", "Text", None) for n in range(1_001)]]
    assert ("A1001", True) in [
        (cell, "1,000" in words) for cell, words in problems_of(read({"S": many}))
    ]


def test_ids_are_unique_and_the_given_one_wins() -> None:
    result = read_rich(
        ("A / B", "Same", "Mesmo", "text"),
        ("A / B", "Same", "Mesmo", "text"),
        ("A / B", "Other", "Outro", "text", *[None] * 8, "a_same"),
        ("A / B", "Loud", "Alto", "text", *[None] * 8, "Serial-No 1"),
    )
    assert result.definition
    ids = [field.id for field in result.definition.all_fields()]
    assert ids == ["a_same_2", "a_same_3", "a_same", "serial_no_1"]
    assert [note.cell for note in result.notices] == ["M5"]


def test_ids_go_on_in_the_next_version() -> None:
    first = read_rich(
        ("A / B", "Serial", "Série", "text", *[None] * 8, "sn"),
        ("A / B", "Breaker", "Disjuntor", "select", "+ | -", "mais | menos"),
        ("A / B", "Twin", "Gêmeo", "text"),
        ("A / B", "Twin", "Gêmeo", "text"),
    ).definition
    rows = [
        RICH_HEADER,
        ("A / B", "New", "Novo", "text"),
        ("A / B", "Twin", "Gêmeo", "text"),
        ("A / B", "Breaker", "Disjuntor", "select", "- | 0 | +", "menos | zero | mais"),
        ("A / B", "Serial!", "Série", "text"),
        ("A / B", "Twin", "Gêmeo", "text"),
    ]
    second = read({"Checklist": rows}, known=first).definition
    assert first and second
    assert [field.id for field in first.all_fields()] == ["sn", "a_breaker", "a_twin", "a_twin_2"]
    ids = [field.id for field in second.all_fields()]
    assert ids == ["a_new", "a_twin", "a_breaker", "sn", "a_twin_2"]
    plus, minus = (one.id for one in first.sections[0].fields[1].options)
    assert [one.id for one in second.sections[0].fields[2].options] == [minus, "o_0", plus]


def test_ids_survive_the_loss_of_a_language() -> None:
    first = read_rich(("A / B", "Serial", "Série", "text", *[None] * 8, "sn")).definition
    rows = [("Seção", "Pergunta", "Tipo"), ("B", "Série", "texto")]
    second = read({"Checklist": rows}, known=first).definition
    assert second and [field.id for field in second.all_fields()] == ["sn"]


def test_moving_columns_changes_no_id() -> None:
    rows = [RICH_HEADER, ("A / B", "One", "Um", "text"), ("A / B", "Two", "Dois", "date")]
    swapped = [[(*row, *[None] * 13)[n] for n in (3, 2, 1, 0)] for row in rows]
    one, two = read({"S": rows}).definition, read({"S": swapped}).definition
    assert one and two
    assert [field.id for field in one.all_fields()] == [field.id for field in two.all_fields()]


def test_the_stored_form_reads_back() -> None:
    checklist = read_rich(("A / B", "F", "F", "number", "unit Hz; max 60,1")).definition
    assert checklist
    stored = checklist.model_dump(mode="json", exclude_defaults=True)
    assert type(checklist).model_validate(stored) == checklist


def test_the_sample_reads_back_without_a_remark() -> None:
    result = read_workbook(sample_workbook(), filename_stem="sample")
    assert result.problems == result.notices == ()
    assert result.definition
    assert {field.type for field in result.definition.all_fields()} == set(FieldType)
    assert len(result.definition.languages) == 2


SPLIT_HEADER = ("Section", "Question", "Type", "Unit", "Min", "Max")


@pytest.mark.parametrize(
    ("low", "high", "cells"),
    [("1,000", "1,500", ["E2"]), ("900", "1,500", ["F2"]), (None, "1.500", ["F2"])],
)
def test_an_ambiguous_limit_is_reported_at_its_cell(
    low: object, high: object, cells: list[str]
) -> None:
    rows = [SPLIT_HEADER, ("Tests", "Speed", "number", "rpm", low, high)]
    found = problems_of(read({"Checklist": rows}))
    assert [cell for cell, _sentence in found] == cells
    assert "can be read as two numbers. Write 1" in found[0][1]


def test_an_ambiguous_limit_among_the_options_is_reported_there() -> None:
    [(cell, sentence)] = problems_of(
        read_rich(("A / B", "q", "p", "number", "unit rpm; min 1,000; max 1,500"))
    )
    assert (cell, sentence.count("1,000")) == ("E2", 1)
    assert "1000 or 1,0" in sentence


@pytest.mark.parametrize(
    ("low", "high"), [(1.125, 2.5), (0.125, 1.125), (1000, 1500), ("0,5", 1.125), (-1.125, 10)]
)
def test_a_number_cell_leaves_no_doubt(low: object, high: object) -> None:
    rows = [SPLIT_HEADER, ("Tests", "Speed", "number", "rpm", low, high)]
    made = read({"Checklist": rows}).definition
    limits = next(made.all_fields()).limits
    assert (str(limits.min), str(limits.max)) == (str(low).replace(",", "."), str(high))
