"""What a company may choose about its PDFs. Plain data for context, templates and the form.

What proves something is no choice: the register of hashes at the end is always printed.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, field_validator

from app.stored import Stored

MAX_NOTE, MAX_NOTE_LINES, MAX_FOOTER = 500, 6, 120


class PageFormat(StrEnum):
    A4 = "a4"
    LETTER = "letter"


class PhotoSize(StrEnum):
    """Two to a row, or three."""

    LARGE = "large"
    COMPACT = "compact"


class PdfSettings(Stored):
    """`cover_note` stands on the cover, `footer` under the number of every other page."""

    page_format: PageFormat = PageFormat.A4
    photo_size: PhotoSize = PhotoSize.LARGE
    show_hashes: bool = True
    cover_note: str = Field(default="", max_length=MAX_NOTE)
    footer: str = Field(default="", max_length=MAX_FOOTER)

    @field_validator("cover_note")
    @classmethod
    def _few_lines(cls, note: str) -> str:
        if len(note.splitlines()) > MAX_NOTE_LINES:
            raise ValueError("too many lines")
        return note

    @property
    def is_compact(self) -> bool:
        return self.photo_size is PhotoSize.COMPACT


DEFAULTS = PdfSettings()
