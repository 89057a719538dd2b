"""One report as one line of JSON, for programs: stable keys and ids, no localized words.

The models define the JSON schema that is part of every file, class names included. A breaking
change needs a new format name. Numbers are decimal strings, times are UTC.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict
from pydantic import Field as Described

from app.agreement import places_of, times_of
from app.definition.assessment import AssessedField, Assessment
from app.definition.judging import AnswerFacts, Judgement
from app.definition.schema import Field, Text
from app.exports.answers.loading import ExportedChecklist, LoadedReport
from app.exports.answers.rows import Addresses
from app.exports.answers.words import NA_REQUIRED
from app.reports.facts import PlacedPhoto

FORMAT: Literal["laudo.report/1"] = "laudo.report/1"

Decimal = str
Value = str | list[str] | dict[str, str] | dict[str, dict[str, str]] | None


class RecordPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(RecordPart):
    """A text in one or two languages."""

    en: str | None
    pt: str | None


class Person(RecordPart):
    id: UUID
    name: str


class ProjectPart(RecordPart):
    id: UUID
    name: str
    client: str


class EquipmentPart(RecordPart):
    id: UUID
    tag: str
    name: str


class ChecklistPart(RecordPart):
    id: UUID
    code: str
    name: str
    version: int
    version_id: UUID


class AnswerPart(RecordPart):
    """One question and its answer; `value` is null if there is no answer."""

    section: str | None = Described(description="id of the section, null for the info fields")
    type: str = Described(
        description="verdict, select_one, select_many, text, long_text, number, date, time or table"
    )
    label: Words
    unit: str | None
    min: Decimal | None
    max: Decimal | None
    value: Value = Described(
        description="verdict: ok, not_ok or na. select_one: the id of an option, select_many:"
        " a list of ids. number: {text, decimal}: the text as typed and the decimal that is"
        " compared with the limits. date: YYYY-MM-DD. time: HH:MM. table: one number per cell,"
        " keyed row:column."
    )
    options: dict[str, Words] = Described(description="the labels of the chosen options, by id")
    verdict: str | None = Described(description="ok, not_ok, na, or null if the answer is neutral")
    judgements: dict[str, str] = Described(
        description="in_limits or out_of_limits by cell; a number has a single cell, ''"
    )
    is_na: bool
    na_reason: str | None
    comment: str | None
    answered_at: AwareDatetime | None
    row_version: int | None


class Clock(RecordPart):
    """A time and its source. `at` has no offset if the camera recorded no time zone."""

    source: str = Described(description="camera, phone or receipt")
    at: str


class Position(RecordPart):
    source: str = Described(description="camera or browser")
    latitude: Decimal
    longitude: Decimal
    accuracy_m: Decimal | None


class Nearest(RecordPart):
    """The named place nearest to the best position, up to 50 km away."""

    name: str
    state: str
    country: str
    distance_m: int
    source: str = Described(description="the gazetteer and its version")


class PhotoPart(RecordPart):
    """A photo at one place in the report; the most reliable time and position come first."""

    id: UUID
    placement_id: UUID
    field: str
    position: int
    caption: str
    state: str = Described(description="good, quarantined, reading or failed")
    quarantine_reason: str | None
    position_reason: str | None
    is_damaged: bool
    sha256: str
    byte_size: int
    media_type: str
    taken_by: str = Described(description="camera or file: how the photo was added to the form")
    device: str | None
    times: list[Clock]
    positions: list[Position]
    nearest: Nearest | None
    site_distance_m: int | None
    url: str


class ExceptionPart(RecordPart):
    kind: str = Described(
        description="not_ok, out_of_limits, quarantined_photo, damaged_photo, na_required,"
        " clocks_disagree, places_disagree, far_from_site"
    )
    field: str
    cell: str | None
    photo: UUID | None
    reason: str | None


class ReportRecord(RecordPart):
    """One revision of a report. Once it is completed, its names come from its snapshot."""

    format: Literal["laudo.report/1"]
    id: UUID
    number: str
    revision: int
    title: str
    status: str
    superseded_by: int | None = Described(
        description="the number of the completed revision that counts instead of this one"
    )
    result: str | None
    project: ProjectPart
    equipment: EquipmentPart | None
    checklist: ChecklistPart
    assignee: Person
    started_by: Person
    started_at: AwareDatetime | None
    submitted_at: AwareDatetime | None
    completed_at: AwareDatetime | None
    due_on: date | None
    url: str
    answers: dict[str, AnswerPart] = Described(description="by field id, in the form's order")
    photos: list[PhotoPart]
    exceptions: list[ExceptionPart]


def record_of(
    one: LoadedReport, checklist: ExportedChecklist, addresses: Addresses
) -> ReportRecord:
    report, subject, assessment = one.report, one.subject, one.facts.assess()
    return ReportRecord(
        format=FORMAT,
        id=report.id,
        number=report.number,
        revision=report.revision,
        title=report.title,
        status=report.status.value,
        superseded_by=one.superseded_by,
        result=report.outcome.value if report.outcome else None,
        project=ProjectPart(id=report.project_id, name=subject.project, client=subject.client),
        equipment=EquipmentPart(
            id=report.equipment_id, tag=subject.tag or "", name=subject.equipment
        )
        if report.equipment_id
        else None,
        checklist=ChecklistPart(
            id=checklist.id,
            code=checklist.code,
            name=checklist.name,
            version=one.version.number,
            version_id=one.version.id,
        ),
        assignee=Person(id=report.assignee_id, name=subject.assignee),
        started_by=Person(id=report.started_by, name=subject.started_by),
        started_at=report.started_at,
        submitted_at=report.submitted_at,
        completed_at=report.completed_at,
        due_on=report.due_on,
        url=addresses.report(report.id),
        answers=_answers(one, assessment),
        photos=[_photo(placed, addresses) for placed in one.facts.photos],
        exceptions=_exceptions(one, assessment),
    )


def _answers(one: LoadedReport, assessment: Assessment) -> dict[str, AnswerPart]:
    definition = assessment.definition
    sections = [(None, definition.info_fields), *((s.id, s.fields) for s in definition.sections)]
    return {
        field.id: _answer(one, assessment.fields[field.id], section)
        for section, fields in sections
        for field in fields
        if field.is_question
    }


def _answer(one: LoadedReport, assessed: AssessedField, section: str | None) -> AnswerPart:
    field, facts = assessed.field, assessed.facts
    row, limits = one.facts.rows.get(field.id), field.limits
    return AnswerPart(
        section=section,
        type=field.type.value,
        label=_words(field.label),
        unit=field.unit,
        min=_plain(limits.min) if limits else None,
        max=_plain(limits.max) if limits else None,
        value=facts.value,
        options=_options(field, facts),
        verdict=assessed.verdict,
        judgements=_judgements(assessed),
        is_na=assessed.is_na,
        na_reason=facts.na_reason,
        comment=facts.comment,
        answered_at=row.answered_at if row else None,
        row_version=row.row_version if row else None,
    )


def _options(field: Field, facts: AnswerFacts) -> dict[str, Words]:
    chosen = facts.value if isinstance(facts.value, list) else [facts.value]
    return {option.id: _words(option.label) for option in field.options if option.id in chosen}


def _judgements(one: AssessedField) -> dict[str, str]:
    found = one.judgements.items()
    return {key: judgement.value for key, judgement in found if judgement is not Judgement.NONE}


def _photo(placed: PlacedPhoto, addresses: Addresses) -> PhotoPart:
    photo, placement, reading = placed.photo, placed.placement, placed.reading
    metres = placed.site_distance_m
    return PhotoPart(
        id=photo.id,
        placement_id=placement.id,
        field=placement.field_id,
        position=placement.position,
        caption=placement.caption,
        state=placed.state.value,
        quarantine_reason=placement.quarantine_reason or None,
        position_reason=placement.position_reason or None,
        is_damaged=placed.is_damaged,
        sha256=photo.sha256,
        byte_size=photo.byte_size,
        media_type=photo.media_type,
        taken_by=photo.source.value,
        device=reading.device if reading else None,
        times=[
            Clock(source=taken.source.value, at=_iso(taken.at))
            for taken in times_of(photo, reading)
        ],
        positions=[
            Position(
                source=place.source.value,
                latitude=f"{place.latitude:f}",
                longitude=f"{place.longitude:f}",
                accuracy_m=_plain(place.accuracy_m),
            )
            for place in places_of(photo, reading)
        ],
        nearest=_nearest(placed),
        site_distance_m=None if metres is None else round(metres),
        url=addresses.photo(placement.id),
    )


def _exceptions(one: LoadedReport, assessment: Assessment) -> list[ExceptionPart]:
    found = []
    for item in assessment.exceptions:
        in_doubt = [one.facts.photos[index].photo.id for index in item.photos]
        for photo in in_doubt or (None,):
            found.append(
                ExceptionPart(
                    kind=item.kind.value,
                    field=item.field_id,
                    cell=item.cell,
                    photo=photo,
                    reason=item.reason,
                )
            )
    for na in assessment.na:
        if assessment.fields[na.field_id].field.required:
            found.append(
                ExceptionPart(
                    kind=NA_REQUIRED, field=na.field_id, cell=None, photo=None, reason=na.reason
                )
            )
    return found


def _nearest(placed: PlacedPhoto) -> Nearest | None:
    near = placed.nearest
    if near is None:
        return None
    return Nearest(
        name=near.name,
        state=near.state,
        country=near.country,
        distance_m=near.distance_m,
        source=near.source,
    )


def _words(text: Text) -> Words:
    return Words(en=text.en, pt=text.pt)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _plain(number: object) -> str | None:
    return None if number is None else f"{number:f}"
