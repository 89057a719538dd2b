"""Photos as the PDF prints them, and which print derivatives still have to be made for that.

Drawing is app.photos.drawing; this module only chooses and puts into words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.definition.judging import PhotoState
from app.definition.outcome import ExceptionKind
from app.documents.words import note_line, note_words
from app.extensions import db
from app.imaging.derivatives import print_recipe
from app.imaging.notes import Note
from app.models import Derivative, DerivativeKind
from app.pdf import context as pdf
from app.pdf.context import TimeSource
from app.pdf.labels import Labels
from app.photos.drawing import Drawn, Order
from app.photos.notes import ABSENCES, notes_of
from app.photos.strip import StripFrame, nearest_words, site_words, strip_text, time_words
from app.reports.facts import PlacedPhoto
from app.storage import MissingObject, object_key, storage
from app.tenancy import require_tenant
from app.transactions import pause
from app.witnesses import Conflict, Taken, clocks_disagree, times_of


@dataclass(frozen=True, slots=True)
class Print:
    """A print derivative whose bytes lie under `key`; sizes in pixels, `sha256` of these bytes."""

    key: str
    sha256: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Prints:
    """The prints by photo, and the orders for those that are missing."""

    by_photo: Mapping[UUID, Print]
    missing: tuple[Order, ...]


def plan_prints(
    placed: Sequence[PlacedPhoto],
    frame: StripFrame,
    logo: Path | None,
    *,
    is_finished: bool,
    frozen: Mapping[str, Any] | None,
    drawn: Iterable[Drawn] = (),
) -> Prints:
    """Find the print of every good photo.

    While the report is open, one whose strip says something else than now is made again. A finished
    report prints what its snapshot names, whatever the company has chosen since; where those bytes
    are lost they are drawn again, and nothing else will do. `drawn` are prints of this very job.
    Raises MissingObject where a lost print cannot be drawn as it was.
    """
    good = [one for one in placed if one.state is PhotoState.GOOD]
    stored = _stored_prints(one.photo.id for one in good)
    named = _named_prints(frozen)
    pause()
    fresh = {one.photo_id: one for one in drawn if one.kind is DerivativeKind.PRINT}
    found: dict[UUID, Print] = {}
    missing: list[Order] = []
    seen: set[UUID] = set()
    for one in good:
        photo = one.photo
        if photo.id in seen:
            continue
        seen.add(photo.id)
        strip = strip_text(photo, one.reading, frame)
        rows = stored.get(photo.id, [])
        fitting = [
            row for row in rows if row.recipe == print_recipe(strip, logo, frame.watermark.style)
        ]
        # What an earlier report received stays as it was drawn for that one.
        is_frozen = is_finished or photo.report_id != one.placement.report_id
        kept = named.get(photo.id) or _newest(fitting or (rows if is_frozen else ()))
        if photo.id in fresh:
            new = fresh[photo.id]
            if is_finished and kept and kept.sha256 != new.sha256:
                raise MissingObject(kept.key)
            found[photo.id] = Print(new.key, new.sha256, new.width, new.height)
        elif kept and storage().exists(kept.key):
            found[photo.id] = kept
        else:
            missing.append(Order(photo.id, photo.storage_key, strip))
    return Prints(found, tuple(missing))


def _newest(rows: Sequence[Derivative]) -> Print | None:
    """The first of rows that stand newest first."""
    return next((Print(row.storage_key, row.sha256, row.width, row.height) for row in rows), None)


def _named_prints(frozen: Mapping[str, Any] | None) -> dict[UUID, Print]:
    """The prints that a snapshot names, by photo; none in the first format.

    The key is made of the frozen hash and not read from a row, so no row can point elsewhere.
    """
    named = {}
    for photo in frozen["photos"] if frozen else ():
        for picture in photo.get("pictures", ()):
            if picture["kind"] == DerivativeKind.PRINT:
                key = object_key(require_tenant(), "derived", picture["sha256"], ".jpg")
                width, height = int(picture["width"]), int(picture["height"])
                # Before format 3 an entry's id was its photo's own.
                photo_id = UUID(photo.get("photo", photo["id"]))
                named[photo_id] = Print(key, picture["sha256"], width, height)
    return named


class PhotoPrinter:
    """Turns placed photos into printed ones, counting through the whole report."""

    def __init__(self, prints: Prints, frame: StripFrame, labels: Labels) -> None:
        self._prints, self._frame, self._labels = prints, frame, labels
        self._seen: set[str] = set()
        self._count = 0
        self._notes: dict[Note, list[tuple[int, str]]] = {}

    @property
    def notes(self) -> tuple[pdf.PhotoNote, ...]:
        """What there is to say of the files of the photos so far, each sentence once."""
        return tuple(
            pdf.PhotoNote(note_words(note, self._labels.languages), tuple(photos))
            for note, photos in self._notes.items()
        )

    def photos(self, placed: Iterable[PlacedPhoto]) -> tuple[pdf.Photo, ...]:
        """The good ones of a field; the quarantined stand on the last page."""
        return tuple(self._photo(one) for one in placed if one.state is PhotoState.GOOD)

    def conflicts(self, one: PlacedPhoto) -> Iterator[pdf.Conflict]:
        """Where the witnesses disagree, with what each of them says."""
        for conflict in one.conflicts:
            yield pdf.Conflict(pdf.ExceptionKind(conflict.kind.value), self._detail(conflict))

    def doubt(self, kind: ExceptionKind, photos: Sequence[PlacedPhoto]) -> str:
        """Why photos of a field are in doubt: the words on one of them, and how many more are.

        Of those far from the site the farthest is told.
        """
        if kind is ExceptionKind.FAR_FROM_SITE:
            distance = max(one.site_distance_m or 0.0 for one in photos)
            told = site_words(distance, self._labels)
        else:
            found = (one for photo in photos for one in photo.conflicts)
            told = next(self._detail(one) for one in found if one.kind.value == kind.value)
        return f"{told} (+{len(photos) - 1})" if len(photos) > 1 else told

    def _photo(self, one: PlacedPhoto) -> pdf.Photo:
        self._count += 1
        photo, printed = one.photo, self._prints.by_photo[one.photo.id]
        taken, place = times_of(photo, one.reading)[0], one.place
        notes = notes_of(one.reading)
        for said in notes:
            self._notes.setdefault(said.note, []).append((self._count, said.quoted))
        is_repeat = photo.sha256 in self._seen
        self._seen.add(photo.sha256)
        return pdf.Photo(
            key=printed.key,
            ordinal=self._count,
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
                note_line(said, self._labels.languages)
                for said in notes
                if said.note not in ABSENCES
            ),
            is_repeat=is_repeat,
            is_damaged=one.is_damaged,
            position_reason=one.placement.position_reason if place is None else "",
        )

    def _detail(self, conflict: Conflict) -> str:
        language, zone = self._frame.language, self._frame.time_zone
        times = [
            f"{self._labels.first(f'time_{one.source}')}"
            f" {time_words(one, language, zone, short=True)}"
            for one in _telling(conflict.times)
        ]
        places = [
            f"{self._labels.first(f'place_{one.source}')} {one.words} {one.accuracy_words}".strip()
            for one in conflict.places
        ]
        return ", ".join(times) + "; ".join(places)


def _telling(times: Sequence[Taken]) -> list[Taken]:
    """Without the phone's clock where it only repeats the time of receipt."""
    receipt = next((one for one in times if one.source is TimeSource.RECEIPT), None)
    return [
        one
        for one in times
        if one.source is not TimeSource.PHONE or receipt is None or clocks_disagree(one, receipt)
    ]


def _stored_prints(photo_ids: Iterable[UUID]) -> dict[UUID, list[Derivative]]:
    """Newest first."""
    rows: dict[UUID, list[Derivative]] = {}
    statement = (
        select(Derivative)
        .where(Derivative.photo_id.in_([*photo_ids]), Derivative.kind == DerivativeKind.PRINT)
        .order_by(Derivative.created_at.desc())
    )
    for row in db.session.scalars(statement):
        rows.setdefault(row.photo_id, []).append(row)
    return rows
