"""Reads what stands outside of the tables: labels beside empty cells, conclusions, signatures."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from app.definition.mapping.context import Context
from app.definition.mapping.drafts import QuestionDraft, RoleDraft, SheetDraft
from app.definition.mapping.guessed import FieldPlace, Kind, PartGuess, RolePlace
from app.definition.mapping.view import View, ref
from app.definition.mapping.words import plain, unit_in
from app.definition.schema import FieldType, Prefill
from app.definition.sentences import N_, say
from app.definition.workbook.ids import name_set, plain_words
from app.definition.workbook.problems import short

PROSE = N_('"%(text)s" is not asked for. It stays in the workbook as it is.')
FILLED_IN = N_('"%(label)s" is filled in already ("%(text)s"), so it is not asked for.')

_LONG = re.compile(
    r"conclus\w+|conclusion\w*|parecer|observac\w+|obs|remarks?|comments?"
    r"|general (?:remarks|comments|notes)|comentarios?|pendencias|punch ?list|recomendac\w+"
    r"|recommendations?|notas?|notes?|resumo|summary|deficiencies"
    r"|final (?:remarks|comments)|anotacoes",
)
_NAME = name_set(
    "nome|name|nome legivel|print name|printed name|nome completo|full name|names|nomes"
)
_DRAWN = name_set(
    "assinatura|signature|sign|visto|rubrica|ass|signed|assinaturas|signatures|sign here"
)
_DATE = re.compile(r"(?:data|date)\b.*|.*\b(?:data|date)")
_BESIDES = name_set(
    "crea|registro|registration|empresa|company|cargo|funcao|title|position|matricula|reg no"
    "|crea cft|crt|organisation|organization|cpf|rg|cft|telefone|phone"
)
_BY = re.compile(
    r"(?:executado|testado|verificado|aprovado|elaborado|inspecionado|revisado|realizado|ensaiado"
    r"|conferido|acompanhado|liberado|executed|tested|checked|approved|prepared|inspected|reviewed"
    r"|performed|witnessed|accepted|completed|carried out|verified|signed|released|supervised"
    r"|conducted) (?:por|by|pelo|pela)\b.*",
)
_SIGNED = re.compile(
    r"(?P<who>.+?)['’]?s?\s*[-–:]?\s*(?:signature|assinatura|sign[- ]?off)\W*"
    r"|(?:signature|assinatura)\s*(?:of|for|do|da|de|dos|das|[-–:])\s*(?P<of>.+?)\W*",
    re.IGNORECASE,
)
_KNOWN = name_set(
    "cliente|client|customer|contratante|obra|projeto|project|site|tag|equipamento|equipment"
    "|localizacao|location|local|fabricante|manufacturer|modelo|model|n de serie|no de serie"
    "|numero de serie|serial|serial no|serial number|data|date|instrumento|instrument"
    "|certificado|temperatura|temperature|humidity|umidade|tecnico|technician|engineer"
    "|responsavel|inspetor|inspector|contract|contrato|os|ordem de servico|work order|po|system"
    "|sistema|area|building|predio|sala|room|tipo|type|potencia|power|rating|tensao|voltage"
    "|endereco|address|contractor|contratada|rated voltage|rated current|capacity|corrente"
    "|project no|project number|job no|report no|weather|clima|start time|end time|hora|time"
    "|endereco da obra|unidade|drawing no|desenho"
)
_PREFILLS = {
    Prefill.CLIENT: name_set("cliente|client|customer|contratante|client name|nome do cliente"),
    Prefill.PROJECT: name_set("obra|projeto|project|site|project name|nome do projeto"),
    Prefill.TAG: name_set("tag|tag no|equipment tag|tag do equipamento|asset tag|device tag"),
    Prefill.EQUIPMENT: name_set("equipamento|equipment|equipment name"),
    Prefill.ADDRESS: name_set("endereco|address|endereco da obra|site address"),
    Prefill.TECHNICIAN: name_set(
        "tecnico|technician|engineer|executante|inspetor|inspector|tester|responsavel|tested by"
        "|executado por|inspected by|checked by"
    ),
    Prefill.START_DATE: name_set(
        "data|date|data do ensaio|test date|date of test|data do teste|data da inspecao"
        "|inspection date|data de execucao|date of inspection"
    ),
}
_LONGEST_LABEL = 80


def is_margin_label(text: str) -> bool:
    """Whether a text begins what follows a table: conclusions, signatures."""
    words = plain_words(text)
    if not words or len(text) > _LONGEST_LABEL:
        return False
    is_label = text.rstrip().endswith(":") or len(words.split()) <= 3
    is_long = bool(_LONG.fullmatch(words)) or (
        is_label and bool(_LONG.match(words)) and ":" in text
    )
    return is_long or words in _DRAWN or bool(_BY.fullmatch(words)) or _signer(text) is not None


def read_margin(
    view: View,
    first: int,
    last: int,
    draft: SheetDraft,
    context: Context,
    *,
    is_tail: bool,
    silent: Collection[tuple[int, int]] = (),
) -> None:
    """Read the rows of one region outside of the tables, but for the cells that are understood."""
    margin = _Margin(view, first, min(last, view.height), draft, context, is_tail)
    margin.used.update(silent)
    margin.read()


class _Margin:
    def __init__(
        self, view: View, first: int, last: int, draft: SheetDraft, context: Context, is_tail: bool
    ) -> None:
        self.view, self.draft, self.context, self.is_tail = view, draft, context, is_tail
        self.first, self.last = first, last
        self.cells = list(view.texts(first, last))
        self.used: set[tuple[int, int]] = set()

    def read(self) -> None:
        self._correct()
        self._read_table()
        self._read_stacked()
        self._read_signed()
        for row, column, text in self.cells:
            if (row, column) not in self.used:
                self._read_label(row, column, text)

    # Signatures

    def _read_table(self) -> None:
        """A head with name, signature, date; a role in each row below."""
        for row in range(self.first, self.last + 1):
            names = {column: self.view.text(row, column) for column in self.view.filled(row)}
            kinds = {column: _attribute(text) for column, text in names.items()}
            distinct = [kind for kind in kinds.values() if kind]
            if len(distinct) < 2 or len(set(distinct)) < len(distinct) or "drawing" not in distinct:
                continue
            first = min(column for column, kind in kinds.items() if kind)
            below = range(row + 1, self.last + 1)
            roles = [one for one in below if self._is_role_row(one, first, kinds)]
            if roles and all(
                self.view.is_free(roles[0], one) for one, kind in kinds.items() if kind
            ):
                self.used.update((row, column) for column in names)
                for one in roles:
                    self._add_table_role(one, first, kinds)

    def _is_role_row(self, row: int, first: int, kinds: dict[int, str]) -> bool:
        filled = self.view.filled(row)
        return (
            len(filled) == 1
            and filled[0] < first
            and all(self.view.is_free(row, one) for one, kind in kinds.items() if kind)
        )

    def _add_table_role(self, row: int, first: int, kinds: dict[int, str]) -> None:
        column = self.view.filled(row)[0]
        places = {kind: ref(row, one) for one, kind in kinds.items() if kind}
        self._add_role(row, column, self.view.text(row, column), places)

    def _read_stacked(self) -> None:
        """A role above its own "Name:", "Signature:" and "Date:" with cells beside them."""
        attributes = [
            (row, column, kind)
            for row, column, text in self.cells
            if (kind := _attribute(text)) and (row, column) not in self.used
        ]
        found: dict[tuple[int, int], dict[str, str]] = {}
        for row, column, kind in attributes:
            place = self._beside(row, column)
            role = self._role_above(row, column)
            if place and role:
                found.setdefault(role, {})[kind] = place
        for (row, column), places in found.items():
            if "drawing" in places or (self.is_tail and "name" in places):
                self._add_role(row, column, self.view.text(row, column), places)
                for one_row, one_column, _ in attributes:
                    if one_column == column and row < one_row <= row + 6:
                        self.used.add((one_row, one_column))

    def _role_above(self, row: int, column: int) -> tuple[int, int] | None:
        for above in range(row - 1, max(self.first, row - 6) - 1, -1):
            text = self.view.text(above, column)
            if text and not _attribute(text) and plain_words(text) not in _BESIDES:
                return (above, column) if len(text) <= _LONGEST_LABEL else None
        return None

    def _read_signed(self) -> None:
        """ "Engineer signature", "Tested by:", with a cell beside, below or above."""
        for row, column, text in self.cells:
            if (row, column) in self.used or len(text) > _LONGEST_LABEL:
                continue
            who = _signer(text)
            is_by = self.is_tail and bool(_BY.fullmatch(plain_words(text)))
            if who is None and not is_by:
                continue
            place = self._beside(row, column) or self._around(row, column)
            if place:
                key = "drawing" if who else "name"
                places = {key: place, **self._date_in_row(row, column)}
                self._add_role(row, column, who or text, places)

    def _date_in_row(self, row: int, column: int) -> dict[str, str]:
        """The cell for the date that follows the label in its row, before the next person."""
        for other in self.view.filled(row):
            text = self.view.text(row, other)
            if other <= column or (row, other) in self.used:
                continue
            if _attribute(text) == "date" and (place := self._beside(row, other)):
                self.used.add((row, other))
                return {"date": place}
            return {}
        return {}

    def _add_role(self, row: int, column: int, text: str, places: dict[str, str]) -> None:
        self.used.add((row, column))
        label = text.strip().rstrip(":").strip()
        place = RolePlace(
            sheet=self.view.name,
            name=places.get("name", ""),
            drawing=places.get("drawing", ""),
            date=places.get("date", ""),
        )
        self.draft.roles.append(RoleDraft(label, place, ref(row, column)))
        self._note(row, column, Kind.SIGNATURE, label, ", ".join(filter(None, places.values())))

    # Labels

    def _correct(self) -> None:
        for row, column, text in self.cells:
            choice = self.context.cell(self.view.name, row, column, text)
            if choice is Kind.SKIP:
                self.used.add((row, column))
                self._note(row, column, Kind.SKIP, text)
            elif choice is Kind.SIGNATURE:
                place = self._beside(row, column) or self._around(row, column)
                self._add_role(row, column, text, {"drawing": place} if place else {})
            elif choice in (Kind.INFO, Kind.LONG_TEXT):
                self.used.add((row, column))
                place = self._beside(row, column) or self._around(row, column)
                self._add_label(row, column, text, place, is_long=choice is Kind.LONG_TEXT)

    def _read_label(self, row: int, column: int, text: str) -> None:
        label = text.strip()
        if len(label) > _LONGEST_LABEL or self.view.is_formula(row, column):
            self._tell(row, column, text)
            return
        is_marked = label.endswith(":")
        words = plain(label)
        is_known = words in _KNOWN or any(words.startswith(f"{one} ") for one in ("data", "date"))
        is_long = bool(_LONG.fullmatch(words)) or (is_marked and bool(_LONG.match(words)))
        place = self._beside(row, column)
        if not (is_marked or is_known or is_long or (place and self._is_paired(row))):
            self._tell(row, column, text)
            return
        if not place:
            beside = self.view.text(row, self.view.right_of(row, column))
            if beside and not beside.strip().endswith(":") and (is_known or is_marked):
                self.used.add((row, self.view.right_of(row, column)))
                self.draft.tell(
                    ref(row, column), say(FILLED_IN, label=short(label), text=short(beside))
                )
                self._note(row, column, Kind.SKIP, label)
                return
            place = self._below(row, column)
        if place:
            self._add_label(row, column, label, place, is_long=is_long)
        else:
            self._tell(row, column, text)

    def _add_label(self, row: int, column: int, text: str, place: str, *, is_long: bool) -> None:
        label = text.strip().rstrip(":").strip() or text
        kind, unit = _kind_of_label(label)
        kind = FieldType.LONG_TEXT if is_long else kind
        prefill = next((one for one, names in _PREFILLS.items() if plain(label) in names), None)
        if prefill and (prefill is Prefill.START_DATE) != (kind is FieldType.DATE):
            prefill = None
        made = QuestionDraft(
            section="",
            label=label,
            type=kind,
            place=FieldPlace(sheet=self.view.name, values={"": place} if place else {}),
            ref=ref(row, column),
            unit=unit,
            required=not is_long,
            has_comment=False,
            prefill=None if is_long else prefill,
        )
        if is_long:
            self.draft.questions.append(made)
        else:
            self.draft.info.append(made)
        self._note(row, column, Kind.LONG_TEXT if is_long else Kind.INFO, label, place)

    def _is_paired(self, row: int) -> bool:
        """Whether the row has several short texts with an empty cell beside each."""
        filled = self.view.filled(row)
        open_ = [one for one in filled if self._beside(row, one)]
        return len(open_) >= 2 and len(open_) == len(filled)

    def _tell(self, row: int, column: int, text: str) -> None:
        if re.search(r"\w{2}", text) and not self.view.is_formula(row, column):
            self.draft.tell(ref(row, column), say(PROSE, text=short(text)))
            self._note(row, column, Kind.SKIP, text)

    def _note(self, row: int, column: int, kind: Kind, label: str, detail: str = "") -> None:
        self.draft.parts.append(
            PartGuess(
                ref=ref(row, column), row=row, kind=kind, label=label, detail=detail, is_row=False
            )
        )

    # Cells

    def _beside(self, row: int, column: int) -> str:
        right = self.view.right_of(row, column)
        return ref(row, right) if self.view.is_free(row, right) and right <= self._most else ""

    @property
    def _most(self) -> int:
        """The last column in which somebody could write: one beside the last text."""
        return self.view.width + 1

    def _below(self, row: int, column: int) -> str:
        below = self.view.end(row, column)[0] + 1
        is_open = self.view.is_free(below, column) and below <= self.last + 1
        return ref(below, column) if is_open and (below, column) not in self.used else ""

    def _around(self, row: int, column: int) -> str:
        below = self._below(row, column)
        top = row - 1
        is_open = top >= self.first and self.view.is_free(*self.view.anchor(top, column))
        return below or (ref(*self.view.anchor(top, column)) if is_open else "")


def _attribute(text: str) -> str:
    """name, drawing or date, for the labels of a signature block."""
    words = plain_words(text)
    if words in _NAME:
        return "name"
    if words in _DRAWN:
        return "drawing"
    return "date" if words in ("data", "date", "data hora", "date time") else ""


def _signer(text: str) -> str | None:
    """Who signs, where a label says so: "Client signature"."""
    if len(text) > _LONGEST_LABEL:
        return None
    match = _SIGNED.fullmatch(" ".join(text.split()))
    if match is None:
        return None
    who = (match["who"] or match["of"] or "").strip(" :-–")
    return who if len(who) > 1 else None


def _kind_of_label(label: str) -> tuple[FieldType, str | None]:
    if unit := unit_in(label):
        return FieldType.NUMBER, unit
    words = plain_words(label)
    if _DATE.fullmatch(words) and not re.search(r"hora|time|base|sheet|folha|code", words):
        return FieldType.DATE, None
    return FieldType.TEXT, None


def prose(view: View, taken: Sequence[range]) -> Iterator[tuple[int, int, str]]:
    """The texts outside of the tables, for rules."""
    for row, column, text in view.texts():
        if not any(row in rows for rows in taken):
            yield row, column, text
