"""The photos of the PDF with their texts, and the print derivatives that must be drawn first.

app.photos.drawing draws them; this module only selects them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.agreement import Conflict, PhotoTime, clocks_disagree, times_of
from app.definition.judging import PhotoState
from app.definition.outcome import ExceptionKind
from app.documents.loading import Source
from app.documents.words import note_line, note_words
from app.extensions import db
from app.imaging.derivatives import print_recipe
from app.imaging.notes import Note
from app.imaging.watermark import StripText
from app.models import Derivative, DerivativeKind, Report
from app.pdf import context as pdf
from app.pdf.context import TimeSource
from app.pdf.handling import PhotoTrust
from app.pdf.labels import Labels
from app.photos.drawing import DrawingOrder, StoredDerivative
from app.photos.notes import ABSENCES, notes_of
from app.photos.strip import (
    SEPARATOR,
    StripFrame,
    nearest_words,
    site_words,
    strip_text,
    time_words,
)
from app.photos.trust import trust_of
from app.reports.facts import PlacedPhoto
from app.storage import MissingObject, object_key, storage
from app.tenancy import require_tenant
from app.transactions import pause
from app.words import sentence_in


@dataclass(frozen=True, slots=True)
class Print:
    """A print derivative that is stored under `key`; sizes in pixels, `sha256` of its bytes.

    `is_told` is True if its strip shows time, position and distances as they are now.
    """

    key: str
    sha256: str
    width: int
    height: int
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Prints:
    """The prints by photo id, their local files by key, and the orders for missing ones."""

    by_photo: Mapping[UUID, Print]
    files: Mapping[str, Path]
    missing: tuple[DrawingOrder, ...]


def plan_prints(
    placed: Sequence[PlacedPhoto],
    frame: StripFrame,
    logo: Path | None,
    folder: Path,
    *,
    is_finished: bool,
    frozen: Mapping[str, Any] | None,
    drawn: Iterable[StoredDerivative] = (),
) -> Prints:
    """Find the print of every good photo, and fetch it into `folder` unless it is a local file.

    While the report is open, a print whose strip is outdated is drawn again. A finished report uses
    the prints in its snapshot, even if the company's settings have changed since; if the bytes of
    one are lost, it is drawn again and must have the same hash. `drawn` are prints drawn in this
    job. Raises CorruptObject, and MissingObject if a lost print cannot be reproduced.
    """
    good = [one for one in placed if one.state is PhotoState.GOOD]
    stored = _stored_prints(one.photo.id for one in good)
    named = _named_prints(frozen)
    receivers = _receivers(one.photo.report_id for one in good)
    pause()
    fresh = {one.photo_id: one for one in drawn if one.kind is DerivativeKind.PRINT}
    orders: dict[UUID, DrawingOrder] = {}
    chosen: dict[UUID, Print] = {}
    for one in good:
        photo = one.photo
        if photo.id in orders:
            continue
        strips = _Strips(one, frame, logo, receivers[photo.report_id])
        rows = stored.get(photo.id, [])
        fitting = [row for row in rows if row.recipe == strips.recipe]
        # The print of a photo from an earlier report stays as it was drawn for that report.
        is_frozen = is_finished or photo.report_id != one.placement.report_id
        kept = named.get(photo.id) or _newest(fitting or (rows if is_frozen else ()))
        kept_row = next((row for row in rows if kept and row.sha256 == kept.sha256), None)
        kept_recipe = kept_row.recipe if kept_row else ""
        orders[photo.id] = DrawingOrder(photo.id, photo.storage_key, strips.like(kept_recipe))
        if new := fresh.get(photo.id):
            if is_finished and kept and kept.sha256 != new.sha256:
                raise MissingObject(kept.key)
            chosen[photo.id] = Print(
                new.key, new.sha256, new.width, new.height, frame.watermark.coordinates
            )
        elif kept:
            is_current = strips.tells(kept_recipe)
            chosen[photo.id] = replace(kept, is_told=is_current and frame.watermark.coordinates)
    files = storage().local_paths((one.key for one in chosen.values()), folder)
    found = {id: one for id, one in chosen.items() if one.key in files or id in fresh}
    return Prints(found, files, tuple(orders[id] for id in orders if id not in found))


class _Strips:
    """The strip of a photo as it is drawn now, and as it was drawn while strips still named the
    revision of the report that received the photo (`receiver`)."""

    def __init__(
        self, one: PlacedPhoto, frame: StripFrame, logo: Path | None, receiver: str
    ) -> None:
        style = frame.watermark.style
        self._now = strip_text(one.photo, one.reading, frame)
        self._before = strip_text(one.photo, one.reading, replace(frame, report=receiver))
        self.recipe = print_recipe(self._now, logo, style)
        self._recipe_before = print_recipe(self._before, logo, style)

    def like(self, recipe: str) -> StripText:
        """The strip that was drawn by this recipe, so that a lost print is drawn as it was; else
        the strip of today."""
        return self._before if recipe == self._recipe_before else self._now

    def tells(self, recipe: str) -> bool:
        """Whether a print of this recipe says what the strip of today says."""
        return recipe in (self.recipe, self._recipe_before)


def _receivers(report_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The full numbers of the reports that received the photos."""
    rows = db.session.execute(
        select(Report.id, Report.number, Report.revision).where(Report.id.in_({*report_ids}))
    )
    return {row.id: f"{row.number}-R{row.revision}" for row in rows}


def _newest(rows: Sequence[Derivative]) -> Print | None:
    """The first of the rows, which are sorted newest first."""
    return next((Print(row.storage_key, row.sha256, row.width, row.height) for row in rows), None)


def _named_prints(frozen: Mapping[str, Any] | None) -> dict[UUID, Print]:
    """The prints that a snapshot names, by photo id; none in the first format.

    The key is derived from the frozen hash, so that a changed row cannot point to another object.
    """
    named = {}
    for photo in frozen["photos"] if frozen else ():
        for picture in photo.get("pictures", ()):
            if picture["kind"] == DerivativeKind.PRINT:
                key = object_key(require_tenant(), "derived", picture["sha256"], ".jpg")
                width, height = int(picture["width"]), int(picture["height"])
                # Before format 3, the id of an entry was that of its photo.
                photo_id = UUID(photo.get("photo", photo["id"]))
                named[photo_id] = Print(key, picture["sha256"], width, height)
    return named


class PhotoPrinter:
    """Converts placed photos into printed ones, numbered within their question ('4.2-3')."""

    def __init__(self, prints: Prints, frame: StripFrame, labels: Labels, source: Source) -> None:
        self._prints, self._frame, self._labels, self._source = prints, frame, labels, source
        self._seen: set[str] = set()
        # A note shares the number of the question before it.
        self._counts: Counter[str] = Counter()
        self._numbers: dict[UUID, str] = {}
        self._notes: dict[Note, list[tuple[str, str]]] = {}
        self._trust: dict[str, list[str]] = {}

    @property
    def notes(self) -> tuple[pdf.PhotoNote, ...]:
        """The notes about the files of the photos so far, each sentence once."""
        return tuple(
            pdf.PhotoNote(note_words(note, self._labels.languages), tuple(photos))
            for note, photos in self._notes.items()
        )

    @property
    def trust(self) -> tuple[PhotoTrust, ...]:
        """What speaks for the photos so far, each line once."""
        return tuple(PhotoTrust(line, tuple(told)) for line, told in self._trust.items())

    def photos(self, placed: Iterable[PlacedPhoto], question: str) -> tuple[pdf.Photo, ...]:
        """The good photos of the field with this number; the last page lists quarantined ones."""
        return tuple(self._photo(one, question) for one in placed if one.state is PhotoState.GOOD)

    def number_quarantined(self, placed: Iterable[PlacedPhoto], question: str) -> None:
        """Number the photos that cannot be printed. Call it after all questions are printed, so
        that these numbers follow those of the printed photos."""
        for one in placed:
            if one.state is PhotoState.QUARANTINED:
                self._take_number(one, question)

    def number_of(self, one: PlacedPhoto) -> str:
        """The photo's number; empty if it has not been read."""
        return self._numbers.get(one.placement.id, "")

    def named(self, detail: str, one: PlacedPhoto) -> str:
        """`detail` after the photo's number, if it has one."""
        number = self.number_of(one)
        name = f"{self._labels.first('photo')} {number}" if number else ""
        return ": ".join(filter(None, (name, detail)))

    def conflicts(self, one: PlacedPhoto) -> Iterator[pdf.Conflict]:
        """The conflicts between the photo's witnesses, with the value of each."""
        for conflict in one.conflicts:
            yield pdf.Conflict(pdf.ExceptionKind(conflict.kind.value), self._detail(conflict))

    def doubt(self, kind: ExceptionKind, photos: Sequence[PlacedPhoto]) -> str:
        """The reason of an exception about photos: details of one photo, and the number of others.

        Of photos far from the site it is the farthest.
        """
        if kind is ExceptionKind.FAR_FROM_SITE:
            shown = max(photos, key=lambda one: one.site_distance_m or 0.0)
            detail = site_words(shown.site_distance_m or 0.0, self._labels)
        else:
            shown, detail = next(
                (photo, self._detail(one))
                for photo in photos
                for one in photo.conflicts
                if one.kind.value == kind.value
            )
        others = len(photos) - 1
        more = self._labels.counted("more_photos", n=others).first if others else ""
        return "; ".join(filter(None, (self.named(detail, shown), more)))

    def _take_number(self, one: PlacedPhoto, question: str) -> str:
        self._counts[question] += 1
        number = self._numbers[one.placement.id] = f"{question}-{self._counts[question]}"
        parts = trust_of(one, self._source.likenesses_of(one))
        language = self._labels.languages[0]
        line = SEPARATOR.join(sentence_in(part.sentence, language) for part in parts)
        self._trust.setdefault(line, []).append(number)
        return number

    def _photo(self, one: PlacedPhoto, question: str) -> pdf.Photo:
        number = self._take_number(one, question)
        photo, printed = one.photo, self._prints.by_photo[one.photo.id]
        taken, place = times_of(photo, one.reading)[0], one.place
        notes = notes_of(one.reading)
        for file_note in notes:
            self._notes.setdefault(file_note.note, []).append((number, file_note.quoted))
        is_repeat = photo.sha256 in self._seen
        self._seen.add(photo.sha256)
        return pdf.Photo(
            key=printed.key,
            number=number,
            width=printed.width,
            height=printed.height,
            sha256=photo.sha256,
            caption=one.placement.caption,
            time_text=time_words(taken, self._frame.language, self._frame.time_zone),
            time_source=taken.source,
            coordinates=place.words if place else "",
            accuracy=place.accuracy_words if place else "",
            place_source=place.source if place else None,
            nearest=nearest_words(one.nearest, self._labels),
            from_site=site_words(one.site_distance_m, self._labels),
            is_far=one.is_far,
            conflicts=tuple(self.conflicts(one)),
            notes=tuple(
                note_line(file_note, self._labels.languages)
                for file_note in notes
                if file_note.note not in ABSENCES
            ),
            is_repeat=is_repeat,
            is_damaged=one.is_damaged,
            position_reason=one.placement.position_reason if place is None else "",
            is_told=printed.is_told,
        )

    def _detail(self, conflict: Conflict) -> str:
        language, zone = self._frame.language, self._frame.time_zone
        times = [
            f"{self._labels.first(f'time_{one.source}')}"
            f" {time_words(one, language, zone, short=True)}"
            for one in _distinct_times(conflict.times)
        ]
        places = [
            f"{self._labels.first(f'place_{one.source}')} {one.words} {one.accuracy_words}".strip()
            for one in conflict.places
        ]
        return ", ".join(times) + "; ".join(places)


def _distinct_times(times: Sequence[PhotoTime]) -> list[PhotoTime]:
    """The times without the phone's clock if it only repeats the time of receipt."""
    receipt = next((one for one in times if one.source is TimeSource.RECEIPT), None)
    return [
        one
        for one in times
        if one.source is not TimeSource.PHONE or receipt is None or clocks_disagree(one, receipt)
    ]


def _stored_prints(photo_ids: Iterable[UUID]) -> dict[UUID, list[Derivative]]:
    """The stored prints by photo id, newest first."""
    rows: dict[UUID, list[Derivative]] = {}
    statement = (
        select(Derivative)
        .where(Derivative.photo_id.in_([*photo_ids]), Derivative.kind == DerivativeKind.PRINT)
        .order_by(Derivative.created_at.desc())
    )
    for row in db.session.scalars(statement):
        rows.setdefault(row.photo_id, []).append(row)
    return rows
