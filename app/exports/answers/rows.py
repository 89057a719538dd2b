"""The rows of one report in a workbook: its answers, its photos, its exceptions.

app.definition.assessment judges the answers; columns.py decides which column each answer goes to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import current_app

from app.agreement import Conflict, offset_words, times_of
from app.definition.assessment import AssessedField, Assessment
from app.definition.fields import readings
from app.definition.judging import AnswerFacts, Judgement, PhotoState
from app.definition.measured import shown
from app.definition.outcome import ExceptionItem, ExceptionKind
from app.definition.schema import Field, Text, Verdict
from app.exports.answers.columns import Extra, Layout
from app.exports.answers.loading import LoadedReport
from app.exports.answers.words import (
    NA_REQUIRED,
    exception_words,
    languages,
    localized,
    near_words,
    section_words,
    site_words,
)
from app.reports.facts import PlacedPhoto
from app.reports.wording import cell_words, value_cell
from app.web.books import Link, Marked
from app.web.locale import reader_language
from app.words import OUTCOMES, PLACE_SOURCES, REPORT_STATUSES, TIME_SOURCES

Row = list[Any]
# A number without ambiguity (loading.py has the same pattern), and one that can be read in two
# ways: 1.234 is 1234 to some readers.
PLAIN = re.compile(r"[-+]?[0-9]+(?:[.,][0-9]+)?")
GROUPED = re.compile(r"[-+]?[0-9]{1,3}[.,][0-9]{3}")
BOUNDS = "<>=≤≥"


class Addresses:
    """Builds absolute URLs under BASE_URL. They open only for readers who can sign in."""

    def __init__(self) -> None:
        parts = urlsplit(current_app.config["BASE_URL"])
        self._pages = current_app.url_map.bind(
            parts.netloc, script_name=parts.path or "/", url_scheme=parts.scheme
        )

    def report(self, report_id: UUID, field_id: str | None = None) -> str:
        url = self._pages.build("reports.show", {"report_id": report_id}, force_external=True)
        return f"{url}#field-{field_id}" if field_id else url

    def photo(self, placement_id: UUID) -> str:
        """The URL of the original bytes, addressed by the placement of the photo."""
        where = {"placement_id": placement_id}
        return self._pages.build("photos.original", where, force_external=True)


@dataclass(frozen=True, slots=True)
class AnsweredField:
    """A field with its section and its answer."""

    section: Text | None
    assessed: AssessedField

    @property
    def field(self) -> Field:
        return self.assessed.field

    @property
    def facts(self) -> AnswerFacts:
        return self.assessed.facts


class RowBuilder:
    """Turns loaded reports into rows in the reader's language; labels are looked up only once."""

    def __init__(self, addresses: Addresses, zone: str) -> None:
        self._addresses, self._zone = addresses, zone

    def report(self, one: LoadedReport, layout: Layout) -> Row:
        """The report's own columns and its answers."""
        report, subject = one.report, one.subject
        head = [
            report.full_number,
            report.title,
            REPORT_STATUSES.word(report.status),
            OUTCOMES.word(report.outcome) if report.outcome else None,
            f"R{one.superseded_by}" if one.superseded_by else None,
            subject.project,
            subject.client,
            subject.tag,
            subject.equipment,
            one.version.number,
            subject.assignee,
            subject.started_by,
            report.started_at,
            report.submitted_at,
            report.completed_at,
            report.due_on,
            Link(self._addresses.report(report.id)),
        ]
        return [*head, *_answers(one, layout)]

    def photos(self, one: LoadedReport) -> Iterator[Row]:
        asked = _fields_by_id(one.facts.assess())
        for placed in one.facts.photos:
            photo, reading, placement = placed.photo, placed.reading, placed.placement
            taken = times_of(photo, reading)[0].shown_in(self._zone)
            place = placed.place
            about = asked.get(placement.field_id)
            yield [
                one.report.full_number,
                one.subject.project,
                localized(about.field.label) if about else None,
                placement.field_id,
                placement.position + 1,
                placement.caption,
                taken.at.replace(tzinfo=None),
                f"UTC{offset_words(taken.at)}" if taken.has_zone else None,
                TIME_SOURCES.word(taken.source),
                photo.created_at,
                place.latitude if place else None,
                place.longitude if place else None,
                place.accuracy_m if place else None,
                PLACE_SOURCES.word(place.source) if place else None,
                near_words(placed.nearest),
                _rounded(placed.site_distance_m),
                reading.device if reading else None,
                self._state(placed),
                placement.quarantine_reason,
                placement.position_reason,
                photo.media_type,
                photo.byte_size,
                photo.sha256,
                Link(self._addresses.photo(placement.id)),
            ]

    def exceptions(self, one: LoadedReport) -> Iterator[Row]:
        """Yield the exceptions in the order of the form, then required questions answered N.A.

        Each doubtful photo gets a row.
        """
        facts, assessment = one.facts, one.facts.assess()
        asked = _fields_by_id(assessment)
        for item in assessment.exceptions:
            if item.photos:
                for index in item.photos:
                    detail = _doubt_detail(facts.photos[index], item.kind, self._zone)
                    yield self._exception_row(one, asked[item.field_id], item.kind, reason=detail)
            else:
                yield self._exception(one, asked[item.field_id], item)
        for na in assessment.na:
            about = asked[na.field_id]
            if about.field.required:
                yield self._exception_row(one, about, NA_REQUIRED, reason=na.reason)

    def _exception(self, one: LoadedReport, about: AnsweredField, item: ExceptionItem) -> Row:
        if item.kind is not ExceptionKind.OUT_OF_LIMITS:
            return self._exception_row(one, about, item.kind, reason=item.reason)
        found = dict(readings(about.field, about.facts.value)).get(item.cell or "")
        cell = cell_words(about.field, item.cell, languages()) if item.cell else None
        return self._exception_row(
            one, about, item.kind, reason=item.reason, cell=cell, reading=found
        )

    def _exception_row(
        self,
        one: LoadedReport,
        about: AnsweredField,
        kind: str,
        *,
        reason: str | None,
        cell: str | None = None,
        reading: Mapping[str, str] | None = None,
    ) -> Row:
        field, limits = about.field, about.field.limits if reading else None
        return [
            one.report.full_number,
            one.subject.project,
            one.subject.tag,
            exception_words(kind),
            section_words(about.section),
            localized(field.label),
            field.id,
            cell,
            Decimal(reading["decimal"]) if reading else None,
            limits.unit if limits else None,
            limits.min if limits else None,
            limits.max if limits else None,
            typed_text(field, reading) if reading else None,
            reason,
            Link(self._addresses.report(one.report.id, field.id)),
        ]

    def _state(self, placed: PlacedPhoto) -> str | None:
        """Return the problem of a photo, or None if it is good."""
        if placed.state is PhotoState.QUARANTINED:
            return exception_words(ExceptionKind.QUARANTINED_PHOTO)
        return exception_words(ExceptionKind.DAMAGED_PHOTO) if placed.is_damaged else None


def typed_text(field: Field, reading: Mapping[str, str]) -> str | None:
    """Return the typed text if the number alone loses information, else None.

    Examples: ">200", "980 kΩ", an ambiguous number, more digits than a float can hold.
    """
    text, number = reading["text"], Decimal(reading["decimal"])
    if Decimal(repr(float(number))) != number:
        return text
    is_plain = PLAIN.fullmatch(text) and not GROUPED.fullmatch(text) and "doubt" not in reading
    if is_plain and Decimal(text.replace(",", ".")) == number:
        return None
    is_other = shown(reading, field.unit, reader_language()).typed is not None
    return text if is_other or text[:1] in BOUNDS else None


def _answers(one: LoadedReport, layout: Layout) -> Row:
    row: Row = [None] * len(layout.columns)
    version_id = one.version.id

    def put(field: Field, cell: str | None, extra: Extra | None, value: Any) -> None:
        row[layout.column_indexes[version_id, field.id, cell, extra]] = value

    for about in _fields(one.facts.assess()):
        field, facts = about.field, about.facts
        if facts.comment:
            put(field, None, Extra.COMMENT, facts.comment)
        if facts.na_reason:
            put(field, None, Extra.NA_REASON, facts.na_reason)
        if field.type.takes.limits:
            for cell, value in _numbers(about.assessed):
                put(field, cell, None, value)
            if typed := _typed_texts(field, facts):
                put(field, None, Extra.TYPED, typed)
        elif facts.value:
            put(field, None, None, _value(about.assessed))
    return row


def _numbers(one: AssessedField) -> Iterator[tuple[str | None, Any]]:
    """Yield the judged numbers, each with its cell key."""
    for key, reading in readings(one.field, one.facts.value):
        number = Decimal(reading["decimal"])
        is_out = one.judgements[key] is Judgement.OUT_OF_LIMITS
        yield key or None, Marked(number) if is_out else number


def _typed_texts(field: Field, facts: AnswerFacts) -> str:
    """Join the typed texts that say more than their numbers; table readings name their cell."""
    parts = [
        f"{cell_words(field, key, languages())}: {typed}" if key else typed
        for key, reading in readings(field, facts.value)
        if (typed := typed_text(field, reading))
    ]
    return "; ".join(parts)


def _value(one: AssessedField) -> Any:
    """Return an answer as a cell value: dates and times keep their type, all else is text."""
    value = value_cell(one.field, one.facts.value, languages())
    return Marked(value) if one.verdict is Verdict.NOT_OK else value


def _doubt_detail(placed: PlacedPhoto, kind: ExceptionKind, zone: str) -> str:
    """Describe why the time or place of a photo is doubtful."""
    conflicts = [
        _conflict_sources(one, zone) for one in placed.conflicts if one.kind.value == kind.value
    ]
    return "; ".join(conflicts) or site_words(placed.site_distance_m or 0.0)


def _rounded(metres: float | None) -> int | None:
    return None if metres is None else round(metres)


def _conflict_sources(conflict: Conflict, zone: str) -> str:
    """List the conflicting times and places, each with its source."""
    times = [
        f"{TIME_SOURCES.word(one.source)} {one.shown_in(zone).words}" for one in conflict.times
    ]
    places = [
        f"{PLACE_SOURCES.word(one.source)} {one.words} {one.accuracy_words}".strip()
        for one in conflict.places
    ]
    return "; ".join([*times, *places])


def _fields(assessment: Assessment) -> Iterator[AnsweredField]:
    definition, fields = assessment.definition, assessment.fields
    for field in definition.info_fields:
        yield AnsweredField(None, fields[field.id])
    for section in definition.sections:
        for field in section.fields:
            yield AnsweredField(section.title, fields[field.id])


def _fields_by_id(assessment: Assessment) -> dict[str, AnsweredField]:
    return {about.field.id: about for about in _fields(assessment)}
