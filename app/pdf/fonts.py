"""The packaged type family and the one font configuration that all renders of a process share.

System fonts are never needed: a machine without any gives the same pages, unless a text uses a
character that Inter lacks.
"""

from __future__ import annotations

import atexit
import os
from functools import cache
from pathlib import Path

# Importing WeasyPrint tells Pillow to accept truncated images in the whole process; what decides
# about quarantine must never inherit that, so it is switched back in the same breath.
from PIL import ImageFile
from weasyprint.text.fonts import FontConfiguration

from app.fonts import FACES, find_face

ImageFile.LOAD_TRUNCATED_IMAGES = False


def font_files() -> dict[str, Path]:
    """The faces' files by name. Raises FontsMissing, which says what to run."""
    return {face: find_face(face) for face in FACES}


def font_face_css() -> str:
    """One @font-face rule per file, reached through the asset scheme of the fetcher."""
    return "\n".join(
        f'@font-face {{ font-family: "Inter"; font-weight: {weight}; font-style: {style};'
        f' src: url("asset:{face}") format("truetype"); }}'
        for face, (weight, style) in FACES.items()
    )


class SharedFonts(FontConfiguration):  # type: ignore[misc]
    """A font configuration that survives its forked children.

    WeasyPrint removes its copies of the font files when the object goes; a forked work horse that
    ends would otherwise take them away from its parent.
    """

    def __init__(self) -> None:
        super().__init__()
        self._owner = os.getpid()
        atexit.register(self._remove)

    def _remove(self) -> None:
        if os.getpid() == self._owner:
            super().__del__()

    def __del__(self) -> None:
        """Leaves the files alone: they go at the end of the process that made them."""


@cache
def shared_fonts() -> SharedFonts:
    """The process's font configuration; reading five faces once is enough."""
    return SharedFonts()
