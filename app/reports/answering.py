"""Saving the answer of one field: once, in order, losing nothing.

A save names the row version it was made on, so that it never covers an answer it has not seen,
and a client id, so that it counts once however often it arrives. Reading what a form sends is
for filling_forms.py; whether the report is complete is for app.definition.rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as part
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.definition.answers import parse_answer, parse_comment, parse_reason
from app.definition.doubts import decide, kept, without_doubts
from app.definition.judging import AnswerFacts
from app.definition.progress import Progress
from app.definition.schema import Definition, Field, FieldType, Language, Verdict
from app.errors import DomainError, NotFound
from app.evidence.service import canonical_json, record
from app.extensions import db
from app.models import Account, Actor, Answer, Report, ReportStatus, SaveReceipt
from app.reports.completeness import progress_of
from app.reports.content import answer_content
from app.reports.facts import (
    all_answers,
    answer_facts,
    list_answers,
    load_facts,
    own_of,
)
from app.reports.known import Own, OwnValues
from app.reports.locking import lock_report, refuse_closed
from app.reports.queries import get_report
from app.reports.wording import answer_words
from app.tenancy import require_tenant


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody sends for one field.

    `value` is what `parse_answer` takes, or the list of texts that a form holds under one name.
    `language` is that of whoever typed, None where it is not known. `chosen` decides, by cell key
    or "" for a number, which of two numbers the text means, as a plain decimal.
    `row_version` is the version of the answer it was made on, 0 where there was none.
    """

    value: object = None
    language: Language | None = None
    chosen: Mapping[str, str] = part(default_factory=dict)
    comment: str | None = None
    na_reason: str | None = None
    row_version: int = 0
    client_id: UUID | None = None
    client_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer as it now stands, in plain values that outlive the transaction."""

    facts: AnswerFacts
    row_version: int
    answered_at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """The outcome of a save; `progress` is of the whole report with this answer in it, `own` what
    the report itself knows for the field."""

    report_id: UUID
    definition: Definition
    field: Field
    answer: StoredAnswer
    progress: Progress
    own: Own | None = None


class StaleAnswer(DomainError):
    """%(name)s changed this answer in the meantime. Both are kept: choose which one counts."""

    status = 409

    def __init__(self, field: Field, mine: AnswerFacts, newer: StoredAnswer) -> None:
        super().__init__(name=newer.by)
        self.field = field
        self.mine = mine
        self.newer = newer


class ReusedClientId(DomainError):
    """This save carries the id of another save. Load the page again; what you typed is kept."""

    status = 409


def save_answer(*, report_id: UUID, field_id: str, given: Given, actor: Actor) -> SavedAnswer:
    """Store one answer with its audit entry; the first one sets the report in progress.

    Sent again under its client id, or sent with what already stands, it changes nothing and
    answers as before. Raises NotFound, ReportClosed, InvalidAnswer, StaleAnswer, ReusedClientId.
    """
    report = lock_report(report_id, actor=actor)
    field = get_field(report.version.definition, field_id)
    sent = read_answer(field, given)
    rows = {row.field_id: row for row in list_answers(report.id)}
    row, own = rows.get(field.id), own_of(report, report.version.definition)
    standing = all_answers(rows, own).get(field.id, AnswerFacts())
    new = replace(sent, value=kept(field, sent.value, standing.value, given.chosen))
    version = row.row_version if row else 0
    is_same = standing == new
    applies = report.is_open and (is_same or given.row_version == version)
    receipt = _receipt(report, field, given, sent, version + (not is_same), claim=applies)
    if receipt is None:
        refuse_closed(report)
        if not applies:
            raise StaleAnswer(field, new, _stored(row))
        if not is_same:
            rows[field.id] = row = _store(report, field, row, standing, new, given, actor)
        version = row.row_version if row else 0
    else:
        version = receipt.row_version
    return _saved(report, field, rows, own, version, actor)


def set_aside_answer(*, report_id: UUID, field_id: str, given: Given, actor: Actor) -> None:
    """Keep in the history what somebody typed and gave up for a newer answer; that one stands.

    A closed report's own history is part of its evidence and takes no more entries: there the
    company's audit keeps the words, under a heading of their own. Raises NotFound, InvalidAnswer.
    """
    report = get_report(report_id, person=actor)
    field = get_field(report.version.definition, field_id)
    given_up = read_answer(field, given)
    if report.is_open:
        record(
            action="answer.set_aside", actor=actor, object_type="report", object_id=report.id,
            field=field.id, version=str(given.row_version), typed=answer_content(given_up),
        )  # fmt: skip
        return
    languages = report.version.definition.languages
    record(
        action="leftover.kept", actor=actor, object_type="leftover", object_id=report.id,
        report=report.full_number, field=field.id, version=str(given.row_version),
        label=field.label.first(languages), words=answer_words(field, given_up, languages),
        typed=answer_content(given_up),
    )  # fmt: skip


def get_field(definition: Definition, field_id: str) -> Field:
    """The field that takes answers under this id. Raises NotFound."""
    field = definition.field(field_id)
    if field is None or field.type is FieldType.NOTE:
        raise NotFound
    return field


def read_answer(field: Field, given: Given) -> AnswerFacts:
    """What was sent as canonical facts. Raises InvalidAnswer.

    A reason of N.A. sets the value of any field but a verdict aside, as the form says; a
    verdict is N.A. by its own value and keeps a reason only then.
    """
    comment, reason = parse_comment(given.comment), parse_reason(given.na_reason)
    raw = given.value
    if isinstance(raw, list) and field.type is not FieldType.SELECT_MANY:
        raw = raw[-1] if raw else None
    if field.type is FieldType.VERDICT:
        value = parse_answer(field, raw)
        return AnswerFacts(value, comment, reason if value == Verdict.NA else None)
    if reason:
        return AnswerFacts(None, comment, reason)
    value = parse_answer(field, raw, given.language)
    return AnswerFacts(decide(field, value, given.chosen), comment, reason)


def _receipt(
    report: Report, field: Field, given: Given, sent: AnswerFacts, version: int, *, claim: bool
) -> SaveReceipt | None:
    """The receipt of an earlier arrival of this save; None where it arrives for the first time.

    With `claim` the id is taken in the same statement that looks for it. Doubts are no part of
    what was sent: the same text sent again is the same, whatever language was chosen meanwhile.
    """
    if given.client_id is None:
        return None
    facts = replace(sent, value=without_doubts(field, sent.value))
    said = [str(report.id), field.id, answer_content(facts)]
    digest = sha256(canonical_json(said).encode()).hexdigest()
    if claim:
        row = {
            "tenant_id": require_tenant(), "report_id": report.id, "client_id": given.client_id,
            "field_id": field.id, "row_version": version, "digest": digest,
        }  # fmt: skip
        taken = insert(SaveReceipt).values(row).on_conflict_do_nothing().returning(SaveReceipt.id)
        if db.session.execute(taken).first():
            return None
    earlier = db.session.scalars(
        select(SaveReceipt).where(SaveReceipt.client_id == given.client_id)
    ).one_or_none()
    if earlier and earlier.digest != digest:
        raise ReusedClientId
    return earlier


def _store(
    report: Report,
    field: Field,
    row: Answer | None,
    old: AnswerFacts,
    new: AnswerFacts,
    given: Given,
    actor: Actor,
) -> Answer:
    now = datetime.now(UTC)
    old_version = row.row_version if row else 0
    if row is None:
        row = Answer(report_id=report.id, field_id=field.id)
        db.session.add(row)
    row.value, row.comment, row.na_reason = new.value, new.comment or "", new.na_reason or ""
    row.row_version = old_version + 1
    row.answered_by, row.answered_at, row.client_at = actor.account_id, now, given.client_at  # type: ignore[assignment]
    facts: dict[str, Any] = {
        "field": field.id,
        "old_version": str(old_version),
        "new_version": str(row.row_version),
        "old": answer_content(old),
        "new": answer_content(new),
        "client_at": given.client_at.isoformat() if given.client_at else None,
        "client_id": str(given.client_id) if given.client_id else None,
    }
    report.updated_at = now
    if report.status is ReportStatus.DRAFT:
        report.status, report.started_at = ReportStatus.IN_PROGRESS, now
        facts["status"] = ReportStatus.IN_PROGRESS.value
    record(action="answer.saved", actor=actor, object_type="report", object_id=report.id, **facts)
    return row


def _saved(
    report: Report,
    field: Field,
    rows: Mapping[str, Answer],
    own: OwnValues,
    version: int,
    actor: Actor,
) -> SavedAnswer:
    facts = load_facts(report, rows, own)
    row = rows.get(field.id)
    return SavedAnswer(
        report_id=report.id,
        definition=facts.definition,
        field=field,
        answer=StoredAnswer(
            facts=answer_facts(row),
            row_version=version,
            answered_at=row.answered_at if row else datetime.now(UTC),
            by=actor.name,
        ),
        progress=progress_of(report, facts),
        own=own.get(field.id),
    )


def _stored(row: Answer | None) -> StoredAnswer:
    """The answer that a stale save has not seen."""
    if row is None:  # a save that claims a version where nothing was ever stored
        return StoredAnswer(AnswerFacts(), 0, datetime.now(UTC), "")
    name = db.session.scalars(select(Account.name).where(Account.id == row.answered_by)).one()
    return StoredAnswer(answer_facts(row), row.row_version, row.answered_at, name)
