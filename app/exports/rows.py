"""One report as the rows of a book: its answers, its photos, its exceptions.

What is good or bad is decided by app.definition.rules and the report's facts, which answers go
where by columns.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import current_app

from app.definition.doubts import readings
from app.definition.judging import NOTHING, AnswerFacts, Judgement, PhotoState
from app.definition.measured import shown
from app.definition.rules import (
    ExceptionItem,
    ExceptionKind,
    judge,
    judge_cells,
    na_items,
)
from app.definition.schema import MEASURED_TYPES, Field, FieldType, Text, Verdict
from app.exports.columns import Extra, Layout
from app.exports.loading import Loaded
from app.exports.words import (
    NA_REQUIRED,
    exception_words,
    languages,
    near_words,
    place_source_words,
    said,
    section_words,
    site_words,
    time_source_words,
)
from app.reports.export_sheet import outcome_words, status_words
from app.reports.facts import PlacedPhoto
from app.reports.wording import cell_words, value_words, verdict_words
from app.web.books import Link, Marked
from app.web.locale import reader_language
from app.witnesses import Conflict, offset_words, times_of

Row = list[Any]
# A number that everybody reads alike, which loading.py looks for too, and one that may be two.
PLAIN = re.compile(r"[-+]?[0-9]+(?:[.,][0-9]+)?")
GROUPED = re.compile(r"[-+]?[0-9]{1,3}[.,][0-9]{3}")
BOUNDS = "<>=≤≥"


class Addresses:
    """Pages of the app under BASE_URL, for whoever has the file and is signed in."""

    def __init__(self) -> None:
        parts = urlsplit(current_app.config["BASE_URL"])
        self._pages = current_app.url_map.bind(
            parts.netloc, script_name=parts.path or "/", url_scheme=parts.scheme
        )

    def report(self, report_id: UUID, field_id: str | None = None) -> str:
        url = self._pages.build("reports.show", {"report_id": report_id}, force_external=True)
        return f"{url}#field-{field_id}" if field_id else url

    def photo(self, placement_id: UUID) -> str:
        """The bytes as they were received, by the place where the photo stands."""
        where = {"placement_id": placement_id}
        return self._pages.build("photos.original", where, force_external=True)


@dataclass(frozen=True, slots=True)
class Asked:
    """A field with its section and what was answered."""

    field: Field
    section: Text | None
    facts: AnswerFacts


class Rows:
    """Turns loaded reports into rows in the reader's words; the words are looked up once."""

    def __init__(self, addresses: Addresses, zone: str) -> None:
        self._addresses, self._zone = addresses, zone
        self._statuses, self._outcomes = status_words(), outcome_words()

    def report(self, one: Loaded, layout: Layout) -> Row:
        """The report's own columns and its answers."""
        report, subject = one.report, one.subject
        head = [
            report.full_number, report.title, self._statuses[report.status],
            self._outcomes[report.outcome] if report.outcome else None, subject.project,
            subject.client, subject.tag, subject.equipment, one.version.number, subject.assignee,
            subject.started_by, report.started_at, report.submitted_at, report.completed_at,
            report.due_on, Link(self._addresses.report(report.id)),
        ]  # fmt: skip
        return [*head, *_answers(one, layout)]

    def photos(self, one: Loaded) -> Iterator[Row]:
        asked = _asked_by_id(one)
        for placed in one.facts.photos:
            photo, reading, placement = placed.photo, placed.reading, placed.placement
            taken = times_of(photo, reading)[0].shown_in(self._zone)
            place = placed.place
            about = asked.get(placement.field_id)
            yield [
                one.report.full_number, one.subject.project,
                said(about.field.label) if about else None, placement.field_id,
                placement.position + 1, placement.caption, taken.at.replace(tzinfo=None),
                f"UTC{offset_words(taken.at)}" if taken.has_zone else None,
                time_source_words(taken.source), photo.created_at,
                place.latitude if place else None, place.longitude if place else None,
                place.accuracy_m if place else None,
                place_source_words(place.source) if place else None,
                near_words(placed.nearest), _whole(placed.site_distance_m),
                reading.device if reading else None, self._state(placed),
                placement.quarantine_reason, placement.position_reason,
                photo.media_type, photo.byte_size, photo.sha256,
                Link(self._addresses.photo(placement.id)),
            ]  # fmt: skip

    def exceptions(self, one: Loaded) -> Iterator[Row]:
        """All that a reader must not miss, in the order of the form: a row for each photo in doubt;
        then what is N.A. although it was required."""
        asked = _asked_by_id(one)
        facts = one.facts
        for item in facts.exceptions():
            if item.photos:
                for index in item.photos:
                    detail = _doubt(facts.photos[index], item.kind, self._zone)
                    yield self._said(one, asked[item.field_id], item.kind, reason=detail)
            else:
                yield self._exception(one, asked[item.field_id], item)
        for na in na_items(facts.definition, facts.answers):
            about = asked[na.field_id]
            if about.field.required:
                yield self._said(one, about, NA_REQUIRED, reason=na.reason)

    def _exception(self, one: Loaded, about: Asked, item: ExceptionItem) -> Row:
        if item.kind is not ExceptionKind.OUT_OF_LIMITS:
            return self._said(one, about, item.kind, reason=item.reason)
        found = dict(readings(about.field, about.facts.value)).get(item.cell or "")
        cell = cell_words(about.field, item.cell, languages()) if item.cell else None
        return self._said(one, about, item.kind, reason=item.reason, cell=cell, reading=found)

    def _said(
        self,
        one: Loaded,
        about: Asked,
        kind: str,
        *,
        reason: str | None,
        cell: str | None = None,
        reading: Mapping[str, str] | None = None,
    ) -> Row:
        field, limits = about.field, about.field.limits if reading else None
        return [
            one.report.full_number, one.subject.project, one.subject.tag, exception_words(kind),
            section_words(about.section), said(field.label), field.id, cell,
            Decimal(reading["decimal"]) if reading else None, limits.unit if limits else None,
            limits.min if limits else None, limits.max if limits else None,
            typed_apart(field, reading) if reading else None, reason,
            Link(self._addresses.report(one.report.id, field.id)),
        ]  # fmt: skip

    def _state(self, placed: PlacedPhoto) -> str | None:
        """What is wrong with a photo; nothing of a good one."""
        if placed.state is PhotoState.QUARANTINED:
            return exception_words(ExceptionKind.QUARANTINED_PHOTO)
        return exception_words(ExceptionKind.DAMAGED_PHOTO) if placed.is_damaged else None


def typed_apart(field: Field, reading: Mapping[str, str]) -> str | None:
    """What was typed, where the number alone does not say it: ">200", "980 kΩ", a number that may
    be two, one with more digits than a program's number has."""
    text, number = reading["text"], Decimal(reading["decimal"])
    if Decimal(repr(float(number))) != number:
        return text
    is_plain = PLAIN.fullmatch(text) and not GROUPED.fullmatch(text) and "doubt" not in reading
    if is_plain and Decimal(text.replace(",", ".")) == number:
        return None
    unit = field.limits.unit if field.limits else None
    is_other = shown(reading, unit, reader_language()).typed is not None
    return text if is_other or text[:1] in BOUNDS else None


def _answers(one: Loaded, layout: Layout) -> Row:
    row: Row = [None] * len(layout.columns)
    version_id = one.version.id

    def put(field: Field, cell: str | None, extra: Extra | None, value: Any) -> None:
        row[layout.places[version_id, field.id, cell, extra]] = value

    for about in _asked(one):
        field, facts = about.field, about.facts
        if facts.comment:
            put(field, None, Extra.COMMENT, facts.comment)
        if facts.na_reason:
            put(field, None, Extra.NA_REASON, facts.na_reason)
        if field.type in MEASURED_TYPES:
            for cell, value in _numbers(field, facts):
                put(field, cell, None, value)
            if typed := _typed(field, facts):
                put(field, None, Extra.TYPED, typed)
        elif facts.value:
            put(field, None, None, _value(field, facts))
    return row


def _numbers(field: Field, facts: AnswerFacts) -> Iterator[tuple[str | None, Any]]:
    """The numbers that are judged, by the cell that each stands in."""
    judged = judge_cells(field, facts.value)
    for key, reading in readings(field, facts.value):
        found = judged[key] if key else judge(field, facts.value)
        number = Decimal(reading["decimal"])
        yield key or None, Marked(number) if found is Judgement.OUT_OF_LIMITS else number


def _typed(field: Field, facts: AnswerFacts) -> str:
    """What was typed where it says more than the numbers; of a table with each reading's cell."""
    parts = [
        f"{cell_words(field, key, languages())}: {typed}" if key else typed
        for key, reading in readings(field, facts.value)
        if (typed := typed_apart(field, reading))
    ]
    return "; ".join(parts)


def _value(field: Field, facts: AnswerFacts) -> Any:
    """An answer as a cell holds it: days and times as such, all else in words."""
    value = facts.value
    if field.type is FieldType.DATE:
        return date.fromisoformat(str(value))
    if field.type is FieldType.TIME:
        return time.fromisoformat(str(value))
    if field.type is FieldType.VERDICT:
        words = verdict_words(str(value))
        return Marked(words) if value == Verdict.NOT_OK else words
    return value_words(field, value, languages())


def _doubt(placed: PlacedPhoto, kind: ExceptionKind, zone: str) -> str:
    """What speaks against when and where a photo was taken."""
    said = [_witnesses(one, zone) for one in placed.conflicts if one.kind.value == kind.value]
    return "; ".join(said) or site_words(placed.site_distance_m or 0.0)


def _whole(metres: float | None) -> int | None:
    return None if metres is None else round(metres)


def _witnesses(conflict: Conflict, zone: str) -> str:
    """Who says what, where they contradict each other."""
    times = [
        f"{time_source_words(one.source)} {one.shown_in(zone).words}" for one in conflict.times
    ]
    places = [
        f"{place_source_words(one.source)} {one.words} {one.accuracy_words}".strip()
        for one in conflict.places
    ]
    return "; ".join([*times, *places])


def _asked(one: Loaded) -> Iterator[Asked]:
    definition, answers = one.facts.definition, one.facts.answers
    for field in definition.info_fields:
        yield Asked(field, None, answers.get(field.id, NOTHING))
    for section in definition.sections:
        for field in section.fields:
            yield Asked(field, section.title, answers.get(field.id, NOTHING))


def _asked_by_id(one: Loaded) -> dict[str, Asked]:
    return {about.field.id: about for about in _asked(one)}
