"""What waits for a manager besides open reports. Reports themselves are read in app.reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from app.extensions import db
from app.models import Actor, Document, Report, WorkState
from app.reports.queries import visible_to

SHOWN = 10


@dataclass(frozen=True, slots=True)
class FailedDocument:
    """A report whose PDF could not be made; `moment` is when it was given up."""

    report_id: UUID
    number: str
    revision: int
    title: str
    moment: datetime | None


def list_failed_documents(person: Actor) -> list[FailedDocument]:
    """Reports whose newest PDF failed, so that somebody tries again."""
    newest = (
        select(Document.report_id, Document.state, Document.finished_at)
        .ext(distinct_on(Document.report_id))
        .order_by(Document.report_id, Document.created_at.desc())
        .subquery()
    )
    rows = db.session.execute(
        select(Report.id, Report.number, Report.revision, Report.title, newest.c.finished_at)
        .join(newest, newest.c.report_id == Report.id)
        .where(visible_to(person), newest.c.state == WorkState.FAILED)
        .order_by(newest.c.finished_at.desc())
        .limit(SHOWN)
    )
    return [FailedDocument(*row) for row in rows]
