"""Acceptance of a distribution transformer, liquid or dry, in the manner of NETA ATS 7.2."""

from __future__ import annotations

from app.definition.samples.parts import (
    INFO,
    INSTRUMENT,
    MANUFACTURER,
    MEASURED,
    PHASES,
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

COOLING = options(
    ("liquid", "Liquid-filled", "Em líquido isolante"),
    ("dry", "Dry type", "A seco"),
)
GROUPS = options(
    ("dyn1", "Dyn1", "Dyn1"),
    ("dyn5", "Dyn5", "Dyn5"),
    ("dyn11", "Dyn11", "Dyn11"),
    ("yyn0", "Yyn0", "Yyn0"),
    ("other", "Other", "Outro"),
)
TAPS = options(
    ("t1", "Tap 1", "Tap 1"),
    ("t2", "Tap 2", "Tap 2"),
    ("t3", "Tap 3", "Tap 3"),
    ("t4", "Tap 4", "Tap 4"),
    ("t5", "Tap 5", "Tap 5"),
)
BETWEEN_WINDINGS = options(
    ("high_low", "High voltage to low voltage", "Alta tensão para baixa tensão"),
    ("high_earth", "High voltage to earth", "Alta tensão para terra"),
)
SIDES = options(("high", "High voltage", "Alta tensão"), ("low", "Low voltage", "Baixa tensão"))

BEFORE = section(
    "before",
    ("1. Before work begins", "1. Antes do início"),
    note(
        "both_sides",
        "A transformer is fed from both sides: isolate, lock, prove dead and earth high and low"
        " voltage.",
        "Um transformador pode ser alimentado pelos dois lados: seccione, bloqueie, constate a"
        " ausência de tensão e aterre alta e baixa tensão.",
    ),
    permit(),
    verdict(
        "proved_dead",
        "Both sides isolated, locked, proved dead and earthed",
        "Os dois lados seccionados, bloqueados, sem tensão e aterrados",
        least=1,
    ),
)

VISUAL = section(
    "visual",
    ("2. Visual and mechanical inspection", "2. Inspeção visual e mecânica"),
    choice("cooling", "Type", "Tipo", of=COOLING),
    choice("vector_group", "Vector group on the nameplate", "Grupo de ligação na placa", of=GROUPS),
    verdict(
        "nameplate",
        "Nameplate agrees with order and single-line diagram",
        "Placa de identificação confere com o pedido e o diagrama unifilar",
        least=1,
        gps=True,
    ),
    verdict(
        "shock_recorder",
        "Shock recorder and transport show no impact",
        "Registrador de impacto e transporte sem indicação de choque",
        least=1,
    ),
    verdict(
        "tank",
        "No leak, dent or broken bushing; winding supports tight",
        "Sem vazamento, amassado ou bucha quebrada; calços das bobinas firmes",
        least=1,
    ),
    verdict(
        "earthing",
        "Tank, core and neutral earthed as drawn; core earthed at one point",
        "Tanque, núcleo e neutro aterrados conforme o desenho; núcleo aterrado em um ponto",
        least=1,
    ),
    verdict(
        "connections",
        "Connections torqued and marked",
        "Conexões torqueadas e marcadas",
        least=1,
    ),
    verdict(
        "level",
        "Liquid at its level for the temperature; breather dry",
        "Nível do líquido conforme a temperatura; sílica-gel seca",
    ),
    verdict(
        "tap_changer",
        "Tap changer in the ordered position and locked",
        "Comutador na posição pedida e travado",
        least=1,
    ),
)

WINDINGS = section(
    "windings",
    ("3. Windings", "3. Enrolamentos"),
    *INSTRUMENT,
    number(
        "winding_temperature",
        "Temperature of the windings",
        "Temperatura dos enrolamentos",
        unit="°C",
        hint=("Needed to correct resistances to 20 °C", "Necessária para corrigir a 20 °C"),
    ),
    table(
        "insulation",
        "Insulation resistance after 1 minute, corrected to 20 °C",
        "Resistência de isolamento após 1 minuto, corrigida a 20 °C",
        rows=BETWEEN_WINDINGS,
        columns=MEASURED,
        unit="MΩ",
        min="5000",
        by=(
            "NETA ATS, table 100.5, liquid-filled above 5 kV at 5,000 V DC; dry type 25,000 MΩ",
            "NETA ATS, tabela 100.5, em líquido acima de 5 kV com 5.000 Vcc; a seco 25.000 MΩ",
        ),
        least=1,
    ),
    number(
        "insulation_low",
        "Low voltage to earth after 1 minute, corrected to 20 °C",
        "Baixa tensão para terra após 1 minuto, corrigida a 20 °C",
        unit="MΩ",
        min="100",
        by=(
            "NETA ATS, table 100.5, liquid-filled up to 600 V at 1,000 V DC; dry type 500 MΩ",
            "NETA ATS, tabela 100.5, em líquido até 600 V com 1.000 Vcc; a seco 500 MΩ",
        ),
    ),
    number(
        "polarization_index",
        "Polarization index, 10 minutes to 1 minute",
        "Índice de polarização, 10 minutos por 1 minuto",
        unit=None,
        min="1.0",
        by="NETA ATS, 7.2",
    ),
    table(
        "ratio",
        "Deviation of the turns ratio from the nameplate",
        "Desvio da relação de espiras em relação à placa",
        rows=TAPS,
        columns=PHASES,
        unit="%",
        min="-0.5",
        max="0.5",
        by="IEC 60076-1, table 1; NETA ATS, 7.2",
        least=1,
    ),
    table(
        "winding_resistance",
        "Winding resistance at the tap in use, deviation from the mean of the phases",
        "Resistência ôhmica no tap em uso, desvio da média das fases",
        rows=SIDES,
        columns=PHASES,
        unit="%",
        min="-2",
        max="2",
        by="IEEE C57.152",
    ),
)

LIQUID = section(
    "liquid",
    ("4. Insulating liquid", "4. Líquido isolante"),
    note(
        "not_for_dry",
        "Mineral oil, new and in the transformer before energising. Dry type: mark as N.A.",
        "Óleo mineral, novo e no transformador antes da energização. A seco: marque N.A.",
    ),
    number(
        "breakdown",
        "Breakdown voltage",
        "Rigidez dielétrica",
        unit="kV",
        min="55",
        by="IEC 60422, table 3, up to 72.5 kV (IEC 60156, 2.5 mm)",
    ),
    number(
        "water",
        "Water content",
        "Teor de água",
        unit="mg/kg",
        max="20",
        by="IEC 60422, table 3, up to 72.5 kV",
    ),
    verdict(
        "gas_analysis",
        "Sample for dissolved gases taken as the reference",
        "Amostra para gases dissolvidos coletada como referência",
        least=1,
    ),
    plain("sample_number", "Number of the sample", "Número da amostra", required=False),
)

PROTECTION = section(
    "protection",
    ("5. Protection and energising", "5. Proteção e energização"),
    verdict(
        "thermometer",
        "Temperature devices alarm and trip as set",
        "Dispositivos de temperatura alarmam e desligam conforme o ajuste",
        least=1,
    ),
    verdict(
        "gas_relay",
        "Gas relay and pressure relief trip the breaker",
        "Relé de gás e válvula de alívio desligam o disjuntor",
    ),
    verdict("arresters", "Surge arresters fitted and earthed", "Para-raios instalados e aterrados"),
    table(
        "no_load_voltage",
        "Low voltage at no load, of the nominal",
        "Baixa tensão em vazio, em relação à nominal",
        rows=PHASES,
        columns=MEASURED,
        unit="%",
        min="95",
        max="105",
        by=MANUFACTURER,
        least=1,
    ),
    verdict(
        "sound",
        "Sound is even, without partial discharge",
        "Ruído uniforme, sem descargas parciais",
    ),
    remarks(),
)

TRANSFORMER = checklist(
    "TRANSFORMER",
    ("Transformer acceptance", "Aceitação de transformador"),
    BEFORE,
    VISUAL,
    WINDINGS,
    LIQUID,
    PROTECTION,
    standards=("NETA ATS", "IEC 60076-1", "NBR 5356-1", "IEC 60422", "IEEE C57.152", "NR-10"),
    plan=("Permit to work", "Factory test report", "Protection study"),
    info=INFO,
)
