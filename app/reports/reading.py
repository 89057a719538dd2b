"""A report as it is read: facts, rules and words joined, so that templates decide nothing.

Everything is loaded in a number of queries that does not grow with the report. How the PDF is
laid out is for app.pdf.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from app.definition.doubts import ONLY, readings
from app.definition.judging import NOTHING, AnswerFacts, Judgement, SignatureFacts
from app.definition.progress import INFO, Progress
from app.definition.rules import (
    ExceptionItem,
    ExceptionKind,
    ReportResult,
    is_na,
    judge,
    judge_cells,
    na_items,
    result,
    verdict_of,
)
from app.definition.schema import (
    Definition,
    Field,
    FieldType,
    Language,
    SignatureRole,
    Text,
    Verdict,
)
from app.models import Actor, Answer, Report, Signature
from app.reports.completeness import progress_of
from app.reports.content import content_hash
from app.reports.facts import PlacedPhoto, ReportFacts, load_facts
from app.reports.queries import get_report
from app.witnesses import Conflict


@dataclass(frozen=True, slots=True)
class ReadField:
    """A field with what was answered. `judged` is keyed by cell; a number has the one key None."""

    field: Field
    facts: AnswerFacts
    row: Answer | None
    verdict: Verdict | None
    is_na: bool
    judged: Mapping[str | None, Judgement]
    photos: tuple[PlacedPhoto, ...]


@dataclass(frozen=True, slots=True)
class ReadSection:
    """A section with its fields; `title` is None for the info fields, which have no title."""

    id: str
    title: Text | None
    fields: tuple[ReadField, ...]


@dataclass(frozen=True, slots=True)
class ReadException:
    """An exception beside its field; `reading` is the value out of limits as it is stored, `photos`
    are those in doubt."""

    item: ExceptionItem
    field: Field
    reading: Mapping[str, str] | None = None
    cell: tuple[Text, Text] | None = None
    photos: tuple[PlacedPhoto, ...] = ()

    @property
    def conflict(self) -> Conflict | None:
        """The first of the conflicts that it stands for."""
        kinds = (conflict for photo in self.photos for conflict in photo.conflicts)
        return next((one for one in kinds if one.kind.value == self.item.kind.value), None)

    @property
    def farthest_m(self) -> float:
        """Of photos far from the site, the distance of the one that is farthest."""
        return max(photo.site_distance_m or 0.0 for photo in self.photos)


@dataclass(frozen=True, slots=True)
class ReadNa:
    field: Field
    reason: str | None


@dataclass(frozen=True, slots=True)
class ReadSignature:
    """A role with its live signature; one given over other content than now is not valid."""

    role: SignatureRole
    signature: Signature | None
    is_valid: bool


@dataclass(frozen=True, slots=True)
class ReadReport:
    """All that a page about one report shows."""

    report: Report
    languages: tuple[Language, ...]
    result: ReportResult
    progress: Progress
    exceptions: tuple[ReadException, ...]
    na: tuple[ReadNa, ...]
    sections: tuple[ReadSection, ...]
    signatures: tuple[ReadSignature, ...]


def read_report(report_id: UUID, *, person: Actor) -> ReadReport:
    """The report that this person may see, ready to show. Raises NotFound."""
    report = get_report(report_id, person=person)
    facts = load_facts(report)
    definition, photos = facts.definition, facts.photo_facts
    return ReadReport(
        report=report,
        languages=definition.languages,
        result=result(definition, facts.answers, photos),
        progress=progress_of(report, facts),
        exceptions=read_exceptions(facts),
        na=tuple(
            ReadNa(_field(definition, item.field_id), item.reason)
            for item in na_items(definition, facts.answers)
        ),
        sections=tuple(_read_sections(definition, facts)),
        signatures=tuple(_read_signatures(report, facts)),
    )


def read_exceptions(facts: ReportFacts) -> tuple[ReadException, ...]:
    """All exceptions of a report, in the order of the form."""
    return tuple(_read_exception(item, facts) for item in facts.exceptions())


def _read_sections(definition: Definition, facts: ReportFacts) -> Iterable[ReadSection]:
    if definition.info_fields:
        fields = tuple(_read_field(field, facts) for field in definition.info_fields)
        yield ReadSection(INFO, None, fields)
    for section in definition.sections:
        fields = tuple(_read_field(field, facts) for field in section.fields)
        yield ReadSection(section.id, section.title, fields)


def _read_field(field: Field, facts: ReportFacts) -> ReadField:
    answer = facts.answers.get(field.id, NOTHING)
    judged: dict[str | None, Judgement] = dict(judge_cells(field, answer.value).items())
    if field.type is FieldType.NUMBER:
        judged[None] = judge(field, answer.value)
    return ReadField(
        field=field,
        facts=answer,
        row=facts.rows.get(field.id),
        verdict=verdict_of(field, answer),
        is_na=is_na(field, answer),
        judged=judged,
        photos=tuple(facts.photos_of(field.id)),
    )


def _read_exception(item: ExceptionItem, facts: ReportFacts) -> ReadException:
    field = _field(facts.definition, item.field_id)
    value = facts.answers.get(field.id, NOTHING).value
    if item.kind is not ExceptionKind.OUT_OF_LIMITS or not isinstance(value, dict):
        return ReadException(item, field, photos=tuple(facts.photos[at] for at in item.photos))
    reading = dict(readings(field, value)).get(item.cell or ONLY)
    return ReadException(item, field, reading, _cell_words(field, item.cell))


def _cell_words(field: Field, cell: str | None) -> tuple[Text, Text] | None:
    return next(
        ((row.label, column.label) for key, row, column in field.cells() if key == cell), None
    )


def _read_signatures(report: Report, facts: ReportFacts) -> Iterable[ReadSignature]:
    said: dict[str, SignatureFacts] = {
        one.role_id: one for one in facts.signature_facts(content_hash(report, facts))
    }
    for role in facts.definition.signature_roles:
        signature = facts.signatures.get(role.id)
        yield ReadSignature(role, signature, role.id in said and said[role.id].valid)


def _field(definition: Definition, field_id: str) -> Field:
    field = definition.field(field_id)
    assert field is not None, "the rules speak of fields of this definition only"
    return field
