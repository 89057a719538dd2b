"""Used lengths of boxes, computed once for each style and size of the box around.

WeasyPrint computes eighteen lengths of each box each time it tries a page; the boxes of a report
share few styles.
"""

from __future__ import annotations

from typing import Any

from weasyprint.formatting_structure import boxes
from weasyprint.layout.percent import resolve_percentages

SIDES = ("top", "right", "bottom", "left")
LENGTHS = (
    *(f"{edge}_{side}" for edge in ("margin", "padding") for side in SIDES),
    *(f"border_{side}_width" for side in SIDES),
    *(f"{bound}{axis}" for bound in ("", "min_", "max_") for axis in ("width", "height")),
)


def set_lengths(box: Any, containing_block: Any) -> None:
    """Set the used lengths of a box as its attributes; `containing_block` is a box, or a width and
    height."""
    style = box.style
    if style["border_collapse"] == "collapse" or isinstance(box, boxes.PageBox):
        resolve_percentages(box, containing_block)  # its borders depend on its neighbours
        return
    around = containing_block
    size = (around.width, around.height) if isinstance(around, boxes.Box) else tuple(around)
    kept = style.__dict__.setdefault("used_lengths", {})
    if size in kept:
        box.__dict__.update(kept[size])
    else:
        resolve_percentages(box, containing_block)
        kept[size] = {name: box.__dict__[name] for name in LENGTHS}
