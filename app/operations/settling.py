"""Settles conflicts, for the buttons of a page and for operations of phones."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.models import Actor, Choice
from app.photos.placing import settle_caption
from app.reports.conflicts import Viewed, get_conflict
from app.reports.filling.service import settle_answer
from app.reports.queries import get_report


@dataclass(frozen=True, slots=True)
class Settled:
    """The field of the conflict, and the row version of the value that counts now."""

    field_id: str
    row_version: int


def settle_conflict(
    *,
    report_id: UUID,
    conflict_id: UUID,
    choice: Choice,
    viewed: Viewed,
    actor: Actor,
) -> Settled:
    """Choose one of two values.

    Raises NotFound, ReportClosed, AlreadySettled, ChangedSince.
    """
    report = get_report(report_id, person=actor)
    row = get_conflict(conflict_id, report.id)
    if row.placement_id is not None:
        placement = settle_caption(
            report_id=report_id, conflict_id=conflict_id, choice=choice, viewed=viewed, actor=actor
        )
        return Settled(placement.field_id, placement.row_version)
    saved = settle_answer(
        report_id=report_id,
        conflict_id=conflict_id,
        choice=choice,
        viewed=viewed,
        actor=actor,
    )
    return Settled(saved.field.id, saved.answer.row_version)
