"""Makes pictures smaller where a row of them would leave the foot of a page empty.

A page is laid out from top to bottom, so the last row of a page is the one that gives way: down to
the minimum height of its pictures, and if that is too much, it starts the next page at full size.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from weasyprint.formatting_structure import boxes
from weasyprint.layout.inline import iter_line_boxes

from app.pdf.lean.cards import Card, pixels


def fitted_lines(
    context: Any,
    box: Any,
    position_y: float,
    bottom_space: float,
    skip_stack: Any,
    block: Any,
    *others: Any,
) -> Iterator[Any]:
    """The lines of a block, as WeasyPrint makes them, with the cards of a row fitted to the page.

    All cards of a block have one scale, which the first line on the page decides.
    """
    cards = [child for child in box.children if _is_card(child)]
    if cards:
        room = context.page_bottom - bottom_space - position_y - block.padding_bottom
        scale = min(
            one.replacement.scale_within(room - pixels(one, "margin_bottom")) for one in cards
        )
        for one in cards:
            one.replacement.set_scale(scale)
    lines: Iterator[Any] = iter_line_boxes(
        context, box, position_y, bottom_space, skip_stack, block, *others
    )
    return lines


def _is_card(box: Any) -> bool:
    return isinstance(box, boxes.InlineReplacedBox) and isinstance(box.replacement, Card)
