"""Paints head, foot and preview mark on finished pages, as artifacts that no screen reader reads.

WeasyPrint would lay out four margin boxes and a fixed box for each page. Here a page of its own,
styled by the same sheets, is laid out once and becomes a form that each page draws; only the page
number is set anew. Numbers are known at last, so no page is laid out twice for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from weasyprint.document import Document, Page
from weasyprint.draw import draw_page
from weasyprint.draw.text import draw_text
from weasyprint.formatting_structure import boxes
from weasyprint.text.line_break import split_first_line

from app.pdf.lean.cards import Line

NUMBER_CLASS = "page-number"


class Frame:
    """One laid out page with the class `page-number` on the element whose words `say` replaces."""

    def __init__(self, document: Document, say: Callable[[int], str] | None = None) -> None:
        self._page = document.pages[0]._page_box
        self._say = say
        self._form: str | None = None
        self._number: Any = None
        for line in self._page.descendants(placeholders=True):
            if isinstance(line, boxes.LineBox) and line.element.get("class") == NUMBER_CLASS:
                self._number, line.children = line.children[0], []

    def paint(self, stream: Any, number: int) -> None:
        """Draw the frame on the page `number`, in CSS pixels from its upper left corner."""
        if self._form is None:
            self._form = self._make_form(stream)
        stream.draw_x_object(self._form)
        if self._number is not None and self._say:
            self._paint_number(stream, self._say(number))

    def _make_form(self, stream: Any) -> str:
        """Draw the page without its number once, for all pages of the stream's PDF."""
        width, height = self._page.margin_width(), self._page.margin_height()
        form = stream.add_group(0, 0, width, height)
        form._tags = None
        draw_page(self._page, form)
        return str(form.id)

    def _paint_number(self, stream: Any, words: str) -> None:
        """Set the words like the laid out ones, and end them at the same place."""
        place, style = self._number, self._number.style
        layout, _length, _rest, width, _height, _baseline = split_first_line(
            words, style, None, None, 0
        )
        left = place.position_x + place.width - width
        line = Line(words, style, layout, left, place.position_y, place.baseline)
        draw_text(stream, line, left, "clip", "none")


class FramedPage:
    """A page that paints its frames over its content and reports when it is done."""

    def __init__(
        self, page: Page, number: int, frames: tuple[Frame, ...], painted: Callable[[int], None]
    ) -> None:
        self._page, self._number, self._frames, self._painted = page, number, frames, painted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._page, name)

    def paint(self, stream: Any, scale: float = 1) -> None:
        """What WeasyPrint calls for each page when it writes the PDF."""
        self._page.paint(stream, scale)
        with stream.artifact(), stream.stacked():
            stream.transform(a=scale, d=scale)
            for frame in self._frames:
                frame.paint(stream, self._number)
        self._painted(self._number)
