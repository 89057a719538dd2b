"""The exported reports in the reader's words. Which reports they are is decided in export.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flask_babel import gettext as _

from app.definition.outcome import Outcome
from app.models import ReportStatus
from app.reports.export import ExportLine
from app.web.sheets import Sheet


def sheet_of(lines: Iterable[ExportLine], zone: str) -> Sheet:
    """The file's sheet; `zone` names the time zone in which its times are written."""
    headings = (
        _("Number"), _("Revision"), _("Title"), _("Status"), _("Result"), _("Project"),
        _("Client"), _("Checklist code"), _("Checklist"), _("Equipment tag"), _("Assignee"),
        _("Started by"), _("Started (%(zone)s)", zone=zone), _("Submitted (%(zone)s)", zone=zone),
        _("Completed (%(zone)s)", zone=zone), _("Changed (%(zone)s)", zone=zone),
        _("Due day"),
    )  # fmt: skip
    return Sheet(_("Reports"), headings, _rows(lines), zone)


def _rows(lines: Iterable[ExportLine]) -> Iterator[tuple[Any, ...]]:
    statuses, outcomes = status_words(), outcome_words()
    for line in lines:
        yield (
            line.number, line.revision, line.title, statuses[line.status],
            outcomes[line.outcome] if line.outcome else None, line.project, line.client,
            line.checklist_code, line.checklist, line.equipment, line.assignee, line.started_by,
            line.started_at, line.submitted_at, line.completed_at, line.updated_at,
            line.due_on,
        )  # fmt: skip


def status_words() -> dict[ReportStatus, str]:
    return {
        ReportStatus.DRAFT: _("Draft"),
        ReportStatus.IN_PROGRESS: _("In progress"),
        ReportStatus.SUBMITTED: _("Submitted"),
        ReportStatus.COMPLETED: _("Completed"),
        ReportStatus.ARCHIVED: _("Archived"),
    }


def outcome_words() -> dict[Outcome, str]:
    return {
        Outcome.PASSED: _("Passed"),
        Outcome.PASSED_WITH_REMARKS: _("Passed with remarks"),
        Outcome.FAILED: _("Failed"),
    }
