"""Inspection of an electrical installation after the Brazilian NR-10: item, risk, deadline."""

from __future__ import annotations

from app.definition.samples.parts import (
    SIGNATURES,
    TextPair,
    checklist,
    choice,
    day,
    note,
    options,
    plain,
    remarks,
    section,
    verdict,
)
from app.definition.schema import Field, Prefill, Section

RISKS = options(
    ("imminent", "Grave and imminent: stop the work", "Grave e iminente: parar o trabalho"),
    ("high", "High", "Alto"),
    ("medium", "Medium", "Médio"),
    ("low", "Low", "Baixo"),
)

PLACE = (
    plain("establishment", "Establishment", "Estabelecimento", prefill=Prefill.CLIENT),
    plain("area", "Area inspected", "Área inspecionada"),
    day(
        "inspected_on",
        "Date of the inspection",
        "Data da inspeção",
        prefill=Prefill.START_DATE,
    ),
    plain("load", "Installed load in kW", "Carga instalada em kW"),
    plain("escort", "Accompanied by", "Acompanhado por", required=False),
)


def part(id: str, title: TextPair, *items: Field) -> Section:
    """A part of NR-10 with the worst risk that it showed, and until when it must be mended."""
    return section(
        id,
        title,
        *items,
        choice(
            f"{id}_risk",
            "Worst risk found in this part",
            "Maior risco encontrado nesta parte",
            of=RISKS,
            required=False,
        ),
        day(f"{id}_deadline", "To be mended until", "Prazo para adequação", required=False),
    )


def item(id: str, number: str, en: str, pt: str, *, least: int = 0, gps: bool = False) -> Field:
    """A question after one item of NR-10; a Not OK needs a comment."""
    return verdict(id, f"{number} {en}", f"{number} {pt}", least=least, gps=gps)


DOCUMENTS = part(
    "documents",
    ("1. Documents", "1. Documentação"),
    item("diagrams", "10.2.3", "Single-line diagrams are up to date", "Unifilares atualizados"),
    item(
        "records",
        "10.2.4",
        "Above 75 kW: file of the installations kept and complete",
        "Acima de 75 kW: prontuário das instalações organizado e completo",
    ),
    item(
        "earthing_records",
        "10.2.4 b)",
        "Inspections and measurements of lightning protection and earthing on file",
        "Inspeções e medições do SPDA e dos aterramentos arquivadas",
    ),
    item(
        "gear_tests",
        "10.2.4 e)",
        "Insulation tests of protective equipment on file",
        "Ensaios de isolação de EPI e EPC arquivados",
    ),
    item(
        "report",
        "10.2.4 g)",
        "Report of inspections with recommendations and a time schedule",
        "Relatório técnico das inspeções com recomendações e cronograma",
    ),
    item(
        "procedures",
        "10.11.1",
        "Step-by-step work procedures, signed",
        "Procedimentos de trabalho passo a passo, assinados",
    ),
)

INSTALLATION = part(
    "installation",
    ("2. Installation", "2. Instalação"),
    item(
        "collective",
        "10.2.8",
        "Live parts behind barriers, enclosures or insulation",
        "Partes vivas com barreiras, invólucros ou isolação",
        least=1,
        gps=True,
    ),
    item(
        "locking",
        "10.3.1",
        "Isolators can be locked open and are marked",
        "Seccionamentos com recurso de bloqueio e identificados",
        least=1,
    ),
    item(
        "protective_earth",
        "10.2.8.3",
        "Masses earthed, protective conductors present",
        "Massas aterradas, condutores de proteção presentes",
        least=1,
    ),
    item(
        "storage",
        "10.4.4.1",
        "Electrical rooms hold nothing else",
        "Locais de serviço elétrico sem armazenamento de objetos",
        least=1,
    ),
    item(
        "lighting",
        "10.4.6",
        "Lighting and a safe working position",
        "Iluminação e posição de trabalho segura",
    ),
    item(
        "maintenance",
        "10.4.4",
        "Kept in a safe state, inspected periodically",
        "Mantida em condição segura, inspecionada periodicamente",
    ),
    item(
        "classified",
        "10.9.4",
        "Classified areas: certified equipment, alarm and automatic cut-off",
        "Áreas classificadas: equipamentos certificados, alarme e seccionamento automático",
    ),
    item(
        "signs",
        "10.10.1",
        "Circuits named, access restricted, warnings in place",
        "Circuitos identificados, acesso restrito, sinalização presente",
        least=1,
    ),
)

WORK = part(
    "work",
    ("3. Work", "3. Trabalho"),
    note(
        "watch",
        "Watch a job if there is one; else ask to be shown how it is done.",
        "Acompanhe um serviço, se houver; senão, peça que mostrem como é feito.",
    ),
    item(
        "dead_work",
        "10.5.1",
        "Dead work: isolate, lock, prove dead, earth, protect, sign",
        "Desenergização: seccionar, bloquear, constatar, aterrar, proteger, sinalizar",
        least=1,
    ),
    item(
        "live_work",
        "10.6.1",
        "Live work from 50 V AC or 120 V DC only by authorised people",
        "Trabalho energizado a partir de 50 Vca ou 120 Vcc só por autorizados",
    ),
    item(
        "high_voltage",
        "10.7.3",
        "High voltage: nobody works alone",
        "Alta tensão: ninguém trabalha sozinho",
    ),
    item(
        "clothing",
        "10.2.9.2",
        "Clothing suited to arc and fire",
        "Vestimentas adequadas a arco e fogo",
        least=1,
    ),
    item("ornaments", "10.2.9.3", "No personal ornaments", "Sem adornos pessoais"),
    item(
        "orders",
        "10.11.2",
        "Work orders approved and specific",
        "Ordens de serviço aprovadas e específicas",
    ),
)

PEOPLE = part(
    "people",
    ("4. People and emergencies", "4. Pessoas e emergências"),
    item(
        "training",
        "10.8.8",
        "Trained, with a refresher every two years",
        "Treinados, com reciclagem bienal",
    ),
    item(
        "badges",
        "10.8.5",
        "The extent of each authorisation is visible",
        "Abrangência da autorização identificada",
    ),
    item("health", "10.8.7", "Health examined for the work", "Exame de saúde compatível"),
    item(
        "rescue",
        "10.12.2",
        "People on site can rescue and give first aid",
        "Pessoas aptas a resgate e primeiros socorros",
    ),
    item(
        "fire_fighting",
        "10.12.4",
        "People on site can use the fire-fighting equipment",
        "Pessoas aptas a operar combate a incêndio",
    ),
    item(
        "refusal",
        "10.14.1",
        "Right to refuse known and used",
        "Direito de recusa conhecido e exercido",
    ),
    remarks(),
)

NR10 = checklist(
    "NR-10",
    ("NR-10 inspection of an installation", "Inspeção de instalação conforme a NR-10"),
    DOCUMENTS,
    INSTALLATION,
    WORK,
    PEOPLE,
    standards=("NR-10 (2004, as amended in 2019)", "NBR 5410", "NBR 14039", "NR-6", "NR-23"),
    plan=("File of the installations", "Single-line diagrams", "List of authorised people"),
    category="Safety",
    info=PLACE,
    signatures=SIGNATURES,
)
