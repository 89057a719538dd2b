"""Reads which fields and signature names of a workbook are prefilled from facts of the report.

A field is prefilled only if the workbook says so; a label that could mean a fact gets a notice.
"""

from __future__ import annotations

from app.definition.schema import FieldType, Prefill, RolePrefill, Text
from app.definition.sentences import N_, Sentence, say
from app.definition.workbook.ids import name_set, plain_words
from app.definition.workbook.problems import Log, Unclear, short
from app.definition.workbook.sheet import Cell, VisibleSheet

# The first name of each is used in sentences, in the sample and in the instructions.
_NAMES = {
    Prefill.CLIENT: "client|customer|client name|customer name|name of the client"
    "|cliente|nome do cliente|contratante",
    Prefill.PROJECT: "project|project name|name of the project|projeto|nome do projeto|obra",
    Prefill.ADDRESS: "address|site address|project address|address of the site"
    "|endereco|endereco do local|endereco da obra|endereco do projeto",
    Prefill.TAG: "tag|equipment tag|asset tag|tag number|tag do equipamento|tag equipamento",
    Prefill.EQUIPMENT: "equipment|equipment name|name of the equipment|asset name"
    "|equipamento|nome do equipamento",
    Prefill.TECHNICIAN: "technician|technician name|name of the technician|assignee"
    "|tecnico|nome do tecnico|tecnico executor|tecnico responsavel",
    Prefill.COMPANY: "company|company name|name of the company|empresa|nome da empresa",
    Prefill.REPORT_NUMBER: "report number|report no|number of the report"
    "|numero do relatorio|n do relatorio|relatorio n",
    Prefill.START_DATE: "start date|date of start|starting date|data de inicio|data do inicio",
}
_NAMED = {name: prefill for prefill, names in _NAMES.items() for name in names.split("|")}
_ME = name_set("me|myself|signed in person|own name|eu|eu mesmo|pessoa conectada|proprio nome")
# Roles of the person who is signed in.
_OWN_ROLES = name_set(
    "technician|executing technician|executed by|tester|inspector|assignee"
    "|tecnico|tecnico executor|tecnico responsavel|executado por|executante|inspetor"
)
_NOTHING = name_set("|no|none|not|n|nao|nenhum|nada|n a|na")

WORDS = ", ".join(names.split("|")[0] for names in _NAMES.values())

UNKNOWN_PREFILL = N_(
    '"%(text)s" is not something a report can fill in. Write one of: '
    "%(words)s. Or write no, or leave the cell empty."
)
UNKNOWN_ROLE_PREFILL = N_(
    '"%(text)s" is not understood here. Write me for the name of the person '
    "who is logged in, write no, or leave the cell empty."
)
PREFILL_UNFIT = N_(
    '"%(text)s" does not fit this type: the start date fills in a date; all others fill in a text.'
)
CAN_BE_FILLED = N_(
    '"%(label)s" can be filled in from the report itself. Write "%(word)s" '
    'in the column "Filled from", or "no" to ask for it in the report.'
)
ROLE_CAN_BE_FILLED = N_(
    '"%(label)s" can be filled in with the name of the person who is logged '
    'in. Write "me" in the column "Filled from", or "no" to ask for it in '
    "the report."
)


def read_prefill(
    log: Log, sheet: VisibleSheet, cell: Cell | None, label_cell: Cell, label: Text, kind: FieldType
) -> Prefill | None:
    """The prefill that `cell` names; if it is empty, a notice at the label may suggest one."""
    if cell and cell.text:
        return log.attempt(sheet.name, cell.ref, lambda: parse_prefill(cell.text, kind), None)
    if suggestion := suggest(label, kind):
        log.notice(sheet.name, label_cell.ref, suggestion)
    return None


def read_role_prefill(
    log: Log, sheet: VisibleSheet, cell: Cell | None, label_cell: Cell, label: Text
) -> RolePrefill | None:
    """Like `read_prefill`, for a signature role."""
    if cell and cell.text:
        return log.attempt(sheet.name, cell.ref, lambda: parse_role_prefill(cell.text), None)
    if suggestion := suggest_role(label):
        log.notice(sheet.name, label_cell.ref, suggestion)
    return None


def workbook_name(prefill: Prefill) -> str:
    """The name of a prefill in a workbook."""
    return _NAMES[prefill].split("|")[0]


def parse_prefill(text: str, kind: FieldType) -> Prefill | None:
    """The prefill for a field of this type; None for no and for empty. Raises Unclear."""
    words = plain_words(text)
    if words in _NOTHING:
        return None
    prefill = _NAMED.get(words)
    if prefill is None:
        raise Unclear(say(UNKNOWN_PREFILL, text=short(text), words=WORDS))
    if not prefill.fits(kind):
        raise Unclear(say(PREFILL_UNFIT, text=short(text)))
    return prefill


def parse_role_prefill(text: str) -> RolePrefill | None:
    """The prefill of a signature name. Raises Unclear."""
    words = plain_words(text)
    if words in _NOTHING:
        return None
    if words in _ME or words in _OWN_ROLES:
        return RolePrefill.ME
    raise Unclear(say(UNKNOWN_ROLE_PREFILL, text=short(text)))


def suggest(label: Text, kind: FieldType) -> Sentence | None:
    """A suggestion of what to write, for a label that matches a fact of the report."""
    for words in filter(None, (label.en, label.pt)):
        prefill = _NAMED.get(plain_words(words))
        if prefill and prefill.fits(kind):
            return say(CAN_BE_FILLED, label=short(words), word=workbook_name(prefill))
    return None


def suggest_role(label: Text) -> Sentence | None:
    """Like `suggest`, for a signature role."""
    for words in filter(None, (label.en, label.pt)):
        if plain_words(words) in _OWN_ROLES:
            return say(ROLE_CAN_BE_FILLED, label=short(words))
    return None
