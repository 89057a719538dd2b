"""Workbooks as clients send them, in shapes that no reader knows: made here, nobody's data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from io import BytesIO

from openpyxl import Workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

Rows = Sequence[Sequence[object]]


def a_book(
    sheets: Mapping[str, Rows],
    *,
    merged: Mapping[str, Iterable[str]] | None = None,
    lists: Mapping[str, Mapping[str, str]] | None = None,
    change: Callable[[Workbook], None] | None = None,
) -> bytes:
    """A workbook with these rows from A1 on; `lists` has the choices of ranges by sheet."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row, 1):
                if value not in (None, ""):
                    sheet.cell(number, column, value)
        for one in (merged or {}).get(name, ()):
            sheet.merge_cells(one)
        for cells, choices in (lists or {}).get(name, {}).items():
            offer(sheet, cells, choices)
    if change:
        change(book)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def offer(sheet: Worksheet, cells: str, choices: str) -> None:
    rule = DataValidation(type="list", formula1=f'"{choices}"')
    sheet.add_data_validation(rule)
    rule.add(cells)


def a_protocol(name: str = "PROTOCOLO", items: Rows | None = None, title: str = "QUADRO") -> bytes:
    """A Brazilian protocol: header block, a head of two rows, C / NC / NA, signatures, rules."""
    rows: list[list[object]] = [
        ["[LOGO]", None, f"PROTOCOLO DE ENSAIO\n{title}"],
        [],
        [None, None, "Doc.: PE-EL-007   Rev.: 01   NBR 5410"],
        [],
        ["Cliente:", None, "Obra:"],
        ["TAG:", None, "Data do ensaio:"],
        ["Temperatura ambiente (°C):", None, "Instrumento:"],
        [],
        [
            "ITEM",
            "DESCRIÇÃO",
            "CRITÉRIO",
            "MEDIDO",
            None,
            None,
            "RESULTADO",
            None,
            None,
            "OBSERVAÇÕES",
        ],
        [None, None, None, "L1", "L2", "L3", "C", "NC", "NA"],
    ]
    merged = ["A1:B3", "C1:J2", "C3:J3", "D5:J5", "D6:J6", "D7:J7", "A9:A10", "B9:B10", "C9:C10"]
    merged += ["D9:F9", "G9:I9", "J9:J10"]
    for item in items or PROTOCOL_ITEMS:
        rows.append(list(item))
        row = len(rows)
        if len(item) == 1:
            merged.append(f"A{row}:J{row}")
        elif len(item) > 3 and item[3] is not None:
            merged.append(f"D{row}:F{row}")
    rows += [[], ["CONCLUSÃO:"], [], ["Executante:", None, "Fiscalização:"]]
    merged.append(f"B{len(rows) - 2}:J{len(rows) - 2}")
    rows += [["Nome:", None, "Nome:"], ["Assinatura:", None, "Assinatura:"]]
    rules = [
        ["Preencher C (conforme), NC (não conforme) ou NA (não aplicável) com X."],
        ["Todo NC exige observação e registro fotográfico."],
    ]
    return a_book({name: rows, "Instruções": rules}, merged={name: merged})


PROTOCOL_ITEMS: Rows = (
    ["1. INSPEÇÃO VISUAL"],
    ["1.1", "Placa de identificação", "Conforme projeto", "—"],
    ["1.2", "Aperto das conexões", "Torque do fabricante", "—"],
    ["2. ENSAIOS ELÉTRICOS"],
    ["2.1", "Resistência de isolamento fase-terra", "≥ 1 MΩ"],
    ["2.2", "Continuidade do condutor de proteção", "≤ 0,1 Ω", ""],
    ["2.3", "Tensão fase-neutro", "220 V ± 5 %"],
    ["2.4", "Resistência de contato", "≤ 100 µΩ; desvio ≤ 50 %"],
)

CHECKS = ("Nameplate", "Anchoring", "Torque", "Labels", "Megger (MΩ)")


def a_matrix(
    devices: Mapping[str, Sequence[str]], checks: Sequence[str] = CHECKS, choices: str = "P,F,N/A"
) -> bytes:
    """A sheet per kind of device, a device per row, a check per column."""
    sheets: dict[str, Rows] = {}
    lists: dict[str, dict[str, str]] = {}
    for name, tags in devices.items():
        head = ["Device", "Location", *checks, "Remarks"]
        rows = [[tag, f"Hall {number}"] for number, tag in enumerate(tags, 1)]
        sheets[name] = [[f"{name} field verification"], [], head, *rows]
        last = chr(ord("B") + len(checks) - ("(MΩ)" in checks[-1]))
        lists[name] = {f"C4:{last}{3 + len(tags)}": choices}
    sheets["Legend"] = [["P = pass, F = fail, N/A. Every F needs a comment and a photo."]]
    return a_book(sheets, lists=lists)
