"""The order in which the parts of a line stand where some are written from right to left.

Asks FriBidi, which Pango needs too, so the set-up has installed it. Nothing is drawn here.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from typing import TypeVar

T = TypeVar("T")

LIBRARY = "libfribidi.so.0"
# FRIBIDI_PAR_WLTR: as the first letter that has a direction, from left to right without one.
_AUTOMATIC = 0x20


class LayoutMissing(RuntimeError):
    """A library is missing that orders or shapes letters; the message says how to install it."""


def levels_of(text: str) -> list[int]:
    """The embedding level of each letter (Unicode's UAX 9): odd ones run from right to left.

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
    """Parts of a line with their levels, as they stand from left to right (rule L2)."""
    ordered = list(parts)
    highest = max((level for _, level in ordered), default=0)
    for least in range(highest, 0, -1):
        ordered = _turned(ordered, least)
    return ordered


def _turned(parts: list[tuple[T, int]], least: int) -> list[tuple[T, int]]:
    """With each stretch of parts of at least this level in reverse."""
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
