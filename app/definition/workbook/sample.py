"""The sample workbook that users download, fill in and upload: the rich form, valid as it is.

The readers define what its texts mean; a test reads this sample without a notice.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from app.definition.workbook.grammar import DUE_NAMES, TYPE_NAMES
from app.definition.workbook.prefills import WORDS as PREFILLS
from app.definition.workbook.sheet import MAX_ROWS
from app.slow_work import slow_work

Row = Sequence[str | None]

_CHECKLIST: Sequence[Row] = (
    (
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
        "Field id",
    ),
    (
        "1. Before you start / Antes de começar",
        "Work only with the permit on display",
        "Trabalhe somente com a permissão exposta",
        "note",
    ),
    (
        "1. Before you start / Antes de começar",
        "Drawings are on site",
        "Desenhos estão no local",
        "verdict",
        None,
        None,
        "yes",
        None,
        None,
        "when Not OK",
    ),
    (
        "1. Before you start / Antes de começar",
        "Serial number",
        "Número de série",
        "text",
        None,
        None,
        "yes",
        "min 1",
        "yes",
        None,
        "As on the nameplate",
        "Como na placa",
        "serial_number",
    ),
    (
        "2. Tests / Ensaios",
        "Breaker position",
        "Posição do disjuntor",
        "select",
        "Open | Closed",
        "Aberto | Fechado",
        "yes",
        "none",
    ),
    (
        "2. Tests / Ensaios",
        "Protective equipment worn",
        "Equipamentos de proteção em uso",
        "select many",
        "Helmet | Gloves | Goggles",
        "Capacete | Luvas | Óculos",
    ),
    (
        "2. Tests / Ensaios",
        "Frequency",
        "Frequência",
        "number",
        "unit Hz; min 59.9; max 60.1",
    ),
    (
        "2. Tests / Ensaios",
        "Voltage",
        "Tensão",
        "table",
        "rows L1-L2, L2-L3, L3-L1; column Measured; unit V; min 361; max 418",
        "linhas L1-L2, L2-L3, L3-L1; coluna Medido",
        "yes",
        "min 1; max 5",
    ),
    ("2. Tests / Ensaios", "Date of the test", "Data do ensaio", "date"),
    ("2. Tests / Ensaios", "Time of the test", "Hora do ensaio", "time"),
    ("3. Remarks / Observações", "Remarks", "Observações", "long text", None, None, "no"),
)
_INFO_FIELDS: Sequence[Row] = (
    ("Label (EN)", "Label (PT)", "Type", "Options", "Options (PT)", "Required", "Filled from"),
    ("Client", "Cliente", "text", None, None, "yes", "client"),
    ("Equipment tag", "TAG do equipamento", "text", None, None, "yes", "tag"),
    (
        "Equipment type",
        "Tipo de equipamento",
        "select",
        "Transformer | UPS | Generator",
        "Transformador | Nobreak | Gerador",
        "yes",
    ),
    ("Drawing number", "Número do desenho", "text", None, None, "no"),
)
_SIGNATURES: Sequence[Row] = (
    ("Role (EN)", "Role (PT)", "Required", "Filled from", "Due"),
    ("Technician", "Técnico executor", "yes", "me", "submit"),
    ("Client witness", "Testemunha do cliente", "no", None, "submit"),
)
_HEADER: Sequence[Row] = (
    ("Code", "SAMPLE-001"),
    ("Title (EN)", "Sample checklist"),
    ("Title (PT)", "Checklist de exemplo"),
    ("Category", "Commissioning"),
    ("Reference standards", "IEC 61439-1; NBR 5410"),
    ("Planning requirements", "Permit to work; approved method statement"),
)
INSTRUCTIONS: Sequence[Row] = (
    ("Column / Coluna", "English", "Português"),
    (
        "Section",
        "English / Português. Sections keep the order in which they first appear.",
        "English / Português. As seções mantêm a ordem em que aparecem.",
    ),
    (
        "Question (EN), Pergunta (PT)",
        "The question in one or both languages.",
        "A pergunta em um ou nos dois idiomas.",
    ),
    ("Type", f"One of: {TYPE_NAMES}.", f"Um destes: {TYPE_NAMES}."),
    (
        "Options / limits",
        "Select: answers separated by a bar, A | B. Number: unit V; min 1; max 10. "
        "Table: rows A, B; column C, D; unit V; min 1; max 10.",
        "Select: respostas separadas por barra vertical, A | B. Number: unit V; min 1; max 10. "
        "Table: rows A, B; column C, D; unit V; min 1; max 10.",
    ),
    (
        "Opções (PT)",
        "The same options in Portuguese, in the same order.",
        "As mesmas opções em português, na mesma ordem.",
    ),
    (
        "Required",
        "yes or no. Empty means yes, but no for note and long text.",
        "yes ou no. Vazio significa sim, mas não para note e long text.",
    ),
    (
        "Photos",
        "Empty means optional; none; min 1; min 1; max 5; min 1 when Not OK.",
        "Vazio significa opcional; none; min 1; min 1; max 5; min 1 when Not OK.",
    ),
    (
        "GPS",
        "yes: photos of this question need a position.",
        "yes: as fotos desta pergunta precisam de posição.",
    ),
    (
        "Comment required",
        "Empty means optional; yes; when Not OK.",
        "Vazio significa opcional; yes; when Not OK.",
    ),
    (
        "Filled from / Preenchido com",
        f"What the report knows of itself, so that nobody is asked: {PREFILLS}."
        " Empty or no: it is asked. In Signatures: me, the name of the person who is signed in.",
        f"O que o relatório já sabe, para não perguntar de novo: {PREFILLS}."
        " Vazio ou no: é perguntado. Em Signatures: me, o nome da pessoa conectada.",
    ),
    (
        "Due / Momento",
        "In Signatures: submit, or approval if somebody signs after the report was submitted,"
        " such as the client. Empty means submit.",
        "Em Signatures: submit, ou approval se alguém assina depois do envio do relatório, como"
        " o cliente. Vazio significa submit.",
    ),
    (
        "Shown when, Required when, Fails when, Calculation, Section shown when"
        " / Mostrar quando, Obrigatório quando, Falha quando, Cálculo, Mostrar seção quando",
        'Conditions such as {Transformer present} = "Yes", and calculations such as'
        " round(({l1} + {l2}) / 2, 1). Fields stand in braces, by their id or text.",
        'Condições como {Transformador presente} = "Sim", e cálculos como'
        " round(({l1} + {l2}) / 2, 1). Os campos ficam entre chaves, pelo id ou pelo texto.",
    ),
    (
        "Field id",
        "Optional. Keeps answers comparable when the words of a question change.",
        "Opcional. Mantém as respostas comparáveis quando o texto da pergunta muda.",
    ),
    (
        "Unit, Min, Max",
        "The unit and the limits in columns of their own, instead of in Options / limits.",
        "A unidade e os limites em colunas próprias, em vez de em Options / limits.",
    ),
    (
        "Section id, Id",
        "In a workbook that Laudo wrote: keep them, so that answers stay comparable.",
        "Em uma planilha escrita pelo Laudo: mantenha, para as respostas seguirem comparáveis.",
    ),
    (
        "Answers: Of field, Part, Label, Id",
        "In a workbook that Laudo wrote: answers, rows and columns that do not fit beside their"
        " question, one in a row. Part is options, rows or columns.",
        "Em uma planilha escrita pelo Laudo: respostas, linhas e colunas que não cabem ao lado da"
        " pergunta, uma por linha. Part é options, rows ou columns.",
    ),
    (
        "Header: Form, Languages",
        "In a workbook that Laudo wrote: keep them. A text in quotation marks is read as JSON, so"
        " \\n is a new line.",
        "Em uma planilha escrita pelo Laudo: mantenha. Um texto entre aspas é lido como JSON: \\n"
        " é uma nova linha.",
    ),
    (
        "Other sheets / Outras abas",
        "Info fields, Signatures and Header may be left out.",
        "Info fields, Signatures e Header podem ser omitidas.",
    ),
)

_YES_NO = ("yes", "no")
_TYPES = tuple(TYPE_NAMES.split(", "))
# Suggestions only: free text is valid here too, so these lists do not reject other words.
_PHOTOS = ("none", "min 1", "min 2", "min 3", "min 1 when Not OK")
_COMMENTS = ("yes", "when Not OK")


@slow_work
def sample_workbook() -> bytes:
    """An .xlsx in the rich form with examples of every type and instructions in two languages."""
    book = Workbook()
    book.remove(book.worksheets[0])
    checklist = _add_sheet(book, "Checklist", _CHECKLIST, (28, 40, 40, 13, 40, 32, 11, 14, 8, 18))
    _suggest(checklist, "D", _TYPES, strict=True)
    _suggest(checklist, "G", _YES_NO, strict=True)
    _suggest(checklist, "H", _PHOTOS)
    _suggest(checklist, "I", _YES_NO, strict=True)
    _suggest(checklist, "J", _COMMENTS)
    info = _add_sheet(book, "Info fields", _INFO_FIELDS, (30, 30, 13, 40, 40, 11, 16))
    _suggest(info, "C", _TYPES, strict=True)
    _suggest(info, "F", _YES_NO, strict=True)
    _suggest(info, "G", tuple(PREFILLS.split(", ")))
    signatures = _add_sheet(book, "Signatures", _SIGNATURES, (30, 30, 11, 16, 12))
    _suggest(signatures, "C", _YES_NO, strict=True)
    _suggest(signatures, "D", ("me",))
    _suggest(signatures, "E", DUE_NAMES, strict=True)
    _add_sheet(book, "Header", _HEADER, (26, 60), has_header_row=False)
    _add_sheet(book, "Instructions", INSTRUCTIONS, (30, 70, 70))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _add_sheet(
    book: Workbook,
    name: str,
    rows: Sequence[Row],
    widths: Sequence[int],
    *,
    has_header_row: bool = True,
) -> Worksheet:
    sheet: Worksheet = book.create_sheet(name)
    for row in rows:
        sheet.append(list(row))
    for index, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    for cells in sheet.iter_rows():
        for cell in cells:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    heads = sheet[1] if has_header_row else [row[0] for row in sheet.iter_rows(max_col=1)]
    for cell in heads:
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="E8EDF2")
    if has_header_row:
        sheet.freeze_panes = "A2"
    return sheet


def _suggest(sheet: Worksheet, column: str, words: Sequence[str], *, strict: bool = False) -> None:
    """Add a drop-down list of `words` below the header; only `strict` rejects other words."""
    rule = DataValidation(type="list", formula1=f'"{",".join(words)}"', allow_blank=True)
    rule.showErrorMessage = strict
    rule.add(f"{column}2:{column}{MAX_ROWS}")
    sheet.add_data_validation(rule)
