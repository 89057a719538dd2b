"""The small report that a preview prints: made up, the same for every company but for its look.

Plain data for the PDF engine. Which photos stand in it, and under which keys, is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from app.company.draft import Draft
from app.definition.outcome import Outcome
from app.pdf import context as pdf
from app.pdf.contact import contact_lines
from app.pdf.labels import Labels

MOMENT = datetime(2026, 3, 12, 17, 20, 41, tzinfo=UTC)
PLACE = "Rua Verbo Divino 1400, São Paulo"
NUMBER = "LD-0042"
SHA256 = "6f0c1d8e52a94b37" * 4

# English, Portuguese
TITLE = ("Switchboard before energization", "Quadro antes da energização")
SECTION = ("Visual inspection", "Inspeção visual")
MEASURED = ("Measurements", "Medições")
ENCLOSURE = ("Enclosure, doors and covers are intact", "Invólucro, portas e tampas íntegros")
LABELS = ("Circuits are labelled", "Circuitos identificados")
PHOTOS = ("Photographs of the switchboard", "Fotografias do quadro")
INSULATION = ("Insulation resistance", "Resistência de isolamento")
TORQUE = ("Torque of the busbar joints", "Torque das conexões do barramento")
COMMENT = ("One label is missing at Q14.", "Falta a etiqueta em Q14.")
PROJECT = ("Hospital annex, plant room 2", "Anexo do hospital, sala técnica 2")
CLIENT = ("Sample client", "Cliente exemplo")
ROLE = ("Technician", "Responsável técnico")
SIGNER = "Ana Souza"

Say = Callable[[tuple[str, str]], pdf.Words]


def sample_report(
    draft: Draft,
    *,
    company: str,
    language: str,
    time_zone: str,
    logo_key: str | None,
    second_logo_key: str | None,
    photos: Sequence[pdf.Photo],
) -> pdf.ReportContext:
    """The whole context; `photos` stand at one question."""
    portuguese = language == "pt"

    def say(pair: tuple[str, str]) -> pdf.Words:
        return pdf.Words(pair[portuguese])

    return pdf.ReportContext(
        branding=pdf.Branding(
            name=company,
            logo_key=logo_key,
            second_logo_key=second_logo_key,
            accent=draft.accent,
            second=draft.second,
            third=draft.third,
            contact=(
                *contact_lines(draft.contact_parts, Labels((language,))),
                *pdf.Branding.contact_of(draft.contact, company),
            ),
        ),
        project=pdf.Project(say(PROJECT).first, say(CLIENT).first, PLACE),
        report=_report(say(TITLE).first),
        checklist=pdf.Checklist("SWB-01", 3, say(TITLE)),
        languages=(language,),
        time_zone=time_zone,
        result=pdf.Result(Outcome.PASSED_WITH_REMARKS, 5, ok=1, not_ok=1),
        sections=(
            pdf.Section("visual", "1", say(SECTION), _seen(say, tuple(photos))),
            pdf.Section("measured", "2", say(MEASURED), _measured(say)),
        ),
        rendered_at=MOMENT,
        photo_totals=pdf.PhotoTotals(good=len(photos)),
        equipment=pdf.Equipment("QGBT-2A"),
        signatures=(pdf.Signature(say(ROLE), SIGNER, MOMENT, None, SHA256),),
        exceptions=(
            pdf.ReportException(
                pdf.ExceptionKind.NOT_OK, "labels", "1.2", say(LABELS), say(COMMENT).first
            ),
        ),
        snapshot_sha256=SHA256,
        settings=draft.pdf,
    )


def _report(title: str) -> pdf.Report:
    return pdf.Report(
        number=NUMBER,
        revision=0,
        title=title,
        status="completed",
        is_preview=False,
        created_at=MOMENT - timedelta(hours=2),
        submitted_at=MOMENT,
        completed_at=MOMENT,
        people=(
            pdf.Person(pdf.PersonRole.STARTED, SIGNER),
            pdf.Person(pdf.PersonRole.COMPLETED, SIGNER),
        ),
    )


def _seen(say: Say, photos: tuple[pdf.Photo, ...]) -> tuple[pdf.Question, ...]:
    return (
        pdf.Question("enclosure", "1.1", say(ENCLOSURE), "verdict", verdict="ok"),
        pdf.Question(
            "labels", "1.2", say(LABELS), "verdict", verdict="not_ok", comment=say(COMMENT).first
        ),
        pdf.Question("photos", "1.3", say(PHOTOS), "note", photos=photos),
    )


def _measured(say: Say) -> tuple[pdf.Question, ...]:
    return (
        pdf.Question(
            "insulation",
            "2.1",
            say(INSULATION),
            "number",
            measurement=pdf.Measurement(">200", pdf.Mark.IN),
            limits=pdf.Limits("MΩ", "1"),
        ),
        pdf.Question(
            "torque",
            "2.2",
            say(TORQUE),
            "number",
            measurement=pdf.Measurement("38", pdf.Mark.IN),
            limits=pdf.Limits("N·m", "36", "42"),
        ),
    )
