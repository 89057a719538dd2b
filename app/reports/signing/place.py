"""A signature's place on the fill page as HTML, with the progress that it changed."""

from __future__ import annotations

from uuid import UUID

from app.models import Actor
from app.reports.signing.service import get_signing
from app.web.fragments import render_text
from app.web.locale import reading_order


def draw_place(report_id: UUID, role_id: str, *, person: Actor) -> str:
    """The place of one role as it is now. Raises NotFound."""
    found = get_signing(report_id, role_id, person=person)
    return render_text(
        "reports/_signature_answer.html",
        report=found.report,
        place=found.place,
        languages=reading_order(found.report.version.definition.languages),
        progress=found.progress,
    )
