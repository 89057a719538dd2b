"""Submits a report and completes it: checks every rule on the server, then freezes the report.

Between the two stands the review, if the report has a reviewer (reviewing/). completing/snapshot.py
makes the snapshot; notifications and the PDF subscribe to the report's lifecycle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.definition.assessment import Assessment, Progress
from app.definition.judging import PhotoFacts, PhotoState
from app.definition.missing import Missing, MissingKind
from app.definition.outcome import RemarkItem, ReportResult
from app.definition.schema import Definition
from app.definition.sentences import N_, say
from app.errors import DomainError
from app.evidence.queries import get_chain_head
from app.evidence.service import record_now
from app.extensions import db
from app.models import Actor, Answer, Report, ReportStatus
from app.reports.completing.calculated import LAUDO, record_calculated, write_calculated
from app.reports.completing.snapshot import freeze
from app.reports.conflicts import list_disputed
from app.reports.content import answer_content, assess_report, content_hash
from app.reports.exceptions import FieldException, read_exceptions
from app.reports.facts import ReportFacts, list_answers, load_facts
from app.reports.lifecycle import ReportEvent, carry_out, get_transition, lock_for
from app.reports.own_values import OwnValues, ReportOrigin, own_values
from app.reports.queries import get_report
from app.reports.reviewing.rounds import start_round
from app.reports.reviewing.rules import steps_in_force
from app.reports.signing.service import SigningPlace, signing_places


@dataclass(frozen=True, slots=True)
class Check:
    """What is missing before the submit, and the result so far.

    `missing` includes the questions with photos that are still being read, and those with a
    conflict; `reading` is the number of these photos, `left` that of questions and signatures.
    `exceptions` do not prevent the submit: the report will list them. `has_reviewer` says that the
    submit does not complete the report.
    """

    report: Report
    facts: ReportFacts
    result: ReportResult
    remarks: Sequence[RemarkItem]
    missing: Sequence[Missing]
    progress: Progress
    left: int
    reading: int
    places: Sequence[SigningPlace]
    exceptions: Sequence[FieldException]
    has_reviewer: bool

    @property
    def is_waiting(self) -> bool:
        """Whether only photos that are still being read are missing."""
        return is_waiting(self.missing)


CONFLICT = N_("Two people changed this. Choose which answer or caption counts.")


class ReportIncomplete(DomainError):
    """The report is not complete yet: %(count)s items are missing."""

    one = "The report is not complete yet: %(count)s item is missing."
    status = 422


class SignaturesDue(DomainError):
    """%(count)s signatures are due before the approval. Send each signer a witness link from the
    report's page, then approve it."""

    one = (
        "%(count)s signature is due before the approval. Send the signer a witness link from the "
        "report's page, then approve it."
    )


class PhotosBeingRead(DomainError):
    """%(count)s photos are still being read. Wait a few seconds, then submit again."""

    one = "%(count)s photo is still being read. Wait a few seconds, then submit again."
    status = 422


def get_review(report_id: UUID, *, person: Actor) -> Check:
    """The review of a report before its submit. Raises NotFound."""
    return review_of(get_report(report_id, person=person))


def is_waiting(missing: Sequence[Missing]) -> bool:
    """Whether only photos that are still being read are missing."""
    return bool(missing) and all(item.kind is MissingKind.READING for item in missing)


def count_reading(photos: Sequence[PhotoFacts]) -> int:
    return sum(photo.state is PhotoState.READING for photo in photos)


def review_of(report: Report) -> Check:
    facts = load_facts(report)
    assessment = assess_report(report, facts)
    may_be_disputed = report.is_open and facts.marks.is_disputed
    disputed = list_disputed(report.id) if may_be_disputed else frozenset()
    missing = _with_conflicts(facts.definition, assessment.missing, disputed)
    return Check(
        report=report,
        facts=facts,
        result=assessment.result,
        remarks=assessment.remarks,
        missing=missing,
        progress=assessment.progress,
        left=_count_left(assessment, disputed),
        reading=count_reading(assessment.shown_photos),
        places=signing_places(facts.definition, facts, content_hash(report, facts)),
        exceptions=read_exceptions(facts, assessment),
        has_reviewer=bool(steps_in_force(report)),
    )


def _with_conflicts(
    definition: Definition, missing: Sequence[Missing], disputed: frozenset[str]
) -> Sequence[Missing]:
    """What is missing, and each field whose conflict nobody has settled, in the form's order."""
    order = {field.id: at for at, field in enumerate(definition.all_fields())}
    found = [
        Missing(MissingKind.CONFLICT, say(CONFLICT), field_id=field_id) for field_id in disputed
    ]
    return sorted([*found, *missing], key=lambda item: order.get(item.field_id or "", len(order)))


def submit_report(*, report_id: UUID, actor: Actor) -> Report:
    """Submit the report to its reviewer; if nobody reviews it, complete and freeze it at once.

    A submitted or finished report does not change. Raises NotFound, NotAllowed, WrongStatus,
    ReportIncomplete, PhotosBeingRead.
    """
    report = lock_for(ReportEvent.COMPLETED, report_id, actor=actor)
    if report.is_finished or report.status is ReportStatus.SUBMITTED:
        return report
    get_transition(ReportEvent.SUBMITTED, report, actor=actor)
    facts = load_facts(report)
    assessment = assess_report(report, facts)
    _require_complete(assessment, list_disputed(report.id))
    filled = _write_own_answers(report, facts)
    calculated = write_calculated(report, facts)
    if filled or calculated:
        facts = load_facts(report)
        assessment = assess_report(report, facts)
    at = datetime.now(UTC)

    def submitted() -> dict[str, Any]:
        record_calculated(report, calculated)
        return _record_own_answers(report, facts, filled)

    if steps := steps_in_force(report):
        assert actor.account_id, "a report is submitted by a person"
        start_round(report.id, steps, submitted_by=actor.account_id, at=at)
        events = {ReportEvent.SUBMITTED: submitted}
    else:
        report.outcome = assessment.result.outcome
        events = {
            ReportEvent.SUBMITTED: submitted,
            ReportEvent.COMPLETED: lambda: _freeze(report, facts, assessment.result),
        }
    carry_out(report, *events, actor=actor, at=at, facts=events)
    return report


def complete_report(
    report: Report, *, actor: Actor, at: datetime, note: Callable[[], None]
) -> None:
    """Complete and freeze a locked report that its last reviewer has approved.

    `note` writes audit entries that come before the completion's. Raises NotAllowed, WrongStatus,
    ReportIncomplete, SignaturesDue.
    """
    facts = load_facts(report, own=_own_values_at_submit(report))
    assessment = assess_report(report, facts)
    _require_complete(assessment, frozenset())
    if due := assessment.missing_at_approval:
        raise SignaturesDue(count=len(due))
    report.outcome = assessment.result.outcome

    def completed() -> dict[str, Any]:
        note()
        return _freeze(report, facts, assessment.result)

    carry_out(
        report,
        ReportEvent.COMPLETED,
        actor=actor,
        at=at,
        facts={ReportEvent.COMPLETED: completed},
    )


def _own_values_at_submit(report: Report) -> OwnValues:
    """The report's own values of the fields that have an answer. A value that its source has got
    since the submit is not an answer any more."""
    known = {row.field_id for row in list_answers(report.id)}
    own = own_values(ReportOrigin(report), report.version.definition)
    return {field_id: one for field_id, one in own.items() if field_id in known}


def _require_complete(assessment: Assessment, disputed: frozenset[str]) -> None:
    if is_waiting(assessment.missing) and not disputed:
        raise PhotosBeingRead(count=count_reading(assessment.shown_photos))
    if assessment.missing or disputed:
        raise ReportIncomplete(count=_count_left(assessment, disputed))


def _count_left(assessment: Assessment, disputed: frozenset[str]) -> int:
    """Questions and signatures; a question with a conflict may lack nothing else."""
    return assessment.progress.left + len(disputed - {one.field_id for one in assessment.missing})


def _write_own_answers(report: Report, facts: ReportFacts) -> OwnValues:
    """Store the report's own values as answers of the fields that nobody answered.

    Such an answer has no author. Returns the values by field id.
    """
    now = datetime.now(UTC)
    untouched = {field_id: one for field_id, one in facts.own.items() if field_id not in facts.rows}
    for field_id, own in untouched.items():
        row = Answer(report_id=report.id, field_id=field_id, answered_at=now)
        row.value = own.value
        db.session.add(row)
    db.session.flush()
    return untouched


def _record_own_answers(report: Report, facts: ReportFacts, filled: OwnValues) -> dict[str, Any]:
    """Record each of the report's own values that became an answer, before the submit's entry.

    The first entry locks the chain until the commit, so that no other entry can come in between.
    All rows are locked and changed by now: the chain comes last in the lock order.
    """
    for field_id, own in filled.items():
        record_now(
            "answer.filled",
            report,
            LAUDO,
            field=field_id,
            source=own.source.value,
            new=answer_content(facts.answers[field_id]),
        )
    return {}


def _freeze(report: Report, facts: ReportFacts, result: ReportResult) -> dict[str, Any]:
    """Make the snapshot. It names the submit's entry as the chain's head; the completion's entry,
    which is written next, names the snapshot."""
    snapshot = freeze(report, facts, result, get_chain_head())
    return {"outcome": result.outcome.value, "snapshot_sha256": snapshot.sha256}
