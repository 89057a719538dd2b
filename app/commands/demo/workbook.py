"""The demo companies' checklist, as the workbook that a client would send."""

from __future__ import annotations

import io

from openpyxl import Workbook

Row = tuple[str | None, ...]

QUESTION_COLUMNS: Row = (
    "Section",
    "Question (EN)",
    "Pergunta (PT)",
    "Type",
    "Options / limits",
    "Opções (PT)",
    "Required",
    "Photos",
    "GPS",
    "Comment required",
    "Hint (EN)",
    "Dica (PT)",
)
VISUAL = "1. Visual inspection / Inspeção visual"
TESTS = "2. Tests / Ensaios"
HANDOVER = "3. Handover / Entrega"
QUESTIONS: tuple[Row, ...] = (
    (
        VISUAL,
        "Board is level, fixed and undamaged",
        "Quadro nivelado, fixado e sem danos",
        "verdict",
        None,
        None,
        None,
        "min 1",
        None,
        "when Not OK",
    ),
    (
        VISUAL,
        "Nameplate agrees with the single-line diagram",
        "Placa de identificação confere com o diagrama unifilar",
        "verdict",
        None,
        None,
        None,
        "min 1",
        "yes",
    ),
    (
        VISUAL,
        "Busbar joints torqued and marked",
        "Emendas de barramento torqueadas e marcadas",
        "verdict",
        None,
        None,
        None,
        "min 1",
    ),
    (
        VISUAL,
        "Cable entries sealed",
        "Entradas de cabos vedadas",
        "verdict",
        None,
        None,
        None,
        None,
        None,
        "when Not OK",
    ),
    (VISUAL, "Serial number", "Número de série", "text"),
    (
        TESTS,
        "Keep clear of the board while the test voltage is on",
        "Mantenha distância do quadro enquanto houver tensão de ensaio",
        "note",
    ),
    (
        TESTS,
        "Insulation resistance at 1000 V DC",
        "Resistência de isolamento a 1000 Vcc",
        "table",
        "rows L1-PE, L2-PE, L3-PE, N-PE; column Measured; unit MΩ; min 1",
        "linhas L1-PE, L2-PE, L3-PE, N-PE; coluna Medido",
        None,
        "min 1",
        None,
        None,
        "Surge arresters disconnected",
        "DPS desconectados",
    ),
    (
        TESTS,
        "Continuity of the protective conductor",
        "Continuidade do condutor de proteção",
        "number",
        "unit Ω; max 0.1",
    ),
    (
        TESTS,
        "Voltage between phases",
        "Tensão entre fases",
        "table",
        "rows L1-L2, L2-L3, L3-L1; column Measured; unit V; min 361; max 418",
        "linhas L1-L2, L2-L3, L3-L1; coluna Medido",
    ),
    (
        TESTS,
        "Phase sequence",
        "Sequência de fases",
        "select",
        "L1-L2-L3 | L3-L2-L1",
        "L1-L2-L3 | L3-L2-L1",
    ),
    (
        TESTS,
        "Temperature rise of the hottest joint",
        "Elevação de temperatura da emenda mais quente",
        "number",
        "unit K; max 40",
        None,
        None,
        "min 1",
    ),
    (
        HANDOVER,
        "Doors locked and keys handed over",
        "Portas trancadas e chaves entregues",
        "verdict",
    ),
    (HANDOVER, "Protection settings saved", "Ajustes de proteção salvos", "verdict"),
    (HANDOVER, "Remarks", "Observações", "long text", None, None, "no"),
)
INFO: tuple[Row, ...] = (
    ("Label (EN)", "Label (PT)", "Type", "Options", "Required", "Filled from"),
    ("Client", "Cliente", "text", None, "yes", "client"),
    ("Equipment tag", "TAG do equipamento", "text", None, "yes", "tag"),
    ("Test date", "Data do teste", "date", None, "yes", "start date"),
)
SIGNATURES: tuple[Row, ...] = (
    ("Role (EN)", "Role (PT)", "Required", "Filled from"),
    ("Technician", "Técnico executor", "yes", "me"),
    ("Client witness", "Testemunha do cliente", "no"),
)
HEADER: tuple[Row, ...] = (
    ("Code", "LVB-001"),
    ("Title (EN)", "Low-voltage board start-up"),
    ("Title (PT)", "Partida de quadro de baixa tensão"),
    ("Category", "Commissioning"),
    ("Reference standards", "IEC 61439-1; NBR 5410"),
    ("Planning requirements", "Permit to work; approved method statement"),
)


def demo_workbook() -> bytes:
    """The workbook's bytes, in the rich form that the reader documents."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Checklist"
    for row in (QUESTION_COLUMNS, *QUESTIONS):
        sheet.append(row)
    for title, rows in (("Info fields", INFO), ("Signatures", SIGNATURES), ("Header", HEADER)):
        extra = book.create_sheet(title)
        for row in rows:
            extra.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
