"""Submitting a report: every rule checked on the server, then completed and frozen at once.

A review step between submit and completion is not part of this. What a snapshot holds is
snapshot.py; the PDF is the documents feature's, asked for in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from app.definition.progress import Progress, progress
from app.definition.rules import (
    Missing,
    MissingKind,
    PhotoState,
    RemarkItem,
    ReportResult,
    remarks,
    result,
)
from app.errors import DomainError
from app.evidence.queries import get_chain_head
from app.evidence.service import record_now
from app.extensions import db
from app.mail.service import mail_submitted
from app.models import Actor, Answer, Report, ReportStatus, Snapshot
from app.reports.completeness import missing_of
from app.reports.content import answer_content, content_hash
from app.reports.facts import ReportFacts, load_facts
from app.reports.known import OwnValues
from app.reports.locking import lock_report, refuse_closed
from app.reports.queries import get_report
from app.reports.reading import ReadException, read_exceptions
from app.reports.signing import SigningPlace, signing_places
from app.reports.snapshot import freeze


@dataclass(frozen=True, slots=True)
class Review:
    """What stands between a report and its submit, and what it amounts to so far.

    `missing` names the questions with photos that are still being read too: `reading` counts the
    photos. `exceptions` stop nothing: they are what the report will say.
    """

    report: Report
    facts: ReportFacts
    result: ReportResult
    remarks: Sequence[RemarkItem]
    missing: Sequence[Missing]
    progress: Progress
    reading: int
    places: Sequence[SigningPlace]
    exceptions: Sequence[ReadException]

    @property
    def is_waiting(self) -> bool:
        """Whether nothing is left to do but to wait for the reading of photos."""
        return bool(self.missing) and all(one.kind is MissingKind.READING for one in self.missing)


# Who acts where nobody does.
LAUDO = Actor(name="Laudo")


class ReportIncomplete(DomainError):
    """The report is not complete yet: %(count)s things are left."""

    one = "The report is not complete yet: %(count)s thing is left."
    status = 422


class PhotosBeingRead(DomainError):
    """%(count)s photos are still being read, which takes some seconds. Submit again then."""

    one = "%(count)s photo is still being read, which takes some seconds. Submit again then."
    status = 422


def get_review(report_id: UUID, *, person: Actor) -> Review:
    """The check before the submit. Raises NotFound."""
    return review_of(get_report(report_id, person=person))


def review_of(report: Report) -> Review:
    facts = load_facts(report)
    definition, content = facts.definition, content_hash(report, facts)
    photos = facts.photo_facts
    missing = missing_of(report, facts)
    return Review(
        report=report,
        facts=facts,
        result=result(definition, facts.answers, photos),
        remarks=remarks(definition, facts.answers, photos),
        missing=missing,
        progress=progress(definition, missing),
        reading=sum(photo.state is PhotoState.READING for photo in photos),
        places=signing_places(definition, facts, content),
        exceptions=read_exceptions(facts),
    )


def submit_report(*, report_id: UUID, actor: Actor) -> Report:
    """Complete the report, freeze it, tell of it and ask for its PDF; a finished one is left as it
    is.

    Raises NotFound, ReportClosed, ReportIncomplete, PhotosBeingRead.
    """
    _stop_previews(report_id)
    report = lock_report(report_id, actor=actor)
    if report.is_finished:
        return report
    refuse_closed(report)
    review = review_of(report)
    if review.is_waiting:
        raise PhotosBeingRead(count=review.reading)
    if review.missing:
        raise ReportIncomplete(count=review.progress.left)
    filled = _write_own_answers(review)
    review = review_of(report) if filled else review
    _complete(review, actor)
    mail_submitted(report, submitter=actor)
    _request_pdf(report, actor)
    _freeze(review, filled, actor)
    return report


def _stop_previews(report_id: UUID) -> None:
    """Before the report is locked: a document's row comes first, as for whoever publishes it."""
    from app.documents.service import stop_previews

    stop_previews(report_id)


def _request_pdf(report: Report, actor: Actor) -> None:
    # The documents feature reads reports, so neither package can be loaded before the other.
    from app.documents.service import request_document

    request_document(report, actor=actor)


def _write_own_answers(review: Review) -> OwnValues:
    """Store what the report knew by itself and nobody answered, by field id as it was stored.

    Nobody stands under such an answer.
    """
    facts, now = review.facts, datetime.now(UTC)
    untouched = {field_id: one for field_id, one in facts.own.items() if field_id not in facts.rows}
    for field_id, own in untouched.items():
        row = Answer(report_id=review.report.id, field_id=field_id, answered_at=now)
        row.value = own.value
        db.session.add(row)
    db.session.flush()
    return untouched


def _complete(review: Review, actor: Actor) -> None:
    report, now = review.report, datetime.now(UTC)
    report.status = ReportStatus.COMPLETED
    report.outcome = review.result.outcome
    report.submitted_at = report.completed_at = now
    report.completed_by = actor.account_id
    db.session.flush()


def _freeze(review: Review, filled: OwnValues, actor: Actor) -> Snapshot:
    """The audit entries: one for each answer that the report filled in by itself; the submit, which
    the snapshot names as the chain's head; the completion, which names the snapshot. The first one
    holds the chain until the commit, so nothing can come between them; so this comes last, when
    every row is locked and changed."""
    report = review.report
    entry = {"actor": actor, "object_type": "report", "object_id": report.id}
    for field_id, own in filled.items():
        record_now(
            action="answer.filled", field=field_id, source=own.source.value,
            new=answer_content(review.facts.answers[field_id]), **{**entry, "actor": LAUDO},  # type: ignore[arg-type]
        )  # fmt: skip
    record_now(action="report.submitted", **entry)  # type: ignore[arg-type]
    snapshot = freeze(report, review.facts, review.result, get_chain_head())
    record_now(
        action="report.completed",
        outcome=review.result.outcome.value,
        snapshot_sha256=snapshot.sha256,
        **entry,  # type: ignore[arg-type]
    )
    return snapshot
