"""Reads a finished PDF: counts pages, photos, rows and answers. Not part of the timing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pypdfium2

from bench.pdf.report import Material, answer_marker, marker

# Logos, icons and signatures are smaller than any photo.
LEAST_PHOTO_PIXELS = 200 * 200
MARKERS = re.compile(r"(?:LABEL|WORDS)\d{4}")


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of one file. `answers` counts rows whose label and comment are both in it."""

    pages: int
    photos: int
    answers: int
    megabytes: float


class NotTheReport(AssertionError):
    """A contender left something out, so its time means nothing."""


def read(pdf: Path, rows: int) -> Contents:
    words, pages = _markers(pdf)
    answers = sum({marker(row), answer_marker(row)} <= words for row in range(rows))
    return Contents(pages, _photos(pdf), answers, pdf.stat().st_size / 1e6)


def require(contents: Contents, material: Material, rows: int, *, answers: bool) -> None:
    """Raises NotTheReport unless the file has every photo and, with `answers`, every answer."""
    expected = len(material.photos())
    if contents.photos != expected or (answers and contents.answers != rows):
        raise NotTheReport(f"{contents} instead of {expected} photos and {rows} answers")


def _markers(pdf: Path) -> tuple[set[str], int]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        texts = [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()
    return {word for text in texts for word in MARKERS.findall(text)}, len(texts)


def _photos(pdf: Path) -> int:
    """The number of distinct large JPEGs on the pages."""
    found: set[tuple[int, int]] = set()
    with pikepdf.open(pdf) as document:
        for page in document.pages:
            for image in page.get_images(recursive=True).values():
                if image.Width * image.Height >= LEAST_PHOTO_PIXELS:
                    found.add(image.objgen)
    return len(found)
