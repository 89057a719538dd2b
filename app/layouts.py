"""The layouts of a PDF. Their look belongs to templates/pdf, their words to app/words.py.

The default of a company is in its PDF settings (app/pdf/settings.py).
"""

from __future__ import annotations

from enum import StrEnum


class Layout(StrEnum):
    """How the pages of a PDF are set. Reports frozen without a layout are classic."""

    CLASSIC = "classic"
    COMPACT = "compact"
    PHOTOGRAPHIC = "photographic"
    EXECUTIVE = "executive"
    PROTOCOL = "protocol"


def layout_of(stored: object) -> Layout:
    """A stored layout. One that is missing, or that this release does not know, is classic."""
    is_known = isinstance(stored, str) and stored in set(Layout)
    return Layout(str(stored)) if is_known else Layout.CLASSIC
