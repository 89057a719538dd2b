"""The QR code of a report's public address, drawn as one path: no image, no SVG to parse."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import segno

# In the page, where WeasyPrint looks images up by their URL.
CODE_URL = "code:check"


class CheckCode:
    """What WeasyPrint takes for an image. The page around it is white, and wide enough for the
    four modules of margin that a code needs."""

    def __init__(self, address: str) -> None:
        self._rows = segno.make(address, error="m", micro=False).matrix

    def get_intrinsic_size(self, _resolution: object, _font_size: object) -> tuple[int, int, int]:
        return len(self._rows), len(self._rows), 1

    def draw(self, stream: Any, width: float, height: float, style: Any) -> None:
        """Fill all dark modules at once, so that no viewer shows seams between them."""
        across, down = width / len(self._rows), height / len(self._rows)
        stream.set_color(style["color"])
        for row, column, length in self._dark():
            stream.rectangle(column * across, row * down, length * across, down)
        stream.fill()

    def _dark(self) -> Iterator[tuple[int, int, int]]:
        """Row, first column and length of each run of dark modules."""
        for row, modules in enumerate(self._rows):
            column = 0
            for is_dark, run in groupby(modules):
                length = len(list(run))
                if is_dark:
                    yield row, column, length
                column += length
