"""Workbooks of no known form: what the mapping makes of many shapes, cell by cell."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from app.definition.mapping import Correction, Kind, Mapping, Role, SheetKind, Target, map_book
from app.definition.mapping.criterion import parse_criterion
from app.definition.schema import CommentPolicy, Field, Language, PhotoMode, Prefill
from app.definition.workbook.sheet import open_book
from tests.support.client_workbooks import a_book, a_matrix, a_protocol


def mapped(data: bytes, *corrections: Correction) -> Mapping:
    return map_book(open_book(data), filename_stem="client-file", corrections=corrections)


def lines(one: Mapping, number: int = 0) -> list[str]:
    """Each question in one line: type, label, limits, cells of readings, marks and comment."""
    checklist = one.checklists[number]
    languages = checklist.definition.languages
    return [
        line(field, checklist.places.fields[field.id], languages)
        for section in checklist.definition.sections
        for field in section.fields
    ]


def line(field: Field, place, languages) -> str:
    limits = field.limits
    low, high = (limits.min, limits.max) if limits else (None, None)
    low, high = ("" if one is None else f"{one:f}" for one in (low, high))
    bounds = f"{low}..{high} {limits.unit or ''}" if limits else ""
    columns = [one.label.first(languages) for one in field.columns]
    marks = ",".join(f"{mark.cell}={mark.text}" for mark in place.marks.values())
    values = ",".join(place.values.values())
    parts = [field.type.value, field.label.first(languages), bounds.strip(), ",".join(columns)]
    return re.sub(" +", " ", " | ".join([*parts, values, marks, place.comment]))


def sections(one: Mapping) -> list[str]:
    definition = one.checklists[0].definition
    return [section.title.first(definition.languages) for section in definition.sections]


def test_a_protocol_maps_without_a_correction():
    one = mapped(a_protocol())
    definition, places = one.checklists[0].definition, one.checklists[0].places
    assert one.language is Language.PT
    assert definition.header.code == "PE-EL-007"
    assert definition.header.title.pt == "PROTOCOLO DE ENSAIO – QUADRO"
    assert definition.header.reference_standards == ("NBR 5410",)
    assert sections(one) == ["1. INSPEÇÃO VISUAL", "2. ENSAIOS ELÉTRICOS", "Conclusão"]
    assert lines(one) == [
        "verdict | Placa de identificação | | | | G12=X,H12=X,I12=X | J12",
        "verdict | Aperto das conexões | | | | G13=X,H13=X,I13=X | J13",
        "table | Resistência de isolamento fase-terra | 1.. MΩ | L1,L2,L3 | D15,E15,F15"
        " | G15=X,H15=X,I15=X | J15",
        "number | Continuidade do condutor de proteção | ..0.1 Ω | | D16 | G16=X,H16=X,I16=X | J16",
        "table | Tensão fase-neutro | 209..231 V | L1,L2,L3 | D17,E17,F17"
        " | G17=X,H17=X,I17=X | J17",
        "table | Resistência de contato | ..100 µΩ | L1,L2,L3 | D18,E18,F18"
        " | G18=X,H18=X,I18=X | J18",
        "long_text | CONCLUSÃO | | | B20 | | ",
    ]
    info = {field.label.pt: places.fields[field.id].values[""] for field in definition.info_fields}
    assert info == {
        "Cliente": "B5",
        "Obra": "D5",
        "TAG": "B6",
        "Data do ensaio": "D6",
        "Temperatura ambiente (°C)": "B7",
        "Instrumento": "D7",
    }
    assert [field.prefill for field in definition.info_fields][:4] == [
        Prefill.CLIENT,
        Prefill.PROJECT,
        Prefill.TAG,
        Prefill.START_DATE,
    ]
    roles = {role.label.pt: places.roles[role.id] for role in definition.signature_roles}
    assert {name: (role.name, role.drawing) for name, role in roles.items()} == {
        "Executante": ("B23", "B24"),
        "Fiscalização": ("D23", "D24"),
    }


def test_rules_in_prose_become_settings_and_what_has_none_is_told():
    one = mapped(a_protocol())
    asked = one.checklists[0].definition.sections[1].fields
    assert {field.comment for field in asked} == {CommentPolicy.REQUIRED_WHEN_NOT_OK}
    assert {(field.photos.mode, field.photos.min) for field in asked} == {
        (PhotoMode.REQUIRED_WHEN_NOT_OK, 1)
    }
    hint = asked[3].hint
    assert hint and "desvio ≤ 50 %" in (hint.pt or "")
    told = {(note.sheet, note.cell) for note in one.told}
    assert ("Instruções", "A2") not in told and ("PROTOCOLO", "C18") in told


def test_a_number_that_shows_its_trailing_zero_is_no_heading():
    def number(book):
        cell = book["Ensaios"]["A4"]
        cell.value, cell.number_format = 2.1, "0.00"

    rows = [
        ["ITEM", "DESCRIÇÃO", "C", "NC"],
        ["2. ENSAIOS"],
        ["2.9", "Tensão de comando"],
        [None, "Sequência de fases"],
    ]
    one = mapped(a_book({"Ensaios": rows}, change=number))
    assert sections(one) == ["2. ENSAIOS"]
    assert [one.split(" | ")[1] for one in lines(one)] == [
        "Tensão de comando",
        "Sequência de fases",
    ]
    assert [part.label for part in one.sheets[0].parts] == [
        "2. ENSAIOS",
        "Tensão de comando",
        "Sequência de fases",
    ]


def test_matrices_of_one_shape_are_one_checklist_with_equipment():
    one = mapped(a_matrix({"PDU": ["PDU-A01", "PDU-A02", "PDU-A03"], "RPP": ["RPP-1", "RPP-2"]}))
    assert len(one.checklists) == 1
    assert lines(one) == [
        "verdict | Nameplate | | | | C=P,C=F,C=N/A | ",
        "verdict | Anchoring | | | | D=P,D=F,D=N/A | ",
        "verdict | Torque | | | | E=P,E=F,E=N/A | ",
        "verdict | Labels | | | | F=P,F=F,F=N/A | ",
        "number | Megger (MΩ) | .. MΩ | | G | | ",
        "long_text | Remarks | | | H | | ",
    ]
    devices = one.checklists[0].places.devices
    assert [(d.tag, d.type, d.location, d.sheet, d.row) for d in devices] == [
        ("PDU-A01", "PDU", "Hall 1", "PDU", 4),
        ("PDU-A02", "PDU", "Hall 2", "PDU", 5),
        ("PDU-A03", "PDU", "Hall 3", "PDU", 6),
        ("RPP-1", "RPP", "Hall 1", "RPP", 4),
        ("RPP-2", "RPP", "Hall 2", "RPP", 5),
    ]
    asked = one.checklists[0].definition.sections[0].fields[0]
    assert asked.comment is CommentPolicy.REQUIRED_WHEN_NOT_OK


def test_eleven_sheets_of_which_nine_are_matrices_of_three_shapes():
    sheets, lists = {"Cover": [["Data hall verification"], ["Client:"], ["Project:"]]}, {}
    for number in range(9):
        checks = ["Nameplate", "Torque", *[f"Check {n} of shape {number % 3}" for n in range(3)]]
        tags = [[f"U{number}-{n:02}", "Hall 1"] for n in range(1, 41)]
        sheets[f"Units {number}"] = [["Device", "Location", *checks, "Remarks"], *tags]
        lists[f"Units {number}"] = {"C2:G41": "Pass,Fail,N/A"}
    sheets["Notes"] = [["Rev 4. Issued for construction."]]
    one = mapped(a_book(sheets, lists=lists))
    assert len(one.sheets) == 11
    assert [checklist.sheets for checklist in one.checklists] == [
        (f"Units {n}", f"Units {n + 3}", f"Units {n + 6}") for n in range(3)
    ]
    assert [len(checklist.places.devices) for checklist in one.checklists] == [120, 120, 120]
    assert len({checklist.definition.header.code for checklist in one.checklists}) == 3


def test_a_start_up_record_with_limits_in_columns():
    rows = [
        [None, "UPS start-up record"],
        [],
        ["Tag", None, None, "Serial no."],
        ["Date", None, None, "Load kW"],
        [],
        ["No.", "Test", "Unit", "Min", "Max", "Reading", "Pass / Fail", "Note"],
        [1, "Input voltage", "V", 456, 504],
        [2, "Battery ripple", "%", 0, 0.005],
        [],
        [None, "Passed", '=COUNTIF(G7:G8,"Pass")'],
        [],
        ["Engineer signature", None, None, "Client signature"],
    ]

    def percent(book):
        for cell in ("D8", "E8"):
            book["UPS"][cell].number_format = "0.0%"

    one = mapped(a_book({"UPS": rows}, change=percent))
    assert lines(one) == [
        "number | Input voltage | 456..504 V | | F7 | G7=Pass,G7=Fail,G7=N/A | H7",
        "number | Battery ripple | 0..0.5 % | | F8 | G8=Pass,G8=Fail,G8=N/A | H8",
    ]
    roles = one.checklists[0].places.roles
    assert {name: role.drawing for name, role in roles.items()} == {
        "engineer": "B12",
        "client": "E12",
    }
    info = one.checklists[0].definition.info_fields
    assert [(field.label.en, field.type.value, field.unit) for field in info] == [
        ("Tag", "text", None),
        ("Serial no.", "text", None),
        ("Date", "date", None),
        ("Load kW", "number", "kW"),
    ]


SHAPES: dict[str, tuple[bytes, list[str]]] = {
    "yes and no in columns, sections in capitals": (
        a_book(
            {
                "Inspeção": [
                    ["Inspeção de segurança"],
                    ["Verificação", "Sim", "Não", "N/A", "Observações"],
                    ["ANDAIMES"],
                    ["Guarda-corpo instalado"],
                    ["Acesso por escada segura"],
                    ["ELÉTRICA"],
                    ["Quadros fechados e identificados"],
                ]
            }
        ),
        [
            "verdict | Guarda-corpo instalado | | | | B4=X,C4=X,D4=X | E4",
            "verdict | Acesso por escada segura | | | | B5=X,C5=X,D5=X | E5",
            "verdict | Quadros fechados e identificados | | | | B7=X,C7=X,D7=X | E7",
        ],
    ),
    "one column for the result with a list": (
        a_book(
            {
                "Check": [
                    ["#", "Check item", "Status", "Comments"],
                    [1, "Nameplate data recorded"],
                    [2, "Grounding conductor connected"],
                ]
            },
            lists={"Check": {"C2:C3": "Accept,Reject,N/A"}},
        ),
        [
            "verdict | Nameplate data recorded | | | | C2=Accept,C2=Reject,C2=N/A | D2",
            "verdict | Grounding conductor connected | | | | C3=Accept,C3=Reject,C3=N/A | D3",
        ],
    ),
    "a list that is no verdict": (
        a_book(
            {
                "Valves": [
                    ["Item", "Description", "Status"],
                    [1, "Position of the bypass valve"],
                    [2, "Position of the drain valve"],
                ]
            },
            lists={"Valves": {"C2:C3": "Open,Closed,Locked"}},
        ),
        [
            "select_one | Position of the bypass valve | | | C2 | | ",
            "select_one | Position of the drain valve | | | C3 | | ",
        ],
    ),
    "numbered headings in the question column": (
        a_book(
            {
                "Gerador": [
                    ["Descrição", "OK", "NOK", "Obs."],
                    ["1. Motor"],
                    ["1.1 Nível de óleo"],
                    ["1.2 Nível de água"],
                    ["2. Alternador"],
                    ["2.1 Aterramento da carcaça"],
                ]
            }
        ),
        [
            "verdict | Nível de óleo | | | | B3=X,C3=X | D3",
            "verdict | Nível de água | | | | B4=X,C4=X | D4",
            "verdict | Aterramento da carcaça | | | | B6=X,C6=X | D6",
        ],
    ),
    "a section in its own column, merged down": (
        a_book(
            {
                "Plan": [
                    ["System", "Verification", "Acceptance criteria", "Measured value", "Result"],
                    ["Cooling", "Supply air temperature", "18 °C to 27 °C"],
                    [None, "Relative humidity", "20 - 80 %"],
                    ["Power", "Neutral to ground voltage", "< 2 V"],
                ]
            },
            merged={"Plan": ["A2:A3"]},
        ),
        [
            "number | Supply air temperature | 18..27 °C | | D2 | E2=OK,E2=Not OK,E2=N/A | ",
            "number | Relative humidity | 20..80 % | | D3 | E3=OK,E3=Not OK,E3=N/A | ",
            "number | Neutral to ground voltage | ..2 V | | D4 | E4=OK,E4=Not OK,E4=N/A | ",
        ],
    ),
    "two tables with different heads on one sheet": (
        a_book(
            {
                "Trafo": [
                    ["Ensaios de transformador"],
                    ["Item", "Inspeção", "Conforme", "Não conforme"],
                    [1, "Nível do óleo isolante"],
                    [2, "Radiadores sem vazamento"],
                    [],
                    ["Item", "Ensaio", "Mínimo", "Unidade", "R", "S", "T"],
                    [3, "Resistência de isolação AT", 1000, "MΩ"],
                    [4, "Resistência de isolação BT", 500, "MΩ"],
                ]
            }
        ),
        [
            "verdict | Nível do óleo isolante | | | | C3=X,D3=X | ",
            "verdict | Radiadores sem vazamento | | | | C4=X,D4=X | ",
            "table | Resistência de isolação AT | 1000.. MΩ | R,S,T | E7,F7,G7 | | ",
            "table | Resistência de isolação BT | 500.. MΩ | R,S,T | E8,F8,G8 | | ",
        ],
    ),
    "both languages side by side": (
        a_book(
            {
                "Bilingual": [
                    ["No.", "Description", "Descrição", "OK", "Not OK", "N/A", "Remarks"],
                    [1, "Door closes and locks properly", "Porta fecha e tranca corretamente"],
                    [2, "No damage to the paintwork", "Sem danos na pintura do painel"],
                ]
            }
        ),
        [
            "verdict | Porta fecha e tranca corretamente | | | | D2=X,E2=X,F2=X | G2",
            "verdict | Sem danos na pintura do painel | | | | D3=X,E3=X,F3=X | G3",
        ],
    ),
    "devices in columns": (
        a_book(
            {
                "Boards": [
                    ["Item", "Check", "QDF-01", "QDF-02", "QDF-03"],
                    [1, "Door and lock in order"],
                    [2, "Labels of all circuits present"],
                ]
            }
        ),
        [
            "verdict | Door and lock in order | | | | 2=OK,2=Not OK,2=N/A | ",
            "verdict | Labels of all circuits present | | | | 3=OK,3=Not OK,3=N/A | ",
        ],
    ),
    "no head at all": (
        a_book(
            {
                "List": [
                    ["Verify that the cable tray is earthed"],
                    ["Verify that all glands are tight"],
                    ["Verify that the spare ways are blanked"],
                    ["Verify that the drawings are in the panel"],
                ]
            }
        ),
        [
            "verdict | Verify that the cable tray is earthed | | | | | ",
            "verdict | Verify that all glands are tight | | | | | ",
            "verdict | Verify that the spare ways are blanked | | | | | ",
            "verdict | Verify that the drawings are in the panel | | | | | ",
        ],
    ),
    "nominal value and tolerance in columns": (
        a_book(
            {
                "Relay": [
                    [
                        "Test no.",
                        "Parameter",
                        "Nominal",
                        "Tolerance",
                        "Unit",
                        "As found",
                        "As left",
                    ],
                    [1, "Pickup current of phase 1", 5, "5%", "A"],
                    [2, "Trip time at twice pickup", 1.5, "10%", "s"],
                ]
            }
        ),
        [
            "table | Pickup current of phase 1 | 4.75..5.25 A | As found,As left | F2,G2 | | ",
            "table | Trip time at twice pickup | 1.35..1.65 s | As found,As left | F3,G3 | | ",
        ],
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name):
    data, expected = SHAPES[name]
    assert lines(mapped(data)) == expected


def test_sections_of_the_shapes():
    assert sections(mapped(SHAPES["yes and no in columns, sections in capitals"][0])) == [
        "ANDAIMES",
        "ELÉTRICA",
    ]
    assert sections(mapped(SHAPES["numbered headings in the question column"][0])) == [
        "1. Motor",
        "2. Alternador",
    ]
    assert sections(mapped(SHAPES["a section in its own column, merged down"][0])) == [
        "Cooling",
        "Power",
    ]
    both = mapped(SHAPES["both languages side by side"][0]).checklists[0].definition
    assert both.languages == (Language.PT, Language.EN) and both.sections[0].fields[0].label.en
    turned = mapped(SHAPES["devices in columns"][0]).checklists[0].places.devices
    assert [(one.tag, one.column) for one in turned] == [
        ("QDF-01", 3),
        ("QDF-02", 4),
        ("QDF-03", 5),
    ]


CRITERIA = [
    ("≥ 1 MΩ", "MΩ", "1", None),
    ("<= 0,1 Ω", "Ω", None, "0.1"),
    ("220 V ± 5 %", "V", "209", "231"),
    ("60 ± 0,5 Hz", "Hz", "59.5", "60.5"),
    ("220 V +10 % / -5 %", "V", "209", "242"),
    ("entre 209 e 231 V", "V", "209", "231"),
    ("between 209 and 231 V", "V", "209", "231"),
    ("209 a 231 V", "V", "209", "231"),
    ("0,95 ≤ FP ≤ 1", None, "0.95", "1"),
    ("no mínimo 500 MΩ", "MΩ", "500", None),
    ("1 MΩ mín.", "MΩ", "1", None),
    ("R ≥ 1 MΩ @ 1000 V", "MΩ", "1", None),
    ("≥ 209 V e ≤ 231 V", "V", "209", "231"),
    ("Conforme projeto", None, None, None),
    ("IP54", None, None, None),
    ("Alarme 140 °C / trip 150 °C", None, None, None),
    ("± 0,5 %", None, None, None),
]


@pytest.mark.parametrize(("text", "unit", "low", "high"), CRITERIA)
def test_criteria_become_limits(text, unit, low, high):
    one = parse_criterion(text, Language.PT)
    found = [None if bound is None else f"{bound.normalize():f}" for bound in (one.min, one.max)]
    assert (one.unit, *found) == (unit, low, high)
    assert one.is_whole or one.rest or one.nominal is not None


def test_what_limits_cannot_say_is_kept_apart():
    spread = parse_criterion("≤ 100 µΩ; desvio ≤ 50 %", Language.PT)
    assert (spread.max, spread.spread_percent) == (Decimal(100), Decimal(50))
    between = parse_criterion("ΔT ≤ 10 K entre fases", Language.PT)
    assert (between.max, between.spread, between.unit) == (None, Decimal(10), "K")
    assert parse_criterion("< 10 Ω", Language.EN).excludes
    for text in ("≥ 1,000 MΩ", "≥ 1.000 MΩ"):
        unclear = parse_criterion(text, Language.PT)
        assert unclear.unclear and not unclear.is_bounded


def test_a_column_is_corrected_on_every_sheet_of_the_shape():
    data = a_matrix({"PDU": ["P-1", "P-2"], "RPP": ["R-1", "R-2"]}, ("Torque", "Owner witness"))
    click = Correction(
        target=Target.COLUMN, at="D", words="owner witness", choice=Role.SIGNATURE.value
    )
    one = mapped(data, click)
    assert [line.split(" | ")[1] for line in lines(one)] == ["Torque", "Remarks"]
    assert one.checklists[0].places.roles["owner_witness"].drawing == "D"
    assert one.shape == mapped(data).shape


def test_rows_cells_and_sheets_are_corrected():
    clicks = [
        Correction(
            target=Target.ROW,
            sheet="PROTOCOLO",
            at="17",
            words="tensao fase neutro",
            choice=Kind.VERDICT.value,
        ),
        Correction(
            target=Target.ROW,
            sheet="PROTOCOLO",
            at="12",
            words="placa de identificacao",
            choice=Kind.SKIP.value,
        ),
        Correction(
            target=Target.CELL,
            sheet="PROTOCOLO",
            at="C7",
            words="instrumento",
            choice=Kind.SKIP.value,
        ),
        Correction(target=Target.SHEET, sheet="Instruções", choice=SheetKind.SKIP.value),
    ]
    one = mapped(a_protocol(), *clicks)
    kinds = {line.split(" | ")[1]: line.split(" | ")[0] for line in lines(one)}
    assert kinds["Tensão fase-neutro"] == "verdict" and "Placa de identificação" not in kinds
    definition = one.checklists[0].definition
    assert "Instrumento" not in {field.label.pt for field in definition.info_fields}
    assert {field.comment for field in definition.sections[0].fields} == {CommentPolicy.OPTIONAL}


def test_a_row_is_found_again_in_the_next_workbook_of_the_shape():
    click = Correction(
        target=Target.ROW, sheet="PROTOCOLO", at="17", words="tensao fase neutro", choice="verdict"
    )
    items = [["1. ENSAIOS"], ["1.1", "Tensão fase-neutro", "220 V ± 5 %"]]
    other = mapped(a_protocol("OUTRO", items), click)
    assert lines(other)[0].startswith("verdict | Tensão fase-neutro")
    assert other.shape == mapped(a_protocol()).shape


def test_a_question_keeps_its_id_when_the_workbook_comes_again():
    first = mapped(a_protocol()).checklists[0].definition
    again = map_book(
        open_book(a_protocol()), filename_stem="x", known={first.header.code: first}
    ).checklists[0]
    assert again.definition == first
