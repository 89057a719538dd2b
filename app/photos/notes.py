"""Notes about peculiarities of a photo's file, as plain sentences. Pure functions.

A reading stores codes. Each has a sentence here, and quotes the file's value if that helps to judge
it. app.documents.words has the texts of the PDF, in the checklist's languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.definition.sentences import N_, Sentence
from app.imaging.exif_values import is_blank
from app.imaging.notes import Note
from app.models import PhotoReading

SENTENCES: Mapping[Note, str] = {
    Note.DAMAGED: N_("The file is damaged internally: parts of the image may be wrong."),
    Note.EXIF_MISSING: N_("The file contains no camera data (EXIF): no time and no position."),
    Note.EXIF_DAMAGED: N_("The camera data (EXIF) in the file is damaged; parts were not read."),
    Note.EXIF_CUT: N_("The camera data (EXIF) in the file is too large; parts were not read."),
    Note.RAW_CUT: N_("The file contains more camera data (EXIF) than Laudo keeps."),
    Note.TIME_MISSING: N_("The file does not state when the photo was taken."),
    Note.TIME_INVALID: N_("The time in the file could not be read."),
    Note.TIME_DIGITIZED: N_(
        "The camera's time is when the image was digitised, because the file gives no other time."
    ),
    Note.TIME_CHANGED: N_(
        "The file states when it was last changed; this is not used as the time of the photo."
    ),
    Note.TIME_HOUR_24: N_("The file contains the hour 24; it is read as hour 0 of the next day."),
    Note.TIME_NO_SECONDS: N_("The time in the file has no seconds; they are shown as 00."),
    Note.OFFSET_INVALID: N_("The time zone in the file could not be read."),
    Note.OFFSET_CONFLICT: N_("The file contains two different time zones; neither is used."),
    Note.GPS_MISSING: N_("The file contains no position."),
    Note.GPS_INVALID: N_("The position in the file could not be read."),
    Note.GPS_VOID: N_("The camera itself marked its position as unreliable."),
    Note.GPS_TIME_INVALID: N_("The satellite time in the file could not be read."),
    Note.ALTITUDE_INVALID: N_("The altitude in the file could not be read."),
    Note.ACCURACY_INVALID: N_("The accuracy of the position in the file could not be read."),
    Note.ORIENTATION_INVALID: N_(
        "The orientation in the file could not be read; the image is shown as stored."
    ),
}

_PLACE = ("GPS GPSLatitudeRef", "GPS GPSLatitude", "GPS GPSLongitudeRef", "GPS GPSLongitude")
_ZONES = ("EXIF OffsetTimeOriginal", "EXIF OffsetTimeDigitized")
_CLOCKS = ("EXIF DateTimeOriginal", "EXIF DateTimeDigitized")
# The tags whose text is quoted after a sentence; if a zone has no tag, the clock's text.
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
# Notes that another note implies.
_IMPLIED = {Note.EXIF_MISSING: {Note.TIME_MISSING, Note.GPS_MISSING}}
# Absent data is no loss of data, so a PDF shows these notes on its last page only.
ABSENCES = frozenset({Note.EXIF_MISSING, Note.TIME_MISSING, Note.GPS_MISSING, Note.RAW_CUT})


@dataclass(frozen=True, slots=True)
class FileNote:
    """A note about a file; `quoted` is the value in the file, empty if it does not help."""

    note: Note
    quoted: str = ""

    @property
    def sentence(self) -> Sentence:
        return Sentence(SENTENCES[self.note])


def notes_of(reading: PhotoReading | None) -> tuple[FileNote, ...]:
    """The notes about a photo's file, in the order of the reading.

    Unknown codes are left out: they come from a later version.
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
