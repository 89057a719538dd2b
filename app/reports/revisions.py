"""Which revision of a report counts. Nothing is stored: it follows from the revisions' own rows.

A completed report is superseded as soon as a later revision of its number is completed. Read-only;
revising/ makes revisions.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from app.extensions import db
from app.models import Actor, Report
from app.reports.queries import visible_to


def is_superseded() -> ColumnElement[bool]:
    """The condition on reports that a completed revision corrects."""
    later = aliased(Report)
    return (
        select(later.id)
        .where(later.revision_of == Report.id, later.completed_at.is_not(None))
        .correlate(Report)
        .exists()
    )


def superseding_revision(of: Any = Report) -> ColumnElement[int | None]:
    """The number of the newest completed revision after each report `of`, null if it is the newest
    itself: a column for lists."""
    later = aliased(Report)
    return (
        select(func.max(later.revision))
        .where(
            later.number == of.number,
            later.revision > of.revision,
            later.completed_at.is_not(None),
            later.discarded_at.is_(None),
        )
        .correlate(of)
        .scalar_subquery()
    )


def superseding(report: Report) -> Report | None:
    """The newest completed revision after this one, None if this one is the newest.

    Not limited to what a person may see: it says whether the report still counts.
    """
    return db.session.scalars(
        select(Report)
        .where(
            Report.number == report.number,
            Report.revision > report.revision,
            Report.completed_at.is_not(None),
        )
        .order_by(Report.revision.desc())
        .limit(1)
    ).one_or_none()


def find_open_revision(report: Report) -> Report | None:
    """The revision of the same number that is being filled in, whoever does so."""
    return db.session.scalars(
        select(Report).where(
            Report.number == report.number,
            Report.completed_at.is_(None),
            Report.discarded_at.is_(None),
        )
    ).one_or_none()


def find_corrected(report: Report) -> Report | None:
    """The completed report that this one corrects."""
    if report.revision_of is None:
        return None
    return db.session.scalars(select(Report).where(Report.id == report.revision_of)).one()


def may_see(report: Report, person: Actor) -> bool:
    """Whether this person may open the report, for links between revisions."""
    found = select(Report.id).where(Report.id == report.id, visible_to(person))
    return db.session.scalar(found) is not None
