"""Assesses a report in one pass: missing items, progress, exceptions, remarks and result.

Filling, submitting, viewing, PDF, exports and API all use this assessment, so a page can never
disagree with the submit. missing.py and outcome.py hold the rules for a single field; fields/
holds the rules for each type.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from app.definition.fields import kind_of
from app.definition.judging import (
    NOTHING,
    AnswerFacts,
    Judgement,
    PhotoFacts,
    PhotoState,
    SignatureFacts,
    has_text,
)
from app.definition.logic.evaluating import Logic
from app.definition.missing import (
    Missing,
    MissingKind,
    count_of_field,
    missing_of_field,
    missing_of_role,
)
from app.definition.outcome import (
    DoubtsOf,
    ExceptionItem,
    NaItem,
    Outcome,
    RemarkItem,
    ReportResult,
    exceptions_of_field,
    no_doubts,
    remarks_of_field,
)
from app.definition.schema import Definition, Field, SignatureRole, Verdict

# Keys in Progress.per_section for what is outside the sections; no section id can equal them.
INFO, SIGNATURES = "_info", "_signatures"


@dataclass(frozen=True, slots=True)
class Progress:
    """Required questions and signatures; `per_section` maps a section id to (done, total).

    A required question is done with its answer, comment and photos. An optional one counts only
    while it is begun and incomplete. So 100 per cent means that the submit will accept.
    """

    total: int
    done: int
    per_section: Mapping[str, tuple[int, int]]

    @property
    def left(self) -> int:
        return self.total - self.done

    @property
    def percent(self) -> int:
        """Whole per cent; 100 only when everything is done."""
        return self.done * 100 // self.total if self.total else 100


@dataclass(frozen=True)
class AssessedField:
    """One field with its answer and photos. Each property is computed on first use.

    `photos` holds the photos of the field, each with its index in the list of all photos; `doubts`
    returns the doubts about the photo at an index. `fails`: the answer is Not OK by the field's
    rule. `field.required` says whether it is required with these answers.
    """

    field: Field
    facts: AnswerFacts = NOTHING
    photos: Sequence[tuple[int, PhotoFacts]] = ()
    doubts: DoubtsOf = no_doubts
    fails: bool = False

    @cached_property
    def judgements(self) -> Mapping[str, Judgement]:
        """The judgement of each reading, by cell key or "" for a number."""
        return kind_of(self.field).judge(self.field, self.facts.value)

    @property
    def verdict(self) -> Verdict | None:
        if self.fails:
            return Verdict.NOT_OK
        return kind_of(self.field).verdict(self.field, self.facts)

    @property
    def is_na(self) -> bool:
        return kind_of(self.field).is_na(self.field, self.facts)

    @property
    def is_answered(self) -> bool:
        return kind_of(self.field).is_answered(self.field, self.facts)

    @cached_property
    def missing(self) -> Sequence[Missing]:
        """What must still be done in this field before the submit."""
        return tuple(missing_of_field(self.field, self.facts, self.placed, fails=self.fails))

    @cached_property
    def exceptions(self) -> Sequence[ExceptionItem]:
        return tuple(
            exceptions_of_field(self.field, self.facts, self.photos, self.doubts, fails=self.fails)
        )

    @cached_property
    def remarks(self) -> Sequence[RemarkItem]:
        return tuple(remarks_of_field(self.field, self.facts, self.placed, fails=self.fails))

    @property
    def placed(self) -> Sequence[PhotoFacts]:
        return [photo for _place, photo in self.photos]


@dataclass(frozen=True)
class Assessment:
    """A report assessed against its definition; every list is in the order of the form.

    `fields` holds the shown fields by id. `photos` are those of hidden fields too, because others
    name photos by their index in it.
    """

    definition: Definition
    fields: Mapping[str, AssessedField]
    photos: Sequence[PhotoFacts]
    signatures: Mapping[str, SignatureFacts]

    @cached_property
    def missing(self) -> Sequence[Missing]:
        """Everything that must still be done before the submit."""
        missing = [item for one in self.fields.values() for item in one.missing]
        return missing + self._unsigned(self.definition.roles_at_submit)

    @cached_property
    def missing_at_approval(self) -> Sequence[Missing]:
        """The signatures that the approval asks for besides."""
        return self._unsigned(self.definition.roles_at_approval)

    def _unsigned(self, roles: Iterable[SignatureRole]) -> list[Missing]:
        return [
            item for role in roles for item in missing_of_role(role, self.signatures.get(role.id))
        ]

    @property
    def resume_at(self) -> str | None:
        """The id of the first field that still needs work; filling resumes there."""
        can_be_done = (one for one in self.missing if one.kind is not MissingKind.READING)
        return next((one.field_id for one in can_be_done if one.field_id), None)

    @cached_property
    def progress(self) -> Progress:
        """The progress, derived from what the submit still requires."""
        open_roles = {item.role_id for item in self.missing}
        roles = [role.id for role in self.definition.roles_at_submit if role.required]
        per_section = {
            INFO: self._tally(self.definition.info_fields),
            **{one.id: self._tally(one.fields) for one in self.definition.sections},
            SIGNATURES: (sum(id not in open_roles for id in roles), len(roles)),
        }
        done, total = (sum(pair[i] for pair in per_section.values()) for i in (0, 1))
        return Progress(total=total, done=done, per_section=per_section)

    def _tally(self, fields: Iterable[Field]) -> tuple[int, int]:
        shown = (self.fields[field.id] for field in fields if field.id in self.fields)
        asked = [one for one in shown if one.field.is_question]
        counts = [count_of_field(one.field, is_complete=not one.missing) for one in asked]
        return sum(done for done, _total in counts), sum(total for _done, total in counts)

    @property
    def shown_photos(self) -> Sequence[PhotoFacts]:
        """The photos without those of hidden fields, which count nowhere."""
        return [photo for photo in self.photos if photo.field_id in self.fields]

    @cached_property
    def exceptions(self) -> Sequence[ExceptionItem]:
        """The exceptions that every page, the submit check and the PDF count.

        The photos of an exception are indexes into `photos`.
        """
        return [item for one in self.fields.values() for item in one.exceptions]

    @property
    def na(self) -> Sequence[NaItem]:
        """The fields marked as not applicable, with the reasons."""
        aside = (one for one in self.fields.values() if one.is_na)
        return [NaItem(one.field.id, one.facts.na_reason) for one in aside]

    @cached_property
    def remarks(self) -> Sequence[RemarkItem]:
        return [item for one in self.fields.values() for item in one.remarks]

    @cached_property
    def result(self) -> ReportResult:
        """The result that the cover and the list show.

        Failed when any verdict is Not OK or any reading is out of limits. Otherwise "Passed with
        remarks" if there are `remarks`, else Passed. Missing answers do not change the outcome,
        because the submit rejects them. Nor do doubts about when and where photos were taken, as
        photos taken offline are received hours late. A report is assessed once, at its submit; the
        outcome is then stored and never computed again.
        """
        asked = [one for one in self.fields.values() if one.field.is_question]
        verdicts = [one.verdict for one in asked if one.fails or kind_of(one.field).is_verdict_type]
        readings = [judgement for one in asked for judgement in one.judgements.values()]
        states = [photo.state for photo in self.shown_photos]
        counts = {
            "fields": len(asked),
            "answered": sum(one.is_answered for one in asked),
            "ok": verdicts.count(Verdict.OK),
            "not_ok": verdicts.count(Verdict.NOT_OK),
            "na": sum(one.is_na for one in asked),
            "in_limits": readings.count(Judgement.IN_LIMITS),
            "out_of_limits": readings.count(Judgement.OUT_OF_LIMITS),
            "comments": sum(has_text(one.facts.comment) for one in asked),
            "photos": states.count(PhotoState.GOOD),
            "quarantined": states.count(PhotoState.QUARANTINED),
        }
        if counts["not_ok"] or counts["out_of_limits"]:
            return ReportResult(Outcome.FAILED, **counts)
        outcome = Outcome.PASSED_WITH_REMARKS if self.remarks else Outcome.PASSED
        return ReportResult(outcome, **counts)


def assess(
    definition: Definition,
    answers: Mapping[str, AnswerFacts],
    photos: Sequence[PhotoFacts] = (),
    signatures: Iterable[SignatureFacts] = (),
    doubts: DoubtsOf = no_doubts,
) -> Assessment:
    """Assess a report. `answers` have the calculated values already (logic/evaluating.py);
    `doubts` is called only for the exceptions."""
    placed: defaultdict[str, list[tuple[int, PhotoFacts]]] = defaultdict(list)
    for place, photo in enumerate(photos):
        placed[photo.field_id].append((place, photo))
    logic = Logic(definition, answers, is_calculated=True) if definition.has_logic else None
    fields = {
        field.id: AssessedField(
            _as_required(field, logic),
            answers.get(field.id, NOTHING),
            placed.get(field.id, ()),
            doubts,
            fails=logic is not None and logic.fails(field.id),
        )
        for field in definition.all_fields()
        if logic is None or logic.is_shown(field.id)
    }
    return Assessment(definition, fields, photos, {one.role_id: one for one in signatures})


def _as_required(field: Field, logic: Logic | None) -> Field:
    """The field, required or not as it is with these answers."""
    is_required = field.required if logic is None else logic.is_required(field.id)
    if is_required == field.required:
        return field
    return field.model_copy(update={"required": is_required})
