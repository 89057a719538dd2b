"""Commissioning of an uninterruptible power supply with its battery."""

from __future__ import annotations

from app.definition.samples.parts import (
    AGREED,
    BETWEEN_PHASES,
    MANUFACTURER,
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

LOADS = options(("p25", "25 %", "25 %"), ("p50", "50 %", "50 %"), ("p100", "100 %", "100 %"))
CHEMISTRIES = options(
    ("vrla", "Valve-regulated lead-acid", "Chumbo-ácida regulada por válvula"),
    ("lithium", "Lithium-ion", "Íons de lítio"),
    ("nicd", "Nickel-cadmium", "Níquel-cádmio"),
)

BEFORE = section(
    "before",
    ("1. Before work begins", "1. Antes do início"),
    note(
        "battery_danger",
        "A battery cannot be switched off: cover what is live, use insulated tools, wear no metal.",
        "Uma bateria não se desliga: cubra as partes vivas, use ferramentas isoladas, sem metais"
        " no corpo.",
    ),
    permit(),
    protective_equipment(),
)

INSTALLATION = section(
    "installation",
    ("2. Installation", "2. Instalação"),
    verdict(
        "nameplate",
        "Nameplate agrees with the order",
        "Placa de identificação confere com o pedido",
        least=1,
        gps=True,
    ),
    verdict(
        "clearances",
        "Clearances and ventilation as the manual asks",
        "Afastamentos e ventilação conforme o manual",
        least=1,
    ),
    verdict(
        "cabling",
        "Input, bypass, output and earth connected and torqued",
        "Entrada, bypass, saída e terra conectados e torqueados",
        least=1,
    ),
    verdict(
        "maintenance_bypass",
        "Maintenance bypass interlocked and labelled",
        "Bypass de manutenção intertravado e identificado",
    ),
    verdict(
        "emergency_off",
        "Emergency power off wired and covered",
        "Desligamento de emergência ligado e protegido",
    ),
)

BATTERY = section(
    "battery",
    ("3. Battery", "3. Bateria"),
    choice("chemistry", "Type of battery", "Tipo de bateria", of=CHEMISTRIES),
    verdict(
        "racks",
        "Racks fixed, blocks undamaged, links torqued",
        "Estantes fixadas, blocos sem danos, interligações torqueadas",
        least=2,
    ),
    number(
        "battery_insulation",
        "Insulation of the string to earth",
        "Isolamento do banco para a terra",
        unit="MΩ",
        by=MANUFACTURER,
        min="1",
    ),
    number(
        "block_spread",
        "Spread of block voltages from their mean",
        "Desvio das tensões dos blocos em relação à média",
        unit="%",
        by=MANUFACTURER,
        max="3",
    ),
    number(
        "float_voltage",
        "Float voltage, of the set value",
        "Tensão de flutuação, em relação ao ajuste",
        unit="%",
        by=MANUFACTURER,
        min="99",
        max="101",
        least=1,
    ),
    number(
        "room_temperature",
        "Temperature at the battery",
        "Temperatura junto à bateria",
        unit="°C",
        by=MANUFACTURER,
        min="15",
        max="27",
    ),
)

OPERATION = section(
    "operation",
    ("4. Operation", "4. Operação"),
    choice(
        "sequence", "Phase sequence at the input", "Sequência de fases na entrada", of=SEQUENCES
    ),
    table(
        "input_voltage",
        "Input voltage between phases, of the nominal",
        "Tensão de entrada entre fases, em relação à nominal",
        rows=BETWEEN_PHASES,
        columns=MEASURED,
        unit="%",
        by="IEC 62040-3, input tolerance ± 10 %",
        min="90",
        max="110",
    ),
    table(
        "output_voltage",
        "Output voltage to neutral, of the nominal",
        "Tensão de saída fase-neutro, em relação à nominal",
        rows=PHASES,
        columns=LOADS,
        unit="%",
        by=MANUFACTURER,
        min="99",
        max="101",
        least=1,
        hint=("With a load bank, at each step", "Com banco de carga, em cada degrau"),
    ),
    number(
        "output_frequency",
        "Output frequency, of the nominal",
        "Frequência de saída, em relação à nominal",
        unit="%",
        by=MANUFACTURER,
        min="99.9",
        max="100.1",
    ),
    number(
        "distortion",
        "Distortion of the output voltage at full load",
        "Distorção da tensão de saída em plena carga",
        unit="%",
        by=MANUFACTURER,
        max="3",
    ),
    verdict(
        "static_bypass",
        "Transfer to static bypass and back without a break",
        "Transferência ao bypass estático e retorno sem interrupção",
    ),
    verdict(
        "hand_bypass",
        "Transfer to maintenance bypass and back without a break",
        "Transferência ao bypass de manutenção e retorno sem interrupção",
    ),
)

AUTONOMY = section(
    "autonomy",
    ("5. Discharge", "5. Descarga"),
    number(
        "autonomy",
        "Autonomy at the agreed load, of the agreed time",
        "Autonomia na carga combinada, em relação ao tempo combinado",
        unit="%",
        by=AGREED,
        min="100",
        least=1,
    ),
    number(
        "end_voltage", "Lowest block voltage at the end", "Menor tensão de bloco ao final", unit="V"
    ),
    number(
        "hot_spot",
        "Temperature rise of the hottest link",
        "Elevação de temperatura da interligação mais quente",
        unit="K",
        by=MANUFACTURER,
        max="30",
        least=1,
        hint=("Add the thermogram", "Anexe o termograma"),
    ),
    verdict(
        "recharge",
        "Recharge begins by itself and is limited as set",
        "Recarga inicia sozinha e limitada conforme o ajuste",
    ),
    verdict("alarms", "Alarms reach the supervision", "Alarmes chegam à supervisão"),
    remarks(),
)

UPS = checklist(
    "UPS",
    ("UPS commissioning", "Comissionamento de nobreak"),
    BEFORE,
    INSTALLATION,
    BATTERY,
    OPERATION,
    AUTONOMY,
    standards=("IEC 62040-1", "IEC 62040-3", "IEC 62485-2", "NR-10"),
    plan=("Permit to work", "Load bank", "Manufacturer's manual"),
)
