"""What changed in an open report since a moment, for pages on which somebody else is working.

Read-only. Asked every few seconds by each open page, so it costs little if nothing changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, union

from app.definition.assessment import Progress
from app.extensions import db
from app.models import Account, Actor, Answer, EditConflict, PhotoPlacement, PhotoReading, Report
from app.reports.facts import load_facts
from app.reports.filling.page import FieldView, FillPage, fill_page
from app.reports.queries import get_report

# A change gets its time before it is committed, so one that is slow to commit is older than it
# looks. Telling of a change twice harms nobody: the page compares row versions.
OVERLAP = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class ChangedField:
    """A field as it is now; `by` and `at` are those of its answer, if there is one."""

    view: FieldView
    by: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Pulse:
    """`at` is the moment to ask from the next time; `progress` is None if nothing changed."""

    report: Report
    at: datetime
    fields: Sequence[ChangedField] = ()
    progress: Progress | None = None


def read_pulse(report_id: UUID, since: datetime | None, *, person: Actor) -> Pulse:
    """The fields that changed since then, in the form's order; none without `since`.

    Raises NotFound.
    """
    report, at = get_report(report_id, person=person), datetime.now(UTC)
    changed = _changed_fields(report.id, since - OVERLAP) if since and report.is_open else set()
    if not changed:
        return Pulse(report, at)
    page = fill_page(report, load_facts(report))
    return Pulse(report, at, _fields(page, changed), page.progress)


def _fields(page: FillPage, changed: set[str]) -> Sequence[ChangedField]:
    views = [view for section in page.sections for view in section.fields]
    authors = _authors(page.report.id, changed)
    return [
        ChangedField(view, *authors.get(view.field.id, ("", None)))
        for view in views
        if view.field.id in changed
    ]


def _changed_fields(report_id: UUID, since: datetime) -> set[str]:
    placed = select(PhotoPlacement.field_id).where(PhotoPlacement.report_id == report_id)
    conflicts = select(EditConflict.field_id).where(EditConflict.report_id == report_id)
    changed = union(
        select(Answer.field_id).where(Answer.report_id == report_id, Answer.updated_at > since),
        placed.where(PhotoPlacement.updated_at > since),
        placed.join(PhotoReading, PhotoReading.photo_id == PhotoPlacement.photo_id).where(
            PhotoReading.created_at > since
        ),
        conflicts.where(or_(EditConflict.created_at > since, EditConflict.updated_at > since)),
    )
    return set(db.session.scalars(changed))


def _authors(report_id: UUID, fields: set[str]) -> Mapping[str, tuple[str, datetime]]:
    rows = db.session.execute(
        select(Answer.field_id, Account.name, Answer.answered_at)
        .join(Account, Account.id == Answer.answered_by)
        .where(Answer.report_id == report_id, Answer.field_id.in_(fields))
    )
    return {field_id: (name, at) for field_id, name, at in rows}
