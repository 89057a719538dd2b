"""A report with one of everything: printing it loads what the first real report would wait for."""

from __future__ import annotations

from datetime import UTC, datetime

from app.pdf import context as data
from app.pdf.context import Mark, Measurement, PrintedText, Question

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = PrintedText("Warm", "Quente")


def warming_report(picture_key: str) -> data.ReportContext:
    """`picture_key` names a JPEG, which serves as photo, logo and signature."""
    table = data.MeasurementTable(
        (WORDS, WORDS),
        (data.TableRow(WORDS, (Measurement("1", Mark.IN), Measurement("2", Mark.OUT))),),
    )
    photo = data.Photo(picture_key, "1.2-1", 4, 3, "0" * 64, caption="Ω", time_text="12:00")
    limits = data.Limits("V", "1", "2")
    questions = (
        Question("a", "1.1", WORDS, verdict="ok", comment="Ω", photos=(photo,)),
        Question("b", "1.2", WORDS, verdict="not_ok", comment="Ω", photos=(photo,) * 3),
        Question("c", "1.3", WORDS, table=table, limits=limits, hint=WORDS),
        Question("d", "1.4", WORDS, measurement=Measurement("1", Mark.IN), limits=limits),
        Question("e", "1.5", WORDS, texts=(PrintedText("W" * 80),), comment="word " * 60),
        Question("f", "1.5", WORDS, is_note=True, hint=WORDS),
    )
    failed = data.ReportException(data.ExceptionKind.NOT_OK, "b", "1.2", WORDS, "Ω")
    return data.ReportContext(
        branding=data.Branding(name="Laudo", logo_key=picture_key),
        project=data.Project(name="Warm", client="Warm"),
        report=data.Report("W", 0, "Warm", "draft", is_preview=True, created_at=MOMENT),
        checklist=data.Checklist("W", 1, WORDS),
        languages=("en", "pt"),
        time_zone="UTC",
        result=data.Result(None, 5, ok=1),
        sections=(data.Section("s", "1", WORDS, questions),),
        rendered_at=MOMENT,
        photo_totals=data.PhotoTotals(good=4),
        signatures=(data.Signature(WORDS, "Warm", MOMENT, picture_key, "0" * 64),),
        exceptions=(failed,),
        not_applicable=(data.NotApplicable("a", "1.1", WORDS, "Ω"),),
        audit_head="0" * 64,
        check_url="https://laudo.test/v/" + "0" * 32,
    )
