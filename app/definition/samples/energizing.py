"""First energising of equipment: ready, energised, and after its first hours."""

from __future__ import annotations

from app.definition.samples.parts import (
    BETWEEN_PHASES,
    INSTRUMENT,
    MEASURED,
    PHASES,
    SEQUENCES,
    checklist,
    choice,
    note,
    number,
    permit,
    protective_equipment,
    remarks,
    section,
    table,
    verdict,
)

READY = section(
    "ready",
    ("1. Ready to energise", "1. Pronto para energizar"),
    note(
        "one_in_charge",
        "One person is in charge and says every switching step; nobody else operates.",
        "Uma pessoa está no comando e anuncia cada manobra; ninguém mais opera.",
    ),
    permit(),
    protective_equipment(),
    verdict(
        "dead_tests",
        "Tests without voltage are done and accepted",
        "Ensaios sem tensão concluídos e aceitos",
        least=1,
        hint=("Photo of the signed record", "Foto do registro assinado"),
    ),
    verdict(
        "foreign_objects",
        "No tools, dust or foreign objects inside",
        "Sem ferramentas, poeira ou objetos estranhos no interior",
        least=2,
        gps=True,
    ),
    verdict(
        "earths_removed",
        "Temporary earths removed and counted",
        "Aterramentos temporários retirados e contados",
        least=1,
    ),
    verdict(
        "settings",
        "Protection set and enabled as the study says",
        "Proteções ajustadas e ativas conforme o estudo",
        least=1,
    ),
    verdict(
        "downstream",
        "Downstream open, locked and told to all",
        "Circuitos a jusante abertos, bloqueados e comunicados",
    ),
    verdict(
        "barriers",
        "Doors closed, area fenced and signed",
        "Portas fechadas, área isolada e sinalizada",
        least=1,
    ),
    verdict(
        "extinguishers",
        "Fire fighting and rescue at hand",
        "Combate a incêndio e resgate à mão",
    ),
)

ENERGISED = section(
    "energised",
    ("2. Energised without load", "2. Energizado sem carga"),
    *INSTRUMENT,
    table(
        "voltage",
        "Voltage between phases, of the nominal",
        "Tensão entre fases, em relação à nominal",
        rows=BETWEEN_PHASES,
        columns=MEASURED,
        unit="%",
        min="90",
        max="110",
        by="IEC 60038, ± 10 %",
        least=1,
    ),
    number(
        "unbalance",
        "Voltage unbalance",
        "Desequilíbrio de tensão",
        unit="%",
        max="3",
        by="ANSI C84.1",
    ),
    choice("sequence", "Phase sequence", "Sequência de fases", of=SEQUENCES),
    verdict(
        "indications",
        "Meters, lamps and supervision agree",
        "Medidores, lâmpadas e supervisão conferem",
        least=1,
    ),
    verdict("sound", "No unusual sound or smell", "Sem ruído ou cheiro anormal"),
)

LOADED = section(
    "loaded",
    ("3. Under load", "3. Em carga"),
    table(
        "currents",
        "Current at load",
        "Corrente em carga",
        rows=PHASES,
        columns=MEASURED,
        unit="A",
        least=1,
    ),
    number(
        "hot_spot",
        "Rise of the hottest joint over the air",
        "Elevação da conexão mais quente sobre o ar ambiente",
        unit="K",
        max="40",
        by="NETA MTS, table 100.18, over ambient air",
        least=1,
        hint=("At 40 % of the load or more; add the thermogram", "Com 40 % da carga ou mais"),
    ),
    number(
        "between_phases",
        "Largest difference between like joints",
        "Maior diferença entre conexões semelhantes",
        unit="K",
        max="15",
        by="NETA MTS, table 100.18, between similar components",
    ),
    verdict(
        "functions",
        "Transfer, interlocks and trips act under load",
        "Transferência, intertravamentos e desligamentos atuam em carga",
    ),
    verdict(
        "left_safe",
        "Left closed, locked and signed as energised",
        "Deixado fechado, bloqueado e sinalizado como energizado",
        least=1,
    ),
    remarks(),
)

ENERGIZING = checklist(
    "ENERGIZE",
    ("Energising of equipment", "Energização de equipamento"),
    READY,
    ENERGISED,
    LOADED,
    standards=("IEC 60038", "ANSI C84.1", "NETA MTS", "NBR 5410", "NBR 14039", "NR-10"),
    plan=("Permit to work", "Switching programme", "Accepted test records"),
)
