"""A report prepared for its page: facts and rules combined, so that templates contain no logic.

The number of queries does not grow with the report. app.pdf lays out the PDF.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from app.definition.assessment import INFO, AssessedField, Assessment, Progress
from app.definition.judging import AnswerFacts, Judgement, SignatureFacts
from app.definition.outcome import ReportResult
from app.definition.schema import Field, Language, SignatureRole, Text, Verdict
from app.models import Actor, Answer, Report, Signature
from app.reports.conflicts import list_disputed
from app.reports.content import content_hash, has_content, signed_hash
from app.reports.exceptions import FieldException, judged_field, read_exceptions
from app.reports.facts import PlacedPhoto, ReportFacts, load_facts
from app.reports.queries import get_report
from app.web.locale import reading_order


@dataclass(frozen=True, slots=True)
class FieldDetails:
    """A field with its answer. `judged` is keyed by cell; a number has the single key ""."""

    field: Field
    facts: AnswerFacts
    row: Answer | None
    verdict: Verdict | None
    is_na: bool
    judged: Mapping[str, Judgement]
    photos: tuple[PlacedPhoto, ...]


@dataclass(frozen=True, slots=True)
class SectionDetails:
    """A section with its fields; `title` is None for the info fields."""

    id: str
    title: Text | None
    fields: tuple[FieldDetails, ...]


@dataclass(frozen=True, slots=True)
class NaDetails:
    field: Field
    reason: str | None


@dataclass(frozen=True, slots=True)
class SignatureDetails:
    """A role with its live signature, which is valid if it covers the current content."""

    role: SignatureRole
    signature: Signature | None
    is_valid: bool

    @property
    def is_missing_at_approval(self) -> bool:
        """Whether the approval asks for it and would be refused."""
        return self.role.required and self.role.is_due_at_approval and not self.is_valid


@dataclass(frozen=True, slots=True)
class ReportDetails:
    """Everything that the page of a report shows; `languages` are in the reader's order.
    `disputed` are the fields of an open report with two values of which nobody has chosen one.
    `hidden` are the questions that conditions hide although they have an answer or a photo.
    `is_commented` says whether a reviewer or witness ever commented on it."""

    report: Report
    languages: tuple[Language, ...]
    result: ReportResult
    progress: Progress
    exceptions: tuple[FieldException, ...]
    na: tuple[NaDetails, ...]
    sections: tuple[SectionDetails, ...]
    signatures: tuple[SignatureDetails, ...]
    disputed: tuple[Field, ...]
    hidden: tuple[Field, ...]
    is_commented: bool


def read_report(report_id: UUID, *, person: Actor) -> ReportDetails:
    """Prepare a report that this person may see. Raises NotFound."""
    return read_details(get_report(report_id, person=person))


def read_details(report: Report, facts: ReportFacts | None = None) -> ReportDetails:
    """Prepare a report that was loaded for somebody who may see it."""
    whole = facts or load_facts(report)
    # Signatures cover hidden answers too, which nothing else on the page has.
    signatures = tuple(_read_signatures(report, whole))
    facts = whole.shown()
    definition = facts.definition
    assessment = facts.assess(whole.signature_facts(signed_hash(report, whole)))
    return ReportDetails(
        report=report,
        languages=reading_order(definition.languages),
        result=assessment.result,
        progress=assessment.progress,
        exceptions=read_exceptions(facts, assessment),
        na=tuple(
            NaDetails(judged_field(definition, item.field_id), item.reason)
            for item in assessment.na
        ),
        sections=tuple(_read_sections(assessment, facts)),
        signatures=signatures,
        hidden=tuple(
            judged_field(whole.definition, id) for id in whole.hidden if _is_kept(whole, id)
        ),
        disputed=_read_disputed(report, facts),
        is_commented=facts.marks.is_commented,
    )


def _is_kept(facts: ReportFacts, field_id: str) -> bool:
    answer = facts.answers.get(field_id)
    return (answer is not None and has_content(answer)) or bool(facts.photos_of(field_id))


def _read_disputed(report: Report, facts: ReportFacts) -> tuple[Field, ...]:
    if not report.is_open or not facts.marks.is_disputed:
        return ()
    found = list_disputed(report.id)
    return tuple(field for field in facts.definition.all_fields() if field.id in found)


def _read_sections(assessment: Assessment, facts: ReportFacts) -> Iterable[SectionDetails]:
    def read(fields: Iterable[Field]) -> tuple[FieldDetails, ...]:
        return tuple(_read_field(assessment.fields[field.id], facts) for field in fields)

    if assessment.definition.info_fields:
        yield SectionDetails(INFO, None, read(assessment.definition.info_fields))
    for section in assessment.definition.sections:
        yield SectionDetails(section.id, section.title, read(section.fields))


def _read_field(one: AssessedField, facts: ReportFacts) -> FieldDetails:
    return FieldDetails(
        field=one.field,
        facts=one.facts,
        row=facts.rows.get(one.field.id),
        verdict=one.verdict,
        is_na=one.is_na,
        judged=one.judgements,
        photos=tuple(facts.photos[place] for place, _photo in one.photos),
    )


def _read_signatures(report: Report, facts: ReportFacts) -> Iterable[SignatureDetails]:
    by_role: dict[str, SignatureFacts] = {
        one.role_id: one for one in facts.signature_facts(content_hash(report, facts))
    }
    for role in facts.definition.signature_roles:
        signature = facts.signatures.get(role.id)
        yield SignatureDetails(role, signature, role.id in by_role and by_role[role.id].valid)
