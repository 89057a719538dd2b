"""The exported reports in the reader's language. listing/export.py selects the reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flask_babel import gettext as _

from app.reports.listing.export import ExportLine
from app.web.sheets import ExportSheet
from app.words import OUTCOMES, REPORT_STATUSES


def report_sheet(lines: Iterable[ExportLine], zone: str) -> ExportSheet:
    """The file's sheet; its times are in the time zone named `zone`."""
    headings = (
        _("Number"),
        _("Revision"),
        _("Title"),
        _("Status"),
        _("Result"),
        _("Project"),
        _("Client"),
        _("Checklist code"),
        _("Checklist"),
        _("Equipment tag"),
        _("Assignee"),
        _("Started by"),
        _("Started (%(zone)s)", zone=zone),
        _("Submitted (%(zone)s)", zone=zone),
        _("Completed (%(zone)s)", zone=zone),
        _("Changed (%(zone)s)", zone=zone),
        _("Due date"),
        _("Superseded by"),
    )
    return ExportSheet(_("Reports"), headings, _rows(lines), zone)


def _rows(lines: Iterable[ExportLine]) -> Iterator[tuple[Any, ...]]:
    for line in lines:
        yield (
            line.number,
            line.revision,
            line.title,
            REPORT_STATUSES.word(line.status),
            OUTCOMES.word(line.outcome) if line.outcome else None,
            line.project,
            line.client,
            line.checklist_code,
            line.checklist,
            line.equipment,
            line.assignee,
            line.started_by,
            line.started_at,
            line.submitted_at,
            line.completed_at,
            line.updated_at,
            line.due_on,
            f"R{line.superseded_by}" if line.superseded_by else None,
        )
