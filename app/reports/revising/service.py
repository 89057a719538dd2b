"""Corrects a completed report: makes its next revision with the answers and photos of this one.

carrying.py decides what is taken over, changes.py compares the two afterwards. The older report,
its rows and its file stay as they are; it is superseded when the revision is completed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.errors import DomainError
from app.evidence.service import record
from app.extensions import db
from app.models import (
    Account,
    Actor,
    Answer,
    PhotoPlacement,
    Report,
    Role,
    Snapshot,
    Version,
)
from app.plans.limits import get_photo_limit
from app.reports.assigning.service import NotAssignable, lock_assignee
from app.reports.facts import ReportFacts, load_facts
from app.reports.lifecycle import ReportEvent, announce, carry_out, get_transition, lock_for
from app.reports.queries import get_report
from app.reports.revising.carrying import CarriedField, plan_carrying
from app.reports.revising.queries import find_newer_version
from app.reports.revisions import find_open_revision, superseding
from app.rows import own_tenant

ONE_OPEN = "uq_reports_tenant_id_number_open"


class TechniciansMayNotCorrect(DomainError):
    """In your company only managers and admins correct completed reports. Ask one of them."""

    status = 403


class AlreadySuperseded(DomainError):
    """Report %(number)s was already corrected: %(newer)s replaces it. Correct that one instead."""


class RevisionOpen(DomainError):
    """Report %(number)s is already being corrected: %(newer)s is not completed yet. Finish or
    discard it first."""


class VersionChanged(DomainError):
    """A newer version of the checklist was published in the meantime. Check again what is
    carried over, then confirm."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many answers and photos a revision took over, and how many of each it did not."""

    answers: int
    photos: int
    dropped_answers: int
    dropped_photos: int


def correct_report(
    *,
    report_id: UUID,
    reason: str,
    actor: Actor,
    client_id: UUID | None = None,
    onto_version: UUID | None = None,
) -> Report:
    """Make the next revision of a completed report and return it, in progress.

    `onto_version` is the newest version of the checklist; without it the revision stays on the
    version of the report. A repeated client id returns the same revision. Raises NotFound,
    NotAllowed, WrongStatus, TechniciansMayNotCorrect, AlreadySuperseded, RevisionOpen,
    VersionChanged, NeedsMorePhotos.
    """
    # People are locked before reports. A finished report has the same assignee for ever.
    assignee_id = _choose_assignee(get_report(report_id, person=actor), actor)
    older = lock_for(ReportEvent.REVISED, report_id, actor=actor)
    if earlier := require_correctable(older, actor=actor, client_id=client_id):
        return earlier
    version = _choose_version(older, onto_version)
    facts = load_facts(older)
    plan = plan_carrying(facts, version.definition)
    report = _add(older, version, reason, assignee_id, actor, client_id)
    counts = _carry(report, facts, plan)
    _begin(report, older, actor)
    carry_out(
        older,
        ReportEvent.REVISED,
        actor=actor,
        facts={ReportEvent.REVISED: lambda: _revised_facts(report)},
    )
    record("report.carried", report, actor, **_carried_facts(report, older, counts))
    announce(ReportEvent.ASSIGNED, report, actor=actor)
    return report


def require_correctable(
    older: Report, *, actor: Actor, client_id: UUID | None = None
) -> Report | None:
    """Require that the actor may correct the report now, which is the newest completed revision.

    The open revision is read first: one that is completed in between is then found as the newer
    one. Returns the revision that a form with this client id has already made. Raises NotAllowed,
    WrongStatus, TechniciansMayNotCorrect, AlreadySuperseded, RevisionOpen.
    """
    get_transition(ReportEvent.REVISED, older, actor=actor)
    if actor.role is Role.TECHNICIAN and not own_tenant().technicians_correct:
        raise TechniciansMayNotCorrect
    if opened := find_open_revision(older):
        if client_id and (opened.client_id, opened.started_by) == (client_id, actor.account_id):
            return opened
        raise RevisionOpen(number=older.full_number, newer=opened.full_number)
    if newer := superseding(older):
        raise AlreadySuperseded(number=older.full_number, newer=newer.full_number)
    return None


def _choose_version(older: Report, onto_version: UUID | None) -> Version:
    if onto_version is None or onto_version == older.version_id:
        return older.version
    newest = find_newer_version(older)
    if newest is None or newest.id != onto_version:
        raise VersionChanged
    return newest


def _add(
    older: Report,
    version: Version,
    reason: str,
    assignee_id: UUID,
    actor: Actor,
    client_id: UUID | None,
) -> Report:
    report = Report(
        version_id=version.id,
        project_id=older.project_id,
        equipment_id=older.equipment_id,
        number=older.number,
        revision=_next_revision(older.number),
        revision_of=older.id,
        revision_reason=reason,
        title=older.title,
        started_by=actor.account_id,
        assignee_id=assignee_id,
        client_id=client_id,
        photo_limit=_photo_limit(older, version),
    )
    db.session.add(report)
    try:
        db.session.flush()
    except IntegrityError as error:
        # The lock on the older report prevents this; the constraint stands behind it.
        if ONE_OPEN not in str(error.orig):
            raise
        raise RevisionOpen(number=older.full_number, newer=older.number) from error
    return report


def _next_revision(number: str) -> int:
    """Discarded revisions keep their number."""
    last = db.session.scalar(select(func.max(Report.revision)).where(Report.number == number))
    return (last or 0) + 1


def _choose_assignee(older: Report, actor: Actor) -> UUID:
    """Technicians correct their reports themselves; else the same person as before, if they still
    fill in reports."""
    assert actor.account_id is not None, "a person corrects a report"
    if actor.role is Role.TECHNICIAN:
        return actor.account_id
    try:
        return lock_assignee(older.assignee_id).id
    except NotAssignable:
        return actor.account_id


def _photo_limit(older: Report, version: Version) -> int | None:
    """The limit that the report was started with; a newer version may need more photos."""
    if older.photo_limit is None or version.id == older.version_id:
        return older.photo_limit
    today = get_photo_limit(version.definition)
    return None if today is None else max(today, older.photo_limit)


def _carry(report: Report, facts: ReportFacts, plan: Sequence[CarriedField]) -> Counts:
    """Copy the answers with author and times, and place the photos again, with ids of their own."""
    kept_photos = dropped_photos = answers = 0
    for one in plan:
        if one.keeps_row:
            assert one.row is not None
            db.session.add(_copied_answer(report, one, one.row))
            answers += 1
        if one.keeps_photos:
            kept_photos += len(one.photos)
            db.session.add_all(_copied_placement(report, photo.placement) for photo in one.photos)
        else:
            dropped_photos += len(one.photos)
    db.session.flush()
    dropped = sum(one.row is not None and not (one.keeps_row and one.keeps_value) for one in plan)
    return Counts(answers, kept_photos, dropped, dropped_photos)


def _copied_answer(report: Report, one: CarriedField, row: Answer) -> Answer:
    return Answer(
        report_id=report.id,
        field_id=row.field_id,
        block_key=row.block_key,
        value=one.value,
        comment=row.comment,
        na_reason=row.na_reason,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
        client_at=row.client_at,
        carried_from=row.id,
    )


def _copied_placement(report: Report, row: PhotoPlacement) -> PhotoPlacement:
    return PhotoPlacement(
        report_id=report.id,
        photo_id=row.photo_id,
        field_id=row.field_id,
        block_key=row.block_key,
        caption=row.caption,
        captioned_by=row.captioned_by,
        captioned_at=row.captioned_at,
        position=row.position,
        quarantine_reason=row.quarantine_reason,
        position_reason=row.position_reason,
        carried_from=row.id,
    )


def _begin(report: Report, older: Report, actor: Actor) -> None:
    """The revision is in progress from its start. The work itself began with the older report, so
    that a start date which the report fills in stays the same."""
    carry_out(report, ReportEvent.BEGUN, actor=actor)
    report.started_at = older.started_at or datetime.now(UTC)
    db.session.flush()


def _revised_facts(report: Report) -> dict[str, str | None]:
    return {
        "reason": report.revision_reason,
        "revised_as": report.full_number,
        "revision_id": str(report.id),
    }


def _carried_facts(report: Report, older: Report, counts: Counts) -> dict[str, str | None]:
    """One entry for all that was carried over; the snapshot of the older report has each item."""
    sha256 = db.session.scalar(select(Snapshot.sha256).where(Snapshot.report_id == older.id))
    version = db.session.scalar(select(Version.number).where(Version.id == report.version_id))
    assignee = db.session.scalar(select(Account.name).where(Account.id == report.assignee_id))
    return {
        **report.named,
        "corrects": older.full_number,
        "reason": report.revision_reason,
        "version": str(version),
        "assignee": assignee,
        "answers": str(counts.answers),
        "photos": str(counts.photos),
        "dropped_answers": str(counts.dropped_answers),
        "dropped_photos": str(counts.dropped_photos),
        "snapshot_sha256": sha256,
    }
