"""Exports the reports that match a filter; the audit records who exported them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.definition.outcome import Outcome
from app.errors import DomainError
from app.evidence.service import About, record
from app.extensions import db
from app.models import (
    Account,
    Actor,
    Checklist,
    Equipment,
    Project,
    Report,
    ReportStatus,
    Version,
    checklist_name,
)
from app.reports.listing.filters import ReportFilter, conditions, count_matching
from app.reports.listing.order import ordering
from app.reports.revisions import superseding_revision
from app.web.locale import reader_language

BATCH = 1_000


class TooManyRows(DomainError):
    """%(found)s reports are too many for one file (maximum %(most)s). Narrow the list and try
    again."""

    status = 422


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One exported report. Times are aware UTC, None if the event has not happened yet."""

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
    superseded_by: int | None


def export_lines(
    criteria: ReportFilter, *, actor: Actor, kind: str, most: int, facts: dict[str, str]
) -> Iterator[ExportLine]:
    """All visible reports that match, read in batches; the audit records who exported them.

    `facts` are the filters as URL arguments. Raises TooManyRows before anything is read.
    """
    matching = conditions(criteria, actor)
    found = count_matching(criteria, actor)
    if found > most:
        raise TooManyRows(found=found, most=most)
    record(
        "reports.exported",
        About(Report.audit_type, None),
        actor,
        kind=kind,
        rows=str(found),
        filters=facts,
    )
    return _read(matching, criteria)


def _read(matching: tuple[Any, ...], criteria: ReportFilter) -> Iterator[ExportLine]:
    # Read once: the name stands in the JSON of a version, which is slow to open for every row.
    named = select(Checklist.id, checklist_name(reader_language()).label("name"))
    names = {row.id: row.name for row in db.session.execute(named)}
    starter = aliased(Account)
    rows = db.session.execute(
        select(
            Report.number,
            Report.revision,
            Report.title,
            Report.status,
            Report.outcome,
            Project.name,
            Project.client,
            Checklist.code,
            Checklist.id,
            Equipment.tag,
            Account.name,
            starter.name,
            Report.started_at,
            Report.submitted_at,
            Report.completed_at,
            Report.updated_at,
            Report.due_on,
            superseding_revision(),
        )
        .join(Report.project)
        .join(Report.version)
        .join(Version.checklist)
        .join(Report.assignee)
        .join(Report.starter.of_type(starter))
        .outerjoin(Report.equipment)
        .where(*matching)
        .order_by(*ordering(criteria)),
        execution_options={"yield_per": BATCH},
    )
    return (_line(tuple(row), names) for row in rows)


def _line(row: tuple[Any, ...], names: Mapping[UUID, str]) -> ExportLine:
    """`row` has the checklist's id in the place of its name."""
    columns = list(row)
    columns[8] = names[columns[8]]
    return ExportLine(*columns)
