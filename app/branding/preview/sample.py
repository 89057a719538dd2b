"""The sample report of a preview. Only the branding differs between companies.

Plain data for the PDF engine. The caller provides the photos and their keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from app.branding.draft import Draft
from app.definition.outcome import Outcome
from app.pdf import context as pdf
from app.pdf.contact import contact_lines
from app.pdf.labels import Labels

MOMENT = datetime(2026, 3, 12, 17, 20, 41, tzinfo=UTC)
PLACE = "Rua Verbo Divino 1400, São Paulo"
NUMBER = "LD-0042"
PHOTO_QUESTION = "1.3"
SHA256 = "6f0c1d8e52a94b37" * 4
# Of no report: the code leads to a page that says so.
CHECK_URL = "https://laudo.invalid/v/" + "0" * 32

# English, Portuguese
TITLE = ("Switchboard before energization", "Quadro antes da energização")
SECTION = ("Visual inspection", "Inspeção visual")
MEASURED = ("Measurements", "Medições")
ENCLOSURE = ("Enclosure, doors and covers are intact", "Invólucro, portas e tampas íntegros")
LABELS = ("Circuits are labelled", "Circuitos identificados")
PHOTOS = ("Photographs of the switchboard", "Fotografias do quadro")
INSULATION = ("Insulation resistance", "Resistência de isolamento")
JOINTS = ("Contact resistance of the joints", "Resistência de contato das conexões")
MEASURED_AT = ("Measured", "Medido")
TORQUE = ("Torque of the busbar joints", "Torque das conexões do barramento")
COMMENT = ("One label is missing at Q14.", "Falta a etiqueta em Q14.")
PROJECT = ("Hospital annex, plant room 2", "Anexo do hospital, sala técnica 2")
CLIENT = ("Sample client", "Cliente exemplo")
ROLE = ("Technician", "Responsável técnico")
SIGNER = "Ana Souza"

Localize = Callable[[tuple[str, str]], pdf.PrintedText]


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
    """Build the complete PDF context; all `photos` belong to one question."""
    portuguese = language == "pt"

    def localize(pair: tuple[str, str]) -> pdf.PrintedText:
        return pdf.PrintedText(pair[portuguese])

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
        project=pdf.Project(localize(PROJECT).first, localize(CLIENT).first, PLACE),
        report=_report(localize(TITLE).first),
        checklist=pdf.Checklist("SWB-01", 3, localize(TITLE)),
        languages=(language,),
        time_zone=time_zone,
        result=pdf.Result(Outcome.PASSED_WITH_REMARKS, 6, ok=1, not_ok=1),
        sections=(
            pdf.Section(
                "visual", "1", localize(SECTION), _inspection_questions(localize, tuple(photos))
            ),
            pdf.Section("measured", "2", localize(MEASURED), _measurement_questions(localize)),
        ),
        rendered_at=MOMENT,
        photo_totals=pdf.PhotoTotals(good=len(photos)),
        equipment=pdf.Equipment("QGBT-2A"),
        signatures=(pdf.Signature(localize(ROLE), SIGNER, MOMENT, None, SHA256),),
        exceptions=(
            pdf.ReportException(
                pdf.ExceptionKind.NOT_OK, "labels", "1.2", localize(LABELS), localize(COMMENT).first
            ),
        ),
        snapshot_sha256=SHA256,
        check_url=CHECK_URL,
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
            pdf.ReportPerson(pdf.PersonRole.STARTED, SIGNER),
            pdf.ReportPerson(pdf.PersonRole.COMPLETED, SIGNER),
        ),
    )


def _inspection_questions(
    localize: Localize, photos: tuple[pdf.Photo, ...]
) -> tuple[pdf.Question, ...]:
    return (
        pdf.Question("enclosure", "1.1", localize(ENCLOSURE), verdict="ok"),
        pdf.Question(
            "labels", "1.2", localize(LABELS), verdict="not_ok", comment=localize(COMMENT).first
        ),
        pdf.Question("photos", PHOTO_QUESTION, localize(PHOTOS), is_note=True, photos=photos),
    )


def _measurement_questions(localize: Localize) -> tuple[pdf.Question, ...]:
    joints = tuple(
        pdf.TableRow(pdf.PrintedText(f"L{row}"), (pdf.Measurement(value, pdf.Mark.IN),))
        for row, value in enumerate(("0.021", "0.019", "0.024"), start=1)
    )
    return (
        pdf.Question(
            "insulation",
            "2.1",
            localize(INSULATION),
            measurement=pdf.Measurement(">200", pdf.Mark.IN),
            limits=pdf.Limits("MΩ", "1"),
        ),
        pdf.Question(
            "torque",
            "2.2",
            localize(TORQUE),
            measurement=pdf.Measurement("38", pdf.Mark.IN),
            limits=pdf.Limits("N·m", "36", "42"),
        ),
        pdf.Question(
            "joints",
            "2.3",
            localize(JOINTS),
            table=pdf.MeasurementTable((localize(MEASURED_AT),), joints),
            limits=pdf.Limits("mΩ", None, "0.1"),
        ),
    )
