"""The questions and answers of the big sample report: energizing a low-voltage switchboard."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ask:
    en: str
    pt: str
    type: str = "verdict"
    verdict: str | None = None
    id: str = ""
    texts: tuple[tuple[str, str], ...] = ()
    value: str = ""
    unit: str = ""
    minimum: str | None = None
    maximum: str | None = None
    rows: tuple[tuple[str, str], ...] = ()
    out: tuple[str, ...] = ()
    hint: tuple[str, str] | None = None
    comment: str = ""
    na_reason: str = ""
    photos: tuple[str, ...] = ()


def ok(en: str, pt: str, *photos: str, comment: str = "") -> Ask:
    return Ask(en, pt, verdict="ok", photos=photos, comment=comment)


def bad(en: str, pt: str, comment: str, *photos: str) -> Ask:
    return Ask(en, pt, verdict="not_ok", comment=comment, photos=photos)


def na(en: str, pt: str, reason: str) -> Ask:
    return Ask(en, pt, verdict="na", na_reason=reason)


def written(
    en: str, pt: str, first: str, second: str = "", *photos: str, type: str = "text"
) -> Ask:
    return Ask(en, pt, type=type, texts=((first, second or first),), photos=photos)


INFO = (
    written("Client", "Cliente", "Nuvem Sul S.A."),
    written("Site", "Local", "Tamboré SP4, hall 2"),
    written("Equipment tag", "TAG do equipamento", "QGBT-2A", "", "Tag plate on the front door"),
    written(
        "Equipment type",
        "Tipo de equipamento",
        "Low-voltage switchboard",
        "Quadro de baixa tensão",
        type="select_one",
    ),
    written("Drawing number", "Número do desenho", "SP4-EL-2104 rev. C"),
    written("Test date", "Data do teste", "14 Mar 2026", type="date"),
)

PREREQUISITES = (
    ok(
        "Approved for-construction drawings are on site",
        "Desenhos aprovados para construção estão no local",
    ),
    ok(
        "Level 3 installation checklist is signed and closed",
        "Checklist de instalação nível 3 assinado e encerrado",
        "Signed last page",
    ),
    ok(
        "Open category A issues on this equipment: none",
        "Pendências categoria A neste equipamento: nenhuma",
    ),
    ok(
        "Permit to work is issued and displayed",
        "Permissão de trabalho emitida e exposta",
        "Permit 2231 at the door",
    ),
    ok(
        "Lockout/tagout is applied and verified",
        "Bloqueio e etiquetagem aplicados e verificados",
        "Padlock on the incomer",
        "Tag with name and date",
    ),
    bad(
        "Arc-flash label is fitted and matches the study",
        "Etiqueta de arco elétrico instalada e conforme o estudo",
        "Label states 8 cal/cm², the study of February says 12 cal/cm². New label ordered; PPE of category 3 was used for this test.",
        "Label as found",
    ),
    ok(
        "Nameplate matches the single-line diagram",
        "Placa de identificação confere com o diagrama unifilar",
        "Nameplate",
    ),
    written("Serial number", "Número de série", "TTA-2025-118-04", "", "Serial plate", type="text"),
    ok(
        "Enclosure is free of damage, dust and foreign objects",
        "Invólucro sem danos, poeira ou objetos estranhos",
        "",
        "Busbar chamber after cleaning",
    ),
    na(
        "Degree of protection (IP) as designed",
        "Grau de proteção (IP) conforme projeto",
        "Room is air-conditioned and locked: no IP claim in the design.",
    ),
    ok(
        "Terminal torque marked and recorded",
        "Torque dos terminais marcado e registrado",
        "Marks on the outgoing terminals",
    ),
    ok(
        "Phase, neutral and earth conductors are identified",
        "Condutores de fase, neutro e terra identificados",
        "L1 brown, L2 black, L3 grey",
    ),
    Ask(
        "Protective conductor continuity",
        "Continuidade do condutor de proteção",
        "number",
        value="0.08",
        unit="Ω",
        maximum="0.1",
        id="continuity",
    ),
    written(
        "Insulation resistance test instrument (serial number)",
        "Instrumento do ensaio de isolamento (número de série)",
        "Megger MIT525, 101-884-231",
    ),
    Ask(
        "Insulation resistance, 1 minute at 1000 V DC",
        "Resistência de isolamento, 1 minuto a 1000 Vcc",
        "table",
        id="ir_1min",
        rows=(
            ("L1-L2", "> 550"),
            ("L2-L3", "> 550"),
            ("L3-L1", "> 550"),
            ("L1-PE", "412"),
            ("L2-PE", "0.8"),
            ("L3-PE", "398"),
            ("N-PE", "405"),
        ),
        out=("0.8",),
        unit="MΩ",
        minimum="1",
        hint=(
            "Disconnect electronics first; discharge after the test",
            "Desconecte os eletrônicos antes; descarregue após o ensaio",
        ),
        photos=("Instrument connected L1-L2",),
        comment="L2-PE repeated after drying the outgoing cable box: 388 MΩ.",
    ),
    ok(
        "Protection relay settings loaded from the approved file",
        "Ajustes dos relés carregados do arquivo aprovado",
        "Relay display, group 1",
    ),
)

ENERGY = (
    Ask(
        "Stop and call the shift lead if any reading is out of limits",
        "Pare e chame o líder do turno se alguma leitura estiver fora dos limites",
        "note",
    ),
    Ask(
        "Protective equipment worn",
        "Equipamentos de proteção em uso",
        "select_many",
        texts=(
            ("Helmet", "Capacete"),
            ("Face shield", "Protetor facial"),
            ("Gloves", "Luvas"),
            ("Arc-rated suit", "Vestimenta contra arco"),
        ),
    ),
    ok("All personnel are clear of the equipment", "Todo o pessoal afastado do equipamento"),
    ok("Covers and barriers are closed", "Tampas e barreiras fechadas", "Rear covers"),
    written(
        "Upstream breaker position before closing",
        "Posição do disjuntor a montante antes de fechar",
        "Racked out",
        "Extraído",
        "Breaker 52-2A racked out",
        type="select_one",
    ),
    ok(
        "Lockout/tagout removed by the person who applied it",
        "Bloqueio removido por quem o aplicou",
        "",
    ),
    written("Date of energization", "Data da energização", "14 Mar 2026", type="date"),
    written("Time of energization", "Hora da energização", "09:12", type="time"),
    Ask(
        "Phase-to-phase voltage",
        "Tensão entre fases",
        "table",
        rows=(("L1-L2", "381"), ("L2-L3", "380"), ("L3-L1", "382")),
        unit="V",
        minimum="361",
        maximum="418",
        photos=("Power meter",),
        hint=(
            "At the incoming terminals, with a category IV meter",
            "Nos terminais de entrada, com multímetro categoria IV",
        ),
    ),
    Ask(
        "Phase-to-neutral voltage",
        "Tensão fase-neutro",
        "table",
        rows=(("L1-N", "220"), ("L2-N", "219"), ("L3-N", "221")),
        unit="V",
        minimum="208",
        maximum="242",
    ),
    Ask(
        "Frequency",
        "Frequência",
        "number",
        value="60.02",
        unit="Hz",
        minimum="59.9",
        maximum="60.1",
    ),
    written(
        "Phase sequence", "Sequência de fases", "L1-L2-L3", "", "Rotation meter", type="select_one"
    ),
    ok("Control power is present and stable", "Alimentação de comando presente e estável"),
    ok(
        "Indications on the local panel match the real positions",
        "Indicações no painel local conferem com as posições reais",
        "Mimic panel",
    ),
    ok(
        "No abnormal noise, smell or vibration after 15 minutes",
        "Sem ruído, odor ou vibração anormais após 15 minutos",
    ),
    bad(
        "Thermal image after 30 minutes under load",
        "Termografia após 30 minutos com carga",
        "Outgoing 2A-07, phase L2: 71 °C against 48 °C on L1 and L3. Terminal to be tightened at the next shutdown.",
        "Outgoing 2A-07",
        "Same, visible light",
    ),
    Ask(
        "Highest temperature rise over ambient",
        "Maior elevação de temperatura acima do ambiente",
        "number",
        value="46.5",
        unit="K",
        maximum="40",
        out=("46.5",),
        photos=("",),
    ),
    ok(
        "Power meter readings agree with the BMS within 2 %",
        "Leituras do medidor conferem com o BMS dentro de 2 %",
        "BMS screen",
    ),
)

APPROVALS = (
    ok(
        "Alarms tested to the monitoring system",
        "Alarmes testados até o sistema de monitoramento",
        "Alarm list",
    ),
    ok("As-left settings saved and handed over", "Ajustes finais salvos e entregues"),
    ok(
        "Area is clean and tools are removed",
        "Área limpa e ferramentas retiradas",
        "Area after the work",
    ),
    ok("Keys and doors are locked", "Chaves e portas trancadas"),
    ok("Energized label is fitted", "Etiqueta de energizado instalada", "Label on the front door"),
    na(
        "Client witness was present",
        "Testemunha do cliente presente",
        "The client waived the witness by e-mail of 12 March.",
    ),
    ok(
        "Equipment is released for level 4 functional tests",
        "Equipamento liberado para testes funcionais nível 4",
    ),
    written(
        "Remarks",
        "Observações",
        "Energized without trips. Average load during the test was 412 A (10 % of rating), cos φ 0.97, ambient 24 °C. The busbar joint torque was checked at 70 N·m ± 5 %. Insulation of L2-PE was low at first because of moisture in the outgoing cable box; after two hours of drying with warm air it recovered to 388 MΩ.\nTwo items stay open: the arc-flash label (1.6) and the hot terminal on outgoing 2A-07 (2.15).",
        type="long_text",
    ),
)

SECTIONS = (
    ("Prerequisites", "Pré-requisitos", PREREQUISITES),
    ("Energy restoration", "Restabelecimento de energia", ENERGY),
    ("Final approvals", "Aprovações finais", APPROVALS),
)
