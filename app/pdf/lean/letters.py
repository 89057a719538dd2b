"""The shaped letters of a line, kept from the layout until the line is drawn.

WeasyPrint drops them after it has measured a line, and shapes each line again to draw it.
"""

from __future__ import annotations

from typing import Any

from weasyprint.text.ffi import pango
from weasyprint.text.line_break import Layout

ENDS_OF_PARAGRAPHS = frozenset("\n\r\x85\u2028\u2029")


class KeptLayout(Layout):  # type: ignore[misc]
    """A Pango layout that is dropped once it is drawn. Drawn again, it is made anew."""

    is_measured = False

    def set_text(self, text: str, justify: bool = False) -> None:
        """Set the mode in which lines are drawn, since a change of mode would shape them again."""
        super().set_text(text, justify)
        is_single = ENDS_OF_PARAGRAPHS.isdisjoint(text)
        pango.pango_layout_set_single_paragraph_mode(self.layout, is_single)

    def deactivate(self) -> None:
        """Called when the line is measured, and again when it is drawn."""
        if self.is_measured:
            super().deactivate()
        self.is_measured = not self.is_measured

    def reactivate(self, style: Any) -> None:
        """Called before the line is drawn. Shape it again if it is too wide or to be justified."""
        if not self.is_measured or self.justification_spacing or self.get_first_line()[1]:
            super().reactivate(style)
            self.is_measured = True
