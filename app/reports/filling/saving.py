"""One save of one field: what it found under the report's lock, and what it writes.

service.py decides what may be saved; rows.py holds the statements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as part
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.definition.assessment import SIGNATURES, Assessment, Progress
from app.definition.fields import kind_of
from app.definition.judging import AnswerFacts
from app.definition.schema import Definition, Field, Language
from app.evidence.service import About, canonical_json, record
from app.models import Actor, OperationVerdict, Report, ReportStatus
from app.reports.content import answer_content, assess_report
from app.reports.facts import load_facts
from app.reports.filling.kept_progress import (
    Counts,
    Outline,
    basis_of,
    count,
    moved,
    outline_of,
    read_counts,
    roles_unsigned,
    with_roles,
)
from app.reports.filling.rows import (
    LockedReport,
    NewAnswer,
    read_definition,
    read_field,
    write_answer,
)
from app.reports.lifecycle import note_change
from app.reports.locking import lock_report
from app.reports.own_values import OwnValue, own_values
from app.reports.receipts import (
    ANSWER,
    KnownReceipt,
    ReusedClientId,
    find_receipt,
    keep_receipt,
)

MAX_OUTLINES = 200


@dataclass(frozen=True, slots=True)
class AnswerInput:
    """The input for one field.

    `value` is an argument for `FieldKind.parse`, or the list of texts that a form holds under one
    name. `language` is the author's, None if unknown. `chosen` resolves ambiguous texts: it maps a
    cell key, or "" for a number, to the number that was meant, as a plain decimal. `row_version`
    is the version of the answer that the input is based on, 0 if there was none. `digest` is the
    SHA-256 (hex) of the operation as it was sent, if it was one. `values_in_view` are the
    client ids of the values that waited beside the answer: changing it settles those conflicts.
    """

    value: object = None
    language: Language | None = None
    chosen: Mapping[str, str] = part(default_factory=dict)
    comment: str | None = None
    na_reason: str | None = None
    row_version: int = 0
    client_id: UUID | None = None
    client_at: datetime | None = None
    digest: str = ""
    values_in_view: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The current answer, in plain values that can be used after the transaction."""

    facts: AnswerFacts
    row_version: int
    answered_at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """The outcome of a save. `progress` is that of the whole report including this answer, `own`
    the report's own value for the field."""

    report_id: UUID
    definition: Definition
    field: Field
    answer: StoredAnswer
    progress: Progress
    own: OwnValue | None = None
    earlier: KnownReceipt | None = None
    received_at: datetime | None = None
    has_conflicts: bool = False


class Save:
    """What one save found under the report's lock, and what it writes.

    `sent` is the input as it was parsed; it may be stored with the reader's earlier decisions.
    """

    def __init__(
        self,
        report: LockedReport,
        outline: Outline,
        field: Field,
        given: AnswerInput,
        sent: AnswerFacts,
        actor: Actor,
    ) -> None:
        self.report, self.outline, self.field = report, outline, field
        self.given, self.actor = given, actor
        self.received_at: datetime | None = None
        self.stored = read_field(report, field.id, with_origin=outline.has_prefills)
        origin, definition = self.stored.origin, outline.definition
        is_filled = origin is not None and report.is_open
        self.own = own_values(origin, definition) if origin and is_filled else {}
        self.current = self.stored.facts or self._own_answer()
        # Ignores doubts: the same text counts as the same save even if the author has changed the
        # language in the meantime.
        facts = replace(sent, value=kind_of(field).without_doubts(field, sent.value))
        content = [str(report.id), field.id, answer_content(facts)]
        self.digest = sha256(canonical_json(content).encode()).hexdigest()

    def _own_answer(self) -> AnswerFacts:
        own = self.own.get(self.field.id)
        return AnswerFacts(value=own.value) if own else AnswerFacts()

    # --- receipts ---------------------------------------------------------------------------

    def find_receipt(self) -> KnownReceipt | None:
        """The receipt of an earlier request with this client id. Raises ReusedClientId."""
        if self.given.client_id is None:
            return None
        earlier = find_receipt(self.given.client_id)
        if earlier and earlier.digest not in (self.digest, self.given.digest):
            raise ReusedClientId
        return earlier

    def claim_receipt(self) -> KnownReceipt | None:
        """Take the client id for a save that changes nothing; the earlier receipt if it is taken.

        Raises ReusedClientId.
        """
        if self.given.client_id is None:
            return None
        self.received_at = keep_receipt(
            report_id=self.report.id,
            client_id=self.given.client_id,
            field_id=self.field.id,
            kind=ANSWER,
            verdict=OperationVerdict.APPLIED,
            base_version=self.given.row_version,
            row_version=self.stored.row_version,
            digest=self.digest,
            account_id=self.actor.account_id,
            client_at=self.given.client_at,
        )
        return None if self.received_at else self.find_receipt()

    # --- the change -------------------------------------------------------------------------

    def write(self, new: AnswerFacts, *, author: UUID | None = None) -> bool:
        """Write the answer with its receipt, progress and audit entry; False if the client id is
        taken, and then nothing is written. `author` is who typed it, if not the actor."""
        now, old, given = datetime.now(UTC), self.stored, self.given
        counts = self._counts_after(new)
        basis = self._basis(answers=old.answers + (old.facts is None), versions=old.versions + 1)
        answer = NewAnswer(
            field_id=self.field.id,
            facts=new,
            row_version=old.row_version + 1,
            answered_by=author or self.actor.account_id,
            answered_at=now,
            client_at=given.client_at,
            client_id=given.client_id,
            digest=self.digest,
            base_version=given.row_version,
            sent_by=self.actor.account_id,
            progress={"basis": basis, "counts": counts},
        )
        self.received_at = write_answer(self.report, answer)
        if self.received_at is None:
            return False
        self._record(answer)
        self.current, self._counts = new, counts
        self.stored = replace(
            old,
            facts=new,
            row_version=answer.row_version,
            answered_by=answer.answered_by,
            answered_at=now,
        )
        return True

    def _record(self, answer: NewAnswer) -> None:
        facts: dict[str, Any] = {
            "field": self.field.id,
            "old_version": str(self.stored.row_version),
            "new_version": str(answer.row_version),
            "old": answer_content(self.current),
            "new": answer_content(answer.facts),
            "client_at": answer.client_at.isoformat() if answer.client_at else None,
            "client_id": str(answer.client_id) if answer.client_id else None,
        }
        if self.report.status is ReportStatus.DRAFT:
            report = lock_report(self.report.id, actor=self.actor)
            note_change(report, actor=self.actor, at=answer.answered_at)
            facts["status"] = report.status.value
        record("answer.saved", About(Report.audit_type, self.report.id), self.actor, **facts)

    # --- the progress -----------------------------------------------------------------------

    def _basis(self, *, answers: int, versions: int) -> str:
        return basis_of(answers, versions, self.stored.photo_digest, self.own)

    @cached_property
    def _counts(self) -> Counts:
        """The counts of each section: as kept, or else counted again."""
        stored = self.stored
        basis = self._basis(answers=stored.answers, versions=stored.versions)
        kept = read_counts(self.report.progress, basis, self.outline)
        return count(self._assess()) if kept is None else kept

    def _counts_after(self, new: AnswerFacts) -> Counts:
        if self.outline.has_logic:
            report = lock_report(self.report.id, actor=self.actor)
            facts = load_facts(report, own=self.own).with_answer(self.field.id, new)
            return count(facts.assess())
        section = self.outline.section_of[self.field.id]
        photos, before = self.stored.photos, self.current
        return moved(self._counts, section, self.field, photos, before=before, after=new)

    def _assess(self) -> Assessment:
        """Assess the whole report, as it is stored now."""
        report = lock_report(self.report.id, actor=self.actor)
        return assess_report(report, load_facts(report, own=self.own))

    def _roles(self) -> tuple[int, int]:
        """A signature covers the content of the whole report, which is read only if there is
        one."""
        if not self.stored.is_signed:
            return roles_unsigned(self.outline.definition)
        return self._assess().progress.per_section[SIGNATURES]

    def result(self, earlier: KnownReceipt | None = None) -> SavedAnswer:
        """The outcome; `earlier` is the receipt of an earlier request with the same client id."""
        stored = self.stored
        version = stored.row_version if earlier is None else earlier.row_version or 0
        return SavedAnswer(
            report_id=self.report.id,
            definition=self.outline.definition,
            field=self.field,
            answer=StoredAnswer(
                facts=stored.facts or AnswerFacts(),
                row_version=version,
                answered_at=stored.answered_at or datetime.now(UTC),
                by=self.actor.name,
            ),
            progress=with_roles(self._counts, self._roles()),
            own=self.own.get(self.field.id),
            earlier=earlier,
            received_at=earlier.created_at if earlier else self.received_at,
            has_conflicts=stored.has_conflicts,
        )


@lru_cache(maxsize=MAX_OUTLINES)
def outline_for(version_id: UUID) -> Outline:
    """Cached in the process: a published version never changes."""
    return outline_of(read_definition(version_id))
