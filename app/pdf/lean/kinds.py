"""Pages of one kind share their styles, and have no margin boxes: frame.py paints head and foot.

WeasyPrint computes the styles of each page and of its sixteen margin boxes anew, because a
stylesheet may name a single page. Ours know the first page and the pages with a name.
"""

from __future__ import annotations

from typing import Any

from weasyprint.layout.page import PageType, set_page_type_computed_styles


def page_kind(
    _side: str, blank: bool, name: str, index: int, _groups: tuple[object, ...]
) -> PageType:
    """What the stylesheets can ask of a page: its name, and whether it is the first."""
    return PageType("right", blank, name, min(index, 1), ())


def style_kind(kind: PageType, html: Any, style_for: Any) -> None:
    """Compute the styles of a kind of pages once in a document."""
    if (kind, None) not in style_for.get_computed_styles():
        set_page_type_computed_styles(kind, html, style_for)


def no_margin_boxes(_context: object, _page: object, _state: object) -> tuple[()]:
    """The margin boxes of a page."""
    return ()
