"""A company's settings for its PDFs. Plain data for context, templates and the form.

What serves as proof is not optional: the hashes are below the photos or in a list at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import Field, field_validator

from app.layouts import Layout
from app.stored import Stored

MAX_NOTE, MAX_NOTE_LINES, MAX_FOOTER = 500, 6, 120


class PageFormat(StrEnum):
    A4 = "a4"
    LETTER = "letter"


class PhotoSize(StrEnum):
    """Two to a row, or three, in the layouts that leave the choice."""

    LARGE = "large"
    COMPACT = "compact"


class PdfSettings(Stored):
    """`cover_note` is on the cover, `footer` below the number on every other page."""

    layout: Layout = Layout.CLASSIC
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
    def has_small_photos(self) -> bool:
        """Whether photos are so small that the words in their strip cannot be read."""
        if self.layout is Layout.CLASSIC:
            return self.photo_size is PhotoSize.COMPACT
        return self.layout is not Layout.PHOTOGRAPHIC


DEFAULTS = PdfSettings()


def layout_in_force(company: Mapping[str, Any], checklist: str | None) -> Layout:
    """The checklist's own layout, else that of the company's stored settings."""
    return Layout(checklist) if checklist else PdfSettings.of(company).layout
