"""Earthing and bonding of a building or substation."""

from __future__ import annotations

from app.definition.samples.parts import (
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

METHODS = options(
    ("fall", "Fall of potential (three poles)", "Queda de potencial (três hastes)"),
    ("stakeless", "Clamp without stakes", "Alicate terrômetro"),
    ("injection", "Current injection off frequency", "Injeção de corrente em alta frequência"),
)
WEATHER = options(
    ("dry", "Dry for a week", "Seco há uma semana"),
    ("damp", "Damp", "Úmido"),
    ("rain", "Rain in the last two days", "Chuva nos últimos dois dias"),
)
PLACES = options(
    ("p52", "52 % of the distance", "52 % da distância"),
    ("p62", "62 % of the distance", "62 % da distância"),
    ("p72", "72 % of the distance", "72 % da distância"),
)
BONDED = options(
    ("main_bar", "Main earthing terminal", "Barramento de equipotencialização principal"),
    ("board", "Main board", "Quadro geral"),
    ("transformer", "Transformer tank", "Tanque do transformador"),
    ("generator", "Generator frame", "Carcaça do gerador"),
    ("trays", "Cable trays", "Eletrocalhas"),
    ("racks", "Racks and raised floor", "Racks e piso elevado"),
    ("pipes", "Metal pipes and structure", "Tubulações e estrutura metálicas"),
    ("lightning", "Lightning protection", "SPDA"),
)

SITE = (
    plain("site", "Building or area", "Edificação ou área"),
    plain("drawing", "Drawing and revision", "Desenho e revisão"),
)

VISUAL = section(
    "visual",
    ("1. Inspection", "1. Inspeção"),
    note(
        "lightning_danger",
        "Do not open an earth connection of a live installation, nor work on it in a storm.",
        "Não abra a ligação de terra de uma instalação energizada, nem trabalhe nela com"
        " tempestade.",
    ),
    verdict(
        "electrodes",
        "Electrodes and conductors as drawn: material, section, depth",
        "Eletrodos e condutores conforme o desenho: material, seção, profundidade",
        least=2,
        gps=True,
    ),
    verdict(
        "joints",
        "Joints welded or clamped, protected from corrosion",
        "Conexões soldadas ou mecânicas, protegidas contra corrosão",
        least=2,
    ),
    verdict(
        "inspection_pits",
        "Inspection pits accessible and marked",
        "Caixas de inspeção acessíveis e identificadas",
        least=1,
    ),
    verdict(
        "terminal",
        "Main earthing terminal labelled, each conductor named",
        "Barramento principal identificado, cada condutor nomeado",
        least=1,
    ),
)

RESISTANCE = section(
    "resistance",
    ("2. Resistance to earth", "2. Resistência de aterramento"),
    *INSTRUMENT,
    choice("method", "Method", "Método", of=METHODS),
    choice("weather", "Soil and weather", "Solo e clima", of=WEATHER),
    number(
        "current_stake",
        "Distance of the current stake",
        "Distância da haste de corrente",
        unit="m",
        hint=(
            "At least three to five times the largest diagonal of the grid",
            "Pelo menos três a cinco vezes a maior diagonal da malha",
        ),
    ),
    table(
        "fall_of_potential",
        "Resistance with the potential stake at",
        "Resistência com a haste de potencial a",
        rows=PLACES,
        columns=MEASURED,
        unit="Ω",
        max="5",
        by=(
            "NETA ATS, 7.13, commercial and industrial; 1 Ω for generating stations",
            "NETA ATS, 7.13, comercial e industrial; 1 Ω para usinas",
        ),
        least=1,
    ),
    number(
        "plateau",
        "Spread of the three readings from their mean",
        "Desvio das três leituras em relação à média",
        unit="%",
        max="10",
        by=("IEEE 81, level part of the curve", "IEEE 81, patamar da curva"),
    ),
    number(
        "lightning",
        "Resistance at the lightning protection",
        "Resistência no SPDA",
        unit="Ω",
        max="10",
        by="IEC 62305-3, 5.4.1",
    ),
)

BONDING = section(
    "bonding",
    ("3. Bonding", "3. Equipotencialização"),
    table(
        "continuity",
        "From the main earthing terminal to",
        "Do barramento principal até",
        rows=BONDED,
        columns=MEASURED,
        unit="Ω",
        max="0.5",
        by="NETA ATS, 7.13",
        least=1,
        hint=(
            "At 200 mA or more, leads subtracted",
            "Com 200 mA ou mais, descontados os cabos de prova",
        ),
    ),
    number(
        "reinforcement",
        "Continuity of the reinforcement used as down conductor",
        "Continuidade das armaduras usadas como descida",
        unit="Ω",
        max="0.2",
        by=("NBR 5419-3, annex F, final test", "NBR 5419-3, anexo F, verificação final"),
    ),
    verdict(
        "step_touch",
        "Step and touch voltages within the study",
        "Tensões de passo e toque dentro do estudo",
        hint=("Substations only", "Somente subestações"),
    ),
    remarks(),
)

EARTHING = checklist(
    "EARTHING",
    ("Earthing and bonding", "Aterramento e equipotencialização"),
    VISUAL,
    RESISTANCE,
    BONDING,
    standards=(
        "NETA ATS",
        "IEEE 81",
        "NBR 15749",
        "NBR 5410",
        "NBR 5419-3",
        "IEC 62305-3",
        "NR-10",
    ),
    plan=("Earthing drawing", "Room for the stakes", "No storm in sight"),
    info=SITE,
)
