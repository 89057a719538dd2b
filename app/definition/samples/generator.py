"""Test of a diesel generator set: at standstill, under load steps, and during a mains failure."""

from __future__ import annotations

from app.definition.samples.parts import (
    MANUFACTURER,
    MEASURED,
    PHASES,
    SEQUENCES,
    checklist,
    choice,
    note,
    number,
    options,
    remarks,
    section,
    table,
    verdict,
)

STEPS = options(
    ("p0", "No load", "Sem carga"),
    ("p25", "25 %", "25 %"),
    ("p50", "50 %", "50 %"),
    ("p75", "75 %", "75 %"),
    ("p100", "100 %", "100 %"),
)

AT_REST = section(
    "at_rest",
    ("1. At rest", "1. Parado"),
    note(
        "no_start",
        "Put the controller on Off and press the emergency stop before anybody reaches in.",
        "Ponha o controlador em Desligado e acione a parada de emergência antes de qualquer"
        " intervenção.",
    ),
    verdict(
        "nameplate",
        "Nameplate of set, engine and alternator agree with the order",
        "Placas do grupo, motor e alternador conferem com o pedido",
        least=1,
        gps=True,
    ),
    verdict(
        "mounts",
        "Set level, fixed, on undamaged vibration mounts",
        "Grupo nivelado, fixado, sobre amortecedores sem danos",
    ),
    verdict(
        "leaks",
        "No leak of oil, coolant or fuel",
        "Sem vazamento de óleo, água ou combustível",
        least=1,
    ),
    verdict(
        "levels",
        "Oil, coolant and fuel at their levels",
        "Níveis de óleo, água e combustível corretos",
    ),
    verdict(
        "exhaust",
        "Exhaust lagged, led outside, with a flexible piece",
        "Escapamento isolado, conduzido para fora, com trecho flexível",
        least=1,
    ),
    verdict("air", "Air inlet and outlet free", "Entrada e saída de ar livres"),
    number(
        "starter_battery",
        "Voltage of the starter battery, of the nominal",
        "Tensão da bateria de partida, em relação à nominal",
        unit="%",
        by=MANUFACTURER,
        min="100",
        max="120",
    ),
    number(
        "insulation",
        "Insulation of the alternator to earth",
        "Isolamento do alternador para a terra",
        unit="MΩ",
        by="IEEE 43, table 3, random-wound below 1 kV, at 40 °C",
        min="5",
    ),
    verdict(
        "guards",
        "Guards over belts, fan and terminals in place",
        "Proteções de correias, ventilador e terminais no lugar",
    ),
)

LOAD = section(
    "load",
    ("2. Load steps", "2. Degraus de carga"),
    number(
        "start_time",
        "From start signal to nominal speed",
        "Do sinal de partida à rotação nominal",
        unit="s",
        by="NFPA 110, type 10",
        max="10",
    ),
    choice("sequence", "Phase sequence", "Sequência de fases", of=SEQUENCES),
    table(
        "voltage",
        "Voltage to neutral, of the nominal",
        "Tensão fase-neutro, em relação à nominal",
        rows=STEPS,
        columns=PHASES,
        unit="%",
        by="ISO 8528-5, performance class G2",
        min="97.5",
        max="102.5",
        least=1,
        hint=("Steady, after each step", "Em regime, após cada degrau"),
    ),
    table(
        "frequency",
        "Frequency, of the nominal",
        "Frequência, em relação à nominal",
        rows=STEPS,
        columns=MEASURED,
        unit="%",
        by="ISO 8528-5, performance class G3",
        min="97",
        max="103",
    ),
    table("current", "Current", "Corrente", rows=STEPS, columns=PHASES, unit="A"),
    table(
        "oil",
        "Oil pressure",
        "Pressão do óleo",
        rows=STEPS,
        columns=MEASURED,
        unit="bar",
        min="2",
        by=MANUFACTURER,
    ),
    table(
        "coolant",
        "Coolant temperature",
        "Temperatura da água",
        rows=STEPS,
        columns=MEASURED,
        unit="°C",
        by=MANUFACTURER,
        max="98",
    ),
    number(
        "recovery",
        "Recovery after the largest step",
        "Recuperação após o maior degrau",
        unit="s",
        by="ISO 8528-5, performance class G2",
        max="5",
    ),
    number(
        "consumption",
        "Fuel used in an hour at full load",
        "Consumo de combustível por hora em plena carga",
        unit="L/h",
    ),
    verdict(
        "noise", "No unusual noise, vibration or smoke", "Sem ruído, vibração ou fumaça anormais"
    ),
)

PROTECTION = section(
    "protection",
    ("3. Protection and control", "3. Proteção e comando"),
    verdict(
        "emergency_stop",
        "Emergency stop acts at once",
        "Parada de emergência atua de imediato",
        least=1,
    ),
    verdict(
        "low_oil", "Low oil pressure stops the engine", "Baixa pressão de óleo desliga o motor"
    ),
    verdict(
        "high_temperature",
        "High coolant temperature stops the engine",
        "Alta temperatura da água desliga o motor",
    ),
    verdict("overspeed", "Overspeed stops the engine", "Sobrevelocidade desliga o motor"),
    verdict(
        "breaker", "Generator breaker trips as set", "Disjuntor do gerador atua conforme o ajuste"
    ),
)

MAINS = section(
    "mains_failure",
    ("4. Mains failure", "4. Falta de rede"),
    number(
        "takeover",
        "From loss of mains to load on the generator",
        "Da falta de rede à carga no gerador",
        unit="s",
        by="IEC 60364-5-56, medium break",
        max="15",
        least=1,
    ),
    verdict(
        "return",
        "Load goes back to the mains after the set time",
        "Carga retorna à rede após o tempo ajustado",
    ),
    verdict(
        "cool_down",
        "Engine cools down without load and stops by itself",
        "Motor resfria sem carga e para sozinho",
    ),
    verdict("alarms", "Alarms reach the supervision", "Alarmes chegam à supervisão"),
    verdict(
        "left_ready",
        "Set left in automatic, doors closed, tank filled",
        "Grupo deixado em automático, portas fechadas, tanque cheio",
        least=1,
    ),
    remarks(),
)

GENERATOR = checklist(
    "GENSET",
    ("Generator set test", "Ensaio de grupo gerador"),
    AT_REST,
    LOAD,
    PROTECTION,
    MAINS,
    standards=("ISO 8528-5", "ISO 8528-6", "IEEE 43", "NFPA 110", "IEC 60364-5-56", "NR-10"),
    plan=("Permit to work", "Load bank", "Fuel for four hours at full load"),
)
