"""Reads finished PDFs for the tests: text per page, bookmarks, fonts, attachments."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pypdfium2


def page_texts(pdf: Path) -> list[str]:
    """The text of each page, with single spaces."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]
    finally:
        document.close()


def text_of(pdf: Path) -> str:
    return " ".join(page_texts(pdf))


def squeezed(text: str) -> str:
    """`text` without white space and break opportunities: long words may break anywhere."""
    return "".join(text.replace("\u200b", "").split())


def bookmarks(pdf: Path) -> list[str]:
    with pikepdf.open(pdf) as document, document.open_outline() as outline:
        return [item.title for item in outline.root]


def font_names(pdf: Path) -> set[str]:
    with pikepdf.open(pdf) as document:
        fonts = (font for font in document.objects if _is_font(font))
        return {str(font["/BaseFont"]).partition("+")[2] for font in fonts}


def attachment_count(pdf: Path) -> int:
    with pikepdf.open(pdf) as document:
        return len(document.attachments)


def inflated(pdf: Path) -> bytes:
    """Every stream of the file, decompressed where it is compressed."""
    with pikepdf.open(pdf) as document:
        streams = (obj for obj in document.objects if isinstance(obj, pikepdf.Stream))
        return b"\n".join(
            stream.read_raw_bytes()
            if "/DCTDecode" in str(stream.get("/Filter"))
            else stream.read_bytes()
            for stream in streams
        )


def _is_font(value: pikepdf.Object) -> bool:
    return (
        isinstance(value, pikepdf.Dictionary)
        and value.get("/Type") == "/Font"
        and "/BaseFont" in value
    )
