"""The reports that somebody looks for, as they leave in a file; the audit says who took them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.definition.outcome import Outcome
from app.errors import DomainError
from app.evidence.service import record
from app.extensions import db
from app.models import Account, Actor, Checklist, Equipment, Project, Report, ReportStatus, Version
from app.reports.finding import Wanted, conditions, count_wanted, ordering

BATCH = 1_000


class TooManyRows(DomainError):
    """%(found)s reports are more than one file takes (%(most)s). Narrow the list and try again."""

    status = 422


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One report as it leaves; times are aware UTC, None where it has not come to that."""

    number: str
    revision: int
    title: str
    status: ReportStatus
    outcome: Outcome | None
    project: str
    client: str
    checklist_code: str
    checklist: str
    equipment: str | None
    assignee: str
    started_by: str
    started_at: datetime | None
    submitted_at: datetime | None
    completed_at: datetime | None
    updated_at: datetime
    due_on: date | None


def export_lines(
    wanted: Wanted, *, actor: Actor, kind: str, most: int, facts: dict[str, str]
) -> Iterator[ExportLine]:
    """All visible reports that are looked for, read in batches; the audit says who took them.

    `facts` are the filters as the address has them. Raises TooManyRows before anything is read.
    """
    matching = conditions(wanted, actor)
    found = count_wanted(wanted, actor)
    if found > most:
        raise TooManyRows(found=found, most=most)
    record(
        action="reports.exported",
        actor=actor,
        object_type="report",
        object_id=None,
        kind=kind,
        rows=str(found),
        filters=facts,
    )
    return _read(matching, wanted)


def _read(matching: tuple[Any, ...], wanted: Wanted) -> Iterator[ExportLine]:
    starter = aliased(Account)
    rows = db.session.execute(
        select(
            Report.number, Report.revision, Report.title, Report.status, Report.outcome,
            Project.name, Project.client, Checklist.code, Checklist.name, Equipment.tag,
            Account.name, starter.name, Report.started_at, Report.submitted_at,
            Report.completed_at, Report.updated_at, Report.due_on,
        )
        .join(Report.project)
        .join(Report.version)
        .join(Version.checklist)
        .join(Report.assignee)
        .join(Report.starter.of_type(starter))
        .outerjoin(Report.equipment)
        .where(*matching)
        .order_by(*ordering(wanted)),
        execution_options={"yield_per": BATCH},
    )  # fmt: skip
    return (ExportLine(*tuple(row)) for row in rows)
