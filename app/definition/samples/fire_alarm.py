"""Points of a fire detection and alarm system, device by device, and what they set off."""

from __future__ import annotations

from app.definition.samples.parts import (
    AGREED,
    INSTRUMENT,
    MEASURED,
    checklist,
    choice,
    note,
    number,
    options,
    plain,
    remarks,
    section,
    table,
    verdict,
)

SYSTEMS = options(
    ("addressable", "Addressable", "Endereçável"),
    ("conventional", "Conventional", "Convencional"),
)
POINTS = options(*((f"p{n:02}", f"Point {n}", f"Ponto {n}") for n in range(1, 11)))
ROOMS = options(*((f"r{n}", f"Room {n}", f"Ambiente {n}") for n in range(1, 7)))

SYSTEM = (
    plain("panel", "Panel: make, model, firmware", "Central: fabricante, modelo, firmware"),
    plain("loop", "Loop or zone", "Laço ou zona"),
    plain("drawing", "Drawing and revision", "Desenho e revisão"),
)

PANEL = section(
    "panel_section",
    ("1. Panel and supply", "1. Central e alimentação"),
    note(
        "announce",
        "Tell people, brigade and monitoring before the test; put outputs back afterwards.",
        "Avise ocupantes, brigada e monitoramento antes do ensaio; restabeleça as saídas depois.",
    ),
    choice("kind", "Type of system", "Tipo de sistema", of=SYSTEMS),
    verdict(
        "panel_place",
        "Panel accessible, lit, with plan and log book",
        "Central acessível, iluminada, com planta e livro de registro",
        least=1,
        gps=True,
    ),
    verdict(
        "earth_fault",
        "Earth fault, open line and short circuit are shown as faults",
        "Fuga à terra, linha aberta e curto são indicados como falha",
        least=1,
    ),
    number(
        "standby",
        "Standby of the batteries, computed from the measured current",
        "Autonomia das baterias, calculada com a corrente medida",
        unit="h",
        min="24",
        by="NFPA 72, 10.6.7; NBR 17240",
    ),
    verdict(
        "mains_loss",
        "Loss of mains is shown; the system works on battery",
        "Falta de rede é indicada; o sistema opera com bateria",
    ),
)

DETECTION = section(
    "detection",
    ("2. Points", "2. Pontos"),
    verdict(
        "addresses",
        "Each address shows the right text and place",
        "Cada endereço mostra o texto e o local corretos",
        least=1,
    ),
    table(
        "response",
        "From the alarm of the point to the sounders",
        "Do alarme do ponto às sirenes",
        rows=POINTS,
        columns=MEASURED,
        unit="s",
        max="10",
        by="NFPA 72, 10.11",
        least=2,
        hint=(
            "Smoke by aerosol, heat by hot air, call points by their key",
            "Fumaça com aerossol, calor com ar quente, acionadores com a chave",
        ),
    ),
    verdict(
        "spacing",
        "Spacing, height and distance from air outlets as designed",
        "Espaçamento, altura e distância de difusores conforme o projeto",
        least=1,
    ),
    verdict(
        "covers",
        "Dust covers removed, indicators visible",
        "Capas de proteção retiradas, indicadores visíveis",
        least=1,
    ),
)

ALARM = section(
    "alarm",
    ("3. Sounders and outputs", "3. Sinalização e saídas"),
    *INSTRUMENT,
    table(
        "sound",
        "Sound level above the average ambient",
        "Nível sonoro acima do ruído médio do ambiente",
        rows=ROOMS,
        columns=MEASURED,
        unit="dB(A)",
        min="15",
        by="NFPA 72, 18.4, public mode; NBR 17240",
        least=1,
    ),
    number(
        "loudest",
        "Loudest place",
        "Ponto mais ruidoso",
        unit="dB(A)",
        max="110",
        by="NFPA 72, 18.4",
    ),
    verdict(
        "lights", "Flashing lights seen where it is loud", "Sinalizadores visuais onde há ruído"
    ),
    verdict(
        "outputs",
        "Doors, lifts, ventilation and gas release act as the matrix says",
        "Portas, elevadores, ventilação e agente extintor atuam conforme a matriz",
        least=1,
    ),
    number(
        "monitoring",
        "Until the alarm reaches the monitoring",
        "Até o alarme chegar ao monitoramento",
        unit="s",
        max="90",
        by=AGREED,
    ),
    verdict(
        "left_ready",
        "All points reset, outputs enabled, log book signed",
        "Pontos rearmados, saídas habilitadas, livro assinado",
        least=1,
    ),
    remarks(),
)

FIRE_ALARM = checklist(
    "FIRE-ALARM",
    ("Fire-alarm points", "Pontos de alarme de incêndio"),
    PANEL,
    DETECTION,
    ALARM,
    standards=("NBR 17240", "NFPA 72", "ISO 7240-14", "NBR ISO 7240"),
    plan=("Cause-and-effect matrix", "Drawing of the points", "Announcement to all occupants"),
    info=SYSTEM,
)
