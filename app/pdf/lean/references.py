"""pydyf lists the references of all pages again for every tag; this keeps the list.

docs/adr/0026-lean-pages.md has a minimal case.
"""

from __future__ import annotations

import pydyf

KIDS_PER_PAGE = 3
"""The object number, the generation and the letter R."""


class _Pages:
    """A property of pydyf.PDF: the references of the pages as bytes, made once for each page."""

    def __get__(self, pdf: pydyf.PDF, _owner: type | None = None) -> tuple[bytes, ...]:
        kept: tuple[bytes, ...] = pdf.__dict__.get("_page_references", ())
        kids = pdf.pages["Kids"]
        if len(kept) * KIDS_PER_PAGE != len(kids):
            kept = tuple(f"{number} 0 R".encode("ascii") for number in kids[::KIDS_PER_PAGE])
            pdf.__dict__["_page_references"] = kept
        return kept


def keep_page_references() -> None:
    """Replace the property for this process."""
    pydyf.PDF.page_references = _Pages()
