"""A walk through a workplace: what people see, hear and stumble over."""

from __future__ import annotations

from app.definition.samples.parts import (
    INSTRUMENT,
    MEASURED,
    checklist,
    choice,
    day,
    long_words,
    note,
    options,
    plain,
    remarks,
    role,
    section,
    table,
    verdict,
)
from app.definition.schema import Prefill, RolePrefill

SHIFTS = options(("day", "Day", "Diurno"), ("night", "Night", "Noturno"))
PLACES = options(
    ("a1", "Place 1", "Local 1"),
    ("a2", "Place 2", "Local 2"),
    ("a3", "Place 3", "Local 3"),
)

WALK = (
    plain("area", "Area", "Área"),
    plain("responsible", "Responsible for the area", "Responsável pela área"),
    day("walked_on", "Date", "Data", prefill=Prefill.START_DATE),
)

WAYS = section(
    "ways",
    ("1. Ways and order", "1. Circulação e ordem"),
    note(
        "stop_first",
        "What endangers life is stopped at once, before it is written down.",
        "O que ameaça a vida é parado de imediato, antes de ser anotado.",
    ),
    choice("shift", "Shift", "Turno", of=SHIFTS),
    verdict(
        "floors",
        "Floors dry, level and free; edges and openings guarded",
        "Pisos secos, nivelados e livres; bordas e aberturas protegidas",
        least=1,
    ),
    verdict(
        "exits",
        "Exits free, unlocked, lit and signed (NR-23)",
        "Saídas livres, destrancadas, iluminadas e sinalizadas (NR-23)",
        least=1,
        gps=True,
    ),
    verdict(
        "storage",
        "Stacks stable, nothing before switchboards and hydrants",
        "Pilhas estáveis, nada diante de quadros e hidrantes",
        least=1,
    ),
    verdict("stairs", "Stairs, ladders and rails sound", "Escadas e guarda-corpos íntegros"),
    verdict(
        "traffic",
        "People and vehicles kept apart",
        "Pessoas e veículos separados",
    ),
)

DANGERS = section(
    "dangers",
    ("2. Work in progress", "2. Trabalhos em andamento"),
    verdict(
        "protective_equipment",
        "Protective equipment worn and sound (NR-6)",
        "EPI em uso e em bom estado (NR-6)",
        least=1,
    ),
    verdict(
        "heights",
        "Work above 2 m: anchored, scaffold tagged, below fenced (NR-35)",
        "Trabalho acima de 2 m: ancorado, andaime liberado, área isolada (NR-35)",
        least=1,
    ),
    verdict(
        "machines",
        "Machines guarded, emergency stops at hand (NR-12)",
        "Máquinas protegidas, paradas de emergência ao alcance (NR-12)",
        least=1,
    ),
    verdict(
        "electricity",
        "Boards closed, cables undamaged, residual-current protection (NR-10)",
        "Quadros fechados, cabos sem danos, proteção DR (NR-10)",
        least=1,
    ),
    verdict(
        "hot_work",
        "Hot work with permit, screen and fire watch",
        "Trabalho a quente com permissão, anteparo e observador",
    ),
    verdict(
        "confined",
        "Confined spaces: permit, gas measured, watch at the entry (NR-33)",
        "Espaços confinados: permissão, gases medidos, vigia na entrada (NR-33)",
    ),
    verdict(
        "chemicals",
        "Containers labelled, data sheets at hand, spills contained (NR-26)",
        "Recipientes rotulados, fichas de segurança à mão, vazamentos contidos (NR-26)",
    ),
    verdict("lifting", "Loads slung right, nobody below", "Cargas bem amarradas, ninguém embaixo"),
)

MEASURED_THERE = section(
    "measured_there",
    ("3. Noise and light", "3. Ruído e iluminação"),
    *INSTRUMENT,
    table(
        "noise",
        "Noise at the workplace, eight hours",
        "Ruído no posto de trabalho, oito horas",
        rows=PLACES,
        columns=MEASURED,
        unit="dB(A)",
        max="85",
        by="NR-15, annex 1; NHO 01",
    ),
    table(
        "light",
        "Light at the workplace",
        "Iluminância no posto de trabalho",
        rows=PLACES,
        columns=MEASURED,
        unit="lx",
        min="300",
        by=(
            "NHO 11, rough machine work and assembly; offices 500 lx",
            "NHO 11, usinagem e montagem grosseiras; escritórios 500 lx",
        ),
    ),
)

EMERGENCY = section(
    "emergency",
    ("4. Emergencies", "4. Emergências"),
    verdict(
        "extinguishers",
        "Extinguishers in place, pressure and date good",
        "Extintores no lugar, com pressão e validade",
        least=1,
    ),
    verdict("first_aid", "First aid and eye wash ready", "Primeiros socorros e lava-olhos prontos"),
    verdict(
        "people_know",
        "Two people asked: both know the alarm and the meeting point",
        "Duas pessoas perguntadas: conhecem o alarme e o ponto de encontro",
    ),
    long_words("good", "What is done well here", "O que é bem feito aqui"),
    remarks(),
)

SAFETY_WALK = checklist(
    "SAFETY-WALK",
    ("Workplace safety walk", "Inspeção de segurança do trabalho"),
    WAYS,
    DANGERS,
    MEASURED_THERE,
    EMERGENCY,
    standards=(
        "NR-6",
        "NR-10",
        "NR-12",
        "NR-15",
        "NR-23",
        "NR-26",
        "NR-33",
        "NR-35",
        "NHO 11",
        "ISO 45001",
    ),
    plan=("Findings of the last walk", "Sound level meter and light meter"),
    category="Safety",
    info=WALK,
    signatures=(
        role("technician", "Inspector", "Inspetor", prefill=RolePrefill.ME),
        role("area", "Responsible for the area", "Responsável pela área", required=False),
    ),
)
