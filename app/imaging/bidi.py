"""The visual order of the parts of a line that contains right-to-left text.

Uses FriBidi, which Pango also needs, so the set-up installs it. Nothing is drawn here.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from typing import TypeVar

T = TypeVar("T")

LIBRARY = "libfribidi.so.0"
# FRIBIDI_PAR_WLTR: the direction of the first strong letter, left to right if there is none.
_AUTOMATIC = 0x20


class LayoutMissing(RuntimeError):
    """A library for ordering or shaping letters is missing; the message says how to install it."""


def levels_of(text: str) -> list[int]:
    """The embedding level of each letter (Unicode's UAX 9): odd levels run from right to left.

    Raises LayoutMissing.
    """
    letters = (ctypes.c_uint32 * len(text))(*map(ord, text))
    levels = (ctypes.c_int8 * len(text))()
    direction = ctypes.c_int32(_AUTOMATIC)
    done = _library().fribidi_log2vis(
        letters, len(text), ctypes.byref(direction), None, None, None, levels
    )
    if not done:
        raise MemoryError("FriBidi could not order a line")
    return list(levels)


def in_visual_order(parts: Sequence[tuple[T, int]]) -> list[tuple[T, int]]:
    """The parts of a line, given with their levels, from left to right (rule L2)."""
    ordered = list(parts)
    highest = max((level for _, level in ordered), default=0)
    for least in range(highest, 0, -1):
        ordered = _reverse_runs(ordered, least)
    return ordered


def _reverse_runs(parts: list[tuple[T, int]], least: int) -> list[tuple[T, int]]:
    """The parts with each run of at least this level reversed."""
    turned: list[tuple[T, int]] = []
    stretch: list[tuple[T, int]] = []
    for part in parts:
        if part[1] >= least:
            stretch.insert(0, part)
            continue
        turned += [*stretch, part]
        stretch = []
    return turned + stretch


@cache
def _library() -> ctypes.CDLL:
    try:
        return ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise LayoutMissing(
            f"{LIBRARY} is missing, so photos cannot be captioned in Hebrew or Arabic. "
            "Install it with `deploy/system-packages.sh run`."
        ) from error
