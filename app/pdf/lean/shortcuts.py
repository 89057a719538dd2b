"""What this process replaces in WeasyPrint, each by something that does less for the same page."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import weasyprint.layout
from weasyprint.layout import absolute, block, inline, page, table
from weasyprint.layout import float as floats
from weasyprint.text import line_break

from app.pdf.lean.fitting import fitted_lines
from app.pdf.lean.kinds import no_margin_boxes, page_kind, style_kind
from app.pdf.lean.lengths import set_lengths
from app.pdf.lean.letters import KeptLayout


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A name in a module, and what it means here and in WeasyPrint alone."""

    module: ModuleType
    name: str
    ours: Any
    theirs: Any


def _shortcut(module: ModuleType, name: str, ours: Any) -> Shortcut:
    return Shortcut(module, name, ours, getattr(module, name))


SHORTCUTS = (
    _shortcut(page, "PageType", page_kind),
    _shortcut(page, "set_page_type_computed_styles", style_kind),
    _shortcut(weasyprint.layout, "make_margin_boxes", no_margin_boxes),
    _shortcut(line_break, "Layout", KeptLayout),
    _shortcut(block, "iter_line_boxes", fitted_lines),
    *(
        _shortcut(module, "resolve_percentages", set_lengths)
        for module in (absolute, block, floats, inline, table)
    ),
)


def take_shortcuts() -> None:
    """Replace them."""
    for one in SHORTCUTS:
        setattr(one.module, one.name, one.ours)
