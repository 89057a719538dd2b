"""Work in a report that an admin imported from a file, because its device could not send it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from app.extensions import db
from app.models import AuditEntry


@dataclass(frozen=True, slots=True)
class ImportedWork:
    """`count` audit entries of `person`, imported by `importer`, the last one at `last_at`.

    The names are those at the time of the import.
    """

    person: str
    importer: str
    count: int
    last_at: datetime


def list_imported_work(report_id: UUID) -> tuple[ImportedWork, ...]:
    """A report's imported work by person and importer, in the order of the first imports.

    The audit is the only place that names the importer, and no such entry can follow a completion,
    so every PDF of a finished report says the same.
    """
    actor = AuditEntry.facts["actor"]
    person, importer = actor["name"].astext, actor["imported_by"]["name"].astext
    rows = db.session.execute(
        select(person, importer, func.count(), func.max(AuditEntry.at))
        .where(
            AuditEntry.object_type == "report",
            AuditEntry.object_id == report_id,
            actor.has_key("imported_by"),
        )
        .group_by(person, importer)
        .order_by(func.min(AuditEntry.sequence))
    )
    return tuple(ImportedWork(*row) for row in rows)
