"""Finds header rows and recognises columns by their names, in English or Portuguese.

Names are compared without case, accents, signs and double spaces. The readers handle the rows
below the header.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from app.definition.schema import Language
from app.definition.workbook.ids import plain_words
from app.definition.workbook.sheet import Cell, VisibleSheet

HEADER_ROWS = 15
_MAX_NAME = 80


class Column(StrEnum):
    SECTION = "section"
    SECTION_ID = "section_id"
    LABEL = "label"
    TYPE = "type"
    OPTIONS = "options"
    LIMITS = "limits"
    UNIT = "unit"
    MIN = "min"
    MAX = "max"
    REQUIRED = "required"
    PHOTOS = "photos"
    GPS = "gps"
    COMMENT = "comment"
    HINT = "hint"
    PREFILL = "prefill"
    DUE = "due"
    FIELD = "field"
    PART = "part"
    SHOWN_WHEN = "shown_when"
    REQUIRED_WHEN = "required_when"
    FAILS_WHEN = "fails_when"
    CALCULATION = "calculation"
    SECTION_SHOWN = "section_shown"
    SOURCE = "source"
    SECTION_SOURCE = "section_source"
    ID = "id"


@dataclass(frozen=True, slots=True)
class Name:
    """The meaning of a header cell: the column, its language if any, and how certain it is.

    `rank` 0 is an unambiguous name; 1 and 2 are words that count only if there is no better name.
    `is_explicit`: the language is written out, "(PT)", rather than implied by the word.
    """

    column: Column
    language: Language | None = None
    rank: int = 0
    is_explicit: bool = False


@dataclass(frozen=True, slots=True)
class HeaderCell:
    """A recognised header cell."""

    index: int
    name: Name
    cell: Cell


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """The row with the column names. `unknown` holds the header cells not recognised."""

    row: int
    places: tuple[HeaderCell, ...]
    unknown: tuple[Cell, ...]
    unknown_columns: tuple[int, ...] = ()

    def of(self, column: Column) -> list[HeaderCell]:
        """The header cells of a column from left to right, at most one per language."""
        return [place for place in self.places if place.name.column is column]


EN, PT = Language.EN, Language.PT

# column -> (language, rank, names); the names are already normalised.
_COMMON: Mapping[Column, tuple[tuple[Language | None, int, str], ...]] = {
    Column.SECTION: (
        (EN, 0, "section|sections|section name|section title"),
        (PT, 0, "secao|secoes|sessao|nome da secao|titulo da secao"),
        (EN, 1, "group|chapter|phase|stage|category|area|topic|system|subsystem|heading"),
        (PT, 1, "grupo|capitulo|fase|etapa|categoria|topico|sistema|subsistema|disciplina"),
    ),
    # Only the form that Laudo writes has the next three.
    Column.SECTION_ID: ((EN, 0, "section id"), (PT, 0, "id da secao")),
    Column.FIELD: ((EN, 0, "of field"), (PT, 0, "do campo")),
    Column.PART: ((EN, 0, "part"), (PT, 0, "parte")),
    Column.TYPE: (
        (EN, 0, "type|result type|answer type|response type|field type|question type|step type"),
        (PT, 0, "tipo|tipo de resultado|tipo do resultado|tipo de resposta|tipo da resposta"),
        (PT, 0, "tipo de campo|tipo do campo|tipo de questao|tipo de pergunta"),
        (EN, 1, "format|input|data type"),
        (PT, 1, "formato|tipo de dado"),
    ),
    Column.OPTIONS: (
        (None, 0, "options limits|options limit|options and limits|opcoes limites"),
        (None, 0, "opcoes limite|opcoes e limites|opcao limite"),
        (EN, 0, "options|option|step result values|result values|step result value|choices"),
        (EN, 0, "answer options|response options|result value|possible values|list values"),
        (EN, 0, "possible answers|possible results|drop down values|dropdown values"),
        (PT, 0, "opcoes|opcao|valores do resultado|valores de resultado|valores possiveis"),
        (PT, 0, "opcoes de resposta|respostas possiveis|alternativas|valores da lista"),
        (PT, 0, "valores do resultado da etapa|resultados possiveis"),
        (EN, 1, "values|answers|list"),
        (PT, 1, "valores|respostas|lista"),
    ),
    Column.LIMITS: (
        (EN, 0, "limits|limit|acceptance limits|tolerance|acceptance range"),
        (PT, 0, "limites|limite|limites de aceitacao|tolerancia|faixa de aceitacao"),
    ),
    Column.UNIT: ((EN, 0, "unit|units|unit of measure"), (PT, 0, "unidade|unidade de medida")),
    Column.MIN: ((EN, 0, "min|minimum|min value|lower limit"), (PT, 0, "minimo|limite inferior")),
    Column.MAX: ((EN, 0, "max|maximum|max value|upper limit"), (PT, 0, "maximo|limite superior")),
    Column.REQUIRED: (
        (EN, 0, "required|mandatory|is required|answer required|compulsory"),
        (PT, 0, "obrigatorio|obrigatoria|requerido|requerida|resposta obrigatoria"),
    ),
    Column.PHOTOS: (
        (EN, 0, "photos|photo|pictures|images|photo policy|photos required|photo required"),
        (PT, 0, "fotos|foto|fotografias|imagens|fotos obrigatorias|foto obrigatoria"),
        (PT, 0, "registro fotografico|evidencia fotografica"),
    ),
    Column.GPS: (
        (EN, 0, "gps|gps required|position|location required|geolocation|position required"),
        (PT, 0, "gps obrigatorio|posicao|geolocalizacao|localizacao obrigatoria"),
    ),
    Column.COMMENT: (
        (EN, 0, "comment required|comments required|comment policy|require comment"),
        (PT, 0, "comentario obrigatorio|comentarios obrigatorios|observacao obrigatoria"),
        (PT, 0, "exige comentario|requer comentario"),
    ),
    Column.HINT: (
        (EN, 0, "hint|hints|help|help text|guidance|instruction|instructions|tip"),
        (PT, 0, "dica|dicas|ajuda|texto de ajuda|orientacao|orientacoes|instrucao|instrucoes"),
    ),
    Column.PREFILL: (
        (EN, 0, "filled from|filled in from|fill from|prefill|pre fill|prefilled|prefilled from"),
        (PT, 0, "preenchido com|preenchido de|preencher com|preenchido a partir de|pre preenchido"),
        (PT, 0, "pre preencher|pre preenchimento|preenchimento"),
    ),
    Column.DUE: (
        (EN, 0, "due|due at|asked at|signed at|when"),
        (PT, 0, "exigida em|exigida na|assinada em|momento|quando"),
    ),
    Column.SHOWN_WHEN: (
        (EN, 0, "shown when|show when|visible when|condition"),
        (PT, 0, "mostrar quando|mostrada quando|visivel quando|condicao"),
    ),
    Column.REQUIRED_WHEN: (
        (EN, 0, "required when|mandatory when"),
        (PT, 0, "obrigatorio quando|obrigatoria quando"),
    ),
    Column.FAILS_WHEN: (
        (EN, 0, "fails when|not ok when"),
        (PT, 0, "falha quando|reprova quando|nao ok quando"),
    ),
    Column.CALCULATION: (
        (EN, 0, "calculation|calculated from|formula"),
        (PT, 0, "calculo|calculado de|calculada de|formula"),
    ),
    Column.SECTION_SHOWN: (
        (EN, 0, "section shown when|show section when"),
        (PT, 0, "mostrar secao quando|secao mostrada quando"),
    ),
    Column.SOURCE: ((EN, 0, "source name"), (PT, 0, "nome de origem")),
    Column.SECTION_SOURCE: (
        (EN, 0, "section source name"),
        (PT, 0, "nome de origem da secao"),
    ),
    Column.ID: (
        (EN, 0, "field id|id|question id|item id|step id|identifier|field key|key"),
        (PT, 0, "id do campo|identificador|id da questao|id da pergunta|id do item|chave"),
    ),
}
_QUESTIONS: tuple[tuple[Language | None, int, str], ...] = (
    (EN, 0, "question|questions|script step|step|check item|checklist item|question text"),
    (EN, 0, "inspection item|checkpoint|check point|verification|item description|step name"),
    (EN, 0, "test step|step description|inspection point"),
    (PT, 0, "pergunta|perguntas|questao|questoes|item de verificacao|verificacao|passo"),
    (PT, 0, "item do checklist|descricao do item|ponto de verificacao|item de inspecao"),
    (PT, 0, "etapa do script|passo do script|texto da pergunta|enunciado"),
    (EN, 1, "description|task|activity|requirement|check|test|procedure|action"),
    (PT, 1, "descricao|tarefa|atividade|requisito|ensaio|teste|procedimento|acao"),
    (None, 2, "item|itens|items|label|rotulo|field|campo"),
)
_LABELS: tuple[tuple[Language | None, int, str], ...] = (
    (EN, 0, "label|field|field name|information|info|info field|data"),
    (PT, 0, "rotulo|campo|nome do campo|informacao|dado|etiqueta"),
    (EN, 1, "name|question|description|item"),
    (PT, 1, "nome|pergunta|questao|descricao"),
)
_ROLES: tuple[tuple[Language | None, int, str], ...] = (
    (EN, 0, "role|roles|signature role|signer|signatory|signature|signatures"),
    (PT, 0, "papel|funcao|funcoes|cargo|assinante|assinatura|assinaturas|signatario"),
    (EN, 1, "name|label|title|position"),
    (PT, 1, "nome|rotulo|responsavel"),
)
_LANGUAGES: Mapping[str, Language] = {
    **dict.fromkeys(("en", "eng", "english", "ingles", "en us", "en gb"), EN),
    **dict.fromkeys(("pt", "por", "portuguese", "portugues", "pt br", "ptbr", "br"), PT),
}


class Vocabulary:
    """The column names that one kind of sheet accepts."""

    def __init__(
        self, labels: tuple[tuple[Language | None, int, str], ...], *columns: Column
    ) -> None:
        self._names: dict[str, Name] = {}
        for column in columns:
            self._learn(column, _COMMON[column])
        self._learn(Column.LABEL, labels)

    def recognise(self, text: str) -> Name | None:
        """The meaning of a header cell, or None."""
        if len(text) > _MAX_NAME:
            return None
        words = plain_words(text)
        if words in self._names:
            return self._names[words]
        tokens = words.split()
        for size in (2, 1):
            language = _LANGUAGES.get(" ".join(tokens[-size:]))
            name = self._names.get(" ".join(tokens[:-size]))
            if language and name:
                return Name(name.column, language, name.rank, is_explicit=True)
        return None

    def _learn(self, column: Column, rows: tuple[tuple[Language | None, int, str], ...]) -> None:
        for language, rank, names in rows:
            for name in names.split("|"):
                self._names[name] = Name(column, language, rank)


_OF_OTHERS = (Column.DUE, Column.FIELD, Column.PART)
SECTION_COLUMNS = frozenset(
    {Column.SECTION, Column.SECTION_ID, Column.SECTION_SHOWN, Column.SECTION_SOURCE}
)
_OF_FIELDS = tuple(column for column in _COMMON if column not in _OF_OTHERS)
CHECKLIST = Vocabulary(_QUESTIONS, *_OF_FIELDS)
INFO_FIELDS = Vocabulary(
    _LABELS, *(column for column in _OF_FIELDS if column not in SECTION_COLUMNS)
)
SIGNATURES = Vocabulary(_ROLES, Column.REQUIRED, Column.PREFILL, Column.DUE, Column.ID)
ANSWERS = Vocabulary(_LABELS, Column.FIELD, Column.PART, Column.SOURCE, Column.ID)


def find_header(sheet: VisibleSheet, vocabulary: Vocabulary) -> HeaderRow | None:
    """The row with the most known columns among the first 15; a row with a label is preferred."""
    best: HeaderRow | None = None
    for row in range(1, min(HEADER_ROWS, len(sheet.rows)) + 1):
        header = _read_header(sheet, row, vocabulary)
        if header.places and (best is None or _score(header) > _score(best)):
            best = header
    return best


def _score(header: HeaderRow) -> tuple[bool, int]:
    columns = {place.name.column for place in header.places}
    return Column.LABEL in columns, len(columns)


def _read_header(sheet: VisibleSheet, row: int, vocabulary: Vocabulary) -> HeaderRow:
    cells = list(_names(sheet, row, vocabulary))
    named = [(index, cell, vocabulary.recognise(cell.text)) for index, cell in cells]
    places = [HeaderCell(index, name, cell) for index, cell, name in named if name]
    kept = _best_of_each(places)
    known = {place.index for place in kept}
    unknown = {index: cell for index, cell in cells if index not in known}
    return HeaderRow(row, tuple(kept), tuple(unknown.values()), tuple(unknown))


def _names(sheet: VisibleSheet, row: int, vocabulary: Vocabulary) -> Iterator[tuple[int, Cell]]:
    """The column names if `row` is the last row of the header.

    A cell merged down to this row counts. So does the cell above, if its row names columns too:
    alone where this cell is empty, and joined with this cell where only both together form a name
    ("Question" above "EN" and "PT").
    """
    width = len(sheet.rows[row - 1])
    above = {column: _above(sheet, row, column) for column in range(1, width + 1)}
    recognised = {column for column, cell in above.items() if vocabulary.recognise(cell.text)}
    is_grouped = len(recognised) > 1 and any(sheet.rows[row - 1])
    for column in range(1, width + 1):
        cell = sheet.cell(row, column, through_merge=True)
        both = f"{above[column].text} {cell.text}"
        if not cell.text and is_grouped and column in recognised:
            cell = above[column]
        elif not vocabulary.recognise(cell.text) and vocabulary.recognise(both):
            cell = replace(cell, text=both)
        if cell.text:
            yield column, cell


def _above(sheet: VisibleSheet, row: int, column: int) -> Cell:
    """The cell above a header cell, also if it is merged over several columns."""
    return sheet.cell(*sheet.merged.get((row - 1, column), (row - 1, column)))


def _best_of_each(places: list[HeaderCell]) -> list[HeaderCell]:
    """Drop the weaker names of each column, and repeated languages."""
    surest = {
        column: min(place.name.rank for place in places if place.name.column is column)
        for column in {place.name.column for place in places}
    }
    kept: list[HeaderCell] = []
    for place in places:
        taken = {other.name.language for other in kept if other.name.column is place.name.column}
        is_repeat = place.name.language in taken or (None in taken and not place.name.is_explicit)
        if place.name.rank == surest[place.name.column] and not is_repeat:
            kept.append(place)
    return kept
