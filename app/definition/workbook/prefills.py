"""Which fields and signature names a workbook has filled from what the report knows of itself.

A field is filled only where the workbook says so; words that could mean it get a remark.
"""

from __future__ import annotations

from app.definition.schema import FieldType, Prefill, RolePrefill, Text, types_of
from app.definition.sentences import N_, Sentence, say
from app.definition.workbook.ids import name_set, plain_words
from app.definition.workbook.problems import Log, Unclear, short
from app.definition.workbook.sheet import Cell, Sheet

# The first name of each is the one that the sentences, the sample and the instructions give.
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
# Roles that the person who is signed in holds.
_OWN_ROLES = name_set(
    "technician|executing technician|executed by|tester|inspector|assignee"
    "|tecnico|tecnico executor|tecnico responsavel|executado por|executante|inspetor"
)
_NOTHING = name_set("|no|none|not|n|nao|nenhum|nada|n a|na")

WORDS = ", ".join(names.split("|")[0] for names in _NAMES.values())

UNKNOWN_PREFILL = N_(
    '"%(text)s" is not known of a report. Write one of: %(words)s; or no, or leave it empty.'
)
UNKNOWN_ROLE_PREFILL = N_(
    '"%(text)s" is not understood here. Write me for the name of the person who is signed in, no,'
    " or leave it empty."
)
PREFILL_UNFIT = N_(
    '"%(text)s" does not fit this type: the start date fills a date, all else a text.'
)
CAN_BE_FILLED = N_(
    '"%(label)s" can be filled from the report itself: write "%(word)s" in the column "Filled'
    ' from", or "no" to have it asked.'
)
ROLE_CAN_BE_FILLED = N_(
    '"%(label)s" can be filled with the name of the person who is signed in: write "me" in the'
    ' column "Filled from", or "no" to have it asked.'
)


def read_prefill(
    log: Log, sheet: Sheet, cell: Cell | None, label_cell: Cell, label: Text, kind: FieldType
) -> Prefill | None:
    """What `cell` says of a field; where it says nothing, a remark at the label may offer it."""
    if cell and cell.text:
        return log.attempt(sheet.name, cell.ref, lambda: parse_prefill(cell.text, kind), None)
    if offered := offer(label, kind):
        log.notice(sheet.name, label_cell.ref, offered)
    return None


def read_role_prefill(
    log: Log, sheet: Sheet, cell: Cell | None, label_cell: Cell, label: Text
) -> RolePrefill | None:
    """As `read_prefill`, for a signature role."""
    if cell and cell.text:
        return log.attempt(sheet.name, cell.ref, lambda: parse_role_prefill(cell.text), None)
    if offered := offer_role(label):
        log.notice(sheet.name, label_cell.ref, offered)
    return None


def word_of(prefill: Prefill) -> str:
    """The name to write in a workbook."""
    return _NAMES[prefill].split("|")[0]


def parse_prefill(text: str, kind: FieldType) -> Prefill | None:
    """What fills a field of this type; None for no and for nothing. Raises Unclear."""
    words = plain_words(text)
    if words in _NOTHING:
        return None
    prefill = _NAMED.get(words)
    if prefill is None:
        raise Unclear(say(UNKNOWN_PREFILL, text=short(text), words=WORDS))
    if kind not in types_of(prefill):
        raise Unclear(say(PREFILL_UNFIT, text=short(text)))
    return prefill


def parse_role_prefill(text: str) -> RolePrefill | None:
    """Whose name a signature's form begins with. Raises Unclear."""
    words = plain_words(text)
    if words in _NOTHING:
        return None
    if words in _ME or words in _OWN_ROLES:
        return RolePrefill.ME
    raise Unclear(say(UNKNOWN_ROLE_PREFILL, text=short(text)))


def offer(label: Text, kind: FieldType) -> Sentence | None:
    """What to write to have a field filled whose words mean something that the report knows."""
    for words in filter(None, (label.en, label.pt)):
        prefill = _NAMED.get(plain_words(words))
        if prefill and kind in types_of(prefill):
            return say(CAN_BE_FILLED, label=short(words), word=word_of(prefill))
    return None


def offer_role(label: Text) -> Sentence | None:
    """As `offer`, for a signature role."""
    for words in filter(None, (label.en, label.pt)):
        if plain_words(words) in _OWN_ROLES:
            return say(ROLE_CAN_BE_FILLED, label=short(words))
    return None
