"""Insulation of power cables, low and medium voltage, before they are connected."""

from __future__ import annotations

from app.definition.samples.parts import (
    INSTRUMENT,
    MEASURED,
    checklist,
    choice,
    note,
    number,
    options,
    permit,
    plain,
    remarks,
    section,
    table,
    verdict,
)

CORES = options(
    ("l1", "L1 to all others and earth", "L1 para os demais e terra"),
    ("l2", "L2 to all others and earth", "L2 para os demais e terra"),
    ("l3", "L3 to all others and earth", "L3 para os demais e terra"),
    ("n", "N to all others and earth", "N para os demais e terra"),
)
PHASES_TO_SCREEN = options(
    ("l1", "L1 to screen", "L1 para blindagem"),
    ("l2", "L2 to screen", "L2 para blindagem"),
    ("l3", "L3 to screen", "L3 para blindagem"),
)
MINUTES = options(("m1", "1 min", "1 min"), ("m10", "10 min", "10 min"))
INSULATIONS = options(
    ("xlpe", "XLPE", "XLPE"),
    ("epr", "EPR", "EPR"),
    ("pvc", "PVC", "PVC"),
    ("halogen_free", "Halogen-free", "Não halogenado"),
)

CABLE = (
    plain("cable_number", "Number of the cable", "Número do cabo"),
    plain("from_to", "From and to", "Origem e destino"),
    plain("make", "Make and type printed on the cable", "Fabricante e tipo gravados no cabo"),
    plain("section", "Conductors and cross-section", "Condutores e seção"),
    plain("length", "Length in metres", "Comprimento em metros"),
)

ROUTE = section(
    "route",
    ("1. Cable and route", "1. Cabo e encaminhamento"),
    permit(),
    choice("insulation_of_cable", "Insulation", "Isolação", of=INSULATIONS),
    verdict(
        "marking",
        "Print on the cable agrees with the schedule",
        "Gravação do cabo confere com a lista de cabos",
        least=1,
        gps=True,
    ),
    verdict(
        "bending",
        "Bends not tighter than the maker allows",
        "Curvas com raio não menor que o do fabricante",
        least=1,
    ),
    verdict(
        "support",
        "Supported, fixed against short-circuit forces, undamaged",
        "Apoiado, fixado contra esforços de curto-circuito, sem danos",
        least=1,
    ),
    verdict(
        "labels",
        "Both ends labelled, cores marked",
        "Duas extremidades identificadas, veias marcadas",
        least=2,
    ),
)

LOW = section(
    "low_voltage",
    ("2. Up to 1 kV", "2. Até 1 kV"),
    note(
        "disconnect",
        "Both ends free, electronics and surge arresters disconnected, the far end guarded.",
        "Duas extremidades livres, eletrônica e DPS desconectados, extremidade oposta protegida.",
    ),
    *INSTRUMENT,
    table(
        "insulation_low",
        "Insulation resistance after 1 minute",
        "Resistência de isolamento após 1 minuto",
        rows=CORES,
        columns=MEASURED,
        unit="MΩ",
        min="100",
        by=(
            "NETA ATS, table 100.1, 600 V class at 1,000 V DC (IEC 60364-6 asks for 1 MΩ)",
            "NETA ATS, tabela 100.1, classe 600 V com 1.000 Vcc (a IEC 60364-6 pede 1 MΩ)",
        ),
        least=1,
    ),
    verdict(
        "continuity", "Every core continuous and in its place", "Cada veia contínua e no seu lugar"
    ),
)

MEDIUM = section(
    "medium_voltage",
    ("3. Above 1 kV", "3. Acima de 1 kV"),
    note(
        "discharge",
        "After a DC test, earth the cable for at least four times as long as it was charged.",
        "Após ensaio com corrente contínua, aterre o cabo por pelo menos quatro vezes o tempo de"
        " carga.",
    ),
    table(
        "insulation_medium",
        "Insulation resistance at 2,500 V DC",
        "Resistência de isolamento com 2.500 Vcc",
        rows=PHASES_TO_SCREEN,
        columns=MINUTES,
        unit="MΩ",
        min="5000",
        by=("NETA ATS, table 100.1, 15 kV class", "NETA ATS, tabela 100.1, classe 15 kV"),
        least=1,
    ),
    number(
        "sheath",
        "Leakage of the oversheath in its test",
        "Corrente de fuga da cobertura no ensaio",
        unit="mA",
        hint=(
            "4 kV DC for each mm of sheath, at most 10 kV, 1 minute (IEC 60229): no breakdown",
            "4 kVcc por mm de cobertura, no máximo 10 kV, 1 minuto (IEC 60229): sem ruptura",
        ),
    ),
    verdict(
        "withstand",
        "Withstand test passed at very low frequency or power frequency",
        "Ensaio de tensão aplicada aprovado, em VLF ou frequência industrial",
        least=1,
        hint=(
            "Voltage and time by IEEE 400.2 or IEC 60502-2; attach the record",
            "Tensão e tempo pela IEEE 400.2 ou IEC 60502-2; anexe o registro",
        ),
    ),
    verdict(
        "screens",
        "Screens continuous and earthed as designed",
        "Blindagens contínuas e aterradas conforme o projeto",
        least=1,
    ),
    verdict(
        "terminations",
        "Terminations made by qualified people, cleaned and torqued",
        "Terminações feitas por pessoal qualificado, limpas e torqueadas",
        least=2,
    ),
    remarks(),
)

CABLES = checklist(
    "CABLE",
    ("Cable insulation test", "Ensaio de isolamento de cabos"),
    ROUTE,
    LOW,
    MEDIUM,
    standards=(
        "NETA ATS",
        "IEC 60364-6",
        "NBR 5410",
        "NBR 14039",
        "IEC 60502-2",
        "IEC 60229",
        "IEEE 400.2",
        "NR-10",
    ),
    plan=("Permit to work", "Cable schedule", "Both ends free and guarded"),
    info=CABLE,
)
