"""Commissioning of a low-voltage board: dead tests, energising, handover."""

from __future__ import annotations

from app.definition.samples.parts import (
    BETWEEN_PHASES,
    MEASURED,
    PHASES,
    SEQUENCES,
    checklist,
    choice,
    note,
    number,
    options,
    permit,
    protective_equipment,
    remarks,
    section,
    table,
    verdict,
)

TO_EARTH = options(
    ("l1_pe", "L1-PE", "L1-PE"),
    ("l2_pe", "L2-PE", "L2-PE"),
    ("l3_pe", "L3-PE", "L3-PE"),
    ("n_pe", "N-PE", "N-PE"),
)

BEFORE = section(
    "before",
    ("1. Before work begins", "1. Antes do início"),
    note(
        "lock_out",
        "Work dead: open, lock, tag, prove dead, earth. Nothing below begins before that.",
        "Trabalhe sem tensão: abra, bloqueie, sinalize, constate a ausência de tensão, aterre."
        " Nada abaixo começa antes disso.",
    ),
    permit(),
    verdict(
        "proved_dead",
        "Board isolated, locked, tagged and proved dead",
        "Quadro seccionado, bloqueado, sinalizado e sem tensão",
        least=1,
    ),
    protective_equipment(),
)

VISUAL = section(
    "visual",
    ("2. Visual and mechanical inspection", "2. Inspeção visual e mecânica"),
    verdict(
        "nameplate",
        "Nameplate agrees with the single-line diagram",
        "Placa de identificação confere com o diagrama unifilar",
        least=1,
        gps=True,
    ),
    verdict(
        "enclosure",
        "Enclosure level, fixed, clean and undamaged",
        "Invólucro nivelado, fixado, limpo e sem danos",
        least=1,
    ),
    verdict(
        "barriers",
        "Barriers and covers keep the degree of protection",
        "Barreiras e tampas mantêm o grau de proteção",
    ),
    verdict(
        "joints",
        "Busbar joints torqued and marked",
        "Emendas de barramento torqueadas e marcadas",
        least=1,
        hint=(
            "Every joint, with the torque of the drawing",
            "Todas as emendas, com o torque do desenho",
        ),
    ),
    verdict(
        "cables",
        "Cable entries sealed, cables supported and identified",
        "Entradas de cabos vedadas, cabos apoiados e identificados",
    ),
    verdict(
        "bonding",
        "Doors and plates bonded to the protective bar",
        "Portas e placas ligadas à barra de proteção",
    ),
    verdict(
        "devices",
        "Ratings of devices agree with the diagram",
        "Dispositivos conferem com o diagrama",
    ),
    verdict("interlocks", "Mechanical interlocks act", "Intertravamentos mecânicos atuam"),
)

DEAD = section(
    "dead_tests",
    ("3. Tests without voltage", "3. Ensaios sem tensão"),
    table(
        "insulation",
        "Insulation resistance at 500 V DC or more",
        "Resistência de isolamento com 500 Vcc ou mais",
        rows=TO_EARTH,
        columns=MEASURED,
        unit="MΩ",
        by="IEC 60364-6, table 6.1 (circuits up to 500 V)",
        min="1",
        least=1,
        hint=("Surge arresters and electronics disconnected", "DPS e eletrônica desconectados"),
    ),
    number(
        "continuity",
        "Continuity of the protective conductor, worst point",
        "Continuidade do condutor de proteção, pior ponto",
        unit="Ω",
        by="IEC 61439-1, 10.5.2",
        max="0.1",
    ),
    verdict(
        "control",
        "Control circuits act as the diagram says",
        "Circuitos de comando atuam conforme o diagrama",
    ),
    verdict(
        "settings",
        "Protection set as the selectivity study says",
        "Proteções ajustadas conforme o estudo de seletividade",
        least=1,
    ),
)

LIVE = section(
    "live_tests",
    ("4. Energising", "4. Energização"),
    note(
        "keep_clear",
        "Keep clear of the board while it is energised for the first time.",
        "Mantenha distância do quadro durante a primeira energização.",
    ),
    table(
        "voltage",
        "Voltage between phases, of the nominal",
        "Tensão entre fases, em relação à nominal",
        rows=BETWEEN_PHASES,
        columns=MEASURED,
        unit="%",
        by="IEC 60038, 230/400 V ± 10 %",
        min="90",
        max="110",
        least=1,
    ),
    choice("sequence", "Phase sequence", "Sequência de fases", of=SEQUENCES),
    number(
        "trip_time",
        "Trip time of the residual-current device at its rated current",
        "Tempo de atuação do DR na corrente nominal",
        unit="ms",
        by="IEC 61008-1, table 1, general type",
        max="300",
    ),
    table(
        "currents",
        "Current at load",
        "Corrente em carga",
        rows=PHASES,
        columns=MEASURED,
        unit="A",
    ),
    number(
        "hot_spot",
        "Temperature rise of the hottest joint at load",
        "Elevação de temperatura da emenda mais quente em carga",
        unit="K",
        by="NETA MTS, table 100.18, over ambient air",
        max="40",
        least=1,
        hint=("Add the thermogram", "Anexe o termograma"),
    ),
    verdict(
        "meters",
        "Meters and communication show what was measured",
        "Medidores e comunicação mostram o que foi medido",
    ),
)

HANDOVER = section(
    "handover",
    ("5. Handover", "5. Entrega"),
    verdict(
        "closed",
        "Doors closed and locked, keys handed over",
        "Portas fechadas e trancadas, chaves entregues",
        least=1,
    ),
    verdict(
        "documents",
        "As-built drawings and settings are in the board",
        "Desenhos como construído e ajustes estão no quadro",
    ),
    remarks(),
)

LOW_VOLTAGE_BOARD = checklist(
    "LV-BOARD",
    ("Low-voltage board start-up", "Partida de quadro de baixa tensão"),
    BEFORE,
    VISUAL,
    DEAD,
    LIVE,
    HANDOVER,
    standards=(
        "IEC 61439-1",
        "NBR IEC 61439-1",
        "IEC 60364-6",
        "NBR 5410",
        "IEC 60038",
        "IEC 61008-1",
        "NETA MTS",
        "NR-10",
    ),
    plan=("Permit to work", "Single-line diagram", "Selectivity study"),
)
