"""What a photo's file itself was odd in, as plain sentences. Pure.

A reading keeps codes; here each code has its sentence, and what stands in the file is quoted where
that lets a reader judge. The PDF's words follow the checklist's languages: app.documents.words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.definition.sentences import N_, Sentence
from app.imaging.exif_values import is_blank
from app.imaging.notes import Note
from app.models import PhotoReading

SENTENCES: Mapping[Note, str] = {
    Note.DAMAGED: N_("The file is damaged inside: parts of the picture may be wrong."),
    Note.EXIF_MISSING: N_("The file carries no camera data (EXIF): no time and no position."),
    Note.EXIF_DAMAGED: N_("The camera data (EXIF) in the file is damaged; parts were not read."),
    Note.EXIF_CUT: N_("The camera data (EXIF) in the file is too large; parts were not read."),
    Note.RAW_CUT: N_("The file holds more camera data (EXIF) than is kept."),
    Note.TIME_MISSING: N_("The file does not say when the photo was taken."),
    Note.TIME_INVALID: N_("The time in the file could not be read."),
    Note.TIME_DIGITIZED: N_(
        "The camera's time is when the picture was digitised, as the file gives no other."
    ),
    Note.TIME_CHANGED: N_(
        "The file says when it was last changed; this is not used as the time of the photo."
    ),
    Note.TIME_HOUR_24: N_("The file writes hour 24; it is read as hour 0 of the next day."),
    Note.TIME_NO_SECONDS: N_("The time in the file has no seconds; they are shown as 00."),
    Note.OFFSET_INVALID: N_("The time zone in the file could not be read."),
    Note.OFFSET_CONFLICT: N_("The file names two different time zones; neither is used."),
    Note.GPS_MISSING: N_("The file holds no position."),
    Note.GPS_INVALID: N_("The position in the file could not be read."),
    Note.GPS_VOID: N_("The camera itself marked its position as not reliable."),
    Note.GPS_TIME_INVALID: N_("The satellite time in the file could not be read."),
    Note.ALTITUDE_INVALID: N_("The altitude in the file could not be read."),
    Note.ACCURACY_INVALID: N_("The accuracy of the position in the file could not be read."),
    Note.ORIENTATION_INVALID: N_(
        "The orientation in the file could not be read; the picture is shown as it is stored."
    ),
}

_PLACE = ("GPS GPSLatitudeRef", "GPS GPSLatitude", "GPS GPSLongitudeRef", "GPS GPSLongitude")
_ZONES = ("EXIF OffsetTimeOriginal", "EXIF OffsetTimeDigitized")
_CLOCKS = ("EXIF DateTimeOriginal", "EXIF DateTimeDigitized")
# The tags whose text is quoted behind a sentence; for a zone without a tag, the clock's text.
_QUOTED: Mapping[Note, tuple[str, ...]] = {
    Note.TIME_INVALID: _CLOCKS,
    Note.TIME_CHANGED: ("Image DateTime",),
    Note.TIME_HOUR_24: _CLOCKS,
    Note.TIME_NO_SECONDS: _CLOCKS,
    Note.OFFSET_INVALID: _ZONES,
    Note.OFFSET_CONFLICT: (*_CLOCKS, *_ZONES),
    Note.GPS_INVALID: _PLACE,
    Note.GPS_TIME_INVALID: ("GPS GPSDate", "GPS GPSTimeStamp"),
    Note.ALTITUDE_INVALID: ("GPS GPSAltitudeRef", "GPS GPSAltitude"),
    Note.ACCURACY_INVALID: ("GPS GPSHPositioningError",),
    Note.ORIENTATION_INVALID: ("Image Orientation",),
}
_MAX_QUOTED = 80
# What the first note says already.
_IMPLIED = {Note.EXIF_MISSING: {Note.TIME_MISSING, Note.GPS_MISSING}}
# Nothing was lost where there was nothing: these stand on the last page of a PDF only.
ABSENCES = frozenset({Note.EXIF_MISSING, Note.TIME_MISSING, Note.GPS_MISSING, Note.RAW_CUT})


@dataclass(frozen=True, slots=True)
class FileNote:
    """One thing to say of a file; `quoted` is what stands there, empty where nothing helps."""

    note: Note
    quoted: str = ""

    @property
    def sentence(self) -> Sentence:
        return Sentence(SENTENCES[self.note])


def notes_of(reading: PhotoReading | None) -> tuple[FileNote, ...]:
    """What there is to say of a photo's file, in the order of the reading.

    A code that this version does not know is left out: it is of a later one.
    """
    if reading is None:
        return ()
    known = [Note(code) for code in reading.notes if code in SENTENCES]
    implied = set().union(*(_IMPLIED.get(note, set()) for note in known))
    return tuple(
        FileNote(note, _quoted(note, reading.exif)) for note in known if note not in implied
    )


def _quoted(note: Note, exif: Mapping[str, str]) -> str:
    text = _joined(_QUOTED.get(note, ()), exif)
    if not text and note is Note.OFFSET_INVALID:
        text = _joined(_CLOCKS, exif)
    return text if len(text) <= _MAX_QUOTED else text[: _MAX_QUOTED - 1] + "…"


def _joined(tags: tuple[str, ...], exif: Mapping[str, str]) -> str:
    texts = (exif.get(tag, "") for tag in tags)
    return " · ".join(text for text in texts if not is_blank(text))
