"""The words by which client workbooks name columns, verdicts, labels and people, in two languages.

Only vocabulary and tests on single texts; no sheets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from app.definition.mapping.guessed import Role
from app.definition.schema import Language, Verdict
from app.definition.workbook.ids import name_set, plain_words

# In the order in which they are tried: a word of two lists means the first.
_ROLES = {
    Role.CRITERION: "criterio|criterios|criterio de aceitacao|criterios de aceitacao|criteria"
    "|acceptance criteria|acceptance criterion|acceptance|aceitacao|limite|limites|limit|limits"
    "|especificado|specified|especificacao|specification|spec|expected|esperado|valor esperado"
    "|expected value|expected result|expected results|resultado esperado|referencia|reference"
    "|reference value|valor de referencia|target|faixa|range|valor admissivel|admissivel"
    "|allowed|permissible|norma|standard|valor limite|pass criteria|criterio de aprovacao"
    "|valor especificado|requirement value|acceptable range|acceptable value",
    Role.UNIT: "unidade|unid|un|und|unit|units|uom|u m|unidade de medida|eng unit",
    Role.MIN: "min|minimo|minima|minimum|valor minimo|min value|limite inferior|lower limit"
    "|lim inf|low limit|lower",
    Role.MAX: "max|maximo|maxima|maximum|valor maximo|max value|limite superior|upper limit"
    "|lim sup|high limit|upper",
    Role.NOMINAL: "nominal|valor nominal|nominal value|set point|setpoint|rated|rated value",
    Role.TOLERANCE: "tolerancia|tolerance|tol|desvio admissivel",
    Role.VERDICT: "resultado|resultados|result|results|status|situacao|conformidade|verdict"
    "|veredito|avaliacao|parecer|condicao|condition|compliance|checked|verificado|pass fail"
    "|p f|ok nok|c nc|c nc na|ok not ok|ok nok na|ok not ok na|pass fail na|pass fail n a|p f n a"
    "|p f na|yes no|sim nao|sim nao na|yes no na|yes no n a|sim nao n a|conforme nao conforme"
    "|c nc n a|atende|evaluation|assessment|judgement",
    Role.READING: "medido|medidos|medida|medidas|valor medido|valores medidos|measured"
    "|measured value|measured values|reading|readings|leitura|leituras|valor|valores|value"
    "|values|medicao|medicoes|measurement|measurements|actual|actual value|encontrado"
    "|valor encontrado|obtido|valor obtido|as found|as left|recorded|recorded value|test value"
    "|valor lido|lido|test result|test results|valores|phase|phases|fase|fases",
    Role.COMMENT: "observacao|observacoes|obs|comentario|comentarios|comment|comments|remark"
    "|remarks|note|notes|nota|notas|justificativa|notes comments|comments notes"
    "|remarks comments|observacoes comentarios|findings|deficiency|deficiencies|pendencia"
    "|pendencias|acao corretiva|corrective action|comments remarks",
    Role.PHOTO: "foto|fotos|photo|photos|picture|pictures|imagem|imagens|evidencia|evidence"
    "|registro fotografico|photo required|foto obrigatoria|photo ref",
    Role.DATE: "data|date|data do teste|data do ensaio|test date|date tested|data da inspecao",
    Role.SECTION: "secao|section|grupo|group|sistema|system|categoria|category|capitulo|chapter"
    "|subsystem|subsistema|disciplina|discipline",
    Role.QUESTION: "descricao|description|pergunta|question|questions|verificacao|verificacoes"
    "|item de verificacao|itens de verificacao|item verificado|check|checks|check item"
    "|inspection item|inspection|inspecao|test|tests|teste|testes|ensaio|ensaios|atividade"
    "|atividades|activity|task|tasks|tarefa|procedimento|procedure|requirement|requirements"
    "|requisito|requisitos|o que verificar|what to check|descricao do item"
    "|descricao da verificacao|descricao do ensaio|action|acao|ponto de verificacao|parametro"
    "|parameter|grandeza|characteristic|caracteristica|checkpoint|check point|test description"
    "|item description|description of test|descricao da atividade|point|points|itens|items"
    "|checklist item|step description|script step|servico|item a verificar|itens a verificar"
    "|item inspecionado|description of check|verification|verify|description of work",
    Role.NUMBER: "item|no|n|nr|num|numero|number|id|seq|ref|pos|step|passo|etapa|line|linha"
    "|item no|item n|item number|test no|step no|no item|ordem|sl no|s no|line no|ref no",
    Role.DEVICE: "device|devices|equipment|equipamento|equipamentos|tag|tags|asset|ativo"
    "|dispositivo|equip|equipment tag|device tag|tag no|unit id|unit tag|panel|painel|quadro"
    "|board|circuit|circuito|breaker|disjuntor|cable|cabo|cable tag|pump|bomba|sensor|feeder"
    "|equipment id|device id|panel tag|serial|detector|detector id|point id|loop|instrument tag"
    "|tag do equipamento|identificacao|identification|unit no|name|nome|valve|motor|rack",
    Role.LOCATION: "location|local|localizacao|room|sala|area|position|posicao|ambiente|floor"
    "|andar|pavimento|zone|zona|installed at|instalado em|hall",
    Role.TEXT: "responsavel|inicial|iniciais|initial|initials|by|por|visto|rubrica|checked by"
    "|tested by|verificado por|testado por|signature|assinatura|signed|inspector|inspetor"
    "|executado por|technician|tecnico|serial no|serial number|no de serie|n de serie"
    "|numero de serie|model|modelo|manufacturer|fabricante",
}
_ROLE_OF: dict[str, Role] = {}
for _role, _names in _ROLES.items():
    for _name in _names.split("|"):
        _ROLE_OF.setdefault(_name, _role)

_VERDICTS = {
    Verdict.OK: name_set(
        "c|ok|conforme|conf|pass|passed|p|sim|s|yes|y|aprovado|aprov|approved|accept|accepted"
        "|acceptable|satisfactory|satisfatorio|sat|good|bom|atende|compliant|complies|a|v"
        "|comply|conforms|conform|correct|correto|aceito|okay|satisfaz"
    ),
    Verdict.NOT_OK: name_set(
        "nc|nok|not ok|nao conforme|fail|failed|f|nao|no|n|reprovado|reprov|rejected|reject"
        "|unsatisfactory|insatisfatorio|unsat|bad|ruim|nao atende|non compliant|noncompliant"
        "|not compliant|n ok|n c|nao ok|does not comply|non conform|nonconform|not accepted"
        "|incorrect|incorreto|r|nonconforming|non conforming|ko|defect|unacceptable"
    ),
    Verdict.NA: name_set(
        "na|n a|nao aplicavel|not applicable|nao aplic|not applic|n aplicavel|nap|nao se aplica"
    ),
}
_PHASE = re.compile(
    r"(?:(?:fases?|phases?|ph|leg|linha|line)\s*)?[lrstabcnufv]\s?[123n]?g?"
    r"(?:\s*[-/ ]\s*(?:[lrstabcnuvw]\s?[123]?|pe|terra|earth|ground|gnd|g|t|n))?"
    r"|pe|n|neutro|neutral|media|average|avg|[uvw]",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"(?:(?:medida|medicao|leitura|ensaio|teste|reading|measurement|test|value|valor|ponto|point"
    r"|run|cell|celula|ch|canal|channel|[tmpxv])\s?\d{1,2}|\d{1,2}\s?(?:a|o|st|nd|rd|th)?"
    r"(?:\s(?:medida|medicao|leitura|reading|measurement|ensaio|teste))?|(?:r|t)\s?\d+\s?(?:s|min|h)?"
    r"|\d+\s?(?:s|min|kv|v|h|a))",
)
UNITS = name_set(
    "V|kV|mV|µV|μV|A|mA|kA|µA|μA|Ω|mΩ|µΩ|μΩ|kΩ|MΩ|GΩ|TΩ|ohm|ohms|Ohm|Ohms|mohm|Mohm|MOhm|Hz"
    "|kHz|W|kW|MW|VA|kVA|MVA|var|kvar|Mvar|kWh|Wh|Ah|%|°C|ºC|C|°F|K|s|ms|µs|min|h|bar|mbar"
    "|kPa|Pa|MPa|psi|mm|cm|m|km|µm|m²|m2|mm²|mm2|lux|lx|dB|dBA|N|N·m|Nm|N.m|kN|rpm|RPM|L|l|m³"
    "|m3|m³/h|m3/h|L/min|l/s|L/s|kg|g|t|pH|µS/cm|mS/cm|ppm|%UR|%RH|m/s|pF|nF|µF|mH|H|pC|kV/mm"
    "|VDC|Vdc|VAC|Vca|Vcc|A/m|μm|Vac|Adc|Aac|A²|MΩ·km"
)
# A device or a board, not a word: capitals or digits with at least one digit.
_TAG = re.compile(
    r"(?=.*\d)[A-Za-z][\w./#-]*(?:[ _][\w./#-]*\d[\w./#-]*){0,2}|\d[\w./#-]*[-/][\w./#-]+"
)
_DASH = re.compile(r"[\s\-–—−_/.x*]+|n\.?\s?/?a\.?|não se aplica", re.IGNORECASE)
_PORTUGUESE = name_set(
    "de|do|da|dos|das|e|em|para|com|por|ao|conforme|nao|verificar|ensaio|teste|tensao"
    "|corrente|quadro|cabos|item|data|cliente|obra|assinatura|nome|instrumento|observacoes"
    "|sem|ou|na|no|fabricante|medido|descricao|criterio|aterramento|disjuntor|isolamento"
)
_ENGLISH = name_set(
    "the|of|and|to|for|with|in|on|is|are|check|verify|test|voltage|current|date|client"
    "|project|signature|name|instrument|remarks|without|or|by|not|all|cable|breaker"
    "|insulation|description|criteria|measured|device|location|pass|fail|no|engineer"
)


def plain(text: str) -> str:
    """`plain_words`, with the signs that mean "number" as a word."""
    return plain_words(re.sub(r"[#№]|\bN[º°o]\.?(?=\s|$)|\bN\.\s?[º°o]\.?", " no ", text))


def role_of(label: str) -> Role | None:
    """What a column with this name holds, None if the name is not known."""
    words = plain(label)
    if role := _ROLE_OF.get(words):
        return role
    parts = [plain(part) for part in re.split(r"[/|\n]", label)]
    if len(parts) > 1 and verdicts_in(parts):
        return Role.VERDICT
    without_unit = plain(re.sub(r"[\[(][^()\[\]]*[\])]\s*$", "", label))
    known = (_ROLE_OF.get(part) for part in (without_unit, *parts) if part)
    return next((role for role in known if role), None)


def verdict_of(text: str) -> Verdict | None:
    words = plain_words(text)
    return next((verdict for verdict, names in _VERDICTS.items() if words in names), None)


def verdicts_in(texts: Iterable[str]) -> dict[Verdict, str]:
    """The words for OK and Not OK, and for N.A. if there is one; empty if these are no verdicts."""
    found: dict[Verdict, str] = {}
    for text in texts:
        verdict = verdict_of(text)
        if not text.strip():
            continue
        if verdict is None or verdict in found:
            return {}
        found[verdict] = text.strip()
    return found if Verdict.OK in found and Verdict.NOT_OK in found else {}


def is_reading_label(label: str) -> bool:
    """Whether a column with this name holds one of several readings ("L1", "Phase A", "T3")."""
    words = " ".join(plain_words(re.sub(r"[\[(][^()\[\]]*[\])]\s*$", "", label)).split())
    return bool(words) and bool(_PHASE.fullmatch(words) or _COUNTED.fullmatch(words))


def is_dash(text: str) -> bool:
    """Whether a cell says that there is nothing to measure."""
    return bool(text) and bool(_DASH.fullmatch(text.strip()))


def is_tag(text: str) -> bool:
    return len(text) <= 40 and "\n" not in text and bool(_TAG.fullmatch(text.strip()))


def unit_in(label: str) -> str | None:
    """The unit that a label ends with: "Temperature (°C)", "Load kW"."""
    if match := re.search(r"[\[(]\s*([^()\[\]]{1,10}?)\s*[\])]\s*:?\s*$", label):
        return match[1] if match[1] in UNITS else None
    last = label.rstrip(": ").rpartition(" ")
    return (
        last[2]
        if last[0]
        and last[2] in UNITS
        and len(last[2]) <= 6
        and last[2] not in ("A", "C", "N", "t", "l", "h", "H", "K", "L", "m", "s", "g", "min")
        else None
    )


def language_of(texts: Iterable[str]) -> Language:
    """The language that most of the words are in; English if nothing tells."""
    portuguese = english = 0
    for text in texts:
        words = plain_words(text).split()
        portuguese += sum(word in _PORTUGUESE for word in words)
        portuguese += len(re.findall(r"[ãõçáéíóúâêô]", text.lower()))
        english += sum(word in _ENGLISH for word in words)
    return Language.PT if portuguese > english else Language.EN
