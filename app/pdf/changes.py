"""What a correction changed, as frozen plain data: the page of changes of a PDF.

Part of the context (context.py), which names all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class PrintedText:
    """A text in the report's first language and, where it has one, in the second."""

    first: str
    second: str | None = None


class ChangeKind(StrEnum):
    """What happened to an answer, or to the caption of a photo, in a revision."""

    CHANGED = "changed"
    ADDED = "added"
    CLEARED = "cleared"
    DROPPED = "dropped"
    CAPTION = "caption"


@dataclass(frozen=True, slots=True)
class Change:
    """One answer or caption that differs from the report that was corrected. `field_id` is that of
    a question in this report, None if it has the question no more. `old` and `new` are in the first
    language, empty for none; `at` is None if unknown. `photo` is the start of the hash of the photo
    whose caption it is."""

    kind: ChangeKind
    field_id: str | None
    number: str
    label: PrintedText
    old: str
    new: str
    by: str
    at: datetime | None
    photo: str = ""


@dataclass(frozen=True, slots=True)
class ChangedPhoto:
    """A photo that only one of the two reports has. `key` names its thumbnail in `files`, None if
    it cannot be shown; `sha256` is the original's."""

    is_added: bool
    key: str | None
    number: str
    label: PrintedText
    caption: str
    sha256: str
    by: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a revision changed, in the order of the form. `by` began the correction; the versions
    are those of the checklist."""

    by: str
    old_version: int
    new_version: int
    answers: tuple[Change, ...] = ()
    photos: tuple[ChangedPhoto, ...] = ()


@dataclass(frozen=True, slots=True)
class Correction:
    """What a revision replaces, why, and what it changed."""

    previous_number: str
    reason: str
    changes: Changes | None = None

    def thumbnails(self) -> frozenset[str]:
        """The keys of the thumbnails of photos that were added or removed."""
        photos = self.changes.photos if self.changes else ()
        return frozenset(photo.key for photo in photos if photo.key)
